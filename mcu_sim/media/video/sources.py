"""What comes from the sources of switched video: streams whose numbers run on (RFC 3550 §A.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.video import h264_rtp
from traffic import rtp

MAX_MISORDER = 1000
"""Packets. A step back by more is a stream that was started afresh with the same SSRC; it is some
seconds of video, so that nothing which is merely late is taken for it."""
LATE_NS = 2_000_000_000
"""For how long packets of the SSRC that a source has left are late ones, and no return to it."""


@dataclass(frozen=True)
class Piece:
    """n packets of one stream of one source, in order of arrival.

    Attributes:
        source: its row.
        at: (n,) place in the received batch, ascending.
        sequence, timestamp: (n,) without the wraps.
        starts_key: (n,) packets that begin a key frame, or one of its slices.
        restarted: the first of them is the first of another stream than what came before.
    """

    source: int
    at: NDArray[np.intp]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    starts_key: NDArray[np.bool_]
    restarted: bool

    def between(self, low: int, high: int) -> Piece:
        """The packets whose place is within [low, high)."""
        first, last = np.searchsorted(self.at, (low, high))
        return replace(
            self,
            at=self.at[first:last],
            sequence=self.sequence[first:last],
            timestamp=self.timestamp[first:last],
            starts_key=self.starts_key[first:last],
            restarted=self.restarted and first == 0 and last > 0,
        )


class KeyStarts:
    """Finds where key frames begin: one whose slices come in several batches begins but once."""

    def __init__(self, capacity: int) -> None:
        self._frame = np.zeros(capacity, np.uint64)  # SSRC and timestamp of the last key frame
        self._known = np.zeros(capacity, np.bool_)

    def find(
        self,
        rows: NDArray[np.intp],
        headers: rtp.Headers,
        data: NDArray[np.uint8],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
    ) -> NDArray[np.bool_]:
        """(n,) for n packets of the sources `rows`, with payloads as in `starts_key_frame`."""
        found = h264_rtp.starts_key_frame(data, start, end)
        at = np.flatnonzero(found)
        row = rows[at]
        frame = headers.ssrc[at].astype(np.uint64) << np.uint64(32) | headers.timestamp[at]
        found[at[self._known[row] & (self._frame[row] == frame)]] = False
        self._frame[row], self._known[row] = frame, True
        return found

    def forget(self, row: int) -> None:
        """Another call may sit in this row from now on."""
        self._known[row] = False


@dataclass(frozen=True)
class _Stream:
    """Packets of one SSRC in a batch; `new`: the source is not known to have sent it before."""

    new: bool
    restarted: bool
    runs: list[NDArray[np.intp]]


class Source:
    """Follows the streams that one source sends, one after another."""

    def __init__(self, row: int) -> None:
        self._row = row
        self._ssrc: int | None = None
        self._left_ssrc: int | None = None
        self._left_ns = 0
        self._sequence = 0
        self._timestamp = 0

    def take(
        self,
        at: NDArray[np.intp],
        headers: rtp.Headers,
        starts_key: NDArray[np.bool_],
        arrival_ns: NDArray[np.int64],
    ) -> list[Piece]:
        """The source's packets, at the places `at` of a batch; every piece but the first restarts.

        Packets of the stream before the current one are left out.
        """
        ssrc = headers.ssrc[at]
        streams: list[_Stream] = []
        for run in np.split(at, np.flatnonzero(ssrc[1:] != ssrc[:-1]) + 1):
            of, now_ns = int(headers.ssrc[run[0]]), int(arrival_ns[run[0]])
            if of == self._left_ssrc and now_ns - self._left_ns < LATE_NS:
                continue
            if of == self._ssrc and streams:
                streams[-1].runs.append(run)
                continue
            new = of != self._ssrc
            restarted = new and self._ssrc is not None
            if restarted:
                self._left_ssrc, self._left_ns = self._ssrc, now_ns
            self._ssrc = of
            streams.append(_Stream(new, restarted, [run]))
        return [piece for stream in streams for piece in self._unwrap(stream, headers, starts_key)]

    def _unwrap(
        self, stream: _Stream, headers: rtp.Headers, starts_key: NDArray[np.bool_]
    ) -> list[Piece]:
        """Packets of one SSRC, parted where the sequence numbers begin afresh."""
        run = np.concatenate(stream.runs)
        sequence = headers.sequence[run].astype(np.int64)
        timestamp = headers.timestamp[run].astype(np.int64)
        if stream.new:
            self._sequence, self._timestamp = int(sequence[0]), int(timestamp[0])
        steps = _signed(np.diff(sequence, prepend=self._sequence), 16)
        sequence = self._sequence + np.cumsum(steps)
        timestamp = self._timestamp + np.cumsum(
            _signed(np.diff(timestamp, prepend=self._timestamp), 32)
        )
        self._sequence, self._timestamp = int(sequence[-1]), int(timestamp[-1])
        bounds = [0, *np.flatnonzero(steps < -MAX_MISORDER).tolist(), len(run)]
        return [
            Piece(
                source=self._row,
                at=run[low:high],
                sequence=sequence[low:high],
                timestamp=timestamp[low:high],
                starts_key=starts_key[run[low:high]],
                restarted=stream.restarted or nth > 0,
            )
            for nth, (low, high) in enumerate(pairwise(bounds))
            if low < high
        ]


def _signed(difference: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Differences of wrapping numbers, each taken the short way round."""
    half = 1 << bits - 1
    return (difference + half) % (1 << bits) - half
