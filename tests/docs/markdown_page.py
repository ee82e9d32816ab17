"""Markdown pages as the tests of the documents see them: code blocks with their marks, links, headings."""

import re
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,})(?P<language>[^`]*)$")
MARK = re.compile(r"^\s*<!-- test: (.*?) -->\s*$")
HEADING = re.compile(r"^#{1,6} +(.*?)#*$")
LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)(?: \"[^\"]*\")?\)")
HTML_LINK = re.compile(r"<(?:a|img)\s[^>]*?(?:href|src)=\"([^\"]*)\"")


@dataclass(eq=False)
class Block:
    """A fenced code block. `marks` are the words of the comment `<!-- test: ... -->` in front of it."""

    page: Path
    line: int
    language: str
    text: str
    marks: dict = field(default_factory=dict)

    def __str__(self):
        return f"{self.page.relative_to(REPOSITORY)}:{self.line} ({self.language or 'no language'})"


def parse_marks(text):
    """`skip, REASON`, or any of `run`, `needs COMMANDS`, `file NAME`, `output`, `commands`, separated by commas."""
    if re.match(r"skip\b", text):
        return {"skip": text[len("skip") :].lstrip(", ")}
    marks = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition(" ")
        marks[name] = value
    return marks


class Page:
    """One file. Everything is found by line; code blocks are no prose."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.blocks = []
        self.prose = []  # (line number, line) outside code blocks
        self._read(self.path.read_text(encoding="utf-8").splitlines())

    def _read(self, lines):
        fence, marks = None, {}
        for number, line in enumerate(lines, 1):
            match = FENCE.match(line)
            if fence is not None:
                if match and not match["language"].strip() and len(match["fence"]) >= len(fence["fence"]):
                    fence = None
                else:
                    indent = len(fence["indent"])
                    self.blocks[-1].text += line[indent:] + "\n" if line[:indent].isspace() or not indent else line + "\n"
            elif match:
                fence = match
                self.blocks.append(Block(self.path, number, match["language"].strip(), "", marks))
                marks = {}
            elif MARK.match(line):
                marks = parse_marks(MARK.match(line)[1])
            else:
                self.prose.append((number, line))
                if line.strip():
                    marks = {}

    @property
    def links(self):
        """(line number, target) of every link and image."""
        for number, line in self.prose:
            bare = re.sub(r"`[^`]*`", lambda code: "x" * len(code[0]), line)
            for pattern in (LINK, HTML_LINK):
                for match in pattern.finditer(bare):
                    yield number, match[1]

    @property
    def anchors(self):
        """What `page.md#...` can name, by the rule of the code hosts, which the site's is made to follow."""
        seen = {}
        for _, line in self.prose:
            match = HEADING.match(line)
            if not match:
                continue
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).strip().lower()
            slug = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            yield f"{slug}-{count}" if count else slug


def documents():
    """Every page that a user reads."""
    patterns = ("README.md", "SECURITY.md", "CHANGELOG.md", "docs/**/*.md", "capi/**/README.md", "examples/**/README.md")
    pages = {path for pattern in patterns for path in REPOSITORY.glob(pattern)}
    return [Page(path) for path in sorted(pages) if "node_modules" not in path.parts and "target" not in path.parts]
