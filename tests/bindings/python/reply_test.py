"""Answers as iterators over their text."""

import threading

import support
from support import ASK, NANO, SLOW_PROMPT, TestCase, needs_nano, phi


class ReplyTest(TestCase):
    def setUp(self):
        self.conversation = self.session(sampling=phi.Sampling(ignore_end=True))
        self.chat = [{"role": "user", "content": "Hello"}]

    def test_pieces_are_what_the_tokens_say(self):
        reply = self.conversation.reply(self.chat, max_tokens=20)
        pieces = list(reply)
        self.assertNotIn("", pieces)
        self.assertEqual((len(reply.tokens), reply.finish), (20, "length"))
        model = self.model()
        self.assertEqual("".join(pieces), model.tokenizer.decode(reply.tokens))
        prompt = model.tokenizer.encode_chat(self.chat)
        self.assertEqual(self.conversation.tokens(), prompt + reply.tokens)
        self.assertEqual(list(reply), [])

    def test_end(self):
        prompt = self.model().tokenizer.encode_chat(self.chat)
        self.conversation.append(prompt)
        first = self.conversation.next().token
        self.conversation.set_sampling(phi.Sampling(stop_tokens=[first]))
        reply = self.conversation.reply(self.chat)
        self.assertEqual((list(reply), reply.tokens, reply.finish), ([], [first], "end"))

    def test_stop(self):
        whole = "".join(self.conversation.reply(self.chat, max_tokens=20))
        stop = whole[len(whole) // 2 :][:3]
        reply = self.conversation.reply(self.chat, stops=[stop], max_tokens=20)
        self.assertEqual("".join(reply), whole[: whole.index(stop)])
        self.assertEqual(reply.finish, "stop")

    def test_generate_goes_on(self):
        self.conversation.append([11, 22, 33])
        first = "".join(self.conversation.generate(max_tokens=5))
        self.assertEqual(self.conversation.position, 8)
        self.conversation.rewind(3)
        self.assertEqual("".join(self.conversation.generate(max_tokens=5)), first)
        self.assertEqual(list(self.conversation.generate(max_tokens=0)), [])

    def test_leaving_the_loop(self):
        for _ in self.conversation.reply(self.chat):
            break
        held = self.conversation.position
        self.assertGreater(held, 0)
        self.conversation.next()
        self.assertEqual(self.conversation.position, held + 1)

    def test_errors(self):
        with self.assertRaises(TypeError):
            next(self.conversation.reply("Hello"))
        with self.assertRaises(TypeError):
            self.conversation.reply(self.chat, stops="STOP")
        session = self.session(context=32, sampling=phi.Sampling(ignore_end=True))
        reply = session.generate()
        session.append([1] * 30)
        with self.assertRaises(phi.ContextFullError):
            list(reply)
        self.assertEqual((list(reply), reply.finish, len(reply.tokens)), ([], None, 2))

    def test_closing_the_iterator(self):
        reply = self.conversation.reply(self.chat)
        next(reply)
        reply.close()
        reply.close()
        self.assertEqual(list(reply), [])
        with self.conversation.reply(self.chat) as reply:
            next(reply)
        self.assertEqual(list(reply), [])

    def test_closing_from_another_thread(self):
        session = self.slow_session()
        reply = session.reply([{"role": "user", "content": "word " * 2000}])
        timer = threading.Timer(0.3, reply.close)
        timer.start()
        self.assertEqual(list(reply), [])
        timer.join()
        self.assertIsNone(reply.finish)
        session.append(SLOW_PROMPT[:2])  # no cancel is left over

    def test_no_cancel_is_left_over(self):
        for delay in range(20):
            reply = self.conversation.reply(self.chat)
            timer = threading.Timer(delay * 0.0005, reply.close)
            timer.start()
            try:
                for _ in reply:
                    pass
            except phi.ContextFullError:
                pass
            timer.join()
            self.conversation.rewind(0)
            self.conversation.append([1])

    def test_cancelling_the_session(self):
        reply = self.conversation.reply(self.chat)
        next(reply)
        self.conversation.cancel()
        with self.assertRaises(phi.CancelledError):
            next(reply)
        self.assertEqual(list(reply), [])

    @needs_nano
    def test_a_conversation_with_phi_nano(self):
        session = self.session(self.model(NANO))
        reply = session.reply(ASK)
        answer = "".join(reply)
        self.assertEqual(reply.finish, "end")
        self.assertIn("85", answer)
        held = session.position
        chat = ASK + [
            {"role": "assistant", "content": answer},
            {"role": "user", "content": "Thank you!"},
        ]
        self.assertTrue("".join(session.reply(chat)))
        self.assertGreater(session.position, held)


if __name__ == "__main__":
    support.main()
