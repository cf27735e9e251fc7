"""The composed picture of each call: its stream, and when it begins with a key frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.mcu_sim.media.video.compose import DecodingLosses, VideoBank
from giaoban.traffic import rtp
from giaoban.traffic.h264 import FU_A, FU_START, NAL_IDR, NAL_SLICE
from giaoban.traffic.log import SENT, PacketLog, read
from giaoban.traffic.receiver.feedback import HOLD_NS, dither_max_ns
from tests.mcu_sim.server_factory import MODEL, stream

ORIGIN_NS = 5_000_000_000


def filled(
    bank: VideoBank, until_ms: float
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """(rows, lengths, times, datagrams) of the packets due before so many ms after the origin."""
    out = np.zeros((4000, 1212), np.uint8)
    rows, lengths, times = bank.fill(out, ORIGIN_NS + round(until_ms * 1e6))
    assert len(rows) == len(lengths) == len(times)
    return rows, lengths, times, out[: len(rows)]


def keys(rows: NDArray[np.intp], data: NDArray[np.uint8], row: int) -> NDArray[np.int64]:
    """Which packets of a call begin a key frame (FU header: start bit, type 5)."""
    mine = data[rows == row]
    return np.flatnonzero((mine[:, 13] & 0x80 != 0) & (mine[:, 13] & 0x1F == 5))


def key_counts(bank: VideoBank, until_ms: float, calls: int) -> list[int]:
    rows, _, _, data = filled(bank, until_ms)
    return [len(keys(rows, data, row)) for row in range(calls)]


def bank_of(calls: int, log: PacketLog) -> VideoBank:
    bank = VideoBank(0.0, log)
    for row in range(calls):
        bank.open(row, stream(row, f"b-{row}", "video", "down"), MODEL, ORIGIN_NS)
    return bank


def test_composed_picture_of_each_call(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = VideoBank(120.0, log)
    plans = [stream(n, f"b-{n}", "video", "down") for n in range(3)]
    for row, plan in enumerate(plans):
        bank.open(row, plan, MODEL, ORIGIN_NS)
    rows, _, times, data = filled(bank, 2000)
    assert set(rows.tolist()) == {0, 1, 2}
    head = rtp.parse_headers(data, np.full(len(rows), 1212))
    for row, plan in enumerate(plans):
        assert set(head.ssrc[rows == row].tolist()) == {plan.ssrc}
        assert int(head.marker[rows == row].sum()) == pytest.approx((2000 - 120) * 0.03, abs=1.1)
        # capture is within a frame's time of the joining, and composing takes 120 ms
        first_ms = (int(times[rows == row].min()) - ORIGIN_NS) / 1e6
        assert 120 <= first_ms <= 120 + 1000 / 30
        assert keys(rows, data, row)[0] == 0
    log.close()
    sent = read(tmp_path / "log", SENT)
    assert len(sent) == len(rows)
    starts = {int(sent["due_ns"][sent["stream"] == p.index].min()) for p in plans}
    assert len(starts) == 3  # encoders are not in step


def test_a_viewer_that_lost_its_picture_gets_a_key_frame(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = bank_of(2, log)
    filled(bank, 1000)
    bank.request_key(1)
    assert key_counts(bank, 2000, 2) == [0, 1]
    log.close()


ROW, KBPS = 2, 2000.0


class Watched:
    """Cameras whose packets are put in by their sequence numbers, the same of each."""

    def __init__(self, rows: Iterable[int] = (ROW,)) -> None:
        self.rows, self.ssrc = list(rows), 7
        self.losses = DecodingLosses(max(self.rows) + 1)
        for row in self.rows:
            self.losses.open(row, KBPS, 7 + row)
        self.came(*range(100, 110))

    def came(self, *sequences: int, key: bool = False, ssrcs: Sequence[int] | None = None) -> None:
        """With `key` the first begins a key frame; each is a frame of its own."""
        n = len(sequences)
        headers = rtp.Headers(
            valid=np.ones(n, np.bool_),
            marker=np.zeros(n, np.bool_),
            payload_type=np.full(n, 97, np.uint8),
            sequence=np.array(sequences, np.uint16),
            timestamp=np.array(sequences, np.uint32),
            ssrc=np.array(ssrcs or [self.ssrc] * n, np.uint32),
        )
        data = np.zeros((n, rtp.HEADER_BYTES + 3), np.uint8)
        data[:, 0], data[:, rtp.HEADER_BYTES] = 0x80, FU_A
        data[:, rtp.HEADER_BYTES + 1] = FU_START | NAL_SLICE
        if key:
            data[0, rtp.HEADER_BYTES + 1] = FU_START | NAL_IDR
        lengths = np.full(n, data.shape[1])
        for row in self.rows:
            self.losses.came(np.full(n, row, np.intp), headers, data, lengths)

    def asked(self, now_ns: int) -> list[tuple[int, int]]:
        """Rows that are asked after a look at a moment, and when."""
        self.losses.look(now_ns)
        return self.losses.take(now_ns + HOLD_NS)


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_a_loss_is_asked_for_once_within_the_range(watched: Watched) -> None:
    watched.came(112)
    [(row, at_ns)] = watched.asked(0)
    assert row == ROW
    assert 0 <= at_ns <= dither_max_ns(KBPS, 2)
    assert watched.asked(1) == []


def test_cameras_that_lose_by_one_event_are_not_asked_in_step() -> None:
    rows = range(20)
    watched = Watched(rows)
    watched.came(112)
    asked = watched.asked(0)
    assert sorted(row for row, _ in asked) == list(rows)
    assert len({at_ns for _, at_ns in asked}) == len(rows)
    assert max(at_ns for _, at_ns in asked) <= dither_max_ns(KBPS, 21)
    # nor the next time
    watched.came(113, key=True)
    watched.came(115)
    again = {}
    for ms in range(100, 2000, 100):
        again |= {row: ms for row, _ in watched.asked(ms * HOLD_NS // 1000)}
    assert again.keys() == set(rows)
    assert len(set(again.values())) >= 5
