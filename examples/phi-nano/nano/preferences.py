"""Direct preference optimisation on pairs of the model's own answers: one right, one wrong, to the same question.

The questions are of the training side. Where every sample is wrong, the generator's answer is the right one.
"""

import copy
import itertools
import json
import os
import random

import torch
import torch.nn.functional as F

from .chats import training_question
from .examples import final_answer
from .generation import answer_all
from .optimization import Stage, autocast


def collect_pairs(model, encoder, config):
    """Pairs as {"task", "prompt", "chosen", "rejected"}, the last three as ids."""
    settings = config["dpo"]
    rng = random.Random(config["seed"] + 2)
    examples = [training_question(rng) for _ in range(settings["questions"])]
    prompts = [encoder.prompt(example.question) for example in examples]
    samples = settings["samples"]
    repeated = [prompt for prompt in prompts for _ in range(samples)]
    answers = answer_all(model, repeated, encoder.end, temperature=settings["temperature"], seed=config["seed"])
    pairs = []
    for index, (example, prompt) in enumerate(zip(examples, prompts)):
        right, wrong = [], []
        for ids in answers[index * samples : (index + 1) * samples]:
            ended = ids[-1] == encoder.end
            said = final_answer(encoder.tokenizer.decode(ids[:-1]))
            (right if ended and said == example.answer else wrong).append(ids)
        if wrong:
            chosen = right[0] if right else encoder.reply(example.reply)
            pairs.append({"task": example.task, "prompt": prompt, "chosen": chosen, "rejected": wrong[0]})
    return pairs


def _padded(sequences, value):
    longest = max(map(len, sequences))
    return torch.tensor([[*ids, *[value] * (longest - len(ids))] for ids in sequences])


def answer_rows(pairs, which, padding):
    """(inputs, targets) of prompt and answer, [pairs, length]; a target of -100 is not part of the answer."""
    ids = _padded([pair["prompt"] + pair[which] for pair in pairs], padding)
    targets = _padded([[-100] * len(pair["prompt"]) + pair[which] for pair in pairs], -100)
    return ids[:, :-1], targets[:, 1:]


def answer_likelihoods(model, rows):
    """The log-probability of each answer, [pairs], and its number of tokens."""
    device = next(model.parameters()).device
    inputs, targets = (tensor.to(device) for tensor in rows)
    with autocast(model):
        logits = model(inputs)
    losses = F.cross_entropy(logits.float().transpose(1, 2), targets, reduction="none")  # 0 where not learned
    return -losses.sum(dim=1), (targets != -100).sum(dim=1)


def dpo_loss(model, reference, pairs, settings, padding):
    """(loss, tokens): the DPO loss, and beside it the likelihood of the right answers, so that it does not sink."""
    margins, likelihood, tokens = 0, 0, 0
    for which, sign in (("chosen", 1), ("rejected", -1)):
        rows = answer_rows(pairs, which, padding)
        values, lengths = answer_likelihoods(model, rows)
        with torch.no_grad():
            expected, _ = answer_likelihoods(reference, rows)
        margins = margins + sign * (values - expected)
        tokens += int(lengths.sum())
        if which == "chosen":
            likelihood = (values / lengths).mean()
    preference = -F.logsigmoid(settings["beta"] * margins).mean()
    return preference - settings["likelihood_weight"] * likelihood, tokens


def _load_or_collect(model, encoder, config, folder):
    path = os.path.join(folder, "pairs.json")
    if not os.path.exists(path):
        with open(path + ".partial", "w", encoding="utf-8") as file:
            json.dump(collect_pairs(model, encoder, config), file)
        os.replace(path + ".partial", path)
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def train(model, encoder, config, folder):
    """Collects the pairs of the fine-tuned model, then trains on them; both go on where they were stopped."""
    settings = config["dpo"]
    pairs = _load_or_collect(model, encoder, config, folder)
    if not pairs:
        return
    reference = copy.deepcopy(model).eval().requires_grad_(False)
    size = settings["pairs_per_step"]
    order = []
    for epoch in range(settings["epochs"]):
        indices = list(range(len(pairs)))
        random.Random(config["seed"] + epoch).shuffle(indices)
        order += [indices[start : start + size] for start in range(0, len(indices), size)]
    stage = Stage("dpo", model, config, folder, [{**settings["cycle"], "steps": len(order)}])
    padding = encoder.end_of_text
    stage.run(
        (lambda chosen=chosen: dpo_loss(model, reference, [pairs[index] for index in chosen], settings, padding))
        for chosen in itertools.islice(order, stage.step, None)
    )
