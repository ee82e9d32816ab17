"""Answers found from the wording of a question alone, without the generators: a second opinion."""

import itertools
import json
import re
from datetime import datetime, timedelta


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def add(question):
    return str(sum(numbers(question)))


def subtract(question):
    first, second = numbers(question)
    return str(second - first if "from" in question else first - second if "away" not in question else second - first)


def multiply(question):
    first, second = numbers(question)
    return str(first * second)


def divide(question):
    first, second = numbers(question)
    if "go into" in question:
        first, second = second, first
    return f"{first // second} remainder {first % second}" if first % second else str(first // second)


def compare(question):
    smallest = re.search(r"small|less|least|minimum", question)
    return str((min if smallest else max)(numbers(question)))


def word1(question):
    first, second = numbers(question)
    if re.search(r"more\. How|in the evening|puts in|together|gives .* had", question):
        return str(first + second)
    if re.search(r"each friend|in one box|in a row", question):
        larger, smaller = max(first, second), min(first, second)
        return str(larger // smaller)
    if re.search(r"each\.|Each box|every day|One shelf", question):
        return str(first * second)
    return str(max(first, second) - min(first, second))


def word2(question):
    values = numbers(question)
    if re.search(r"bags with", question):
        return str(values[0] * values[1] + values[2])
    if re.search(r"boxes with", question):
        return str(values[0] * values[1] - values[2])
    if re.search(r"on Monday", question):
        return str(sum(values))
    if re.search(r"then finds|puts in", question):
        return str(values[0] - values[1] + values[2])
    if re.search(r"in the morning", question):
        return str(values[0] - values[1] - values[2])
    return str(values[0] + values[1] - values[2])


SIZES = {  # in a base unit of the same kind
    "kilometer": 1_000_000, "meter": 1000, "centimeter": 10, "millimeter": 1,
    "ton": 1_000_000, "kilogram": 1000, "gram": 1,
    "liter": 1000, "milliliter": 1, "week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1,
    "year": 12, "month": 1, "euro": 100, "cent": 1, "pair": 2, "dozen": 12, "piece": 1,
}  # fmt: skip


def convert(question):
    (count,) = numbers(question)
    units = [word for word in re.findall(r"[a-z]+", question) if word.removesuffix("s") in SIZES]
    if question.startswith("How many"):
        units.reverse()
    source, target = units
    value, rest = divmod(count * SIZES[source.removesuffix("s")], SIZES[target.removesuffix("s")])
    assert rest == 0, question
    return f"{value} {target}"


def clock(question):
    times = [datetime.strptime(text, "%I:%M") for text in re.findall(r"\d+:\d\d", question)]
    if len(times) == 2:
        return f"{(times[1] - times[0]).seconds % (12 * 3600) // 60} minutes"
    (span,) = re.findall(r"(\d+) minutes", question)
    return (times[0] + timedelta(minutes=int(span))).strftime("%I:%M").lstrip("0")


def items_of(question):
    listed = [text for text in re.split(r"[^A-Za-z0-9, ]", question) if ", " in text][-1]
    listed = re.sub(r"^.*\b(Arrange|Sort) ", "", re.sub(r" from the .*", "", listed))
    return listed.strip().split(", ")


def capitals(question):
    return max(re.findall(r"\b[A-Z]{3,}\b", question), key=len)


def sort(question):
    if "letters of" in question:
        return "".join(sorted(capitals(question)))
    items = items_of(question)
    if items[0].isdigit():
        items.sort(key=int, reverse=bool(re.search("descending|large to small|largest to", question)))
    else:
        items.sort()
    return ", ".join(items)


def count(question):
    if "words" in question:
        return str(len(items_of(question)))
    text = capitals(question)
    letter = re.search(r"(?:letter|times does|How many) ([A-Z])\b", question)
    return str(text.count(letter[1]) if letter else len(text))


def reverse(question):
    return ", ".join(items_of(question)[::-1]) if ", " in question else capitals(question)[::-1]


COMPARATIVES = {"taller": "tallest", "older": "oldest", "faster": "fastest", "richer": "richest"}
OPPOSITES = {"shorter": "taller", "younger": "older", "slower": "faster", "poorer": "richer"}


def order(question):
    clues = re.findall(r"(\w+) is (\w+) than (\w+)\.", question)
    above = {(b, a) if word in OPPOSITES else (a, b) for a, word, b in clues}
    people = {name for pair in above for name in pair}
    (ranking,) = [p for p in itertools.permutations(people) if all(p.index(a) < p.index(b) for a, b in above)]
    asked = re.search(r"Who is the (\w+)\?", question)[1]
    return ranking[0] if asked in COMPARATIVES.values() else ranking[-1]


def syllogism(question):
    quantity, _, _, _, kind, name, verb, _, asked = re.fullmatch(
        r"(All|No) (\w+) are ((\w+))\. ((?=\w)(\w+) is (not )?(?:a )?(\w+))\. Is \w+ (a )?\w+\?", question
    ).groups()
    if asked:  # from the trait back to the kind
        return "no" if verb else "unknown"
    return "yes" if quantity == "All" else "no"


def boolean(question):
    claims = re.findall(r"(\d+) is (greater|less) than (\d+)", question)
    truths = [int(a) > int(b) if word == "greater" else int(a) < int(b) for a, word, b in claims]
    value = any(truths) if " or " in question.partition(":")[2] else all(truths)
    return str(value != ("not so" in question)).lower()


def logic(question):
    if question.startswith("True"):
        return boolean(question)
    return order(question) if "Who is" in question else syllogism(question)


def json_fields(question, answer):
    """Checks rather than answers: the asked fields in the asked order, each with a value from the text."""
    record = json.loads(answer)
    listed = re.search(r"((?:name|age|city|job|count|color|item)(?:, \w+)* and \w+)", question)[1]
    words = re.findall(r"\w+", question.replace(listed, ""))
    same_fields = re.split(r", | and ", listed) == list(record)
    return same_fields and all(str(value) in words for value in record.values())


SOLVERS = {
    "add2": add, "add3": add, "sub2": subtract, "sub3": subtract, "multiply": multiply, "divide": divide,
    "compare": compare, "word1": word1, "word2": word2, "convert": convert, "time": clock, "sort": sort,
    "count": count, "reverse": reverse, "logic": logic,
}  # fmt: skip
