"""What the calls of this package raise.

    PhiError
    ├── ArgumentError, also a ValueError     a value makes no sense or is beyond what there is
    ├── FileError                            a model's file: unreadable, damaged, not supported
    │   └── NotFoundError, also a FileNotFoundError
    ├── OutOfMemoryError, also a MemoryError
    │   └── OverBudgetError                  memory_limit_bytes would be exceeded
    ├── ContextFullError                     the session has no room for so many tokens
    ├── CancelledError                       Session.cancel, or a progress callback said no
    └── InternalError                        a mistake in the library: please report it

Beside them: LibraryError when the shared library cannot be loaded, ValueError for the use of what
has been closed, RuntimeError for the use of a session that another thread is using.
"""

from typing import Dict, Type, Union

from .constants import Status, known


class PhiError(Exception):
    """A call of the library failed."""

    code: Union[Status, int]
    """Which error it is; an int where the library knows one that this package does not."""
    message: str
    """One line that names the file, tensor, field or value at fault."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = known(Status, code)
        self.message = message

    def __str__(self) -> str:
        return self.message


class ArgumentError(PhiError, ValueError):
    """A value that makes no sense, or that is beyond what there is."""


class FileError(PhiError):
    """A model's file cannot be read, is damaged, or is beyond what this version can do."""


class NotFoundError(FileError, FileNotFoundError):
    """There is no such file."""

    # OSError has an own way to make a text out of what it was made with.
    __str__ = PhiError.__str__


class OutOfMemoryError(PhiError, MemoryError):
    """The system gives no more memory or threads."""


class OverBudgetError(OutOfMemoryError):
    """memory_limit_bytes would be exceeded; nothing has been allocated."""


class ContextFullError(PhiError):
    """The session has no room for so many tokens."""


class CancelledError(PhiError):
    """The call was cancelled; the session holds what it held before."""


class InternalError(PhiError):
    """A mistake in the library: please report it."""


class LibraryError(OSError):
    """The shared library cannot be found, or is too old for this package."""


_CLASSES: Dict[int, Type[PhiError]] = {
    Status.ERR_NOT_FOUND: NotFoundError,
    Status.ERR_OVER_BUDGET: OverBudgetError,
    Status.ERR_CONTEXT_FULL: ContextFullError,
    Status.ERR_CANCELLED: CancelledError,
}
# Codes that a later library may add are told by their tens.
_FAMILIES: Dict[int, Type[PhiError]] = {1: ArgumentError, 2: FileError, 3: OutOfMemoryError}


def error(code: int, message: str) -> PhiError:
    """The exception for a status below 0."""
    family = _FAMILIES.get(-code // 10, InternalError)
    return _CLASSES.get(code, family)(code, message)
