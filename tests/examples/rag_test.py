"""examples/rag on its own texts, which are changed on the way.

rag_test.py PROGRAM MODEL MODEL_WITH_ROOM TEXTS"""

import os
import shutil
import sys
import tempfile
import unittest

from running import run

PROGRAM, MODEL, ROOMY, TEXTS = sys.argv[1:5]


class Rag(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.texts = os.path.join(scratch.name, "texts")
        shutil.copytree(TEXTS, self.texts, ignore=shutil.ignore_patterns(".*"))

    def ask(self, question, model=MODEL):
        result = run(PROGRAM, self.texts, question, model)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def write(self, name, text):
        with open(os.path.join(self.texts, name), "w") as file:
            file.write(text)

    def test_the_answer_cites_its_source(self):
        answer = self.ask("Where is the kite?").stdout
        self.assertIn("[stories/kite.txt:1] Mia has a yellow kite", answer)
        self.assertTrue(answer.endswith("Answer: park [stories/kite.txt:1]\n"), answer)

    def test_two_files_of_one_name(self):
        self.assertTrue(self.ask("How long is hide glue soaked?").stdout.startswith("[workshop/notes.md:6] "))
        self.assertTrue(self.ask("How much honey do bees need?").stdout.startswith("[garden/notes.md:"))

    def test_the_line_is_right(self):
        with open(os.path.join(self.texts, "garden/notes.md")) as file:
            lines = file.read().splitlines()
        place = self.ask("When are runner beans sown?").stdout.split("]")[0]
        number = int(place.split(":")[1])
        self.assertEqual(lines[number - 1], "# Beans")

    def test_only_changes_are_read(self):
        self.assertIn("(5 new or changed files)", self.ask("Where is the kite?").stderr)
        self.assertEqual(self.ask("Where is the kite?").stderr, "")
        self.write("stories/kite.txt", "Mia has a yellow kite. She took it to the barn.\n")
        again = self.ask("Where is the kite?")
        self.assertIn("(1 new or changed files)", again.stderr)
        self.assertIn("barn", again.stdout)
        self.assertNotIn("park", again.stdout)
        os.remove(os.path.join(self.texts, "stories/kite.txt"))
        self.assertIn("No passage", self.ask("Where is the kite?").stdout)

    def test_a_question_is_no_query(self):
        for question in ('kite" OR "lamp', "kite* NEAR(kite) - : ^", "x'); DROP TABLE passages;--", "AND OR NOT kite"):
            self.assertIn("passage" if "DROP" in question else "kite", self.ask(question).stdout.lower())
        for question in ("", "?!", '"', "what is the"):
            self.assertIn("No passage", self.ask(question).stdout)
        self.assertIn("kite.txt", self.ask("Where is the kite?").stdout)

    def test_other_languages_and_other_bytes(self):
        self.write("gruss.txt", "Die Bäckerei öffnet um sieben.\n")
        with open(os.path.join(self.texts, "bytes.txt"), "wb") as file:
            file.write(b"\xff\xfe zebra \x80\n")
        self.assertIn("[gruss.txt:1]", self.ask("Bäckerei?").stdout)
        self.assertIn("[bytes.txt:1]", self.ask("zebra").stdout)

    def test_a_model_with_room_reads_all_passages_and_is_checked(self):
        result = run(PROGRAM, self.texts, "bees lamp kite", ROOMY)
        self.assertEqual(result.stdout.count("\n["), 3)  # and one at the beginning
        uncited = "(No passage is cited: do not rely on this answer.)" in result.stdout
        self.assertTrue(uncited or "context" in result.stderr, result.stderr)

    def test_errors(self):
        result = run(PROGRAM, "/nowhere", "What?")
        self.assertEqual(result.returncode, 1)
        self.assertIn("/nowhere", result.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
