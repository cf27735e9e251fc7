"""What the benchmark makes of two networks' arrivals, and of costs against sizes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from bench.estimate.compare import EstimateFigures, QueueComparison, agreement
from bench.estimate.schedule import Schedule, SimulatedPassage
from giaoban.scenarios.plan.plan import Plan

ROOT = Path(__file__).resolve().parents[2]


def test_agreement_of_arrivals_by_hand() -> None:
    """Two streams of two packets; ns-3 lost one and has another half a millisecond later."""
    at_ns = np.array([0, 1_000_000, 0, 1_000_000], np.int64)
    schedule = Schedule(cast(Plan, None), [(0, 2), (1, 2)], at_ns, np.full(4, 1000, np.int32))
    ours = SimulatedPassage(at_ns + 2_000_000, 1.0, 8)
    theirs = SimulatedPassage(np.array([2_000_000, 3_500_000, 2_000_000, -1], np.int64), 4.0, 8)
    found = agreement(schedule, ours, theirs)
    assert found["delay_ms"] == pytest.approx((2 + 2.5 + 2) / 3)
    assert found["delay_off_median_ms"] == 0
    # stream 0: 2.0 and 2.5 ms there, so its 95th percentile is 2.475 ms; here 2.0 ms
    assert found["delay_p95_off_ms"] == pytest.approx(0.475)
    assert found["delay_off_share"] == pytest.approx(0.475 / 0.2)
    assert (found["lost_pct"], found["lost_ns3_pct"], found["lost_off_points"]) == (0, 25, 25)
    assert ours.hops_per_s / theirs.hops_per_s == 4


def figures() -> EstimateFigures:
    compared = QueueComparison(
        what="8 bridges",
        packets=10,
        packet_hops=30,
        estimate_per_s=1e7,
        ns3_per_s={"static": 1e5, "nix": 2e5},
        whole_s=1.0,
        delay_ms=10.0,
        delay_off_median_ms=0.0,
        delay_off_p99_ms=0.1,
        delay_p95_off_ms=0.4,
        delay_off_share=0.8,
        lost_pct=1.0,
        lost_ns3_pct=1.3,
        lost_off_points=0.3,
    )
    return EstimateFigures([compared], "3.43")


def test_targets_say_what_was_measured() -> None:
    told = {target.what: target for target in figures().targets()}
    for what, value, low, high, met in (
        ("8 bridges: estimate, times ns-3", 50, 100, None, False),
        ("8 bridges: delays off, share of what is allowed", 0.8, None, 1, True),
        ("8 bridges: loss off in points", 0.3, None, 0.2, False),
    ):
        one = told[what]
        assert (one.value, one.at_least, one.at_most, one.met) == (value, low, high, met)
    json.dumps(figures().to_json(), allow_nan=False)
