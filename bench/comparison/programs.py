"""The programs that are compared, how each is asked for a row, and what it answers."""

import json
import os
import shlex
import shutil
import statistics

from . import ComparisonError, load
from .rows import Test

OPENING_PROMPT = 16  # tokens of the prompt of row "open"
MEMORY_PROMPT = 512  # what a peer evaluates in row "memory"


class Program:
    """A command and the model that it is given; of the options it takes threads and timeout."""

    def __init__(self, name, command, model, options):
        self.name = name
        self.command = shlex.split(command)
        self.model = model
        self.threads = options.threads
        self.timeout = options.timeout
        if not self.command or not shutil.which(self.command[0]):
            raise ComparisonError(
                f"{name}: no program '{' '.join(self.command[:1])}'; build it, or correct its path"
            )

    def identity(self):
        """What must stay the same while pairs are collected: the command and the files that it names."""
        files = {}
        for word in [shutil.which(self.command[0]), *self.command[1:], self.model]:
            if word and os.path.isfile(word):
                stat = os.stat(word)
                files[word] = [stat.st_size, int(stat.st_mtime)]
        return {"command": self.command, "model": self.model, "files": files}

    def measures(self, row):
        """None, or why this program cannot measure the row."""
        return None

    def measure(self, row):
        """One run: {"values": {test: value}, "others": cores, ...}. ComparisonError if it fails."""
        finished = self._run(self.arguments(row))
        run = {
            "values": {},
            "seconds": finished.seconds,
            "others": finished.others,
            "peak_bytes": finished.peak_bytes,
        }
        try:
            self.read(row, finished, run)
            missing = [str(test) for test in row.tests if str(test) not in run["values"]]
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreadable(row, finished, f"{type(error).__name__}: {error}") from error
        if missing:
            raise self._unreadable(row, finished, "no result for " + ", ".join(missing))
        return run

    def arguments(self, row):
        raise NotImplementedError

    def read(self, row, finished, run):
        """Fills run["values"] from what the program wrote."""
        raise NotImplementedError

    def _run(self, arguments):
        command = [*self.command, *arguments]
        try:
            finished = load.run(command, self.timeout)
        except OSError as error:  # TimeoutError is one
            reason = error.strerror or f"no end after {self.timeout} s, see --timeout"
            raise ComparisonError(f"{self.name}: {shlex.join(command)}: {reason}") from error
        if finished.status != 0:
            last = "\n".join(finished.error.strip().splitlines()[-3:]) or "it wrote no message"
            raise ComparisonError(
                f"{self.name}: {shlex.join(command)} ended with status {finished.status}: {last}"
            )
        return finished

    def _unreadable(self, row, finished, reason):
        return ComparisonError(
            f"{self.name}: row {row}: output not understood ({reason}); "
            f"it begins with: {finished.output.strip()[:200]!r}"
        )


class Phi(Program):
    """libphi's own `phi`; it also measures the limits of the machine."""

    def __init__(self, name, command, model, options, flags=""):
        super().__init__(name, command, model, options)
        self.flags = shlex.split(flags)

    def identity(self):
        return {**super().identity(), "flags": self.flags}

    def arguments(self, row):
        common = [self.model, "-t", str(self.threads), *self.flags]
        if row.special == "open":
            # Like the peers a process of its own with a context as long as needed, for one answer.
            ids = ",".join(map(str, range(1, OPENING_PROMPT + 1)))
            return ["run", *common, "-c", "32", "--prompt-ids", ids, "-n", "1", "--ids"]
        common += ["-r", str(row.repetitions), "--json"]
        if row.special == "memory":
            return ["bench", *common, "-p", "0", "-n", "0", "--open"]
        lengths = ["-p", row.tokens("p"), "-b", row.tokens("b"), "-n", row.tokens("n")]
        return ["bench", *common, *lengths, "-d", str(row.depth)]

    def read(self, row, finished, run):
        if row.special == "open":
            run["values"]["open"] = finished.seconds
            return
        report = json.loads(finished.output)
        run["cost"] = report["cost"]
        if row.special == "memory":
            run["values"]["memory"] = report["openings"][0]["bytes_beyond"]
            return
        run["limits"] = report["limits"]
        run["tests"] = {}
        kinds = {"prefill": "p", "rows": "b", "decode": "n"}
        for result in report["results"]:
            test = str(Test(kinds[result["phase"]], result["tokens"], result["depth"]))
            run["values"][test] = statistics.median(result["samples"])
            wanted = ("limit", "limit_tokens_per_second", "operations", "bytes")
            run["tests"][test] = {key: result[key] for key in wanted}


class LlamaBench(Program):
    """A llama-bench of llama.cpp or of one of its forks; which flags it has, its help tells."""

    def __init__(self, name, command, model, options):
        super().__init__(name, command, model, options)
        finished = self._run(["--help"])
        self.help = finished.output + finished.error
        if "--n-gen" not in self.help:
            raise ComparisonError(f"{name}: '{command}' is no llama-bench: its help has no --n-gen")

    def measures(self, row):
        if row.depth == 0 or "--n-depth" in self.help:
            return None
        if "-gp" in self.help and all(test.kind == "n" for test in row.tests):
            return None
        return "its llama-bench has no -d"

    def arguments(self, row):
        common = ["-m", self.model, "-t", str(self.threads), "-r", str(row.repetitions)]
        common += ["-o", "json"]
        if row.special == "open":
            cold = ["--no-warmup"] if "--no-warmup" in self.help else ["-w", "0"]
            return [*common, "-p", str(OPENING_PROMPT), "-n", "0", *cold]
        if row.special == "memory":
            return [*common, "-p", str(MEMORY_PROMPT), "-n", "0"]
        if row.depth == 0 or "--n-depth" in self.help:
            depth = ["-d", str(row.depth)] if row.depth else []
            return [*common, "-p", row.tokens("p", "b"), "-n", row.tokens("n"), *depth]
        pairs = [word for test in row.tests for word in ("-gp", f"{row.depth},{test.tokens}")]
        return [*common, "-p", "0", "-n", "0", *pairs]

    def read(self, row, finished, run):
        if row.special == "open":
            run["values"]["open"] = finished.seconds
            return
        results = json.loads(finished.output)
        if row.special == "memory":
            # Beside the weights, a file of about their size, and the cache, counted in the report.
            run["values"]["memory"] = finished.peak_bytes - results[0]["model_size"]
            return
        speeds = {}
        for result in results:
            prompt, generated, depth = result["n_prompt"], result["n_gen"], result.get("n_depth", 0)
            if prompt and generated:  # -gp: generation after a prompt that is not counted
                prompt, depth = 0, prompt
            speeds[bool(prompt), prompt or generated, depth] = statistics.median(result["samples_ts"])
        for test in row.tests:
            key = (test.kind != "n", test.tokens, test.depth)
            if key in speeds:
                run["values"][str(test)] = speeds[key]
