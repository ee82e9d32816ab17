"""Turns the plain comments of phi.h into comments that Doxygen takes as documentation. Doxygen's INPUT_FILTER.

    doc_comments.py HEADER

A comment before a declaration documents it, one behind code on the same line documents that code, and `---- Title ----`
begins a group. The lines stay where they are. What documents with /// or /** already passes as it is.
"""

import re
import sys

TITLE = re.compile(r"^/\* -{4} (?P<title>.*?) -{4,}(?P<rest>.*)$")
BEGIN, END = "/**@{*/", "/**@}*/"


def documented(lines):
    """The lines of a C header, with `/*` turned into `/**` or `/**<` where documentation begins."""
    in_comment = is_title = in_group = seen_first = False
    for line in lines:
        if not in_comment:
            code, opening, text = line.partition("/*")
            title = TITLE.match(line)
            is_title = title is not None
            in_comment = bool(opening) and "*/" not in text
            if title:
                line = f"{END if in_group else ''}/** @name {title['title']}{title['rest']}"
                in_group = True
            elif opening and not code.startswith("#"):
                line = f"{code}{'/**<' if code.strip() else '/**'}{'' if seen_first else ' @file'}{text}"
                seen_first = True
        elif "*/" in line:
            in_comment = False
        yield line + (f" {BEGIN}" if is_title and not in_comment else "")
        is_title = is_title and in_comment
    if in_group:
        yield END


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        text = header.read()
    sys.stdout.write(text if text.startswith(("///", "/**")) else "\n".join(documented(text.splitlines())) + "\n")
