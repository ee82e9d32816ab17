"""Phi-4 and its peers inside your program, on its CPU, without a network.

    import phi

    with phi.Model.open("phi-4-Q4_0.gguf") as model, phi.Session(model) as session:
        for text in session.reply([{"role": "user", "content": "Why is the sky blue?"}]):
            print(text, end="", flush=True)
"""

from ._convert import Messages
from ._library import abi_version, load_library, status_name, version
from .constants import Isa, Kv, LogLevel, Pin, Precision, Priority, Repack, Status, Weights
from .errors import (
    ArgumentError,
    CancelledError,
    ContextFullError,
    FileError,
    InternalError,
    LibraryError,
    NotFoundError,
    OutOfMemoryError,
    OverBudgetError,
    PhiError,
)
from .model import Memory, Model, ModelInfo
from .options import ModelOptions, Sampling, SessionOptions
from .reply import Reply
from .session import Next, Session
from .text_stream import TextStream
from .tokenizer import Tokenizer, TokenizerInfo

__all__ = [
    "ArgumentError",
    "CancelledError",
    "ContextFullError",
    "FileError",
    "InternalError",
    "Isa",
    "Kv",
    "LibraryError",
    "LogLevel",
    "Memory",
    "Messages",
    "Model",
    "ModelInfo",
    "ModelOptions",
    "Next",
    "NotFoundError",
    "OutOfMemoryError",
    "OverBudgetError",
    "PhiError",
    "Pin",
    "Precision",
    "Priority",
    "Repack",
    "Reply",
    "Sampling",
    "Session",
    "SessionOptions",
    "Status",
    "TextStream",
    "Tokenizer",
    "TokenizerInfo",
    "Weights",
    "abi_version",
    "load_library",
    "status_name",
    "version",
]
