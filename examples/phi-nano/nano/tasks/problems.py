"""Word problems with one and with two steps."""

from ..examples import Example
from . import steps
from .words import NAMES, THINGS, pronoun

# {n}, {m}: names; {a}, {b}: numbers; {t}: things; {s}: she or he
GAIN = (
    "{n} has {a} {t}. {S} buys {b} more. How many {t} does {s} have now?",
    "{n} found {a} {t} in the morning and {b} in the evening. How many {t} did {s} find in all?",
    "There are {a} {t} in a box. {n} puts in {b} more. How many {t} are in the box?",
    "{n} has {a} {t} and {m} has {b} {t}. How many {t} do they have together?",
    "{m} gives {n} {b} {t}. {n} had {a} {t} before. How many {t} does {n} have now?",
)
LOSS = (
    "{n} has {a} {t}. {S} gives away {b} of them. How many {t} are left?",
    "{n} had {a} {t} and lost {b}. How many {t} does {s} still have?",
    "There are {a} {t} on a table. {n} takes {b} of them. How many {t} remain?",
    "{n} has {a} {t} and {m} has {b}. How many more {t} does {n} have than {m}?",
    "A shop has {a} {t}. It sells {b}. How many {t} does it have left?",
)
GROUPS = (
    "{n} has {b} bags with {a} {t} each. How many {t} does {s} have?",
    "There are {b} boxes. Each box holds {a} {t}. How many {t} are there in all?",
    "{n} buys {a} {t} every day for {b} days. How many {t} does {s} buy?",
    "One shelf holds {a} {t}. How many {t} do {b} shelves hold?",
)
SHARE = (
    "{n} shares {a} {t} equally among {b} friends. How many {t} does each friend get?",
    "{a} {t} are packed into {b} boxes, the same number in each. How many {t} are in one box?",
    "{n} puts {a} {t} into {b} equal rows. How many {t} are in a row?",
)


def _two_digits(rng):
    return rng.randrange(10, 100)


def _names(rng):
    n, m = rng.sample(NAMES, 2)
    return {"n": n, "m": m, "S": pronoun(n), "s": pronoun(n).lower(), "t": rng.choice(THINGS)}


def _statement(words, value):
    return f"the answer is {value} {words['t']}"


def _gain(rng):
    a, b = _two_digits(rng), rng.choice((rng.randrange(2, 10), _two_digits(rng), _two_digits(rng)))
    return GAIN, a, b, steps.add(a, b)


def _loss(rng):
    a = _two_digits(rng)
    b = rng.randrange(2, a)
    return LOSS, a, b, steps.subtract(a, b)


def _groups(rng):
    a, b = rng.choice((rng.randrange(2, 10), _two_digits(rng))), rng.randrange(2, 10)
    return GROUPS, a, b, steps.multiply(a, b)


def _share(rng):
    b = rng.randrange(2, 10)
    a = b * rng.randrange(2, 100 // b + 1)
    text, (value, _), facts = steps.divide(a, b)
    return SHARE, a, b, (text, value, facts)


def one_step(rng):
    patterns, a, b, (text, value, facts) = rng.choice((_gain, _gain, _loss, _loss, _groups, _share))(rng)
    words = _names(rng)
    question = rng.choice(patterns).format(a=a, b=b, **words)
    return Example("word1", facts, question, text, str(value), _statement(words, value))


# Two steps; each: the text, and the steps as (operation, number) after the first number {a}.
TWO = (
    ("{n} has {a} {t}. {S} buys {b} more and then gives {c} to {m}. How many {t} does {s} have now?", "+-"),
    ("{n} has {a} {t}. {S} gives {b} to {m} and then finds {c} more. How many {t} does {s} have now?", "-+"),
    ("A shop has {a} {t}. It sells {b} in the morning and {c} in the afternoon. How many {t} are left?", "--"),
    ("{n} picks {a} {t} on Monday, {b} on Tuesday and {c} on Friday. How many {t} does {s} pick in all?", "++"),
    ("{n} has {b} bags with {a} {t} each and {c} more {t}. How many {t} does {s} have in all?", "*+"),
    ("{n} has {b} boxes with {a} {t} each. {S} gives {c} {t} to {m}. How many {t} are left?", "*-"),
    ("{n} has {a} {t} and {m} has {b} more than {n}. {m} then loses {c}. How many {t} does {m} have now?", "+-"),
    ("There are {a} {t} in a box. {n} takes out {b}, and {m} puts in {c}. How many {t} are in the box now?", "-+"),
)
OPERATIONS = {"+": steps.add, "-": steps.subtract, "*": steps.multiply}


def two_steps(rng):
    pattern, operations = rng.choice(TWO)
    a = rng.randrange(2, 20) if operations[0] == "*" else _two_digits(rng)
    value, texts, facts, numbers = a, [], (), []
    for operation in operations:
        if operation == "*":
            number = rng.randrange(2, 7)
        else:
            number = rng.randrange(2, max(3, min(value, 60) if operation == "-" else 60))
        text, value, more = OPERATIONS[operation](value, number)
        texts.append(text)
        facts += more
        numbers.append(number)
    words = _names(rng)
    question = pattern.format(a=a, b=numbers[0], c=numbers[1], **words)
    return Example("word2", facts, question, " ".join(texts), str(value), _statement(words, value))
