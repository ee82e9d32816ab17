"""All tasks: how often each is trained, and how many of its held-out questions are asked."""

from dataclasses import dataclass
from typing import Callable

from .tasks import arithmetic, language, logic, measures, problems, strings


@dataclass(frozen=True)
class Task:
    make: Callable
    weight: int  # share of the training examples
    questions: int  # in the test
    rule: str  # what a textbook says about it


TASKS = {
    "add2": Task(arithmetic.add2, 8, 150,
        "To add two numbers, add the ones first. When a place makes ten or more, carry one to the next place."),
    "sub2": Task(arithmetic.sub2, 8, 150,
        "To subtract, begin with the ones. When the upper digit is too small, borrow ten from the next place."),
    "add3": Task(arithmetic.add3, 4, 60,
        "Long numbers are added place by place: ones, tens, hundreds, always with the carry."),
    "sub3": Task(arithmetic.sub3, 5, 60,
        "Long numbers are subtracted place by place: ones, tens, hundreds, always with the borrow."),
    "multiply": Task(arithmetic.multiply, 6, 60,
        "To multiply by one digit, multiply the ones, then the tens, and add what is carried."),
    "divide": Task(arithmetic.divide, 8, 80,
        "To divide by one digit, go from the left: how often does it fit, and what is the rest?"),
    "compare": Task(arithmetic.compare, 5, 80,
        "A number with more digits is larger. With as many digits, the first digit that differs decides."),
    "word1": Task(problems.one_step, 8, 100,
        "In a story with numbers, find out first whether to add, to subtract, to multiply or to divide."),
    "word2": Task(problems.two_steps, 9, 100,
        "Some stories take two steps. The result of the first step is where the second begins."),
    "convert": Task(measures.convert, 7, 80,
        "To go from a big unit to a small one, multiply. To go back, divide."),
    "time": Task(measures.clock, 6, 80,
        "An hour has 60 minutes. After 12 the clock begins again with 1."),
    "sort": Task(strings.sort, 8, 80,
        "To sort, take the first in order, then the first of those that are left, until none is left."),
    "count": Task(strings.count, 5, 80,
        "To count, go from left to right and say the number so far."),
    "reverse": Task(strings.reverse, 5, 80,
        "To reverse something, begin with its last part and end with its first."),
    "logic": Task(logic.logic, 7, 120,
        "From some statements others follow. Say only what follows."),
    "story": Task(language.story, 6, 80,
        "Read the text, and look for the words that answer the question."),
    "rephrase": Task(language.rephrase, 5, 80,
        "One thing can be said in many ways."),
    "json": Task(language.extract, 5, 80,
        "JSON writes fields as names and values between braces."),
    "unknown": Task(language.unknown, 2, 60,
        "Some things cannot be known from a text. Then it is right to say so."),
}  # fmt: skip
