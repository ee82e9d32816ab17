"""The optimizer, the learning rate over a stage, and the record of a run."""

import contextlib
import csv
import math
import os
import time

import torch

CHECKPOINT_SECONDS = 120
COLUMNS = ("step", "tokens", "loss", "rate", "norm", "seconds")


def make_optimizer(model, config, rate):
    """AdamW; vectors (the norms) are not decayed."""
    settings = config["optimizer"]
    groups = [
        {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": settings["weight_decay"]},
        {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, betas=tuple(settings["betas"]), fused=True)


def length_of(cycle):
    """The steps of a cycle that are taken."""
    return cycle.get("until", cycle["steps"])


def rate_at(step, cycles):
    """In each cycle a warm-up, a plateau, and half a cosine down to the last rate; the next cycle may cut that short."""
    for cycle in cycles:
        if step < length_of(cycle):
            break
        step -= length_of(cycle)
    steps, rate, last, warmup = cycle["steps"], cycle["rate"], cycle["last_rate"], cycle["warmup"]
    decay = cycle.get("decay", steps - warmup)
    if step < warmup:
        return rate * (step + 1) / warmup
    if step < steps - decay:
        return rate
    progress = (step - (steps - decay)) / max(1, decay)
    return last + (rate - last) * 0.5 * (1 + math.cos(math.pi * progress))


def autocast(model):
    """Matrices in bf16, sums in f32."""
    return torch.autocast(next(model.parameters()).device.type, torch.bfloat16)


class Stage:
    """One stage of training: counts steps, sets the rate, writes the curve and checkpoints, goes on where it was."""

    def __init__(self, name, model, config, folder, cycles):
        self.name, self.model, self.config, self.folder = name, model, config, folder
        self.cycles, self.steps = cycles, sum(map(length_of, cycles))
        self.optimizer = make_optimizer(model, config, cycles[0]["rate"])
        self.step = self.tokens = 0
        self.seconds = 0.0
        self._checkpoint = os.path.join(folder, f"{name}.checkpoint.pt")
        if os.path.exists(self._checkpoint):
            self._restore()

    @property
    def curve(self):
        return os.path.join(self.folder, f"{self.name}.csv")

    def run(self, losses):
        """losses: an iterable that gives for each step a function () -> (loss, number of tokens learned)."""
        started = saved = time.monotonic()
        before = self.seconds
        with open(self.curve, "a", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            if file.tell() == 0:
                table.writerow(COLUMNS)
            for compute in losses:
                if self.step >= self.steps:
                    break
                row = self._advance(compute)
                self.seconds = before + time.monotonic() - started
                table.writerow([self.step, self.tokens, *row, f"{self.seconds:.1f}"])
                if time.monotonic() - saved > CHECKPOINT_SECONDS:
                    file.flush()
                    self._save()
                    saved = time.monotonic()
        self._save()

    def _advance(self, compute):
        rate = rate_at(self.step, self.cycles)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, tokens = compute()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config["optimizer"]["clip"])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.tokens += tokens
        if self.step % 20 == 0:
            print(f"{self.name} {self.step}/{self.steps}: loss {loss.item():.4f}", flush=True)
        return f"{loss.item():.5f}", f"{rate:.3e}", f"{norm.item():.3f}"

    def _save(self):
        state = {
            "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
            "step": self.step, "tokens": self.tokens, "seconds": self.seconds,
        }  # fmt: skip
        torch.save(state, self._checkpoint + ".partial")
        os.replace(self._checkpoint + ".partial", self._checkpoint)

    def _restore(self):
        state = torch.load(self._checkpoint, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.tokens, self.seconds = state["step"], state["tokens"], state["seconds"]
        self._cut_curve()

    def _cut_curve(self):
        """Drops what was recorded after the checkpoint: those steps come again."""
        with contextlib.suppress(FileNotFoundError):
            with open(self.curve, newline="", encoding="utf-8") as file:
                lines = file.readlines()
            with open(self.curve, "w", newline="", encoding="utf-8") as file:
                file.writelines(lines[: self.step + 1])
