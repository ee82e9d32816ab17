"""Sorting, counting and reversing of numbers, letters and words."""

from ..examples import Example
from .words import ANIMALS, COLORS, OBJECTS

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
VOWELS = "AEIOU"
CONSONANTS = "BCDFGHKLMNPRSTVWZ"
WORDS = tuple(sorted(set(ANIMALS + COLORS + OBJECTS)))


def letters(rng, low=3, high=7):
    """A string of capitals, often with the sound of a word. Capitals are one token each."""
    length = rng.randrange(low, high + 1)
    if rng.random() < 0.6:
        first = rng.randrange(2)
        return "".join(rng.choice(VOWELS if (place + first) % 2 else CONSONANTS) for place in range(length))
    return "".join(rng.choice(LETTERS) for _ in range(length))


SORT = {
    "up": ("Sort these numbers from small to large: {list}.", "Put in ascending order: {list}.", "Sort: {list}",
           "Arrange {list} from the smallest to the largest.", "Order these numbers: {list}."),
    "down": ("Sort these numbers from large to small: {list}.", "Put in descending order: {list}.",
             "Arrange {list} from the largest to the smallest."),
    "words": ("Sort these words alphabetically: {list}.", "Put these words in alphabetical order: {list}.",
              "Which order do these words have in a dictionary: {list}?"),
    "letters": ("Sort the letters of {list}.", "Put the letters of {list} in alphabetical order."),
}  # fmt: skip


def sort(rng):
    kind = rng.choice(("up", "up", "down", "words", "letters"))
    if kind == "letters":
        text = letters(rng, 3, 6)
        answer = "".join(sorted(text))
        return Example("sort", (("letters", text),), rng.choice(SORT[kind]).format(list=text), "", answer,
                       f"the letters of {text} in order are {answer}")  # fmt: skip
    if kind == "words":
        items = rng.sample(WORDS, rng.choice((3, 3, 4, 5)))
        ordered = sorted(items)
    else:
        digits = rng.choice((1, 2, 2, 2, 3))
        items = rng.sample(range(10 ** (digits - 1), 10**digits), rng.choice((3, 4, 4, 5)))
        ordered = sorted(items, reverse=kind == "down")
    text, answer = ", ".join(map(str, items)), ", ".join(map(str, ordered))
    question = rng.choice(SORT[kind]).format(list=text)
    return Example("sort", (("sort", *sorted(items)),), question, "", answer, f"{text} in order: {answer}")


COUNT = (
    "How many times does {x} occur in {s}?", "How often is the letter {x} in {s}?", "Count the letter {x} in {s}.",
    "How many {x} are in {s}?",
)  # fmt: skip
LENGTH = ("How many letters does {s} have?", "Count the letters of {s}.", "How long is {s}?")
HOW_MANY_WORDS = ("How many words are in this list: {s}?", "Count the words: {s}.")


def count(rng):
    """One letter in a string, all letters, or the words of a list; the count runs along."""
    kind = rng.choice(("letter", "letter", "length", "words"))
    if kind == "words":
        items = rng.sample(WORDS, rng.randrange(2, 9))
        text, pattern = ", ".join(items), rng.choice(HOW_MANY_WORDS)
        solution = ", ".join(f"{item} {index}" for index, item in enumerate(items, 1)) + "."
        facts = (("count", *items),)
        statement = f"the list has {len(items)} words"
        return Example("count", facts, pattern.format(s=text), solution, str(len(items)), statement)
    text = letters(rng, 3, 8)
    facts = (("letters", text),)
    if kind == "length":
        solution = ", ".join(f"{letter} {index}" for index, letter in enumerate(text, 1)) + "."
        question = rng.choice(LENGTH).format(s=text)
        return Example("count", facts, question, solution, str(len(text)), f"{text} has {len(text)} letters")
    letter = rng.choice(text) if rng.random() < 0.85 else rng.choice(LETTERS)
    if rng.random() < 0.5 and letter not in text[1:-1]:
        place = rng.randrange(1, len(text))
        text = text[:place] + letter + text[place:]
        facts = (("letters", text),)
    seen, parts = 0, []
    for each in text:
        seen += each == letter
        parts.append(f"{each} {seen}")
    question = rng.choice(COUNT).format(x=letter, s=text)
    statement = f"{letter} occurs {seen} times in {text}"
    return Example("count", facts, question, ", ".join(parts) + ".", str(seen), statement)


REVERSE = (
    "Reverse {s}.", "Write {s} backwards.", "What is {s} spelled backwards?", "Turn the letters of {s} around.",
    "Reverse the letters of {s}.",
)  # fmt: skip
REVERSE_LIST = (
    "Reverse this list: {s}.", "Write this list backwards: {s}.", "Put this list in the opposite order: {s}.",
)  # fmt: skip


def reverse(rng):
    if rng.random() < 0.65:
        text = letters(rng)
        question = rng.choice(REVERSE).format(s=text)
        return Example("reverse", (("letters", text),), question, "", text[::-1], f"{text} backwards is {text[::-1]}")
    items = rng.sample(WORDS if rng.random() < 0.5 else range(10, 100), rng.choice((3, 4, 5)))
    text, answer = ", ".join(map(str, items)), ", ".join(map(str, reversed(items)))
    question = rng.choice(REVERSE_LIST).format(s=text)
    return Example("reverse", (("list", *items),), question, "", answer, f"{text} backwards is {answer}")
