"""Orders of three or four people, syllogisms, and truth values."""

from ..examples import Example
from .words import ANIMALS, NAMES

RELATIONS = (
    ("taller", "shorter", "tallest", "shortest"),
    ("older", "younger", "oldest", "youngest"),
    ("faster", "slower", "fastest", "slowest"),
    ("richer", "poorer", "richest", "poorest"),
)


def order(rng):
    """A chain of comparisons, given in any order and direction; who stands at one end?"""
    more, less, most, least = rng.choice(RELATIONS)
    people = rng.sample(NAMES, rng.choice((3, 3, 4)))  # from the most to the least
    clues = [(a, more, b) if rng.random() < 0.6 else (b, less, a) for a, b in zip(people, people[1:])]
    rng.shuffle(clues)
    text = " ".join(f"{a} is {word} than {b}." for a, word, b in clues)
    at_top = rng.random() < 0.5
    word, answer = (most, people[0]) if at_top else (least, people[-1])
    solution = f"From {most} to {least}: {', '.join(people)}."
    facts = (("order", more, *people),)
    return Example("logic", facts, f"{text} Who is the {word}?", solution, answer, f"the {word} is {answer}")


IRREGULAR = ("fox", "mouse", "sheep")
KINDS = tuple(animal + "s" for animal in ANIMALS if animal not in IRREGULAR) + ("foxes", "robots", "kings", "ghosts")
TRAITS = ("green", "kind", "loud", "quick", "happy", "small", "brave", "old", "quiet", "clever", "strong", "shy")


def syllogism(rng):
    """All K are T. N is a K / is T. Is it so? yes, no or unknown."""
    kind, other = rng.sample(KINDS, 2)
    trait, name = rng.choice(TRAITS), rng.choice(NAMES)
    singular = "fox" if kind == "foxes" else kind[:-1]
    form = rng.randrange(4)
    if form == 0:
        text, answer = f"All {kind} are {trait}. {name} is a {singular}. Is {name} {trait}?", "yes"
        reason = f"{name} is a {singular}, and all {kind} are {trait}."
    elif form == 1:
        text, answer = f"No {kind} are {trait}. {name} is a {singular}. Is {name} {trait}?", "no"
        reason = f"{name} is a {singular}, and no {kind} are {trait}."
    elif form == 2:
        text, answer = f"All {kind} are {trait}. {name} is not {trait}. Is {name} a {singular}?", "no"
        reason = f"A {singular} would be {trait}, but {name} is not {trait}."
    else:
        text, answer = f"All {kind} are {trait}. {name} is {trait}. Is {name} a {singular}?", "unknown"
        reason = f"Not only {kind} can be {trait}."
    facts = (("syllogism", kind, trait, name),)
    return Example("logic", facts, text, reason, answer, f"the answer is {answer}")


def _truth(value):
    return "true" if value else "false"


def boolean(rng):
    """Statements about two numbers, joined by and / or, or negated."""
    parts, truths, facts = [], [], []
    for _ in range(rng.choice((1, 2, 2))):
        a, b = rng.sample(range(1, 100), 2)
        greater = rng.random() < 0.5
        parts.append(f"{a} is {'greater' if greater else 'less'} than {b}")
        truths.append(a > b if greater else a < b)
        facts += [a, b]
    fact = (("boolean", *facts),)
    if len(parts) == 1:
        if rng.random() < 0.5:
            text, value = f"True or false: {parts[0]}.", truths[0]
            return Example("logic", fact, text, "", _truth(value), f"this is {_truth(value)}")
        text, value = f"True or false: it is not so that {parts[0]}.", not truths[0]
        solution = f"The statement without not is {_truth(truths[0])}."
    else:
        word = rng.choice(("and", "or"))
        text = f"True or false: {parts[0]} {word} {parts[1]}."
        value = all(truths) if word == "and" else any(truths)
        solution = f"The first is {_truth(truths[0])}. The second is {_truth(truths[1])}."
    return Example("logic", fact, text, solution, _truth(value), f"this is {_truth(value)}")


def logic(rng):
    return rng.choice((order, order, syllogism, boolean))(rng)
