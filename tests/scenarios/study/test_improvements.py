"""An improvement is never a regression, by whichever comparison of two answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.judge import baseline, baseline_compare
from giaoban.results.judge.accepted_cases import accept_cases, against_cases
from giaoban.results.judge.cases import Case, JudgedFigure, Report
from giaoban.results.model.quantities import Sense, Verdict
from giaoban.results.model.result import Result
from giaoban.results.model.studies.compared import BridgeChange
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.scenarios.study.compare.effects import margins, state_of
from tests.results import failures_factory as faults
from tests.results import results_factory as make

ON = date(2026, 12, 2)
LIMIT = 1000.0


class Pair(NamedTuple):
    """One figure in both answers; None: not measured. `sense` says which way is better."""

    old: float | None
    new: float | None
    sense: Sense

    @property
    def both(self) -> tuple[float | None, float | None]:
        return self.old, self.new

    def met(self, value: float | None) -> bool:
        if value is None:
            return False
        return value <= LIMIT if self.sense == "at-most" else value >= LIMIT

    @property
    def no_worse(self) -> bool:
        if self.old is None:
            return True
        if self.new is None:
            return False
        return self.new <= self.old if self.sense == "at-most" else self.new >= self.old

    @property
    def met_again(self) -> bool:
        return self.met(self.new) and not self.met(self.old)


figures = st.none() | st.floats(0, 3 * LIMIT).map(lambda value: round(value, 3))
senses = st.sampled_from(("at-most", "at-least"))
some_pairs = st.lists(st.builds(Pair, figures, figures, senses), min_size=1, max_size=3)


def verdicts(pairs: list[Pair]) -> tuple[Verdict, Verdict]:
    return (
        "pass" if all(pair.met(pair.old) for pair in pairs) else "fail",
        "pass" if all(pair.met(pair.new) for pair in pairs) else "fail",
    )


def improved(pairs: list[Pair]) -> bool:
    """Whether the whole answer improved: its verdict, or each figure that changed."""
    return verdicts(pairs) == ("fail", "pass") or all(pair.no_worse for pair in pairs)


def result(values: list[float | None], pairs: list[Pair]) -> Result:
    known = make.result()
    some = known.criteria[: len(pairs)]
    found = []
    for criterion, value, pair in zip(some, values, pairs, strict=True):
        sign = 1.0 if pair.sense == "at-most" else -1.0
        margin = None if value is None else sign * 100.0 * (LIMIT - value) / LIMIT
        update = {"value": value, "threshold": LIMIT, "sense": pair.sense, "margin_pct": margin}
        found.append(criterion.model_copy(update=update | {"ok": pair.met(value)}))
    return known.model_copy(update={"criteria": found})


def compared(pairs: list[Pair]) -> bool:
    """`giaoban compare`; where the verdict improves, a bridge may have less to spare."""
    old, new = (result([pair.both[side] for pair in pairs], pairs) for side in (0, 1))
    before, after = verdicts(pairs)
    points = 90.0 if before != after else -90.0
    change = BridgeChange(
        bridge="cu-jut", name="Cư Jút", what="mos", unit="", old=1, new=2, points=points,
        declared=True,
    )  # fmt: skip
    return state_of(before, after, margins(old, new, 10.0), [change], 10.0) == "worse"


def accepted(pairs: list[Pair]) -> bool:
    """`--baseline` of any command but `faults`."""
    reports = [
        Report(
            "check",
            "s",
            "pass",
            "…",
            [
                Case(
                    str(number),
                    "pass" if pair.met(pair.both[side]) else "fail",
                    figure=JudgedFigure(pair.both[side], LIMIT, "ms", pair.sense),
                )
                for number, pair in enumerate(pairs)
            ],
        )
        for side in (0, 1)
    ]
    report, _ = against_cases(reports[1], accept_cases(reports[0], name="a", reason="known", on=ON))
    return report.verdict != "pass"


def failures(pairs: list[Pair], side: int) -> FaultsAnswer:
    """A failure that interrupts a bridge for each figure; none: it cuts the bridge off."""
    values = [pair.both[side] for pair in pairs]
    bridges = [
        faults.impact(bridge, ms or 0.0, cut_off=ms is None, behind=ms is None)
        for bridge, ms in zip(faults.BRIDGES, values, strict=False)
    ]
    connected = sum(ms is not None for ms in values)  # these load the ring
    load = {"gia-nghia--cu-jut": 20.0 * connected}
    verdict = verdicts(pairs)[side]
    return faults.answer([faults.failure("cut:access-mcu", bridges, load, verdict=verdict)])


def tried(pairs: list[Pair]) -> bool:
    """`giaoban faults --baseline`."""
    pairs = [pair._replace(sense="at-most") for pair in pairs]
    old, new = (failures(pairs, side) for side in (0, 1))
    known = baseline.accept(old, name="a", reason="known", on=ON)
    return baseline_compare.against(new, known).verdict != "pass"


@pytest.mark.parametrize(
    ("is_worse", "premise"),
    [
        (compared, improved),
        (accepted, lambda pairs: all(pair.met_again or pair.no_worse for pair in pairs)),
        (tried, lambda pairs: improved([pair._replace(sense="at-most") for pair in pairs])),
    ],
    ids=["compare", "baseline", "faults"],
)
@given(pairs=some_pairs)
def test_an_improvement_is_never_reported_as_a_regression(
    is_worse: Callable[[list[Pair]], bool],
    premise: Callable[[list[Pair]], bool],
    pairs: list[Pair],
) -> None:
    """`fail → pass`, or figures of which none is worse, never end with exit code 1."""
    better = [
        pair if premise([pair]) else pair._replace(old=pair.new, new=pair.old) for pair in pairs
    ]
    assert not is_worse(better)
    if premise(pairs):
        assert not is_worse(pairs)
