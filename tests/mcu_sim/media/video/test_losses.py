"""The MCU decodes what it composes: after a loss it asks the camera for a key frame."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from mcu_sim.media.video.compose import DecodingLosses
from traffic import rtp
from traffic.h264 import FU_A, FU_START, NAL_IDR, NAL_SLICE
from traffic.receiver.feedback import HOLD_NS, REPEAT_NS, dither_max_ns

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


def test_nothing_is_asked_while_all_comes() -> None:
    watched = Watched()
    watched.came(*range(110, 150))
    assert watched.asked(0) == []


def test_a_loss_is_asked_for_once_within_the_range() -> None:
    watched = Watched()
    watched.came(112)
    [(row, at_ns)] = watched.asked(0)
    assert row == ROW
    assert 0 <= at_ns <= dither_max_ns(KBPS, 2)
    assert watched.asked(1) == []


def test_a_request_is_kept_until_its_time() -> None:
    watched = Watched()
    watched.came(112)
    watched.losses.look(0)
    assert watched.losses.take(0) == []
    [(_, at_ns)] = watched.losses.take(HOLD_NS)
    assert watched.losses.take(HOLD_NS) == []
    assert at_ns > 0


@pytest.mark.parametrize("first", [20, 105, 40_000])
@pytest.mark.parametrize("lost", [True, False])
def test_a_new_stream_within_a_batch_begins_anew(first: int, lost: bool) -> None:
    """Whatever its numbers are: neither is what it misses overlooked, nor has it missed any."""
    watched = Watched()
    new = [first, first + 1, first + 2 + lost, first + 3 + lost]
    watched.came(110, 111, *new, ssrcs=[7, 7, 8, 8, 8, 8])
    assert bool(watched.asked(0)) == lost


def test_a_loss_after_the_key_frame_waits_and_is_not_forgotten() -> None:
    watched = Watched()
    watched.came(112)
    assert watched.asked(0)
    watched.came(113, key=True)
    watched.came(115)
    asked = [ms for ms in range(0, 3000, 50) if watched.asked(ms * HOLD_NS // 1000)]
    assert 500 <= asked[0] <= 1600
    assert all(b - a >= 1000 * REPEAT_NS // HOLD_NS for a, b in itertools.pairwise(asked))


def test_what_a_key_frame_has_cured_is_not_asked_for() -> None:
    watched = Watched()
    watched.came(112)
    watched.came(113, key=True)
    assert watched.asked(5 * HOLD_NS) == []
    watched.came(115)
    assert watched.asked(5 * HOLD_NS)


def test_a_request_without_an_answer_is_repeated_sooner() -> None:
    """It was lost, or its key frame was."""
    watched = Watched()
    watched.came(112)
    [(_, at_ns)] = watched.asked(0)
    assert watched.asked(at_ns + REPEAT_NS - 1) == []
    [(_, again_ns)] = watched.asked(at_ns + round(1.5 * REPEAT_NS))
    watched.came(114, key=True)
    watched.came(115)
    assert watched.asked(again_ns + 5 * HOLD_NS) == []


def test_another_stream_of_the_same_camera_begins_anew() -> None:
    watched = Watched()
    watched.ssrc = 8
    watched.came(500, 501)
    assert watched.asked(0) == []
    watched.came(503)
    assert watched.asked(0)


@pytest.mark.parametrize("again", [False, True])
def test_after_the_call_nobody_is_asked(again: bool) -> None:
    watched = Watched()
    watched.came(112)
    watched.losses.look(0)
    watched.losses.close(ROW)
    assert watched.asked(0) == []
    if again:
        watched.losses.open(ROW, KBPS, 8)
        assert watched.asked(0) == []


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
