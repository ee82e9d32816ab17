"""Rows of the comparison: which tests each run of a program measures."""

import re
from dataclasses import dataclass

from . import ComparisonError

KINDS = {
    "p": "prefill",  # a prompt, the logits of its last token
    "b": "rows",  # a pass with the logits of all its tokens; peers: a prompt as long
    "n": "decode",  # tokens generated one by one
    "open": "open",  # a new process, from its start to the first token of a 16-token prompt
    "memory": "memory",  # what a process needs beyond weights and KV cache
}
LONG_TOKENS = 1024  # rows of so many tokens, depth included, are long


@dataclass(frozen=True)
class Test:
    kind: str  # a key of KINDS
    tokens: int = 0
    depth: int = 0

    def __str__(self):
        amount = str(self.tokens) if self.tokens else ""
        return f"{self.kind}{amount}" + (f"@{self.depth}" if self.depth else "")

    @property
    def unit(self):
        return {"open": "s", "memory": "bytes"}.get(self.kind, "tokens/s")

    @property
    def smaller_is_better(self):
        return self.unit != "tokens/s"

    def description(self):
        after = f" after {self.depth}" if self.depth else ""
        return {
            "p": f"prefill {self.tokens}{after}",
            "b": f"{self.tokens} rows, logits of all (peers: of one){after}",
            "n": f"decode {self.tokens}{after}",
            "open": "open to first token",
            "memory": "memory beyond weights and cache",
        }[self.kind]


@dataclass(frozen=True)
class Row:
    """Tests of one depth that a single run of each program measures."""

    tests: tuple

    def __str__(self):
        return ",".join(map(str, self.tests))

    @property
    def depth(self):
        return self.tests[0].depth

    @property
    def special(self):
        """"open" or "memory", which are no tests of a bench program's own; else None."""
        return self.tests[0].kind if self.tests[0].kind in ("open", "memory") else None

    @property
    def is_long(self):
        return any(test.tokens + test.depth >= LONG_TOKENS for test in self.tests)

    @property
    def repetitions(self):
        """Runs of each test within a process: several of those that are over at once."""
        if self.special or self.depth:  # some programs fill the cache anew for each
            return 1
        return max(1, 64 // max(test.tokens for test in self.tests))

    def tokens(self, *kinds):
        """The lengths of these kinds as bench programs take them: "4,8", "0" for none."""
        lengths = sorted({test.tokens for test in self.tests if test.kind in kinds})
        return ",".join(map(str, lengths)) or "0"


def parse_row(text):
    """p512, b4,b8, n32@4096, open, memory."""
    tests = []
    for part in text.split(","):
        match = re.fullmatch(r"([pbn])([1-9]\d*)(?:@(\d+))?|(open|memory)", part)
        if not match:
            raise ComparisonError(
                f"row '{text}': '{part}' is none of pN, bN, nN, each with @DEPTH if wanted, open, memory"
            )
        kind, tokens, depth, special = match.groups()
        tests.append(Test(special) if special else Test(kind, int(tokens), int(depth or 0)))
    row = Row(tuple(tests))
    if len({test.depth for test in tests}) > 1:
        raise ComparisonError(f"row '{text}' has several depths: make it several rows")
    if row.special and len(tests) > 1:
        raise ComparisonError(f"row '{text}': {row.special} stands alone")
    return row
