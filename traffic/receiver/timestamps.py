"""The kernel's time stamps of datagrams on CLOCK_MONOTONIC, by which all else is counted.

The kernel stamps datagrams with CLOCK_REALTIME, which NTP, an administrator or a leap second may
set at any moment. Between two settings its distance to CLOCK_MONOTONIC is constant (both are slewed
alike), so reading both after each reception shows every setting.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Read = Callable[[int], int]
"""Read a clock by its number, in ns: clock_gettime(2)."""

LOOKS = 5
LEAST_STEP_NS = 100_000
"""A smaller step is followed and not reported: where a virtual machine makes up both clocks, each
by itself, they wander."""


class StampClock:
    """CLOCK_MONOTONIC of the kernel's time stamps, whenever the wall clock is set.

    Attributes:
        steps: number of settings of the wall clock since the start.
        largest_step_ns: the largest of these steps, negative for one back.
    """

    def __init__(self, *, settable: bool = True, read: Read = time.clock_gettime_ns) -> None:
        """`settable`: False in virtual time, where the clock is never set and reading it would
        take time."""
        self.steps = self.largest_step_ns = 0
        self._settable, self._read = settable, read
        self._ahead_ns, self._looked_ns = self._look()
        self._first_ahead_ns = self._ahead_ns
        self._old_ahead_ns: int | None = None
        self._stepped_after_ns = 0

    def monotonic_ns(self, stamps_ns: Int64s) -> Int64s:
        """Return CLOCK_MONOTONIC of stamps of datagrams that have just been read.

        A stamp that the present distance puts before the last step, or in the future, is from
        before that step.
        """
        if self._settable and len(stamps_ns):
            self.look()
        at_ns: Int64s = stamps_ns - self._ahead_ns
        if self._old_ahead_ns is None:
            return at_ns
        since = (at_ns > self._stepped_after_ns) & (at_ns <= self._looked_ns + LEAST_STEP_NS)
        return np.where(since, at_ns, stamps_ns - self._old_ahead_ns)

    def unix_ns[T: (int, Int64s)](self, monotonic_ns: T) -> T:
        """Return ns since 1970 of moments of CLOCK_MONOTONIC, by the wall clock at the start.

        Moments that are written or sent fit together (RFC 3550 §4 asks for no more).
        """
        return monotonic_ns + self._first_ahead_ns

    def look(self) -> None:
        """Read both clocks, and note a setting of the wall clock."""
        if not self._settable:
            return
        before_ns = self._looked_ns
        ahead_ns, self._looked_ns = self._look()
        step_ns = ahead_ns - self._ahead_ns
        if abs(step_ns) >= LEAST_STEP_NS:
            self.steps += 1
            if abs(step_ns) > abs(self.largest_step_ns):
                self.largest_step_ns = step_ns
            self._old_ahead_ns, self._stepped_after_ns = self._ahead_ns, before_ns
        self._ahead_ns = ahead_ns

    def _look(self) -> tuple[int, int]:
        """Return the distance of the clocks, and CLOCK_MONOTONIC now.

        This process may be interrupted between two clocks: of some readings the tightest counts,
        after the first one that is no looser than a reading as a rule.
        """
        best_ns, ahead_ns, after_ns = 2**62, 0, 0
        for _ in range(LOOKS):
            before_ns = self._read(time.CLOCK_MONOTONIC)
            real_ns = self._read(time.CLOCK_REALTIME)
            after_ns = self._read(time.CLOCK_MONOTONIC)
            if after_ns - before_ns < best_ns:
                best_ns = after_ns - before_ns
                ahead_ns = real_ns - (before_ns + after_ns) // 2
            if best_ns < LEAST_STEP_NS // 10:
                break
        return ahead_ns, after_ns
