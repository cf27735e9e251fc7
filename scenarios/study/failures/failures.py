"""All failures side by side into one folder, all or nothing: each emulated in a process of its own,
or estimated by processes beside this one."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import batched
from pathlib import Path

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
    """Try each failure, sum up, and write everything down under `root`.

    With a `baseline` the answer, and so every document, is whether anything is worse than that.

    Args:
        engine: None: by estimate.

    Raises:
        InputError: a mistake that shows in one failure's question, or one that cannot be estimated;
            a folder that cannot be written.
        MachineLacks: a program, a privilege or a kernel feature is missing.
    """
    known = {case.id: question_of(asked, case) for case in _at_first(cases)}
    question = next(iter(known.values()))
    if engine is None:
        from giaoban.scenarios.estimate import limits  # long to load

        reasons = {ident: limits.reasons(each.plan) for ident, each in known.items()}
        if refused := {ident: why for ident, why in reasons.items() if why}:
            raise _not_estimated(asked, cases, refused)
    if engine is EngineName.SANDBOX:  # once, before several would wait for it
        kernel.ensure(progress)
    name = f"faults-{question.plan.scenario_id}{'-estimate' if engine is None else ''}"
    with new_run(root, name, now) as folder:
        places = {case.id: folder.path / "failures" / folder_name(case.id) for case in cases}
        for place in places.values():
            place.mkdir(parents=True)
        if engine is None:
            found = _estimate_all(asked, cases, places, jobs, progress)
        else:
            found = _emulate_all(asked, cases, known, places, engine, jobs, progress)
        failures = [_result(case, found[case.id].found) for case in cases]
        failures = with_slow_cases(asked, cases, failures, jobs=jobs, progress=progress)
        progress(Sentence("summing up"), 1.0)
        answer = answer_of(
            question,
            failures,
            engine=_engine(places),
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
) -> dict[str, EmulationOutcome[FailureResult]]:
    """By their ids, as `emulate_all`."""
    import giaoban.scenarios.estimate.estimate  # noqa: F401 - once, for all that are copied from us

    found: dict[str, EmulationOutcome[FailureResult]] = {}
    with WorkerPool(min(jobs, len(cases))) as helpers:
        given = [(case, places[case.id]) for case in cases]
        for ident, outcome in helpers.as_finished_with(asked, _estimated, given):
            found[ident] = outcome
            progress(Sentence(TOLD, done=len(found), count=len(cases)), len(found) / len(cases))
    return found


def _estimated(
    asked: Question, of: tuple[FailureCase, Path]
) -> tuple[str, EmulationOutcome[FailureResult]]:
    from giaoban.scenarios.estimate.estimate import estimate_failing

    case, place = of
    began = time.monotonic()
    question = question_of(asked, case)
    answer, routes = estimate_failing(question, place.name)
    with writing(place):
        store.write_result(place, answer.result)
    found = observe(case, answer.result, question.plan.faults, routes)
    return case.id, EmulationOutcome(found, time.monotonic() - began)


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


def _engine(folders: Mapping[str, Path]) -> Engine | None:
    """What emulated; None if not one emulation came to a result."""
    for place in folders.values():
        if (place / RESULT).is_file():
            return store.read_result(place).engine
    return None
