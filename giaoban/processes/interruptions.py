"""The signals that interrupt a program, as far as the operating system has them, and one way to
obey them: whatever the program is at, it unwinds once, and nothing disturbs it while it tidies up.

A handler that raises wherever it is called does not do. An exception that is raised while modules
load becomes another one in the C code that loads them, or ends the process (SIGABRT); in a
finalizer, or a function that C code calls, it is swallowed; in a block that tidies up it leaves the
rest there.
"""

from __future__ import annotations

import atexit
import signal
import sys
from collections.abc import Callable
from types import FrameType

INTERRUPTED = 130
"""The exit code of what was interrupted, as of shells."""
INTERRUPTIONS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, an orderly end, a terminal that was closed (no such signal on Windows)."""

AGAIN_S = 0.05
"""How soon it is looked whether an interruption was lost, or had to wait."""
IMPORTING = "<frozen importlib._bootstrap>"


class InterruptHandler:
    """From when it is made, the interruptions of this process raise `KeyboardInterrupt`, once.

    It waits while modules load. Where the exception is swallowed it is raised again; while it
    unwinds, more signals change nothing.
    """

    def __init__(self, at_once: Callable[[], None] | None = None) -> None:
        """`at_once`: leaves the process; called instead, as long as `loading`."""
        self.loading = at_once is not None
        self.asked = False
        self._at_once = at_once
        self._timed = hasattr(signal, "setitimer")
        for number in INTERRUPTIONS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it
                signal.signal(number, self._on_signal)
        if self._timed:
            signal.signal(signal.SIGALRM, self._on_time)
            atexit.register(self.taken)  # a clock that goes off later ends the process
        self._told = sys.unraisablehook
        sys.unraisablehook = self._on_swallowed

    def end(self) -> None:
        """The process is about to leave: from now on they are ignored."""
        self.taken()
        for number in INTERRUPTIONS:
            signal.signal(number, signal.SIG_IGN)

    def taken(self) -> None:
        """Somebody caught the exception for good."""
        self.asked = False
        if self._timed:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _on_signal(self, _number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self.loading and self._at_once is not None:
            self.end()  # another one must not begin it anew
            self._at_once()
        self._raise(frame)

    def _on_time(self, _number: int, frame: FrameType | None) -> None:
        if self.asked:
            self._raise(frame)

    def _raise(self, frame: FrameType | None) -> None:
        if self._timed:
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
            if _unwinding() or is_importing(frame):
                return
        raise KeyboardInterrupt

    def _on_swallowed(self, told: sys.UnraisableHookArgs) -> None:
        if not (self.asked and isinstance(told.exc_value, KeyboardInterrupt)):
            self._told(told)


_obeyed: InterruptHandler | None = None


def obey(at_once: Callable[[], None] | None = None) -> InterruptHandler:
    """Make the process obey its interruptions (`InterruptHandler`)."""
    global _obeyed
    _obeyed = InterruptHandler(at_once)
    if hasattr(signal, "pthread_sigmask"):  # who started us may have held them until now
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTIONS)
    return _obeyed


def loaded() -> None:
    """All that a command needs is loaded, and it begins: now there may be something to tidy up."""
    if _obeyed is not None:
        _obeyed.loading = False


def asked() -> bool:
    """Whether one has come that nobody has caught for good."""
    return _obeyed is not None and _obeyed.asked


def taken() -> None:
    """A `KeyboardInterrupt` was caught for good: the program goes on."""
    if _obeyed is not None:
        _obeyed.taken()


def end_asked_for() -> Callable[[], bool]:
    """What says whether one has come since then, for whoever ends in an order of its own.

    None of them raises any more. Of a closed terminal nobody is told whom `nohup` has it ignore;
    that a shell has Ctrl-C ignored by what it began with `&` is no wish that it never ends.
    """
    came: list[int] = []

    def on_signal(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    for number in INTERRUPTIONS:
        ignored = signal.getsignal(number) is signal.SIG_IGN
        if not (ignored and number == getattr(signal, "SIGHUP", None)):
            signal.signal(number, on_signal)
    return lambda: bool(came)


def _unwinding() -> bool:
    """Whether the exception is on its way: somebody is tidying up because of it."""
    error = sys.exception()
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__context__
    return False


def is_importing(frame: FrameType | None) -> bool:
    """Whether modules load in a frame: what is raised there may become another exception."""
    while frame is not None:
        if frame.f_code.co_filename == IMPORTING:
            return True
        frame = frame.f_back
    return False
