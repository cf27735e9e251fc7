"""From measures to a verdict, purely: phases and criteria in, judgement out.

Rules that need saying:

- What should have been measured and was not (see `results.worst`) is not met, its value is null.
- `binding` names the root cause. Effects are often further past their limit than their cause (a
  full link fails by 20 %, the loss it makes by 3000 %), so among failed criteria the class of the
  cause goes first: MCU capacity and refused calls, then link peaks, then what streams suffered;
  within a class the least margin. Calls that the MCU never answered (408) are an effect of the
  network and not of the MCU's capacity. Among criteria all met, the least margin alone counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from results.criteria import Criteria, Criterion
from results.model import Binding, CriterionResult, Phase, Verdict
from results.worst import Cause, Found, worst

_RANK: dict[Cause, int] = {"mcu": 0, "link": 1, "stream": 2}


class Judgement(NamedTuple):
    """What `judge` finds; the fields of the same names of `Result`."""

    verdict: Verdict
    reasons: list[str]
    criteria: list[CriterionResult]
    binding: Binding | None


def margin_pct(criterion: Criterion, value: float | None) -> float | None:
    """The share of the allowance still unused, 100 (all) down through 0 (at the limit) to minus.

    The allowance is the way from the best value (0, or `best` for MOS) to the threshold, so that
    all criteria read alike. Values better than the best count as the best. If the threshold is
    the best value itself (0 calls refused), 0 gives 100 and every unit over it −100. None: null.
    """
    if value is None:
        return None
    sign = 1.0 if criterion.sense == "at-most" else -1.0
    used = max(0.0, sign * (value - criterion.best))
    allowed = sign * (criterion.threshold - criterion.best)
    if allowed == 0:
        return 100.0 if used == 0 else -100.0 * used
    return 100.0 * (allowed - used) / allowed


def meets(criterion: Criterion, value: float | None) -> bool:
    """Whether a value is within its threshold; a missing one is not."""
    if value is None:
        return False
    if criterion.sense == "at-most":
        return value <= criterion.threshold
    return value >= criterion.threshold


def judge(
    phases: Sequence[Phase],
    criteria: Criteria,
    *,
    existing: Sequence[str],
    invalid: Sequence[str],
    new: Sequence[str] = (),
) -> Judgement:
    """Judge a run; phases in time order, the first is the comparison for existing bridges.

    `existing` and `new` are bridge ids; `invalid` are reasons why the emulation cannot be trusted:
    any makes the verdict `invalid`, with the criteria still shown. Without existing bridges the
    two no-worse criteria are left out. Raises `ValueError` without phases.
    """
    if not phases:
        raise ValueError("there is nothing to judge: no phases")
    judged: list[tuple[CriterionResult, Found]] = []
    for criterion in criteria.criterion:
        if criterion.id.startswith("existing-") and not existing:
            continue
        found = worst(criterion, phases, existing, new)
        judged.append((_result(criterion, found), found))
    results = [result for result, _ in judged]
    failed = [_reason(result) for result in results if not result.ok]
    verdict: Verdict = "invalid" if invalid else "fail" if failed else "pass"
    return Judgement(verdict, list(invalid) or failed, results, _binding(judged))


def _result(criterion: Criterion, found: Found) -> CriterionResult:
    return CriterionResult(
        id=criterion.id,
        name_en=criterion.name_en,
        name_vi=criterion.name_vi,
        value=found.value,
        threshold=criterion.threshold,
        unit=criterion.unit,
        sense=criterion.sense,
        ok=meets(criterion, found.value),
        margin_pct=margin_pct(criterion, found.value),
        worst_at=found.place.text,
        place=found.place,
        source=criterion.source_en,
        source_vi=criterion.source_vi,
    )


def _reason(result: CriterionResult) -> str:
    if result.value is None:
        return f"{result.name_en}: could not be measured at {result.worst_at}"
    limit = "at most" if result.sense == "at-most" else "at least"
    return (
        f"{result.name_en}: {result.value:.4g} {result.unit}, allowed {limit} "
        f"{result.threshold:g} {result.unit} ({result.worst_at})"
    )


def _binding(judged: Sequence[tuple[CriterionResult, Found]]) -> Binding | None:
    failed = [pair for pair in judged if not pair[0].ok]

    def order(pair: tuple[CriterionResult, Found]) -> tuple[int, float]:
        margin = pair[0].margin_pct
        rank = _RANK[pair[1].cause] if failed else 0
        return rank, -math.inf if margin is None else margin

    candidates = failed or list(judged)
    if not candidates:
        return None
    result, found = min(candidates, key=order)
    return Binding(
        criterion=result.id,
        cause=found.cause,
        place=found.place,
        where=found.place.text,
        value=result.value,
        threshold=result.threshold,
        unit=result.unit,
        margin_pct=result.margin_pct,
    )
