"""The signals that interrupt a program: they raise `KeyboardInterrupt`, once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

INTERRUPTED = 130
"""The exit code of what was interrupted, as of shells."""
INTERRUPTIONS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, an orderly end, a terminal that was closed (no such signal on Windows)."""

_unwinding = False


def obey() -> None:
    """Let interruptions of this process raise `KeyboardInterrupt`.

    While it unwinds, further signals change nothing, so that nothing disturbs what tidies up.
    """
    for number in INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
            signal.signal(number, _on_signal)
    if hasattr(signal, "pthread_sigmask"):  # the parent may have held them until now
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)


def taken() -> None:
    """A `KeyboardInterrupt` was caught for good: the program goes on."""
    global _unwinding
    _unwinding = False


def _on_signal(_number: int, _frame: FrameType | None) -> None:
    global _unwinding
    if not _unwinding:
        _unwinding = True
        raise KeyboardInterrupt


def end_asked_for() -> Callable[[], bool]:
    """Return what says whether an interruption has come since, for a program that ends in an order
    of its own.

    None of them raises any more. A closed terminal that `nohup` ignores stays ignored; Ctrl-C is
    obeyed even where a shell ignores it, as of a program begun with `&`.
    """
    came: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    for number in INTERRUPTIONS:
        ignored = signal.getsignal(number) is signal.SIG_IGN
        if not (ignored and number == getattr(signal, "SIGHUP", None)):
            signal.signal(number, on_signal)
    return lambda: bool(came)
