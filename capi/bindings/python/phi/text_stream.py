"""Tokens, one at a time, to text that can be shown at once."""

import ctypes
from typing import Any, Sequence

from . import _abi
from ._closing import Closing
from ._convert import c_string, int32
from ._handle import Handle
from ._library import call, call_for_handle, library
from .constants import Status
from .tokenizer import Tokenizer


class TextStream(Closing):
    """Gives whole code points, and nothing that may still become a stop string."""

    def __init__(
        self, tokenizer: Tokenizer, stops: Sequence[str] = (), *, keep_specials: bool = False
    ) -> None:
        """The text ends before the first of `stops` that is complete. With `keep_specials` control
        tokens are part of the text."""
        if isinstance(stops, (str, bytes)):
            raise TypeError("stops: a sequence of strings is needed")
        strings = [c_string(stop, f"stops[{i}]") for i, stop in enumerate(stops)]
        options = _abi.StreamOptions(keep_specials=int(keep_specials), stop_count=len(strings))
        options.stops = (ctypes.c_char_p * len(strings))(*strings)
        with tokenizer._handle as pointer:
            stream = call_for_handle("phi_stream_create", pointer, ctypes.byref(options))
            self._handle = Handle(
                stream,
                library().phi_stream_free,
                "text stream",
                exclusive=True,
                keep=tokenizer._handle.keep,
            )
        self._stopped = False

    def push(self, token: int) -> str:
        """The text that can be shown now, often ""."""
        return self._text("phi_stream_push", int32(token, "token"))

    def flush(self) -> str:
        """At the end of a reply: what is still held back. Then the stream is as new."""
        text = self._text("phi_stream_flush")
        self._stopped = False
        return text

    @property
    def stopped(self) -> bool:
        """A stop string is complete; further tokens give no text until flush()."""
        return self._stopped

    def _text(self, name: str, *arguments: Any) -> str:
        text, size = ctypes.c_void_p(), ctypes.c_size_t()
        with self._handle as pointer:
            status = call(name, pointer, *arguments, ctypes.byref(text), ctypes.byref(size))
            self._stopped = status == Status.END
            if not text.value:
                return ""
            return ctypes.string_at(text.value, size.value).decode("utf-8", "replace")

    def close(self) -> None:
        """Lets go of the stream; does nothing the second time."""
        self._handle.close()
