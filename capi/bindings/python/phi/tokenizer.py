"""Text to tokens and back."""

import json
from ctypes import byref
from dataclasses import dataclass
from typing import Any, Iterable, List, Mapping, Optional, Tuple

from . import _abi
from ._closing import Closing
from ._convert import Messages, Text, c_messages, c_path, c_tokens, read_text, read_tokens, utf8
from ._handle import Handle
from ._library import StrPath, call, call_for_handle, library


@dataclass(frozen=True)
class TokenizerInfo:
    vocab_size: int
    """Highest id + 1."""
    bos: Optional[int]
    pad: Optional[int]
    adds_bos: bool
    """The model expects bos before a plain prompt; encode never adds it."""
    end: Tuple[int, ...]
    """The tokens that end a reply, the first 16 of them."""


class Tokenizer(Closing):
    """A vocabulary and a chat template. Immutable: any number of threads may use it at once.

    Open one on its own, or take `model.tokenizer`, which is closed with the model.
    """

    def __init__(self, handle: Handle) -> None:
        """Not for you: see open() and Model.tokenizer."""
        self._handle = handle

    @classmethod
    def open(cls, path: StrPath) -> "Tokenizer":
        """From a Hugging Face directory, a tokenizer.json, a .gguf or a packed file."""
        pointer = call_for_handle("phi_tokenizer_open", c_path(path))
        return cls(Handle(pointer, library().phi_tokenizer_free, "tokenizer"))

    @classmethod
    def _of_model(cls, model: Handle) -> "Tokenizer":
        """The model's tokenizer, which keeps the model's memory while it is open."""
        with model as pointer:
            model.borrow()
            return cls(
                Handle(
                    library().phi_model_tokenizer(pointer),
                    lambda _: model.give_back(),
                    "tokenizer",
                    keep=model.keep,
                )
            )

    @property
    def info(self) -> TokenizerInfo:
        info = _abi.TokenizerInfo()
        with self._handle as pointer:
            call("phi_tokenizer_info_get", pointer, byref(info))
        return TokenizerInfo(
            vocab_size=info.vocab_size,
            bos=info.bos if info.bos >= 0 else None,
            pad=info.pad if info.pad >= 0 else None,
            adds_bos=bool(info.adds_bos),
            end=tuple(info.end[: info.end_count]),
        )

    def encode(self, text: Text, *, parse_specials: bool = False) -> List[int]:
        """Text to ids; adds no bos. With `parse_specials` control tokens that are spelled in the
        text become control tokens; leave that off for text that you did not write yourself."""
        data = utf8(text)
        with self._handle as pointer:
            return read_tokens(
                len(data) // 2 + 16,
                "phi_tokenizer_encode",
                pointer,
                data,
                len(data),
                int(parse_specials),
            )

    def encode_chat(self, messages: Messages, *, add_generation_prompt: bool = True) -> List[int]:
        """A chat to ids. Control tokens that are spelled in the messages stay text."""
        array, count = c_messages(messages)
        guess = sum(message.content_bytes for message in array) // 2 + 16 * count + 16
        with self._handle as pointer:
            return read_tokens(
                guess,
                "phi_tokenizer_encode_chat",
                pointer,
                array,
                count,
                int(add_generation_prompt),
            )

    def render_chat(self, messages: Messages, *, add_generation_prompt: bool = True) -> str:
        """A chat to text: exactly what the model's template gives."""
        array, count = c_messages(messages)
        guess = sum(message.content_bytes for message in array) + 64 * count + 64
        with self._handle as pointer:
            return read_text(
                guess,
                "phi_tokenizer_render_chat",
                pointer,
                array,
                count,
                int(add_generation_prompt),
            )

    def render_chat_json(self, chat: Mapping[str, Any]) -> str:
        """The same with everything that the template knows: {"messages": [...], "tools": [...],
        "add_generation_prompt": True, ...}; every further member is a variable of the template."""
        data = json.dumps(chat).encode()
        with self._handle as pointer:
            return read_text(
                len(data) + 256, "phi_tokenizer_render_chat_json", pointer, data, len(data)
            )

    def decode(self, ids: Iterable[int], *, keep_specials: bool = False) -> str:
        """Ids to text, control tokens left out. To show tokens as they come use a TextStream."""
        array, count = c_tokens(ids)
        with self._handle as pointer:
            return read_text(
                8 * count + 16, "phi_tokenizer_decode", pointer, array, count, int(keep_specials)
            )

    def close(self) -> None:
        """Lets go of the tokenizer; does nothing the second time."""
        self._handle.close()
