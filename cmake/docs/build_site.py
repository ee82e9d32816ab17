"""Builds the site of the documents: pages of this repository, and the reference that Doxygen makes from the headers.

    build_site.py OUTPUT [--version X.Y.Z]

OUTPUT/site/index.html is its first page. Pages and the files that they link to are copied to OUTPUT/pages as they lie in the
repository, so that every relative link holds; only links to headers go to the reference instead. Needs mkdocs with the
material theme, and doxygen.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]
PAGES = ("README.md", "SECURITY.md", "CHANGELOG.md", "docs/**/*.md", "capi/**/README.md", "examples/**/*.md")
# Headers whose page in the reference is what a reader of the site wants.
REFERENCE = {
    "capi/include/phi.h": "phi_8h.html",
    "capi/include/phi_experimental.h": "phi__experimental_8h.html",
    "include/phi": "namespacephi.html",
}
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s#]+)((?:#[^()\s]*)?)\)")


def run(command, **options):
    done = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stdout}")


def write_reference(output, version):
    """The reference in output/pages/reference; mkdocs copies it as it is."""
    names = {
        "repository": REPOSITORY, "here": HERE, "python": sys.executable, "version": version,
        "output": output / "pages", "generated": output / "generated",
    }  # fmt: skip
    header = (REPOSITORY / "include/phi/version.h.in").read_text(encoding="utf-8")
    (output / "generated/phi").mkdir(parents=True)
    (output / "generated/phi/version.h").write_text(header.replace("@PROJECT_VERSION@", version), encoding="utf-8")
    doxyfile = re.sub(r"\{(\w+)\}", lambda match: str(names[match[1]]), (HERE / "Doxyfile.in").read_text(encoding="utf-8"))
    (output / "Doxyfile").write_text(doxyfile, encoding="utf-8")
    run(["doxygen", output / "Doxyfile"])
    (output / "pages/doxygen.log").rename(output / "doxygen.log")


def copy_page(source, pages):
    """The page, and beside it every file that it links to and that is no page itself."""
    place = pages / source.relative_to(REPOSITORY)

    def linked(match):
        target = (source.parent / match[2]).resolve()
        if "://" in match[2] or not target.is_relative_to(REPOSITORY) or not target.exists():
            return match[0]
        path = target.relative_to(REPOSITORY)
        up = "../" * (len(place.relative_to(pages).parts) - 1)
        if str(path) in REFERENCE:
            return f"[{match[1]}]({up}reference/{REFERENCE[str(path)]})"
        if target.is_file() and path.suffix != ".md":
            # A source file is shown as text, which a browser does only with this ending.
            shown = path.with_name(path.name + ".txt") if path.suffix not in (".svg", ".png", ".jpg") else path
            (pages / shown).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(target, pages / shown)
            return f"[{match[1]}]({up}{shown}{match[3]})"
        if target.is_dir():
            readme = path / "README.md"
            return f"[{match[1]}]({up}{readme})" if (target / "README.md").exists() else match[1]
        return match[0]

    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(LINK.sub(linked, source.read_text(encoding="utf-8")), encoding="utf-8")


def navigation(pages):
    """mkdocs.yml, and the pages that it does not name (bindings, examples) in a section of their own, under their titles."""
    settings = (HERE / "mkdocs.yml").read_text(encoding="utf-8")
    lines = ["  - Languages and examples:"]
    for page in sorted(pages.rglob("*.md")):
        path = page.relative_to(pages).as_posix()
        if f": {path}\n" not in settings:
            title = page.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
            lines.append(f"      - {json.dumps(title)}: {path}")
    return settings + ("\n".join(lines) + "\n" if len(lines) > 1 else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--version", default="")
    arguments = parser.parse_args()
    output = arguments.output.resolve()
    for name in ("pages", "generated", "site"):
        shutil.rmtree(output / name, ignore_errors=True)
    (output / "pages").mkdir(parents=True)
    for pattern in PAGES:
        for page in sorted(REPOSITORY.glob(pattern)):
            if not {"node_modules", "target"} & set(page.parts):
                copy_page(page, output / "pages")
    write_reference(output, arguments.version)
    (output / "mkdocs.yml").write_text(navigation(output / "pages"), encoding="utf-8")
    run(["mkdocs", "build", "--config-file", output / "mkdocs.yml"])
    print(output / "site/index.html")


if __name__ == "__main__":
    main()
