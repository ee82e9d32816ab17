#!/usr/bin/env python3
"""Draws a roofline from the result of compare.py: what each program reached, under what the machine can do.

A point stands at the work's intensity (operations for each byte of weights and cache that has to be read) and at
the rate of operations that a program reached. The slope is the memory bandwidth, the level lines are the peaks of
int8 and bf16.
"""

import argparse
import json
import math
import os
import sys
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT = 960, 560
LEFT, RIGHT, TOP, BOTTOM = 80, 930, 60, 490  # of the plot
LABEL_WIDTH = 80
SHAPES = ("circle", "square", "triangle", "diamond")  # libphi, then the peers
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .guide { stroke: #59636e; stroke-width: 1; stroke-dasharray: 1 4 }
  .roof { stroke: #1f2328; stroke-width: 2; fill: none }
  .second { stroke-dasharray: 7 5 }
  .p0 { fill: #0969da } .p1 { fill: #bc4c00 } .p2 { fill: #1a7f37 } .p3 { fill: #8250df }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .grid { stroke: #3d444d } .guide { stroke: #9198a1 }
    .roof { stroke: #f0f6fc }
    .p0 { fill: #4493f8 } .p1 { fill: #f0883e } .p2 { fill: #3fb950 } .p3 { fill: #ab7df8 }
  }
"""


class Axis:
    """A logarithmic axis over whole decades."""

    def __init__(self, values, begin, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(math.ceil(math.log10(max(values))), self.low + 1)
        self.begin, self.end = begin, end

    def at(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.begin + part * (self.end - self.begin)

    def ticks(self):
        return [10.0**power for power in range(self.low, self.high + 1)]


def shown_tests(report):
    """Those of an empty cache that are the same work for every program, by intensity."""
    kinds = ("n", "p")  # in a pass with all logits peers compute those of one row only
    tests = [test for test in report["tests"] if test["kind"] in kinds and test["depth"] == 0]
    return sorted(tests, key=intensity)


def label(test):
    return "decode" if test["kind"] == "n" else f"prefill {test['tokens']}"


def intensity(test):
    """Operations per byte."""
    return test["operations"] / test["bytes"]


def rate(test, program):
    """Operations per second."""
    return test["operations"] / test["tokens"] * test["programs"][program]["median"]


def si(value):
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if value >= factor:
            return f"{value / factor:.3g} {prefix}"
    return f"{value:.3g} "


def marker(shape, x, y, attributes):
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" {attributes}/>'
    corners = {
        "square": ((-5.5, -5.5), (5.5, -5.5), (5.5, 5.5), (-5.5, 5.5)),
        "triangle": ((0, -7), (6.5, 5), (-6.5, 5)),
        "diamond": ((0, -7.5), (7.5, 0), (0, 7.5), (-7.5, 0)),
    }[shape]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon points="{points}" {attributes}/>'


def text(x, y, content, style="", anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{style}">{escape(content)}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'


class Plot:
    def __init__(self, report):
        self.report = report
        self.tests = shown_tests(report)
        if not self.tests:
            raise ValueError("no test of an empty cache; measure rows such as n32 and p512")
        limits = {name: value["median"] for name, value in report["limits"].items()}
        self.bandwidth = max(limits["read_bytes_per_second"], limits.get("file_read_bytes_per_second", 0))
        self.peaks = [
            (name, limits[key])
            for name, key in (("int8", "int8_ops_per_second"), ("bf16", "bf16_ops_per_second"))
            if limits.get(key)
        ]
        rates = [rate(test, name) for test in self.tests for name in test["programs"]]
        highest = max(peak for _, peak in self.peaks)
        self.x = Axis([*map(intensity, self.tests), highest / self.bandwidth * 2], LEFT, RIGHT)
        self.y = Axis([*rates, highest], BOTTOM, TOP)

    def draw(self):
        parts = [*self.axes(), *self.roofs(), *self.points(), *self.legend()]
        model, machine = os.path.basename(self.report["model"]), self.report["machine"]["processor"]
        title = f"{model}, {self.report['threads']} threads on {machine}"
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
                f"<title>Roofline: {escape(title)}</title>",
                f"<style>{STYLE}</style>",
                text(LEFT, 34, title, "title"),
                *parts,
                "</svg>\n",
            ]
        )

    def axes(self):
        for value in self.x.ticks():
            at = self.x.at(value)
            yield line(at, TOP, at, BOTTOM, "grid")
            yield text(at, BOTTOM + 20, f"{value:g}", "quiet x-tick", "middle")
        for value in self.y.ticks():
            at = self.y.at(value)
            yield line(LEFT, at, RIGHT, at, "grid")
            yield text(LEFT - 8, at + 4, f"{si(value)}op/s", "quiet y-tick", "end")
        yield text((LEFT + RIGHT) / 2, BOTTOM + 46, "operations per byte of weights and cache", "quiet", "middle")

    def roofs(self):
        highest = max(peak for _, peak in self.peaks)
        left = max(10.0**self.x.low, 10.0**self.y.low / self.bandwidth)
        ridge = highest / self.bandwidth
        points = [(left, left * self.bandwidth), (ridge, highest), (10.0**self.x.high, highest)]
        path = " ".join(f"{self.x.at(x):.1f},{self.y.at(y):.1f}" for x, y in points)
        yield f'<polyline points="{path}" class="roof"/>'
        for name, peak in self.peaks:
            if peak < highest:
                begin = self.x.at(peak / self.bandwidth)
                yield line(begin, self.y.at(peak), RIGHT, self.y.at(peak), "roof second")
            yield text(RIGHT - 6, self.y.at(peak) - 7, f"{name} {si(peak)}op/s", "", "end")
        middle = math.sqrt(left * ridge)
        x, y = self.x.at(middle), self.y.at(middle * self.bandwidth)
        slope = math.degrees(math.atan2(y - self.y.at(highest), self.x.at(ridge) - x))
        yield f'<g transform="rotate({-slope:.1f} {x:.1f} {y:.1f})">'
        yield text(x, y - 8, f"memory {si(self.bandwidth)}B/s", "", "middle") + "</g>"

    def points(self):
        names = list(self.report["programs"])
        last_x, row = -math.inf, 0
        for test in self.tests:
            x = self.x.at(intensity(test))
            roof = min(intensity(test) * self.bandwidth, max(peak for _, peak in self.peaks))
            row = (row + 1) % 3 if x - last_x < LABEL_WIDTH else 0  # labels do not run into each other
            last_x = x
            label_y = BOTTOM - 8 - 18 * row
            yield line(x, self.y.at(roof), x, label_y - 14, "guide")
            yield text(x, label_y, label(test), "quiet", "middle")
            for name in reversed([name for name in names if name in test["programs"]]):  # ours on top
                index = names.index(name) % len(SHAPES)
                tip = f"{name}, {label(test)}: {test['programs'][name]['median']:.3g} tokens/s"
                attributes = f'class="p{index}" data-program={quoteattr(name)} data-test={quoteattr(test["test"])}'
                drawn = marker(SHAPES[index], x, self.y.at(rate(test, name)), attributes)
                yield drawn.replace("/>", f"><title>{escape(tip)}</title></{drawn[1:].split(' ')[0]}>")

    def legend(self):
        for index, name in enumerate(self.report["programs"]):
            y = TOP + 22 + 24 * index
            yield marker(SHAPES[index % len(SHAPES)], LEFT + 22, y, f'class="p{index % len(SHAPES)}"')
            yield text(LEFT + 38, y + 4, name)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", help="what compare.py wrote with --json")
    parser.add_argument("-o", "--output", default="docs/roofline.svg", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        with open(options.result, encoding="utf-8") as file:
            drawing = Plot(json.load(file)).draw()
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(drawing)
    except OSError as error:
        print(f"roofline.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except (ValueError, KeyError, TypeError) as error:
        print(f"roofline.py: {options.result}: not a result of compare.py that can be drawn: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
