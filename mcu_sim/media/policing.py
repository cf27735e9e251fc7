"""How much one call may send: what is more is thrown away before its sound is decoded, its picture
forwarded or its report read.

All calls are served by one loop. A call that sends thousands of packets a second (a device that has
gone wrong, or somebody who means it) would have it work for that call alone, and everybody else
would hear nothing meanwhile. So each call has a token bucket for each thing it sends. It goes by
when packets arrived, and holds packets of one socket only: what is taken depends neither on how
often the loop looks nor on which socket it reads first. A bucket is deep, for a line that was held
up lets go at once all that it held, and what is live comes last.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS, NOBODY, Kind
from giaoban.traffic.receiver.feedback import LONG_AGO_NS

DEPTH_S = 5
"""A full bucket has what a device sends in so long."""
REFILL = 2
"""It is refilled so many times as fast as a device sends."""
UNDECRYPTED = 10
"""So many times as many packets of an encrypted call are decrypted as may be taken of it: anybody
who forges its address can send some, and they are not to be taken for its own."""
AUDIO_A_SECOND = 100
"""Packets of 10 ms, the shortest there are."""
CONTROL_A_SECOND = 100
"""RTCP, or STUN: requests for lost packets (RFC 4585) may come one by one."""
LEAST_VISUAL_A_SECOND = 250
"""A picture of 2 Mb/s in packets of 1000 bytes, however little was agreed on."""

What = Literal["media", "rtcp", "stun", "encrypted"]
"""`encrypted`: RTP or RTCP that has not been decrypted yet."""


class MediaLimits(NamedTuple):
    """Packets a second that a device needs, by what they are."""

    audio: int
    visual: int
    control: int

    @classmethod
    def of(cls, most_kbps: float) -> MediaLimits:
        """Where no call has more than `most_kbps` of a picture, in packets of 500 bytes."""
        visual = max(LEAST_VISUAL_A_SECOND, round(most_kbps * 1000 / 8 / 500))
        return cls(AUDIO_A_SECOND, visual, CONTROL_A_SECOND)


class Source(NamedTuple):
    """What has one bucket a call: packets of one medium, read from its port of RTP or (`own_port`)
    from that of its RTCP."""

    kind: Kind
    own_port: bool
    what: What


class Policer:
    """Which packets of `capacity` rows are taken."""

    def __init__(self, capacity: int, limits: MediaLimits) -> None:
        self._capacity, self._limits = capacity, limits
        self._buckets: dict[Source, _Buckets] = {}
        self._told: set[tuple[int, Kind]] = set()
        self._untold: list[tuple[int, Kind]] = []
        self.refused = 0
        """Packets that were too many."""

    def open(self, row: int) -> None:
        """A call begins in a row: it has sent nothing, and nothing is to be told of it."""
        self._told -= {(row, kind) for kind in KINDS}
        self._untold = [each for each in self._untold if each[0] != row]
        for buckets in self._buckets.values():
            buckets.fill(row)

    def admit(
        self,
        source: Source,
        rows: NDArray[np.intp],
        arrival_ns: NDArray[np.int64],
        *,
        tell: bool = True,
    ) -> NDArray[np.bool_]:
        """Which of n packets of calls, in order of arrival, are taken (n,). `tell`: whether a call
        that sends too many is told of; not if others can send them in its name."""
        if not len(rows):
            return np.ones(0, np.bool_)
        if source not in self._buckets:
            self._buckets[source] = _Buckets(self._capacity, self._a_second(source))
        kept = self._buckets[source].admit(rows, arrival_ns)
        if not kept.all():
            self.refused += int(np.count_nonzero(~kept))
            for row in np.unique(rows[~kept]).tolist() if tell else ():
                if (row, source.kind) not in self._told:
                    self._told.add((row, source.kind))
                    self._untold.append((row, source.kind))
        return kept

    def take_refused(self) -> list[tuple[int, Kind]]:
        """Whose medium was found to be too much since the last time, once for each call."""
        untold, self._untold = self._untold, []
        return untold

    def _a_second(self, source: Source) -> int:
        limits = self._limits
        if source.own_port or source.what in ("rtcp", "stun"):
            a_second = limits.control
        else:
            a_second = limits.audio if source.kind == "audio" else limits.visual
        return a_second * (UNDECRYPTED if source.what == "encrypted" else 1)


class _Buckets:
    """A token bucket for each row, of packets of which a device sends `a_second`.

    It is kept as when it will be full again (the virtual scheduling of ITU-T I.371, annex A): in
    whole nanoseconds, so that it does not matter in how many parts packets are given.
    """

    def __init__(self, capacity: int, a_second: int) -> None:
        self._packet_ns = 1_000_000_000 // (REFILL * a_second)
        self._most_ns = self._packet_ns * (DEPTH_S * a_second - 1)
        """With so long until it is full, a bucket has one packet left."""
        self._full_ns = np.full(capacity, LONG_AGO_NS, np.int64)

    def fill(self, row: int) -> None:
        self._full_ns[row] = LONG_AGO_NS

    def admit(self, rows: NDArray[np.intp], arrival_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        order = np.argsort(rows, kind="stable")
        starts = np.flatnonzero(np.diff(rows[order], prepend=NOBODY))
        there, counts = rows[order[starts]], np.diff(starts, append=len(rows))
        at_ns = arrival_ns[order]
        first_ns = np.minimum.reduceat(at_ns, starts)
        full_ns = self._full_ns[there]
        # nothing is refused if all could have come with the first; nearly always
        most_ns = np.maximum(full_ns - first_ns, 0) + (counts - 1) * self._packet_ns
        enough = most_ns <= self._most_ns
        left = np.repeat(starts + counts, counts) - np.arange(len(rows))
        after_ns = np.maximum.reduceat(at_ns + left * self._packet_ns, starts)
        after_ns = np.maximum(after_ns, full_ns + counts * self._packet_ns)
        self._full_ns[there[enough]] = after_ns[enough]
        kept = np.ones(len(rows), np.bool_)
        for i in np.flatnonzero(~enough).tolist():
            which = order[starts[i] : starts[i] + counts[i]]
            kept[which] = self._one_by_one(int(there[i]), arrival_ns[which].tolist())
        return kept

    def _one_by_one(self, row: int, arrival_ns: list[int]) -> list[bool]:
        full_ns = int(self._full_ns[row])
        kept = []
        for at_ns in arrival_ns:
            # no bucket lacks more than all, also if a clock has gone back
            full_ns = min(full_ns, at_ns + self._most_ns + self._packet_ns)
            taken = full_ns <= at_ns + self._most_ns
            if taken:
                full_ns = max(full_ns, at_ns) + self._packet_ns
            kept.append(taken)
        self._full_ns[row] = full_ns
        return kept
