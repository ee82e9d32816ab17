"""Sessions: prompts, logits, sampling, cancelling, threads."""

import gc
import os
import subprocess
import sys
import threading
import time
import unittest

import support
from support import FOLDER, GGUF, PACKAGE, SLOW_PROMPT, TestCase, phi

try:
    import numpy
except ImportError:
    numpy = None

PROMPT = [11, 22, 33, 44, 55]


def floats(logits):
    return list(logits) if numpy is None else logits.tolist()


class SessionTest(TestCase):
    def test_tokens(self):
        session = self.session()
        self.assertEqual((session.position, session.tokens()), (0, []))
        session.append(PROMPT)
        token, end = session.next()
        self.assertIsInstance(end, bool)
        self.assertEqual(session.tokens(), PROMPT + [token])
        session.rewind(2)
        self.assertEqual((session.position, session.tokens()), (2, PROMPT[:2]))
        session.append(iter(PROMPT[2:]))
        self.assertEqual(session.next().token, token)

    def test_chat(self):
        model = self.model()
        session = self.session(model)
        chat = [{"role": "user", "content": "Grüße"}]
        session.append_chat(chat)
        self.assertEqual(session.tokens(), model.tokenizer.encode_chat(chat))

    def test_errors(self):
        session = self.session(context=16)
        with self.assertRaises(phi.ArgumentError) as caught:
            session.next()
        self.assertIs(caught.exception.code, phi.Status.ERR_INVALID_ARGUMENT)
        with self.assertRaises(phi.ContextFullError):
            session.append([1] * 17)
        with self.assertRaises(phi.ArgumentError):
            session.append([1, -1])
        for position in (1, -1, 2**32):
            with self.assertRaises(phi.ArgumentError):
                session.rewind(position)
        with self.assertRaises(TypeError):
            session.append("text")
        self.assertEqual(session.position, 0)
        with self.assertRaises(phi.ArgumentError):
            self.session(context=100_000)

    def test_sampling(self):
        model = self.model()

        def draw(sampling):
            session = self.session(model, sampling=sampling)
            session.append(PROMPT)
            return [session.next().token for _ in range(12)]

        greedy = draw(phi.Sampling(ignore_end=True))
        drawn = draw(phi.Sampling(temperature=5.0, seed=1, ignore_end=True))
        self.assertNotEqual(greedy, drawn)
        self.assertEqual(drawn, draw(phi.Sampling(temperature=5.0, seed=1, ignore_end=True)))
        self.assertNotEqual(
            drawn, draw(phi.Sampling(temperature=5.0, seed=2**63, ignore_end=True))
        )
        self.assertNotIn(greedy[0], draw(phi.Sampling(bias={greedy[0]: float("-inf"), 3: 0.5})))
        self.assertEqual(draw(phi.Sampling(bias={7: 1e9}))[:3], [7, 7, 7])
        session = self.session(model, sampling=phi.Sampling(stop_tokens=[greedy[0]]))
        session.append(PROMPT)
        self.assertEqual(session.next(), (greedy[0], True))
        session.rewind(len(PROMPT))
        session.set_sampling()
        self.assertEqual(session.next(), (greedy[0], False))
        with self.assertRaisesRegex(phi.ArgumentError, "temperature"):
            session.set_sampling(phi.Sampling(temperature=-1))
        with self.assertRaisesRegex(ValueError, "seed: -1 does not fit"):
            session.set_sampling(phi.Sampling(seed=-1))

    def test_options(self):
        model = self.model()
        for kv in phi.Kv:
            session = self.session(model, kv=kv, threads=1, precision=phi.Precision.FAST)
            session.append(PROMPT)
            self.assertGreaterEqual(session.next().token, 0)

    @unittest.skipUnless(sys.platform == "linux", "looks at threads as Linux shows them")
    def test_thread_options(self):
        model = self.model()
        low = min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
        choices = [
            ({"pin": phi.Pin.CORES}, 1, lambda worker: len(os.sched_getaffinity(worker))),
            (
                {"priority": phi.Priority.LOW},
                low,
                lambda worker: os.getpriority(os.PRIO_PROCESS, worker),
            ),
            ({"priority": phi.Priority.IDLE}, os.SCHED_IDLE, os.sched_getscheduler),
        ]
        answers = []
        for options, expected, look in choices:
            with phi.Session(model, phi.SessionOptions(threads=2, **options)) as session:
                self.assert_worker(expected, look)
                session.append(PROMPT)
                answers.append([session.next().token for _ in range(8)])
        session = self.session(model, threads=1)
        session.append(PROMPT)
        self.assertEqual(answers, 3 * [[session.next().token for _ in range(8)]])

    def test_thread_options_that_make_no_sense(self):
        model = self.model()
        with self.assertRaisesRegex(phi.ArgumentError, "pin: 2 is not a known choice"):
            phi.Session(model, phi.SessionOptions(pin=2))
        with self.assertRaisesRegex(phi.ArgumentError, "priority: -1 is not a known choice"):
            phi.Session(model, phi.SessionOptions(priority=-1))
        with self.assertRaisesRegex(phi.ArgumentError, "priority: 3 is not a known choice"):
            phi.Model.open(FOLDER, phi.ModelOptions(priority=3))

    def test_logits(self):
        session = self.session()
        rows = session.append_logits(PROMPT)
        self.assertEqual(rows.shape, (len(PROMPT), 1003))
        last = session.logits()
        self.assertEqual(last.shape, (1003,))
        best = max(range(1003), key=floats(last).__getitem__)
        self.assertEqual(floats(last)[best], rows[len(PROMPT) - 1, best])
        self.assertEqual(session.next().token, best)
        self.assertEqual(floats(last)[best], rows[len(PROMPT) - 1, best])  # a copy stays
        self.assertEqual(len(session.append_logits([])), 0)

    def test_a_view_of_the_logits(self):
        session = self.session()
        session.append(PROMPT)
        copy, view = session.logits(), session.logits(copy=False)
        self.assertEqual(floats(copy), floats(view))
        with self.assertRaises((ValueError, TypeError)):
            view[0] = 1.0
        copy[0] = 1.0
        session.append([7])
        session.logits()
        self.assertNotEqual(floats(copy)[1:], floats(view)[1:])  # it shows what is there now
        shown = floats(view)
        session.close()
        gc.collect()
        self.assertEqual(floats(view), shown)  # its memory stays
        del view

    @unittest.skipIf(numpy is None, "no numpy")
    def test_logits_are_numpy_s(self):
        session = self.session()
        rows = session.append_logits(PROMPT)
        self.assertEqual((rows.dtype, rows.flags.c_contiguous), (numpy.float32, True))
        self.assertTrue(numpy.isfinite(rows).all())
        self.assertFalse(session.logits(copy=False).flags.owndata)

    def test_without_numpy(self):
        program = (
            f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); sys.modules['numpy'] = None\n"
            f"import phi\n"
            f"with phi.Model.open({str(FOLDER)!r}) as model, phi.Session(model) as session:\n"
            f"    rows = session.append_logits([1, 2])\n"
            f"    print(type(rows).__name__, rows.format, rows.shape, rows[1, 5] != 0)\n"
            f"    print(session.logits()[5] == rows[1, 5], session.append_logits([]).nbytes)\n"
        )
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertEqual(result.stderr, "")
        self.assertEqual(result.stdout, "memoryview f (2, 1003) True\nTrue 0\n")

    def test_free_in_any_order(self):
        model = phi.Model.open(FOLDER)
        first, second = phi.Session(model), phi.Session(model)
        reply = first.generate(max_tokens=3)
        first.append(PROMPT)
        model.close()
        second.append(PROMPT)
        text = "".join(reply)
        first.close()
        first.close()
        self.assertEqual("".join(second.generate(max_tokens=3)), text)
        for use in (first.next, first.tokens, first.logits, lambda: first.append([1])):
            with self.assertRaisesRegex(ValueError, "session is closed"):
                use()
        first.cancel()  # nothing to cancel any more
        second.close()

    def test_what_is_forgotten_is_freed(self):
        # The bytes cannot grow before model, session and stream are freed, which nobody closes.
        data = bytearray(GGUF.read_bytes())

        def use():
            model = phi.Model.open_memory(data)
            session = phi.Session(model)
            session.append([1, 2])
            phi.TextStream(model.tokenizer).push(1)

        use()
        gc.collect()
        data.extend(b"more")


class CancelTest(TestCase):
    def test_a_cancel_before_the_call(self):
        session = self.session()
        session.append(PROMPT)
        session.cancel()
        with self.assertRaises(phi.CancelledError):
            session.next()
        self.assertEqual(session.position, len(PROMPT))
        session.next()

    def test_cancel_from_another_thread(self):
        session = self.slow_session()
        timer = threading.Timer(0.3, session.cancel)
        timer.start()
        with self.assertRaises(phi.CancelledError):
            session.append(SLOW_PROMPT)
        timer.join()
        self.assertEqual(session.position, 0)
        session.append([1, 2])

    def test_close_from_another_thread(self):
        session = self.slow_session()
        timer = threading.Timer(0.3, session.close)
        timer.start()
        with self.assertRaises(phi.CancelledError):
            session.append(SLOW_PROMPT)
        timer.join()
        with self.assertRaisesRegex(ValueError, "session is closed"):
            session.append([1])

    def test_progress_cancels_and_raises(self):
        seen = []
        session = self.slow_session(progress=lambda done: seen.append(done) or len(seen) < 3)
        with self.assertRaises(phi.CancelledError):
            session.append(SLOW_PROMPT)
        self.assertEqual(len(seen), 3)

        def fail(_done):
            calls.append(1)
            if len(calls) == 1:
                raise KeyError("mine")

        calls = []
        session = self.slow_session(progress=fail)
        with self.assertRaisesRegex(KeyError, "mine"):
            session.append(SLOW_PROMPT)
        self.assertEqual(len(calls), 1)
        session.append([1])
        self.assertEqual(session.position, 1)

    def test_other_threads_run_meanwhile(self):
        session = self.slow_session()
        ticks, done = [0], threading.Event()

        def tick():
            while not done.is_set():
                ticks[0] += 1
                time.sleep(0.001)

        thread = threading.Thread(target=tick)
        thread.start()
        session.append(SLOW_PROMPT[:200])
        done.set()
        thread.join()
        self.assertGreater(ticks[0], 20)

    def test_one_thread_at_a_time(self):
        session = self.slow_session()
        problems = []

        def use():
            time.sleep(0.3)
            for call in (session.tokens, session.next, lambda: session.position):
                try:
                    call()
                except RuntimeError as problem:
                    problems.append(str(problem))
            session.cancel()

        thread = threading.Thread(target=use)
        thread.start()
        with self.assertRaises(phi.CancelledError):
            session.append(SLOW_PROMPT)
        thread.join()
        self.assertEqual(len(problems), 3)
        self.assertIn("in use", problems[0])

    def test_a_callback_cannot_use_its_session(self):
        problems = []

        def progress(_done):
            try:
                session.append([1])
            except RuntimeError as problem:
                problems.append(problem)
            return False

        session = self.slow_session(progress=progress)
        with self.assertRaises(phi.CancelledError):
            session.append(SLOW_PROMPT)
        self.assertEqual(len(problems), 1)

    def test_many_threads_share_a_model(self):
        model = self.model()
        answers = [None] * 4

        def run(i):
            with phi.Session(model, phi.SessionOptions(threads=1)) as session:
                session.append(PROMPT)
                answers[i] = [session.next().token for _ in range(10)]
                model.tokenizer.decode(answers[i])

        threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIsNotNone(answers[0])
        self.assertEqual(answers, [answers[0]] * 4)


if __name__ == "__main__":
    support.main()
