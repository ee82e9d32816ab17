"""Pages of a textbook: the examples of a task as prose, in many forms, and short stories."""

from .catalogue import TASKS
from .examples import is_held_out, is_test
from .tasks import language

STORY_SHARE = 0.06
FORMS = (
    "Question: {q}\n{s}Answer: {a}",
    "Exercise. {q}\nSolution. {s}Answer: {a}",
    "{q}\n{s}Answer: {a}",
    "Example: {q} {s}So {t}",
    "{q} {s}Therefore {t}",
    "Q: {q}\nA: {s}The result: {a}",
    "Somebody asks: {q} We think: {s}We find that {t}",
)


def training_example(rng, task):
    while True:
        example = TASKS[task].make(rng)
        if not is_test(example):
            return example


def choose_task(rng):
    return rng.choices(list(TASKS), [task.weight for task in TASKS.values()])[0]


def _entry(rng, example):
    solution = example.solution
    if solution:
        solution += rng.choice((" ", "\n"))
    statement = example.statement if example.statement[-1] in ".?" else example.statement + "."
    return rng.choice(FORMS).format(q=example.question, s=solution, a=example.answer, t=statement)


def page(rng):
    """One document: a story, or one to four examples of one task, sometimes with the rule in front."""
    if rng.random() < STORY_SHARE:
        while True:
            text, facts = language.told_story(rng)
            if not any(map(is_held_out, facts)):
                return text
    task = choose_task(rng)
    entries = [_entry(rng, training_example(rng, task)) for _ in range(rng.choice((1, 1, 2, 3, 4)))]
    if rng.random() < 0.15:
        entries.insert(0, TASKS[task].rule)
    return "\n\n".join(entries)
