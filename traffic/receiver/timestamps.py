"""The kernel's time stamps of what comes in, on the clock by which everything here counts.

The kernel stamps datagrams with CLOCK_REALTIME, which NTP, an administrator or a leap second may
set at any moment. Between two settings it is ahead of CLOCK_MONOTONIC by the same to the
nanosecond (both are slewed alike), so looking at both after each reading tells of every one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]
Read = Callable[[int], int]
"""What a clock shows, in ns, by its number: clock_gettime(2)."""

LOOKS = 5
SURE_NS = 1_000
"""Beyond what a look can be wrong by: two clocks of one kernel are not even this far off."""
TOLD_NS = 100_000
"""A smaller step is followed and not told of: where a virtual machine makes up both clocks, each by
itself, they wander."""
REMEMBERED_NS = 10_000_000_000
"""How long what came before a step may wait to be read."""
ALWAYS = -(2**63)


@dataclass(frozen=True)
class _ClockOffset:
    """Between two settings of the wall clock.

    `ahead_ns`: what CLOCK_REALTIME shows more than CLOCK_MONOTONIC. It began after `after_ns` and
    had ended by `until_ns`, of CLOCK_MONOTONIC.
    """

    ahead_ns: int
    after_ns: int
    until_ns: int


@dataclass(frozen=True)
class _OffsetReading:
    """The difference of the clocks, known to `within_ns`, and when it was looked."""

    ahead_ns: int
    within_ns: int
    at_ns: int


class StampClock:
    """CLOCK_MONOTONIC of the kernel's time stamps, however the wall clock is set meanwhile.

    Attributes:
        steps: how often the wall clock was seen to have been set since this was made.
        largest_step_ns: the largest of these steps, negative for one back.
    """

    def __init__(self, *, settable: bool = True, read: Read = time.clock_gettime_ns) -> None:
        """`settable`: False in virtual time, where nobody sets the clock, and where looking at it
        would take time."""
        self.steps = self.largest_step_ns = 0
        self._settable, self._read = settable, read
        known = self._look_well()
        self._ahead_ns, self._within_ns = known.ahead_ns, known.within_ns
        self._first_ahead_ns = known.ahead_ns
        self._after_ns, self._looked_ns = ALWAYS, known.at_ns
        self._before: list[_ClockOffset] = []

    def monotonic_ns(self, stamps_ns: Int64s) -> Int64s:
        """CLOCK_MONOTONIC of stamps of datagrams that have just been read.

        A stamp from before a step and one from after it look alike. Of the moments that one can
        mean, in an era that it can be of, it means the last: nothing waits long to be read.
        """
        if not self._settable or not len(stamps_ns):
            return stamps_ns - self._ahead_ns
        now_ns = self._look_again()
        at_ns = stamps_ns - self._ahead_ns
        if not self._before:
            return at_ns
        possible = (at_ns > self._after_ns) & (at_ns <= now_ns + SURE_NS)
        for era in self._before:
            then_ns = stamps_ns - era.ahead_ns
            of_it = (then_ns > era.after_ns) & (then_ns <= era.until_ns)
            better = of_it & (~possible | (then_ns > at_ns))
            at_ns, possible = np.where(better, then_ns, at_ns), possible | of_it
        self._before = [e for e in self._before if now_ns - e.until_ns < REMEMBERED_NS]
        return at_ns

    def unix_ns[T: (int, Int64s)](self, monotonic_ns: T) -> T:
        """Of moments of CLOCK_MONOTONIC, ns since 1970 by the wall clock as it was when this was
        made: what is written or sent of several moments fits together (RFC 3550 §4 wants no more),
        however it is set meanwhile."""
        return monotonic_ns + self._first_ahead_ns

    def look(self) -> None:
        """See whether the wall clock was set, also where nothing comes for long."""
        if self._settable:
            self._look_again()

    def _look_again(self) -> int:
        """CLOCK_MONOTONIC now."""
        look = self._look()
        if abs(look.ahead_ns - self._ahead_ns) > look.within_ns + self._within_ns + SURE_NS:
            look = self._look_well()
            step_ns = look.ahead_ns - self._ahead_ns
            if abs(step_ns) >= TOLD_NS:
                self.steps += 1
                if abs(step_ns) > abs(self.largest_step_ns):
                    self.largest_step_ns = step_ns
                self._before.append(_ClockOffset(self._ahead_ns, self._after_ns, look.at_ns))
                self._after_ns = self._looked_ns
            self._ahead_ns, self._within_ns = look.ahead_ns, look.within_ns
        self._looked_ns = look.at_ns
        return look.at_ns

    def _look(self) -> _OffsetReading:
        before = self._read(time.CLOCK_MONOTONIC)
        real = self._read(time.CLOCK_REALTIME)
        after = self._read(time.CLOCK_MONOTONIC)
        return _OffsetReading(real - (before + after) // 2, (after - before + 1) // 2, after)

    def _look_well(self) -> _OffsetReading:
        """This process may be interrupted between two clocks: the tightest of some looks, as of
        the last of them. Of equally tight ones always the same, whichever of them was disturbed:
        a run in virtual time is to be the same to the last bit."""
        looks = [self._look() for _ in range(LOOKS)]
        tightest = min(looks, key=lambda look: (look.within_ns, look.ahead_ns))
        return _OffsetReading(tightest.ahead_ns, tightest.within_ns, looks[-1].at_ns)
