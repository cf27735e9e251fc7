"""One side of an RTCP session: its rhythm, its reports, and its answers to the far end's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.rtcp import (
    Bye,
    IntraRequest,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    ntp_of,
    parse,
)
from giaoban.traffic.rtcp.session import Collision, KeyFrameWanted, Reporter

S = 1_000_000_000
MS = S // 1000
OURS, THEIRS = 0x1111, 0x2222
UNIX_NS = 1_750_000_000 * S
BLOCK = ReportBlock(THEIRS, 12, 34, 5678, 90)
NAME = SourceDescription(OURS, "mcu@10.67.0.2")


def reporter(seed: int = 1) -> Reporter:
    return Reporter(OURS, "mcu@10.67.0.2", 90_000, np.random.default_rng(seed), 0)


def made(by: Reporter, now_ns: int, block: ReportBlock | None = None) -> list[Packet]:
    return parse(by.make(block, now_ns, UNIX_NS + now_ns))


@pytest.fixture
def by() -> Reporter:
    return reporter()


def test_intervals_are_spread_as_reconsideration_spreads_them() -> None:
    """§6.3.6 draws again at the end of an interval and waits on if the new one is longer.

    The draws are a rising chain that comes by u with density 1 + u + u²/2! + … = eᵘ and ends there
    with probability u: the share 0.5 + u is at most that with probability (u − 1)eᵘ + 1.
    """
    by, intervals_ns = reporter(6), []
    for _ in range(10_000):
        now_ns = by.due_ns
        by.make(None, now_ns, UNIX_NS)
        intervals_ns.append(by.due_ns - now_ns)
    shares = np.array(intervals_ns) / (5 * S) * (math.e - 1.5)
    assert shares.mean() == pytest.approx(math.e - 1.5, rel=0.02)
    for u in (0.1, 0.5, 0.9):
        assert np.mean(shares <= 0.5 + u) == pytest.approx((u - 1) * math.exp(u) + 1, abs=0.015)


def test_the_first_report_comes_after_half_of_that() -> None:
    firsts = np.array([reporter(seed).due_ns for seed in range(2000)]) / S
    low, high = 1.25 / (math.e - 1.5), 3.75 / (math.e - 1.5)
    assert low <= firsts.min()
    assert firsts.max() <= high
    assert firsts.mean() == pytest.approx(2.5, rel=0.03)


def test_without_packets_sent_a_report_is_a_receivers(by: Reporter) -> None:
    assert made(by, 3 * S, BLOCK) == [ReceiverReport(OURS, (BLOCK,)), NAME]


def test_a_senders_report_counts_and_dates_its_packets(by: Reporter) -> None:
    by.sent(3, 3600, 2**32 - 900, S)
    by.sent(2**32, 1000, 2**32 - 450, 2 * S)
    report = made(by, 2 * S + 10 * MS)[0]
    # 10 ms after the last packet: 900 units on, over the wrap; the count wraps at 32 bits
    assert report == SenderReport(OURS, ntp_of(UNIX_NS + 2 * S + 10 * MS), 450, 3, 4600)


def test_two_reports_without_sending_make_a_receiver_of_a_sender(by: Reporter) -> None:
    """§6.4: sent since the last report or since the one before."""
    by.sent(1, 160, 0, S)
    kinds = [type(made(by, 5 * n * S)[0]) for n in (1, 2, 3)]
    assert kinds == [SenderReport, SenderReport, ReceiverReport]


@given(st.integers(0, 2**40), st.integers(0, 60_000 * S))
def test_the_age_of_the_far_report_is_right_to_its_last_place(arrival_ns: int, age_ns: int) -> None:
    by = reporter()
    by.take([SenderReport(THEIRS, 1 << 40, 0, 0, 0)], arrival_ns)
    report = made(by, arrival_ns + age_ns, BLOCK)[0]
    assert isinstance(report, ReceiverReport)
    [block] = report.blocks
    assert (block.lsr, block.dlsr) == (1 << 24, age_ns * 65536 // S)


@pytest.mark.parametrize(("age_ns", "dlsr"), [(-MS, 0), (70_000 * S, 2**32 - 1)])
def test_an_age_beyond_its_field_is_the_nearest_that_fits(
    by: Reporter, age_ns: int, dlsr: int
) -> None:
    by.take([SenderReport(THEIRS, 1 << 40, 0, 0, 0)], S)
    report = made(by, S + age_ns, BLOCK)[0]
    assert isinstance(report, ReceiverReport)
    assert report.blocks[0].dlsr == dlsr


def test_requests_for_our_stream_ask_for_a_key_frame(by: Reporter) -> None:
    pli = PictureLossIndication(THEIRS, OURS)
    assert by.take([pli, IntraRequest(THEIRS, OURS, 1)], 0) == [KeyFrameWanted()]
    assert by.take([IntraRequest(THEIRS, OURS, 1)], 0) == []  # it counted all the same
    assert by.take([pli], 0) == [KeyFrameWanted()]
    others = [PictureLossIndication(THEIRS, 0x3333), IntraRequest(THEIRS, 0x3333, 9)]
    assert by.take(others, 0) == []


def test_a_repeated_fir_asks_once(by: Reporter) -> None:
    numbers = [4, 4, 5, 5, 4, 255, 0]
    asked = [bool(by.take([IntraRequest(THEIRS, OURS, number)], 0)) for number in numbers]
    assert asked == [True, False, True, False, True, True, True]


def test_our_own_requests(by: Reporter) -> None:
    pli = parse(by.key_frame_request("pli", THEIRS))
    assert pli == [ReceiverReport(OURS), NAME, PictureLossIndication(OURS, THEIRS)]
    firs = [parse(by.key_frame_request("fir", THEIRS))[2] for _ in range(257)]
    assert firs == [IntraRequest(OURS, THEIRS, n % 256) for n in range(257)]


def test_leaving(by: Reporter) -> None:
    assert by.bye() is None  # §6.3.7: it never sent anything
    by.sent(1, 100, 0, 0)
    data = by.bye()
    assert data is not None
    assert parse(data) == [ReceiverReport(OURS), NAME, Bye(OURS)]


@pytest.mark.parametrize(
    "packet",
    [
        SenderReport(OURS, 0, 0, 0, 0),
        SourceDescription(OURS, "x"),
        Bye(OURS),
        PictureLossIndication(OURS, THEIRS),
    ],
)
def test_any_packet_from_our_own_ssrc_is_a_collision(by: Reporter, packet: Packet) -> None:
    assert by.take([packet], 0) == [Collision(OURS)]


def test_a_loop_of_our_own_packets_changes_the_ssrc_only_once(by: Reporter) -> None:
    """§8.2: until nothing came back for ten report intervals."""
    assert by.take(parse(by.make(BLOCK, 0, UNIX_NS)), 0) == [Collision(OURS)]
    by.rename(0x4444)
    assert by.bye() is None  # nothing was sent under the new one
    for second in (1, 30, 60, 100):
        by.sent(1, 100, 0, second * S)
        assert by.take(parse(by.make(BLOCK, second * S, UNIX_NS)), second * S) == []
    report = made(by, 101 * S, ReportBlock(0x4444, 0, 0, 0, 0))[0]
    assert report == SenderReport(
        0x4444, ntp_of(UNIX_NS + 101 * S), 90_000, 4, 400, (ReportBlock(0x4444, 0, 0, 0, 0),)
    )  # a report of our own that came back is not the far end's
    assert by.conflict(149 * S) == []
    assert by.conflict(199 * S) == [Collision(0x4444)]
