"""Loads from rates alone, against arrivals that are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scenario_factory import NORTH, scenario

from giaoban.scenarios.estimate.static import WORST_SECOND, LinkLoad, static_loads
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.background import BackgroundPlan, PoissonArrivals
from giaoban.traffic.rtp import ETHERNET_BYTES

SECONDS = 4000
BACKGROUND = """
[[background]]
link = "access-north"
pct = 30.0
packet_bytes = 46
source = "test"
"""


def plan_with(folder: Path, more: str) -> Plan:
    file = folder / f"{len(more)}.toml"
    return make_question(scenario(file, bridges=(NORTH,), phases=(2.0, 3.0, 3.0), more=more)).plan


def variance(plan: Plan, place: tuple[str, str]) -> float:
    """Return the variance of a link's seconds in (Mb/s)²."""

    def of(load: LinkLoad) -> float:
        return ((load.peak_mbps - load.mean_mbps) / WORST_SECOND) ** 2

    [found] = [of(k) for k in static_loads(plan).links if (k.link, k.direction) == place]
    return found


def test_variance_of_background_traffic_is_that_of_drawn_packets(tmp_path: Path) -> None:
    plain, busy = plan_with(tmp_path, ""), plan_with(tmp_path, BACKGROUND)
    [background] = busy.background
    assert isinstance(background, BackgroundPlan)
    place = background.hop.link, background.hop.direction
    longer = background.model_copy(update={"from_s": 0.0, "to_s": float(SECONDS)})
    times_ns = PoissonArrivals(longer, 1, 0).until(SECONDS * 10**9)
    frame_bits = (background.packet_bytes + ETHERNET_BYTES) * 8
    drawn_mbps = np.bincount(times_ns // 10**9, minlength=SECONDS)[1:-1] * frame_bits / 1e6
    # standard error of a variance of 4,000 values: 2.2 %
    assert variance(busy, place) - variance(plain, place) == pytest.approx(
        float(drawn_mbps.var()), rel=0.1
    )
