"""Moments of CLOCK_MONOTONIC, and waiting for one."""

from __future__ import annotations

import ctypes
import errno
import os

CLOCK_MONOTONIC, TIMER_ABSTIME = 1, 1
SECOND_NS = 1_000_000_000
NEVER_NS = 2**63 - 1
"""A moment that does not come; the last that an int64 holds."""

_libc = ctypes.CDLL(None, use_errno=True)


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


def sleep_until(at_ns: int) -> None:
    """Sleep until CLOCK_MONOTONIC shows `at_ns`; not at all if it does already.

    `time.sleep` is told how long, so that when it wakes depends on when it was called; this is told
    when. In virtual time it wakes at that very nanosecond and the next (clock_nanosleep(2)).
    """
    if at_ns <= 0:
        return
    until = _Timespec(*divmod(at_ns, SECOND_NS))
    while True:
        # unlike others, this call returns its error
        code = _libc.clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, ctypes.byref(until), None)
        if code == 0:
            return
        if code != errno.EINTR:
            raise OSError(code, os.strerror(code))
