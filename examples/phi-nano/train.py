#!/usr/bin/env python3
"""Trains phi-nano: pretraining, supervised fine-tuning, preference optimisation. Goes on where it was stopped.

    train.py DATA RUN [--stages pretrain sft dpo] [--config FILE]

DATA is what make_data.py filled, with tokenizer.json of train_tokenizer.py in it. RUN gets the encoded data,
checkpoints, one curve (CSV) per stage and the model after each stage (pretrain.pt, sft.pt, dpo.pt).
"""

import argparse
import json
import os
import sys

sys.dont_write_bytecode = True

import torch  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from nano import preferences, stages  # noqa: E402
from nano.batches import Documents  # noqa: E402
from nano.model import PhiNano, Shape  # noqa: E402
from nano.template import ChatEncoder  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = {"pretrain": "textbook.jsonl", "sft": "chats.jsonl"}
STAGES = ("pretrain", "sft", "dpo")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", metavar="DATA")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, metavar="STAGE")
    parser.add_argument("--config", default=os.path.join(HERE, "config.json"), metavar="FILE", help="(%(default)s)")
    parser.add_argument("--threads", type=int, metavar="N", help="of PyTorch")
    return parser.parse_args()


def load_stage(model, folder, name):
    model.load_state_dict(torch.load(os.path.join(folder, f"{name}.pt"), weights_only=True))


def main():
    options = parse_arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    with open(options.config, encoding="utf-8") as file:
        config = json.load(file)
    os.makedirs(options.run, exist_ok=True)
    torch.manual_seed(config["seed"])
    model = PhiNano(Shape(**config["model"])).to("cuda" if torch.cuda.is_available() else "cpu")
    encoder = ChatEncoder(Tokenizer.from_file(os.path.join(options.data, "tokenizer.json")))
    for name in options.stages:
        finished = os.path.join(options.run, f"{name}.pt")
        if os.path.exists(finished):
            continue
        if name != STAGES[0]:
            load_stage(model, options.run, STAGES[STAGES.index(name) - 1])
        if name == "dpo":
            preferences.train(model, encoder, config, options.run)
        else:
            documents = Documents(os.path.join(options.data, SOURCES[name]), encoder, options.run)
            stages.train_on(name, model, documents, config, options.run)
        torch.save(model.state_dict(), finished)


if __name__ == "__main__":
    main()
