"""Pictures that get coarser where loss is reported: who lowers what when, and what is sent then."""

from __future__ import annotations

import numpy as np
import pytest
from runs import Finished, Runs

from giaoban.scenarios.records.events import Joined, RateChanged, RtcpReport
from giaoban.traffic.profiles import load_profiles

pytestmark = pytest.mark.sandbox

MODEL = load_profiles().rate_adaptation
BRIDGE, OTHERS = "west", ("east", "north")


@pytest.fixture(scope="module")
def run(runs: Runs) -> Finished:
    return runs["adapts"]


def changes(run: Finished, who: str) -> list[RateChanged]:
    return run.captures.events_of(RateChanged, who=who)


def by_the_book(reports: list[RtcpReport], most_kbps: float) -> list[tuple[float, float]]:
    """(when it was reported in ms, the rate) of every change, by the data file's words."""
    kbps, calm_ms, found = most_kbps, None, []
    for report in reports:
        assert report.fraction is not None
        before = kbps
        if report.fraction / 256 > MODEL.loss_pct / 100:
            kbps = max(MODEL.least_kbps, kbps - kbps * MODEL.lower_pct / 100)
        if report.fraction:
            calm_ms = None
        elif calm_ms is None:
            calm_ms = report.t_ms
        elif report.t_ms - calm_ms >= MODEL.calm_s * 1000:
            kbps = min(most_kbps, kbps + most_kbps * MODEL.raise_pct / 100)
        if kbps != before:
            found.append((report.t_ms, kbps))
    return found


@pytest.mark.parametrize(("who", "receiver"), [("bridge", "mcu"), ("mcu", "bridge")])
def test_rates_follow_what_is_reported(run: Finished, who: str, receiver: str) -> None:
    reports = [
        report
        for report in run.captures.events_of(RtcpReport)
        if (report.receiver, report.bridge, report.kind) == (receiver, BRIDGE, "video")
    ]
    told = changes(run, who)
    assert {change.bridge for change in told} == {BRIDGE}
    most_kbps = run.captures.plan.video.kbps
    expected = by_the_book(reports, most_kbps)
    assert len(expected) >= 3, "lowered more than once, and raised"
    assert [change.kbps for change in told] == pytest.approx([kbps for _, kbps in expected])
    assert {change.most_kbps for change in told} == {most_kbps}
    # a report takes milliseconds; what answers it is made ahead by less than half a second
    for change, (reported_ms, _) in zip(told, expected, strict=True):
        assert 0 < change.t_ms - reported_ms < 500


@pytest.mark.parametrize(("who", "direction"), [("bridge", "up"), ("mcu", "down")])
def test_what_is_sent_has_the_rate(run: Finished, who: str, direction: str) -> None:
    """Rate control holds the mean to the rate over some seconds; payload is beside 12 bytes of RTP
    and two of each fragment."""
    trace = run.trace(BRIDGE, "video", direction)
    stays = [change.t_ms for change in changes(run, who)]
    rates = [change.kbps for change in changes(run, who)]
    looked = 0
    for from_ms, to_ms, kbps in zip(stays, stays[1:], rates, strict=False):
        if to_ms - from_ms < 3_000:
            continue
        # after the time in which what was spent before is paid back
        edges = [run.captures.origin_ns + round(at * 1e6) for at in (from_ms + 1_000, to_ms)]
        first, last = np.searchsorted(trace.due_ns, edges)
        octets = int(trace.size[first:last].sum()) - 14 * (last - first)
        assert octets * 8 / (to_ms - from_ms - 1_000) == pytest.approx(kbps, rel=0.2)
        looked += 1
    assert looked >= 2


def test_the_lowest_rate_is_judged(run: Finished) -> None:
    least = {
        (phase, bridge, stream.direction): stream.rate_least_pct
        for phase, bridge, stream in run.streams()
        if stream.kind == "video"
    }
    told = [100 * c.kbps / c.most_kbps for who in ("bridge", "mcu") for c in changes(run, who)]
    assert min(told) < 60
    assert min(pct for pct in least.values() if pct is not None) == pytest.approx(
        min(told), abs=1e-3
    )
    assert {pct for (_, bridge, _), pct in least.items() if bridge in OTHERS} == {100.0}
    [judged] = [c for c in run.result.criteria if c.id == "picture-rate"]
    assert judged.value == pytest.approx(min(told), abs=1e-3)
    assert judged.place.id == BRIDGE


def test_sound_slides_and_others_keep_theirs(run: Finished) -> None:
    assert len(run.captures.events_of(Joined)) == 3
    assert run.result.accounting.unaccounted == 0
    assert run.result.verdict == "fail", "a fifth of the packets is lost for twelve seconds"


def test_it_is_emulated_alone(run: Finished) -> None:
    assert "rate_adaptation = true: rates that answer reported loss are emulated" in run.out
