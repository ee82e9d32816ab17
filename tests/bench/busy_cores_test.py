"""bench/busy_cores.py with programs that stand in for the real ones: what it asks of them and prints."""

import os
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "bench"))

import busy_cores  # noqa: E402


def run(*arguments):
    """Status, standard output, standard error."""
    output, error = StringIO(), StringIO()
    with redirect_stdout(output), redirect_stderr(error):
        status = busy_cores.main(list(arguments))
    return status, output.getvalue(), error.getvalue()


class BusyCoresTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def fake(self, name, kind, speed):
        return f"{name}={sys.executable} {HERE}/fake_bench.py {kind} {speed} {self.folder}"

    def test_every_program_is_run_alone_and_beside_the_loops(self):
        status, output, error = run(
            "model.gguf", "--phi", self.fake("pool", "phi", 100), "--phi", self.fake("openmp", "phi", 40),
            "--peer", self.fake("other", "llama.cpp", 50), "--peer-model", "peer.gguf",
            "--rows", "n32", "--rounds", "1", "--threads", "3",
        )  # fmt: skip
        self.assertEqual(status, 0, error)
        with open(os.path.join(self.folder, "log"), encoding="utf-8") as file:
            calls = file.read().splitlines()
        ours = "phi bench model.gguf -t 3 -r 2 --json -p 0 -b 0 -n 32 -d 0"
        theirs = "llama.cpp -m peer.gguf -t 3 -r 2 -o json -p 0 -n 32"
        self.assertEqual(calls, 4 * [ours] + 2 * [theirs])
        # They answer the same speed beside the loops: twice the fair share.
        for row in ("pool | n32 | 200 tokens/s", "openmp | n32 | 80 tokens/s", "other | n32 | 50 tokens/s"):
            speed = row.rpartition(" | ")[2]
            self.assertIn(f"| {row} | {speed} | 200 % |", output)

    def test_errors_name_the_program(self):
        status, output, error = run("model.gguf", "--phi", "gone=/nowhere/phi")
        self.assertEqual((status, output), (1, ""))
        self.assertIn("busy_cores.py: gone: no program '/nowhere/phi'", error)


if __name__ == "__main__":
    unittest.main()
