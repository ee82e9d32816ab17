"""Answers of the model to many prompts at once."""

from collections import defaultdict

import torch

from .optimization import autocast

ROWS = 128


def _pick(logits, temperature, generator):
    if temperature == 0:
        return logits.argmax(dim=-1)
    return torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=generator).squeeze(1)


@torch.inference_mode()
def _continue(model, prompts, end, most, temperature, generator):
    """prompts: [rows, length], all of one length. A list of ids per row, up to and with the end token."""
    caches = model.new_caches()
    answers = [[] for _ in prompts]
    open_rows = set(range(len(prompts)))
    tokens = prompts
    for _ in range(most):
        with autocast(model):
            logits = model.logits(model.hidden(tokens, caches)[:, -1]).float()
        tokens = _pick(logits, temperature, generator)[:, None]
        for row, token in enumerate(tokens[:, 0].tolist()):
            if row in open_rows:
                answers[row].append(token)
                if token == end:
                    open_rows.discard(row)
        if not open_rows:
            break
    return answers


def answer_all(model, prompts, end, most=160, temperature=0.0, seed=0):
    """The answers to prompts (lists of ids), in their order; each ends with `end` unless it became too long."""
    device = next(model.parameters()).device
    generator = torch.Generator(device=device).manual_seed(seed)
    by_length = defaultdict(list)
    for index, prompt in enumerate(prompts):
        by_length[len(prompt)].append(index)
    answers = [None] * len(prompts)
    for length in sorted(by_length):
        indices = by_length[length]
        for start in range(0, len(indices), ROWS):
            chosen = indices[start : start + ROWS]
            batch = torch.tensor([prompts[index] for index in chosen], device=device)
            for index, answer in zip(chosen, _continue(model, batch, end, most, temperature, generator)):
                answers[index] = answer
    return answers
