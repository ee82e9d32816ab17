"""Values of Python as C wants them, and back."""

import ctypes
import os
import sys
from array import array
from typing import Any, Callable, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from . import _abi
from ._library import StrPath, call
from .errors import ArgumentError, PhiError
from .constants import Status

Messages = Sequence[Mapping[str, str]]
"""A chat: [{"role": "user", "content": "Why is the sky blue?"}, ...]"""
Text = Union[str, bytes]


def utf8(text: Text) -> bytes:
    """Lone surrogates are no text: the library reads them as U+FFFD."""
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)


def c_string(text: Text, name: str) -> bytes:
    """Text that ends at its NUL, so that it cannot have one inside."""
    encoded = utf8(text)
    if b"\0" in encoded:
        raise ValueError(f"{name}: has a NUL inside")
    return encoded


def c_path(path: StrPath) -> bytes:
    """What the file system calls it; on Windows paths are given to the library in UTF-8."""
    name = os.fspath(path)
    encoded = name.encode("utf-8") if sys.platform == "win32" else os.fsencode(name)
    return c_string(encoded, "path")


def uint32(value: int, name: str) -> int:
    """ctypes would cut it and say nothing."""
    return _within(0, value, 2**32, name)


def int32(value: int, name: str) -> int:
    return _within(-(2**31), value, 2**31, name)


def _within(low: int, value: int, high: int, name: str) -> int:
    if not low <= value < high:
        raise ArgumentError(Status.ERR_OUT_OF_RANGE, f"{name}: {value} does not fit 32 bits")
    return value


def c_tokens(ids: Iterable[int]) -> Tuple[Any, int]:
    """ids as an array of phi_token, and their number. An array('i') is used in place."""
    if isinstance(ids, (str, bytes, bytearray)):
        raise TypeError("ids: an iterable of integers is needed, not text; see Tokenizer.encode")
    tokens = ids if isinstance(ids, array) and ids.typecode == "i" else array("i", ids)
    if not tokens:
        return None, 0
    return (_abi.Token * len(tokens)).from_buffer(tokens), len(tokens)


def c_messages(messages: Messages) -> Tuple[Any, int]:
    """The messages as an array of phi_message, which keeps their text alive, and their number."""
    if isinstance(messages, (str, bytes, Mapping)):
        raise TypeError("messages: a sequence of {'role': ..., 'content': ...} is needed")
    out = (_abi.Message * len(messages))()
    for i, message in enumerate(messages):
        content = utf8(message["content"])
        out[i].role = c_string(message["role"], f"messages[{i}]['role']")
        out[i].content = content
        out[i].content_bytes = len(content)
    return out, len(messages)


def _read_sized(element: Any, guess: int, name: str, arguments: Tuple[Any, ...]) -> Tuple[Any, int]:
    """Calls what writes a number of things that only it knows, with more room if need be."""
    needed = ctypes.c_size_t()
    room = guess
    while True:
        buffer = (element * room)()
        try:
            call(name, *arguments, buffer, room, ctypes.byref(needed))
        except PhiError as problem:
            if problem.code != Status.ERR_BUFFER_TOO_SMALL:
                raise
            room = needed.value
        else:
            return buffer, needed.value


def read_tokens(guess: int, name: str, *arguments: Any) -> List[int]:
    buffer, count = _read_sized(_abi.Token, guess, name, arguments)
    tokens: List[int] = buffer[:count]
    return tokens


def read_text(guess: int, name: str, *arguments: Any) -> str:
    buffer, size = _read_sized(ctypes.c_char, guess, name, arguments)
    return ctypes.string_at(buffer, size).decode("utf-8", "replace")


class _PyBuffer(ctypes.Structure):
    """Py_buffer of Python's own C interface."""

    _fields_ = [
        ("buf", ctypes.c_void_p),
        ("obj", ctypes.py_object),
        ("len", ctypes.c_ssize_t),
        ("itemsize", ctypes.c_ssize_t),
        ("readonly", ctypes.c_int),
        ("ndim", ctypes.c_int),
        ("format", ctypes.c_char_p),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("suboffsets", ctypes.c_void_p),
        ("internal", ctypes.c_void_p),
    ]


class BorrowedBytes:
    """The memory of bytes, bytearray, mmap, a numpy array, ...: read-only is fine, and it neither
    moves nor goes while this object lives."""

    def __init__(self, source: Any) -> None:
        self._view: Optional[_PyBuffer] = None
        view = _PyBuffer()
        contiguous = 0
        ctypes.pythonapi.PyObject_GetBuffer(
            ctypes.py_object(source), ctypes.byref(view), contiguous
        )
        self._view = view
        self._release: Callable[..., Any] = ctypes.pythonapi.PyBuffer_Release

    @property
    def address(self) -> Optional[int]:
        return None if self._view is None else self._view.buf

    @property
    def size(self) -> int:
        return 0 if self._view is None else int(self._view.len)

    def __del__(self) -> None:
        if self._view is not None:
            self._release(ctypes.byref(self._view))
            self._view = None
