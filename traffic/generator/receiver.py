"""Takes in everything that comes to a port until nothing comes any more, and counts it by SSRC."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.batch import ReceiveBatch
from giaoban.traffic.receiver.statistics import ENDLESS, ReceptionBank
from giaoban.traffic.rtp import AUDIO_CLOCK_HZ, Headers, parse_headers
from giaoban.traffic.sources.video_model import CLOCK_HZ

BATCH, MAX_BYTES = 1024, 2048
WAIT_S = 0.05
REST_S = 0.002
"""Between two batches that were not full: fewer system calls and fewer, larger steps in numpy."""
FIRST_VIDEO = 25  # of the static payload types (RFC 3551 table 5)
BLOCK = 64
"""SSRCs that are counted together."""
MOST_STREAMS = 10_000


def clock_hz(payload_type: int) -> int:
    """8000 of a static payload type of audio (RFC 3551 table 4), 90,000 of others.

    Right for every static type but L16 and MPA; what a dynamic one means nobody has told.
    """
    return AUDIO_CLOCK_HZ if payload_type < FIRST_VIDEO else CLOCK_HZ


@dataclass(frozen=True)
class StreamReport:
    """One SSRC. `lost`: numbers from the lowest to the highest that never came; `reordered`:
    packets that came after a later one (RFC 4737 §3.3), duplicates not among them. `rate_per_s` is
    0 with fewer than two packets."""

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


class _Block:
    """Statistics of some SSRCs, (BLOCK,) each."""

    def __init__(self) -> None:
        self.bank = ReceptionBank(BLOCK, CLOCK_HZ, ENDLESS)
        self.payload_type = np.zeros(BLOCK, np.int64)
        self.octets = np.zeros(BLOCK, np.int64)
        self.first_ns = np.zeros(BLOCK, np.int64)
        self.last_ns = np.zeros(BLOCK, np.int64)

    def open(self, row: int, payload_type: int, at_ns: int) -> None:
        self.bank.open(row, clock_hz(payload_type))
        self.payload_type[row], self.first_ns[row] = payload_type, at_ns

    def put(
        self,
        rows: NDArray[np.intp],
        headers: Headers,
        arrival_ns: NDArray[np.int64],
        lengths: NDArray[np.int64],
    ) -> None:
        self.bank.put(rows, headers, arrival_ns)
        np.add.at(self.octets, rows, lengths)
        self.last_ns[rows] = arrival_ns

    def report(self, row: int) -> StreamReport:
        bank = self.bank
        packets, duplicates = int(bank.received[row]), int(bank.duplicates[row])
        took_s = int(self.last_ns[row] - self.first_ns[row]) / 1e9
        payload_type = int(self.payload_type[row])
        to_ms = 1e3 / clock_hz(payload_type)
        return StreamReport(
            ssrc=int(bank.ssrc[row]),
            payload_type=payload_type,
            packets=packets,
            lost=int(bank.lost[row]) + duplicates,
            duplicates=duplicates,
            reordered=int(bank.reordered[row]),
            jitter_ms=float(bank.jitter[row]) * to_ms,
            jitter_mean_ms=float(bank.jitter_sum[row]) / packets * to_ms,
            jitter_max_ms=float(bank.jitter_max[row]) * to_ms,
            rate_per_s=(packets - 1) / took_s if took_s > 0 else 0.0,
            kbps=int(self.octets[row]) * 8 / took_s / 1e3 if took_s > 0 else 0.0,
        )


class ReceivedStreams:
    """Every SSRC that came, `most` at the most: what comes with others is counted as strange."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self._most = most
        self._rows: dict[int, int] = {}
        self._blocks: list[_Block] = []
        self.strange = 0
        self.packets = 0

    def put(
        self, headers: Headers, arrival_ns: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> None:
        """n datagrams in order of arrival."""
        good = np.flatnonzero(headers.valid)
        ssrcs, first, which = np.unique(headers.ssrc[good], return_index=True, return_inverse=True)
        heads = good[first]
        known = [
            self._row(int(ssrc), int(headers.payload_type[at]), int(arrival_ns[at]))
            for ssrc, at in zip(ssrcs, heads, strict=True)
        ]
        rows = np.array(known, np.intp)[which]
        good, rows = good[rows >= 0], rows[rows >= 0]
        self.strange += len(lengths) - len(good)
        self.packets += len(good)
        for number in np.unique(rows // BLOCK):
            of = rows // BLOCK == number
            at = good[of]
            self._blocks[number].put(
                rows[of] % BLOCK, headers.take(at), arrival_ns[at], lengths[at]
            )

    def reports(self) -> list[StreamReport]:
        """By SSRC."""
        found = (self._rows[ssrc] for ssrc in sorted(self._rows))
        return [self._blocks[row // BLOCK].report(row % BLOCK) for row in found]

    def _row(self, ssrc: int, payload_type: int, at_ns: int) -> int:
        """Where an SSRC is counted; -1: nowhere, there are too many."""
        row = self._rows.get(ssrc)
        if row is None:
            row = len(self._rows)
            if row == self._most:
                return -1
            self._rows[ssrc] = row
            if row % BLOCK == 0:
                self._blocks.append(_Block())
            self._blocks[-1].open(row % BLOCK, payload_type, at_ns)
        return row


def receive(
    sock: socket.socket, seconds: float | None, idle_s: float, stop: Callable[[], bool]
) -> tuple[ReceivedStreams, int]:
    """(what came, packets lost because the socket's buffer was full).

    Args:
        sock: a `media_socket`.
        seconds: from now; None: without end.
        idle_s: after so long without a packet, the first one having come, it ends.
        stop: asked all the time.
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
            last = now
            overflowed = max(overflowed, received.overflowed)
            headers = parse_headers(received.data, received.lengths)
            arrivals.put(headers, received.arrival_ns, received.lengths)
        if len(received) < BATCH // 2:
            time.sleep(REST_S)
    return arrivals, overflowed
