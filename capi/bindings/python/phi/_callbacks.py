"""Callbacks of Python as the library calls them.

An exception must not leave a callback: it is kept, the running call is cancelled, and the exception
is raised where the call was made. That holds for Ctrl-C too, whose KeyboardInterrupt comes up as
soon as Python code runs again, which in a call of minutes is in the callback for its progress. So
every call that may take long has one, asked for or not.
"""

from typing import Any, Callable, Generator, List, Optional

from . import _abi
from .constants import LogLevel, known

Progress = Callable[[float], Optional[bool]]
LogFunction = Callable[[int, str], object]


def _watch(
    progress: Optional[Progress], raised: List[BaseException]
) -> Generator[int, float, None]:
    """Takes how much is done, gives whether to go on."""
    go_on = 1
    while True:
        try:
            done = yield go_on
            go_on = 0 if raised or (progress is not None and progress(done) is False) else 1
        except GeneratorExit:
            return
        except BaseException as exception:
            # Without this generator's frame: who clears the frames of a traceback would end it.
            frame = exception.__traceback__
            raised.append(exception.with_traceback(frame.tb_next if frame else None))
            go_on = 0


def _log(log: LogFunction, raised: List[BaseException]) -> Any:
    def write(_user: Any, level: int, message: bytes) -> None:
        try:
            log(known(LogLevel, level), message.decode("utf-8", "replace"))
        except BaseException as exception:
            raised.append(exception)

    return _abi.Log(write)


class Callbacks:
    """What one options struct points to. Keep it while the library may call."""

    def __init__(self, progress: Optional[Progress], log: Optional[LogFunction] = None) -> None:
        self._raised: List[BaseException] = []
        watch = _watch(progress, self._raised)
        next(watch)
        # The library hands `user` back: it is the generator's send, and "calling" is all that the
        # callback does. No function of Python is entered outside the generator's try, where a
        # KeyboardInterrupt would be lost.
        self._send = watch.send
        self.keep_going = _abi.KeepGoing(type(self._send).__call__)
        self.user = id(self._send)
        self.log = _abi.Log(0) if log is None else _log(log, self._raised)

    def raise_pending(self) -> None:
        """Raises what a callback has raised since the last time."""
        if self._raised:
            exception = self._raised[0]
            self._raised.clear()
            raise exception
