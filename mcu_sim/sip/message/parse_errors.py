"""What `sipmessage` raises on bad text, and how to let go of it."""

from __future__ import annotations

# ValueError by contract, KeyError for a header that is not there, TypeError when a parameter
# happens to be called "self".
PARSE_ERRORS = (ValueError, KeyError, TypeError)


def forget(error: BaseException) -> None:
    """Cut what an error of `sipmessage` holds on to.

    It raises the same exception objects again and again (`via.VIA_EXCEPTION` and others); each
    time Python adds to their traceback and context, which keep every bad message in memory.
    """
    error.__traceback__ = error.__context__ = error.__cause__ = None
