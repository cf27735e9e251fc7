"""Memory that was freed, and that the C library keeps."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Give what was freed back to the system, before something else needs room (malloc_trim(3)).

    Arrays of many packets leave an arena behind that is as large as all of them were together.
    Where the C library cannot do it, nothing is done.
    """
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)
