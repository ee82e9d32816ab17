"""What can be asked of the calls that open and create, by name. Zero, None and empty are the
defaults."""

import ctypes
from array import array
from dataclasses import dataclass, field
from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from . import _abi
from ._callbacks import Callbacks, LogFunction, Progress
from ._convert import c_tokens
from .constants import Isa, Kv, Pin, Precision, Priority, Repack, Weights


@dataclass(frozen=True)
class ThreadOptions:
    """What models and sessions have in common: the threads that load or evaluate, and a function
    that is told how far they are."""

    progress: Optional[Progress] = None
    """Called with 0..1 at most every 20 ms during a load or a long prefill; returning False
    cancels."""
    threads: int = 0
    """How many work; 0 = the physical cores that this process may use."""
    pin: Pin = Pin.NONE
    priority: Priority = Priority.NORMAL

    def _fields(self, callbacks: Callbacks) -> Dict[str, Any]:
        """Of both structs."""
        return {
            "threads": self.threads,
            "pin": self.pin,
            "priority": self.priority,
            "keep_going": callbacks.keep_going,
            "user": callbacks.user,
        }


@dataclass(frozen=True)
class ModelOptions(ThreadOptions):
    """How a model is opened, converted or estimated."""

    weights: Weights = Weights.AS_STORED
    isa: Isa = Isa.BEST
    memory_limit_bytes: int = 0
    """Of the weights, the peak while loading and all sessions together; 0 = none. What would exceed
    it raises OverBudgetError before anything is allocated."""
    log: Optional[LogFunction] = None
    """Called with a LogLevel and one line while the model is opened or converted; None = silent."""
    repack: Repack = Repack.WHEN_FASTER

    def _to_c(self) -> Tuple[_abi.ModelOptions, Callbacks]:
        callbacks = Callbacks(self.progress, self.log)
        return (
            _abi.ModelOptions(
                weights=self.weights,
                isa=self.isa,
                memory_limit_bytes=self.memory_limit_bytes,
                log=callbacks.log,
                repack=self.repack,
                **self._fields(callbacks),
            ),
            callbacks,
        )


@dataclass(frozen=True)
class Sampling:
    """How the next token is chosen. The default takes the most probable one.

    Steps, in this order: bias, penalties, top_k, top_p, min_p, temperature, draw.
    """

    temperature: float = 0.0
    """Divides the logits; 0 = the best token."""
    top_k: int = 0
    """Keep the k most probable tokens; 0 = off."""
    top_p: float = 0.0
    """Keep the shortest list that holds this probability; 0 = off."""
    min_p: float = 0.0
    """Keep what is this times as probable as the best; 0 = off."""
    repeat_penalty: float = 0.0
    """Divides logits > 0 of seen tokens, multiplies others; 0 and 1 = off."""
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    penalty_window: int = 0
    """How many of the last tokens, prompt included, count as seen; 0 = 64."""
    ignore_end: bool = False
    """The model's end tokens are ordinary tokens."""
    seed: int = 0
    """A seed gives the same tokens everywhere."""
    bias: Mapping[int, float] = field(default_factory=dict)
    """Added to the logits of tokens; -inf forbids a token."""
    stop_tokens: Sequence[int] = ()
    """End a reply, as the model's own end tokens do."""

    def _to_c(self) -> _abi.Sampling:
        bias_tokens, bias_count = c_tokens(array("i", self.bias.keys()))
        stop_tokens, stop_count = c_tokens(self.stop_tokens)
        out = _abi.Sampling(
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            min_p=self.min_p,
            repeat_penalty=self.repeat_penalty,
            presence_penalty=self.presence_penalty,
            frequency_penalty=self.frequency_penalty,
            penalty_window=self.penalty_window,
            ignore_end=int(self.ignore_end),
            seed=self.seed,
            bias_count=bias_count,
            stop_count=stop_count,
        )
        # An array that is put into a pointer field is kept alive by the struct.
        if bias_count > 0:
            out.bias_tokens = bias_tokens
            out.biases = (ctypes.c_float * bias_count)(*self.bias.values())
        if stop_count > 0:
            out.stop_tokens = stop_tokens
        return out


@dataclass(frozen=True)
class SessionOptions(ThreadOptions):
    """How a session is created."""

    context: int = 0
    """Positions to reserve; 0 = 4096, or the model's if that is less."""
    kv: Kv = Kv.BF16
    sampling: Sampling = field(default_factory=Sampling)
    precision: Precision = Precision.STANDARD

    def _to_c(self) -> Tuple[_abi.SessionOptions, Callbacks]:
        callbacks = Callbacks(self.progress)
        return (
            _abi.SessionOptions(
                context=self.context,
                kv=self.kv,
                sampling=self.sampling._to_c(),
                precision=self.precision,
                **self._fields(callbacks),
            ),
            callbacks,
        )
