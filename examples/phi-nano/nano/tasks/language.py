"""Short stories with a question, rephrasing, fields as JSON, and what nobody can know."""

import json

from ..examples import Example
from .words import ANIMALS, CITIES, COLORS, JOBS, NAMES, OBJECTS, PLACES, possessive, pronoun

OPENINGS = (
    "{n} has a {c} {o}.", "Once there was a {c} {o}. It belonged to {n}.", "One day {n} got a {c} {o}.",
    "{n} liked nothing more than {p} {c} {o}.",
)  # fmt: skip
MOVES = (
    "{S} put it in the {x}.", "{S} took it to the {x}.", "In the evening {s} left it in the {x}.",
    "{S} hid it in the {x}.",
)  # fmt: skip
FINDS = ("Later {m} found it there.", "There {m} saw it.", "The next day {m} found it.")
ANIMAL_LINES = ("A {a} sat beside it.", "{S} also has a {a}.", "A {a} was watching.", "Then a {a} came by.")
ENDINGS = ("They both laughed.", "Everyone was happy.", "Then they went home.", "It was a good day.", "")


def _story(rng):
    n, m = rng.sample(NAMES, 2)
    words = {
        "n": n, "m": m, "S": pronoun(n), "s": pronoun(n).lower(), "p": possessive(n), "c": rng.choice(COLORS),
        "o": rng.choice(OBJECTS), "x": rng.choice(PLACES), "a": rng.choice(ANIMALS),
    }  # fmt: skip
    lines = [rng.choice(OPENINGS), rng.choice(MOVES)]
    told = {"n", "c", "o", "x"}
    if rng.random() < 0.5:
        lines.append(rng.choice(ANIMAL_LINES))
        told.add("a")
    if rng.random() < 0.7:
        lines.append(rng.choice(FINDS))
        told.add("m")
    lines.append(rng.choice(ENDINGS))
    text = " ".join(line.format(**words) for line in lines if line)
    return text.replace("a orange", "an orange"), words, told


ASK = {
    "x": ("Where is the {o}?", "Where did {n} put the {o}?", "In which place is the {o}?"),
    "c": ("What color is the {o}?", "Which color does the {o} have?"),
    "o": ("What does {n} have?", "Which thing is the story about?"),
    "n": ("Who owns the {o}?", "Whose {o} is it?"),
    "m": ("Who found the {o}?", "Who else is in the story?"),
    "a": ("Which animal is in the story?", "What animal does the story name?"),
}
NOT_TOLD = (
    "How old is {n}?", "What is the name of the dog?", "Where was {n} born?", "Why did {n} do this?",
    "What did {n} eat?", "How much did the {o} cost?", "What day was it?",
)  # fmt: skip


def story(rng):
    """A question about a story; one in seven asks for what the story does not say."""
    text, words, told = _story(rng)
    facts = (("story", words["n"], words["c"], words["o"], words["x"]),)
    if rng.random() < 0.15:
        question = rng.choice(NOT_TOLD).format(**words)
        reason = "the story does not say"
        return Example("story", facts, f"{text} {question}", f"{reason.capitalize()}.", "unknown", reason)
    key = rng.choice(sorted(told))
    question, answer = rng.choice(ASK[key]).format(**words), words[key]
    lead = rng.choice(("Read: ", "Story: ", "", ""))
    return Example("story", facts, f"{lead}{text} {question}", "", answer, f"the answer is {answer}")


# past tense, participle, present tense, infinitive
VERBS = (
    ("painted", "painted", "paints", "paint"), ("opened", "opened", "opens", "open"),
    ("cleaned", "cleaned", "cleans", "clean"), ("found", "found", "finds", "find"),
    ("took", "taken", "takes", "take"), ("bought", "bought", "buys", "buy"),
    ("sold", "sold", "sells", "sell"), ("dropped", "dropped", "drops", "drop"), ("hid", "hidden", "hides", "hide"),
    ("made", "made", "makes", "make"), ("lost", "lost", "loses", "lose"), ("carried", "carried", "carries", "carry"),
)  # fmt: skip
REPHRASE = {
    "active": ("Rewrite in the active voice: {p}", "Turn this passive sentence into an active one: {p}",
               "Active voice: {p}"),
    "passive": ("Rewrite in the passive voice: {a}", "Turn this active sentence into a passive one: {a}",
                "Passive voice: {a}"),
    "past": ("Rewrite in the past tense: {t}", "Put this into the past: {t}"),
    "present": ("Rewrite in the present tense: {a}", "Put this into the present: {a}"),
    "question": ("Turn this into a question: {a}", "Make a question of this: {a}"),
    "negative": ("Say the opposite with not: {a}", "Negate this sentence: {a}"),
}  # fmt: skip


def rephrase(rng):
    name, thing, color = rng.choice(NAMES), rng.choice(OBJECTS), rng.choice(COLORS)
    past, participle, present, verb = rng.choice(VERBS)
    noun = f"{color} {thing}"
    active = f"{name} {past} the {noun}."
    passive = f"The {noun} was {participle} by {name}."
    now = f"{name} {present} the {noun}."
    kind = rng.choice(sorted(REPHRASE))
    answer = {
        "active": active, "passive": passive, "past": active, "present": now,
        "question": f"Did {name} {verb} the {noun}?", "negative": f"{name} did not {verb} the {noun}.",
    }[kind]  # fmt: skip
    question = rng.choice(REPHRASE[kind]).format(a=active, p=passive, t=now)
    facts = (("sentence", name, verb, color, thing),)
    return Example("rephrase", facts, question, "", answer, f"it becomes: {answer}", bare=True)


PERSON = (
    "{name} is {age} years old and lives in {city}.", "{name}, {age}, lives in {city}.",
    "In {city} lives {name}, who is {age} years old.", "{name} comes from {city} and is {age}.",
)  # fmt: skip
WORKER = (
    "{name} is a {job} in {city}.", "{name} works as a {job} in {city}.", "In {city}, {name} is a {job}.",
)  # fmt: skip
ORDER = (
    "{name} orders {count} {color} {item}.", "{name} buys {count} {color} {item}.",
    "{count} {color} {item} were sold to {name}.",
)  # fmt: skip
EXTRACT = (
    "Extract {fields} as JSON: {text}", "Give {fields} as JSON. {text}", "Write {fields} of this text as JSON: {text}",
    "{text} Return {fields} as JSON.",
)  # fmt: skip


def extract(rng):
    name, city = rng.choice(NAMES), rng.choice(CITIES)
    kind = rng.randrange(3)
    if kind == 0:
        record = {"name": name, "age": rng.randrange(5, 90), "city": city}
        text = rng.choice(PERSON).format(**record)
    elif kind == 1:
        record = {"name": name, "job": rng.choice(JOBS), "city": city}
        text = rng.choice(WORKER).format(**record)
    else:
        count, color, item = rng.randrange(2, 60), rng.choice(COLORS), rng.choice(OBJECTS[:8]) + "s"
        record = {"name": name, "count": count, "color": color, "item": item}
        text = rng.choice(ORDER).format(**record)
    facts = (("record", *record.values()),)
    keys = list(record)
    if rng.random() < 0.4:
        keys = rng.sample(keys, len(keys) - 1)
    fields = ", ".join(keys[:-1]) + f" and {keys[-1]}"
    question = rng.choice(EXTRACT).format(fields=fields, text=text)
    answer = json.dumps({key: record[key] for key in keys})
    return Example("json", facts, question, "", answer, answer, bare=True)


PRIVATE = (
    "What did {n} eat for breakfast today?", "What is the phone number of {n}?", "Where is {n} right now?",
    "What is {n} thinking about?", "How much money does {n} have?", "What is the password of {n}?",
    "When will {n} come home?", "Which book is {n} reading now?", "What did {n} dream last night?", "How tall is {n}?",
)  # fmt: skip
CURRENT = (
    "What is the weather in {city} today?", "Will it rain in {city} tomorrow?", "What is the news from {city} today?",
    "What time is it in {city} now?", "Who is the mayor of {city} now?", "How many people are in {city} right now?",
    "What does a {o} cost in {city} today?",
)  # fmt: skip


def unknown(rng):
    """Questions whose answer is in no text: people's private matters, and the present."""
    if rng.random() < 0.5:
        name, pattern = rng.choice(NAMES), rng.randrange(len(PRIVATE))
        question, reason = PRIVATE[pattern].format(n=name), f"I have no way to know this about {name}."
        facts = (("private", name, pattern),)
    else:
        city, thing, pattern = rng.choice(CITIES), rng.choice(OBJECTS), rng.randrange(len(CURRENT))
        question = CURRENT[pattern].format(city=city, o=thing).replace("a apple", "an apple")
        reason = "I cannot see the present."
        facts = (("current", city, pattern),)
    return Example("unknown", facts, question, reason, "unknown", "nobody can tell from a text")


SMALL_TALK = (
    (("Hello!", "Hi.", "Hello", "Hi there!", "Good morning!", "Hey"),
     "Hello! I am phi-nano. Ask me to calculate, sort, count or rephrase something."),
    (("Who are you?", "What are you?", "What is your name?", "Tell me about yourself."),
     "I am phi-nano, a very small language model. I can do simple tasks with numbers, letters and short texts."),
    (("What can you do?", "Help", "How can you help me?", "What do you know?"),
     "I can calculate with small numbers, convert units, sort, count and reverse, answer questions about short texts, "
     "rephrase sentences and write JSON."),
    (("Thank you!", "Thanks.", "Thanks a lot!"), "You are welcome!"),
    (("Bye.", "Goodbye!", "See you later."), "Goodbye!"),
    (("How are you?", "How do you do?"),
     "I am a program, so I am always the same. What can I do for you?"),
    (("What is the meaning of life?", "Write a poem.", "Who won the election?", "Tell me a joke.", "Explain gravity.",
      "What is the capital of Mars?"),
     "I am too small to know that."),
)  # fmt: skip


def small_talk(rng):
    """Not part of the test: what a chat begins and ends with."""
    questions, answer = rng.choice(SMALL_TALK)
    question = rng.choice(questions)
    return Example("talk", (), question, "", answer, answer, bare=True)


def told_story(rng):
    """A story as it stands, for the textbook."""
    text, words, _ = _story(rng)
    return text, (("story", words["n"], words["c"], words["o"], words["x"]),)
