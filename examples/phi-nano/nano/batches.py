"""Documents to token ids on disk, and those to rows of equal length."""

import json
import os

import numpy
import torch

BATCH_LINES = 2000


def _write(path, documents):
    """documents: (ids, learned) pairs. The file appears whole or not at all."""
    ids, learned, ends = [], [], []
    end = 0
    for document_ids, document_learned in documents:
        ids.append(numpy.asarray(document_ids, dtype=numpy.uint16))
        learned.append(numpy.asarray(document_learned, dtype=bool))
        end += len(document_ids)
        ends.append(end)
    partial = path + ".partial.npz"
    numpy.savez(partial, ids=numpy.concatenate(ids), learned=numpy.concatenate(learned), ends=numpy.asarray(ends))
    os.replace(partial, path)


def _pages(path, encoder):
    """Every token is learned, and so is where a page ends."""
    with open(path, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    for start in range(0, len(lines), BATCH_LINES):
        for page in encoder.tokenizer.encode_batch(lines[start : start + BATCH_LINES], add_special_tokens=False):
            yield [*page.ids, encoder.end_of_text], [True] * (len(page.ids) + 1)


def _chats(path, encoder):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield encoder.conversation(json.loads(line))


class Documents:
    """The encoded documents of one stage, kept in `folder` once they are encoded."""

    def __init__(self, source, encoder, folder):
        name = os.path.basename(source).removesuffix(".jsonl")
        path = os.path.join(folder, f"{name}.npz")
        if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(source):
            _write(path, (_chats if name == "chats" else _pages)(source, encoder))
        with numpy.load(path) as data:
            self.ids, self.learned, self.ends = data["ids"].astype(numpy.int64), data["learned"], data["ends"]
        self.starts = numpy.concatenate(([0], self.ends[:-1]))
        self.padding = encoder.end_of_text

    def __len__(self):
        return len(self.ends)

    def forever(self):
        """(ids, learned) of each document in order, again and again."""
        while True:
            for start, end in zip(self.starts, self.ends):
                yield self.ids[start:end], self.learned[start:end]


class Packer:
    """Fills rows with whole documents: always the longest one of a small pool that still fits."""

    POOL = 64

    def __init__(self, documents):
        self.source = documents.forever()
        self.padding = documents.padding
        self.pool = []

    def _row(self, length):
        ids = numpy.full(length, self.padding)
        learned = numpy.zeros(length, dtype=bool)
        used = 0
        while True:
            while len(self.pool) < self.POOL:
                self.pool.append(next(self.source))
            fitting = [index for index, (document, _) in enumerate(self.pool) if len(document) <= length - used]
            if not fitting and used == 0:  # all are longer than a row: the first is cut
                document, mask = self.pool.pop(0)
                return document[:length], mask[:length]
            if not fitting:
                return ids, learned
            best = max(fitting, key=lambda index: len(self.pool[index][0]))
            document, mask = self.pool.pop(best)
            ids[used : used + len(document)], learned[used : used + len(document)] = document, mask
            used += len(document)

    def batch(self, rows, length):
        """(inputs, targets), [rows, length - 1] each; a target of -100 is not learned."""
        pairs = [self._row(length) for _ in range(rows)]
        ids = torch.from_numpy(numpy.stack([row for row, _ in pairs]))
        learned = torch.from_numpy(numpy.stack([mask for _, mask in pairs]))
        return ids[:, :-1], ids[:, 1:].masked_fill(~learned[:, 1:], -100)


def batches(documents, config):
    """The batches of all steps, in order. What step n sees depends on nothing but the data and n."""
    packer = Packer(documents)
    while True:
        for length in config["row_lengths"]:
            yield packer.batch(config["batch_tokens"] // length, length)
