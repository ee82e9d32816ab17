"""Running a program while watching what else the machine does."""

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass

from . import ComparisonError

PROBE_SECONDS = 1.0


@dataclass
class Cpu:
    """CPU seconds since the machine started."""

    busy: float
    stolen: float  # by the host of a virtual machine


def read_cpu():
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, _, irq, softirq, stolen = map(int, file.readline().split()[1:9])
    tick = os.sysconf("SC_CLK_TCK")
    return Cpu((user + nice + system + irq + softirq) / tick, stolen / tick)


def load_average():
    return os.getloadavg()[0]


@dataclass
class Finished:
    """A program that ran to its end."""

    status: int
    output: str
    error: str
    seconds: float
    others: float  # cores that everything else used meanwhile, stolen time included
    peak_bytes: int  # the most memory that was resident


def others_between(before, after, own_seconds, seconds):
    """Cores that were busy with something other than a run of our own."""
    busy = after.busy - before.busy + after.stolen - before.stolen - own_seconds
    return max(0.0, busy) / seconds


def run(command, timeout):
    """Runs a program to its end; ends it if this process is told to end. TimeoutError after `timeout` seconds."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as error:
        before, begun = read_cpu(), time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=error)
        try:
            signal.signal(signal.SIGALRM, _expired)
            signal.alarm(timeout)
            # Not process.wait(): it does not tell what the program used.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        finally:
            signal.alarm(0)
            if process.returncode is None:
                process.kill()
                process.wait()
        seconds = time.monotonic() - begun
        own = usage.ru_utime + usage.ru_stime
        return Finished(
            status=process.returncode,
            output=_text(output),
            error=_text(error),
            seconds=seconds,
            others=others_between(before, read_cpu(), own, seconds),
            peak_bytes=usage.ru_maxrss * 1024,
        )


def _expired(*_):
    raise TimeoutError


def _text(file):
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def wait_until_quiet(limit, patience, say):
    """Returns when everything else uses less than `limit` cores. ComparisonError after `patience` seconds."""
    deadline, told = time.monotonic() + patience, False
    while True:
        before = read_cpu()
        time.sleep(PROBE_SECONDS)
        others = others_between(before, read_cpu(), 0, PROBE_SECONDS)
        if others < limit:
            return
        if not told:
            say(f"waiting for a quiet machine: other programs use {others:.2f} cores, load {load_average():.2f}")
            told = True
        if time.monotonic() > deadline:
            raise ComparisonError(
                f"the machine did not get quiet within {patience:.0f} s: other programs use {others:.2f} cores; "
                "end them, or allow more with --others"
            )
