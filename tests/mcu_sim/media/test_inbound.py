"""What comes in: whose it is, whether it is authentic, and what becomes of all the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from giaoban.mcu_sim.media.inbound import Inbound
from giaoban.mcu_sim.media.leg import Leg
from giaoban.mcu_sim.media.srtp import SrtpContext
from giaoban.traffic.log import RECEIVED
from giaoban.traffic.rtcp import ReceiverReport, pack
from tests.mcu_sim.media_factory import (
    FAR_KEY,
    MCU_KEY,
    Way,
    leg,
    packet,
    secured,
    terms,
)

AUDIO, VIDEO = 31_000, 31_002
REPORT = pack([ReceiverReport(7)])


class In(Way):
    """A way in with two far ends, A and B, at ports 25000 and 25100 and on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, RECEIVED, AUDIO)
        self.inbound = Inbound(self.ports, self.keys, self.log, 4, None)

    def open(self, one: Leg) -> None:
        self.take_keys(one)
        self.inbound.open(one, time.monotonic_ns())

    def turn(self, one: Leg) -> None:
        self.inbound.turn(one, "audio", one.flows["audio"])

    def receive(self, kind: Any = "audio") -> list[tuple[int, bytes]]:
        """(row, packet) of all that came."""
        return [
            (int(row), got.data[n, : got.lengths[n]].tobytes())
            for got in self.inbound.receive(kind)
            for n, row in enumerate(got.rows)
        ]


@pytest.fixture
def way(tmp_path: Path) -> Iterator[In]:
    made = In(tmp_path / "received.bin")
    yield made
    made.close()


def test_packets_of_two_calls_and_of_a_stranger(way: In) -> None:
    a, b, stranger = way.far(25_000), way.far(25_100), way.far(25_200)
    way.open(leg(0, terms("audio", 25_000)))
    way.open(leg(3, terms("audio", 25_100)))
    for n in range(3):
        a.send(packet(n), AUDIO)
        b.send(packet(n, bytes([n] * 160)), AUDIO)
    stranger.send(packet(0), AUDIO)
    stranger.send(REPORT, AUDIO)
    got = way.receive()
    assert [row for row, _ in got] == [0, 3] * 3
    assert [data for row, data in got if row == 3] == [
        packet(n, bytes([n] * 160)) for n in (0, 1, 2)
    ]
    assert way.inbound.lost.stray == 2
    assert way.inbound.statistics["audio"].received.tolist() == [3, 0, 0, 3]
    now_ns = time.monotonic_ns()
    assert 0 <= now_ns - int(way.inbound.heard_ns[0]) < 60 * 10**9


def test_rtcp_with_rtp_and_on_its_own_port(way: In) -> None:
    mixed, own = way.far(25_000), way.far(25_101)
    way.open(leg(0, terms("audio", 25_000)))
    way.open(leg(1, terms("audio", 25_100, rtcp_mux=False)))
    stranger = way.far(25_300)
    mixed.send(REPORT, AUDIO)
    own.send(REPORT, AUDIO + 1)
    stranger.send(REPORT, AUDIO + 1)
    assert way.receive() == []
    first = way.inbound.receive_control(separate_ports=False)
    assert [(c.row, c.kind, c.data) for c in first] == [(0, "audio", REPORT)]
    second = way.inbound.receive_control(separate_ports=True)
    assert [(c.row, c.data) for c in second] == [(1, REPORT)]
    assert (way.inbound.rtcp_received, way.inbound.lost.stray) == (2, 1)
    assert way.inbound.receive_control(separate_ports=True) == []


def test_what_is_encrypted_is_opened_and_what_is_forged_is_not(way: In) -> None:
    a, plain = way.far(25_000), way.far(25_100)
    way.open(leg(0, secured("audio", 25_000)))
    way.open(leg(1, terms("audio", 25_100)))
    context = SrtpContext(send=FAR_KEY, receive=MCU_KEY)
    good = [context.protect(packet(n)) for n in range(4)]
    forged = bytearray(good[1])
    forged[30] ^= 1
    for data in (good[0], bytes(forged), packet(9), good[2], good[2], good[3][:-1], good[3]):
        a.send(data, AUDIO)
    plain.send(packet(5), AUDIO)
    got = way.receive()
    assert got == [(0, packet(0)), (0, packet(2)), (0, packet(3)), (1, packet(5))]
    lost = way.inbound.lost
    # one is repeated, which is no better than forged
    assert (lost.unauthentic, lost.not_rtp, lost.stray) == (4, 0, 0)


def test_only_planned_streams_are_logged_until_the_row_is_forgotten(way: In) -> None:
    a, b = way.far(25_000), way.far(25_100)
    way.open(leg(0, terms("audio", 25_000), up=40))
    way.open(leg(1, terms("audio", 25_100)))
    a.send(packet(65_535, stamp=77), AUDIO)
    b.send(packet(1), AUDIO)
    way.receive()
    way.inbound.close(0)
    a.send(packet(65_536, stamp=78), AUDIO)
    assert way.receive() == []
    way.inbound.forget(0)
    a.send(packet(65_537), AUDIO)
    way.receive()
    log = way.logged()
    assert log["stream"].tolist() == [40, 40]
    assert log["sequence"].tolist() == [65_535, 0]
    assert log["timestamp"].tolist() == [77, 78]
    assert log["size"].tolist() == [172, 172]
