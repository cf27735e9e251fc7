"""The sender's loop, over loopback; pretended clocks where time matters."""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.errors import InputError
from giaoban.traffic import log as packet_log
from giaoban.traffic import rtp
from giaoban.traffic.batch import ReceiveBatch, media_socket
from giaoban.traffic.generator import sender, slots, windows
from giaoban.traffic.generator.cycle import Cycle, constant_rate
from giaoban.traffic.generator.lateness import Lateness
from giaoban.traffic.generator.sender import Sender, Sent
from giaoban.traffic.hosts import check_rate, is_own, media_target
from giaoban.traffic.sender.injection import Fate

HOST = "127.0.0.1"


class FakeTime:
    """A clock that moves by `step_ns` at every look, and by what is slept."""

    def __init__(self, step_ns: int) -> None:
        self.now_ns, self.step_ns = 0, step_ns

    def __call__(self) -> int:
        self.now_ns += self.step_ns
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def run(
    plan: Cycle,
    seconds: float,
    clock: FakeTime,
    stop: Callable[[], bool] = lambda: False,
    impairers: list[windows.Impairer] | None = None,
    path: Path | None = None,
) -> tuple[
    Sent,
    np.ndarray[tuple[int, int], np.dtype[np.uint8]],
    np.ndarray[tuple[int], np.dtype[np.int64]],
]:
    """What the sender says, and the rows and lengths that came."""
    with media_socket(HOST, 0, dscp=0) as far, slots.open_socket(HOST, 0) as near:
        payloads = slots.Payloads(HOST, far.getsockname()[1])
        places = [slots.Slot(payloads, plan.headers(), txtime=False) for _ in range(sender.READY)]
        log = packet_log.PacketLog(packet_log.SENT, path)
        one = Sender(
            near.fileno(),
            windows.schedule(plan, 1_000_000, seconds, impairers, 50),
            places,
            log,
            clock=clock,
            sleep=clock.sleep,
        )
        one.prepare()
        sent = one.run(stop)
        log.close()
        batch, rows, lengths = ReceiveBatch(1024, 2048), [], []
        while select.select([far], [], [], 0)[0]:
            received = batch.receive(far.fileno())
            rows.append(received.data.copy())
            lengths.append(received.lengths)
    return sent, np.concatenate(rows), np.concatenate(lengths)


def test_what_is_sent_comes_as_planned(tmp_path: Path) -> None:
    plan = constant_rate(400, 300, 3, 9)
    sent, data, lengths = run(plan, 1.0, FakeTime(1000), path=tmp_path / "log")
    headers = rtp.parse_headers(data, lengths)
    assert sent.datagrams == len(lengths) == 400
    assert set(lengths.tolist()) == {300}
    assert sent.bytes == 400 * 300
    ids = [stream.ssrc for stream in plan.ids]
    assert headers.ssrc.tolist() == [ids[number % 3] for number in range(400)]
    logged = packet_log.read(tmp_path / "log", packet_log.SENT)
    assert np.array_equal(logged["sequence"] & 0xFFFF, headers.sequence)
    assert np.array_equal(logged["timestamp"], headers.timestamp)
    # a look at the clock before and after: never more than a few steps late
    assert sent.lateness.worst_ns <= 5000
    assert not sent.gave_up


def test_removed_duplicated_and_corrupted_packets_are_told(tmp_path: Path) -> None:
    def impair(due_ns: NDArray[np.int64], sizes: NDArray[np.int64]) -> Fate:
        n = len(sizes)
        copies = np.tile(np.array([0, 1, 2, 1], np.uint8), n)[:n]
        return Fate(due_ns, copies, copies == 2)

    plan = constant_rate(200, 100, 1, 9)
    sent, data, lengths = run(plan, 1.0, FakeTime(1000), impairers=[impair], path=tmp_path / "log")
    logged = packet_log.read(tmp_path / "log", packet_log.SENT)
    assert len(logged) == 200
    assert sent.datagrams == len(lengths) == int(logged["copies"].sum())
    assert sent.removed == np.count_nonzero(logged["copies"] == 0)
    assert sent.duplicated == sent.corrupted == np.count_nonzero(logged["copies"] == 2)
    plain = slots.Payloads(HOST, 9).plain[: 100 - slots.HEAD]
    flipped = np.unpackbits(data[:, slots.HEAD : 100] ^ plain, axis=1).sum(axis=1)
    assert sorted(set(flipped.tolist())) == [0, 1]
    assert np.count_nonzero(flipped) == 2 * sent.corrupted


def test_an_end_in_between_is_told_as_it_was(tmp_path: Path) -> None:
    asked = iter(range(10_000))
    plan = constant_rate(1000, 100, 1, 9)
    clock = FakeTime(100_000)
    sent, _, lengths = run(plan, 1.0, clock, lambda: next(asked) > 300, path=tmp_path / "log")
    assert 0 < sent.datagrams == len(lengths) < 1000
    assert len(packet_log.read(tmp_path / "log", packet_log.SENT)) == sent.datagrams


def test_a_machine_too_slow_is_late_and_gives_up() -> None:
    sent, _, lengths = run(constant_rate(1000, 100, 1, 9), 3.0, FakeTime(30_000_000))
    assert sent.lateness.percentile_us(99) > 1000
    slow, _, _ = run(constant_rate(1000, 100, 1, 9), 3.0, FakeTime(600_000_000))
    assert slow.gave_up
    assert slow.datagrams < 3000
    assert sent.datagrams == len(lengths)


def test_the_kernel_gets_packets_ahead_but_not_too_many() -> None:
    with slots.open_socket(HOST, 0) as near:
        one = Sender(near.fileno(), iter(()), [], kernel_paces=True)
        leaving = [1_000_000_000 + 100_000 * number for number in range(1000)]
        given = one._handed_over(leaving)
    assert given == sorted(given)
    assert all(at - sender.AHEAD_NS <= when <= at for when, at in zip(given, leaving, strict=True))
    for number in range(100, 1000):  # when one is given, at most so many before it have not left
        assert given[number] >= leaving[number - sender.AHEAD_PACKETS]


def test_percentiles_are_those_of_the_packets() -> None:
    late = np.random.default_rng(3).exponential(50_000, 20_000).astype(np.int64)
    histogram = Lateness()
    for part in np.split(late, 20):
        histogram.add(part)
    for percent, place in ((50, 10_000), (99, 19_800), (99.5, 19_900)):
        exact = np.sort(late)[place - 1] / 1e3
        assert exact <= histogram.percentile_us(percent) <= exact + 1
    assert histogram.worst_ns == late.max()
    histogram.add(np.full(200_000, 5_000_000_000))
    assert histogram.percentile_us(99) == 5_000_000


@pytest.mark.parametrize(
    "own", ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.9.9", "198.19.0.1"]
)
def test_own_addresses_may_be_sent_to(own: str) -> None:
    assert media_target(f"{own}:5004", authorised=False) == (own, 5004)


@pytest.mark.parametrize("public", ["8.8.8.8", "172.32.0.1", "100.64.0.1", "198.20.0.1"])
def test_others_need_the_word_that_it_was_agreed(public: str) -> None:
    with pytest.raises(InputError, match="--i-am-authorised"):
        media_target(f"{public}:5004", authorised=False)
    assert media_target(f"{public}:5004", authorised=True) == (public, 5004)
    assert not is_own(public)
    check_rate(public, 10_000)
    with pytest.raises(InputError, match="too much"):
        check_rate(public, 10_001)


@pytest.mark.parametrize(
    "bad",
    ["224.0.0.1:5", "255.255.255.255:5", "0.0.0.0:5", "240.1.1.1:5", "localhost:5", "1.2.3.4",
     "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:٣", ":5"],
)  # fmt: skip
def test_what_is_not_one_host_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="HOST:PORT"):
        media_target(bad, authorised=True)
