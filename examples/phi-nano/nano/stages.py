"""Pretraining and supervised fine-tuning: the same next-token loss, on pages and on answers."""

import itertools

import torch.nn.functional as F

from .batches import batches
from .optimization import Stage, autocast


def next_token_loss(model, inputs, targets):
    """(mean loss, number of targets). inputs, targets: [rows, length]; a target of -100 does not count."""
    wanted = targets.reshape(-1) != -100
    with autocast(model):
        hidden = model.hidden(inputs)
        logits = model.logits(hidden.reshape(-1, hidden.shape[-1])[wanted])
    return F.cross_entropy(logits.float(), targets.reshape(-1)[wanted]), int(wanted.sum())


def train_on(name, model, documents, config, folder):
    """Runs a stage over documents and leaves the model in its last state."""
    stage = Stage(name, model, config, folder, config[name]["cycles"])
    device = next(model.parameters()).device
    model.train()
    stream = itertools.islice(batches(documents, config), stage.step, None)
    stage.run(
        (lambda inputs=inputs, targets=targets: next_token_loss(model, inputs.to(device), targets.to(device)))
        for inputs, targets in stream
    )
    return stage
