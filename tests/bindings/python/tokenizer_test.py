"""Text to tokens, chats, and streams of text."""

import json
from array import array

import support
from support import FOLDER, NANO, TestCase, needs_nano, phi

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Grüße, 世界 🙂"}]


class TokenizerTest(TestCase):
    def setUp(self):
        self.tokenizer = phi.Tokenizer.open(FOLDER)
        self.addCleanup(self.tokenizer.close)

    def test_encode_as_the_reference_does(self):
        cases = json.loads((FOLDER / "golden.json").read_text())["tokenizer"]
        self.assertGreater(len(cases), 3)
        for case in cases:
            self.assertEqual(
                self.tokenizer.encode(case["text"], parse_specials=True), case["ids"], case["text"]
            )

    def test_text_survives(self):
        for text in ("", "a", "Grüße, 世界 🙂", "NUL \0 inside", " \n\t ", "e\u0301"):
            with self.subTest(text):
                self.assertEqual(self.tokenizer.decode(self.tokenizer.encode(text)), text)
        self.assertEqual(self.tokenizer.encode("Grüße".encode()), self.tokenizer.encode("Grüße"))

    def test_what_is_no_text_becomes_the_replacement(self):
        for text in (b"\xff", "\ud800"):
            decoded = self.tokenizer.decode(self.tokenizer.encode(text))
            self.assertEqual(set(decoded), {"\ufffd"})

    def test_a_huge_text(self):
        text = "Once upon a time, 世界. " * 50_000
        tokens = self.tokenizer.encode(text)
        self.assertGreater(len(tokens), 100_000)
        self.assertEqual(self.tokenizer.decode(tokens), text)

    def test_control_tokens(self):
        [end] = self.tokenizer.info.end[:1]
        text = self.tokenizer.decode([end], keep_specials=True)
        self.assertEqual(self.tokenizer.encode(text, parse_specials=True), [end])
        self.assertNotIn(end, self.tokenizer.encode(text))
        self.assertEqual(self.tokenizer.decode([end]), "")

    def test_ids_of_any_kind(self):
        tokens = self.tokenizer.encode("one two three")
        kinds = [tuple(tokens), iter(tokens), array("i", tokens), array("q", tokens)]
        try:
            import numpy
        except ImportError:
            pass
        else:
            kinds += [numpy.array(tokens), numpy.array(tokens, numpy.int32)]
        for kind in kinds:
            with self.subTest(type(kind)):
                self.assertEqual(self.tokenizer.decode(kind), "one two three")
        for wrong, error in (("text", TypeError), ([1.5], TypeError), ([2**40], OverflowError)):
            with self.assertRaises(error):
                self.tokenizer.decode(wrong)
        with self.assertRaises(phi.ArgumentError) as caught:
            self.tokenizer.decode([1_000_000])
        self.assertIs(caught.exception.code, phi.Status.ERR_OUT_OF_RANGE)

    def test_info(self):
        info = self.tokenizer.info
        self.assertEqual(info.vocab_size, 1003)
        self.assertGreaterEqual(len(info.end), 1)
        self.assertTrue(info.pad is None or info.pad >= 0)

    def test_chat(self):
        rendered = self.tokenizer.render_chat(CHAT)
        self.assertIn("Grüße, 世界 🙂", rendered)
        without = self.tokenizer.render_chat(CHAT, add_generation_prompt=False)
        self.assertTrue(rendered.startswith(without) and len(rendered) > len(without))
        tokens = self.tokenizer.encode_chat(CHAT)
        self.assertEqual(self.tokenizer.decode(tokens, keep_specials=True), rendered)
        self.assertEqual(
            self.tokenizer.render_chat_json({"messages": CHAT, "add_generation_prompt": True}),
            rendered,
        )

    def test_chats_that_are_none(self):
        for wrong in ("Hello", {"role": "user", "content": "x"}):
            with self.assertRaises(TypeError):
                self.tokenizer.encode_chat(wrong)
        with self.assertRaises(KeyError):
            self.tokenizer.encode_chat([{"role": "user"}])
        with self.assertRaisesRegex(ValueError, r"messages\[0\]\['role'\]: has a NUL"):
            self.tokenizer.encode_chat([{"role": "us\0er", "content": "x"}])

    def test_close(self):
        self.tokenizer.close()
        self.tokenizer.close()
        with self.assertRaisesRegex(ValueError, "tokenizer is closed"):
            self.tokenizer.encode("a")
        with self.assertRaises(phi.NotFoundError):
            phi.Tokenizer.open("no/such/folder")


class TextStreamTest(TestCase):
    def setUp(self):
        self.tokenizer = phi.Tokenizer.open(FOLDER)
        self.addCleanup(self.tokenizer.close)

    def stream(self, *arguments, **options):
        stream = phi.TextStream(self.tokenizer, *arguments, **options)
        self.addCleanup(stream.close)
        return stream

    def test_whole_code_points(self):
        text = "Grüße, 世界 🙂"
        stream = self.stream()
        pieces = [stream.push(token) for token in self.tokenizer.encode(text)]
        self.assertEqual("".join(pieces) + stream.flush(), text)
        self.assertNotIn("\ufffd", "".join(pieces))

    def test_stop_strings(self):
        stream = self.stream(["STOP", "世"])
        shown = ""
        for token in self.tokenizer.encode("one two 世 three"):
            shown += stream.push(token)
        self.assertEqual(shown, "one two ")
        self.assertTrue(stream.stopped)
        self.assertEqual(stream.flush(), "")
        self.assertFalse(stream.stopped)
        shown = "".join(map(stream.push, self.tokenizer.encode("one STO")))
        self.assertEqual(shown, "one ")  # the rest may still become STOP
        self.assertEqual(stream.flush(), "STO")

    def test_specials(self):
        end = self.tokenizer.info.end[0]
        self.assertEqual(self.stream().push(end), "")
        self.assertNotEqual(self.stream(keep_specials=True).push(end), "")

    def test_errors(self):
        with self.assertRaises(TypeError):
            self.stream("STOP")
        with self.assertRaisesRegex(ValueError, "NUL"):
            self.stream(["a\0b"])
        with self.assertRaises(phi.ArgumentError):
            self.stream([""])
        stream = self.stream()
        for token in (-1, 1_000_000, 2**40):
            with self.assertRaises(phi.ArgumentError):
                stream.push(token)
        with stream:
            pass
        stream.close()
        with self.assertRaisesRegex(ValueError, "text stream is closed"):
            stream.push(1)

    def test_it_outlives_its_tokenizer(self):
        text = "one two"
        tokens = self.tokenizer.encode(text)
        stream = self.stream()
        self.tokenizer.close()
        self.assertEqual("".join(map(stream.push, tokens)) + stream.flush(), text)

    @needs_nano
    def test_with_a_model_s_own(self):
        model = self.model(NANO)
        with phi.TextStream(model.tokenizer) as stream:
            model.close()
            self.assertIsInstance(stream.push(100), str)


if __name__ == "__main__":
    support.main()
