"""Links, anchors and images of the documents exist, and every page of docs/ can be reached from docs/index.md."""

import sys
import unittest
from urllib.parse import unquote

sys.dont_write_bytecode = True

from markdown_page import REPOSITORY, Page, documents  # noqa: E402


class LinksTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.pages = documents()

    def targets(self, page):
        """(line, target as written, file, anchor) of the links that stay in the repository."""
        for line, target in page.links:
            if "://" in target or target.startswith("mailto:"):
                continue
            path, _, anchor = unquote(target).partition("#")
            yield line, target, (page.path.parent / path).resolve() if path else page.path, anchor

    def test_link_targets_exist(self):
        count = 0
        for page in self.pages:
            for line, target, file, anchor in self.targets(page):
                count += 1
                with self.subTest(f"{page.path.relative_to(REPOSITORY)}:{line} {target}"):
                    self.assertTrue(file.exists(), "no such file")
                    self.assertTrue(file.is_relative_to(REPOSITORY), "leads out of the repository")
                    if anchor and file.suffix == ".md":
                        self.assertIn(anchor, list(Page(file).anchors))
        self.assertGreater(count, 30)

    def test_every_page_of_docs_is_reached_from_the_index(self):
        pages = {page.path: page for page in self.pages}
        docs = {path for path in pages if path.is_relative_to(REPOSITORY / "docs")}
        self.assertGreater(len(docs), 10)
        reached, waiting = set(), [REPOSITORY / "docs/index.md"]
        while waiting:
            path = waiting.pop()
            if path in reached or path not in docs:
                continue
            reached.add(path)
            waiting += [file for _, _, file, _ in self.targets(pages[path])]
        self.assertEqual([], sorted(str(path.relative_to(REPOSITORY)) for path in docs - reached))


if __name__ == "__main__":
    unittest.main()
