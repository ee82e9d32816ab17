"""Runs what a page tells its reader to run, in a folder of the page's own.

In that folder the models of the documents (MODELS) are all phi-nano, since a file is known by its content and not by its
name. libphi is installed, so pkg-config and CMake find it as they do for a reader, and the checkout lies beside, as `libphi`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from code_checks import WARNINGS, include_flags
from markdown_page import REPOSITORY

NANO = REPOSITORY / "examples/phi-nano/phi-nano.phi"
MODELS = ("phi-nano.phi", "phi-4-Q4_0.gguf", "phi-4.gguf", "model.gguf", "phi-4.phi")
SECONDS = 240


class RunError(Exception):
    """A command failed, or its output is another one; the text says what was seen."""


def matches(expected, seen):
    """`...` stands for anything; space at the ends of lines does not count."""
    tidy = lambda text: "\n".join(line.rstrip() for line in text.strip().splitlines())  # noqa: E731
    pattern = ".*".join(re.escape(part) for part in tidy(expected).split("..."))
    return re.fullmatch(pattern, tidy(seen), re.S) is not None


class PageRunner:
    """Blocks of one page, in their order."""

    def __init__(self, folder, tools, prefix):
        self.folder, self.tools, self.prefix = Path(folder) / "hello", tools, Path(prefix)
        self.seen = None
        (Path(folder) / "libphi").symlink_to(REPOSITORY)
        (self.folder / "examples/phi-nano").mkdir(parents=True)
        for name in (*MODELS, NANO.relative_to(REPOSITORY)):
            (self.folder / name).symlink_to(NANO)
        library = self.prefix / "lib"
        self.library = next(library.glob("**/libphi.so"), library / "libphi.so").parent
        self.environment = {
            **os.environ,
            "LC_ALL": "C.UTF-8",
            "PATH": f"{Path(tools.phi).parent}:{os.environ['PATH']}",
            "LD_LIBRARY_PATH": str(self.library),
            "PKG_CONFIG_PATH": str(self.library / "pkgconfig"),
            "CMAKE_PREFIX_PATH": str(self.prefix),
            "PYTHONPATH": str(REPOSITORY / "capi/bindings/python"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "CARGO_NET_OFFLINE": "true",
            "PHI_LIBRARY": str(self.library / "libphi.so"),
        }

    def take(self, block):
        if "file" in block.marks:
            path = self.folder / block.marks["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        if "run" in block.marks:
            self.seen = None  # stays so where the language is missing
            needed = block.marks.get("needs", "").split()
            if all([self.tools.find(command, command) for command in needed]):
                getattr(self, f"run_{block.language}")(block)
        if "output" in block.marks and self.seen is not None and not matches(block.text, self.seen):
            raise RunError(f"the output is:\n{self.seen}")

    def command(self, command):
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # fmt: skip
        self.seen = done.stdout
        if done.returncode != 0:
            raise RunError(f"exit status {done.returncode}:\n{done.stdout}")

    def run_sh(self, block):
        self.command(["bash", "-euo", "pipefail", "-c", block.text])

    def run_console(self, block):
        """A command may fail here: what it says then is what the page shows."""
        for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            try:
                self.command(["bash", "-c", command])
            except RunError:
                pass
            if not matches(expected, self.seen):
                raise RunError(f"$ {command}\n{self.seen}")

    def run_python(self, block):
        self.command([sys.executable, "-c", block.text])

    def run_c(self, block):
        source = self.tools.save("block.c", block.text)
        program = self.tools.scratch / "block"
        link = [f"-L{self.library}", "-lphi", "-lpthread"]
        self.command([self.tools.cc, "-std=c99", *WARNINGS, *include_flags(self.tools), source, "-o", program, *link])
        self.command([program])

    def run_cpp(self, block):
        source = self.tools.save("block.cc", block.text)
        program = self.tools.scratch / "block"
        flags = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "phi-static"], env=self.environment, capture_output=True, text=True,
            check=True).stdout.split()  # fmt: skip
        self.command([self.tools.cxx, "-std=c++20", *WARNINGS, source, "-o", program, *flags, "-lpthread"])
        self.command([program])

    def run_rust(self, block):
        """Without cargo, which would ask for a manifest: the crate, then the program."""
        rustc = self.tools.find("rust", "rustc")
        if not rustc:
            return
        crate, program = self.tools.scratch / "libphi.rlib", self.tools.scratch / "block"
        sources = REPOSITORY / "capi/bindings/rust/src"
        common = [rustc, "--edition", "2021", "-L", f"native={self.library}"]
        if not crate.exists():
            self.command([*common, "--crate-type", "rlib", "--crate-name", "phi", "-l", "phi", sources / "lib.rs", "-o", crate])
        self.command([*common, "--extern", f"phi={crate}", self.tools.save("block.rs", block.text), "-o", program])
        self.command([program])

    def run_csharp(self, block):
        compiler, runtime = self.tools.find("csharp", "mcs"), self.tools.find("csharp", "mono")
        if not compiler or not runtime:
            return
        binding = REPOSITORY / "capi/bindings/csharp"
        library, program = self.tools.scratch / "LibPhi.dll", self.tools.scratch / "Block.exe"
        if not library.exists():
            self.command([compiler, "-unsafe", "-target:library", f"-out:{library}", *sorted((binding / "src").glob("*.cs"))])
            shutil.copy(binding / "LibPhi.dll.config", library.with_name("LibPhi.dll.config"))
        self.command([compiler, f"-r:{library}", f"-out:{program}", self.tools.save("Block.cs", block.text)])
        self.command([runtime, program])

    def run_js(self, block):
        """Where the tests of the binding have installed it: this one asks nobody on the network for koffi."""
        node, modules = self.tools.find("js", "node", "nodejs"), self.tools.build / "tests/bindings/node/app/node_modules"
        if not node or not modules.exists():
            return
        if not (self.folder / "node_modules").exists():
            (self.folder / "node_modules").symlink_to(modules)
        (self.folder / "block.mjs").write_text(block.text, encoding="utf-8")
        self.command([node, "block.mjs"])
