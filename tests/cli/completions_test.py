"""The manual page and the shell completions of the program `phi` say what its --help says, and complete.

    completions_test.py PHI FOLDER    PHI: the built program, FOLDER: examples/cli
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

PHI = pathlib.Path(sys.argv[1])
FOLDER = pathlib.Path(sys.argv[2])
SCRIPTS = FOLDER / "completions"

sys.path.insert(0, str(SCRIPTS))
import write_completions  # noqa: E402

COMMANDS = write_completions.read_commands(PHI)


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class CompletionsTest(unittest.TestCase):
    def test_files_are_what_help_says(self):
        output(sys.executable, "-B", SCRIPTS / "write_completions.py", PHI, SCRIPTS, "--check")

    def complete_in_bash(self, *words):
        quoted = " ".join(f"'{word}'" for word in words)
        script = f"""source {SCRIPTS}/phi.bash
            COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _phi; printf '%s\\n' "${{COMPREPLY[@]}}" """
        return output("bash", "-c", script).split()

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash(self):
        self.assertEqual(self.complete_in_bash("phi", "ru"), ["run"])
        self.assertEqual(self.complete_in_bash("phi", "run", "--wei"), ["--weights"])
        self.assertEqual(self.complete_in_bash("phi", "run", "--weights", "int"), ["int8", "int4"])
        self.assertEqual(self.complete_in_bash("phi", "run", "--temp", ""), [])
        self.assertEqual(self.complete_in_bash("phi", "help", "ben"), ["bench"])
        self.assertIn(f"{FOLDER}/phi.1", self.complete_in_bash("phi", "run", f"{FOLDER}/phi"))

    @unittest.skipUnless(shutil.which("fish"), "no fish")
    def test_fish(self):
        def complete(line):
            script = f"source {SCRIPTS}/phi.fish; complete -C '{line}'"
            return [word.split("\t")[0] for word in output("fish", "--no-config", "-c", script).splitlines()]

        self.assertEqual(complete("phi ru"), ["run"])
        self.assertEqual(complete("phi run --wei"), ["--weights"])
        self.assertEqual(complete("phi run --weights int"), ["int4", "int8"])

    @unittest.skipUnless(shutil.which("zsh"), "no zsh")
    def test_zsh(self):
        output("zsh", "-n", SCRIPTS / "_phi")
        # The completion function, with the two functions of zsh that it calls replaced by ones that show their arguments.
        script = f"""_describe() {{ print -l $verbs; }}
            _arguments() {{ print -l -- $@; }}
            words=(phi run --weights x); CURRENT=4; source {SCRIPTS}/_phi"""
        self.assertIn("*--weights[", output("zsh", "-f", "-c", script))
        self.assertIn(":weights:(as-stored f32 bf16 int8 int4)", output("zsh", "-f", "-c", script))


class ManualTest(unittest.TestCase):
    def setUp(self):
        self.text = (FOLDER / "phi.1").read_text().replace("\\-", "-")

    def test_has_all_flags_and_no_other(self):
        said = {name for command in COMMANDS for flag in command.flags for name in flag.names}
        options = self.text.split(".SH OPTIONS")[1].split(".SH EXIT STATUS")[0]
        described = re.findall(r"(?m)^\.TP\n\.BR? (.*)$", options)
        listed = {name for line in described for name in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line)}
        self.assertEqual(listed, said)

    def test_has_all_commands(self):
        for command in COMMANDS:
            self.assertIn(f'.BR "phi {command.name}"', self.text)

    @unittest.skipUnless(shutil.which("man"), "no man")
    def test_is_well_formed(self):
        shown = subprocess.run(["man", "--warnings", "-l", FOLDER / "phi.1"], capture_output=True, text=True)
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
