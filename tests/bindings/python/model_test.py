"""Opening, describing and converting models."""

import mmap
import os
import subprocess
import sys
import textwrap
import unittest

import support
from support import FOLDER, GGUF, PACKAGE, ROOT, TestCase, phi


class ModelTest(TestCase):
    def test_info(self):
        with phi.Model.open(FOLDER) as model:
            info = model.info
        self.assertEqual(info.architecture, "phi3")
        self.assertEqual((info.layers, info.hidden, info.heads, info.kv_heads), (3, 64, 4, 2))
        self.assertEqual((info.vocab_size, info.context), (1003, 512))
        self.assertIs(info.weights, phi.Weights.AS_STORED)
        self.assertEqual(info.weight_bytes, 4 * info.parameters)

    def test_options_reach_the_library(self):
        model = self.model(FOLDER, phi.ModelOptions(weights=phi.Weights.INT8, threads=1))
        self.assertEqual(model.info.weights, phi.Weights.INT8)
        with self.assertRaises(phi.OverBudgetError) as caught:
            phi.Model.open(FOLDER, phi.ModelOptions(memory_limit_bytes=1000))
        self.assertIsInstance(caught.exception, MemoryError)
        with self.assertRaisesRegex(phi.ArgumentError, "threads"):
            phi.Model.open(FOLDER, phi.ModelOptions(threads=-1))
        with self.assertRaisesRegex(ValueError, "threads: .* does not fit"):
            phi.Model.open(FOLDER, phi.ModelOptions(threads=2**40))

    @unittest.skipUnless(sys.platform == "linux", "looks at threads as Linux shows them")
    def test_threads_that_load(self):
        seen = []

        def progress(done):
            self.assert_worker(os.SCHED_IDLE, os.sched_getscheduler)
            self.assert_worker(1, lambda worker: len(os.sched_getaffinity(worker)))
            seen.append(done)

        options = phi.ModelOptions(
            threads=2, pin=phi.Pin.CORES, priority=phi.Priority.IDLE, progress=progress
        )
        self.model(FOLDER, options)
        self.assertGreater(len(seen), 0)

    def test_errors(self):
        with self.assertRaises(phi.NotFoundError) as caught:
            phi.Model.open("no/such/model.gguf")
        self.assertIsInstance(caught.exception, FileNotFoundError)
        self.assertIs(caught.exception.code, phi.Status.ERR_NOT_FOUND)
        self.assertIn("no/such/model.gguf", caught.exception.message)
        self.assertEqual(str(caught.exception), caught.exception.message)
        with self.assertRaises(phi.FileError) as caught:
            phi.Model.open(ROOT / "LICENSE")
        self.assertIs(caught.exception.code, phi.Status.ERR_BAD_FORMAT)
        with self.assertRaisesRegex(ValueError, "NUL"):
            phi.Model.open("a\0b")
        with self.assertRaises(TypeError):
            phi.Model.open(7)

    def test_a_path_of_any_letters(self):
        path = self.folder / "модель \U0001f600.gguf"
        path.write_bytes(GGUF.read_bytes())
        self.assertEqual(self.model(str(path)).info.architecture, "phi3")

    def test_memory_is_used_in_place_and_kept(self):
        data = bytearray(GGUF.read_bytes())
        with open(GGUF, "rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        for source in (bytes(data), data, memoryview(data), mapped):
            with self.subTest(type(source)):
                model = phi.Model.open_memory(source)
                session = phi.Session(model)
                stream = phi.TextStream(model.tokenizer)
                model.close()
                session.append([1, 2, 3])
                self.assertIsInstance(stream.push(session.next().token), str)
                if source is data:
                    with self.assertRaises(BufferError):  # it cannot move while it is used
                        data.extend(b"more")
                session.close()
                stream.close()
        data.extend(b"more")
        mapped.close()
        with self.assertRaises(phi.FileError):
            phi.Model.open_memory(b"this is no model at all")
        with self.assertRaises(TypeError):
            phi.Model.open_memory("text")

    def test_convert_and_estimate(self):
        packed = self.folder / "packed.phi"
        phi.Model.convert(FOLDER, packed, phi.ModelOptions(weights=phi.Weights.INT8))
        model = self.model(packed)
        self.assertLess(2 * model.info.weight_bytes, self.model().info.weight_bytes)
        small = phi.Model.estimate(packed, session=phi.SessionOptions(context=128))
        large = phi.Model.estimate(packed, session=phi.SessionOptions(context=512))
        self.assertEqual(small.total, small.weights + small.cache + small.scratch)
        self.assertEqual(4 * small.cache, large.cache)
        self.assertEqual(small.weights, model.info.weight_bytes)

    def test_progress_and_log(self):
        seen, lines = [], []
        options = phi.ModelOptions(
            weights=phi.Weights.INT8, progress=seen.append, log=lambda *line: lines.append(line)
        )
        self.model(FOLDER, options)
        self.assertTrue(seen)
        self.assertEqual(seen, sorted(seen))
        self.assertTrue(all(0 <= done <= 1 for done in seen))
        self.assertTrue(lines)
        self.assertTrue(all(isinstance(level, phi.LogLevel) and text for level, text in lines))

    def test_progress_cancels(self):
        with self.assertRaises(phi.CancelledError):
            phi.Model.open(
                FOLDER, phi.ModelOptions(weights=phi.Weights.INT8, progress=lambda done: False)
            )

    def test_what_a_callback_raises_comes_out(self):
        class Mine(Exception):
            pass

        def fail(*_):
            raise Mine("from the callback")

        for options in ({"progress": fail}, {"log": fail}):
            with self.subTest(options), self.assertRaisesRegex(Mine, "from the callback"):
                phi.Model.open(FOLDER, phi.ModelOptions(weights=phi.Weights.INT8, **options))

    def test_close(self):
        model = phi.Model.open(FOLDER)
        tokenizer = model.tokenizer
        model.close()
        model.close()
        with self.assertRaisesRegex(ValueError, "model is closed"):
            model.info
        with self.assertRaisesRegex(ValueError, "model is closed"):
            phi.Session(model)
        with self.assertRaisesRegex(ValueError, "tokenizer is closed"):
            tokenizer.encode("a")

    def test_closing_from_a_callback(self):
        model = self.model()
        sessions = []
        sessions.append(self.slow_session(progress=lambda done: sessions[0].close()))
        with self.assertRaises(phi.CancelledError):
            sessions[0].append(support.SLOW_PROMPT)
        with self.assertRaisesRegex(ValueError, "session is closed"):
            sessions[0].position
        self.assertEqual(model.info.layers, 3)

    def test_a_program_may_end_with_everything_open(self):
        program = f"""
            import sys
            sys.path.insert(0, {str(PACKAGE)!r})
            import phi
            model = phi.Model.open({str(FOLDER)!r})
            session = phi.Session(model)
            session.append([1, 2])
            view = session.logits(copy=False)
            stream = phi.TextStream(model.tokenizer)
            reply = session.generate(max_tokens=2)
            print(len(next(reply)) > 0)
        """
        result = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True
        )
        self.assertEqual((result.returncode, result.stderr, result.stdout), (0, "", "True\n"))


class InterruptTest(TestCase):
    def test_ctrl_c_ends_a_long_call(self):
        support.write_slow_model(self.folder / "slow")
        program = f"""
            import os, signal, sys, threading
            sys.path.insert(0, {str(PACKAGE)!r})
            import phi
            with phi.Model.open({str(self.folder / "slow")!r}) as model:
                with phi.Session(model, phi.SessionOptions(context=8000)) as session:
                    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
                    try:
                        session.append([1] * 7900)
                    except KeyboardInterrupt:
                        print("interrupted", session.position)
        """
        result = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True
        )
        self.assertEqual((result.stdout, result.stderr), ("interrupted 0\n", ""))


if __name__ == "__main__":
    support.main()
