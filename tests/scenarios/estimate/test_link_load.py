"""The load that `link-peak` judges: of the meeting's classes, on a policed line of its CIR."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import NORTH, scenario

from giaoban.results.model.result import LinkResult
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.static import LinkLoad, static_loads
from giaoban.scenarios.plan.question import make_question

BACKGROUND = """
[[background]]
link = "access-north"
pct = 110.0
marked = "{marked}"
source = "test"
"""
CLASSES = """
[qos]
scheduling = "classes"
source = "test"
"""
POLICED = """
[[bridge.profile]]
cir_mbps = 5.0
cbs_bytes = 100000
source = "test"
"""
DOWN = "access-north", "r-east->north"


def loads(folder: Path, more: str) -> tuple[LinkResult, LinkLoad]:
    """Return the load down the line of north, by packets and by rates."""
    file = scenario(folder / "s.toml", bridges=(NORTH,), phases=(2.0, 3.0, 3.0), more=more)
    question = make_question(file)
    during = estimate(question).result.phases[1]
    [packets] = [k for k in during.links if (k.id, k.direction) == DOWN]
    [rates] = [k for k in static_loads(question.plan).links if (k.link, k.direction) == DOWN]
    return packets, rates


@pytest.mark.parametrize(
    ("classes", "marked", "full"),
    [("", "best-effort", True), (CLASSES, "best-effort", False), (CLASSES, "video", True)],
)
def test_only_classes_of_the_meeting_load_a_line(
    tmp_path: Path, classes: str, marked: str, full: bool
) -> None:
    packets, rates = loads(tmp_path, classes + BACKGROUND.format(marked=marked))
    if full:
        assert packets.peak_pct > 95.0
        assert rates.mean_pct > 110.0
        return
    alone_packets, alone_rates = loads(tmp_path, CLASSES)
    assert packets.utilisation_pct == pytest.approx(alone_packets.utilisation_pct, rel=0.01)
    assert rates == alone_rates


def test_a_policed_line_is_loaded_by_its_cir(tmp_path: Path) -> None:
    free_packets, free_rates = loads(tmp_path, "")
    packets, rates = loads(tmp_path, POLICED)
    ratio = NORTH["rate_mbps"] / 5.0
    assert packets.policed == 0
    assert packets.peak_pct == pytest.approx(free_packets.peak_pct * ratio, rel=1e-3)
    assert rates.mean_pct == pytest.approx(free_rates.mean_pct * ratio)
