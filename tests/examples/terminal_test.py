"""examples/chat.c and complete.cc in a terminal: phi-nano without a model named, Ctrl-C, advice.

terminal_test.py CHAT COMPLETE ENDLESS_MODEL"""

import signal
import sys
import unittest

from running import Program, run

CHAT, COMPLETE, ENDLESS = sys.argv[1:4]


class Chat(unittest.TestCase):
    def test_without_a_model_phi_nano_answers(self):
        result = run(CHAT, input="What is 47 + 38?\nWhat is 12 + 9?\n")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.startswith("> "))
        self.assertIn("Answer: 85\n> ", result.stdout)
        self.assertIn("Answer: 21\n> ", result.stdout)

    def test_control_c_stops_the_answer_and_at_the_prompt_the_program(self):
        with Program(CHAT, ENDLESS) as chat:
            for turn in range(1, 3):
                before = len(chat.output)
                chat.type("Hello again\n")
                self.assertTrue(chat.read_until(lambda c: len(c.output) > before + 20))
                chat.signal(signal.SIGINT)
                self.assertTrue(chat.read_until(lambda c: c.errors.count(b"[stopped]") == turn), chat.errors)
                self.assertTrue(chat.read_until(lambda c: c.output.endswith(b"\n> ")))
            chat.signal(signal.SIGINT)
            self.assertEqual(chat.end()[0], -signal.SIGINT)

    def test_a_long_conversation_forgets_its_beginning(self):
        result = run(CHAT, input="What is 47 + 38?\n" * 30)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("the oldest question and its answer are forgotten", result.stderr)
        self.assertEqual(result.stdout.count("Answer: "), 30)

    def test_errors_say_what_to_do(self):
        result = run(CHAT, "/nowhere")
        self.assertEqual(result.returncode, 1)
        self.assertIn("PHI_ERR_NOT_FOUND: ", result.stderr)
        self.assertIn("name a Hugging Face folder", result.stderr)


class Complete(unittest.TestCase):
    def test_without_a_model_phi_nano_goes_on(self):
        prompt = "47 + 38 = "
        result = run(COMPLETE, prompt)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(result.stdout.startswith(prompt))
        self.assertEqual(result.stdout, run(COMPLETE, prompt).stdout)  # the seed is the same
        self.assertGreater(len(run(COMPLETE).stdout), 10)

    def test_control_c_stops(self):
        with Program(COMPLETE, ENDLESS, "Hello again", "100000") as complete:
            self.assertTrue(complete.read_until(lambda c: len(c.output) > 40))
            complete.signal(signal.SIGINT)
            self.assertTrue(complete.read_until(lambda c: False) or complete.output.endswith(b"\n"))
            self.assertEqual(complete.end()[0], 0)

    def test_errors_say_what_to_do(self):
        result = run(COMPLETE, "/nowhere", "Hello")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere", result.stderr)
        self.assertIn("name a Hugging Face folder", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
