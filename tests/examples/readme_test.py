"""The command lines of the README.md files that compile an example against an installed libphi.

readme_test.py SOURCE_FOLDER BUILD_FOLDER CMAKE"""

import os
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

from running import run

SOURCE, BUILD, CMAKE = Path(sys.argv[1]), sys.argv[2], sys.argv[3]


def command_lines():
    for page in sorted((SOURCE / "examples").glob("**/README.md")):
        for line in re.findall(r"(?m)^    ((?:cc|c\+\+) .*pkg-config.*)$", page.read_text()):
            yield line


def packages_are_here(line, environment):
    names = re.search(r"--libs ([^)]*)\)", line).group(1).split()
    return run("pkg-config", "--exists", *names, env=environment).returncode == 0


class CommandLines(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)
        prefix = self.folder / "installed"
        installation = run(CMAKE, "--install", BUILD, "--prefix", prefix)
        self.assertEqual(installation.returncode, 0, installation.stderr)
        packages = next(prefix.glob("**/phi.pc")).parent
        self.environment = {
            **os.environ,
            "PKG_CONFIG_PATH": str(packages),
            "LD_LIBRARY_PATH": str(packages.parent),
        }
        (self.folder / "examples").symlink_to(SOURCE / "examples")

    def test_they_compile_and_what_they_make_starts(self):
        lines = list(command_lines())
        self.assertGreaterEqual(len(lines), 6)
        for line in lines:
            if not packages_are_here(line, self.environment):
                print(f"left out, a package is missing: {line}")
                continue
            with self.subTest(line):
                result = run("sh", "-c", line, cwd=self.folder, env=self.environment)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                program = self.folder / re.search(r"-o (\S+)", line).group(1)
                missing = run("ldd", program, env=self.environment).stdout.count("not found")
                self.assertEqual(missing, 0)


if __name__ == "__main__":
    if not shutil.which("pkg-config") or not shutil.which("c++"):
        print("skipped: no pkg-config or compiler")
    else:
        unittest.main(argv=sys.argv[:1])
