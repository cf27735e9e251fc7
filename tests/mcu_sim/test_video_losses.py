"""The MCU decodes what it composes: after a loss it asks the camera for a key frame."""

from __future__ import annotations

import numpy as np
import pytest

from mcu_sim.video.keyframes import SECOND_NS
from mcu_sim.video.losses import DecodingLosses
from traffic import rtp
from traffic.reception import ReceptionBank

ROW = 2


class Watched:
    """One camera whose packets are put in by their sequence numbers."""

    def __init__(self) -> None:
        self.bank = ReceptionBank(4, 90_000)
        self.bank.open(ROW)
        self.losses = DecodingLosses(self.bank)
        self.losses.open(ROW)
        self.came(*range(100, 110))

    def came(self, *sequences: int) -> None:
        n = len(sequences)
        headers = rtp.Headers(
            valid=np.ones(n, np.bool_),
            marker=np.zeros(n, np.bool_),
            payload_type=np.full(n, 97, np.uint8),
            sequence=np.array(sequences, np.uint16),
            timestamp=np.zeros(n, np.uint32),
            ssrc=np.full(n, 7, np.uint32),
        )
        self.bank.put(np.full(n, ROW, np.intp), headers, np.arange(n))


def test_nothing_is_asked_while_all_comes() -> None:
    watched = Watched()
    watched.came(*range(110, 150))
    assert watched.losses.take(0) == []


def test_a_loss_is_asked_for_once() -> None:
    watched = Watched()
    watched.came(112)
    assert watched.losses.take(0) == [ROW]
    assert watched.losses.take(1) == []


def test_a_loss_soon_after_waits_and_is_not_forgotten() -> None:
    watched = Watched()
    watched.came(112)
    assert watched.losses.take(0) == [ROW]
    watched.came(114)
    asked = [ms for ms in range(0, 3000, 50) if watched.losses.take(ms * SECOND_NS // 1000)]
    assert asked == [1000]


def test_a_late_packet_takes_the_loss_back() -> None:
    watched = Watched()
    watched.came(111)
    assert watched.losses.take(0) == [ROW]
    watched.came(110)
    assert watched.losses.take(5 * SECOND_NS) == []
    watched.came(113)
    assert watched.losses.take(5 * SECOND_NS) == [ROW]


@pytest.mark.parametrize("again", [False, True])
def test_after_the_call_nobody_is_asked(again: bool) -> None:
    watched = Watched()
    watched.came(112)
    watched.losses.close(ROW)
    assert watched.losses.take(0) == []
    if again:
        watched.bank.open(ROW)
        watched.losses.open(ROW)
        assert watched.losses.take(0) == []
