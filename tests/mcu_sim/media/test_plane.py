"""The media plane as a whole: its time, its logs, and pictures from one call to others."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from giaoban.mcu_sim.media.leg import Delays
from giaoban.mcu_sim.media.plane import MediaPlane
from giaoban.mcu_sim.media.ports import PortPool
from giaoban.traffic.log import RECEIVED, SENT, read
from tests.mcu_sim.media_factory import HERE, Far, leg, packet, terms
from tests.mcu_sim.server_factory import MODEL

AUDIO, VIDEO, CONTENT = 33_000, 33_002, 33_004
MS = 1_000_000
ORIGIN = 10**15
"""A moment at which no kernel clock stands: nothing here hangs on the real time."""


USUAL = Delays(playout_ms=40.0, mix_ms=20.0, compose_ms=30.0, forward_ms=10.0)


class Bench:
    """A plane of four rows in a time of its own, and far ends."""

    def __init__(self, captures: Path, delays: Delays = USUAL, **more: Any) -> None:
        self.captures = captures
        self.now_ns = ORIGIN
        self.ports = PortPool(HERE, AUDIO)
        self.ports.port_group_for({})
        usual: dict[str, Any] = {"kernel_paces": False, "captures": captures}
        self.plane = MediaPlane(
            self.ports,
            delays,
            capacity=4,
            origin_ns=ORIGIN,
            rng=random.Random(1),
            composed=MODEL,
            clock=lambda: self.now_ns,
            **(usual | more),
        )
        self.fars: list[Far] = []
        self._shut = False

    def far(self, port: int) -> Far:
        self.fars.append(Far(port))
        return self.fars[-1]

    def run(self, ms: int, step: int = 5) -> int:
        """For so long; when the plane wants to be run again."""
        then = 0
        for _ in range(0, ms, step):
            self.now_ns += step * MS
            then = self.plane.run(self.now_ns)
        return then

    def logs(self) -> tuple[Any, Any]:
        """Sent and received, when all is over."""
        self.close()
        return (
            read(self.captures / "mcu-sent.bin", SENT),
            read(self.captures / "mcu-received.bin", RECEIVED),
        )

    def close(self) -> None:
        if not self._shut:
            self._shut = True
            self.plane.shut()
            for far in self.fars:
                far.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def picture(n: int, *, key: bool = False, mark: bytes = b"", kind: int = 97, **more: Any) -> bytes:
    """A frame of one packet."""
    body = bytes([0x65 if key else 0x41]) + mark + bytes(40)
    return packet(n, body, kind=kind, stamp=3000 * n, **more)


def numbers(got: list[bytes]) -> list[int]:
    return [int.from_bytes(p[2:4], "big") for p in got if not 192 <= p[1] <= 223]


def test_sound_leaves_every_20_ms_after_the_delay_of_the_mix(bench: Bench) -> None:
    bench.far(28_000)
    bench.plane.open(leg(0, terms("audio", 28_000)), bench.now_ns)
    bench.run(1000)
    sent, _ = bench.logs()
    assert np.all(np.diff(sent["due_ns"]) == 20 * MS)
    assert sent["due_ns"][0] == ORIGIN + 20 * MS + 20 * MS
    assert np.all(np.diff(sent["sequence"]) == 1)
    assert len(sent) == 50


@pytest.mark.parametrize("kernel", [False, True])
def test_composed_pictures_at_their_rate(tmp_path: Path, kernel: bool) -> None:
    bench = Bench(tmp_path, kernel_paces=kernel)
    bench.far(28_002)
    try:
        one = leg(0, terms("video", 28_002), composed=MODEL)
        bench.plane.open(one, bench.now_ns)
        bench.run(10_000, 20)
    finally:
        sent, _ = bench.logs()
    within = sent[sent["due_ns"] < ORIGIN + 10_000 * MS]
    assert within["size"].sum() * 8 / 10_000 == pytest.approx(MODEL.kbps, rel=0.15)
    assert np.all(np.diff(sent["sequence"]) == 1)
    assert within["due_ns"][0] >= ORIGIN + 30 * MS


def test_a_viewer_that_changes_sees_the_new_source_from_its_key_frame_on(bench: Bench) -> None:
    viewer, first, second = bench.far(28_002), bench.far(28_102), bench.far(28_202)
    for row, port in ((0, 28_002), (1, 28_102), (2, 28_202)):
        bench.plane.open(leg(row, terms("video", port)), bench.now_ns)
    bench.plane.watch("video", 0, 1, bench.now_ns)
    first.send(picture(1, key=True, mark=b"1"), VIDEO)
    bench.run(20)
    bench.plane.watch("video", 0, 2, bench.now_ns)
    second.send(picture(900, mark=b"2", ssrc=8), VIDEO)
    first.send(picture(2, mark=b"1"), VIDEO)
    bench.run(20)
    second.send(picture(901, key=True, mark=b"2", ssrc=8), VIDEO)
    first.send(picture(3, mark=b"1"), VIDEO)
    bench.run(40)
    got = [p for p in viewer.got() if not 192 <= p[1] <= 223]
    assert [p[13:14] for p in got] == [b"1", b"1", b"2"]
    assert numbers(got) == [65_500, 65_501, 65_502]
    assert len({p[8:12] for p in got}) == 1
    bench.plane.close(2, bench.now_ns)
    second.send(picture(902, key=True, mark=b"2", ssrc=8), VIDEO)
    bench.run(40)
    assert numbers(viewer.got()) == []


def test_forwarded_pictures_leave_a_fixed_time_after_they_came(bench: Bench) -> None:
    """Whenever the loop looked: the times of leaving are those of coming and 10 ms."""
    bench.far(28_002)
    source = bench.far(28_102)
    for row, port in ((0, 28_002), (1, 28_102)):
        bench.plane.open(leg(row, terms("video", port), up=50), bench.now_ns)
    bench.plane.watch("video", 0, 1, bench.now_ns)
    for n in range(5):
        source.send(picture(n, key=n == 0), VIDEO)
    bench.run(20)
    sent, received = bench.logs()
    assert sent["due_ns"].tolist() == (received["arrival_ns"] + 10 * MS).tolist()
    assert received["stream"].tolist() == [50] * 5
