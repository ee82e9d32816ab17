"""The numbers of phi.h. Their values never change."""

from enum import IntEnum
from typing import Type, TypeVar, Union

Number = TypeVar("Number", bound=IntEnum)


def known(kind: Type[Number], value: int) -> Union[Number, int]:
    """The member of `kind`, or the plain number where a later library knows more of them."""
    return kind(value) if value in kind._value2member_map_ else value


class Status(IntEnum):
    """What a call of the library says; below 0 it is an error."""

    OK = 0
    END = 1
    PENDING = 2
    ERR_INVALID_ARGUMENT = -10
    ERR_OUT_OF_RANGE = -11
    ERR_BUFFER_TOO_SMALL = -12
    ERR_NOT_FOUND = -20
    ERR_IO = -21
    ERR_BAD_FORMAT = -22
    ERR_UNSUPPORTED = -23
    ERR_OUT_OF_MEMORY = -30
    ERR_OVER_BUDGET = -31
    ERR_CONTEXT_FULL = -40
    ERR_CANCELLED = -41
    ERR_INTERNAL = -90


class Weights(IntEnum):
    """How matrices are held in memory."""

    AS_STORED = 0
    """The file's own types, mapped and not copied."""
    F32 = 1
    BF16 = 2
    INT8 = 3
    INT4 = 4


class Isa(IntEnum):
    """The most that the library's own kernels may use of the processor."""

    BEST = 0
    BASE = 1
    AVX2 = 2
    AVX512 = 3
    AVX512_VNNI = 4


class Kv(IntEnum):
    """Element type of the KV cache."""

    BF16 = 0
    F32 = 1
    INT8 = 2


class Repack(IntEnum):
    """May low-bit weights be put into the order that the processor works fastest in?"""

    WHEN_FASTER = 0
    NEVER = 1


class Precision(IntEnum):
    """Of prompt processing with low-bit weights."""

    STANDARD = 0
    FAST = 1


class Pin(IntEnum):
    """Where the library's own threads run; the thread that calls stays where it is."""

    NONE = 0
    CORES = 1
    """Each on one core of those that the process may use."""


class Priority(IntEnum):
    """What the library's own threads get of a busy machine; the thread that calls keeps its own
    priority."""

    NORMAL = 0
    LOW = 1
    """Less than others: 10 steps nicer than the caller."""
    IDLE = 2
    """What others leave."""


class LogLevel(IntEnum):
    """Levels of ModelOptions.log."""

    DEBUG = 0
    INFO = 1
    WARNING = 2
