"""What binds: the class of the cause, then the margin; and how a criterion's failing is worded."""

from __future__ import annotations

from typing import Any

import pytest
import results_factory as make

from giaoban.results.judge.criteria import FAILING_SEEDS, Criteria, Criterion, load_criteria
from giaoban.results.judge.verdict import (
    Judgement,
    by_all_seeds,
    judge,
    margin_pct,
    meets,
    trial,
    with_seeds,
)
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import Phase
from giaoban.results.model.seeds import Trial, Valued, others, seeds_of

MEASURES: dict[str, dict[str, Any]] = {
    "ports": {"on": "mcu", "metric": "ports_used"},
    "drops": {"on": "link", "metric": "drops"},
    "delay": {"on": "stream", "metric": "delay_p95_ms"},
    "silence": {"on": "stream", "metric": "interruption_ms_max"},
}
UNITS = {"ports": "ports", "drops": "packets", "delay": "ms", "silence": "ms"}
LIMIT = 100.0


def criterion(ident: str, **more: Any) -> Criterion:
    base = {
        "id": ident,
        "name_en": ident.title(),
        "name_vi": ident,
        "measure": MEASURES[ident],
        "threshold": LIMIT,
        "unit": UNITS[ident],
        "sense": "at-most",
        "source_en": "a test",
        "source_vi": "thử",
    }
    return Criterion.model_validate(base | more)


def only(*criteria: Criterion) -> Criteria:
    return make.criteria().model_copy(update={"criterion": list(criteria)})


def phase(ports: int = 0, drops: int = 0, delay: float | None = 0.0, silence: float = 0.0) -> Phase:
    heard = make.stream(delay_ms=delay, interruption_ms=silence)
    links = [make.link("a--b", "a->b", drops=drops)]
    device = make.mcu(["x"], ports_used=ports)
    return make.phase("after", [make.bridge("x", "X", heard)], links, device)


def found(figures: dict[str, Any], order: tuple[str, ...] = tuple(MEASURES)) -> Judgement:
    criteria = only(*(criterion(ident) for ident in order))
    return judge([phase(**figures)], criteria, existing=[], invalid=[])


@pytest.mark.parametrize(
    ("figures", "binds", "cause"),
    [
        # all met: the least margin, whatever its class
        ({"ports": 50, "drops": 50, "delay": 51.0}, "delay", "stream"),
        ({"ports": 50, "drops": 51, "delay": 50.0}, "drops", "link"),
        ({"ports": 51, "drops": 50, "delay": 50.0}, "ports", "mcu"),
        # failed: the class goes first, however far the effects are out
        ({"ports": 101, "drops": 900, "delay": 5000.0}, "ports", "mcu"),
        ({"ports": 100, "drops": 101, "delay": 5000.0}, "drops", "link"),
        ({"ports": 100, "drops": 100, "delay": 101.0}, "delay", "stream"),
        # what is met does not bind beside what failed, of whatever class
        ({"ports": 99, "drops": 0, "delay": 101.0}, "delay", "stream"),
        # within a class the least margin, and one that could not be measured before all
        ({"delay": 200.0, "silence": 300.0}, "silence", "stream"),
        ({"delay": 300.0, "silence": 200.0}, "delay", "stream"),
        ({"delay": None, "silence": 200.0}, "delay", "stream"),
        ({"delay": None, "drops": 101}, "drops", "link"),
    ],
)
def test_which_of_several_binds(figures: dict[str, Any], binds: str, cause: str) -> None:
    """In whatever order the criteria stand."""
    for order in (tuple(MEASURES), tuple(reversed(MEASURES))):
        binding = found(figures, order).binding
        assert (binding.criterion, binding.cause) == (binds, cause)
        value = figures[binds]
        assert (binding.value, binding.threshold, binding.unit) == (value, LIMIT, UNITS[binds])
        assert binding.margin_pct == (None if value is None else pytest.approx(100 - value))
        assert binding.where == binding.place.text


def test_of_equal_ones_the_first_binds() -> None:
    for order in (("delay", "silence"), ("silence", "delay")):
        for value in (50.0, 150.0):
            binding = found({"delay": value, "silence": value}, order).binding
            assert binding.criterion == order[0]


def test_nothing_binds_where_nothing_is_judged() -> None:
    judged = judge([phase()], only(), existing=[], invalid=[])
    assert (judged.verdict, judged.binding, judged.criteria) == ("pass", None, [])


@pytest.mark.parametrize(
    ("sense", "threshold", "best", "value", "ok", "margin"),
    [
        ("at-most", 100.0, 0.0, 100.0, True, 0.0),
        ("at-most", 100.0, 0.0, 100.1, False, -0.1),
        ("at-most", 100.0, 0.0, 25.0, True, 75.0),
        ("at-most", 100.0, 0.0, -5.0, True, 100.0),
        ("at-most", 100.0, 20.0, 40.0, True, 75.0),
        ("at-least", 4.0, 4.5, 4.0, True, 0.0),
        ("at-least", 4.0, 4.5, 3.9, False, -20.0),
        ("at-least", 4.0, 4.5, 4.4, True, 80.0),
        ("at-least", 4.0, 4.5, 5.0, True, 100.0),
        # the limit is the best there can be: each unit over it is the whole of it
        ("at-most", 0.0, 0.0, 0.0, True, 100.0),
        ("at-most", 0.0, 0.0, 1.0, False, -100.0),
        ("at-most", 0.0, 0.0, 2.0, False, -200.0),
    ],
)
def test_the_share_of_the_allowance_that_is_left(
    sense: str, threshold: float, best: float, value: float, ok: bool, margin: float
) -> None:
    one = criterion("delay", sense=sense, threshold=threshold, best=best)
    assert meets(one, value) is ok
    assert margin_pct(one, value) == pytest.approx(margin)
    assert (meets(one, None), margin_pct(one, None)) == (False, None)


def test_reasons_of_an_invalid_run_are_why_it_is() -> None:
    one = only(criterion("delay"))
    judged = judge(
        [phase(delay=500.0)], one, existing=[], invalid=[make.unaccounted(1), make.unaccounted(2)]
    )
    assert (judged.verdict, judged.reasons) == (
        "invalid",
        [str(make.unaccounted(n)) for n in (1, 2)],
    )
    assert judged.reason_codes == [make.unaccounted(1), make.unaccounted(2)]
    assert judged.binding is not None


OWN = 5


def place(bridge: str) -> Place:
    return Place(kind="bridge", id=bridge, detail="audio down", phase="after")


def bound(value: float, cause: str = "stream") -> Binding:
    return Binding.model_validate(
        {
            "criterion": "delay",
            "cause": cause,
            "place": place("far"),
            "where": place("far").text,
            "value": value,
            "threshold": LIMIT,
            "unit": "ms",
            "margin_pct": LIMIT - value,
        }
    )


def tried(*verdicts: str, cause: str = "stream") -> Any:
    """What other seeds answered."""
    return seeds_of(
        [
            Trial(
                seed=seed,
                verdict=verdict,  # type: ignore[arg-type]
                criteria=[Valued(id="delay", value=150.0, unit="ms", ok=verdict == "pass")],
                binding=bound(150.0, cause),
            )
            for seed, verdict in zip(others(OWN, len(verdicts)), verdicts, strict=True)
        ],
        "estimate",
    )


def every(threshold: float) -> Criterion:
    criteria = load_criteria(thresholds={FAILING_SEEDS: threshold})
    return next(c for c in criteria.criterion if c.id == FAILING_SEEDS)


def at_seeds(
    delay: float, seeds: Any, threshold: float = 12.5, invalid: tuple[Reason, ...] = ()
) -> Judgement:
    criteria = only(criterion("delay"), every(threshold))
    own = judge([phase(delay=delay)], criteria, existing=[], invalid=invalid)
    return by_all_seeds(own, criteria, seeds)[0]


def test_an_invalid_run_stays_so_whatever_other_seeds_say() -> None:
    found = at_seeds(50.0, tried("fail"), invalid=(make.unaccounted(1),))
    assert (found.verdict, found.reasons) == ("invalid", [str(make.unaccounted(1))])
    assert found.reason_codes == [make.unaccounted(1)]
    assert [c.id for c in found.criteria] == ["delay", FAILING_SEEDS]


def test_a_warm_up_needs_phases_measured_so() -> None:
    one = only(criterion("delay", warm_up_s=5.0))
    for warmed in (None, {}, {5.0: []}, {4.0: [phase()]}):
        with pytest.raises(ValueError, match="warms up for 5 s: no phases measured so"):
            judge([phase()], one, existing=[], invalid=[], warmed=warmed)


def test_without_the_criterion_other_seeds_decide_nothing() -> None:
    own = make.result()
    found = with_seeds(own, only(criterion("delay")), tried("fail"))
    assert (found.verdict, found.criteria, found.binding) == (
        own.verdict,
        own.criteria,
        own.binding,
    )


def test_a_trial_is_what_was_judged() -> None:
    judged = found({"delay": 150.0, "ports": 3})
    one = trial(7, judged)
    assert (one.seed, one.verdict, one.binding) == (7, "fail", judged.binding)
    assert [(c.id, c.value, c.unit, c.ok) for c in one.criteria] == [
        (c.id, c.value, c.unit, c.ok) for c in judged.criteria
    ]
