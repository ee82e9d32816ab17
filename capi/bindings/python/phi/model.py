"""Weights, configuration and tokenizer."""

from ctypes import byref
from dataclasses import dataclass
from typing import Any, Optional, Union

from . import _abi
from ._closing import Closing
from ._convert import BorrowedBytes, c_path
from ._handle import Handle
from ._library import StrPath, call, call_for_handle, library
from .constants import Weights, known
from .options import ModelOptions, SessionOptions
from .tokenizer import Tokenizer


@dataclass(frozen=True)
class ModelInfo:
    name: str
    """As the file says, may be ""."""
    architecture: str
    """"phi3", "qwen2" or "llama"."""
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab_size: int
    """Length of a row of logits; may exceed the tokenizer's."""
    context: int
    """Positions that the model is made for."""
    parameters: int
    weight_bytes: int
    """As held in memory, mapped pages included."""
    weights: Union[Weights, int]


@dataclass(frozen=True)
class Memory:
    """Bytes, for one model with one session."""

    weights: int
    cache: int
    scratch: int
    peak_while_loading: int
    total: int
    """weights + cache + scratch"""


class Model(Closing):
    """An open model. Immutable: any number of threads and sessions share one.

    Use it as a context manager, or close() it. Sessions and streams that were made with it go on
    working; the weights are let go when the last of them is closed.
    """

    def __init__(self, handle: Handle) -> None:
        """Not for you: see open() and open_memory()."""
        self._handle = handle
        self._tokenizer = Tokenizer._of_model(handle)

    @classmethod
    def open(cls, path: StrPath, options: ModelOptions = ModelOptions()) -> "Model":
        """Opens a Hugging Face directory, a .gguf file or a packed file.

        Weights are mapped and read as they are used: the files must not change meanwhile.
        """
        return cls._open("phi_model_open", c_path(path), options=options)

    @classmethod
    def open_memory(cls, data: Any, options: ModelOptions = ModelOptions()) -> "Model":
        """The same for a GGUF or packed file in memory: bytes, mmap, or whatever has a buffer.

        It is used in place and kept alive; do not change it.
        """
        memory = BorrowedBytes(data)
        return cls._open(
            "phi_model_open_memory", memory.address, memory.size, options=options, keep=memory
        )

    @classmethod
    def _open(
        cls, name: str, *source: Any, options: ModelOptions, keep: Optional[object] = None
    ) -> "Model":
        struct, callbacks = options._to_c()
        try:
            pointer = call_for_handle(name, *source, byref(struct))
        except Exception:
            callbacks.raise_pending()  # the cause of a cancelled call
            raise
        handle = Handle(pointer, library().phi_model_free, "model", keep=keep)
        callbacks.raise_pending()
        return cls(handle)

    @staticmethod
    def convert(source: StrPath, packed: StrPath, options: ModelOptions = ModelOptions()) -> None:
        """Writes what open() takes as one packed file, which opens fastest. The file appears whole
        or not at all. With options.weights the weights are converted once and for all."""
        struct, callbacks = options._to_c()
        try:
            call("phi_model_convert", c_path(source), c_path(packed), byref(struct))
        finally:
            callbacks.raise_pending()

    @staticmethod
    def estimate(
        path: StrPath,
        options: ModelOptions = ModelOptions(),
        session: SessionOptions = SessionOptions(),
    ) -> Memory:
        """What the model and one session would take, from the file's headers alone."""
        struct, callbacks = options._to_c()
        session_struct, _session_callbacks = session._to_c()
        memory = _abi.Memory()
        try:
            call(
                "phi_model_estimate",
                c_path(path),
                byref(struct),
                byref(session_struct),
                byref(memory),
            )
        finally:
            callbacks.raise_pending()
        return Memory(
            weights=memory.weights,
            cache=memory.cache,
            scratch=memory.scratch,
            peak_while_loading=memory.peak_while_loading,
            total=memory.total,
        )

    @property
    def info(self) -> ModelInfo:
        info = _abi.ModelInfo()
        with self._handle as pointer:
            call("phi_model_info_get", pointer, byref(info))
        return ModelInfo(
            name=info.name.decode("utf-8", "replace"),
            architecture=info.architecture.decode("utf-8", "replace"),
            layers=info.layers,
            hidden=info.hidden,
            heads=info.heads,
            kv_heads=info.kv_heads,
            head_dim=info.head_dim,
            vocab_size=info.vocab_size,
            context=info.context,
            parameters=info.parameters,
            weight_bytes=info.weight_bytes,
            weights=known(Weights, info.weights),
        )

    @property
    def tokenizer(self) -> Tokenizer:
        """Closed with the model."""
        return self._tokenizer

    def close(self) -> None:
        """Lets go of the model; does nothing the second time."""
        self._tokenizer.close()
        self._handle.close()
