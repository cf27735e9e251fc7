"""Two runs side by side: inputs, bridges, criteria (all measures: `giaoban.results.judge.diff`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from giaoban.results.judge.diff import differences
from giaoban.results.model.result import CriterionResult, Result
from giaoban.translation import pgettext

INPUTS: Mapping[str, str] = {
    "scenario": pgettext("input", "scenario"),
    "province": pgettext("input", "network data"),
    "mcu": pgettext("input", "device data"),
    "criteria": pgettext("input", "criteria"),
    "files": pgettext("input", "files"),
    "meetings": pgettext("input", "meetings of the catalogue"),
    "seed": pgettext("input", "seed"),
    "code": pgettext("input", "program version"),
    "engine": pgettext("input", "engine"),
    "question": pgettext("input", "question"),
    "meeting": pgettext("input", "how the meeting is held"),
    "impairments": pgettext("input", "impairments"),
}
"""Inputs in which two runs may differ."""

Trend = Literal["better", "worse", "same", "other"]


class Change(NamedTuple):
    """One criterion in both runs; None: a run did not judge it (as none that cannot be trusted
    judges any), or did not measure it.

    `trend` is how B is to A, by the share of the allowance left; `other`: cannot be said.
    """

    id: str
    name_en: str
    name_vi: str
    unit: str
    unit_vi: str
    a: CriterionResult | None
    b: CriterionResult | None
    trend: Trend


class RunComparison(NamedTuple):
    """What changed from run A to run B. `measures` counts all measures that differ; `estimated`:
    which of the two was not emulated."""

    a: str
    b: str
    verdicts: tuple[str, str]
    estimated: tuple[bool, bool]
    inputs: list[str]
    added: list[str]
    removed: list[str]
    criteria: list[Change]
    measures: int


def compare(a: Result, b: Result) -> RunComparison:
    """What changed, in the order of A's criteria; what only B has comes last."""
    found = differences(a, b)
    moved = {d.path.split("[")[1].split("]")[0] for d in found if d.path.startswith("criteria[")}
    of_a, of_b = ({c.id: c for c in run.criteria if run.is_judged} for run in (a, b))
    people_a, people_b = (
        {x.id: x.name for x in [*run.question.existing, *run.question.new]} for run in (a, b)
    )
    return RunComparison(
        a=a.run_id,
        b=b.run_id,
        verdicts=(a.verdict, b.verdict),
        estimated=(a.is_estimate, b.is_estimate),
        inputs=_inputs([d.path for d in found if d.kind == "input"]),
        added=[name for ident, name in people_b.items() if ident not in people_a],
        removed=[name for ident, name in people_a.items() if ident not in people_b],
        criteria=[
            _change(of_a.get(ident), of_b.get(ident), ident in moved)
            for ident in dict.fromkeys([*of_a, *of_b])
        ],
        measures=sum(d.kind == "measure" for d in found),
    )


def _change(a: CriterionResult | None, b: CriterionResult | None, moved: bool) -> Change:
    known = b or a
    assert known is not None  # one of them has it
    return Change(
        id=known.id,
        name_en=known.name_en,
        name_vi=known.name_vi,
        unit=known.unit,
        unit_vi=known.unit_vi or known.unit,
        a=a,
        b=b,
        trend=_trend(a, b) if moved else "same",
    )


def _trend(a: CriterionResult | None, b: CriterionResult | None) -> Trend:
    if a is None or b is None or a.threshold != b.threshold or a.value is None or b.value is None:
        return "other"
    if a.value == b.value:
        return "same"
    lower_is_better = a.sense == "at-most"
    return "better" if (b.value < a.value) == lower_is_better else "worse"


def _inputs(paths: list[str]) -> list[str]:
    """The inputs that differ, each once: `inputs.scenario.sha256` as `scenario`."""
    words = []
    for path in paths:
        parts = path.split("[")[0].split(".")
        words.append(parts[1] if parts[0] == "inputs" and len(parts) > 1 else parts[0])
    return list(dict.fromkeys(words))
