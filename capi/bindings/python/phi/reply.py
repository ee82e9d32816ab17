"""An answer as an iterator over its text."""

import threading
from typing import TYPE_CHECKING, Callable, Iterator, List, Optional, Sequence, TypeVar

from ._closing import Closing
from ._convert import Messages
from .constants import Status
from .errors import CancelledError
from .text_stream import TextStream

if TYPE_CHECKING:
    from .session import Session

Result = TypeVar("Result")


class Reply(Closing, Iterator[str]):
    """Text as it is generated. Each step of the iteration gives a piece that is not empty.

    The first step evaluates the prompt. Stop whenever you like: leave the loop, or close() the
    reply, from another thread too, which ends the iteration within milliseconds. The session holds
    what was generated until then, and is ready for more.
    """

    def __init__(
        self,
        session: "Session",
        messages: Optional[Messages],
        stops: Sequence[str],
        max_tokens: Optional[int],
    ) -> None:
        self.tokens: List[int] = []
        """What was generated so far, an end token included."""
        self.finish: Optional[str] = None
        """Why the reply is over: "end", "stop" or "length"; None while it is not, and if it was
        closed or an exception cut it short."""
        self._session = session
        self._messages = messages
        self._max_tokens = max_tokens
        self._stream = TextStream(session._tokenizer, stops)
        self._lock = threading.Lock()
        self._running = False
        self._closed = False

    def __iter__(self) -> "Reply":
        return self

    def __next__(self) -> str:
        try:
            while not self._closed:
                text = self._step()
                if self.finish is not None:
                    self.close()
                if text:
                    return text
        except BaseException as exception:
            # A ValueError is the stream's, which is closed already.
            asked_for = self._closed and isinstance(exception, (CancelledError, ValueError))
            self.close()
            if not asked_for:
                raise
        raise StopIteration

    def close(self) -> None:
        """Ends the reply, from any thread; does nothing the second time."""
        with self._lock:
            self._closed = True
            if self._running:
                self._session.cancel()
        self._stream.close()

    def _step(self) -> str:
        """One token further; its text may be empty."""
        if self._messages is not None:
            messages, self._messages = self._messages, None
            self._cancellable(lambda: self._session.append_chat(messages))
        if self._max_tokens is not None and len(self.tokens) >= self._max_tokens:
            self.finish = "length"
            return self._stream.flush()
        token, end = self._cancellable(self._session.next)
        self.tokens.append(token)
        if end:
            self.finish = "end"
            return self._stream.flush()
        text = self._stream.push(token)
        if self._stream.stopped:
            self.finish = "stop"
        return text

    def _cancellable(self, work: Callable[[], Result]) -> Result:
        """Runs `work`, which close() cancels."""
        with self._lock:
            if self._closed:
                raise CancelledError(Status.ERR_CANCELLED, "cancelled")
            self._running = True
        try:
            return work()
        finally:
            with self._lock:
                self._running = False
                closed = self._closed
            if closed:
                self._use_up_cancel()

    def _use_up_cancel(self) -> None:
        """A cancel that came too late for this call is not for the session's next one."""
        try:
            self._session.append(())
        except (CancelledError, ValueError, RuntimeError):
            pass  # used up; or the session is closed; or somebody else uses it already
