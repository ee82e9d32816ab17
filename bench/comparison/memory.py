"""A virtual machine's memory at its full speed: waiting for it, and keeping it.

Where the host of a virtual machine runs its processors is the host's choice. Two that share a way to the memory read
half as fast as two that do not, and a processor that slept is often woken beside the one that woke it. So the speed
has two states that last for seconds or minutes, and a program's generation measures which of them it met.
"""

import json
import shlex
import struct
from contextlib import contextmanager

from . import ComparisonError, load

LATENCY_FILE = "/dev/cpu_dma_latency"  # as long as it is open, no processor sleeps deeper than was written
ATTEMPTS = 8  # runs of one program for one that began and ended at full speed


@contextmanager
def processors_awake():
    """No processor sleeps meanwhile: an idle one polls. ComparisonError if the system does not let us."""
    try:
        file = open(LATENCY_FILE, "wb", buffering=0)
    except OSError as error:
        raise ComparisonError(f"--awake: {LATENCY_FILE}: {error.strerror}; run it as root, or without") from error
    with file:
        file.write(struct.pack("i", 0))
        yield


class MemoryGate:
    """Lets programs run while the memory is at least so fast, as the program phi_roof_table measures it."""

    def __init__(self, bytes_per_second, options, say):
        self.wanted = bytes_per_second
        self.patience = options.patience
        self.command = [*shlex.split(options.roof), "--memory", "--json", "--threads", str(options.threads)]
        self.say = say

    def measure(self, program, row):
        """A run of the program that began and ended at full speed; None if none of several did."""
        for _ in range(ATTEMPTS):
            before = self._wait()
            run = program.measure(row)
            after = self._read()
            if after >= self.wanted:
                return {**run, "memory_bytes_per_second": [before, after]}
            self.say(f"row {row}: {program.name} once more: the memory fell to {after / 1e9:.1f} GB/s meanwhile")
        return None

    def _wait(self):
        speed = self._read("--at-least", str(self.wanted / 1e9), "--patience", str(self.patience))
        if speed < self.wanted:
            raise ComparisonError(
                f"the memory did not get to {self.wanted / 1e9:.1f} GB/s within {self.patience:.0f} s, it is at "
                f"{speed / 1e9:.1f}; ask for less with --memory, or wait longer with --patience"
            )
        return speed

    def _read(self, *more):
        try:
            finished = load.run([*self.command, *more], int(self.patience) + 60)
            return json.loads(finished.output)["read_bytes_per_second"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ComparisonError(
                f"--memory: '{shlex.join(self.command)}' does not tell the memory's speed ({error}); build "
                "phi_roof_table, or name another program with --roof"
            ) from error
