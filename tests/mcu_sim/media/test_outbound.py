"""What goes out: to whom, as what, impaired, encrypted and counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from giaoban.mcu_sim.media.leg import Leg
from giaoban.mcu_sim.media.outbound import Outbound
from giaoban.mcu_sim.media.srtp import SrtpContext, SrtpError
from giaoban.traffic.batch import SendBatch
from giaoban.traffic.impairments import NormalJitter
from giaoban.traffic.log import SENT
from giaoban.traffic.sender.pacing import LoopPacer
from tests.mcu_sim.media_factory import (
    FAR_KEY,
    MCU_KEY,
    Way,
    leg,
    packet,
    secured,
    terms,
)
from tests.traffic.traffic_factory import during_all

MS = 1_000_000


class Out(Way):
    """A way out; what is due at 1 ms leaves at `flush`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, SENT, 32_000)
        self.pacer = LoopPacer(2064)
        self.outbound = Outbound(self.ports, self.keys, self.pacer, self.log, 4, 64, 2048, 0)

    def open(self, one: Leg) -> None:
        self.take_keys(one)
        self.outbound.open(one)

    def send(
        self,
        packets: list[bytes],
        rows: list[int],
        kind: Any = "audio",
        due: list[int] | None = None,
    ) -> None:
        """Packets whose sequence numbers are what the log is told."""
        batch = self._batch(packets)
        numbers = np.array([int.from_bytes(p[2:4], "big") for p in packets], np.int64)
        stamps = np.array([int.from_bytes(p[4:8], "big") for p in packets], np.int64)
        lengths = np.array([len(p) for p in packets], np.int64)
        at = np.array(range(len(packets)) if due is None else due, np.int64)
        self.outbound.send(kind, batch, np.array(rows), lengths, at, numbers, stamps)
        self.pacer.flush(1000 * MS)

    def send_as_is(self, packets: list[bytes], rows: list[int], kind: Any = "video") -> None:
        lengths = np.array([len(p) for p in packets], np.int64)
        times = np.arange(len(packets), dtype=np.int64)
        self.outbound.send_as_is(kind, self._batch(packets), np.array(rows), lengths, times)
        self.pacer.flush(1000 * MS)

    def _batch(self, packets: list[bytes]) -> SendBatch:
        batch = self.outbound.batch(max(1, len(packets)), max(map(len, packets), default=12))
        for n, one in enumerate(packets):
            batch.data[n, : len(one)] = np.frombuffer(one, np.uint8)
        return batch


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Out]:
    made = Out(tmp_path / "sent.bin")
    yield made
    made.close()


def numbers(got: list[bytes]) -> list[int]:
    return [int.from_bytes(p[2:4], "big") for p in got]


def test_each_goes_to_its_own_call_and_is_logged(way: Out) -> None:
    a, b = way.far(27_000), way.far(27_100)
    way.open(leg(0, terms("audio", 27_000)))
    way.open(leg(2, terms("audio", 27_100)))
    way.send([packet(1), packet(2), packet(3, stamp=9)], [0, 2, 0])
    assert a.got() == [packet(1), packet(3, stamp=9)]
    assert b.got() == [packet(2)]
    log = way.logged()
    assert log["stream"].tolist() == [0, 20, 0]
    assert log["sequence"].tolist() == [1, 2, 3]
    assert log["timestamp"].tolist() == [0, 0, 9]
    assert log["due_ns"].tolist() == log["leaving_ns"].tolist() == [0, 1, 2]
    assert log["size"].tolist() == [172] * 3
    assert np.all(log["copies"] == 1)
    assert not log["corrupted"].any()
    assert not log["key"].any()


def test_who_does_not_want_it_gets_nothing_and_is_not_logged(way: Out) -> None:
    a, b = way.far(27_000), way.far(27_100)
    way.open(leg(0, terms("audio", 27_000, sends=False)))
    way.open(leg(2, terms("audio", 27_100)))
    way.send([packet(1), packet(2), packet(3)], [0, 2, 2])
    way.send([packet(4)], [0])
    assert a.got() == []
    assert b.got() == [packet(2), packet(3)]
    way.outbound.turn("audio", 0, leg(0, terms("audio", 27_000)).flows["audio"])
    way.send([packet(5)], [0])
    way.outbound.close(0)
    way.send([packet(6)], [0])
    assert a.got() == [packet(5)]
    assert way.logged()["sequence"].tolist() == [2, 3, 5]


def test_encrypted_and_plain_calls_side_by_side(way: Out) -> None:
    a, b = way.far(27_000), way.far(27_100)
    way.open(leg(0, secured("audio", 27_000)))
    way.open(leg(2, terms("audio", 27_100)))
    way.send([packet(1), packet(2), packet(3)], [0, 2, 0])
    context = SrtpContext(send=FAR_KEY, receive=MCU_KEY)
    wire = a.got()
    assert [len(p) for p in wire] == [182, 182]
    assert [context.unprotect(p) for p in wire] == [packet(1), packet(3)]
    with pytest.raises(SrtpError):
        context.unprotect(wire[0])
    assert b.got() == [packet(2)]
    assert way.logged()["size"].tolist() == [172] * 3


# ------------------------------------------------------------------------ impairments, in detail


def sequence_at(log: Any) -> list[int]:
    """All datagrams of a log in order of leaving."""
    which = np.repeat(np.arange(len(log)), log["copies"])
    order = np.argsort(log["leaving_ns"][which], kind="stable")
    return [int(number) for number in log["sequence"][which[order]]]


def test_duplicates_are_sent_twice_and_other_rows_once(way: Out) -> None:
    a, b = way.far(27_000), way.far(27_100)
    way.open(leg(0, terms("audio", 27_000), impairments=during_all(duplicate=0.5)))
    way.open(leg(2, terms("audio", 27_100)))
    way.send([packet(n) for n in range(60)], [0, 2] * 30)
    log = way.logged()
    assert numbers(a.got()) == sequence_at(log[log["stream"] == 0])
    assert numbers(b.got()) == list(range(1, 60, 2))
    twice = log["copies"] == 2
    assert 5 < np.count_nonzero(twice) < 25
    assert not twice[1::2].any()
    assert way.outbound.rtp_sent == int(log["copies"].sum())


REORDERED = during_all(jitter=NormalJitter(mean_ms=40, sd_ms=30, reorder=True))


def test_packets_that_overtake_are_handed_over_in_order_of_leaving(way: Out) -> None:
    """Across windows: one that leaves after the next window has begun waits for that."""
    a = way.far(27_000)
    way.open(leg(0, terms("audio", 27_000), impairments=REORDERED))
    handed: list[int] = []
    take = way.pacer.send

    def watched(fd: int, batch: SendBatch, lengths: Any, times_ns: Any, to: Any) -> None:
        handed.extend(times_ns.tolist())
        take(fd, batch, lengths, times_ns, to)

    way.pacer.send = watched  # type: ignore[method-assign, assignment]
    for n in range(50):
        way.send([packet(n)], [0], due=[20 * MS * n])
    assert len(handed) < 50
    way.outbound.advance("audio", 1010 * MS)
    assert max(handed) < 1010 * MS
    way.outbound.close(0)
    way.pacer.flush(10_000 * MS)
    assert len(handed) == 50
    assert handed == sorted(handed)
    log = way.logged()
    wanted = sequence_at(log)
    assert wanted != sorted(wanted)
    assert numbers(a.got()) == wanted
