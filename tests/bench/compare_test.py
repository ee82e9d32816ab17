"""bench/compare.py with programs that stand in for the real ones: what it asks, keeps, drops and prints."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest import mock

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.join(HERE, "..", "..", "bench")
sys.path.insert(0, BENCH)

import compare  # noqa: E402
from comparison import ComparisonError, load, memory  # noqa: E402
from comparison.rows import parse_row  # noqa: E402


class Bench:
    """A folder with a model, a state and a log, and calls of compare.py in it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.model = self.path("model.gguf")
        with open(self.model, "w", encoding="utf-8") as file:
            file.write("weights")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def fake(self, kind, speed):
        return f"{sys.executable} {HERE}/fake_bench.py {kind} {speed} {self.folder.name}"

    def arguments(self, *more, peers=(("llama.cpp", "llama.cpp", 50), ("ik", "ik", 80)), others="1000"):
        named = [word for name, kind, speed in peers for word in ("--peer", f"{name}={self.fake(kind, speed)}")]
        return [self.model, "--phi", self.fake("phi", 100), *named, "--state", self.path("state.json"),
                "--json", self.path("result.json"), "--others", others, "-t", "1", *more]  # fmt: skip

    def run(self, *more, **keywords):
        """Status, standard output, standard error."""
        output, error = StringIO(), StringIO()
        with redirect_stdout(output), redirect_stderr(error):
            status = compare.main(self.arguments(*more, **keywords))
        return status, output.getvalue(), error.getvalue()

    def result(self):
        with open(self.path("result.json"), encoding="utf-8") as file:
            return json.load(file)

    def calls(self, kind=""):
        with open(self.path("log"), encoding="utf-8") as file:
            return [line.split() for line in file if line.startswith(kind)]


class CompareTest(unittest.TestCase):
    def setUp(self):
        self.bench = Bench()
        self.addCleanup(self.bench.folder.cleanup)
        quick = mock.patch.object(load, "PROBE_SECONDS", 0.01)
        quick.start()
        self.addCleanup(quick.stop)

    def test_ratios_and_shares(self):
        status, output, error = self.bench.run("--rows", "p512", "p16,b4", "n32", "--pairs", "2")
        self.assertEqual(status, 0, error)
        tests = {entry["test"]: entry for entry in self.bench.result()["tests"]}
        self.assertEqual(list(tests), ["p512", "p16", "b4", "n32"])
        for entry in tests.values():
            self.assertEqual(entry["pairs"], 2)
            # The median of the samples 100, 300, 200; the limit is 400.
            self.assertEqual(entry["programs"]["libphi"]["values"], [200, 200])
            self.assertEqual(entry["programs"]["libphi"]["share_of_limit"]["median"], 0.5)
            if entry["kind"] == "b":  # the peers' pass is less work
                self.assertNotIn("share_of_limit", entry["programs"]["ik"])
            else:
                self.assertEqual(entry["programs"]["ik"]["share_of_limit"]["median"], 0.2)
            self.assertEqual(entry["ratios"]["llama.cpp"]["values"], [4, 4])
            self.assertEqual(entry["ratios"]["ik"]["median"], 2.5)
        # Four rows at 200 tokens/s beside one token at 200 tokens/s.
        self.assertEqual(tests["b4"]["times_one_token"], {"libphi": 4, "llama.cpp": 4, "ik": 4})
        self.assertEqual(self.bench.result()["limits"]["int8_ops_per_second"]["median"], 9e11)
        row = next(line for line in output.splitlines() if line.startswith("| decode 32 |"))
        for cell in ("200.00 tokens/s", "50 % of memory", "**4.00** (4.00–4.00)", "**2.50** (2.50–2.50)"):
            self.assertIn(cell, row)

    def test_programs_alternate_and_take_turns_at_being_first(self):
        self.bench.run("--rows", "p512", "--pairs", "3")
        kinds = [call[0] for call in self.bench.calls()]
        self.assertEqual(kinds, "phi llama.cpp ik llama.cpp ik phi ik phi llama.cpp".split())

    def test_every_program_is_asked_in_its_own_words(self):
        rows = ["p4,b8", "n32@4096", "p512@64", "open", "memory"]
        status, _, error = self.bench.run("--rows", *rows, "--pairs", "1", "--long-pairs", "1")
        self.assertEqual(status, 0, error)
        model = self.bench.model
        self.assertEqual(
            [" ".join(call[1:]) for call in self.bench.calls("llama.cpp")],
            [f"-m {model} -t 1 -r {r} -o json {tests}" for r, tests in (
                (8, "-p 4,8 -n 0"), (1, "-p 0 -n 32 -d 4096"), (1, "-p 512 -n 0 -d 64"),
                (1, "-p 16 -n 0 --no-warmup"), (1, "-p 512 -n 0"))],
        )  # fmt: skip
        # This one has no -d: decoding at a depth is -gp, a prompt at a depth is left out.
        self.assertEqual(
            [" ".join(call[1:]) for call in self.bench.calls("ik")],
            [f"-m {model} -t 1 -r {r} -o json {tests}" for r, tests in (
                (8, "-p 4,8 -n 0"), (1, "-p 0 -n 0 -gp 4096,32"), (1, "-p 16 -n 0 -w 0"), (1, "-p 512 -n 0"))],
        )  # fmt: skip
        self.assertIn("row p512@64: without ik", error)
        self.assertEqual(
            [" ".join(call[1:]) for call in self.bench.calls("phi")],
            [f"bench {model} -t 1 -r {r} --json {tests}" for r, tests in (
                (8, "-p 4 -b 8 -n 0 -d 0"), (1, "-p 0 -b 0 -n 32 -d 4096"), (1, "-p 512 -b 0 -n 0 -d 64"))]
            + [f"run {model} -t 1 -c 32 --prompt-ids {','.join(map(str, range(1, 17)))} -n 1 --ids",
               f"bench {model} -t 1 -r 1 --json -p 0 -n 0 --open"],
        )  # fmt: skip
        row = self.bench.result()["tests"][-1]
        self.assertEqual(row["programs"]["libphi"]["median"], 1 << 20)
        self.assertGreater(row["ratios"]["ik"]["median"], 1)

    def test_a_peer_may_have_its_own_path_to_the_model(self):
        self.bench.run("--rows", "p8", "--pairs", "1", "--peer-model", "ik=/inside/model.gguf")
        self.assertEqual(self.bench.calls("ik")[0][2], "/inside/model.gguf")
        self.assertEqual(self.bench.calls("llama.cpp")[0][2], self.bench.model)

    def test_goes_on_where_it_was_stopped(self):
        arguments = ["--rows", "p8", "--pairs", "3"]
        peers = (("other", "stopping", 50),)
        program = [sys.executable, os.path.join(BENCH, "compare.py"), *self.bench.arguments(*arguments, peers=peers)]
        stopped = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(stopped.returncode, 130, stopped.stderr)
        self.assertIn("the same command goes on", stopped.stderr)
        self.assertFalse(os.path.exists(self.bench.path("state.json")))  # not half a pair
        finished = subprocess.run(program, capture_output=True, text=True, check=False, timeout=60)
        self.assertEqual(finished.returncode, 0, finished.stderr)
        # The interrupted pair was done again, whole.
        self.assertEqual(len(self.bench.calls("phi")), 1 + 3)
        self.assertEqual(len(self.bench.calls("stopping")), 1 + 3)

        before = len(self.bench.calls())
        status, _, _ = self.bench.run("--rows", "p8", "--pairs", "4", peers=peers)
        self.assertEqual(status, 0)
        self.assertEqual(len(self.bench.calls()), before + 2)  # one pair more
        self.assertEqual(self.bench.result()["tests"][0]["pairs"], 4)

    def test_the_budget_ends_between_pairs(self):
        status, _, error = self.bench.run("--rows", "p8", "--pairs", "2", "--budget", "0")
        self.assertEqual(status, 3)
        self.assertIn("goes on", error)
        self.assertEqual(self.bench.result()["tests"], [])

    def test_a_pair_that_was_disturbed_is_dropped(self):
        # Three seconds of CPU appear from nowhere during the second program's run of the first pair.
        cpu = {"now": 0.0, "reads": 0}

        def read_cpu():
            cpu["reads"] += 1
            if cpu["reads"] == 6:  # two each: the quiet check, the first program, the second program
                cpu["now"] += 3
            return load.Cpu(cpu["now"], 0)

        peers = (("other", "llama.cpp", 50),)
        make_programs = self.counting_from_now_on(compare.make_programs, cpu)
        with mock.patch.object(load, "read_cpu", read_cpu), mock.patch.object(compare, "make_programs", make_programs):
            status, output, error = self.bench.run("--rows", "p8", "--pairs", "2", peers=peers, others="0.1")
        self.assertEqual(status, 0, error)
        self.assertRegex(error, r"row p8: pair dropped: other programs used \d+\.\d+ cores")
        entry = self.bench.result()["tests"][0]
        self.assertEqual((entry["pairs"], entry["dropped"]), (2, 1))
        self.assertIn("2, 1 dropped", output)

    @staticmethod
    def counting_from_now_on(make_programs, cpu):
        """Making programs asks them for help, which is a run as well."""

        def make(options):
            programs = make_programs(options)
            cpu["reads"] = 0
            return programs

        return make

    def test_a_machine_that_is_never_quiet(self):
        busy = mock.Mock(side_effect=(load.Cpu(second, 0) for second in range(1000)))
        with mock.patch.object(load, "read_cpu", busy):
            status, _, error = self.bench.run("--rows", "p8", "--patience", "0.05", others="0.1")
        self.assertEqual(status, 1)
        self.assertIn("waiting for a quiet machine", error)
        self.assertIn("did not get quiet", error)

    def test_stolen_time_counts_and_own_time_does_not(self):
        before, after = load.Cpu(10, 1), load.Cpu(15, 2)
        self.assertEqual(load.others_between(before, after, own_seconds=5, seconds=2), 0.5)
        self.assertEqual(load.others_between(before, after, own_seconds=9, seconds=2), 0)

    def test_a_program_runs_again_if_the_memory_fell(self):
        # Before and after each run: the first peer's first run ends at 30 GB/s.
        speeds = "60,60,60,30,60,60,60"
        status, output, error = self.bench.run("--rows", "n32", "--pairs", "1", "--memory", "50",
                                               "--roof", self.bench.fake("roof", speeds))  # fmt: skip
        self.assertEqual(status, 0, error)
        kinds = [call[0] for call in self.bench.calls() if call[0] != "roof"]
        self.assertEqual(kinds, "phi llama.cpp llama.cpp ik".split())
        self.assertIn("llama.cpp once more: the memory fell to 30.0 GB/s", error)
        self.assertIn("Only while the memory gave at least 50 GB/s", output)
        asked = " ".join(self.bench.calls("roof")[0])
        self.assertIn("--memory --json --threads 1 --at-least 50.0 --patience 600", asked)
        self.check_failure(["begun with another --memory or --awake"], "--rows", "n32")

    def test_a_memory_that_falls_in_every_run(self):
        speeds = "60,30," * 100 + "60"
        status, _, error = self.bench.run("--rows", "n32", "--pairs", "1", "--memory", "50",
                                          "--roof", self.bench.fake("roof", speeds))  # fmt: skip
        self.assertEqual(status, 0, error)
        self.assertIn("pair dropped: the memory fell during every run of libphi", error)
        self.assertIn("given up", error)
        self.assertEqual(self.bench.result()["tests"], [])

    def test_a_memory_that_stays_slow(self):
        arguments = ["--rows", "n32", "--memory", "50", "--patience", "1"]
        self.check_failure(["did not get to 50.0 GB/s within 1 s", "--patience"], *arguments,
                           "--roof", self.bench.fake("roof", 30))  # fmt: skip
        self.check_failure(["phi_roof_table", "--roof"], *arguments, "--roof", "/nowhere/roof")
        self.check_failure(["phi_roof_table", "--roof"], *arguments, "--roof", self.bench.fake("garbage", 1))

    def test_processors_are_held_awake(self):
        latency = self.bench.path("latency")
        with mock.patch.object(memory, "LATENCY_FILE", latency):
            status, _, error = self.bench.run("--rows", "p8", "--pairs", "1", "--awake")
            self.assertEqual(status, 0, error)
            with open(latency, "rb") as file:
                self.assertEqual(file.read(), b"\0\0\0\0")
        with mock.patch.object(memory, "LATENCY_FILE", self.bench.path("no/such/file")):
            self.check_failure(["--awake", "root"], "--rows", "p8", "--awake")

    def check_failure(self, parts, *more, **keywords):
        status, output, error = self.bench.run(*more, **keywords)
        self.assertEqual(status, 1)
        self.assertEqual(output, "")
        for part in parts:
            self.assertIn(part, error)

    def test_errors_name_the_offender_and_what_to_do(self):
        failing, garbage = (("ik", "failing", 1),), (("odd", "garbage", 1),)
        check = self.check_failure
        check(["ik", "ended with status 1", "cannot load the model"], "--rows", "p8", peers=failing)
        check(["odd", "not understood", "no JSON at all"], "--rows", "p8", peers=garbage)
        check(["none of pN, bN, nN"], "--rows", "x8")
        check(["libphi", "no program '/nowhere/phi'", "build it"], "--phi", "/nowhere/phi")
        check(["gone", "no program '/nowhere/llama-bench'"], "--peer", "gone=/nowhere/llama-bench")
        check(["true", "no llama-bench"], "--peer", "true=true")
        check(["/nowhere/phi.gguf: no such model"], "--phi-model", "/nowhere/phi.gguf")

    def test_pairs_of_other_programs_are_not_mixed(self):
        self.bench.run("--rows", "p8", "--pairs", "1")
        self.check_failure(["begun with another 'ik'", "--fresh"], "--rows", "p8",
                           peers=(("llama.cpp", "llama.cpp", 50), ("ik", "ik", 81)))  # fmt: skip
        self.check_failure(["number of threads"], "--rows", "p8", "-t", "2")
        with open(self.bench.model, "a", encoding="utf-8") as file:
            file.write("more")
        self.check_failure(["begun with another 'libphi'"], "--rows", "p8")
        status, _, _ = self.bench.run("--rows", "p8", "--pairs", "1", "--fresh")
        self.assertEqual(status, 0)
        with open(self.bench.path("state.json"), "w", encoding="utf-8") as file:
            file.write("{")
        self.check_failure(["state.json", "not a state"], "--rows", "p8")

    def test_rows(self):
        row = parse_row("p16@64,b4@64,n32@64")
        self.assertEqual((row.depth, str(row), row.is_long), (64, "p16@64,b4@64,n32@64", False))
        self.assertTrue(parse_row("n32@4096").is_long)
        for wrong in ("", "p", "p0", "p8@", "p8@1,n8@2", "open,p8", "n8;p8"):
            with self.assertRaises(ComparisonError):
                parse_row(wrong)


if __name__ == "__main__":
    unittest.main()
