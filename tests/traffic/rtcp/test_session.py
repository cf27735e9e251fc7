"""One side of an RTCP session: its rhythm, its reports, and what it makes of the far end's."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.rtcp import (
    CNAME,
    Bye,
    Chunk,
    FullIntraRequest,
    IntraRequest,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
    middle32,
    ntp_of,
    parse,
)
from giaoban.traffic.rtcp.session import (
    Collision,
    KeyFrameWanted,
    RemoteBye,
    RemoteReport,
    Reporter,
)

S = 1_000_000_000
MS = S // 1000
OURS, THEIRS = 0x1111, 0x2222
UNIX_NS = 1_750_000_000 * S
BLOCK = ReportBlock(THEIRS, 12, 34, 5678, 90)
ABOUT_US = ReportBlock(OURS, 64, -3, 0x1_0002, 720)


def reporter(seed: int = 1, now_ns: int = 0) -> Reporter:
    return Reporter(OURS, "mcu@10.67.0.2", 90_000, np.random.default_rng(seed), now_ns)


def made(by: Reporter, now_ns: int, block: ReportBlock | None = None) -> list[Packet]:
    return parse(by.make(block, now_ns, UNIX_NS + now_ns))


# --------------------------------------------------------------------------------------- rhythm


def intervals_ns(seed: int, count: int) -> list[int]:
    """The first interval and `count` others."""
    by = reporter(seed)
    out = [by.due_ns]
    for _ in range(count):
        now_ns = by.due_ns
        by.make(None, now_ns, UNIX_NS)
        out.append(by.due_ns - now_ns)
    return out


def test_intervals_are_five_seconds_in_the_mean_and_within_the_rfcs_bounds() -> None:
    shares = np.array(intervals_ns(3, 20_000)[1:]) / (5 * S) * (math.e - 1.5)
    assert 0.5 <= shares.min() < 0.52
    assert 1.48 < shares.max() <= 1.5
    assert shares.mean() == pytest.approx(math.e - 1.5, rel=0.01)


def test_the_first_report_comes_after_half_of_that() -> None:
    firsts = np.array([intervals_ns(seed, 0)[0] for seed in range(4000)]) / S
    low, high = 1.25 / (math.e - 1.5), 3.75 / (math.e - 1.5)
    assert low <= firsts.min() < low + 0.1
    assert high - 0.1 < firsts.max() <= high
    assert firsts.mean() == pytest.approx(2.5, rel=0.02)


def test_intervals_are_spread_as_reconsideration_spreads_them() -> None:
    """§6.3.6 draws again at the end of an interval and waits on if the new one is longer.

    The draws are a rising chain that comes by u with density 1 + u + u²/2! + … = eᵘ and ends there
    with probability u: the share 0.5 + u is at most that with probability (u − 1)eᵘ + 1.
    """
    shares = np.array(intervals_ns(6, 20_000)[1:]) / (5 * S) * (math.e - 1.5)
    for u in (0.1, 0.3, 0.5, 0.7, 0.9):
        wanted = (u - 1) * math.exp(u) + 1
        assert np.mean(shares <= 0.5 + u) == pytest.approx(wanted, abs=0.01)


def test_moments_of_who_has_no_seed_are_the_systems() -> None:
    drawn = [
        Reporter(OURS, "mcu@10.67.0.2", 90_000, random.SystemRandom(), 0).due_ns for _ in range(500)
    ]
    shares = np.array(drawn) / (2.5 * S) * (math.e - 1.5)
    assert 0.5 <= shares.min() < 1.0  # by chance none is: 0.825 to the power of 500
    assert shares.max() < 1.5
    assert len(set(drawn)) == 500


@pytest.fixture
def by() -> Reporter:
    return reporter()


def test_a_report_made_late_puts_off_the_next(by: Reporter) -> None:
    by.make(None, 60 * S, UNIX_NS)
    assert by.due_ns >= 60 * S + 2 * S


# -------------------------------------------------------------------------------------- reports


def test_who_has_sent_nothing_makes_a_receivers_report_with_a_name() -> None:
    report, name = made(reporter(), 3 * S, BLOCK)
    assert report == ReceiverReport(OURS, (BLOCK,))
    assert isinstance(name, SourceDescription)
    assert name.chunks == (Chunk(OURS, ((CNAME, "mcu@10.67.0.2"),)),)


def test_a_senders_report_counts_and_dates_what_was_sent(by: Reporter) -> None:
    by.sent(3, 3600, 2**32 - 900, S)
    by.sent(2, 1000, 2**32 - 450, 2 * S)
    report = made(by, 2 * S + 10 * MS)[0]
    # 10 ms after the last packet: 900 units on, over the wrap
    assert report == SenderReport(OURS, ntp_of(UNIX_NS + 2 * S + 10 * MS), 450, 5, 4600)


def test_a_packet_that_leaves_later_dates_the_report_before_it(by: Reporter) -> None:
    by.sent(1, 100, 9000, 2 * S + 20 * MS)
    [report, _] = made(by, 2 * S)
    assert isinstance(report, SenderReport)
    assert report.rtp_timestamp == 9000 - 1800


def test_counts_wrap_at_32_bits(by: Reporter) -> None:
    by.sent(2**32 + 1, 2**33 + 2, 0, 0)
    report = made(by, 0)[0]
    assert isinstance(report, SenderReport)
    assert (report.packets, report.octets) == (1, 2)


def test_two_reports_without_sending_make_a_receiver_of_a_sender(by: Reporter) -> None:
    """§6.4: sent since the last report or since the one before."""
    by.sent(1, 160, 0, S)
    kinds = [type(made(by, 5 * n * S)[0]) for n in (1, 2, 3)]
    assert kinds == [SenderReport, SenderReport, ReceiverReport]
    by.sent(1, 160, 0, 16 * S)
    assert isinstance(made(by, 20 * S)[0], SenderReport)


@given(st.integers(0, 2**40), st.integers(0, 60_000 * S))
def test_the_age_is_right_to_its_last_place(arrival_ns: int, age_ns: int) -> None:
    by = reporter()
    by.take([SenderReport(THEIRS, 1 << 40, 0, 0, 0)], arrival_ns, UNIX_NS)
    report = made(by, arrival_ns + age_ns, BLOCK)[0]
    assert isinstance(report, ReceiverReport)
    [block] = report.blocks
    assert (block.lsr, block.dlsr) == (1 << 24, age_ns * 65536 // S)
    assert (block.ssrc, block.fraction_lost, block.highest_sequence) == (THEIRS, 12, 5678)


@pytest.mark.parametrize(("age_ns", "dlsr"), [(-MS, 0), (70_000 * S, 2**32 - 1)])
def test_an_age_that_does_not_fit_is_the_nearest_that_does(
    by: Reporter, age_ns: int, dlsr: int
) -> None:
    by.take([SenderReport(THEIRS, 1 << 40, 0, 0, 0)], S, UNIX_NS)
    report = made(by, S + age_ns, BLOCK)[0]
    assert isinstance(report, ReceiverReport)
    assert report.blocks[0].dlsr == dlsr


def test_a_senders_report_of_another_source_is_not_this_ones(by: Reporter) -> None:
    by.take([SenderReport(0x3333, 1 << 40, 0, 0, 0)], S, UNIX_NS)
    assert made(by, 2 * S, BLOCK)[0] == ReceiverReport(OURS, (BLOCK,))


# ----------------------------------------------------------------------------- the far end's view


def test_what_the_far_end_says_of_us(by: Reporter) -> None:
    assert by.far is None
    other = ReportBlock(0x3333, 1, 1, 1, 1)
    assert by.take([ReceiverReport(THEIRS, (other, ABOUT_US, other))], 7 * S, UNIX_NS) == []
    assert by.far == RemoteReport(0.25, -3, 8.0, 0x1_0002, 7 * S)
    assert by.round_trip_ms is None  # it has had no report of ours yet


def test_the_round_trip_of_the_rfcs_example(by: Reporter) -> None:
    """RFC 3550 figure 2: A 0xb710:8000, LSR 0xb705:2000, DLSR 5.25 s: 6.125 s."""
    block = ReportBlock(OURS, 0, 0, 0, 0, lsr=0xB7052000, dlsr=0x0005_4000)
    unix_ns = (0xB44DB710 - 2_208_988_800) * S + S // 2
    assert middle32(ntp_of(unix_ns)) == 0xB7108000
    by.take([SenderReport(THEIRS, 0, 0, 0, 0, (block,))], 0, unix_ns)
    assert by.round_trip_ms == 6125


@given(st.integers(0, 2**31 * S), st.integers(0, 2000 * MS), st.integers(0, 3600 * S))
def test_the_round_trip_between_two_reporters(unix_ns: int, way_ns: int, waited_ns: int) -> None:
    here, there = reporter(), Reporter(THEIRS, "far", 90_000, np.random.default_rng(2), 0)
    here.sent(1, 100, 0, 0)
    out = here.make(None, 0, unix_ns)
    their_clock_ns = 77 * S
    there.take(parse(out), their_clock_ns, 5)
    back = there.make(ReportBlock(OURS, 0, 0, 0, 0), their_clock_ns + waited_ns, 5 + waited_ns)
    total_ns = 2 * way_ns + waited_ns
    here.take(parse(back), total_ns, unix_ns + total_ns)
    # LSR, DLSR and A are each cut to 1/65,536 s
    assert here.round_trip_ms == pytest.approx(2 * way_ns / MS, abs=2 * 1000 / 65536)


def test_a_round_trip_is_not_negative_when_clocks_drift(by: Reporter) -> None:
    block = ReportBlock(OURS, 0, 0, 0, 0, lsr=middle32(ntp_of(UNIX_NS)), dlsr=5 * 65536 + 20)
    by.take([ReceiverReport(THEIRS, (block,))], 0, UNIX_NS + 5 * S)
    assert by.round_trip_ms == 0


# ----------------------------------------------------------------------------------- key frames


def test_a_pli_for_us_asks_for_a_key_frame(by: Reporter) -> None:
    assert by.take([PictureLossIndication(THEIRS, OURS)], 0, UNIX_NS) == [KeyFrameWanted()]
    assert by.take([PictureLossIndication(THEIRS, OURS)], 0, UNIX_NS) == [KeyFrameWanted()]
    assert by.take([PictureLossIndication(THEIRS, 0x3333)], 0, UNIX_NS) == []


def test_a_repeated_fir_asks_once(by: Reporter) -> None:
    def fir(number: int, target: int = OURS) -> FullIntraRequest:
        return FullIntraRequest(THEIRS, (IntraRequest(0x3333, 9), IntraRequest(target, number)))

    numbers = [4, 4, 5, 5, 4, 255, 0]
    asked = [by.take([fir(number)], 0, UNIX_NS) == [KeyFrameWanted()] for number in numbers]
    assert asked == [True, False, True, False, True, True, True]
    assert by.take([fir(77, target=0x4444)], 0, UNIX_NS) == []


def test_two_requests_in_one_compound_are_one() -> None:
    fir = FullIntraRequest(THEIRS, (IntraRequest(OURS, 1),))
    compound: list[Packet] = [ReceiverReport(THEIRS), PictureLossIndication(THEIRS, OURS), fir]
    by = reporter()
    assert by.take(compound, 0, UNIX_NS) == [KeyFrameWanted()]
    assert by.take([fir], 0, UNIX_NS) == []  # it counted all the same


def test_our_own_requests(by: Reporter) -> None:
    report, name, pli = parse(by.key_frame_request("pli", THEIRS))
    assert report == ReceiverReport(OURS)
    assert isinstance(name, SourceDescription)
    assert pli == PictureLossIndication(OURS, THEIRS)
    firs = [parse(by.key_frame_request("fir", THEIRS))[2] for _ in range(257)]
    assert firs == [FullIntraRequest(OURS, (IntraRequest(THEIRS, n % 256),)) for n in range(257)]
    there = Reporter(THEIRS, "far", 90_000, np.random.default_rng(2), 0)
    again = by.key_frame_request("fir", THEIRS)
    assert there.take(parse(again), 0, UNIX_NS) == [KeyFrameWanted()]


# ---------------------------------------------------------------------------- leaving, collisions


def test_leaving(by: Reporter) -> None:
    assert by.bye("end") is None  # §6.3.7: never heard, so it needs no farewell
    by.sent(1, 100, 0, 0)
    data = by.bye("end")
    assert data is not None
    report, name, bye = parse(data)
    assert report == ReceiverReport(OURS)
    assert isinstance(name, SourceDescription)
    assert bye == Bye((OURS,), "end")


def test_the_far_end_leaves() -> None:
    compound: list[Packet] = [ReceiverReport(THEIRS), Bye((THEIRS, 0x3333), "out of time")]
    assert reporter().take(compound, 0, UNIX_NS) == [RemoteBye((THEIRS, 0x3333), "out of time")]


@pytest.mark.parametrize(
    "packet",
    [
        SenderReport(OURS, 0, 0, 0, 0),
        ReceiverReport(OURS),
        SourceDescription((Chunk(THEIRS, ()), Chunk(OURS, ()))),
        PictureLossIndication(OURS, THEIRS),
        FullIntraRequest(OURS, (IntraRequest(THEIRS, 0),)),
    ],
)
def test_any_packet_from_our_own_ssrc_is_a_collision(packet: Packet) -> None:
    assert reporter().take([packet], 0, UNIX_NS) == [Collision(OURS)]
    assert reporter().take([Bye((OURS,))], 0, UNIX_NS) == [
        Collision(OURS),
        RemoteBye((OURS,), None),
    ]


def test_after_a_collision_we_begin_anew_under_another_ssrc(by: Reporter) -> None:
    by.sent(5, 500, 0, S)
    by.take([ReceiverReport(THEIRS, (ABOUT_US,))], S, UNIX_NS)
    assert by.conflict(2 * S) == [Collision(OURS)]
    left = by.bye()
    assert left is not None
    assert parse(left)[2] == Bye((OURS,))
    by.rename(0x4444)
    assert by.far is None
    assert by.bye() is None  # nothing was sent under the new one
    by.take([ReceiverReport(THEIRS, (ABOUT_US,))], 3 * S, UNIX_NS)
    assert by.far is None  # said of the old one
    assert made(by, 4 * S)[0] == ReceiverReport(0x4444)
    by.sent(1, 100, 0, 5 * S)
    report = made(by, 5 * S)[0]
    assert isinstance(report, SenderReport)
    assert (report.ssrc, report.packets, report.octets) == (0x4444, 1, 100)
    assert by.take([PictureLossIndication(THEIRS, OURS)], 6 * S, UNIX_NS) == []


def test_a_loop_of_our_own_packets_changes_the_ssrc_only_once(by: Reporter) -> None:
    """§8.2: until nothing came back for ten report intervals."""
    assert by.take(parse(by.make(BLOCK, 0, UNIX_NS)), 0, UNIX_NS) == [Collision(OURS)]
    by.rename(0x4444)
    for second in (1, 30, 60, 100):
        by.sent(1, 100, 0, second * S)
        looped = by.make(BLOCK, second * S, UNIX_NS)
        assert by.take(parse(looped), second * S, UNIX_NS) == []
    assert made(by, 101 * S, ReportBlock(0x4444, 0, 0, 0, 0))[0] == SenderReport(
        0x4444, ntp_of(UNIX_NS + 101 * S), 90_000, 4, 400, (ReportBlock(0x4444, 0, 0, 0, 0),)
    )  # a report of our own that came back is not the far end's
    assert by.conflict(149 * S) == []
    assert by.conflict(199 * S) == [Collision(0x4444)]
