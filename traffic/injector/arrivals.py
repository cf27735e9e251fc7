"""What came of each stream, whatever the receiver was told: counts and jitter by SSRC (RFC 3550).

Unlike `traffic.receiver.statistics` there is no limit to a gap: a load that loses 10,000 packets in
a row has lost them, and its source has not begun again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traffic.receiver.jitter import smoothed, transit_changes
from traffic.rtp import Headers
from traffic.sources.video_model import CLOCK_HZ

MOD = 1 << 16
AUDIO_CLOCK_HZ = 8000
FIRST_DYNAMIC = 96  # RFC 3551 §6


def clock_hz(payload_type: int) -> int:
    """8000 of a static payload type, which is sound (RFC 3551 table 4), 90,000 of others.

    Right for every static type but L16 and MPA; what a dynamic one means nobody has told.
    """
    return AUDIO_CLOCK_HZ if payload_type < FIRST_DYNAMIC and payload_type < 25 else CLOCK_HZ


@dataclass(frozen=True)
class StreamReport:
    """One SSRC. `lost`: numbers from the first to the highest that never came; `reordered`: packets
    that came after a later one (RFC 4737 §3.3), duplicates not among them. `rate_per_s` is 0 with
    fewer than two packets."""

    ssrc: int
    payload_type: int
    packets: int
    lost: int
    duplicates: int
    reordered: int
    jitter_ms: float
    jitter_mean_ms: float
    jitter_max_ms: float
    rate_per_s: float
    kbps: float

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


class Arrivals:
    """One SSRC's packets. Sequence numbers are extended by the nearest to the highest so far."""

    def __init__(self, ssrc: int, payload_type: int, sequence: int) -> None:
        self._ssrc, self._type = ssrc, payload_type
        self._clock_hz = clock_hz(payload_type)
        self._base = self._highest = sequence + MOD
        self._lowest = self._base
        self._seen = np.zeros(MOD, np.bool_)
        self._started = False
        self._packets = self._bytes = self._duplicates = self._reordered = 0
        self._first_ns = self._last_ns = self._timestamp = 0
        self._jitter = self._jitter_sum = self._jitter_max = 0.0

    def put(
        self,
        sequences: NDArray[np.integer],
        timestamps: NDArray[np.integer],
        arrival_ns: NDArray[np.int64],
        lengths: NDArray[np.int64],
    ) -> None:
        """n ≥ 1 packets in order of arrival; at most 2¹⁵ at a time."""
        n = len(sequences)
        numbers = np.concatenate([[self._highest % MOD], sequences]).astype(np.int64)
        steps: NDArray[np.int64] = np.diff(numbers)
        steps = (steps + MOD // 2) % MOD - MOD // 2
        extended = self._highest + np.cumsum(steps)
        before = np.maximum.accumulate(np.concatenate([[self._highest], extended]))[:-1]
        if not self._started:
            before[0] = extended[0] - 1
        duplicate = self._mark(extended)
        self._duplicates += int(np.count_nonzero(duplicate))
        self._reordered += int(np.count_nonzero((extended < before) & ~duplicate))
        self._lowest = min(self._lowest, int(extended.min()))
        self._packets += n
        self._bytes += int(lengths.sum())
        self._time(timestamps.astype(np.int64), arrival_ns)

    def report(self) -> StreamReport:
        """What came so far."""
        expected = self._highest - self._lowest + 1
        took_s = (self._last_ns - self._first_ns) / 1e9
        to_ms = 1e3 / self._clock_hz
        return StreamReport(
            ssrc=self._ssrc,
            payload_type=self._type,
            packets=self._packets,
            lost=expected - (self._packets - self._duplicates),
            duplicates=self._duplicates,
            reordered=self._reordered,
            jitter_ms=self._jitter * to_ms,
            jitter_mean_ms=self._jitter_sum / self._packets * to_ms,
            jitter_max_ms=self._jitter_max * to_ms,
            rate_per_s=(self._packets - 1) / took_s if took_s > 0 else 0.0,
            kbps=self._bytes * 8 / took_s / 1e3 if took_s > 0 else 0.0,
        )

    def _mark(self, extended: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) which of them had come before."""
        highest = max(self._highest, int(extended.max()))
        # places of numbers that are half a cycle behind belong to new ones
        new = np.arange(self._highest + 1, highest + 1) + MOD // 2
        self._seen[new % MOD] = False
        if not self._started:
            self._seen[:] = False
        duplicate = self._seen[extended % MOD]
        _, first = np.unique(extended, return_index=True)
        again = np.ones(len(extended), np.bool_)
        again[first] = False
        duplicate |= again
        self._seen[extended % MOD] = True
        self._highest = highest
        return duplicate

    def _time(self, timestamps: NDArray[np.int64], arrival_ns: NDArray[np.int64]) -> None:
        if not self._started:
            self._started = True
            self._first_ns, self._timestamp = int(arrival_ns[0]), int(timestamps[0])
            self._last_ns = self._first_ns
        changes = transit_changes(
            np.diff(arrival_ns, prepend=self._last_ns),
            np.diff(timestamps, prepend=self._timestamp),
            self._clock_hz,
        )
        jitter = smoothed(changes, np.zeros(1, np.intp), np.array([self._jitter]))
        self._jitter = float(jitter[-1])
        self._jitter_sum += float(jitter.sum())
        self._jitter_max = max(self._jitter_max, float(jitter.max()))
        self._last_ns, self._timestamp = int(arrival_ns[-1]), int(timestamps[-1])


class AllArrivals:
    """Every SSRC that came, `most` at the most: what comes with others is counted as strange."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._streams: dict[int, Arrivals] = {}
        self.strange = 0
        self.packets = 0

    def put(
        self, headers: Headers, arrival_ns: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> None:
        """n datagrams in order of arrival."""
        good = np.flatnonzero(headers.valid)
        self.strange += len(lengths) - len(good)
        order = good[np.argsort(headers.ssrc[good], kind="stable")]
        ssrcs = headers.ssrc[order]
        for rows in np.split(order, np.flatnonzero(np.diff(ssrcs)) + 1):
            if not len(rows):
                continue
            ssrc = int(headers.ssrc[rows[0]])
            if ssrc not in self._streams:
                if len(self._streams) == self._most:
                    self.strange += len(rows)
                    continue
                head = rows[0]
                self._streams[ssrc] = Arrivals(
                    ssrc, int(headers.payload_type[head]), int(headers.sequence[head])
                )
            self._streams[ssrc].put(
                headers.sequence[rows], headers.timestamp[rows], arrival_ns[rows], lengths[rows]
            )
            self.packets += len(rows)

    def reports(self) -> list[StreamReport]:
        """By SSRC."""
        return [self._streams[ssrc].report() for ssrc in sorted(self._streams)]
