"""Conversations for the second stage, and the held-out questions."""

from .catalogue import TASKS
from .examples import is_test
from .tasks import language
from .textbook import choose_task, training_example

SYSTEMS = (
    "You are a helpful assistant.", "You are phi-nano, a small model.", "Answer step by step.", "Be brief.",
    "You are a patient teacher.", "You help with numbers and short texts.",
)  # fmt: skip
SYSTEM_SHARE = 0.15
TALK_SHARE = 0.02


def conversation(rng):
    """Messages as {"role", "content"}: one to three questions of any tasks, sometimes after a system message."""
    messages = []
    if rng.random() < SYSTEM_SHARE:
        messages.append({"role": "system", "content": rng.choice(SYSTEMS)})
    for _ in range(rng.choice((1, 1, 2, 3))):
        example = language.small_talk(rng) if rng.random() < TALK_SHARE else training_example(rng, choose_task(rng))
        messages.append({"role": "user", "content": example.question})
        messages.append({"role": "assistant", "content": example.reply})
    return messages


def training_question(rng):
    """A question of the training side with its answer, for the third stage."""
    return training_example(rng, choose_task(rng))


def test_questions(rng):
    """Held-out examples, each question once, task by task."""
    examples, asked = [], set()
    for task in TASKS.values():
        wanted = len(examples) + task.questions
        while len(examples) < wanted:
            example = task.make(rng)
            if is_test(example) and example.question not in asked:
                asked.add(example.question)
                examples.append(example)
    return examples
