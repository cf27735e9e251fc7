"""When a host has power, on the clock of the emulation: pure, no I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from giaoban.clock import NEVER_NS
from giaoban.topology.changes import Outage


@dataclass(frozen=True)
class Power:
    """One host's.

    Attributes:
        gaps: (off, on) in CLOCK_MONOTONIC ns, in order and apart; on is NEVER_NS if it stays off.
    """

    gaps: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, host: str, outages: list[Outage], origin_ns: int) -> Power:
        """From a plan's outages, some of which may overlap: a host is on when nothing holds it."""
        gaps: list[tuple[int, int]] = []
        for one in sorted((o for o in outages if o.host == host), key=lambda o: o.from_s):
            off_ns = origin_ns + round(one.from_s * 1e9)
            on_ns = NEVER_NS if one.to_s is None else origin_ns + round(one.to_s * 1e9)
            if gaps and off_ns <= gaps[-1][1]:
                gaps[-1] = gaps[-1][0], max(gaps[-1][1], on_ns)
            else:
                gaps.append((off_ns, on_ns))
        return cls(tuple(gaps))

    def lasts_until(self, now_ns: int) -> int:
        """Until when there is power from now on: `now_ns` or earlier if there is none."""
        return min((off for off, on in self.gaps if on > now_ns), default=NEVER_NS)

    def up_times(self, start_ns: int, end_ns: int) -> Iterator[tuple[int, int]]:
        """(on, off) of each time with power between a start and an end."""
        for off_ns, on_ns in (*self.gaps, (end_ns, NEVER_NS)):
            if start_ns < min(off_ns, end_ns):
                yield start_ns, min(off_ns, end_ns)
            start_ns = max(start_ns, on_ns)
