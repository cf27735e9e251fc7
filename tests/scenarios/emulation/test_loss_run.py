"""Bursty loss on one access link for half a minute: who notices, and when.

The meeting is the repository's of ten minutes, one of them lossy, with less of either; whole, it is
looked at every night.
"""

from __future__ import annotations

import json
import math

import golden
import numpy as np
import pytest
from numpy.typing import NDArray
from runs import Runs

from giaoban.results.model.series import Series
from giaoban.scenarios.measure.captures import Captures
from giaoban.traffic.impairments import GilbertElliottLoss, loss_rate
from giaoban.traffic.quality.measure import Trace
from tests.loss_theory import loss_rate_variance

pytestmark = pytest.mark.sandbox

BRIDGE = "dak-mil"
LOST_S = range(35, 65)
MODEL = GilbertElliottLoss(p=0.027778, r=0.25)


@pytest.fixture(scope="module")
def series(runs: Runs) -> Series:
    return Series.load(runs["loss"].folder / "series.npz")


def test_measures_are_the_golden_ones(runs: Runs) -> None:
    kept = json.loads((golden.FOLDER / "loss.json").read_text(encoding="utf-8"))
    found = json.loads(golden.text(golden.figures(runs["loss"].result)))
    assert golden.differences(kept, found) == []


@pytest.mark.nightly
def test_the_whole_meeting_says_the_same(runs: Runs) -> None:
    """Loss is of a time of its own length: as much of it, at the same bridge, binds."""
    short, whole = runs["loss"].result, runs["whole-loss"].result
    assert (whole.verdict, whole.accounting.unaccounted) == ("fail", 0)
    assert whole.binding.criterion == short.binding.criterion == "picture-artefacts"
    assert whole.binding.place == short.binding.place
    [mine] = [b for b in whole.phases[1].bridges if b.id == BRIDGE]
    for stream in mine.streams:
        assert (stream.lost_pct == 0.0) == (stream.direction == "down")


def within(captured: Captures, trace: Trace) -> NDArray[np.bool_]:
    """The packets that were due in the time of loss."""
    start_s = captured.plan.phases[0].start_s
    first, last = (
        captured.origin_ns + round((start_s + at_s) * 1e9) for at_s in (LOST_S.start, LOST_S.stop)
    )
    return (trace.due_ns >= first) & (trace.due_ns < last)


def test_the_verdict_names_the_bridge(runs: Runs) -> None:
    run = runs["loss"]
    assert (run.code, run.result.verdict) == (1, "fail"), run.err
    assert run.result.binding.place.id == BRIDGE
    assert not [reason for reason in run.result.reasons if BRIDGE not in reason]
    account = run.result.accounting
    assert (account.unaccounted, account.packets_dropped_at_queues) == (0, 0)


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_what_the_bridge_sends_is_lost_in_that_time_and_in_no_other(
    series: Series, kind: str
) -> None:
    lost = series.stream_lost_pct[f"{BRIDGE} {kind} up"]
    seconds = np.flatnonzero(lost > 0)
    assert (seconds[0], seconds[-1]) == (LOST_S.start, LOST_S.stop - 1)
    # a second of sound is 50 packets: without loss with a probability of about 3 %
    assert len(seconds) >= 26
    assert not np.isnan(lost).any()


def test_as_much_is_lost_as_the_model_says(runs: Runs) -> None:
    """Within 4 standard deviations of the chain's loss rate (`loss_rate_variance`): 1 in 16,000."""
    captured = runs["loss"].captures
    legs = [
        captured.traces[s.index]
        for s in captured.plan.streams
        if (s.bridge, s.direction) == (BRIDGE, "up")
    ]
    hit = [within(captured, trace) for trace in legs]
    sent = sum(int(np.count_nonzero(which)) for which in hit)
    lost = sum(int(np.count_nonzero(t.lost & w)) for t, w in zip(legs, hit, strict=True))
    assert sent > 6_000
    error = 4 * math.sqrt(loss_rate_variance(MODEL, sent))
    assert lost / sent == pytest.approx(loss_rate(MODEL), abs=error)
    # reports and refreshes that the line lost are the rest of what it counted
    [line] = captured.counters.lines
    assert (line.link, line.direction) == (f"access-{BRIDGE}", f"{BRIDGE}->r-dak-mil")
    assert lost <= line.lost < lost + 30


def test_nobody_else_loses_anything(runs: Runs, series: Series) -> None:
    for key, lost in series.stream_lost_pct.items():
        if key not in (f"{BRIDGE} audio up", f"{BRIDGE} video up"):
            assert np.nanmax(lost) == 0.0, key
    captured = runs["loss"].captures
    for stream, trace in zip(captured.plan.streams, captured.traces, strict=True):
        untouched = (stream.bridge, stream.direction) != (BRIDGE, "up")
        assert trace.lost.any() != untouched
        assert not (trace.lost & ~within(captured, trace)).any()
    for phase in runs["loss"].result.phases:
        for bridge in phase.bridges:
            for s in bridge.streams:
                hit = (phase.name, bridge.id, s.direction) == ("during", BRIDGE, "up")
                assert (s.listener_lost_pct == 0.0) != hit
                assert (s.interruptions == 0) != hit


def test_nobody_elses_figures_move(series: Series) -> None:
    """The lossy time beside as much before it, by the medians of its seconds.

    A tenth of a millisecond is a voice packet's time on an access link; pictures' jitter hangs on
    how large their key frames are, which are few.
    """
    before, during = slice(LOST_S.start - 30, LOST_S.start), slice(LOST_S.start, LOST_S.stop)
    for name, allowed in (
        ("stream_delay_ms", 0.2),
        ("stream_jitter_ms", 0.5),
        ("stream_mos", 0.01),
    ):
        for key, curve in getattr(series, name).items():
            if key in (f"{BRIDGE} audio up", f"{BRIDGE} video up"):
                continue
            moved = abs(np.median(curve[before]) - np.median(curve[during]))
            assert moved < allowed, (name, key)
    for key, curve in series.stream_mos.items():
        worst = float(np.min(curve[during]))
        assert (worst < 4.0) == (key == f"{BRIDGE} audio up"), key


def test_only_its_own_picture_stands_still(series: Series) -> None:
    """And no longer than until the next key frame, for which the MCU asks."""
    for key, frozen in series.stream_frozen_pct.items():
        seconds = np.flatnonzero(np.nan_to_num(frozen) > 0)
        if key == f"{BRIDGE} video up":
            assert LOST_S.start <= seconds[0]
            assert seconds[-1] < LOST_S.stop + 3
        else:
            assert not len(seconds), key


def test_the_time_is_marked_in_the_documents(runs: Runs, series: Series) -> None:
    [(en, vi, from_s, to_s)] = series.impaired
    assert (from_s, to_s) == (LOST_S.start, LOST_S.stop)
    assert "Đắk Mil" in en
    assert "10 % loss" in en
    assert "mất 10 % gói" in vi
    [told] = runs["loss"].result.impairments
    assert (told.target, told.id) == ("link", f"access-{BRIDGE}")
