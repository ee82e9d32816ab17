"""The file that holds the pairs measured so far, so that a comparison can be stopped and gone on with."""

import json
import os

from . import ComparisonError

VERSION = 1
NO_CONDITIONS = {"memory_gb_per_second": None, "processors_awake": False}  # of states that name none


class State:
    """Pairs by row. Every change is on disk, whole, before the next pair begins."""

    def __init__(self, path, identity):
        self.path = path
        self.content = {"version": VERSION, "identity": identity, "pairs": {}, "dropped": {}}
        if not os.path.exists(path):
            return
        try:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            version, made_with = found["version"], found["identity"]
            made_with.setdefault("conditions", NO_CONDITIONS)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ComparisonError(
                f"{path}: not a state of this program ({error}); name another with --state"
            ) from error
        # As JSON gives it back: tuples are lists.
        if version != VERSION or made_with != json.loads(json.dumps(identity)):
            raise ComparisonError(
                f"{path}: begun with another {_difference(made_with, identity)}; pairs of before and after do not "
                "belong together: start anew with --fresh, or name another file with --state"
            )
        self.content = found

    def pairs(self, row):
        return self.content["pairs"].get(str(row), [])

    def dropped(self, row):
        return self.content["dropped"].get(str(row), [])

    def add(self, row, pair):
        self._append("pairs", row, pair)

    def drop(self, row, pair):
        self._append("dropped", row, pair)

    def _append(self, kind, row, pair):
        self.content[kind].setdefault(str(row), []).append(pair)
        partial = self.path + ".part"
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(self.content, file, indent=1)
        os.replace(partial, self.path)


def _difference(before, now):
    """What changed, by name: "threads" or the name of a program."""
    keys = [*now.get("programs", {}), *before.get("programs", {})]
    for name in keys:
        if before.get("programs", {}).get(name) != json.loads(json.dumps(now["programs"].get(name))):
            return f"'{name}' (its command, its program file or its model)"
    if before.get("threads") != now.get("threads"):
        return "number of threads"
    return "--memory or --awake" if before.get("conditions") != now.get("conditions") else "version"
