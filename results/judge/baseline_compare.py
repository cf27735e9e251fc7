"""What got worse since a baseline was accepted, and by how much. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.counting import Count, counted
from giaoban.results.judge.baseline import NOTICED_MS, Accepted, Baseline, Tolerance, accepted_of
from giaoban.results.judge.failure_points import verdict_of
from giaoban.results.model.failures import Change, Comparison, FailureResult, FaultsAnswer, Sense


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
            found += _changes(failure, was, baseline, answer)
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


def _knows(baseline: Baseline, failure: FailureResult) -> bool:
    """Whether a baseline holds that a failure cuts off all whom it cuts off."""
    held = baseline.failure.get(failure.id)
    return bool(failure.cut_off) and held is not None and set(failure.cut_off) <= set(held.cut_off)


def _inputs(baseline: Baseline, answer: FaultsAnswer) -> Iterator[Change]:
    """Other inputs are no fault, but explain differences."""
    for name in ("scenario", "province"):
        was, now = getattr(baseline, name), getattr(answer.inputs, name)
        if was.sha256 != now.sha256:
            yield _change("other", None, f"{name} {now.path} is not the file that was accepted")
    if baseline.seed != answer.inputs.seed:
        yield _change("other", None, f"seed is {answer.inputs.seed} (was: {baseline.seed})")
    now_there = {bridge.id for bridge in answer.bridges}
    for bridge in sorted(set(baseline.bridges) - now_there):
        yield _change("worse", None, f"bridge {bridge} is not in the meeting any more")
    for bridge in sorted(now_there - set(baseline.bridges)):
        yield _change("other", None, f"bridge {bridge} is new in the meeting")


def _change(sense: Sense, failure: str | None, what: str) -> Change:
    return Change(sense=sense, failure=failure, what=what)


def _missing(baseline: Baseline, answer: FaultsAnswer) -> Iterator[Change]:
    tried = {failure.id for failure in answer.failures}
    possible = set(answer.possible)
    for ident in sorted(set(baseline.failure) - tried):
        lacking = [part for part in ident.split("+") if part not in possible]
        if lacking:
            gone = [part.rpartition(":")[2] for part in lacking]
            are = f"{' and '.join(gone)} {Count(len(gone)):is|are}"
            yield _change("worse", ident, f"{are} not in the network any more")
        elif answer.whole:
            yield _change("worse", ident, "was accepted, but has not been tried this time")


def _new(failure: FailureResult) -> Change:
    now = accepted_of(failure)
    if now.cut_off:
        who = f"{', '.join(now.cut_off)} {Count(len(now.cut_off)):is|are} cut off"
        return _change("worse", failure.id, f"is new: {who}")
    if now.verdict == "fail":
        return _change("worse", failure.id, f"is new and fails: {'; '.join(failure.reasons)}")
    return _change("other", failure.id, "is new")


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
        yield _change("worse", ident, f"{bridge}, which is new, is cut off")
    by = now.packets_lost - was.packets_lost
    if abs(by) > allowed.packets_lost:
        sense: Sense = "worse" if by > 0 else "better"
        yield _change(
            sense,
            ident,
            f"{counted(now.packets_lost, 'packet')} lost (was: {was.packets_lost}; {by:+d})",
        )
    if now.peak_pct is not None and was.peak_pct is not None:
        more = now.peak_pct - was.peak_pct
        if abs(more) > allowed.peak_pct:
            was_at = "" if now.peak_at == was.peak_at else f" at {was.peak_at}"
            yield _change(
                "worse" if more > 0 else "better",
                ident,
                f"link {now.peak_at} at {now.peak_pct:.1f} % (was: {was.peak_pct:.1f} %{was_at})",
            )
    if now.verdict != was.verdict:
        why = f": {'; '.join(failure.reasons)}" if now.verdict == "fail" else ""
        said = {"pass": "passes", "fail": "fails"}[now.verdict]
        yield _change(
            "worse" if now.verdict == "fail" else "better",
            ident,
            f"{said} (was: {was.verdict}){why}",
        )


def _bridge(
    failure: str, bridge: str, was: Accepted, now: Accepted, allowed: Tolerance
) -> Change | None:
    """Being cut off is worse than any interruption; one not written down was not noticed."""
    cut_then, cut_now = bridge in was.cut_off, bridge in now.cut_off
    if cut_then and cut_now:
        return None
    if cut_then or cut_now:
        sense: Sense = "worse" if cut_now else "better"
        return _change(
            sense, failure, f"{bridge} is {_state(now, bridge)} (was: {_state(was, bridge)})"
        )
    return _longer(
        (was.interruption_ms.get(bridge), now.interruption_ms.get(bridge)),
        allowed,
        failure,
        f"{bridge} is {{}}",
    )


def _mending(
    failure: str, bridge: str, was: Accepted, now: Accepted, allowed: Tolerance
) -> Change | None:
    """What the mending interrupts, of a bridge that was cut off neither then nor now."""
    if bridge in was.cut_off or bridge in now.cut_off:
        return None
    both = was.restored_interruption_ms.get(bridge), now.restored_interruption_ms.get(bridge)
    return _longer(both, allowed, failure, f"{bridge} is {{}} by the mending")


def _longer(
    both_ms: tuple[float | None, float | None], allowed: Tolerance, failure: str, what: str
) -> Change | None:
    """An interruption (then, now; null: not noticed) that is another one; `what` has its place."""
    then_ms, now_ms = (NOTICED_MS if ms is None else ms for ms in both_ms)
    if abs(now_ms - then_ms) <= allowed.interruption_ms + 1e-9:
        return None
    by = f"; {now_ms - then_ms:+.1f} ms" if min(then_ms, now_ms) > NOTICED_MS else ""
    was, now = (_interrupted(ms) for ms in both_ms)
    return _change(
        "worse" if now_ms > then_ms else "better", failure, f"{what.format(now)} (was: {was}{by})"
    )


def _state(side: Accepted, bridge: str) -> str:
    if bridge in side.cut_off:
        return "cut off"
    return _interrupted(side.interruption_ms.get(bridge))


def _interrupted(ms: float | None) -> str:
    return "not interrupted" if ms is None else f"interrupted {ms:.1f} ms"
