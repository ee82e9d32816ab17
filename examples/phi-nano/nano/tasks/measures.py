"""Units and the clock."""

from ..examples import Example
from . import steps

# big unit, small unit, how many small ones in a big one
UNITS = (
    ("meters", "centimeters", 100), ("kilometers", "meters", 1000), ("kilograms", "grams", 1000),
    ("liters", "milliliters", 1000), ("centimeters", "millimeters", 10), ("tons", "kilograms", 1000),
    ("hours", "minutes", 60), ("minutes", "seconds", 60), ("weeks", "days", 7), ("years", "months", 12),
    ("euros", "cents", 100), ("pairs", "pieces", 2), ("dozens", "pieces", 12), ("days", "hours", 24),
)  # fmt: skip
CONVERT = (
    "How many {to} are {n} {unit}?", "Convert {n} {unit} to {to}.", "Change {n} {unit} into {to}.",
    "{n} {unit} in {to}?",
    "What are {n} {unit} in {to}?", "Express {n} {unit} in {to}.",
)  # fmt: skip


def _times(n, factor):
    """n * factor by a one-digit product and zeros, or by the sum of two products."""
    zeros = len(str(factor)) - len(str(factor).rstrip("0"))
    digit = factor // 10**zeros
    if digit == 1:
        return f"{n}*{factor}={n * factor}.", ()
    if digit < 10:
        text, value, facts = steps.multiply(n, digit)
        return text + (f" Then {value}*{10**zeros}={n * factor}." if zeros else ""), facts
    tens, ones = factor // 10 * 10, factor % 10
    text, value, facts = steps.multiply(n, ones)
    total, _, more = steps.add(n * tens, value)
    return f"{n}*{tens}={n * tens}. {text} {total}", facts + more


def convert(rng):
    """Mostly from the big unit to the small one; back where it comes out even."""
    big, small, factor = rng.choice(UNITS)
    n = rng.randrange(2, 10) if factor in (12, 24) or rng.random() < 0.3 else rng.randrange(10, 100)
    many = n * factor
    if rng.random() < 0.7 or factor in (12, 24):
        text, facts = _times(n, factor)
        question = rng.choice(CONVERT).format(n=n, unit=big, to=small)
        facts += (("convert", big, small, n),)
        rule = f"1 {big[:-1]} is {factor} {small}. "
        return Example("convert", facts, question, rule + text, f"{many} {small}", f"{n} {big} are {many} {small}")
    question = rng.choice(CONVERT).format(n=many, unit=small, to=big)
    facts = (("convert", small, big, many),)
    zeros = len(str(factor)) - len(str(factor).rstrip("0"))
    digit = factor // 10**zeros
    text = f"{many}/{factor}={n}." if digit == 1 else ""
    if digit > 1:
        rest = many // 10**zeros
        text, _, more = steps.divide(rest, digit)
        facts += more
        text = (f"{many}/{10**zeros}={rest}. " if zeros else "") + text
    rule = f"{factor} {small} are 1 {big[:-1]}. "
    return Example("convert", facts, question, rule + text, f"{n} {big}", f"{many} {small} are {n} {big}")


AFTER = (
    "What time is it {d} minutes after {t}?", "It is {t}. What time is it in {d} minutes?",
    "A train leaves at {t} and travels for {d} minutes. When does it arrive?",
    "A film starts at {t} and lasts {d} minutes. When does it end?",
)  # fmt: skip
BETWEEN = (
    "How many minutes are there from {t} to {u}?", "A lesson lasts from {t} to {u}. How many minutes is that?",
    "A bus leaves at {t} and arrives at {u}. How many minutes does it take?",
)  # fmt: skip


def clock(rng):
    """Twelve-hour times; spans under an hour, in which the hour changes at most once."""
    hour, minute, span = rng.randrange(1, 13), 5 * rng.randrange(12), 5 * rng.randrange(1, 12)
    total = minute + span
    next_hour = hour % 12 + 1
    start = f"{hour}:{minute:02}"
    end = f"{next_hour}:{total - 60:02}" if total >= 60 else f"{hour}:{total:02}"
    facts = (("clock", hour, minute, span),)
    if rng.random() < 0.6:
        solution = f"Minutes: {minute}+{span}={total}."
        if total >= 60:
            solution += f" {total}-60={total - 60}. The hour after {hour} is {next_hour}."
        question = rng.choice(AFTER).format(d=span, t=start)
        return Example("time", facts, question, solution, end, f"{span} minutes after {start} it is {end}")
    if total < 60:
        solution = f"Same hour. {total}-{minute}={span}."
    elif total == 60:
        solution = f"Next hour. 60-{minute}={span}."
    else:
        solution = f"Next hour. 60-{minute}={60 - minute}. {60 - minute}+{total - 60}={span}."
    question = rng.choice(BETWEEN).format(t=start, u=end)
    statement = f"from {start} to {end} it takes {span} minutes"
    return Example("time", facts, question, solution, f"{span} minutes", statement)
