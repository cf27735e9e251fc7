"""Statistics by SSRC of the RTP that comes to a port, or that a capture holds."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.batch import ReceiveBatch
from giaoban.traffic.receiver.statistics import ReceptionBank
from giaoban.traffic.recorded.capture import read_capture
from giaoban.traffic.rtp import AUDIO_CLOCK_HZ, Headers, parse_headers
from giaoban.traffic.sources.video_model import CLOCK_HZ

BATCH, MAX_BYTES = 1024, 2048
WAIT_S = 0.05
REST_S = 0.002
"""Between two batches that were not full: fewer system calls and fewer, larger steps in numpy."""
FIRST_VIDEO = 25  # of the static payload types (RFC 3551 table 5)
MOST_STREAMS = 1000


def clock_hz(payload_type: int) -> int:
    """Return 8000 of a static payload type of audio (RFC 3551 table 4), 90,000 of others."""
    return AUDIO_CLOCK_HZ if payload_type < FIRST_VIDEO else CLOCK_HZ


@dataclass(frozen=True)
class StreamReport:
    """Figures of one SSRC.

    `lost`: numbers from the first to the highest that never came; `reordered`: packets that came
    after a later one (RFC 4737 §3.3), duplicates not among them; `jitter_ms`: RFC 3550 A.8.
    """

    ssrc: int
    payload_type: int
    packets: int
    lost: int
    duplicates: int
    reordered: int
    jitter_ms: float
    jitter_mean_ms: float
    jitter_max_ms: float
    packets_per_s: float

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object."""
        return asdict(self)


class ReceivedStreams:
    """Statistics of up to `MOST_STREAMS` SSRCs; packets of further ones count as strange."""

    def __init__(self) -> None:
        self._rows: dict[int, int] = {}
        self._bank = ReceptionBank(MOST_STREAMS, CLOCK_HZ)
        self._types = np.zeros(MOST_STREAMS, np.int64)
        self._first_ns = np.zeros(MOST_STREAMS, np.int64)
        self._last_ns = np.zeros(MOST_STREAMS, np.int64)
        self.packets = self.strange = 0

    def put(self, headers: Headers, arrival_ns: NDArray[np.int64]) -> None:
        """Count n datagrams in order of arrival."""
        good = np.flatnonzero(headers.valid)
        ssrcs, first, which = np.unique(headers.ssrc[good], return_index=True, return_inverse=True)
        for ssrc, at in zip(ssrcs.tolist(), good[first].tolist(), strict=True):
            if ssrc not in self._rows and len(self._rows) < MOST_STREAMS:
                row = self._rows[ssrc] = len(self._rows)
                self._types[row], self._first_ns[row] = headers.payload_type[at], arrival_ns[at]
                self._bank.open(row, clock_hz(int(headers.payload_type[at])))
        rows = np.array([self._rows.get(ssrc, -1) for ssrc in ssrcs.tolist()], np.intp)[which]
        good, rows = good[rows >= 0], rows[rows >= 0]
        self.strange += len(headers.valid) - len(good)
        self.packets += len(good)
        self._bank.put(rows, headers.take(good), arrival_ns[good])
        self._last_ns[rows] = arrival_ns[good]

    def reports(self) -> list[StreamReport]:
        """Return the figures by SSRC."""
        return [self._report(ssrc, self._rows[ssrc]) for ssrc in sorted(self._rows)]

    def _report(self, ssrc: int, row: int) -> StreamReport:
        bank = self._bank
        packets, twice = int(bank.received[row]), int(bank.duplicates[row])
        took_ns = int(self._last_ns[row] - self._first_ns[row])
        to_ms = 1e3 / clock_hz(int(self._types[row]))
        return StreamReport(
            ssrc=ssrc,
            payload_type=int(self._types[row]),
            packets=packets,
            lost=int(bank.lost[row]) + twice,
            duplicates=twice,
            reordered=int(bank.reordered[row]),
            jitter_ms=float(bank.jitter[row]) * to_ms,
            jitter_mean_ms=float(bank.jitter_sum[row]) / max(packets, 1) * to_ms,
            jitter_max_ms=float(bank.jitter_max[row]) * to_ms,
            packets_per_s=(packets - 1) * 1e9 / took_ns if took_ns > 0 else 0.0,
        )


def receive(
    sock: socket.socket, seconds: float | None, idle_s: float, stop: Callable[[], bool]
) -> tuple[ReceivedStreams, int]:
    """Return the streams that came to a `media_socket`, and how many packets its buffer lost.

    Args:
        seconds: from now; None: without end.
        idle_s: after so long without a packet, the first one having come, it ends.
        stop: asked before each wait.
    """
    arrivals, batch = ReceivedStreams(), ReceiveBatch(BATCH, MAX_BYTES, cut_long=True)
    overflowed = 0
    began = last = time.monotonic()
    while not stop():
        now = time.monotonic()
        if seconds is not None and now - began >= seconds:
            break
        if arrivals.packets and now - last >= idle_s:
            break
        if not select.select([sock], [], [], WAIT_S)[0]:
            continue
        received = batch.receive(sock.fileno())
        if len(received):
            last, overflowed = now, max(overflowed, received.overflowed)
            arrivals.put(parse_headers(received.data, received.lengths), received.arrival_ns)
        if len(received) < BATCH // 2:
            time.sleep(REST_S)
    return arrivals, overflowed


def read_file(path: Path) -> ReceivedStreams:
    """Return the streams of a capture. Raises `InputError`."""
    arrivals = ReceivedStreams()
    for stream in read_capture(path).streams:
        arrivals.put(stream.headers, stream.time_ns)
    return arrivals
