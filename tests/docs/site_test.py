"""The site builds, its links lead somewhere, nothing on it asks the network, and the reference has every call.

usage: site_test.py VERSION
"""

import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

sys.dont_write_bytecode = True

from markdown_page import REPOSITORY, documents  # noqa: E402

VERSION = sys.argv.pop(1) if len(sys.argv) > 1 else ""


class Html(HTMLParser):
    """What a page links to, what it loads, and the places in it that can be linked to."""

    def __init__(self, path):
        super().__init__()
        self.links, self.loads, self.places = [], [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag in ("script", "img", "link") and (found.get("src") or found.get("href")):
            if found.get("rel") not in ("canonical", "edit"):
                self.loads.append(found.get("src") or found["href"])


class SiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.temporary.cleanup)
        builder = [sys.executable, "-B", REPOSITORY / "cmake/docs/build_site.py", cls.temporary.name, "--version", VERSION]
        done = subprocess.run(builder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        cls.site = Path(cls.temporary.name) / "site"
        cls.pages = {path: Html(path) for path in cls.site.rglob("*.html") if path.name != "404.html"}

    def target(self, page, link):
        path, _, place = unquote(link).partition("#")
        return ((page.parent / path.split("?")[0]).resolve() if path else page), place

    def test_every_document_is_a_page(self):
        for document in documents():
            path = document.path.relative_to(REPOSITORY)
            built = path.with_name("index.html") if path.name in ("README.md", "index.md") else path.with_suffix(".html")
            self.assertIn((self.site / built).resolve(), self.pages)

    def test_links_lead_somewhere(self):
        count = 0
        for page, html in self.pages.items():
            if "reference" in page.parts:
                continue
            for link in html.links + html.loads:
                if re.match(r"[a-z]+:", link) or link in (".", "..") or link.startswith("/"):
                    continue
                file, place = self.target(page, link)
                count += 1
                with self.subTest(f"{page.relative_to(self.site)}: {link}"):
                    self.assertTrue(file.exists() or (file / "index.html").exists())
                    if place and file in self.pages and not place.startswith("__"):
                        self.assertIn(place, self.pages[file].places)
        self.assertGreater(count, 300)

    def test_nothing_is_loaded_from_elsewhere(self):
        for page, html in self.pages.items():
            self.assertEqual([], [load for load in html.loads if re.match(r"(https?:)?//", load)], page)

    def test_reference_has_every_call_and_number(self):
        header = (REPOSITORY / "capi/include/phi.h").read_text(encoding="utf-8")
        header = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
        calls = set(re.findall(r"PHI_CALL (phi_\w+)\(", header))
        numbers = set(re.findall(r"\b(PHI_[A-Z0-9_]+) =", header))
        self.assertGreater(len(calls), 30)
        self.assertGreater(len(numbers), 30)
        page = (self.site / "reference/phi_8h.html").read_text(encoding="utf-8")
        text = re.sub(r"<[^>]+>", "", page)
        for name in sorted(calls | numbers):
            with self.subTest(name):
                self.assertRegex(text, rf"\b{name}\b")
        # A plain comment of the header has become the text of its call.
        self.assertIn("Opens a Hugging Face directory", text)
        self.assertIn("index into the vocabulary, from 0", text)

    def test_reference_was_made_without_a_warning(self):
        self.assertEqual("", (self.site.parent / "doxygen.log").read_text(encoding="utf-8"))

    def test_reference_has_the_classes(self):
        for name in ("Model", "Session", "Tokenizer", "TextStream", "Error"):
            self.assertIn(self.site / f"reference/classphi_1_1{name}.html", self.pages)


if __name__ == "__main__":
    for tool in ("mkdocs", "doxygen"):
        if not shutil.which(tool):
            sys.exit(print(f"skipped: no {tool} on this machine"))
    unittest.main()
