"""bench/roofline.py: well-formed drawings with every point where its axes say."""

import json
import math
import os
import sys
import tempfile
import unittest
import xml.etree.ElementTree as xml
from contextlib import redirect_stderr
from io import StringIO

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))

import roofline  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"


def entry(test, kind, tokens, depth, operations, read_bytes, speeds):
    programs = {name: {"median": speed} for name, speed in speeds.items()}
    return {"test": test, "kind": kind, "tokens": tokens, "depth": depth, "operations": operations,
            "bytes": read_bytes, "programs": programs}  # fmt: skip


REPORT = {
    "model": "/models/a<b>&c.gguf",
    "threads": 2,
    "machine": {"processor": 'some "processor"'},
    "programs": {"libphi": {}, "llama.cpp": {}, 'a "fork" <1>': {}},
    "limits": {
        "int8_ops_per_second": {"median": 900e9},
        "bf16_ops_per_second": {"median": 450e9},
        "read_bytes_per_second": {"median": 50e9},
    },
    "tests": [
        # Phi-4 in Q4_0, about: 28 operations for 8 bytes, and 512 prompt tokens.
        entry("n32", "n", 32, 0, 32 * 28e9, 32 * 8e9, {"libphi": 6, "llama.cpp": 4, 'a "fork" <1>': 5}),
        entry("p512", "p", 512, 0, 512 * 27.5e9, 8.2e9, {"libphi": 20, "llama.cpp": 9.5, 'a "fork" <1>': 14}),
        entry("b4", "b", 4, 0, 4 * 28e9, 8e9, {"libphi": 20, "llama.cpp": 8}),
        entry("p4", "p", 4, 0, 4 * 27.5e9, 8e9, {"libphi": 20, "llama.cpp": 8}),
        entry("n32@4096", "n", 32, 4096, 1e12, 1e11, {"libphi": 5}),
        {"test": "open", "kind": "open", "tokens": 0, "depth": 0, "programs": {"libphi": {"median": 1}}},
    ],
}


def position(element):
    """The centre of a marker."""
    if element.tag == SVG + "circle":
        return float(element.get("cx")), float(element.get("cy"))
    corners = [tuple(map(float, pair.split(","))) for pair in element.get("points").split()]
    xs, ys = zip(*corners)
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def scale(root, style, parse, coordinate):
    """What an axis's own labels say: coordinate of log10(value)."""
    ticks = [(math.log10(parse(t.text)), float(t.get(coordinate))) for t in root.iter(SVG + "text")
             if style in (t.get("class") or "").split()]  # fmt: skip
    (low, begin), (high, end) = min(ticks), max(ticks)
    return lambda value: begin + (math.log10(value) - low) / (high - low) * (end - begin)


def operations(text):
    number, unit = text.split()
    return float(number) * {"Top/s": 1e12, "Gop/s": 1e9, "Mop/s": 1e6}[unit]


class RooflineTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.result, self.drawing = (os.path.join(folder.name, name) for name in ("result.json", "roofline.svg"))

    def draw(self, report):
        with open(self.result, "w", encoding="utf-8") as file:
            json.dump(report, file)
        error = StringIO()
        with redirect_stderr(error):
            status = roofline.main([self.result, "-o", self.drawing])
        return status, error.getvalue()

    def test_every_point_is_where_its_axes_say(self):
        self.assertEqual(self.draw(REPORT), (0, ""))
        root = xml.parse(self.drawing).getroot()
        points = {(e.get("data-test"), e.get("data-program")): position(e) for e in root.iter() if e.get("data-test")}
        # Decoding and prompts of an empty cache, for every program that measured them.
        expected = {
            (test["test"], name): (
                test["operations"] / test["bytes"],
                test["operations"] * value["median"] / test["tokens"],
            )
            for test in REPORT["tests"]
            if test["test"] in ("n32", "p512", "p4")
            for name, value in test["programs"].items()
        }
        self.assertEqual(set(points), set(expected))
        x = scale(root, "x-tick", float, "x")
        y = scale(root, "y-tick", operations, "y")
        for key, (intensity, rate) in expected.items():
            self.assertAlmostEqual(points[key][0], x(intensity), delta=1, msg=key)
            self.assertAlmostEqual(points[key][1], y(rate), delta=5, msg=key)  # labels stand 4 below their lines

    def test_roofs_and_names_are_there(self):
        self.draw(REPORT)
        texts = [element.text for element in xml.parse(self.drawing).getroot().iter(SVG + "text")]
        for text in ("int8 900 Gop/s", "bf16 450 Gop/s", "memory 50 GB/s", "libphi", "llama.cpp", 'a "fork" <1>',
                     'a<b>&c.gguf, 2 threads on some "processor"'):  # fmt: skip
            self.assertIn(text, texts)

    def test_a_processor_without_bf16(self):
        limits = {**REPORT["limits"], "bf16_ops_per_second": {"median": 0}}
        self.assertEqual(self.draw({**REPORT, "limits": limits}), (0, ""))
        texts = [element.text for element in xml.parse(self.drawing).getroot().iter(SVG + "text")]
        self.assertFalse([text for text in texts if text and text.startswith("bf16")])

    def test_errors(self):
        status, error = self.draw({**REPORT, "tests": REPORT["tests"][-2:]})
        self.assertEqual(status, 1)
        self.assertIn("no test of an empty cache", error)
        status, error = self.draw({"tests": []})
        self.assertEqual(status, 1)
        self.assertIn("not a result of compare.py", error)
        with redirect_stderr(StringIO()) as error:
            self.assertEqual(roofline.main(["/nowhere/result.json"]), 1)
        self.assertIn("/nowhere/result.json", error.getvalue())


if __name__ == "__main__":
    unittest.main()
