#!/usr/bin/env python3
"""Writes a trained phi-nano as a Hugging Face folder, a GGUF file, and packed files of the program phi.

    export.py DATA RUN OUT [--stage sft] [--phi build/release/examples/cli/phi]

OUT gets the folder phi-nano/, phi-nano.gguf (f32) and, with --phi, phi-nano-int8.phi and phi-nano-int4.phi.
"""

import argparse
import json
import os
import subprocess
import sys

sys.dont_write_bytecode = True

import torch  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from nano.folder import write_folder  # noqa: E402
from nano.gguf_file import write_gguf  # noqa: E402
from nano.model import PhiNano, Shape  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
PACKED = ("int8", "int4")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", metavar="DATA", help="the folder with tokenizer.json")
    parser.add_argument("run", metavar="RUN", help="the folder that train.py filled")
    parser.add_argument("out", metavar="OUT")
    parser.add_argument("--stage", default="dpo", help="whose weights (%(default)s)")
    parser.add_argument("--config", default=os.path.join(HERE, "config.json"), metavar="FILE", help="(%(default)s)")
    parser.add_argument("--phi", metavar="COMMAND", help="the program phi, for the packed files")
    options = parser.parse_args()
    with open(options.config, encoding="utf-8") as file:
        model = PhiNano(Shape(**json.load(file)["model"]))
    weights = os.path.join(options.run, f"{options.stage}.pt")
    model.load_state_dict(torch.load(weights, weights_only=True, map_location="cpu"))
    tokenizer_file = os.path.join(options.data, "tokenizer.json")
    folder = os.path.join(options.out, "phi-nano")
    write_folder(model, Tokenizer.from_file(tokenizer_file), tokenizer_file, folder)
    write_gguf(folder, os.path.join(options.out, "phi-nano.gguf"))
    for form in PACKED if options.phi else ():
        packed = os.path.join(options.out, f"phi-nano-{form}.phi")
        subprocess.run([options.phi, "convert", folder, packed, "--weights", form], check=True)


if __name__ == "__main__":
    main()
