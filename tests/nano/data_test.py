"""phi-nano's data: every answer against a second opinion, every step of a calculation, and the split."""

import json
import os
import random
import re
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "..", "examples", "phi-nano")]

from answers import SOLVERS, json_fields  # noqa: E402
from nano import chats, textbook  # noqa: E402
from nano.catalogue import TASKS  # noqa: E402
from nano.examples import final_answer, is_held_out, is_test  # noqa: E402
from nano.tasks import language, steps  # noqa: E402
from nano.tasks.words import NAMES, PLACES  # noqa: E402

SAMPLES = 400


def samples(task, count=SAMPLES):
    rng = random.Random(task)
    return [TASKS[task].make(rng) for _ in range(count)]


def read_off(text):
    """The number that the places of worked steps spell: the last digit of each, all digits of the last."""
    if ":" not in text:
        return int(text.rstrip(".").partition("=")[2])
    places = text.partition(": ")[2].partition(", so ")[0].split(", ")
    values = [re.search(r"-?\d+$", place)[0] for place in places]
    return int("".join([values[-1], *(value[-1] for value in reversed(values[:-1]))]))


class AnswerTest(unittest.TestCase):
    def test_agrees_with_a_second_opinion(self):
        for task, solve in SOLVERS.items():
            for example in samples(task):
                with self.subTest(task=task, question=example.question):
                    self.assertEqual(example.answer, solve(example.question))

    def test_fields_are_those_asked_for(self):
        for example in samples("json"):
            with self.subTest(question=example.question):
                self.assertTrue(json_fields(example.question, example.answer))

    def test_answers_to_stories_are_in_the_story(self):
        for example in samples("story"):
            with self.subTest(question=example.question):
                self.assertTrue(example.answer == "unknown" or example.answer in example.question)

    def test_every_reply_ends_with_its_answer(self):
        for task in TASKS:
            for example in samples(task, 100):
                self.assertEqual(final_answer(example.reply), example.answer)

    def test_every_equation_in_a_solution_holds(self):
        seen = 0
        for task in TASKS:
            for example in samples(task):
                for left, right in re.findall(r"(\d+(?:[-+*]\d+)+)=(-?\d+)", example.solution):
                    seen += 1
                    self.assertEqual(eval(left), int(right), example.solution)  # digits and signs only
                for a, b, quotient, rest in re.findall(r"(\d+)/(\d+)=(\d+) rest (\d+)", example.solution):
                    self.assertEqual(divmod(int(a), int(b)), (int(quotient), int(rest)), example.solution)
        self.assertGreater(seen, 5000)

    def test_the_digits_of_the_steps_are_those_of_the_result(self):
        for a in range(1, 1000, 7):
            for b in range(1, 200, 3):
                self.assertEqual(read_off(steps.add(a, b)[0]), a + b)
                if a >= b:
                    self.assertEqual(read_off(steps.subtract(a, b)[0]), a - b)
                else:
                    self.assertEqual(steps.subtract(a, b)[0], f"{a}-{b} is below zero. {steps.subtract(b, a)[0]}")
                    self.assertEqual(steps.subtract(a, b)[1], a - b)
                if b < 10:
                    self.assertEqual(read_off(steps.multiply(a, b)[0]), a * b)

    def test_the_digits_of_a_division_are_those_of_the_quotient(self):
        for b in range(2, 10):
            for a in range(b, 1000, 3):
                text = steps.divide(a, b)[0]
                partial = re.findall(r"(\d+)/\d=(\d+) rest (\d+)", text)
                self.assertEqual(int("".join(quotient for _, quotient, _ in partial)), a // b, text)
                self.assertEqual(int(partial[-1][2]), a % b, text)
                for (_, _, rest), (following, _, _) in zip(partial, partial[1:]):
                    self.assertEqual(following[:-1].lstrip("0"), rest.lstrip("0"), text)


class SplitTest(unittest.TestCase):
    def test_no_training_text_has_a_held_out_fact(self):
        rng = random.Random(1)
        for _ in range(3000):
            example = chats.training_question(rng)
            self.assertFalse(any(map(is_held_out, example.facts)), example)

    def test_every_test_question_has_a_held_out_fact(self):
        for example in chats.test_questions(random.Random(2)):
            self.assertTrue(is_test(example), example)

    def test_held_out_sums_are_in_no_page(self):
        """As seen from the text: no page contains a sum of two numbers that the test may ask."""
        rng = random.Random(3)
        sums = 0
        for _ in range(3000):
            for a, b in re.findall(r"(?<![\d+])(\d+)\+(\d+):", textbook.page(rng)):
                sums += 1
                self.assertFalse(is_held_out(("add", *sorted((int(a), int(b))))), (a, b))
        self.assertGreater(sums, 500)

    def test_a_tenth_of_the_sums_is_held_out(self):
        held = sum(is_held_out(("add", a, b)) for a in range(10, 100) for b in range(a, 100))
        self.assertAlmostEqual(held / (90 * 91 / 2), 0.1, delta=0.02)

    def test_wording_does_not_decide(self):
        rng, sides = random.Random(4), {}
        for _ in range(5000):
            example = TASKS["sub2"].make(rng)
            sides.setdefault(example.facts, set()).add(is_test(example))
        self.assertTrue(all(len(side) == 1 for side in sides.values()))


class QuestionsTest(unittest.TestCase):
    def test_there_are_enough_of_each_task(self):
        questions = chats.test_questions(random.Random(5))
        self.assertGreaterEqual(len(questions), 1000)
        self.assertEqual(len({example.question for example in questions}), len(questions))
        for task, settings in TASKS.items():
            self.assertEqual(sum(example.task == task for example in questions), settings.questions)

    def test_same_seed_same_data(self):
        first, second = (
            json.dumps([textbook.page(rng) for _ in range(50)] + [chats.conversation(rng) for _ in range(50)])
            for rng in (random.Random(6), random.Random(6))
        )
        self.assertEqual(first, second)


class LanguageTest(unittest.TestCase):
    def test_articles(self):
        rng = random.Random(7)
        for _ in range(2000):
            text = language.told_story(rng)[0] + TASKS["unknown"].make(rng).question
            self.assertNotRegex(text, r"\ba [aeio]")

    def test_words_are_distinct(self):
        for words in (NAMES, PLACES):
            self.assertEqual(len(set(words)), len(words))


if __name__ == "__main__":
    unittest.main()
