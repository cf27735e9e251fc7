"""The study of failures: estimate each, emulate those near a limit, write one folder.

Each emulation and each estimate runs in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import NamedTuple

from giaoban.errors import InputError, InvalidRun
from giaoban.files import writing
from giaoban.processes.progress import Progress
from giaoban.processes.workers import WorkerPool
from giaoban.results.archive import store
from giaoban.results.archive.page import write_page
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.judge.baseline import Baseline
from giaoban.results.judge.baseline_compare import against
from giaoban.results.model.answer_files import RESULT
from giaoban.results.model.result import Engine
from giaoban.results.model.studies.failures import FailureResult, FaultsAnswer
from giaoban.results.report.summaries.failures_summary import summary_md
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.failure_cases import PAIR
from giaoban.scenarios.spec.faults.kind import FailureCase
from giaoban.scenarios.study.documents import prove
from giaoban.scenarios.study.emulation_process import (
    EmulationJob,
    EmulationOutcome,
    emulate_all,
)
from giaoban.scenarios.study.failure_map import draw_failures
from giaoban.scenarios.study.failures.answer import answer_of
from giaoban.scenarios.study.failures.observe import no_measures, observe, observe_run
from giaoban.scenarios.study.failures.slow_case import with_slow_cases
from giaoban.scenarios.study.failures.trial import question_of
from giaoban.sentence import N_, Sentence, joined
from giaoban.topology.sandbox import kernel
from giaoban.translation import SOURCE, Language

OTHERS_A_LINE = 8
"""An error's line is cut where it is long."""
TOLD = N_("{done} of {count} {count:failure|failures}")


@dataclass(frozen=True)
class FailuresOutcome(Outcome[FaultsAnswer]):
    """A finished run; `seconds` is the wall time of each failure's emulation or estimate."""

    seconds: Mapping[str, float]


class FailureEstimate(NamedTuple):
    """An estimated failure, and whether its answer is too close to a limit for an estimate."""

    found: FailureResult
    seconds: float
    near_a_limit: bool


def try_failures(
    asked: Question,
    cases: Sequence[FailureCase],
    *,
    possible: Mapping[str, FailureCase],
    whole: bool,
    jobs: int,
    engine: EngineName | None,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
    baseline: Baseline | None = None,
) -> FailuresOutcome:
    """Try each failure and write the answer with its documents under `root`.

    With a `baseline` the verdict says whether anything is worse than in the baseline.

    Args:
        whole: `cases` are a whole set, of which those far from every limit are only estimated.
            Cases that were picked are all emulated.
        engine: for emulations; None: estimate every case and emulate none.

    Raises:
        InputError: one failure's question is wrong, or cannot be estimated without an engine; the
            folder cannot be written.
        MachineLacks: a program, a privilege or a kernel feature is missing.
    """
    known = {case.id: question_of(asked, case) for case in _at_first(cases)}
    question = next(iter(known.values()))
    refused = _reasons_against_estimates(known)
    if engine is None and refused:
        raise _not_estimated(asked, cases, refused)
    if engine is EngineName.SANDBOX:  # once, before several would wait for it
        kernel.ensure(progress)
    name = f"faults-{question.plan.scenario_id}{'-estimate' if engine is None else ''}"
    with new_run(root, name, now) as folder:
        places = {case.id: folder.path / "failures" / folder_name(case.id) for case in cases}
        for place in places.values():
            place.mkdir(parents=True)
        found: dict[str, EmulationOutcome[FailureResult]] = {}
        to_emulate = list(cases)
        if engine is None or (whole and not refused):
            estimates = _estimate_all(asked, cases, places, jobs, progress)
            found = {
                ident: EmulationOutcome(each.found, each.seconds)
                for ident, each in estimates.items()
            }
            to_emulate = [case for case in cases if case.id in near_a_limit(estimates)]
        if engine is not None:
            found |= _emulate_all(asked, to_emulate, known, places, engine, jobs, progress)
        failures = [_result(case, found[case.id].found) for case in cases]
        failures = with_slow_cases(asked, cases, failures, jobs=jobs, progress=progress)
        progress(Sentence("summing up"), 1.0)
        answer = answer_of(
            question,
            failures,
            engine=_engine(places[case.id] for case in to_emulate or cases),
            run_id=folder.run_id,
            whole=whole,
            possible=possible,
        )
        if baseline is not None:
            answer = against(answer, baseline)
        folder.keep(answer, summary_md(answer, language))
        prove(folder.path, question, answer)
        maps = [folder.path / f"map.vi.{kind}" for kind in ("svg", "png")]
        draw_failures(answer, question.plan.network, question.province.name, *maps)
        write_page(folder.path, answer)
        final = folder.finish(answer.FILE)
    return FailuresOutcome(final, answer, {ident: each.seconds for ident, each in found.items()})


def _reasons_against_estimates(questions: Mapping[str, Question]) -> dict[str, list[Sentence]]:
    """Return why failures cannot be estimated, by their ids."""
    from giaoban.scenarios.estimate import limits  # long to load

    reasons = {ident: limits.reasons(each.plan) for ident, each in questions.items()}
    return {ident: why for ident, why in reasons.items() if why}


def near_a_limit(estimates: Mapping[str, FailureEstimate]) -> set[str]:
    """Return the ids of the failures that an estimate is not enough for.

    One failure is always among them: that with the longest interruption, of those that end if any
    does.
    """

    def severity(ident: str) -> tuple[bool, float]:
        found = estimates[ident].found
        longest = found.longest
        return (longest.at not in found.cut_off, longest.ms) if longest else (False, 0.0)

    near = {ident for ident, each in estimates.items() if each.near_a_limit}
    return near | {max(estimates, key=severity)}


def _at_first(cases: Sequence[FailureCase]) -> list[FailureCase]:
    """Those whose questions are asked before anything begins: a pair of two that are tried alone
    has no mistake that they have not."""
    singles = {case.id for case in cases if case.kind != PAIR}
    return [case for case in cases if case.id in singles or not singles.issuperset(_parts(case))]


def _parts(case: FailureCase) -> list[str]:
    return case.id.split("+")


def _not_estimated(
    asked: Question, cases: Sequence[FailureCase], refused: Mapping[str, list[Sentence]]
) -> InputError:
    """Which failures cannot be estimated, why, and which can."""
    from giaoban.scenarios.estimate import limits

    failures: dict[Sentence, list[str]] = {}
    for ident, reasons in refused.items():
        for why in reasons:
            failures.setdefault(why, []).append(ident)
    others = [
        case.id for case in cases if case.id not in refused and not refused.keys() & _parts(case)
    ]
    if not others:
        return limits.refused(asked.scenario_path, list(failures), limits.LEAVE_OUT)
    lines = [joined(": ", (joined(", ", of), why)) for why, of in failures.items()]
    for some in batched(others, OTHERS_A_LINE):
        options = " ".join(f"--only {ident}" for ident in some)
        lines.append(Sentence("can be estimated: {options}", options=options))
    alone = Sentence("leave out --estimate, or try the others alone")
    return limits.refused(asked.scenario_path, lines, alone)


def _emulate_all(
    asked: Question,
    cases: Sequence[FailureCase],
    known: Mapping[str, Question],
    places: Mapping[str, Path],
    engine: EngineName,
    jobs: int,
    progress: Progress,
) -> dict[str, EmulationOutcome[FailureResult]]:
    """Emulate each; what is not known yet is asked when it is due."""

    def order(case: FailureCase) -> EmulationJob[FailureResult]:
        question = known.get(case.id) or question_of(asked, case)
        return order_of(case, question, places[case.id], engine)

    orders = map(order, cases)
    return emulate_all(orders, len(cases), engine=engine, jobs=jobs, told=TOLD, progress=progress)


def _estimate_all(
    asked: Question,
    cases: Sequence[FailureCase],
    places: Mapping[str, Path],
    jobs: int,
    progress: Progress,
) -> dict[str, FailureEstimate]:
    """Return the estimate of each failure by its id."""
    import giaoban.scenarios.estimate.estimate  # noqa: F401 - once, before processes are forked

    found: dict[str, FailureEstimate] = {}
    with WorkerPool(min(jobs, len(cases))) as helpers:
        given = [(case, places[case.id]) for case in cases]
        for ident, estimate in helpers.as_finished_with(asked, _estimated, given):
            found[ident] = estimate
            progress(Sentence(TOLD, done=len(found), count=len(cases)), len(found) / len(cases))
    return found


def _estimated(asked: Question, of: tuple[FailureCase, Path]) -> tuple[str, FailureEstimate]:
    from giaoban.scenarios.estimate.estimate import estimate_failing

    case, place = of
    began = time.monotonic()
    question = question_of(asked, case)
    answer, routes = estimate_failing(question, place.name)
    with writing(place):
        store.write_result(place, answer.result)
    found = observe(case, answer.result, question.plan.faults, routes)
    return case.id, FailureEstimate(
        found.model_copy(update={"emulated": False}),
        time.monotonic() - began,
        answer.result.near_a_limit or answer.result.rests_on_losses,
    )


def folder_name(failure: str) -> str:
    """A failure's folder: `cut-access-mcu`, for pairs with `_` between the two."""
    return failure.replace(":", "-").replace("+", "_")


def order_of(
    case: FailureCase, question: Question, folder: Path, engine: EngineName
) -> EmulationJob[FailureResult]:
    look = partial(observe_run, case, question.plan.faults)
    return EmulationJob(case.id, question, engine, folder, look)


def _result(case: FailureCase, found: FailureResult | InvalidRun) -> FailureResult:
    return no_measures(case, str(found)) if isinstance(found, InvalidRun) else found


def _engine(folders: Iterable[Path]) -> Engine | None:
    """Return the engine of the first result in these folders; None: no result is there."""
    for place in folders:
        if (place / RESULT).is_file():
            return store.read_result(place).engine
    return None
