#!/usr/bin/env python3
"""Measures libphi beside other programs, run by run, on the same model and the same machine.

Runs `phi bench` and any number of `llama-bench` programs (of llama.cpp or its forks) alternately and prints a table of
medians, ratios and shares of the machine's limits. A pair during which something else kept the machine busy is
thrown away. Everything measured is kept in a state file: stopped anywhere, the same command goes on where it was.
docs/benchmarking.md shows how to build the programs, and how to read the result.
"""

import argparse
import json
import math
import os
import signal
import sys
import time
from contextlib import nullcontext

sys.dont_write_bytecode = True  # no __pycache__ among the sources

from comparison import ComparisonError, load, named
from comparison.memory import MemoryGate, processors_awake
from comparison.programs import LlamaBench, Phi
from comparison.report import OURS, make_report, markdown
from comparison.rows import parse_row
from comparison.state import State

ROWS = ["p128", "p512", "p2048", "p4,p8,p16,b4,b8", "n32", "n32@4096", "open", "memory"]
EXAMPLE = """rows:
  p512       read a prompt of 512 tokens       n32         generate 32 tokens
  b4         a pass with the logits of all its 4 tokens (peers: a prompt of 4)
  ...@4096   the same after 4096 tokens        p4,p8,b4    several tests in one run of each program
  open       from starting a program to the first token of a 16-token prompt
  memory     peak memory beyond weights and KV cache

example:
  bench/compare.py phi-4-Q4_0.gguf --peer "ik=ik_llama.cpp/build/bin/llama-bench -rtr 1" \\
      --peer "llama.cpp=llama-bench" --rows p512 n32 --json result.json
"""


def say(text):
    print(f"compare.py: {text}", file=sys.stderr, flush=True)


def named_peer(text):
    """NAME=VALUE of another program."""
    name, value = named(text)
    if name == OURS:
        raise argparse.ArgumentTypeError(f"'{OURS}' is not free as a name")
    return name, value


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    cores = len(os.sched_getaffinity(0))
    add("model", help="a GGUF file")
    add("--phi", default="build/release/examples/cli/phi", metavar="COMMAND", help="the program phi (%(default)s)")
    add("--phi-model", metavar="PATH", help="what libphi opens, if not the same file")
    add("--phi-flags", default="", metavar="FLAGS", help="more flags for phi, such as '--weights int8'")
    add("--peer", type=named_peer, action="append", default=[], metavar="NAME=COMMAND",
        help="a llama-bench, with flags of its own; may be repeated")
    add("--peer-model", type=named_peer, action="append", default=[], metavar="NAME=PATH",
        help="what that peer opens, if not the same file")
    add("--rows", nargs="+", default=ROWS, metavar="ROW", help=f"what to measure ({' '.join(ROWS)})")
    add("--threads", "-t", type=int, default=cores, metavar="N", help="of every program (%(default)s)")
    add("--pairs", type=int, default=5, metavar="N", help="of each row (%(default)s)")
    add("--long-pairs", type=int, default=3, metavar="N", help="of rows from 1024 tokens on (%(default)s)")
    add("--others", type=float, default=0.1, metavar="CORES",
        help="drop a pair if other programs use more (%(default)s)")
    add("--memory", type=float, metavar="GB/S",
        help="run a program only while the memory gives as much, and again if it fell meanwhile")
    add("--roof", default="build/release/bench/phi_roof_table", metavar="COMMAND",
        help="the program that measures the memory for that (%(default)s)")
    add("--awake", action="store_true", help="let no processor sleep meanwhile (on virtual machines, as root)")
    add("--patience", type=float, default=600, metavar="SECONDS",
        help="how long to wait for a quiet machine or its memory (%(default)s)")
    add("--timeout", type=int, default=3600, metavar="SECONDS", help="the longest run of a program (%(default)s)")
    add("--budget", type=float, default=math.inf, metavar="SECONDS",
        help="begin no pair after so long; the same command goes on later")
    add("--state", metavar="FILE", help="where pairs are kept (compare-MODEL.json in this folder)")
    add("--fresh", action="store_true", help="forget the pairs of before")
    add("--json", metavar="FILE", help="write the result as data, every run included")
    options = parser.parse_args(arguments)
    names = [name for name, _ in options.peer]
    unknown = [name for name, _ in options.peer_model if name not in names]
    if len(set(names)) != len(names) or unknown:
        parser.error(f"--peer-model: no peer '{unknown[0]}'" if unknown else "two peers have one name")
    options.state = options.state or f"compare-{os.path.basename(options.model)}.json"
    return options


def make_programs(options):
    phi_model = options.phi_model or options.model
    if not os.path.exists(phi_model):
        raise ComparisonError(f"{phi_model}: no such model")
    models = dict(options.peer_model)
    return [
        Phi(OURS, options.phi, phi_model, options, options.phi_flags),
        *(LlamaBench(name, command, models.get(name, options.model), options) for name, command in options.peer),
    ]


def conditions(options):
    """What must hold while programs run, beyond a quiet machine."""
    return {"memory_gb_per_second": options.memory, "processors_awake": options.awake}


class Comparison:
    """Collects pairs until every row has enough."""

    def __init__(self, options):
        self.options = options
        self.rows = [parse_row(text) for text in options.rows]
        self.programs = make_programs(options)
        if options.fresh and os.path.exists(options.state):
            os.remove(options.state)
        identity = {
            "threads": options.threads,
            "programs": {program.name: program.identity() for program in self.programs},
            "conditions": conditions(options),
        }
        self.gate = MemoryGate(options.memory * 1e9, options, say) if options.memory else None
        self.state = State(options.state, identity)
        self.given_up = set()
        for row in self.rows:
            for program in self.programs:
                if program.measures(row):
                    say(f"row {row}: without {program.name}: {program.measures(row)}")

    def wanted(self, row):
        if row in self.given_up:
            return 0
        if row.special == "memory":
            return 1  # it does not vary
        return self.options.long_pairs if row.is_long else self.options.pairs

    def collect(self):
        """All rows' first pairs, then the second ones, and so on. False if the budget ended first."""
        deadline = time.monotonic() + self.options.budget
        while True:
            open_rows = [row for row in self.rows if len(self.state.pairs(row)) < self.wanted(row)]
            if not open_rows:
                return True
            if time.monotonic() >= deadline:
                return False
            self.collect_pair(min(open_rows, key=lambda row: len(self.state.pairs(row))))

    def collect_pair(self, row):
        load.wait_until_quiet(self.options.others, self.options.patience, say)
        number, lost = len(self.state.pairs(row)), len(self.state.dropped(row))
        able = [program for program in self.programs if not program.measures(row)]
        first = (number + lost) % len(able)
        pair = self.measure_pair(row, able[first:] + able[:first])
        disturbed = self.disturbance(pair)
        if disturbed:
            self.state.drop(row, pair)
            say(f"row {row}: pair dropped: {disturbed}")
            if lost + 1 >= 3 * self.wanted(row):
                say(f"row {row}: {lost + 1} pairs dropped, {number} kept: given up; try later, or ask for less "
                    "with --others or --memory")  # fmt: skip
                self.given_up.add(row)
            return
        self.state.add(row, pair)
        for test in row.tests:
            values = ", ".join(f"{name} {run['values'][str(test)]:.4g}" for name, run in pair.items())
            say(f"{test}, pair {number + 1} of {self.wanted(row)}: {values} {test.unit}")

    def measure_pair(self, row, programs):
        """A run of each; none after one that met no fast memory, since the pair is lost then."""
        pair = {}
        for program in programs:
            run = self.gate.measure(program, row) if self.gate else program.measure(row)
            pair[program.name] = run
            if run is None:
                break
        return pair

    def disturbance(self, pair):
        """None, or why these runs do not count."""
        slow = [name for name, run in pair.items() if run is None]
        if slow:
            return f"the memory fell during every run of {slow[0]}"
        others = max(run["others"] for run in pair.values())
        return f"other programs used {others:.2f} cores meanwhile" if others > self.options.others else None

    def report(self):
        return make_report(self.state, self.rows, self.programs, self.options)


def main(arguments=None):
    options = parse_arguments(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with processors_awake() if options.awake else nullcontext():
            comparison = Comparison(options)
            finished = comparison.collect()
    except ComparisonError as error:
        say(error)
        return 1
    except KeyboardInterrupt:
        say(f"stopped; the same command goes on from {options.state}")
        return 130
    report = comparison.report()
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
            file.write("\n")
    print(markdown(report), end="")
    if not finished:
        say(f"the budget is used up; the same command goes on from {options.state}")
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
