#!/usr/bin/env python3
"""Draws the curves of a run: the loss of each stage over the tokens it learned, and the learning rate.

    draw_curves.py RUN OUT.png
"""

import csv
import os
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

TITLES = {"pretrain": "Pretraining", "sft": "Supervised fine-tuning", "dpo": "Preference optimisation"}
SMOOTHED_OVER = 20


def read_curve(path):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [[float(row[name]) for row in rows] for name in ("tokens", "loss", "rate")]


def smooth(values):
    """The mean of the last few values at each place."""
    ends = range(1, len(values) + 1)
    return [sum(values[max(0, end - SMOOTHED_OVER) : end]) / min(end, SMOOTHED_OVER) for end in ends]


def draw(axes, name, path):
    tokens, loss, rate = read_curve(path)
    millions = [count / 1e6 for count in tokens]
    axes.plot(millions, loss, color="#c8d8f0", linewidth=0.7)
    axes.plot(millions, smooth(loss), color="#1f4e9c", linewidth=1.4)
    axes.set(title=TITLES[name], xlabel="million tokens learned", ylabel="loss")
    axes.grid(alpha=0.3)
    if name != "dpo":
        axes.set_yscale("log")
    right = axes.twinx()
    right.plot(millions, rate, color="#b05020", linewidth=0.9, linestyle="--")
    right.set_ylabel("learning rate (dashed)")
    right.set_ylim(bottom=0)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    curves = {name: os.path.join(sys.argv[1], f"{name}.csv") for name in TITLES}
    curves = {name: path for name, path in curves.items() if os.path.exists(path)}
    figure, all_axes = plt.subplots(1, len(curves), figsize=(5 * len(curves), 3.6), squeeze=False, layout="constrained")
    for axes, (name, path) in zip(all_axes[0], curves.items()):
        draw(axes, name, path)
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
