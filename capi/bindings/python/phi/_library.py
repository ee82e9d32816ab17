"""Finds the shared library, loads it once, and calls it."""

import ctypes
import os
import sys
import threading
from pathlib import Path
from typing import Any, List, Optional, Union

from . import _abi
from .errors import LibraryError, error

StrPath = Union[str, "os.PathLike[str]"]

_lock = threading.Lock()
_loaded: Optional[ctypes.CDLL] = None
_loaded_from = ""


def _file_name() -> str:
    if sys.platform == "win32":
        return "phi.dll"
    return "libphi.1.dylib" if sys.platform == "darwin" else "libphi.so.1"


def _places() -> List[str]:
    """Where to look, in this order; a bare name is for the system's own search."""
    from_environment = os.environ.get("PHI_LIBRARY")
    if from_environment:
        return [from_environment]
    beside = Path(__file__).resolve().parent / _file_name()
    return [str(beside), _file_name()] if beside.exists() else [_file_name()]


def _load(place: str) -> ctypes.CDLL:
    library = ctypes.CDLL(place)
    for name, (result, arguments) in _abi.FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def load_library(path: Optional[StrPath] = None) -> str:
    """Loads the shared library and returns where it came from.

    Without `path`: what the environment variable PHI_LIBRARY names, else libphi beside this
    package, else the system's. The first call that needs the library does this on its own, so call
    it yourself only to give a path or to learn early whether the library is there. Once a library
    is loaded it stays: another path then raises LibraryError.
    """
    global _loaded, _loaded_from
    with _lock:
        if _loaded is not None:
            if path is not None and os.fspath(path) != _loaded_from:
                raise LibraryError(f"libphi is loaded already, from {_loaded_from}")
            return _loaded_from
        places = _places() if path is None else [os.fspath(path)]
        problems = []
        for place in places:
            try:
                _loaded = _load(place)
            except AttributeError as missing:
                problems.append(f"{place} is too old for this package: {missing}")
            except OSError as problem:
                problems.append(f"{place}: {problem}")
            else:
                _loaded_from = place
                return place
        hint = "install it, or set PHI_LIBRARY to its path"
        raise LibraryError(f"libphi cannot be loaded; {hint} ({'; '.join(problems)})")


def library() -> Any:
    """The loaded library, whose functions take and return what phi.h says."""
    if _loaded is None:
        load_library()
    return _loaded


def call(name: str, *arguments: Any) -> int:
    """Calls a function that can fail; its last parameter, phi_error *, is added here.

    Returns the status if it is no error. ctypes lets other Python threads run meanwhile.
    """
    err = _abi.Error()
    status: int = getattr(library(), name)(*arguments, ctypes.byref(err))
    if status < 0:
        raise error(status, err.message.decode("utf-8", "replace"))
    return status


def call_for_handle(name: str, *arguments: Any) -> int:
    """The same for a function whose output, before phi_error *, is a handle."""
    out = ctypes.c_void_p()
    call(name, *arguments, ctypes.byref(out))
    return out.value or 0


def version() -> str:
    """The version of the loaded library: "0.1.0"."""
    text: bytes = library().phi_version_string()
    return text.decode()


def abi_version() -> int:
    """The version of the loaded library's binary interface."""
    number: int = library().phi_abi_version()
    return number


def status_name(code: int) -> str:
    """The name of a status in phi.h: "PHI_ERR_NOT_FOUND"; "PHI_UNKNOWN" for any other number."""
    text: bytes = library().phi_status_name(code)
    return text.decode()
