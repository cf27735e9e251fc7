"""What the benchmark makes of two networks' arrivals, and of costs against sizes."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from bench.estimate.compare import EstimateFigures, QueueComparison, Scaled, agreement, exponent
from bench.estimate.schedule import Schedule, SimulatedPassage
from giaoban.scenarios.plan.plan import Plan

ROOT = Path(__file__).resolve().parents[2]


def test_exponent_of_known_laws() -> None:
    sizes = [10.0, 100.0, 1000.0]
    assert exponent(sizes, [3 * n for n in sizes]) == pytest.approx(1)
    assert exponent(sizes, [n * n for n in sizes]) == pytest.approx(2)
    assert 1 < exponent(sizes, [n * math.log(n) for n in sizes]) < 1.5


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


def figures(network_s: float, peak_mb: float) -> EstimateFigures:
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
    scaled = [
        Scaled(71, 1.0, 1.0, 1.0, 10, 10.0),
        Scaled(7100, 100.0, 100.0, network_s, 10, peak_mb),
    ]
    return EstimateFigures([compared], scaled, "3.43")


def test_targets_say_what_was_measured() -> None:
    told = {target.what: target for target in figures(100, 1999).targets()}
    for what, value, low, high, met in (
        ("8 bridges: estimate, times ns-3", 50, 100, None, False),
        ("8 bridges: delays off, share of what is allowed", 0.8, None, 1, True),
        ("8 bridges: loss off in points", 0.3, None, 0.2, False),
        ("7100 bridges, peak memory in MB", 1999, None, 2000, True),
    ):
        one = told[what]
        assert (one.value, one.at_least, one.at_most, one.met) == (value, low, high, met)
    power = "cost of network, power of bridges"
    assert told[power].value == pytest.approx(1)
    most = 1 + math.log(math.log(7100) / math.log(71)) / math.log(100)
    assert told[power].at_most == pytest.approx(most)
    assert not {t.what: t for t in figures(10_000, 1999).targets()}[power].met
    json.dumps(figures(100, 1999).to_json(), allow_nan=False)


def test_every_packet_of_a_small_country_comes_through() -> None:
    command = [sys.executable, "-m", "bench.estimate.scale", "20"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["bridges"] == 20
    # 50 packets of sound a second in each direction, and pictures
    assert told["packets"] > 20 * 2 * 50 * 0.9


@pytest.mark.nightly  # by day every packet of a smaller country comes through
def test_a_whole_check_of_a_country_is_measured_in_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "bench.estimate.scale", "--whole", "8"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    head, line = done.stdout.splitlines()
    assert head.split()[:2] == ["bridges", "packets"]
    bridges, packets, cpu_s, *_, verdict = line.split()
    assert (bridges, verdict) == ("8", "pass")
    assert int(packets.replace(",", "")) > 30_000
    assert float(cpu_s) > 0
