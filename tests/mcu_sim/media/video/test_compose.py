"""The composed picture of each call: its stream, and when it begins with a key frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mcu_sim.media.video.compose import VideoBank
from tests.mcu_sim.server_factory import MODEL, stream
from traffic import rtp
from traffic.log import SENT, PacketLog, read

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


def test_only_pictures_whose_layout_changed_start_afresh(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = bank_of(3, log)
    assert key_counts(bank, 1000, 3) == [1, 1, 1]
    assert key_counts(bank, 2000, 3) == [0, 0, 0]
    bank.relayout([0, 2])
    assert key_counts(bank, 3000, 3) == [1, 0, 1]
    log.close()


def test_a_call_that_comes_or_goes_changes_nothing_by_itself(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = bank_of(1, log)
    assert key_counts(bank, 1000, 2) == [1, 0]
    bank.open(1, stream(1, "b", "video", "down"), MODEL, ORIGIN_NS + 1_000_000_000)
    assert key_counts(bank, 2000, 2) == [0, 1]
    bank.close(1)
    assert key_counts(bank, 3000, 2) == [0, 0]
    rows, _, _, _ = filled(bank, 4000)
    assert set(rows.tolist()) == {0}
    log.close()


def test_a_viewer_that_lost_its_picture_gets_a_key_frame(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = bank_of(2, log)
    filled(bank, 1000)
    bank.request_key(1)
    assert key_counts(bank, 2000, 2) == [0, 1]
    log.close()


def test_requests_for_a_stream_that_has_ended_do_nothing(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = bank_of(2, log)
    filled(bank, 1000)
    bank.close(1)
    bank.request_key(1)
    bank.relayout([0, 1])
    assert key_counts(bank, 2000, 2) == [1, 0]
    log.close()


def test_each_call_has_its_own_rate(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = VideoBank(0.0, log)
    models = [
        MODEL.model_copy(update={"kbps": kbps, "fps": fps, "key_ratio": 1.0})
        for kbps, fps in ((128.0, 15), (512.0, 30), (1024.0, 60))
    ]
    for row, model in enumerate(models):
        bank.open(row, stream(row, f"b-{row}", "video", "down"), model, ORIGIN_NS)
    rows, lengths, times, data = filled(bank, 10_000)
    markers = rtp.parse_headers(data, lengths).marker
    for row, model in enumerate(models):
        mine = rows == row
        assert int(markers[mine].sum()) == pytest.approx(10 * model.fps, abs=1)
        kbps = int((lengths[mine] - rtp.HEADER_BYTES).sum()) * 8 / 10_000
        assert kbps == pytest.approx(model.kbps, rel=0.05)
        assert int(times[mine].max()) < ORIGIN_NS + 10_000_000_000 + 1_000_000_000 // model.fps
    log.close()


@pytest.mark.parametrize("closed_first", [True, False])
def test_a_row_starts_again_as_another_stream(tmp_path: Path, closed_first: bool) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = bank_of(2, log)
    filled(bank, 1000)
    if closed_first:
        bank.close(1)
    plan = stream(7, "b-1", "video", "down", first_sequence=100)
    bank.open(1, plan, MODEL, ORIGIN_NS + 1_000_000_000)
    rows, lengths, times, data = filled(bank, 2000)
    head = rtp.parse_headers(data, lengths)
    mine = rows == 1
    assert set(head.ssrc[mine].tolist()) == {plan.ssrc}
    assert head.sequence[mine].tolist() == list(range(100, 100 + int(mine.sum())))
    assert int(times[mine].min()) >= ORIGIN_NS + 1_000_000_000
    assert keys(rows, data, 1).tolist() == [0]
    assert len(keys(rows, data, 0)) == 0
    log.close()


def test_nobody_there_means_no_picture(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = VideoBank(0.0, log)
    assert len(filled(bank, 1000)[0]) == 0
    log.close()
