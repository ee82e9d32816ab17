"""What is asked of a code block in each language. A check returns what is wrong, or "" if nothing is.

C and C++: a block with `int main(` or an `#include` is a whole file. Any other gets the usual headers in front; if it defines no
function it is some statements, and goes into a function that has the usual names in scope (C_FRAGMENT, CPP_FRAGMENT).
Other languages are given to their own parser.
"""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from markdown_page import REPOSITORY

# What a fragment may use without saying where it comes from.
C_HEADERS = """\
#include <phi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void show(const char *text, size_t bytes);
"""
C_FRAGMENT = """\
phi_status fragment(phi_model *model, phi_session *session, phi_stream *stream, const phi_tokenizer *tokenizer,
                    phi_status s, phi_error err);
phi_status fragment(phi_model *model, phi_session *session, phi_stream *stream, const phi_tokenizer *tokenizer,
                    phi_status s, phi_error err) {
  (void)model; (void)session; (void)stream; (void)tokenizer; (void)s; (void)err;
  {
#line 1
%s
  }
  return s;
}
"""
CPP_HEADERS = """\
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#include "phi/error.h"
#include "phi/model.h"
#include "phi/session.h"
#include "phi/text_stream.h"
"""
CPP_FRAGMENT = """\
void fragment([[maybe_unused]] phi::Model& model, [[maybe_unused]] phi::Session& session,
              [[maybe_unused]] phi::TextStream& stream, [[maybe_unused]] const phi::Tokenizer& tokenizer) {
#line 1
%s
}
"""
FUNCTION = re.compile(r"^[A-Za-z_][\w:<>*& ]* [*&]?\w+\([^;{]*\) (?:noexcept )?(?:try )?\{$", re.M)
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"]
PARTS = ["-Wno-unused-function", "-Wno-unused-parameter"]  # a fragment need not be used as a whole

# Languages that are shown and not checked: nothing in them is code of ours or of the reader's.
PLAIN = {"text", "toml", "xml", "ini", "markdown", "html", "css", "jinja", "diff"}


@dataclass
class Tools:
    """What the checks work with. Languages whose compiler the machine lacks are collected in `missing`."""

    build: Path  # a build folder of libphi
    phi: Path  # the program
    scratch: Path  # a folder for files
    cc: str = "cc"
    cxx: str = "c++"
    missing: set = field(default_factory=set)
    page_folder: Path = REPOSITORY  # where the page lies that is being checked

    def find(self, language, *names):
        path = next(filter(None, map(shutil.which, names)), "")
        if not path:
            self.missing.add(language)
        return path

    def save(self, name, text):
        path = self.scratch / name
        path.write_text(text, encoding="utf-8")
        return path


def run(command, text=None, **options):
    done = subprocess.run(
        [str(part) for part in command], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=300, check=False, **options)  # fmt: skip
    return "" if done.returncode == 0 else f"exit status {done.returncode}\n{done.stdout}"


def is_whole_file(text):
    return "int main(" in text or re.search(r"^#include", text, re.M) is not None


def include_flags(tools):
    return [f"-I{folder}" for folder in (REPOSITORY / "capi/include", REPOSITORY / "include", tools.build / "include")]


def whole(text, headers, fragment):
    """A block as a file that compiles, and the warnings that do not count for it."""
    if is_whole_file(text):
        return text, []
    if FUNCTION.search(text):
        return f"{headers}#line 1\n{text}", PARTS
    return headers + fragment % text, PARTS


def check_c(text, tools):
    source, parts = whole(text, C_HEADERS, C_FRAGMENT)
    return run([tools.cc, "-x", "c", "-std=c99", *WARNINGS, *parts, *include_flags(tools), "-fsyntax-only", "-"], source)


def check_cpp(text, tools):
    source, parts = whole(text, CPP_HEADERS, CPP_FRAGMENT)
    return run([tools.cxx, "-x", "c++", "-std=c++20", *WARNINGS, *parts, *include_flags(tools), "-fsyntax-only", "-"], source)


def check_json(text, tools):
    try:
        json.loads(text)
    except ValueError as error:
        return str(error)
    return ""


def check_python(text, tools):
    try:
        compile(text, "block", "exec")
    except SyntaxError as error:
        return str(error)
    return ""


def check_javascript(text, tools):
    node = tools.find("js", "node", "nodejs")
    return run([node, "--check", tools.save("block.mjs", text)]) if node else ""


def check_csharp(text, tools):
    """Statements outside a class are put into one, as newer compilers do themselves."""
    compiler = tools.find("csharp", "mcs")
    if not re.search(r"\b(class|struct|namespace) \w", text):
        usings, body = re.match(r"((?:using [\w.]+;\s*)*)(.*)", text, re.S).groups()
        text = f"{usings}class Block {{ async void Run() {{\n{body}\n}} }}"
    return run([compiler, "--parse", tools.save("block.cs", text)]) if compiler else ""


def check_rust(text, tools):
    """Formatting parses a file and resolves no name, so it does not matter that nothing is built."""
    formatter = tools.find("rust", "rustfmt")
    if not re.search(r"^(pub )?(fn|struct|impl|extern|mod) ", text, re.M):
        text = "fn block() {\n%s\n}" % text
    return run([formatter, "--edition", "2021", "--emit", "stdout", "--quiet"], text) if formatter else ""


def check_cmake(text, tools):
    """Parses without running."""
    return run([tools.find("cmake", "cmake"), "-P", tools.save("block.cmake", f"if(FALSE)\n{text}endif()\n")])


# ---- command lines ----

# Commands that a reader has or is told to install. Anything else must be a file of the repository.
KNOWN = set(""". apt apt-get cargo cat cd chroot cmake cp cpack csc cscript ctest curl dotnet dpkg echo export g++ gcc git grep head
install ldconfig ldd ls make mcs mkdir mono mv node npm phi pip pkg-config python3 readelf rm rustc sh sudo systemctl systemd-run
tar systemd-analyze taskset time xargs llama-bench llama-quantize cc c++ ln nm gdb""".split())  # fmt: skip
OPTION = re.compile(r"(?<!\S)(--?[A-Za-z][\w-]*)")
PLACES = ("examples/", "tests/", "cmake/", "docs/", "bench/", "capi/", "lib/", "include/")


def command_lines(text):
    """Commands of a shell block: continued lines joined, comments and here-documents left out."""
    text = re.sub(r"<<'?(\w+)'?.*?\n.*?^\1$", "", text, flags=re.M | re.S)
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        for command in re.split(r"\s*(?:&&|\|\||\||;)\s*", re.sub(r"\"[^\"]*\"|'[^']*'", "QUOTED", line)):
            if command.strip("() "):
                yield command.strip("() ")


def check_command(command, tools):
    words = [word for word in command.split() if not re.match(r"^\w+=", word)]
    if not words:
        return ""
    name = words[0]
    for word in words:
        path = re.split(r"[=:]", word)[-1].rstrip("/,)")
        if path.startswith(PLACES) and not any(c in path for c in "*$") and not path.endswith(".exe"):
            if not any((folder / path).exists() for folder in (REPOSITORY, tools.page_folder)):
                return f"no such file: {path}"
    if name == "phi" or name.endswith("/phi"):
        return check_phi_command(words, tools)
    if name in KNOWN or name.startswith(("./", "build/", "QUOTED")) or "=" in name:
        return ""
    return "" if (REPOSITORY / name).is_file() else f"unknown command: {name}"


def check_phi_command(words, tools):
    """The program's own --help knows every option that it is called with."""
    if len(words) == 1 or words[1].startswith("-"):
        return ""
    helped = subprocess.run([tools.phi, words[1], "--help"], capture_output=True, text=True, check=False)
    if helped.returncode != 0 or f"phi {words[1]}" not in helped.stdout:
        return f"phi has no command '{words[1]}'"
    options = set(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", helped.stdout))
    for option in OPTION.findall(" ".join(words[2:]).split(" > ")[0]):
        if option not in options:
            return f"phi {words[1]} has no option {option}"
    return ""


def check_shell(text, tools):
    wrong = run(["bash", "-n"], text)
    return wrong or "\n".join(filter(None, (check_command(command, tools) for command in command_lines(text))))


def check_console(text, tools):
    """`$ ` begins a command, any other line is output."""
    return check_shell("".join(line[2:] + "\n" for line in text.splitlines() if line.startswith("$ ")), tools)


CHECKS = {
    "c": check_c, "cpp": check_cpp, "json": check_json, "python": check_python, "js": check_javascript,
    "rust": check_rust, "csharp": check_csharp, "cmake": check_cmake, "sh": check_shell,
    "console": check_console,
}  # fmt: skip


def check(block, tools):
    """What is wrong with a block as it stands, without running it."""
    if "skip" in block.marks:
        return "" if len(block.marks["skip"].split()) >= 2 else "a block that is not tested says why: <!-- test: skip, REASON -->"
    unknown = set(block.marks) - {"run", "needs", "file", "output", "commands"}
    if unknown:
        return f"unknown mark: {', '.join(sorted(unknown))}"
    if "commands" in block.marks:
        lines = [re.split(r"\s{2,}", line)[0] for line in block.text.splitlines()]
        return "\n".join(filter(None, (check_command(" ".join(command_lines(line)), tools) for line in lines)))
    if block.language in PLAIN:
        return ""
    tools.page_folder = block.page.parent
    checker = CHECKS.get(block.language)
    if checker is None:
        return f"no check for the language '{block.language}'; plain text is called text"
    return checker(block.text, tools)
