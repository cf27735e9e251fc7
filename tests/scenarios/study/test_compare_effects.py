"""What a change did to bridges is told of each by the very figures that criteria judge."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from giaoban.results.judge.by_bridge import figures_by_bridge
from giaoban.results.judge.criteria import Criteria, Criterion, load_criteria
from giaoban.results.judge.metrics import kinds_of
from giaoban.results.model.studies.compared import BridgeChange, InputChange
from giaoban.scenarios.study.compare.effects import ComparedSide, bridges, margins, state_of
from giaoban.topology.load import load_province
from giaoban.topology.network import Network, build
from tests.results import results_factory as make

A, B = "gia-nghia", "cu-jut"
HERE = [InputChange(file="scenario", key="meeting.floor", old="chair", new="open")]
OF_BRIDGES = [
    c for c in load_criteria().criterion if c.measure and c.measure.on in ("stream", "bridge")
]


@cache
def network() -> Network:
    return build(load_province())


def side(
    values: dict[str, float | None], criterion: Criterion, criteria: Criteria | None = None
) -> ComparedSide:
    """A meeting in which a figure of bridges is as given, by bridge; None: nothing came."""
    metric, kinds = (
        criterion.measure.metric,
        criterion.measure.kinds or kinds_of(criterion.measure.metric),
    )
    made = []
    for ident, value in values.items():
        found: dict[str, Any] = {metric: value}
        if criterion.measure.on == "bridge":
            made.append(make.bridge(ident).model_copy(update=found))
        else:
            received = {"received": 0} if value is None else {}
            stream = make.stream(kinds[0], "down", **received).model_copy(update=found)
            made.append(make.bridge(ident, None, stream))
    phases = [make.phase("course", made)]
    criteria = criteria or load_criteria()
    result = make.result(phases)
    return ComparedSide(result, criteria, figures_by_bridge({0.0: phases}, criteria, ()))


def told(old: ComparedSide, new: ComparedSide, ident: str) -> list[BridgeChange]:
    found = bridges(old, new, (network(), network()), HERE)
    return [each for each in found if each.what == ident]


@pytest.mark.parametrize("criterion", OF_BRIDGES, ids=lambda c: c.id)
def test_who_got_worse_is_told_though_another_is_worse_still(criterion: Criterion) -> None:
    """Or "nothing is worse" would be said of a meeting in which a bridge hears worse than before.

    A third of what is allowed is used at one bridge, and nothing at the other; then half of it.
    """
    way = criterion.threshold - criterion.best
    little, much = criterion.best + 0.3 * way, criterion.best + 0.5 * way
    old = side({A: much, B: criterion.best}, criterion)
    new = side({A: much, B: little}, criterion)
    [change] = told(old, new, criterion.id)
    assert (change.bridge, change.points) == (B, pytest.approx(30.0))
    assert (change.old, change.new) == (pytest.approx(criterion.best), pytest.approx(little))
    assert all(m.sense == "same" for m in margins(old.result, new.result, 10.0))
    assert state_of("pass", "pass", [], [change], 10.0) == "worse"
    [back] = told(new, old, criterion.id)
    assert back.points == pytest.approx(-30.0)
    assert told(old, old, criterion.id) == []


def test_a_criterion_of_zero_has_no_worst_place() -> None:
    result = make.result()
    moved = margins(result, result, 10.0)
    assert {m.criterion for m in moved if not m.where} == {
        c.id for c in result.criteria if c.place is None or c.value == 0
    }
    assert any(m.new == 0 for m in moved)
    assert all(m.where == m.old_where for m in moved)


def test_who_hears_nothing_any_more_got_worse() -> None:
    [mos] = [c for c in OF_BRIDGES if c.id == "mos"]
    old, new = side({A: None, B: 4.4}, mos), side({A: None, B: None}, mos)
    [change] = told(old, new, "mos")
    assert (change.bridge, change.new, change.points) == (B, None, 100.0)


def test_another_figure_of_the_same_name_is_not_compared() -> None:
    [mos] = [c for c in OF_BRIDGES if c.id == "mos"]
    other = mos.model_copy(update={"measure": mos.measure.model_copy(update={"direction": "down"})})
    changed = Criteria.model_validate(
        {
            "schema": "giaoban.criteria/1",
            "criterion": [other if c.id == "mos" else c for c in load_criteria().criterion],
        }
    )
    old, new = side({A: 4.4, B: 4.4}, mos), side({A: 4.4, B: 4.0}, mos, changed)
    assert told(old, new, "mos") == []
    assert told(old, side({A: 4.4, B: 4.0}, mos), "mos") != []
