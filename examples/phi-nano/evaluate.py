#!/usr/bin/env python3
"""Asks models the held-out questions through the program phi and prints how many answers are exactly right, by task.

    evaluate.py "NAME=MODEL FLAGS" ... [--questions FILE] [--json FILE] [--mistakes N]

Each argument is a column: a model and flags of phi, such as "int8=phi-nano-int8.phi --kv int8". With the flag
--textbook a question is put as a textbook does it, for a model that has not learned to chat. Decoding is greedy.
"""

import argparse
import json
import math
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True

from nano.examples import final_answer  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
MOST_TOKENS = "200"


class Column:
    """A model with the way to ask it."""

    def __init__(self, text, phi):
        self.name, separator, command = text.partition("=")
        words = shlex.split(command)
        if not (self.name and separator and words):
            raise argparse.ArgumentTypeError(f"'{text}' is not NAME=MODEL FLAGS")
        self.textbook = "--textbook" in words
        flags = [word for word in words[1:] if word != "--textbook"]
        self.command = [*shlex.split(phi), "run", words[0], *flags, "--temp", "0", "-t", "1", "-n", MOST_TOKENS]

    def ask(self, question):
        """The reply; an Exception with phi's message if it fails."""
        how = ["--stop", "\n\n", f"Question: {question}\n"] if self.textbook else ["--chat", question]
        done = subprocess.run([*self.command, *how], capture_output=True, text=True, errors="replace")
        if done.returncode != 0:
            raise RuntimeError(f"{self.name}: {done.stderr.strip()}")
        return done.stdout


def read_questions(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def evaluate(column, questions, workers):
    """The replies to all questions, in their order."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(column.ask, [question["question"] for question in questions]))


def is_right(question, reply):
    return final_answer(reply) == question["answer"]


def by_task(questions, replies):
    """{task: (right, asked)}, and the same for "all"."""
    table = {}
    for question, reply in zip(questions, replies):
        for task in (question["task"], "all"):
            right, asked = table.get(task, (0, 0))
            table[task] = right + is_right(question, reply), asked + 1
    return table


def error_margin(right, asked):
    """Half of the 95 % interval of a share, in percent."""
    share = right / asked
    return 196 * math.sqrt(share * (1 - share) / asked)


def markdown(names, tables):
    """Percent by task and column, "all" last."""
    tasks = [task for task in tables[0] if task != "all"] + ["all"]
    lines = [f"| task | questions | {' | '.join(names)} |", "|---|---:|" + "---:|" * len(names)]
    for task in tasks:
        cells = [f"{100 * table[task][0] / table[task][1]:.1f}" for table in tables]
        if task == "all":
            cells = [f"{cell} ± {error_margin(*table[task]):.1f}" for cell, table in zip(cells, tables)]
        lines.append(f"| {task} | {tables[0][task][1]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def show_mistakes(column, questions, replies, most):
    wrong = [(question, reply) for question, reply in zip(questions, replies) if not is_right(question, reply)]
    for question, reply in wrong[:: max(1, len(wrong) // most)][:most]:
        print(f"--- {column.name}, {question['task']}: {question['question']}")
        print(f"{reply.strip()}\n(right: {question['answer']})\n")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("columns", nargs="+", metavar="NAME=MODEL FLAGS")
    add("--phi", default="build/release/examples/cli/phi", metavar="COMMAND", help="the program phi (%(default)s)")
    add("--questions", default=os.path.join(HERE, "questions.jsonl"), metavar="FILE", help="(%(default)s)")
    add("--json", metavar="FILE", help="where to write the counts")
    add("--mistakes", type=int, default=0, metavar="N", help="print some wrong answers of each column")
    add("--workers", type=int, default=os.cpu_count(), metavar="N", help="questions asked at once (%(default)s)")
    options = parser.parse_args(arguments)
    questions = read_questions(options.questions)
    columns = [Column(text, options.phi) for text in options.columns]
    tables = []
    for column in columns:
        replies = evaluate(column, questions, options.workers)
        tables.append(by_task(questions, replies))
        if options.mistakes:
            show_mistakes(column, questions, replies, options.mistakes)
    print(markdown([column.name for column in columns], tables))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({column.name: table for column, table in zip(columns, tables)}, file, indent=2)


if __name__ == "__main__":
    main()
