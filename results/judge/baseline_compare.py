"""What got worse since a baseline was accepted, and by how much. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from giaoban.results.judge.baseline import NOTICED_MS, Accepted, Baseline, Tolerance, accepted_of
from giaoban.results.judge.failure_points import verdict_of
from giaoban.results.model.changes import CUT_OFF, UNINTERRUPTED, change_sentence, in_a_row
from giaoban.results.model.reasons import Argument
from giaoban.results.model.studies.failures import (
    Change,
    ChangeSense,
    Comparison,
    FailureResult,
    FaultsAnswer,
    NotTried,
)


def compare(baseline: Baseline, answer: FaultsAnswer) -> list[Change]:
    """Everything that differs by more than the tolerance: what is gone first, then by failure.

    A failure that the network can no longer have is worse: what was accepted is not there any more,
    and what has taken its place must be accepted. So is one that was not tried, unless failures
    were picked by hand. A new one is worse if it does what would have needed accepting. Those whose
    emulation is invalid are not compared, since there is nothing to compare.
    """
    found = [*_inputs(baseline, answer), *_missing(baseline, answer)]
    for failure in sorted(answer.failures, key=lambda f: f.id):
        if failure.verdict == "invalid":
            continue
        was = baseline.failure.get(failure.id)
        if was is None:
            found.append(_new(failure))
        else:
            changes = _changes(failure, was, baseline, answer)
            found += _without_improved(changes, was, accepted_of(failure))
    return found


def against(answer: FaultsAnswer, baseline: Baseline) -> FaultsAnswer:
    """The answer as the baseline has it: its verdict says whether anything is worse.

    One that cannot be trusted stays invalid.
    """
    found = Comparison(
        baseline=baseline.name,
        reason=baseline.reason,
        by_criteria=answer.by_criteria,
        changes=compare(baseline, answer),
        known=[f.id for f in answer.failures if _knows(baseline, f)],
        not_tried=list(_not_tried(baseline, answer)),
        names=baseline.names,
    )
    judged: dict[str, object] = {"comparison": found}
    if answer.by_criteria != "invalid":
        lines = [change.line for change in found.worse]
        judged |= {"verdict": "fail" if lines else "pass", "reasons": lines}
    return answer.model_copy(update=judged)


def alone(answer: FaultsAnswer) -> FaultsAnswer:
    """The answer by the criteria, without any baseline."""
    verdict, reasons = verdict_of(answer.failures)
    judged = {"comparison": None, "verdict": verdict, "reasons": reasons}
    return answer.model_copy(update=judged)


def _not_tried(baseline: Baseline, answer: FaultsAnswer) -> Iterator[NotTried]:
    """Yield the failures of the baseline that were not tried now."""
    for ident in sorted(set(baseline.failure) - {failure.id for failure in answer.failures}):
        was = baseline.failure[ident]
        yield NotTried(id=ident, name_en=was.name_en, name_vi=was.name_vi)


def _knows(baseline: Baseline, failure: FailureResult) -> bool:
    """Whether a baseline holds that a failure cuts off all whom it cuts off."""
    held = baseline.failure.get(failure.id)
    return bool(failure.cut_off) and held is not None and set(failure.cut_off) <= set(held.cut_off)


def _change(
    sense: ChangeSense,
    failure: str | None,
    code: str,
    arguments: Mapping[str, Argument] | None = None,
    why: Sequence[str] = (),
) -> Change:
    """`why`: reasons of the failure itself, which its figures say to documents."""
    given = dict(arguments or {})
    what = "; ".join(why)
    what = f"{change_sentence(code, given)}: {what}" if why else str(change_sentence(code, given))
    return Change(sense=sense, failure=failure, what=what, code=code, arguments=given)


def _inputs(baseline: Baseline, answer: FaultsAnswer) -> Iterator[Change]:
    """Other inputs are no fault, but explain differences."""
    if baseline.scenario.sha256 != answer.inputs.scenario.sha256:
        yield _change("other", None, "other-scenario", {"path": answer.inputs.scenario.path})
    if baseline.province.sha256 != answer.inputs.province.sha256:
        yield _change("other", None, "other-province", {"path": answer.inputs.province.path})
    if baseline.seed != answer.inputs.seed:
        seeds = {"seed": str(answer.inputs.seed), "was_seed": str(baseline.seed)}
        yield _change("other", None, "other-seed", seeds)
    now_there = {bridge.id for bridge in answer.bridges}
    for bridge in sorted(set(baseline.bridges) - now_there):
        yield _change("worse", None, "bridge-gone", {"bridge": bridge})
    for bridge in sorted(now_there - set(baseline.bridges)):
        yield _change("other", None, "bridge-new", {"bridge": bridge})


def _missing(baseline: Baseline, answer: FaultsAnswer) -> Iterator[Change]:
    tried = {failure.id for failure in answer.failures}
    possible = set(answer.possible)
    for ident in sorted(set(baseline.failure) - tried):
        lacking = [part for part in ident.split("+") if part not in possible]
        if lacking:
            gone = [part.rpartition(":")[2] for part in lacking]
            yield _change(
                "worse", ident, "element-gone", {"elements": in_a_row(gone), "n": len(gone)}
            )
        elif answer.whole:
            yield _change("worse", ident, "not-tried")


def _new(failure: FailureResult) -> Change:
    now = accepted_of(failure)
    if now.cut_off:
        who: Mapping[str, Argument] = {"bridges": in_a_row(now.cut_off), "n": len(now.cut_off)}
        return _change("worse", failure.id, "new-cuts-off", who)
    if now.verdict == "fail":
        return _change("worse", failure.id, "new-fails", why=failure.reasons)
    return _change("other", failure.id, "new")


def _changes(
    failure: FailureResult, was: Accepted, baseline: Baseline, answer: FaultsAnswer
) -> Iterator[Change]:
    now, allowed, ident = accepted_of(failure), baseline.tolerance, failure.id
    common = set(baseline.bridges) & {bridge.id for bridge in answer.bridges}
    for bridge in sorted(common):
        if (change := _bridge(ident, bridge, was, now, allowed)) or (
            change := _mending(ident, bridge, was, now, allowed)
        ):
            yield change
    for bridge in sorted(set(now.cut_off) - common):
        yield _change("worse", ident, "new-bridge-cut-off", {"bridge": bridge})
    by = now.packets_lost - was.packets_lost
    if abs(by) > allowed.packets_lost:
        lost = {"packets": now.packets_lost, "was_packets": was.packets_lost, "by": by}
        yield _change("worse" if by > 0 else "better", ident, "packets-lost", lost)
    if now.peak_pct is not None and was.peak_pct is not None:
        more = now.peak_pct - was.peak_pct
        if abs(more) > allowed.peak_pct:
            sense: ChangeSense = "worse" if more > 0 else "better"
            load: Mapping[str, Argument] = {
                "line": now.peak_at or "",
                "pct": now.peak_pct,
                "was_pct": was.peak_pct,
            }
            if now.peak_at == was.peak_at:
                yield _change(sense, ident, "peak", load)
            else:
                at = was.peak_at or ""
                yield _change(sense, ident, "peak-elsewhere", {**load, "was_line": at})
    if now.verdict != was.verdict:
        if now.verdict == "fail":
            code = "fails" if was.verdict == "pass" else "fails-not-judged"
            yield _change("worse", ident, code, why=failure.reasons)
        elif (was.verdict, now.verdict) == ("fail", "pass"):
            yield _change("better", ident, "passes")


def _without_improved(changes: Iterable[Change], was: Accepted, now: Accepted) -> Iterator[Change]:
    """Yield the changes of a failure; what comes of an improvement is not worse.

    A failure that passes now has figures within the limits. Where fewer bridges are cut off, the
    others load the links and can lose packets. A bridge that is newly cut off stays worse.
    """
    improved = (was.verdict, now.verdict) == ("fail", "pass")
    fewer = set(now.cut_off) < set(was.cut_off)
    for change in changes:
        cut_off = change.code == "new-bridge-cut-off" or change.arguments.get("now") == CUT_OFF
        of_network = change.code in ("packets-lost", "peak", "peak-elsewhere")
        if change.sense == "worse" and not cut_off and (improved or (fewer and of_network)):
            change = change.model_copy(update={"sense": "other"})
        yield change


def _bridge(
    failure: str, bridge: str, was: Accepted, now: Accepted, allowed: Tolerance
) -> Change | None:
    """Being cut off is worse than any interruption; one not written down was not noticed."""
    cut_then, cut_now = bridge in was.cut_off, bridge in now.cut_off
    if cut_then and cut_now:
        return None
    both_ms = was.interruption_ms.get(bridge), now.interruption_ms.get(bridge)
    if cut_then or cut_now:
        then, after = map(_state, both_ms)
        return _change(
            "worse" if cut_now else "better",
            failure,
            "interruption",
            {
                "bridge": bridge,
                "now": CUT_OFF if cut_now else after,
                "was": CUT_OFF if cut_then else then,
            },
        )
    return _longer(both_ms, allowed, failure, bridge, "interruption")


def _mending(
    failure: str, bridge: str, was: Accepted, now: Accepted, allowed: Tolerance
) -> Change | None:
    """What the mending interrupts, of a bridge that was cut off neither then nor now."""
    if bridge in was.cut_off or bridge in now.cut_off:
        return None
    both_ms = was.restored_interruption_ms.get(bridge), now.restored_interruption_ms.get(bridge)
    return _longer(both_ms, allowed, failure, bridge, "mending")


def _longer(
    both_ms: tuple[float | None, float | None],
    allowed: Tolerance,
    failure: str,
    bridge: str,
    code: str,
) -> Change | None:
    """An interruption (then, now; null: not noticed) that is another one."""
    then_ms, now_ms = (NOTICED_MS if ms is None else ms for ms in both_ms)
    by_ms = now_ms - then_ms
    if abs(by_ms) <= allowed.interruption_ms + 1e-9:
        return None
    was, now = map(_state, both_ms)
    of = {"bridge": bridge, "now": now, "was": was}
    sense: ChangeSense = "worse" if by_ms > 0 else "better"
    if min(then_ms, now_ms) > NOTICED_MS:
        return _change(sense, failure, f"{code}-by", {**of, "by_ms": round(by_ms, 6)})
    return _change(sense, failure, code, of)


def _state(ms: float | None) -> Argument:
    return UNINTERRUPTED if ms is None else ms
