"""Memory with numbers, as numpy arrays where there is numpy and as memoryviews where there is not."""

import ctypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Logits = numpy.typing.NDArray[numpy.float32]
else:
    Logits = Any


def new_floats(*shape: int) -> Any:
    """An array of ctypes for as_logits."""
    count = 1
    for length in shape:
        count *= length
    return (ctypes.c_float * count)()


def as_logits(floats: Any, *shape: int, writable: bool = True) -> "Logits":
    """`floats`, which is kept alive, in C order. Nothing is copied."""
    view = memoryview(floats).cast("B")
    if not writable:
        view = view.toreadonly()
    empty = len(view) == 0
    result: Any
    try:
        import numpy
    except ImportError:
        # A memoryview has no dimension of length 0.
        result = view.cast("f") if empty else view.cast("f", shape)
    else:
        result = numpy.frombuffer(b"" if empty else view, numpy.float32).reshape(shape)
    logits: "Logits" = result
    return logits
