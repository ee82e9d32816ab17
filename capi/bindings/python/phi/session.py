"""One conversation: its tokens, their KV cache and a sampler."""

import ctypes
import weakref
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence

from . import _abi
from ._callbacks import Callbacks
from ._closing import Closing
from ._convert import Messages, c_messages, c_tokens, read_tokens, uint32
from ._floats import Logits, as_logits, new_floats
from ._handle import Handle
from ._library import call, call_for_handle, library
from .constants import Status
from .model import Model
from .options import Sampling, SessionOptions
from .reply import Reply
from .tokenizer import Tokenizer


class Next(NamedTuple):
    token: int
    end: bool
    """The token is an end token: the reply is over. It is held like any other."""


class Session(Closing):
    """A conversation with a model. One thread at a time; cancel() and close() from any thread.

    While a call runs, other threads of Python run too. Ctrl-C ends a running call.
    """

    def __init__(self, model: Model, options: SessionOptions = SessionOptions()) -> None:
        """Reserves all memory of the session."""
        struct, callbacks = options._to_c()
        with model._handle as pointer:
            session = call_for_handle("phi_session_create", pointer, ctypes.byref(struct))
            self._handle = Handle(
                session,
                library().phi_session_free,
                "session",
                exclusive=True,
                keep=(callbacks, model._handle.keep),
            )
            self._tokenizer = Tokenizer._of_model(model._handle)
        self._callbacks: Callbacks = callbacks
        self._vocab_size = model.info.vocab_size

    # ---- A whole answer, as text ----

    def reply(
        self, messages: Messages, *, stops: Sequence[str] = (), max_tokens: Optional[int] = None
    ) -> Reply:
        """The answer to a chat, piece by piece as it is generated.

            for text in session.reply([{"role": "user", "content": "Why is the sky blue?"}]):
                print(text, end="", flush=True)

        Hand over the whole conversation each turn; what the session holds already is not evaluated
        again. Ends at the model's end token, before the first of `stops`, or after `max_tokens`.
        """
        return Reply(self, messages, stops, max_tokens)

    def generate(self, *, stops: Sequence[str] = (), max_tokens: Optional[int] = None) -> Reply:
        """The same for what was appended: goes on from there."""
        return Reply(self, None, stops, max_tokens)

    # ---- Token by token ----

    def append(self, ids: Iterable[int]) -> None:
        """Appends tokens and evaluates them. On an error the session holds what it held."""
        array, count = c_tokens(ids)
        self._call("phi_session_append", array, count)

    def append_chat(self, messages: Messages) -> None:
        """The whole conversation, each turn: keeps what is the same as before, appends the rest
        with the header that asks the model for its answer."""
        array, count = c_messages(messages)
        self._call("phi_session_append_chat", array, count)

    def append_logits(self, ids: Iterable[int]) -> "Logits":
        """append(), and the logits after each of the ids: [n, vocab_size] float32.

        A numpy array, or a memoryview where there is no numpy.
        """
        array, count = c_tokens(ids)
        floats = new_floats(count, self._vocab_size)
        self._call("phi_session_append_logits", array, count, floats)
        return as_logits(floats, count, self._vocab_size)

    def next(self) -> Next:
        """Samples the next token and appends it."""
        token = (_abi.Token * 1)()
        status = self._call("phi_session_next", token)
        return Next(token[0], status == Status.END)

    def logits(self, *, copy: bool = True) -> "Logits":
        """The logits after the last position as the model gives them: [vocab_size] float32.

        A numpy array, or a memoryview where there is no numpy. Without `copy` it shows the
        session's own memory, read-only: the next call on the session changes what it shows. That
        memory is kept until the array is gone, even if the session is closed before.
        """
        row, size = ctypes.POINTER(ctypes.c_float)(), ctypes.c_size_t()
        with self._handle as pointer:
            call("phi_session_logits", pointer, ctypes.byref(row), ctypes.byref(size))
            if copy:
                floats = new_floats(size.value)
                ctypes.memmove(floats, row, ctypes.sizeof(floats))
                return as_logits(floats, size.value)
            address = ctypes.addressof(row.contents)
            borrowed = (ctypes.c_float * size.value).from_address(address)
            self._handle.borrow()
            weakref.finalize(borrowed, self._handle.give_back)
            return as_logits(borrowed, size.value, writable=False)

    @property
    def position(self) -> int:
        """Number of tokens held."""
        with self._handle as pointer:
            position: int = library().phi_session_position(pointer)
            return position

    def tokens(self) -> List[int]:
        """The tokens held."""
        with self._handle as pointer:
            held = library().phi_session_position(pointer)
            return read_tokens(held, "phi_session_tokens", pointer)

    def rewind(self, position: int) -> None:
        """Drops the tokens from `position` on."""
        self._call("phi_session_rewind", uint32(position, "position"))

    def set_sampling(self, sampling: Sampling = Sampling()) -> None:
        """Keeps tokens and cache; the generator starts again from the seed."""
        self._call("phi_session_set_sampling", ctypes.byref(sampling._to_c()))

    # ---- From any thread ----

    def cancel(self) -> None:
        """The append or next that is running, or else the next one called, raises CancelledError.
        The session then holds what it held before, and is ready for more."""
        self._handle.interrupt(library().phi_session_cancel)

    def close(self) -> None:
        """Lets go of the session, after cancelling what runs; does nothing the second time."""
        self._handle.interrupt(library().phi_session_cancel, even_idle=False)
        self._handle.close()
        self._tokenizer.close()

    def _call(self, name: str, *arguments: Any) -> int:
        with self._handle as pointer:
            try:
                return call(name, pointer, *arguments)
            finally:
                self._callbacks.raise_pending()
