#!/usr/bin/env python3
"""Measures how much of its fair share of the machine a program keeps when other work fills every core.

Runs `phi bench` and `llama-bench` programs by turns, alone and beside one endless loop per core. Beside a loop on
every core the fair share is half of the speed alone; the table shows medians, and what part of that half was left.
docs/threading.md has the result and tells what each program does with its threads.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True  # no __pycache__ among the sources

from comparison import ComparisonError, named
from comparison.programs import LlamaBench, Phi
from comparison.rows import parse_row

EXAMPLE = """example:
  bench/busy_cores.py phi-4-Q4_0.gguf --phi pool=build/release/examples/cli/phi \\
      --phi openmp=build/openmp/examples/cli/phi --peer llama.cpp=llama-bench --rows n32 p256
"""


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("model", help="a GGUF file")
    add("--phi", type=named, action="append", default=[], metavar="NAME=COMMAND",
        help="a program phi; may be repeated")
    add("--peer", type=named, action="append", default=[], metavar="NAME=COMMAND",
        help="a llama-bench; may be repeated")
    add("--peer-model", metavar="PATH", help="what the peers open, if not the same file")
    add("--rows", nargs="+", default=["n32", "p256"], metavar="ROW", help="what to measure (n32 p256)")
    add("--threads", "-t", type=int, default=len(os.sched_getaffinity(0)), metavar="N",
        help="of every program (%(default)s)")
    add("--rounds", type=int, default=3, metavar="N", help="of every program and row (%(default)s)")
    add("--timeout", type=int, default=600, metavar="SECONDS", help="the longest run of a program (%(default)s)")
    options = parser.parse_args(arguments)
    if not options.phi and not options.peer:
        parser.error("nothing to measure: name programs with --phi and --peer")
    return options


def make_programs(options):
    peer_model = options.peer_model or options.model
    return [
        *(Phi(name, command, options.model, options) for name, command in options.phi),
        *(LlamaBench(name, command, peer_model, options) for name, command in options.peer),
    ]


class BusyCores:
    """One endless loop per core that this process may use, while the context lasts."""

    def __enter__(self):
        loop = [sys.executable, "-c", "while True: pass"]
        self.loops = [subprocess.Popen(loop) for _ in os.sched_getaffinity(0)]

    def __exit__(self, *_):
        for loop in self.loops:
            loop.send_signal(signal.SIGKILL)
            loop.wait()


def speeds(program, row):
    return {test: program.measure(row)["values"][str(test)] for test in row.tests}


def collect(programs, rows, rounds):
    """{(program, test): ([speeds alone], [speeds beside the loops])}"""
    results = {}
    for number in range(rounds):
        for row in rows:
            for program in programs[number % len(programs):] + programs[: number % len(programs)]:
                alone = speeds(program, row)
                with BusyCores():
                    beside = speeds(program, row)
                for test in row.tests:
                    pair = results.setdefault((program.name, test), ([], []))
                    pair[0].append(alone[test])
                    pair[1].append(beside[test])
                    print(f"{program.name}, {test}: {alone[test]:.4g}, busy {beside[test]:.4g} {test.unit}",
                          file=sys.stderr, flush=True)
    return results


def table(results):
    lines = ["| program | test | alone | all cores busy | of the fair share |", "|---|---|---:|---:|---:|"]
    for (name, test), (alone, beside) in results.items():
        share = statistics.median(busy / (free / 2) for free, busy in zip(alone, beside))
        lines.append(
            f"| {name} | {test} | {statistics.median(alone):.4g} {test.unit} "
            f"| {statistics.median(beside):.4g} {test.unit} | {100 * share:.0f} % |"
        )
    return "\n".join(lines)


def main(arguments=None):
    options = parse_arguments(arguments)
    try:
        rows = [parse_row(text) for text in options.rows]
        print(table(collect(make_programs(options), rows, options.rounds)))
    except ComparisonError as error:
        print(f"busy_cores.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
