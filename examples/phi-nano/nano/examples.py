"""What a generator makes: examples, and the rule that parts training from test by content."""

import hashlib
from dataclasses import dataclass

HELD_OUT_SHARE = 10  # in percent of the facts


@dataclass(frozen=True)
class Example:
    """A question with its answer.

    facts: what the example is about, apart from its wording: operands, names, strings. They decide on the split.
    solution: the steps towards the answer, or "".
    answer: what a reply must end with, exactly; always after "Answer: ", unless the reply is the answer (bare).
    statement: the answer as a sentence of a textbook.
    """

    task: str
    facts: tuple
    question: str
    solution: str
    answer: str
    statement: str
    bare: bool = False

    @property
    def reply(self):
        """What the assistant says."""
        if self.bare:
            return self.answer
        return f"{self.solution}\nAnswer: {self.answer}" if self.solution else f"Answer: {self.answer}"


def is_elementary(fact):
    """Tables of one-digit numbers, which everybody needs to learn whole."""
    kind, *operands = fact
    if kind in ("add", "mul"):
        return max(operands) < 10
    if kind == "sub":
        return operands[0] < 19 and operands[1] < 10
    return kind == "div" and operands[0] < 10 * operands[1]


def is_held_out(fact):
    """Whether no training text may contain this fact."""
    if is_elementary(fact):
        return False
    digest = hashlib.blake2b(repr(fact).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") % 100 < HELD_OUT_SHARE


def is_test(example):
    """Test examples have a fact that no training example has."""
    return any(is_held_out(fact) for fact in example.facts)


def final_answer(reply):
    """The part of a reply that is compared: what follows the last "Answer: ", or all of it."""
    return reply.rsplit("Answer: ", 1)[-1].strip()
