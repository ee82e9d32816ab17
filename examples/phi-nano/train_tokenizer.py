#!/usr/bin/env python3
"""Trains phi-nano's byte-level BPE on its data and writes tokenizer.json.

    train_tokenizer.py DATA OUT

Splits text as Qwen2 does, so that every digit is a token of its own. Strings of capitals, which the model sorts,
counts and reverses letter by letter, take no part in the training and so stay single letters.
"""

import argparse
import json
import os
import re
import sys

sys.dont_write_bytecode = True

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers  # noqa: E402
from tokenizers.trainers import BpeTrainer  # noqa: E402

from nano.template import CONTROL_TOKENS  # noqa: E402

VOCABULARY = 2048
LINES = 40_000  # of each file: more change nothing
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CAPITALS = re.compile(r"\b(?!JSON\b)[A-Z]{2,}\b")


def texts(folder):
    with open(os.path.join(folder, "textbook.jsonl"), encoding="utf-8") as file:
        for _, line in zip(range(LINES), file):
            yield json.loads(line)
    with open(os.path.join(folder, "chats.jsonl"), encoding="utf-8") as file:
        for _, line in zip(range(LINES), file):
            yield from (message["content"] for message in json.loads(line))


def build():
    """An untrained tokenizer with the splitting rules."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])  # fmt: skip
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", metavar="DATA", help="the folder that make_data.py filled")
    parser.add_argument("out", metavar="OUT", help="tokenizer.json")
    options = parser.parse_args()
    tokenizer = build()
    trainer = BpeTrainer(
        vocab_size=VOCABULARY - len(CONTROL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((CAPITALS.sub("", text) for text in texts(options.data)), trainer)
    missing = VOCABULARY - len(CONTROL_TOKENS) - tokenizer.get_vocab_size()
    spare = [f"<|dummy_{index}|>" for index in range(missing)]  # as Phi-4 fills up its vocabulary
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in spare + CONTROL_TOKENS])
    tokenizer.save(options.out)
    print(f"{tokenizer.get_vocab_size()} tokens, {missing} of them spare")


if __name__ == "__main__":
    main()
