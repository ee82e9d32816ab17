"""The README and the examples, run as they stand; the types, checked; the wheel, built."""

import os
import re
import shutil
import subprocess
import sys
import unittest

import support
from support import NANO, PACKAGE, ROOT, TestCase, needs_nano, phi

EXAMPLES = PACKAGE / "examples"
README = (PACKAGE / "README.md").read_text()

try:
    import numpy
except ImportError:
    numpy = None


def run(arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [sys.executable, "-B", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        **options,
    )


class ReadmeTest(unittest.TestCase):
    @needs_nano
    @unittest.skipIf(numpy is None, "no numpy")
    def test_its_python_runs(self):
        quickstart, *others = re.findall(r"```python\n(.*?)```", README, re.S)
        self.assertGreaterEqual(len(others), 3)
        result = run(["-c", quickstart])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("85", result.stdout)
        opening = (
            "import phi\n"
            "model = phi.Model.open('examples/phi-nano/phi-nano.phi')\n"
            "session = phi.Session(model)\n"
        )
        result = run(["-c", opening + "\n".join(others)])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("ERR_NOT_FOUND", result.stdout)
        self.assertRegex(result.stdout, r"\n\([3-9], 2048\) \d+\n")  # shape, best token

    def test_the_table_names_what_there_is(self):
        table = README[README.index("## Calls") : README.index("## Stopping")]
        for call in re.findall(r"^\| (.*?) \|", table, re.M):
            owner = ""
            for prefix, name in re.findall(r"`(\w*)\.(\w+)", call):
                owner = prefix or owner
                kind = {"stream": "TextStream"}.get(owner, owner.capitalize())
                self.assertTrue(hasattr(getattr(phi, kind), name), f"{owner}.{name}")
        whole = set(re.findall(r"\w+", table))
        for name in phi.__all__:
            if not name.endswith("Error"):
                self.assertIn(name, whole)
        for kind in ("Model", "Tokenizer", "Session", "TextStream"):
            for name in vars(getattr(phi, kind)):
                if not name.startswith("_"):
                    self.assertIn(name, whole, kind)

    def test_examples_are_listed(self):
        for example in EXAMPLES.glob("*.py"):
            self.assertIn(f"examples/{example.name}", README)
            self.assertLess(len(example.read_text().splitlines()), 200)


@needs_nano
class ExamplesTest(TestCase):
    def test_chat(self):
        result = run([EXAMPLES / "chat.py"], input="What is 47 + 38?\nHello\n")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("85", result.stdout)
        self.assertEqual(result.stdout.count("> "), 3)
        result = run([EXAMPLES / "chat.py", "no/such/model"])
        self.assertEqual(result.returncode, 1)
        self.assertRegex(result.stderr, "^chat.py: .*no/such/model")

    def test_chat_starts_again_when_it_is_too_long(self):
        result = run([EXAMPLES / "chat.py"], input="word " * 1000 + "\nWhat is 47 + 38?\n")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("starts again", result.stdout)
        self.assertIn("85", result.stdout)

    def test_summarise(self):
        result = run([EXAMPLES / "summarise.py", ROOT / "LICENSE"])
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stderr, r"^\(the first \d+ of \d+ tokens\)\n$")
        self.assertTrue(result.stdout.strip())
        short = self.folder / "short.txt"
        short.write_text("The cat sat on the mat.")
        result = run([EXAMPLES / "summarise.py", short, NANO])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(run([EXAMPLES / "summarise.py"]).returncode, 1)

    @unittest.skipIf(numpy is None, "no numpy")
    def test_logits(self):
        result = run([EXAMPLES / "logits.py", "What is 47 + 38?"])
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"expected '.*'\nperplexity \d+\.\d+\n$")


class PackageTest(TestCase):
    @unittest.skipUnless(shutil.which("mypy"), "no mypy")
    def test_types(self):
        result = subprocess.run(
            ["mypy", "--strict", "--cache-dir", str(self.folder), "phi", "examples/chat.py"],
            cwd=PACKAGE,
            capture_output=True,
            text=True,
        )
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_wheel(self):
        source, wheels = self.folder / "source", self.folder / "wheels"
        shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__"))
        build = ["-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-index"]
        result = run([*build, "--no-deps", "-w", wheels, source])
        if result.returncode != 0 and re.search("No module named|BackendUnavail", result.stderr):
            self.skipTest("no pip with setuptools and wheel")
        self.assertEqual(result.returncode, 0, result.stderr)
        [wheel] = wheels.glob("phi-*-py3-none-any.whl")
        names = run(["-m", "zipfile", "-l", wheel]).stdout
        for file in (PACKAGE / "phi").glob("*.*"):
            self.assertIn(f"phi/{file.name}", names)


if __name__ == "__main__":
    support.main()
