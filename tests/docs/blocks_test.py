"""Every code block of the documents is compiled, or run where the page says so (docs/testing.md has the marks).

usage: blocks_test.py BUILD_FOLDER [checked | run]
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from block_runs import NANO, PageRunner, RunError  # noqa: E402
from code_checks import Tools, check  # noqa: E402
from markdown_page import documents  # noqa: E402

BUILD = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else Path()


class BlocksTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.scratch = Path(temporary.name)
        self.tools = Tools(
            build=BUILD, phi=BUILD / "examples/cli/phi", scratch=self.scratch,
            cc=os.environ.get("CC", "cc"), cxx=os.environ.get("CXX", "c++"))  # fmt: skip
        self.addCleanup(lambda: print("languages that this machine lacks:", ", ".join(sorted(self.tools.missing)) or "none"))


class Checked(BlocksTest):
    def test_every_block(self):
        count = 0
        for page in documents():
            for block in page.blocks:
                count += 1
                with self.subTest(str(block)):
                    self.assertEqual("", check(block, self.tools))
        self.assertGreater(count, 30)


class Run(BlocksTest):
    def prefix(self):
        """libphi as a reader has it."""
        prefix = self.scratch / "prefix"
        for component in ("runtime", "development"):
            subprocess.run(
                ["cmake", "--install", BUILD, "--prefix", prefix, "--component", component],
                check=True, stdout=subprocess.DEVNULL)  # fmt: skip
        return prefix

    def test_marked_blocks(self):
        prefix = Path(os.environ.get("PHI_TEST_PREFIX") or self.prefix())
        count = 0
        for page in documents():
            if not any("run" in block.marks for block in page.blocks):
                continue
            with tempfile.TemporaryDirectory() as folder:
                runner = PageRunner(folder, self.tools, prefix)
                for block in page.blocks:
                    if "skip" in block.marks:
                        continue
                    count += "run" in block.marks
                    with self.subTest(str(block)):
                        try:
                            runner.take(block)
                        except RunError as error:
                            self.fail(str(error))
        self.assertGreater(count, 15)


if __name__ == "__main__":
    if "run" in sys.argv[1:] and not NANO.exists():
        sys.exit(print(f"skipped: {NANO.name} is not there"))
    sys.argv[1:] = [word.capitalize() if word in ("checked", "run") else word for word in sys.argv[1:]]
    unittest.main()
