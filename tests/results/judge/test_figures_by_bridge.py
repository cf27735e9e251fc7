"""What each criterion finds at each bridge alone: of all that is about bridges, the same figure."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import results_factory as make
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.judge.by_bridge import RULES_OF_A_BRIDGE, BridgeFigure, figures_by_bridge
from giaoban.results.judge.criteria import CODED, Criterion, load_criteria
from giaoban.results.judge.metrics import kinds_of
from giaoban.results.judge.verdict import judge
from giaoban.results.judge.worst import worst
from giaoban.results.model.result import Downspeeded, Phase

OF_THE_WHOLE = {
    "mcu-units",
    "link-peak",
    "every-call-set-up",  # who is in the meeting
    "failing-seeds",
    "holds-in-every-meeting",
}
MEASURED = [
    c for c in load_criteria().criterion if c.measure and c.measure.on in ("stream", "bridge")
]


def figures(phases: Sequence[Phase]) -> dict[str, dict[str, BridgeFigure]]:
    return figures_by_bridge({0.0: phases}, load_criteria(), list(make.EXISTING))


def test_every_criterion_is_of_bridges_or_of_the_whole() -> None:
    """Or one that is added would be compared at the worst bridge alone."""
    assert {*RULES_OF_A_BRIDGE} | OF_THE_WHOLE == {*CODED}
    assert not {*RULES_OF_A_BRIDGE} & OF_THE_WHOLE
    measured = {c.measure.on for c in load_criteria().criterion if c.measure is not None}
    assert measured == {"stream", "bridge"}


@pytest.mark.parametrize("criterion", MEASURED, ids=lambda c: c.id)
@given(values=st.lists(st.floats(1.0, 4.5), min_size=3, max_size=3))
def test_the_worst_of_all_bridges_is_that_of_the_whole(
    criterion: Criterion, values: list[float]
) -> None:
    metric, kinds = (
        criterion.measure.metric,
        criterion.measure.kinds or kinds_of(criterion.measure.metric),
    )
    bridges = []
    for ident, value in zip(list(make.EXISTING)[:3], values, strict=True):
        changed = {metric: value}
        if criterion.measure.on == "bridge":
            bridges.append(make.bridge(ident).model_copy(update=changed))
        else:
            bridges.append(
                make.bridge(ident, None, make.stream(kinds[0], "down").model_copy(update=changed))
            )
    phases = [make.phase("during", bridges)]
    only = load_criteria().model_copy(update={"criterion": [criterion]})
    found = figures_by_bridge({0.0: phases}, only, ())
    alone = [own[criterion.id].value for own in found.values()]
    assert alone == values
    worse = max if criterion.sense == "at-most" else min
    assert worst(criterion, phases, (), ()).value == worse(values)


def test_where_nothing_came_there_is_no_value_and_no_margin() -> None:
    deaf = make.bridge("cu-jut", None, make.stream("audio", "down", received=0, mos=None))
    found = figures([make.phase("during", [make.bridge("gia-nghia"), deaf])])
    assert found["cu-jut"]["mos"] == BridgeFigure(None, None)
    assert "picture-artefacts" not in found["cu-jut"]  # it has no picture
    assert found["gia-nghia"]["mos"].value is not None


def test_rules_are_asked_of_each_bridge_alone() -> None:
    before, during, after = make.phases()
    late = make.stream("audio", "down", delay_ms=30.0)
    bridges = [make.bridge("cu-jut", None, late) if b.id == "cu-jut" else b for b in during.bridges]
    less = [Downspeeded(bridge="dak-mil", asked="hd1080", given="hd720", reason="full")]
    device = during.mcu.model_copy(update={"downspeeded": less, "dropped": ["dak-song"]})
    changed = during.model_copy(update={"bridges": bridges, "mcu": device})
    found = figures([before, changed, after])
    assert found["cu-jut"]["existing-delay-no-worse"].value == pytest.approx(27.0)
    assert found["dak-mil"]["existing-delay-no-worse"].value == 0.0
    new = next(iter(make.NEW))
    assert "existing-delay-no-worse" not in found[new]  # it was not there before
    told = ("every-call-as-asked", "no-bridge-dropped")
    ones = {b: tuple(own[rule].value for rule in told) for b, own in found.items()}
    assert ones.pop("dak-mil") == (1.0, 0.0)
    assert ones.pop("dak-song") == (0.0, 1.0)
    assert {*ones.values()} == {(0.0, 0.0)}


def test_an_interruption_is_that_of_its_bridge() -> None:
    out = make.power_out("cu-jut", 10.0, 4000.0, 14_000.0, restored_s=13.0, lost=500)
    kept = out.model_copy(
        update={"bridges": [i.model_copy(update={"behind": False}) for i in out.bridges]}
    )
    phases = [make.phase("during", [make.bridge(ident) for ident in make.EXISTING])]
    found = figures_by_bridge({0.0: phases}, load_criteria(), list(make.EXISTING), [kept])
    assert found["cu-jut"]["fault-interruption"].value == 4000.0
    assert found["gia-nghia"]["fault-interruption"].value == 0.0
    judged = judge(phases, load_criteria(), existing=[], invalid=(), faults=[kept])
    [whole] = [c.value for c in judged.criteria if c.id == "fault-interruption"]
    assert whole == 4000.0
    assert "fault-interruption" not in figures(phases)["cu-jut"]  # nothing fails
