"""Owning handles: closed once, never used after that, and never freed under a running call."""

import threading
from typing import Any, Callable, Optional


class Handle:
    """A pointer of the library, and when to free it.

    `with handle as pointer:` is one use. close() forbids further uses; the pointer is freed then,
    or when the last running use ends and the last borrower is gone. It is closed when nobody refers
    to it any more, too. All calls are thread-safe.
    """

    def __init__(
        self,
        pointer: int,
        free: Callable[[int], None],
        name: str,
        *,
        exclusive: bool = False,
        keep: object = None,
    ) -> None:
        self.keep = keep  # what the pointer needs while it lives: callbacks, memory
        self._pointer: Optional[int] = pointer
        self._free = free
        self._name = name
        self._exclusive = exclusive
        self._uses = 0
        self._borrowers = 0
        self._closed = False
        self._lock = threading.RLock()

    def __enter__(self) -> int:
        with self._lock:
            if self._closed or self._pointer is None:
                raise ValueError(f"{self._name} is closed")
            if self._exclusive and self._uses > 0:
                raise RuntimeError(
                    f"{self._name} is in use, by another thread or around a callback"
                )
            self._uses += 1
            return self._pointer

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._uses -= 1
            self._free_if_unused()

    def interrupt(self, function: Callable[[int], Any], *, even_idle: bool = True) -> None:
        """Calls what may be called beside a running use. Does nothing once the handle is closed."""
        with self._lock:
            if self._pointer is not None and not self._closed and (even_idle or self._uses > 0):
                function(self._pointer)

    def borrow(self) -> None:
        """Memory of the pointer is in use: it is not freed before give_back()."""
        with self._lock:
            self._borrowers += 1

    def give_back(self) -> None:
        with self._lock:
            self._borrowers -= 1
            self._free_if_unused()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._free_if_unused()

    def _free_if_unused(self) -> None:
        pointer = self._pointer
        if self._closed and pointer is not None and self._uses == 0 and self._borrowers == 0:
            self._pointer = None
            self._free(pointer)
            self.keep = None

    @property
    def closed(self) -> bool:
        return self._closed

    def __del__(self) -> None:
        self.close()
