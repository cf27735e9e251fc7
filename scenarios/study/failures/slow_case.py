"""The slow case of failures: the longest interruption of each at other seeds, by estimate.

How long a picture is away depends on moments that a seed draws: when each router computes, and
whether a request for a key frame leaves before its own direction is routed anew. It is lost then,
and repeated after 400 to 600 ms (`traffic/receiver/feedback.py`).

Mending is tried at the run's own seed only: at 20 seeds of four failures of the default province it
interrupted at most 363 ms.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from giaoban.processes.progress import Progress
from giaoban.processes.workers import WorkerPool
from giaoban.results.judge.criteria import FAULT_INTERRUPTION
from giaoban.results.judge.failure_points import with_slow_case
from giaoban.results.judge.under_faults import longest_interruption
from giaoban.results.model.places import WorstValue
from giaoban.results.model.seeds import OTHER_SEEDS, others
from giaoban.results.model.studies.failures import FailureResult, Longest, SlowCase
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.faults.kind import FailureCase
from giaoban.scenarios.spec.scenario import Phases
from giaoban.scenarios.study.failures.trial import BEFORE_S, question_of
from giaoban.sentence import Sentence

SPREAD = 4.0
"""A failure is tried at other seeds if its interruption is within this factor of the limit.
Measured in the default province, 20 seeds of each link: 287 to 1,019 ms where it is cut, 581 to
1,320 ms where it is silent."""
AFTER_LIMIT_S = 1.0
"""The meeting goes on so long after the limit, so that an interruption past it shows."""


def with_slow_cases(
    asked: Question,
    cases: Sequence[FailureCase],
    failures: Sequence[FailureResult],
    *,
    jobs: int,
    progress: Progress,
) -> list[FailureResult]:
    """Return the failures, each whose interruption is near the limit judged by its slow case too.

    The seeds are the same for each run, whatever its own is. Where one of the failures cannot be
    estimated, none are tried.
    """
    criteria = criteria_of(question_of(asked, cases[0])).criterion
    [limit_ms] = (c.threshold for c in criteria if c.id == FAULT_INTERRUPTION)
    near = {
        f.id
        for f in failures
        if f.longest
        and f.longest.at not in f.others_cut_off  # a single point that fails by that already
        and (f.longest.ms + f.lsa_wait_ms) * SPREAD >= limit_ms
    }
    tried = [case for case in cases if case.id in near]
    phases = Phases(before_s=BEFORE_S, during_s=2.0, after_s=limit_ms / 1000 + AFTER_LIMIT_S)
    found = _at_other_seeds(asked, tried, phases, jobs, progress)
    return [
        with_slow_case(each, _slow_case(each, found[each.id], limit_ms), limit_ms)
        if each.id in near
        else each
        for each in failures
    ]


def _at_other_seeds(
    asked: Question,
    tried: Sequence[FailureCase],
    phases: Phases,
    jobs: int,
    progress: Progress,
) -> dict[str, list[WorstValue]]:
    """Return the longest interruption by each failure at other seeds."""
    from giaoban.scenarios.estimate import limits  # long to load

    found: dict[str, list[WorstValue]] = {case.id: [] for case in tried}
    if not tried or any(
        limits.reasons(question_of(asked, case, phases=phases).plan) for case in tried
    ):
        return found
    seeds = others(0, OTHER_SEEDS)
    with WorkerPool(min(jobs, len(seeds))) as helpers:
        at_seeds = helpers.as_finished_with((asked, tried, phases), _at_seed, seeds)
        for number, at_seed in enumerate(at_seeds, 1):
            for ident, longest in at_seed.items():
                found[ident].append(longest)
            done = Sentence("other seeds: {number} of {all}", number=number, all=len(seeds))
            progress(done, number / len(seeds))
    return found


def _slow_case(failure: FailureResult, values: Sequence[WorstValue], limit_ms: float) -> SlowCase:
    own = failure.longest
    assert own is not None
    own_ms = own.ms if own.mended else own.ms + failure.lsa_wait_ms
    slow = Longest(own_ms, own.at, own.mended)
    others_ms = [value.value or 0.0 for value in values]
    for ms, value in zip(others_ms, values, strict=True):
        if ms > slow.ms:
            slow = Longest(ms, value.place.id, mended=False)
    return SlowCase(
        interruption_ms=slow.ms,
        at=slow.at,
        mended=slow.mended,
        seeds=len(values),
        over_limit=sum(ms > limit_ms for ms in others_ms),
    )


def _at_seed(
    kept: tuple[Question, Sequence[FailureCase], Phases], seed: int
) -> Mapping[str, WorstValue]:
    """Return the longest interruption by each failure at a seed."""
    from giaoban.scenarios.estimate.estimate import estimate_faults

    asked, cases, phases = kept
    return {
        case.id: longest_interruption(
            estimate_faults(question_of(asked, case, seed=seed, phases=phases))
        )
        for case in cases
    }
