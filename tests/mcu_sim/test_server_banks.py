"""All calls' media as arrays: N−1 at packet level, late, lost and reordered packets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mcu_sim import g711
from mcu_sim.audio_bank import AudioBank, AudioOut
from mcu_sim.video_bank import VideoBank
from tests.mcu_sim.server_factory import MODEL, loudness, stream
from traffic import rtp
from traffic.log import SENT, PacketLog, read
from traffic.sound import tone, tone_hz

ORIGIN_NS = 5_000_000_000
PLAYOUT_MS = 40.0


def headers(timestamps: list[int]) -> rtp.Headers:
    n = len(timestamps)
    none = np.zeros(n, np.uint32)
    return rtp.Headers(
        valid=np.ones(n, bool),
        marker=np.zeros(n, bool),
        payload_type=np.full(n, 8, np.uint8),
        sequence=np.arange(n, dtype=np.uint16),
        timestamp=np.array(timestamps, np.int64).astype(np.uint32),
        ssrc=none,
    )


def put(
    bank: AudioBank,
    row: int,
    frames: list[int],
    arrival_ms: list[float],
    *,
    first_timestamp: int = 1000,
    sound: NDArray[np.int16] | None = None,
) -> None:
    """Frames by number, arriving so many ms after the origin; each a tone by the row's number."""
    played = tone(tone_hz(row)) if sound is None else sound
    payloads = np.tile(g711.a_law_encode(played), (len(frames), 1))
    stamps = [(first_timestamp + 160 * n) % 2**32 for n in frames]
    at = ORIGIN_NS + np.rint(np.array(arrival_ms) * 1e6).astype(np.int64)
    bank.put(np.full(len(frames), row), headers(stamps), payloads, at)


def bank_of(calls: int) -> AudioBank:
    bank = AudioBank(calls, ORIGIN_NS, PLAYOUT_MS)
    for row in range(calls):
        bank.open(row)
    return bank


def silent(frame: NDArray[np.uint8]) -> bool:
    # A-law has no zero: silence is its smallest step
    return int(np.abs(g711.a_law_decode(frame)).max()) <= 8


@pytest.mark.parametrize("calls", [2, 3, 10])
def test_each_hears_all_the_others_but_itself(calls: int) -> None:
    bank = bank_of(calls)
    for row in range(calls):
        put(bank, row, list(range(50)), [3 + 20 * n for n in range(50)])
    # played from the first tick after arrival and playout delay
    mixes = np.array([bank.mix(tick) for tick in range(3, 50)])
    for listener in range(calls):
        sound = g711.a_law_decode(mixes[:, listener].reshape(-1))
        for speaker in range(calls):
            expected = 0.0 if speaker == listener else 3000.0
            # quantisation noise of the sum
            assert loudness(sound, tone_hz(speaker)) == pytest.approx(expected, abs=100)
    assert (bank.late, bank.concealed) == (0, 0)


def test_alone_means_silence() -> None:
    bank = bank_of(1)
    put(bank, 0, list(range(10)), [20 * n for n in range(10)])
    assert all(silent(bank.mix(tick)[0]) for tick in range(10))


def test_a_packet_is_played_at_its_own_tick() -> None:
    """One frame of sound among silence comes out exactly playout after it came in."""
    bank = bank_of(2)
    quiet = np.zeros(160, np.int16)
    put(bank, 0, [0, 1], [5, 25], sound=quiet)
    put(bank, 0, [2], [45])
    put(bank, 0, [3], [65], sound=quiet)
    heard = [tick for tick in range(1, 8) if not silent(bank.mix(tick)[1])]
    # first packet: 5 + 40 ms, rounded up to a tick: 3; the third frame two ticks later
    assert heard == [5]


def test_lost_packets_are_silence_and_counted() -> None:
    bank = bank_of(2)
    frames = [n for n in range(20) if n not in (7, 8, 12)]
    put(bank, 0, frames, [20.0 * n for n in frames])
    heard = [not silent(bank.mix(tick)[1]) for tick in range(2, 22)]
    assert [n for n, loud in enumerate(heard) if not loud] == [7, 8, 12]
    assert bank.concealed == 3


def test_a_late_packet_is_not_played() -> None:
    bank = bank_of(2)
    put(bank, 0, [0, 1, 2, 3, 4], [0, 20, 40, 60, 80])
    put(bank, 0, [5], [140.001])  # due at tick 7, 140 ms
    put(bank, 0, [6], [160.0])  # due at tick 8, just in time
    heard = [tick for tick in range(2, 9) if not silent(bank.mix(tick)[1])]
    assert heard == [2, 3, 4, 5, 6, 8]
    assert (bank.late, bank.concealed) == (1, 1)


@given(order=st.permutations(range(12)), wrap=st.booleans())
def test_order_of_arrival_within_the_playout_delay_does_not_matter(
    order: list[int], wrap: bool
) -> None:
    """Also where timestamps run over 32 bits."""
    first = 2**32 - 800 if wrap else 1000
    straight, mixed = bank_of(2), bank_of(2)
    rng = np.random.default_rng(1)
    sounds = [rng.integers(-5000, 5000, 160).astype(np.int16) for _ in range(13)]
    for bank, frames in ((straight, list(range(12))), (mixed, order)):
        put(bank, 0, [0], [0.0], first_timestamp=first, sound=sounds[12])
        for n in frames:
            put(bank, 0, [n + 1], [20.0], first_timestamp=first, sound=sounds[n])
    for tick in range(2, 16):
        np.testing.assert_array_equal(straight.mix(tick), mixed.mix(tick))


def test_a_call_that_left_is_not_heard_and_may_come_back() -> None:
    bank = bank_of(3)
    for row in (0, 1):
        put(bank, row, list(range(10)), [20.0 * n for n in range(10)])
    bank.close(0)
    assert bank.rows.tolist() == [1, 2]
    assert not silent(bank.mix(4)[1])  # the third hears the second
    assert silent(bank.mix(4)[0])  # the second hears nobody
    bank.open(0)
    assert silent(bank.mix(5)[1])  # what it had said before is not said again
    put(bank, 0, [0], [200.0], first_timestamp=77)
    assert not silent(bank.mix(12)[1])


def test_old_frames_are_not_heard_again_when_the_ring_comes_round() -> None:
    bank = bank_of(2)
    put(bank, 0, [0, 1, 2], [0, 20, 40])
    assert all(silent(bank.mix(tick)[1]) for tick in range(5, 300))


def test_outgoing_packets_run_on_over_the_wraps() -> None:
    plan = stream(0, "a", "audio", "down")
    out = AudioOut([bytes.fromhex(plan.header_hex)], [plan.first_sequence], [plan.first_timestamp])
    rows = np.array([0])
    data = np.zeros((1, 172), np.uint8)
    payload = np.arange(160, dtype=np.uint8)[np.newaxis, :]
    for n in range(100):
        sequences, stamps = out.fill(data, rows, payload)
        head = rtp.parse_headers(data, np.array([172]))
        assert sequences.tolist() == [plan.first_sequence + n]
        assert head.sequence.tolist() == [(plan.first_sequence + n) % 2**16]
        assert head.timestamp.tolist() == [(plan.first_timestamp + 160 * n) % 2**32]
        assert stamps.tolist() == [plan.first_timestamp + 160 * n]
        assert head.marker.tolist() == [n == 0]  # RFC 3551 §4.1
        assert head.ssrc.tolist() == [plan.ssrc]
        assert data[0, 12:].tolist() == list(range(160))


# --------------------------------------------------------------------------------------- pictures


def filled(
    bank: VideoBank, until_ms: float
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.uint8]]:
    out = np.zeros((4000, 1212), np.uint8)
    rows, lengths, times = bank.fill(out, ORIGIN_NS + round(until_ms * 1e6))
    assert len(rows) == len(lengths) == len(times)
    return rows, times, out[: len(rows)]


def keys(rows: NDArray[np.intp], data: NDArray[np.uint8], row: int) -> NDArray[np.int64]:
    """Which packets of a call begin a key frame (FU header: start bit, type 5)."""
    mine = data[rows == row]
    return np.flatnonzero((mine[:, 13] & 0x80 != 0) & (mine[:, 13] & 0x1F == 5))


def test_composed_picture_of_each_call(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = VideoBank(120.0, log)
    plans = [stream(n, f"b-{n}", "video", "down") for n in range(3)]
    for row, plan in enumerate(plans):
        bank.open(row, plan, MODEL, ORIGIN_NS)
    rows, times, data = filled(bank, 2000)
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


def test_a_change_of_layout_asks_for_key_frames(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = VideoBank(0.0, log)
    bank.open(0, stream(0, "a", "video", "down"), MODEL, ORIGIN_NS)
    rows, _, data = filled(bank, 1000)
    assert len(keys(rows, data, 0)) == 1
    rows, _, data = filled(bank, 2000)
    assert len(keys(rows, data, 0)) == 0
    bank.open(1, stream(1, "b", "video", "down"), MODEL, ORIGIN_NS + 2_000_000_000)
    rows, _, data = filled(bank, 3000)
    assert [len(keys(rows, data, row)) for row in (0, 1)] == [1, 1]
    bank.close(1)
    rows, _, data = filled(bank, 4000)
    assert set(rows.tolist()) == {0}
    assert len(keys(rows, data, 0)) == 1
    log.close()


def test_nobody_there_means_no_picture(tmp_path: Path) -> None:
    log = PacketLog(SENT, tmp_path / "log")
    bank = VideoBank(0.0, log)
    assert len(filled(bank, 1000)[0]) == 0
    log.close()
