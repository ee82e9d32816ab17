#!/usr/bin/env python3
"""Writes phi-nano's data: textbook pages, conversations, and the held-out questions.

    make_data.py OUT [--pages N] [--conversations N]

OUT/textbook.jsonl has one page (a string) per line, OUT/chats.jsonl one list of messages, OUT/questions.jsonl one
question: {"task", "question", "answer"}. The same seed gives the same bytes. data-card.md describes what is in them.
"""

import argparse
import json
import os
import random
import sys

sys.dont_write_bytecode = True  # no __pycache__ among the sources

from nano import chats, textbook  # noqa: E402

SEED = 20241212


def write_lines(path, values):
    with open(path, "w", encoding="utf-8") as file:
        for value in values:
            file.write(json.dumps(value, ensure_ascii=False) + "\n")


def questions():
    for example in chats.test_questions(random.Random(SEED + 2)):
        yield {"task": example.task, "question": example.question, "answer": example.answer}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", metavar="OUT", help="a folder")
    parser.add_argument("--pages", type=int, default=150_000, metavar="N", help="of the textbook (%(default)s)")
    parser.add_argument("--conversations", type=int, default=400_000, metavar="N", help="of the chats (%(default)s)")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    path = lambda name: os.path.join(options.out, name)  # noqa: E731
    pages, talks = random.Random(SEED), random.Random(SEED + 1)
    write_lines(path("questions.jsonl"), questions())
    write_lines(path("textbook.jsonl"), (textbook.page(pages) for _ in range(options.pages)))
    write_lines(path("chats.jsonl"), (chats.conversation(talks) for _ in range(options.conversations)))


if __name__ == "__main__":
    main()
