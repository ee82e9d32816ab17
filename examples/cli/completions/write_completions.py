#!/usr/bin/env python3
"""Writes the shell completions of the program `phi` from what its --help says.

    write_completions.py PHI FOLDER           write phi.bash, _phi (zsh) and phi.fish
    write_completions.py PHI FOLDER --check   exit status 1 where a file there is not what would be written

PHI is the built program. Run it after a command or a flag has changed, and commit the files.
"""

import argparse
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass, field

COLUMN = 34  # where --help begins its descriptions
FLAG = re.compile(r"^  (?:-(\w),)?(--[a-z0-9-]+)(.*)$")
FILES = {"FILE", "MODEL"}
NOTES = re.compile(r"\s*((Excludes|Needs): (--?[\w-]+\s?)+|REQUIRED)")


@dataclass
class Flag:
    long: str
    short: str
    argument: str  # "" for a switch, "FILE", "N", "f32|bf16"
    summary: str

    @property
    def names(self):
        return [f"-{self.short}", self.long] if self.short else [self.long]

    @property
    def choices(self):
        return self.argument.split("|") if "|" in self.argument else []


@dataclass
class Command:
    name: str
    summary: str
    flags: list = field(default_factory=list)


def help_of(phi, *arguments):
    return subprocess.run([phi, *arguments, "--help"], check=True, capture_output=True, text=True).stdout


def read_flag(line, following):
    """One flag; its description stands in column COLUMN, of the next line where the flag is too long for its own."""
    left, summary = (line, following) if following.startswith(" " * COLUMN) else (line[:COLUMN], line[COLUMN:])
    match = FLAG.match(left)
    if not match:
        return None
    argument = NOTES.sub("", match[3]).strip()
    argument = re.sub(r"(=|,| ?\.\.\.).*$", "", argument)  # a default value; that there may be several
    return Flag(match[2], match[1] or "", argument, " ".join(summary.split()))


def read_commands(phi):
    listed = help_of(phi).split("Commands:\n")[1].split("\n\n")[0]
    commands = [Command(*line.split(None, 1)) for line in listed.splitlines()]
    for command in commands:
        lines = help_of(phi, command.name).splitlines() + [""]
        flags = (read_flag(line, following) for line, following in zip(lines, lines[1:]))
        command.flags = [flag for flag in flags if flag]
    return commands


def bash(commands):
    yield "# bash completion of phi; written by write_completions.py"
    yield ""
    yield "_phi() {"
    yield "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} flags="
    yield "  COMPREPLY=()"
    yield "  if ((COMP_CWORD == 1)); then"
    yield f"    COMPREPLY=($(compgen -W '{' '.join(c.name for c in commands)} help --help --version' -- \"$current\"))"
    yield "    return"
    yield "  fi"
    yield "  case ${COMP_WORDS[1]} in"
    for command in commands:
        yield f"    {command.name}) flags='{' '.join(flag.long for flag in command.flags)}' ;;"
    yield f"    help) flags='{' '.join(c.name for c in commands)}' ;;"
    yield "  esac"
    yield "  case ${COMP_WORDS[1]}:$previous in"
    for choices, patterns in by_choices(commands).items():
        yield f"    {patterns}) COMPREPLY=($(compgen -W '{choices}' -- \"$current\")); return ;;"
    values = sorted({f"{c.name}:{n}" for c in commands for f in c.flags for n in f.names
                     if f.argument and not f.choices and f.argument not in FILES})
    yield "    " + " | \\\n    ".join(" | ".join(values[i:i + 5]) for i in range(0, len(values), 5)) + ") return ;;"
    yield "  esac"
    yield "  if [[ $current == -* || ${COMP_WORDS[1]} == help ]]; then"
    yield '    COMPREPLY=($(compgen -W "$flags" -- "$current"))'
    yield "  else"
    yield '    compopt -o filenames 2>/dev/null'
    yield '    mapfile -t COMPREPLY < <(compgen -f -- "$current")'
    yield "  fi"
    yield "}"
    yield "complete -F _phi phi"


def by_choices(commands):
    """Words to offer, and the bash patterns of the flags that take them."""
    groups = {}
    for flag in unique_flags(commands):
        if flag.choices:
            groups.setdefault(" ".join(flag.choices), []).extend(f"*:{name}" for name in flag.names)
    return {choices: " | ".join(patterns) for choices, patterns in groups.items()}


def unique_flags(commands):
    seen = {}
    for command in commands:
        for flag in command.flags:
            seen.setdefault((flag.long, flag.argument), flag)
    return seen.values()


def zsh_action(flag):
    if not flag.argument:
        return ""
    if flag.choices:
        return f":{flag.long[2:]}:({' '.join(flag.choices)})"
    return f":{flag.argument}:{'_files' if flag.argument in FILES else ''}"


def zsh(commands):
    def quoted(text):
        return text.replace("'", "'\\''").replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")

    yield "#compdef phi"
    yield "# zsh completion of phi; written by write_completions.py"
    yield ""
    yield "local -a verbs=("
    yield from (f"  '{command.name}:{quoted(command.summary)}'" for command in commands)
    yield ")"
    yield "if ((CURRENT == 2)); then"
    yield "  _describe -t commands 'command' verbs"
    yield "  _arguments '--help[Show all commands]' '--version[Show the version]'"
    yield "  return"
    yield "fi"
    yield "local verb=$words[2]"
    yield "words=(phi $words[3,-1])"
    yield "((CURRENT--))"
    yield "case $verb in"
    for command in commands:
        yield f"  {command.name})"
        yield "    _arguments \\"
        for flag in command.flags:
            tail = f"[{quoted(flag.summary)}]{zsh_action(flag)}'"
            for name in flag.names:
                yield f"      '*{name}{tail} \\"
        yield "      '*:file:_files' ;;"
    yield "  help) _describe -t commands 'command' verbs ;;"
    yield "esac"


def fish(commands):
    def quoted(text):
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    names = " ".join(command.name for command in commands)
    first = f"'not __fish_seen_subcommand_from {names} help'"
    yield "# fish completion of phi; written by write_completions.py"
    yield ""
    yield f"complete -c phi -n {first} -f -l help -d 'Show all commands'"
    yield f"complete -c phi -n {first} -f -l version -d 'Show the version'"
    for command in commands:
        yield f"complete -c phi -n {first} -f -a {command.name} -d {quoted(command.summary)}"
    yield f"complete -c phi -n '__fish_seen_subcommand_from help' -f -a '{names}'"
    for command in commands:
        for flag in command.flags:
            parts = [f"complete -c phi -n '__fish_seen_subcommand_from {command.name}'"]
            parts += [f"-s {flag.short}"] if flag.short else []
            parts += [f"-l {flag.long[2:]}"]
            if flag.choices:
                parts += ["-x", f"-a '{' '.join(flag.choices)}'"]
            elif flag.argument:
                parts += ["-r", "-F"] if flag.argument in FILES else ["-x"]
            yield " ".join(parts + [f"-d {quoted(flag.summary)}"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("phi")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    commands = read_commands(options.phi)
    stale = []
    for name, write in (("phi.bash", bash), ("_phi", zsh), ("phi.fish", fish)):
        text = "\n".join(write(commands)) + "\n"
        path = options.folder / name
        if options.check:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"not what --help says: {', '.join(stale)}; run {pathlib.Path(__file__).name}")


if __name__ == "__main__":
    main()
