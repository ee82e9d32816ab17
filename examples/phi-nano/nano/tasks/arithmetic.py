"""Addition, subtraction, multiplication, division and comparison of integers."""

from ..examples import Example
from . import steps

ADD = (
    "What is {a} + {b}?", "What is {a} plus {b}?", "Add {a} and {b}.", "Calculate {a} + {b}.", "{a} + {b} = ?",
    "How much is {a} + {b}?", "Find the sum of {a} and {b}.", "What do {a} and {b} make together?", "{a}+{b}",
    "Work out {a} + {b}.", "Can you add {a} and {b}?", "Please compute {a} + {b}.",
)  # fmt: skip
SUBTRACT = (
    "What is {a} - {b}?", "What is {a} minus {b}?", "Subtract {b} from {a}.", "Calculate {a} - {b}.", "{a} - {b} = ?",
    "How much is {a} - {b}?", "Find the difference: {a} - {b}.", "Take {b} away from {a}.", "{a}-{b}",
    "Work out {a} - {b}.", "Can you subtract {b} from {a}?", "Please compute {a} - {b}.",
)  # fmt: skip
MULTIPLY = (
    "What is {a} * {b}?", "What is {a} times {b}?", "Multiply {a} by {b}.", "Calculate {a} * {b}.", "{a} * {b} = ?",
    "How much is {a} times {b}?", "Find the product of {a} and {b}.", "{a}*{b}", "Work out {a} * {b}.",
    "Please compute {a} * {b}.",
)  # fmt: skip
DIVIDE = (
    "What is {a} / {b}?", "What is {a} divided by {b}?", "Divide {a} by {b}.", "Calculate {a} / {b}.", "{a} / {b} = ?",
    "How often does {b} go into {a}?", "Work out {a} / {b}.", "Please compute {a} / {b}.", "{a}/{b}",
)  # fmt: skip


def _number(rng, digits):
    return rng.randrange(10 ** (digits - 1), 10**digits)


def _calculation(task, patterns, rng, operands, result, statement):
    text, value, facts = result
    a, b = operands
    question = rng.choice(patterns).format(a=a, b=b)
    return Example(task, facts, question, text, str(value), statement.format(a=a, b=b, value=value))


def add2(rng):
    """One- and two-digit numbers, mostly two-digit."""
    a, b = _number(rng, 2), _number(rng, rng.choice((1, 2, 2, 2, 2)))
    if rng.random() < 0.1:
        a = _number(rng, 1)
    operands = (a, b) if rng.random() < 0.5 else (b, a)
    return _calculation("add2", ADD, rng, operands, steps.add(*operands), "{a} plus {b} is {value}")


def add3(rng):
    a, b = _number(rng, 3), _number(rng, rng.choice((2, 3, 3)))
    operands = (a, b) if rng.random() < 0.5 else (b, a)
    return _calculation("add3", ADD, rng, operands, steps.add(*operands), "{a} plus {b} is {value}")


def sub2(rng):
    """As add2; one in eight goes below zero."""
    a, b = _number(rng, 2), _number(rng, rng.choice((1, 2, 2, 2, 2)))
    if rng.random() < 0.1:
        a = _number(rng, 1)
    operands = (min(a, b), max(a, b)) if rng.random() < 0.125 else (max(a, b), min(a, b))
    return _calculation("sub2", SUBTRACT, rng, operands, steps.subtract(*operands), "{a} minus {b} is {value}")


def sub3(rng):
    a, b = _number(rng, 3), _number(rng, rng.choice((2, 3, 3)))
    operands = max(a, b), min(a, b)
    return _calculation("sub3", SUBTRACT, rng, operands, steps.subtract(*operands), "{a} minus {b} is {value}")


def multiply(rng):
    a, b = _number(rng, rng.choice((1, 2, 2, 2))), rng.randrange(2, 10)
    operands = (a, b) if rng.random() < 0.7 else (b, a)
    return _calculation("multiply", MULTIPLY, rng, operands, steps.multiply(*operands), "{a} times {b} is {value}")


def divide(rng):
    b = rng.randrange(2, 10)
    a = rng.randrange(b, 10 * b) if rng.random() < 0.25 else rng.randrange(10 * b, rng.choice((100, 1000)))
    if rng.random() < 0.4:
        a -= a % b
    text, (quotient, rest), facts = steps.divide(a, b)
    answer = f"{quotient} remainder {rest}" if rest else str(quotient)
    question = rng.choice(DIVIDE).format(a=a, b=b)
    return Example("divide", facts, question, text, answer, f"{a} divided by {b} is {answer}")


COMPARE = {
    "larger": ("Which is larger, {a} or {b}?", "Which number is greater: {a} or {b}?",
               "What is the larger of {a} and {b}?", "Is {a} or {b} bigger?", "Name the greater number: {a} or {b}."),
    "smaller": ("Which is smaller, {a} or {b}?", "Which number is less: {a} or {b}?",
                "What is the smaller of {a} and {b}?", "Name the lesser number: {a} or {b}."),
}  # fmt: skip
COMPARE_MANY = {
    "largest": ("Which is the largest: {list}?", "What is the greatest of {list}?", "Find the maximum of {list}."),
    "smallest": ("Which is the smallest: {list}?", "What is the least of {list}?", "Find the minimum of {list}."),
}


def compare(rng):
    """Two numbers, or three to five."""
    count = rng.choice((2, 2, 3, 4, 5))
    digits = rng.choice((2, 2, 3))
    numbers = set()
    first = _number(rng, digits)
    while len(numbers) < count:  # often with the same leading digits, which is where comparing is an art
        near = first + rng.randrange(-9, 10)
        numbers.add(near if rng.random() < 0.4 and near > 0 else _number(rng, rng.choice((digits, digits, 2))))
    numbers = rng.sample(sorted(numbers), count)
    up = rng.random() < 0.5
    answer = max(numbers) if up else min(numbers)
    facts = (("compare", *sorted(numbers)),)
    if count == 2:
        word = "larger" if up else "smaller"
        question = rng.choice(COMPARE[word]).format(a=numbers[0], b=numbers[1])
        other = sum(numbers) - answer
        solution = f"{answer} {'>' if up else '<'} {other}."
        return Example("compare", facts, question, solution, str(answer), f"{answer} is {word} than {other}")
    word = "largest" if up else "smallest"
    text = ", ".join(map(str, numbers))
    question = rng.choice(COMPARE_MANY[word]).format(list=text)
    best, solution = numbers[0], []
    for number in numbers[1:]:
        best = max(best, number) if up else min(best, number)
        solution.append(f"{best}")
    steps_text = f"Start with {numbers[0]}, then {', '.join(solution)}."
    return Example("compare", facts, question, steps_text, str(answer), f"the {word} of {text} is {answer}")
