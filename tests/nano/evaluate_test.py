"""examples/phi-nano/evaluate.py, with a program that stands in for phi."""

import os
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from io import StringIO

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "examples", "phi-nano"))

import evaluate  # noqa: E402

QUESTIONS = """\
{"task": "add2", "question": "What is 1 + 2?", "answer": "3"}
{"task": "add2", "question": "What is 2 + 2?", "answer": "4"}
{"task": "json", "question": "Give name as JSON: Mia", "answer": "{\\"name\\": \\"Mia\\"}"}
"""
# Adds for the model "good"; says 4 for any other; in a textbook it takes any question line.
FAKE_PHI = r"""
import re, sys
command, model, *flags = sys.argv[1:]
assert command == "run" and flags[flags.index("--temp") + 1] == "0"
if model == "broken":
    sys.exit("phi: no such model")
question = flags[-1]
assert ("--chat" in flags) != question.startswith("Question: ")
numbers = [int(n) for n in re.findall(r"\d+", question)]
if "JSON" in question:
    print('{"name": "Mia"}' if model == "good" else "Answer: Mia")
else:
    print(f"Some steps.\nAnswer: {sum(numbers) if model == 'good' else 4}")
"""


class EvaluateTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.questions = self.write("questions.jsonl", QUESTIONS)
        self.phi = f"{sys.executable} {self.write('phi.py', FAKE_PHI)}"

    def write(self, name, text):
        path = os.path.join(self.temporary.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run_with(self, *columns, more=()):
        out = StringIO()
        with redirect_stdout(out):
            evaluate.main([*columns, "--phi", self.phi, "--questions", self.questions, *more])
        return out.getvalue()

    def test_counts_by_task(self):
        table = self.run_with("all right=good", "four=other --kv int8", "book=good --textbook").splitlines()
        self.assertEqual(table[0], "| task | questions | all right | four | book |")
        self.assertEqual(table[2], "| add2 | 2 | 100.0 | 50.0 | 100.0 |")
        self.assertEqual(table[3], "| json | 1 | 100.0 | 0.0 | 100.0 |")
        self.assertRegex(table[4], r"^\| all \| 3 \| 100.0 ± 0.0 \| 33.3 ± 53.3 \| 100.0 ± 0.0 \|$")

    def test_shows_mistakes(self):
        text = self.run_with("four=other", more=("--mistakes", "5"))
        self.assertIn("four, add2: What is 1 + 2?\nSome steps.\nAnswer: 4\n(right: 3)", text)
        self.assertNotIn("What is 2 + 2?", text)

    def test_a_program_that_fails_is_no_wrong_answer(self):
        with self.assertRaisesRegex(RuntimeError, "no such model"):
            self.run_with("x=broken")

    def test_only_the_last_answer_counts(self):
        question = {"question": "", "answer": "5"}
        self.assertTrue(evaluate.is_right(question, "Answer: 4? No.\nAnswer: 5\n"))
        for reply in ("Answer: 5\nAnswer: 4", "Answer: 55", "Answer: 5.", "so 5"):
            self.assertFalse(evaluate.is_right(question, reply), reply)


if __name__ == "__main__":
    unittest.main()
