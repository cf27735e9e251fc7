"""From measures to a verdict, purely: phases and criteria in, judgement out.

Rules that need saying:

- What should have been measured and was not (see `giaoban.results.judge.aggregate`) is not met, its
value
  is null; so is a criterion on what the run had nothing of.
- `binding` names the root cause. Effects are often further past their limit than their cause (a
  full link fails by 20 %, the loss it makes by 3000 %), so among failed criteria the class of the
  cause goes first: MCU capacity and refused calls, then link peaks, then what streams suffered;
  within a class the least margin. Calls that the MCU never answered (408) are an effect of the
  network and not of the MCU's capacity. Among criteria all met, the least margin alone counts;
  one that is not shown never binds.
- The verdict of all seeds, the run's own among them, replaces the verdict of the run's own seed
  (`Seeds.verdict`). If the own seed fails, its failure binds; else that of the first other seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypedDict

from giaoban.results.confidence import poisson_quantile
from giaoban.results.judge.aggregate import heard_streams, stream_place
from giaoban.results.judge.criteria import (
    ARTEFACTS_PER_H,
    DRAWN_WORLDS,
    EVERY_MEETING,
    FAILING_SEEDS,
    FAULT_INTERRUPTION,
    NO_WORSE,
    OF_FAULTS,
    Criteria,
    Criterion,
)
from giaoban.results.judge.under_faults import (
    accepted_interruptions,
    as_judged,
    comparable,
    independent,
)
from giaoban.results.judge.worst import Reference, at_other_seeds, in_meetings, worst
from giaoban.results.model.faults import AcceptedInterruption, FaultResult
from giaoban.results.model.places import Binding, Cause, Place, WorstValue
from giaoban.results.model.quantities import Id, Verdict
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import Artefacts, CriterionResult, MeetingChecked, Phase, Result
from giaoban.results.model.robustness import Robustness
from giaoban.results.model.seeds import Seeds, Trial, Valued
from giaoban.sentence import N_, Both, Sentence, counted, message, shown

_RANK: dict[Cause, int] = {"mcu": 0, "link": 1, "stream": 2}
_IN_WORLDS = N_("Drawn worlds that fail")
_ASKED_FOR = N_("share that --require-robust asks for; all assumed figures are others at once")


class Judgement(NamedTuple):
    """What `judge` finds; the fields of the same names of `Result`."""

    verdict: Verdict
    reasons: list[str]
    criteria: list[CriterionResult]
    binding: Binding | None
    reason_codes: list[Reason]
    accepted: list[AcceptedInterruption]
    failed_without: list[Id]


def margin_pct(criterion: Criterion, value: float | None) -> float | None:
    """The share of the allowance still unused, 100 (all) down through 0 (at the limit) to minus.

    The allowance is the way from the best value (0, or `best` for MOS) to the threshold, so that
    all criteria read alike. Values better than the best count as the best. If the threshold is
    the best value itself (0 calls refused), 0 gives 100 and every unit over it −100. None: null.
    """
    if value is None:
        return None
    sign = 1.0 if criterion.sense == "at-most" else -1.0
    return _unused_pct(
        max(0.0, sign * (value - criterion.best)), sign * (criterion.threshold - criterion.best)
    )


def _unused_pct(used: float, allowed: float) -> float:
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


class Outcome(TypedDict):
    """What follows from a value and its limit; fields of `CriterionResult`."""

    ok: bool
    shown: bool
    margin_pct: float | None


def outcome(criterion: Criterion, value: float | None, detectable: float | None) -> Outcome:
    """Return whether a value is within its threshold, and with which margin.

    A value that compares is not shown to be within where `detectable`, the smallest change that
    the run can show, is past the threshold: it has no margin.
    """
    ok = meets(criterion, value)
    shown = not ok or detectable is None or detectable <= criterion.threshold
    margin = margin_pct(criterion, value) if shown else None
    return Outcome(ok=ok, shown=shown, margin_pct=margin)


def judge(
    phases: Sequence[Phase],
    criteria: Criteria,
    *,
    existing: Sequence[str],
    invalid: Sequence[Reason],
    new: Sequence[str] = (),
    warmed: Mapping[float, Sequence[Phase]] | None = None,
    faults: Sequence[FaultResult] = (),
    length_min: float | None = None,
    reference: Reference | None = None,
) -> Judgement:
    """Judge a run; phases in time order.

    Existing bridges are compared with `reference`, else with the first phase.

    `existing` and `new` are bridge ids; `invalid` are reasons why the emulation cannot be trusted:
    any makes the verdict `invalid`, with the criteria still shown. Without existing bridges, or
    where faults interrupted them all, the two no-worse criteria are left out. `warmed` are the
    phases measured anew without their first seconds, by how many (`Criteria.warm_ups`). Where there
    are `faults`, all phases are measured without their interruptions
    (`giaoban.results.judge.under_faults`). The criterion on other seeds is left out
    (`by_all_seeds`). `length_min` is how long the meeting lasts, for which expected artefacts are
    counted (an hour where None). Raises `ValueError` without phases, or without those that a
    warm-up needs.
    """
    if not phases:
        raise ValueError("there is nothing to judge: no phases")
    if not faults:
        criteria = criteria.without("faults")
    accepted = _accepted(criteria, faults)
    failed_without: list[Id] = []
    judged: list[tuple[CriterionResult, WorstValue]] = []
    for criterion in criteria.criterion:
        if criterion.id in (FAILING_SEEDS, EVERY_MEETING):
            continue
        if criterion.id in NO_WORSE and not comparable(phases, faults, existing):
            continue
        measured = as_judged(_after(criterion.warm_up_s, phases, warmed or {}), faults)
        found = worst(criterion, measured, existing, new, faults, reference)
        result = _result(criterion, found)
        if criterion.id in NO_WORSE:
            other = "before" if reference is None else "without-new"
            result = result.model_copy(update={"compared_with": other})
        if criterion.measure is not None and criterion.measure.metric == ARTEFACTS_PER_H:
            result = result.model_copy(
                update={"artefacts": _artefacts(found.place, measured, length_min or 60.0)}
            )
        if accepted and criterion.id in OF_FAULTS:
            result = _without_accepted(result)
        if not result.ok and _fails_without(criterion, measured, existing, new, faults):
            failed_without.append(criterion.id)
        judged.append((result, found))
    results = [result for result, _ in judged]
    failed = [_reason(result) for result in results if not result.ok]
    verdict: Verdict = "invalid" if invalid else "fail" if failed else "pass"
    reasons = [str(reason) for reason in invalid] or failed
    return Judgement(
        verdict, reasons, results, _binding(judged), list(invalid), accepted, failed_without
    )


def _accepted(criteria: Criteria, faults: Sequence[FaultResult]) -> list[AcceptedInterruption]:
    limits_ms = [c.threshold for c in criteria.criterion if c.id == FAULT_INTERRUPTION]
    return accepted_interruptions(faults, min(limits_ms)) if limits_ms else []


def _without_accepted(result: CriterionResult) -> CriterionResult:
    """Return the result of a criterion on faults with a name that says what it does not count."""
    name = message(
        N_("{criterion}, without accepted bridges"), criterion=Both(result.name_en, result.name_vi)
    )
    return result.model_copy(update={"name_en": name.en, "name_vi": name.vi})


def _fails_without(
    criterion: Criterion,
    phases: Sequence[Phase],
    existing: Sequence[str],
    new: Sequence[str],
    faults: Sequence[FaultResult],
) -> bool:
    """Return whether a criterion fails without the new bridges: in the first phase alone, or in a
    fault that leaves existing bridges no path.

    False where new bridges are in the meeting from the start, and of comparisons with that phase.
    """
    before = phases[0]
    # phases of losses that are foreseen have no record of the MCU
    if not new or criterion.id in NO_WORSE:
        return False
    calls = {bridge.id for bridge in before.bridges} | {call.bridge for call in before.mcu.refused}
    if not calls.isdisjoint(new):
        return False
    own = independent(faults, existing, 1000 * before.seconds) if criterion.id in OF_FAULTS else []
    return not _result(criterion, worst(criterion, [before], existing, (), own)).ok


def _tells(phases: Sequence[Phase], figures: Sequence[str]) -> bool:
    """Whether some stream has one of these figures, which there are not in every run."""
    streams = (s for phase in phases for bridge in phase.bridges for s in bridge.streams)
    return any(getattr(stream, figure) is not None for stream in streams for figure in figures)


def judged_alone(criterion: Criterion, phases: Sequence[Phase]) -> CriterionResult:
    """A criterion that has a measure, on these phases alone."""
    return _result(criterion, worst(criterion, phases, (), ()))


def with_seeds(result: Result, criteria: Criteria, seeds: Seeds) -> Result:
    """Return a result of its own seed, judged by all seeds."""
    found, seeds = by_all_seeds(_judgement_of(result), criteria, seeds)
    return result.model_copy(update={**found._asdict(), "seeds": seeds})


def with_meetings(result: Result, criteria: Criteria, meetings: Sequence[MeetingChecked]) -> Result:
    """A result judged by the meetings of the catalogue as well.

    One that cannot be trusted makes the whole answer such; without any that was tried the criterion
    is left out. If none of them fails and some are undecided, the answer is undecided.
    """
    own = _judgement_of(result)
    own_verdict = own.verdict
    criterion = next((c for c in criteria.criterion if c.id == EVERY_MEETING), None)
    if criterion is not None and any(meeting.verdict is not None for meeting in meetings):
        found = in_meetings(meetings)
        own = _beside(own, _result(criterion, found), found)
        verdicts = {own_verdict, *(meeting.verdict for meeting in meetings)}
        if own.verdict == "fail" and "fail" not in verdicts and "undecided" in verdicts:
            own = own._replace(verdict="undecided")
        unsure = [m for m in meetings if m.verdict == "invalid"]
        if own.verdict != "invalid" and unsure:
            reasons = [f"{m.name}: {reason}" for m in unsure for reason in m.reasons]
            codes = [code for m in unsure for code in m.reason_codes]
            own = own._replace(verdict="invalid", reasons=reasons, reason_codes=codes)
    return result.model_copy(update={**own._asdict(), "meetings": list(meetings)})


def with_robustness(result: Result, robustness: Robustness) -> Result:
    """A result with what was found of its assumptions; a share of drawn worlds that has to pass is
    one more criterion."""
    result = result.model_copy(update={"robustness": robustness})
    worlds = robustness.worlds
    if worlds is None or worlds.required_pct is None:
        return result
    own = _judgement_of(result)
    # the nearest limit as assumed, as of other seeds what fails at the first of them
    bound = own.binding
    place = Place(kind="mcu", id="mcu") if bound is None else bound.place
    value = round(100 - worlds.passed_pct, 9)
    allowed = round(100 - worlds.required_pct, 9)
    judged = CriterionResult(
        id=DRAWN_WORLDS,
        name_en=_IN_WORLDS,
        name_vi=Sentence(_IN_WORLDS).vi,
        value=value,
        threshold=allowed,
        unit="%",
        sense="at-most",
        ok=worlds.suffice(worlds.required_pct),
        margin_pct=_unused_pct(value, allowed),
        worst_at=place.text,
        place=place,
        source=_ASKED_FOR,
        source_vi=Sentence(_ASKED_FOR).vi,
    )
    found = _beside(own, judged, WorstValue(value, place, "stream"))
    return result.model_copy(update=found._asdict())


def _judgement_of(result: Result) -> Judgement:
    return Judgement(**{field: getattr(result, field) for field in Judgement._fields})


def trial(seed: int, judged: Judgement | Result) -> Trial:
    """What was judged, as one seed's answer."""
    return Trial(
        seed=seed,
        verdict=judged.verdict,
        criteria=[Valued(id=c.id, value=c.value, unit=c.unit, ok=c.ok) for c in judged.criteria],
        binding=judged.binding,
    )


def by_all_seeds(own: Judgement, criteria: Criteria, seeds: Seeds) -> tuple[Judgement, Seeds]:
    """Return a judgement by all seeds, the criterion on them last, and the seeds beside the own.

    A run that cannot be trusted stays invalid. Seeds that all pass, but are too few for a share,
    leave the criterion out.
    """
    criterion = next((c for c in criteria.criterion if c.id == FAILING_SEEDS), None)
    if criterion is None or not seeds.tried:
        return own, seeds
    passed = None if own.verdict == "invalid" else own.verdict == "pass"
    seeds = seeds.beside(criterion.threshold, own_passed=passed)
    verdict, found = seeds.verdict, at_other_seeds(seeds)
    judged = _result(criterion, found)
    if judged.ok:  # a bound is no quantity of the run, which another bridge would use up
        judged = judged.model_copy(update={"margin_pct": 100.0})
    results = [*own.criteria, judged]
    if own.verdict == "invalid":
        return own._replace(criteria=results), seeds
    if verdict == "pass":
        return own._replace(
            verdict="pass", reasons=[], criteria=results if judged.ok else own.criteria
        ), seeds
    assert verdict is not None
    reason = _reason(judged)
    if seeds.needed is not None:
        reason += f"; {counted(seeds.needed, 'other seed')} would decide"
    of_all = own._replace(
        verdict=verdict,
        reasons=[*own.reasons, reason],
        criteria=results,
        binding=_bound(judged, found) if own.verdict == "pass" else own.binding,
        reason_codes=[],
    )
    return of_all, seeds


def _beside(own: Judgement, judged: CriterionResult, found: WorstValue) -> Judgement:
    """A judgement with one more criterion behind the others, which binds only if they are met."""
    results = [*own.criteria, judged]
    binding = own.binding
    alone = all(c.ok for c in own.criteria)
    if alone and (not judged.ok or binding is None or _is_nearer(judged, binding)):
        binding = _bound(judged, found)
    if own.verdict == "invalid" or judged.ok:
        return own._replace(criteria=results, binding=binding)
    return own._replace(
        verdict="fail",
        reasons=[*own.reasons, _reason(judged)],
        criteria=results,
        binding=binding,
        reason_codes=[],
    )


def _is_nearer(judged: CriterionResult, binding: Binding) -> bool:
    """Whether a criterion is nearer to its limit than what binds, both met."""
    ours, theirs = judged.margin_pct, binding.margin_pct
    return ours is not None and theirs is not None and ours < theirs


def _after(
    warm_up_s: float, phases: Sequence[Phase], warmed: Mapping[float, Sequence[Phase]]
) -> Sequence[Phase]:
    if not warm_up_s:
        return phases
    if not warmed.get(warm_up_s):
        raise ValueError(f"a criterion warms up for {warm_up_s:g} s: no phases measured so")
    return warmed[warm_up_s]


def _result(criterion: Criterion, found: WorstValue) -> CriterionResult:
    return CriterionResult(
        id=criterion.id,
        name_en=criterion.name_en,
        name_vi=criterion.name_vi,
        value=found.value,
        threshold=criterion.threshold,
        unit=criterion.unit,
        unit_vi=criterion.unit_vi,
        measure=_measure(criterion),
        sense=criterion.sense,
        preferred=criterion.preferred,
        detectable=found.detectable,
        **outcome(criterion, found.value, found.detectable),
        worst_at=f"nowhere: there were no {found.nothing}" if found.nothing else found.place.text,
        place=None if found.nothing else found.place,
        source=criterion.source_en,
        source_vi=criterion.source_vi,
        assumed=criterion.assumed,
    )


def _artefacts(place: Place, phases: Sequence[Phase], length_min: float) -> Artefacts | None:
    """Return what the rate of artefacts of the stream at a place rests on."""
    for phase in phases:
        for bridge, stream in heard_streams(phase):
            expected = stream.artefacts_expected_per_h
            if expected is None or stream_place(bridge, stream, phase) != place:
                continue
            judged = stream.artefacts_per_h
            mean = expected * length_min / 60
            return Artefacts(
                expected_per_h=expected,
                length_min=length_min,
                least=poisson_quantile(mean, 0.025),
                most=poisson_quantile(mean, 0.975),
                observed=stream.artefacts or 0,
                observed_s=stream.pictures_due_s or 0.0,
                certain_per_h=round(max(0.0, (judged or 0.0) - expected), 4),
            )
    return None


def _measure(criterion: Criterion) -> str | None:
    measure = criterion.measure
    return None if measure is None else f"{criterion.statistic} {measure.on} {measure.metric}"


def _reason(result: CriterionResult) -> str:
    if result.place is None:
        return f"{result.name_en}: could not be measured ({result.worst_at})"
    if result.value is None:
        return f"{result.name_en}: could not be measured at {result.worst_at}"
    limit = "at most" if result.sense == "at-most" else "at least"
    return (
        f"{result.name_en}: {shown(result.value, result.threshold)} {result.unit}, allowed {limit} "
        f"{result.threshold:g} {result.unit} ({result.worst_at})"
    )


def _binding(judged: Sequence[tuple[CriterionResult, WorstValue]]) -> Binding | None:
    failed = [pair for pair in judged if not pair[0].ok]

    def order(pair: tuple[CriterionResult, WorstValue]) -> tuple[int, float]:
        margin = pair[0].margin_pct
        rank = _RANK[pair[1].cause] if failed else 0
        return rank, -math.inf if margin is None else margin

    candidates = failed or [pair for pair in judged if pair[0].shown]
    if not candidates:
        return None
    return _bound(*min(candidates, key=order))


def _bound(result: CriterionResult, found: WorstValue) -> Binding:
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
