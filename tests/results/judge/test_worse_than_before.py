"""Beside the verdict: certain rises, what could have shown, preferred figures, the other bridge."""

from __future__ import annotations

import math
from typing import Any

import annex_factory as annexes
import pytest
import results_factory as make

from giaoban.results.confidence import detectable_share_rise, wilson
from giaoban.results.judge.verdict import judge
from giaoban.results.model.places import Place
from giaoban.results.model.result import CriterionResult, Phase
from giaoban.results.report.ci.answers import of_check
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.ci.junit import junit_xml
from giaoban.results.report.summaries.check_summary import headline, summary_md
from giaoban.results.report.wording import Wording


def compared(before: dict[str, Any], after: dict[str, Any]) -> list[Phase]:
    """The sound check, but for what Cư Jút hears in the first phase and in the last."""
    phases = make.phases()
    for at, how in ((0, before), (2, after)):
        heard = make.bridge("cu-jut", None, make.stream("audio", "down", **how))
        bridges = [heard if b.id == "cu-jut" else b for b in phases[at].bridges]
        phases[at] = make.phase(phases[at].name, bridges)
    return phases


def judged(ident: str, before: dict[str, Any], after: dict[str, Any]) -> CriterionResult:
    asked = {"existing": list(make.EXISTING), "new": list(make.NEW), "invalid": []}
    found = judge(compared(before, after), make.criteria(), **asked)
    return next(c for c in found.criteria if c.id == ident)


@pytest.mark.parametrize(
    ("before", "after", "ok"),
    [
        ({}, {"received": 1498}, True),  # two of 1,500 are chance
        ({}, {"received": 1470}, False),
        ({"received": 1470}, {"received": 1465}, True),
        ({"received": 1470}, {"received": 1380}, False),
        ({}, {"received": 1470, "loss_burst_mean": 30.0}, True),  # one burst
        ({"received": 1470, "loss_burst_mean": 30.0}, {"received": 1380}, True),
    ],
)
def test_a_rise_in_losses_counts_as_far_as_it_is_certain(
    before: dict[str, Any], after: dict[str, Any], ok: bool
) -> None:
    assert judged("existing-loss-no-worse", before, after).ok is ok


def known(p95: float, low: float, high: float) -> dict[str, Any]:
    return {"delay_ms": p95, "delay_p95_low_ms": low, "delay_p95_high_ms": high}


@pytest.mark.parametrize(
    ("before", "after", "rise"),
    [
        (known(10, 9, 14), known(30, 27, 40), 20 - math.hypot(4, 3)),
        (known(10, 9, 14), known(14, 11, 15), 0),
        (known(10, 10, 10), known(30, 27, 40), 17),
        ({"delay_ms": 10.0}, {"delay_ms": 15.0}, 5),  # of an older run nothing is said: exact
        (known(30, 20, 40), known(10, 9, 11), 0),
    ],
)
def test_a_rise_in_delay_is_beyond_what_both_percentiles_may_be_off(
    before: dict[str, Any], after: dict[str, Any], rise: float
) -> None:
    found = judged("existing-delay-no-worse", before, after)
    assert found.value == pytest.approx(rise)


def test_detectable_is_what_every_way_of_every_bridge_would_have_shown() -> None:
    """Of each way by the stream that shows most: here pictures, but of Cư Jút sound alone."""
    shown = judged("existing-loss-no-worse", {}, {}).detectable
    assert shown == pytest.approx(100 * detectable_share_rise(wilson(0, 1500), 1500))
    whole = judge(make.phases(), make.criteria(), existing=list(make.EXISTING), invalid=[])
    [loss] = [c for c in whole.criteria if c.id == "existing-loss-no-worse"]
    assert loss.detectable == pytest.approx(100 * detectable_share_rise(wilson(0, 7000), 7000))
    delay = judged("existing-delay-no-worse", known(10, 7, 14), {})
    assert delay.detectable == pytest.approx(5)  # √(3² + 4²)
    # of delays that do not vary at all every rise shows: there is nothing to be said
    assert [c.id for c in whole.criteria if c.detectable is not None] == ["existing-loss-no-worse"]


@pytest.mark.parametrize(
    ("limit", "after", "ok", "shown"),
    [
        (0.1, {}, True, False),
        (0.1, {"received": 1400}, False, True),  # a certain rise is shown, however short the run
        (1.2, {}, True, True),
    ],
)
def test_a_limit_below_what_the_run_can_detect_is_neither_met_nor_failed(
    limit: float, after: dict[str, Any], ok: bool, shown: bool
) -> None:
    result = make.result(compared({}, after), thresholds={"existing-loss-no-worse": limit})
    [loss] = [c for c in result.criteria if c.id == "existing-loss-no-worse"]
    assert (loss.ok, loss.shown, loss.met) == (ok, shown, ok if shown else None)
    assert (loss.margin_pct is None) is not shown
    assert (result.verdict == "pass") is ok
    assert ("not shown: Existing bridges" in headline(result)) is not shown
    assert ("not shown" in junit_xml(of_check(result), Commands(("check",), None, ""))) is not shown
    english, vietnamese = summary_md(result), summary_md(result, "vi")
    assert ("| not shown |" in english) is ("| chưa chứng minh được |" in vietnamese) is not shown
    rows = annexes.rows(result, caption="Kết quả theo từng tiêu chí")
    assert any("chưa chứng minh được" in row for row in rows) is not shown


def test_what_is_not_shown_never_binds() -> None:
    only = make.criteria().model_copy(
        update={"criterion": [c for c in make.criteria().criterion if "existing-" in c.id]}
    )
    found = judge(make.phases(), only, existing=list(make.EXISTING), invalid=[])
    assert [c.met for c in found.criteria] == [None, True]
    assert found.verdict == "pass"
    assert found.binding is not None
    assert found.binding.criterion == "existing-delay-no-worse"


def test_without_a_phase_to_compare_nothing_is_detectable() -> None:
    phases = make.phases()[:1]
    found = judge(phases, make.criteria(), existing=list(make.EXISTING), invalid=[])
    worse = [c for c in found.criteria if c.id.startswith("existing-")]
    assert [(c.value, c.ok, c.detectable) for c in worse] == [(None, False, None)] * 2


# --------------------------------------------------------------------------- preferred figures


@pytest.mark.parametrize(
    ("value", "threshold", "preferred", "past"),
    [
        (260, 400, 150, True),
        (150, 400, 150, False),
        (100, 400, 150, False),
        (401, 400, 150, False),
        (260, 400, None, False),
    ],
)
def test_past_the_preferred_figure_but_within_the_limit(
    value: float, threshold: float, preferred: float | None, past: bool
) -> None:
    found = judged("mouth-to-ear", {}, {})
    changed = {"value": value, "threshold": threshold, "preferred": preferred}
    found = found.model_copy(update=changed | {"ok": value <= threshold})
    assert found.past_preferred is past


# ------------------------------------------------------------------------ with which other bridge


def test_a_place_names_the_bridge_at_the_other_end() -> None:
    place = Place(kind="bridge", id="cu-jut", detail="audio down", other="dak-mil", phase="during")
    assert place.text == "cu-jut audio down with dak-mil, during"
    result = make.result()
    assert Wording("en", result).place(place) == "Cư Jút, sound down, with Đắk Mil, during"
    assert Wording("vi", result).place(place) == (
        "Cư Jút, âm thanh chiều xuống, với Đắk Mil, trong khi kết nối"
    )
