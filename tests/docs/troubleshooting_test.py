"""Every message in docs/troubleshooting.md is what the library, the program or the tools say, and every one is in the page.

usage: troubleshooting_test.py BUILD_FOLDER
"""

import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True

from markdown_page import REPOSITORY, Page  # noqa: E402
from phi_library import Failure  # noqa: E402
from provoked_errors import NANO, PROVOCATIONS, Workshop  # noqa: E402

BUILD = Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else Path()


def pattern(message):
    """`...` stands for anything within a line; lines of a quote follow one another."""
    return re.compile(".*".join(re.escape(part) for part in message.strip().split("...")))


class TroubleshootingTest(unittest.TestCase):
    def said(self, provocation):
        here = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                provocation(Workshop(BUILD / "capi/libphi.so", BUILD / "examples/cli/phi", Path(folder)))
            except Failure as failure:
                return str(failure)
            finally:
                os.chdir(here)
        return self.fail(f"{provocation.__name__}: nothing failed")

    def test_messages_and_page_agree(self):
        page = Page(REPOSITORY / "docs/troubleshooting.md")
        quotes = {block: pattern(block.text) for block in page.blocks if block.language == "text"}
        seen = {}
        for provocation in PROVOCATIONS:
            with self.subTest(provocation.__name__):
                said = self.said(provocation)
                found = [str(block) for block, quote in quotes.items() if quote.search(said)]
                self.assertTrue(found, f"not in the page:\n{said}")
                seen.update(dict.fromkeys(found, said))
        self.assertEqual([], [str(block) for block in quotes if str(block) not in seen], "nothing says this")
        self.assertGreater(len(quotes), 30)


if __name__ == "__main__":
    if not NANO.exists():
        sys.exit(print(f"skipped: {NANO.name} is not there"))
    unittest.main()
