"""A recording goes round and round under a stream's own numbers."""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded_factory import IDENT, MAX_PAYLOAD, clip, play, recording
from traffic_factory import MS, START_NS, during_all, stream_plan

from giaoban.traffic.impairments import BernoulliLoss
from giaoban.traffic.log import SENT, PacketLog, read, save
from giaoban.traffic.recorded.recording import Recording, load
from giaoban.traffic.recorded.sources import clip_recording
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.rtp import HEADER_BYTES
from tests.h264 import depacketise

ROUND_NS = 480 * MS
"""12 pictures at 25 a second."""


def numbers(datagrams: list[bytes], at: int, width: int) -> list[int]:
    return [int.from_bytes(d[at : at + width], "big") for d in datagrams]


def test_the_far_end_has_the_file_again_round_after_round(tmp_path: Path) -> None:
    sent = play(tmp_path / "sent.bin", recording(), [100 * MS, 100 * MS, ROUND_NS, 3 * ROUND_NS])
    units = [unit for picture in clip(12).pictures for unit in picture.units]
    assert depacketise(d[HEADER_BYTES:] for d in sent.datagrams) == units * 3


def test_without_rows_a_recording_is_logged_just_so(tmp_path: Path) -> None:
    sent = play(tmp_path / "sent.bin", recording(), [ROUND_NS, 2 * ROUND_NS])
    log = PacketLog(SENT, tmp_path / "unsent.bin")
    stream = RecordedStream(stream_plan(IDENT), log, START_NS, recording(), origin_ns=START_NS)
    for end_ns in (ROUND_NS, 2 * ROUND_NS):
        stream.window(None, START_NS + end_ns)
    log.close()
    assert np.array_equal(read(tmp_path / "unsent.bin", SENT), sent.log)


def test_headers_are_the_streams_own_and_run_on(tmp_path: Path) -> None:
    what = recording()
    sent = play(tmp_path / "sent.bin", what, [2 * ROUND_NS])
    n = len(what)
    assert len(sent.datagrams) == 2 * n
    assert numbers(sent.datagrams, 2, 2) == [(65_530 + i) % 2**16 for i in range(2 * n)]
    stamps = np.array(numbers(sent.datagrams, 4, 4))
    assert set(numbers(sent.datagrams, 8, 4)) == {IDENT.ssrc}
    assert {d[1] & 0x7F for d in sent.datagrams} == {97}
    # one marker a picture, on its last packet; a picture is 3600 ticks of 90 kHz
    markers = np.array([d[1] >= 0x80 for d in sent.datagrams])
    assert np.array_equal(np.flatnonzero(markers), np.flatnonzero(np.diff(stamps, append=0) != 0))
    assert np.all(np.diff(stamps[markers]) % 2**32 == 3600)
    assert np.array_equal(sent.log["timestamp"], stamps)


def test_packets_of_a_picture_are_spread_over_a_part_of_its_interval(tmp_path: Path) -> None:
    sent = play(tmp_path / "sent.bin", recording(), [2 * ROUND_NS])
    since_ns = sent.log["due_ns"] - START_NS
    assert np.array_equal(sent.times_ns, sent.log["due_ns"])
    assert np.all(np.diff(since_ns) >= 0)
    stamps = (sent.log["timestamp"].astype(np.int64) - IDENT.first_timestamp) % 2**32
    within = since_ns - stamps // 3600 * 40 * MS
    assert within.min() == 0
    assert 15 * MS < within.max() < 20 * MS  # half of 40 ms, less one packet's share


def test_the_log_says_which_packets_are_of_key_frames(tmp_path: Path) -> None:
    log = play(tmp_path / "sent.bin", recording(), [ROUND_NS]).log
    stamps = (log["timestamp"].astype(np.int64) - IDENT.first_timestamp) % 2**32
    assert np.array_equal(log["key"], stamps // 3600 % 5 == 0)


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=8))
def test_windows_do_not_matter(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    folder = tmp_path_factory.mktemp("windows")
    ends = [cut * MS for cut in [*sorted(cuts), 1500]]
    parts = play(folder / "parts.bin", recording(), ends)
    whole = play(folder / "whole.bin", recording(), [1500 * MS])
    assert parts.datagrams == whole.datagrams
    assert np.array_equal(parts.log, whole.log)
    assert parts.position == whole.position


def test_where_it_stands_is_where_its_next_packet_is(tmp_path: Path) -> None:
    what = recording()
    for number, end_ns in enumerate((0, 90 * MS, ROUND_NS, ROUND_NS + 255 * MS)):
        stood = play(tmp_path / f"{number}.bin", what, [end_ns]).position
        log = play(tmp_path / "more.bin", what, [end_ns + 200 * MS]).log
        following = log[log["sequence"] == stood[0]][0]
        assert stood[1] % 2**32 == following["timestamp"]
        same = log[log["timestamp"] == following["timestamp"]]
        assert stood[2] == same["due_ns"][0]  # when the picture was taken


def test_what_nobody_takes_uses_up_no_numbers_and_no_half_pictures(tmp_path: Path) -> None:
    ends = [80 * MS, 245 * MS, ROUND_NS + 120 * MS]
    sent = play(tmp_path / "sent.bin", recording(), ends, passed=[1])
    assert np.all(np.diff(sent.log["sequence"]) == 1)
    stamps = (sent.log["timestamp"].astype(np.int64) - IDENT.first_timestamp) % 2**32
    # pictures 0 and 1; 2 to 6 are passed over, the last of them within its packets
    assert np.unique(stamps // 3600).tolist() == [0, 1, *range(7, 15)]
    units = [unit for picture in clip(12).pictures for unit in picture.units]
    shown = [p for n in [0, 1, *range(7, 12), 0, 1, 2] for p in clip(12).pictures[n].units]
    assert depacketise(d[HEADER_BYTES:] for d in sent.datagrams) == shown
    assert len(shown) < 2 * len(units)


def test_the_injector_has_it_as_any_stream(tmp_path: Path) -> None:
    """p = 0.2 of 20 rounds: within four standard deviations of the binomial."""
    lossy = during_all(loss=BernoulliLoss(p=0.2))
    sent = play(tmp_path / "sent.bin", recording(), [20 * ROUND_NS], impairments=lossy)
    n, gone = len(sent.log), int(np.count_nonzero(sent.log["copies"] == 0))
    assert abs(gone - 0.2 * n) < 4 * (0.16 * n) ** 0.5
    left = sent.log["sequence"][sent.log["copies"] > 0] % 2**16
    assert numbers(sent.datagrams, 2, 2) == left.tolist()


def test_frame_rates_that_are_no_whole_numbers_do_not_drift() -> None:
    what = recording(pictures=300, fps=Fraction(30_000, 1001))
    assert (what.length_ns, what.length_ticks) == (10_010_000_000, 900_900)
    stamps = np.unique(what.timestamp)
    assert np.all(np.diff(stamps) == 3003)
    assert np.all(np.abs(np.unique(what.capture_ns) - stamps * 1e9 / 90_000) <= 0.5)


@given(st.integers(1, 2000), st.integers(0, 600))
def test_no_window_holds_more_than_the_bound(window_ms: int, from_ms: int) -> None:
    what = recording()
    edges = np.array([from_ms, from_ms + window_ms]) * MS
    held = int(np.diff(what.due_before(edges))[0])
    assert held <= what.packets_in_window(window_ms * MS)


def test_the_bounds_are_reached() -> None:
    what = recording()
    for window_ns in (1, 15 * MS, 40 * MS, ROUND_NS, 3 * ROUND_NS + MS):
        due = (np.arange(6)[:, None] * ROUND_NS + what.due_ns).ravel()
        held = [(due >= at) & (due < at + window_ns) for at in what.due_ns]
        assert what.packets_in_window(window_ns) == max(np.count_nonzero(h) for h in held)
    assert what.mean_kbps == pytest.approx(len(what.payload) * 8 / 480)


def test_rows_that_are_too_few_or_too_short_are_refused(tmp_path: Path) -> None:
    what = recording()
    for shape in ((3, what.max_bytes), (1000, what.max_bytes - 1)):
        log = PacketLog(SENT, tmp_path / "sent.bin")
        stream = RecordedStream(stream_plan(IDENT), log, START_NS, what)
        with pytest.raises(ValueError, match="in rows"):
            stream.window(np.zeros(shape, np.uint8), START_NS + ROUND_NS)
        log.close()


def test_nothing_is_sent_before_the_start(tmp_path: Path) -> None:
    assert play(tmp_path / "sent.bin", recording(), [-5 * MS, 0]).datagrams == []


def test_a_recording_crosses_as_a_file(tmp_path: Path) -> None:
    what = recording()
    what.save(tmp_path / "clip.npz")
    back = load(tmp_path / "clip.npz")
    sent, again = (
        play(tmp_path / name, r, [2 * ROUND_NS]) for name, r in (("a", what), ("b", back))
    )
    assert sent.datagrams == again.datagrams
    assert (back.clock_hz, back.length_ns, back.length_ticks) == (90_000, ROUND_NS, 12 * 3600)
    save(tmp_path / "other.npz", payload=what.payload)
    with pytest.raises(ValueError, match="is no recording"):
        load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {"due_ns": r.due_ns[:-1]},
        lambda r: {"due_ns": r.due_ns[::-1]},
        lambda r: {"payload": r.payload[1:]},
        lambda r: {"length_ns": int(r.due_ns[-1])},
        lambda r: {"offset": r.offset[:1]},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: object) -> None:
    what: Recording = recording()
    assert callable(change)
    with pytest.raises(ValueError, match=r"recording needs|one after|order|round ends"):
        replace(what, **change(what))


def test_payloads_keep_to_their_size() -> None:
    sizes = recording().sizes
    assert sizes.max() <= MAX_PAYLOAD
    longest = clip_recording(clip(12), Fraction(25), max_payload=1200, spread=0.5)
    assert longest.max_bytes <= 1212
    assert len(longest) < len(recording())
    assert all(a < b for a, b in itertools.pairwise(longest.offset.tolist()))
