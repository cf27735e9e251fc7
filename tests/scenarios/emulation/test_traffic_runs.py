"""What is sent and what becomes of it, in the sandbox: impairments, slides, talk, recordings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import traffic_scenarios
from numpy.typing import NDArray
from recording import rtp_streams
from runs import Finished, Runs

from giaoban.scenarios.measure import validity
from giaoban.traffic.impairments import GilbertElliottLoss, loss_rate
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.quality.measure import Trace
from tests.loss_theory import loss_rate_variance

pytestmark = pytest.mark.sandbox


STARTED = traffic_scenarios.NAMES


def seconds(run: Finished, trace: Trace) -> NDArray[np.float64]:
    """(n,) when each packet was due, after the first phase began."""
    captured = run.captures
    result: NDArray[np.float64] = (trace.due_ns - captured.origin_ns) / 1e9
    return result - captured.plan.phases[0].start_s


def traces(run: Finished) -> Iterator[tuple[tuple[str, str, str], Trace]]:
    for stream in run.captures.plan.streams:
        yield (stream.bridge, stream.kind, stream.direction), run.captures.traces[stream.index]


@pytest.mark.parametrize("name", traffic_scenarios.NAMES)
def test_the_run_is_valid_and_every_packet_is_accounted_for(runs: Runs, name: str) -> None:
    run = runs[name]
    assert run.code in (0, 1), run.err + run.out
    assert validity.reasons(run.captures) == []
    assert run.result.accounting.unaccounted == 0


# ----------------------------------------------------------------------- several things at a time

AT = (2.0, 8.0)
ON = (10.0, 16.0)
"""Seconds in which bridges, and links, are impaired."""
MEANT = {
    "impaired": {
        ("west", "video", "up"): AT,
        ("west", "video", "down"): (3.0, 6.0),
        ("east", "video", "up"): AT,
    },
    "corrupted": {("west", "audio", "up"): AT},
    "overtaken": {("west", "audio", "down"): AT},
    "twice": {
        ("east", "audio", "up"): AT,
        ("north", "audio", "down"): ON,
        ("north", "video", "down"): ON,
    },
    "lost": {
        ("north", "audio", "up"): ON,
        ("north", "video", "up"): ON,
        ("east", "audio", "up"): (10.0, 13.0),
        ("east", "video", "up"): (10.0, 13.0),
    },
    "delayed": {
        ("west", "audio", "down"): AT,
        ("west", "video", "down"): (3.0, 6.1),
        ("east", "audio", "down"): AT,
    },
}
"""Which streams are to show what, and in which seconds; a queue that was filled empties after."""


def flags(trace: Trace, what: str) -> NDArray[np.bool_]:
    match what:
        case "twice":
            return trace.arrivals > 1
        case "delayed":
            return trace.leaving_ns > trace.due_ns
    found: NDArray[np.bool_] = getattr(trace, what)
    return found


@pytest.mark.parametrize("what", MEANT)
def test_it_happens_where_and_when_it_was_asked_for(runs: Runs, what: str) -> None:
    run = runs["several"]
    for who, trace in traces(run):
        shown = seconds(run, trace)[flags(trace, what)]
        if who not in MEANT[what]:
            assert not len(shown), who
            continue
        from_s, to_s = MEANT[what][who]
        assert len(shown) > 10, who
        # some 50 packets of sound a second, one in ten of them: no second is long without any
        assert from_s <= shown[0] < from_s + 1.5, who
        assert to_s - 1.5 < shown[-1] < to_s, who


def test_as_often_as_was_asked_for(runs: Runs) -> None:
    """Within 5 standard deviations of the model's own rate."""
    run = runs["several"]
    asked = GilbertElliottLoss(p=0.05, r=0.4, loss_bad=0.8, loss_good=0.01)
    for who, what, share in (
        (("west", "audio", "up"), "corrupted", 0.2),
        (("east", "audio", "up"), "twice", 0.2),
        (("north", "audio", "up"), "lost", 0.1),
        (("north", "video", "up"), "lost", 0.1),
        (("north", "audio", "down"), "twice", 0.1),
        (("north", "video", "down"), "twice", 0.1),
        (("west", "video", "up"), "impaired", loss_rate(asked)),
    ):
        trace = dict(traces(run))[who]
        from_s, to_s = MEANT[what][who]
        at_s = seconds(run, trace)
        hit = flags(trace, what)[(at_s >= from_s) & (at_s < to_s)]
        variance = share * (1 - share) / len(hit)
        if what == "impaired":
            variance = loss_rate_variance(asked, len(hit))
        assert np.mean(hit) == pytest.approx(share, abs=5 * variance**0.5), who


def test_a_bottleneck_passes_its_rate_and_no_more(runs: Runs) -> None:
    """At a bridge 1 Mb/s in seconds 3 to 6: what is offered is twice that, so it is used up."""
    run = runs["several"]
    trace = dict(traces(run))["west", "video", "down"]
    leaving_s = (trace.leaving_ns - run.captures.origin_ns) / 1e9
    leaving_s -= run.captures.plan.phases[0].start_s
    passed = (leaving_s >= 3.5) & (leaving_s < 6.0) & ~trace.impaired
    kbit = 8 * (trace.size[passed] + 42).sum() / 1000  # UDP, IP and Ethernet headers
    assert kbit / 2.5 == pytest.approx(1000, rel=0.1)


def test_each_line_counted_what_it_did(runs: Runs) -> None:
    run = runs["several"]
    account = run.result.accounting
    twice = sum(
        int(np.count_nonzero(t.arrivals > 1)) for who, t in traces(run) if who[0] == "north"
    )
    assert twice <= account.packets_duplicated < twice + 20  # reports are doubled too
    gone = sum(int(np.count_nonzero(t.lost)) for who, t in traces(run) if who[0] == "north")
    assert gone <= account.packets_damaged < gone + 20
    assert account.packets_dropped_at_queues > 100  # the line of east, at a tenth of its rate
    assert account.packets_lost_by_impairment == 0
    late_ms = [c.t_ms - c.due_ms for c in run.captures.counters.line_changes]
    assert len(late_ms) == 8
    assert 0 <= min(late_ms) <= max(late_ms) < 1.0


def test_jitter_of_a_line_keeps_the_order(runs: Runs) -> None:
    """10 ± 3 ms on the backbone from east to west: every way over it takes as much longer."""
    run = runs["several"]
    trace = dict(traces(run))["east", "audio", "up"]
    at_s = seconds(run, trace)
    delay_ms = np.where(trace.arrived, (trace.arrival_ns - trace.due_ns) / 1e6, np.nan)
    quiet, bent = (at_s > 8) & (at_s < 9.9), (at_s > 13.2) & (at_s < 14)
    added = np.nanmean(delay_ms[bent]) - np.nanmean(delay_ms[quiet])
    # order is kept, which can only add to the mean: the more, the denser the traffic
    assert 9 < added < 22
    assert not trace.overtaken.any()


def test_the_figures_say_so_too(runs: Runs) -> None:
    run = runs["several"]
    shown = {
        "packets_impaired": ("impaired",),
        "packets_corrupted": ("corrupted",),
        "packets_reordered": ("overtaken",),
        "packets_duplicated": ("twice",),
    }
    for name, (what,) in shown.items():
        found = {
            (bridge, s.kind, s.direction) for _, bridge, s in run.streams() if getattr(s, name) > 0
        }
        assert found == set(MEANT[what]), name


# ------------------------------------------------------------------------------------------ slides


def test_slides_are_sent_while_they_are_shown(runs: Runs) -> None:
    run = runs["slides"]
    shown = {who: trace for who, trace in traces(run) if who[1] == "content"}
    assert set(shown) == {("west", "content", "up"), ("east", "content", "down")}
    for trace in shown.values():
        at_s = seconds(run, trace)
        assert 5.0 <= at_s[0] < 5.5
        assert 19.5 < at_s[-1] < 20.1
        assert trace.arrived.all()
        assert trace.key[0]
    up, down = shown["west", "content", "up"], shown["east", "content", "down"]
    assert down.size.tolist() == up.size.tolist()


def test_slides_are_in_the_result_of_the_phases_that_have_them(runs: Runs) -> None:
    run = runs["slides"]
    found = {
        (phase, bridge, s.direction): s for phase, bridge, s in run.streams() if s.kind == "content"
    }
    assert set(found) == {
        (phase, *who) for phase in ("during", "after") for who in (("west", "up"), ("east", "down"))
    }
    for s in found.values():
        assert s.packets_sent == s.packets_received > 0
        assert (s.lost_pct, s.freezes, s.frames_undecodable, s.mos) == (0.0, 0, 0, None)
        assert s.frames_sent in (65, 64, 10, 11)


# -------------------------------------------------------------------------------------------- talk


def test_in_pauses_nothing_is_sent(runs: Runs) -> None:
    """Talk spurts of 1.004 s and pauses of 1.587 s on average (ITU-T P.59): 38.7 % of the time.

    In two minutes of talk of two bridges together are some 48 spurts: within half of it.
    """
    run = runs["talk"]
    activity = load_profiles().speech.activity
    sound = {who: trace for who, trace in traces(run) if who[1] == "audio"}
    talked = [
        np.count_nonzero((seconds(run, t) >= 0) & (seconds(run, t) < 60))
        for who, t in sound.items()
        if who[2] == "up"
    ]
    assert sum(talked) / (2 * 60 * 50) == pytest.approx(activity, rel=0.5)
    for (_, _, direction), trace in sound.items():
        assert trace.arrived.all()
        pauses = np.diff(trace.due_ns) > 25_000_000
        # what the MCU mixes it sends all the time
        assert (np.count_nonzero(pauses) > 10) == (direction == "up")


def test_a_pause_is_neither_loss_nor_interruption(runs: Runs) -> None:
    for _, _, s in runs["talk"].streams():
        assert (s.lost_pct, s.listener_lost_pct) == (0.0, 0.0)
        assert (s.interruptions, s.interruption_ms_max) == (0, 0.0)
        assert s.jitter_ms is not None
        assert s.kind == "video" or s.jitter_ms < 1.0


def test_wideband_sound_is_judged_on_its_own_scale(runs: Runs) -> None:
    """G.722, decoded and encoded again by the MCU, to listen to; a conversation has delay, too."""
    for name, scale in (("talk", "wideband"), ("slides", "narrowband")):
        for _, _, s in runs[name].streams():
            assert s.mos_scale == (scale if s.kind == "audio" else None)
            if s.kind != "audio" or not s.packets_received:
                assert (s.mos, s.mos_listening) == (None, None)
                continue
            assert s.mos is not None
            assert s.mos_listening is not None
            assert 3.5 < s.mos < s.mos_listening < 4.5
            assert s.mos_listening > 4.0


def test_criteria_of_the_scenario_are_judged(runs: Runs) -> None:
    run = runs["talk"]
    judged = {c.id: c for c in run.result.criteria}
    assert [judged[name].ok for name in ("frozen", "lips", "waiting")] == [True, False, True]
    assert judged["frozen"].value == 0.0
    apart = [
        b.lip_sync_up_ms
        for p in run.result.phases
        for b in p.bridges
        if b.lip_sync_up_ms is not None
    ]
    assert len(apart) == 6
    assert judged["lips"].value == max(apart) > 0
    assert (run.code, run.result.binding.criterion) == (1, "lips")
    assert "Sound and picture apart" in run.out


# -------------------------------------------------------------------------------------- recordings


def test_a_recording_is_sent_over_and_over(runs: Runs) -> None:
    """25 pictures a second for 4 s, shown to the other bridge as they are."""
    run = runs["film"]
    assert run.code == 0, run.out
    found = dict(traces(run))
    up, down = found["west", "video", "up"], found["east", "video", "down"]
    assert up.arrived.all()
    assert down.arrived.all()
    once = int(np.count_nonzero(seconds(run, up) < seconds(run, up)[0] + 3.999))
    assert up.size[:once].tolist() == up.size[once : 2 * once].tolist()
    for phase, bridge, s in run.streams():
        if (bridge, s.kind, s.direction) in (("west", "video", "up"), ("east", "video", "down")):
            assert s.frames_sent == {"before": 75, "during": 100, "after": 100}[phase]
            assert (s.frames_lost, s.frames_undecodable, s.freezes) == (0, 0, 0)
    seen = rtp_streams(run.folder / "east.pcapng")
    [stream] = [
        s
        for s in run.captures.plan.streams
        if (s.bridge, s.kind, s.direction) == ("east", "video", "down")
    ]
    assert seen[stream.ssrc]["packets"] == len(down.due_ns)
    assert seen[stream.ssrc]["lost"] == 0
