"""The main job: a question → an emulation → an answer in a run folder, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from giaoban.processes.heap import give_back
from giaoban.processes.progress import Progress
from giaoban.processes.workers import Helpers
from giaoban.results.archive.page import write_page
from giaoban.results.archive.store import Outcome, new_run, write_result
from giaoban.results.judge.verdict import with_robustness, with_seeds
from giaoban.results.model.manifest import Proof
from giaoban.results.model.result import Result
from giaoban.results.model.studies.meetings import Minutes
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.summaries.check_summary import summary_md
from giaoban.results.report.summaries.sensitivity_summary import robustness
from giaoban.scenarios.emulation.engine import EngineName, emulate
from giaoban.scenarios.estimate.estimate import (
    PriorEstimate,
    estimate,
    foreseen,
)
from giaoban.scenarios.estimate.limits import LEAVE_OUT
from giaoban.scenarios.estimate.limits import check as check_estimable
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.assemble import Answer, assemble, criteria_of
from giaoban.scenarios.measure.minutes import minutes
from giaoban.scenarios.measure.pcap import write_pcapng
from giaoban.scenarios.plan.plan import PLAN
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.plan.recordings import save_recordings
from giaoban.scenarios.study.documents import analysis_of, draw_pictures, prove, write_annex
from giaoban.scenarios.study.every_meeting import in_every_meeting, meetings_of
from giaoban.scenarios.study.seeds import SeedTrials, helpers_for, other_seeds
from giaoban.scenarios.study.sensitivity.figures import figures
from giaoban.scenarios.study.sensitivity.sensitivity import AnalysisOptions, analyse, check_options
from giaoban.scenarios.study.sensitivity.world import World
from giaoban.sentence import Sentence
from giaoban.translation import SOURCE, Language


def check(
    question: Question,
    *,
    engine: EngineName,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
    proved: bool = True,
    seeds: int | None = None,
    wanted: AnalysisOptions | None = None,
    helpers: Helpers | None = None,
) -> Outcome[Result]:
    """Emulate, judge at this seed and at others, and write everything down under `root`.

    Args:
        proved: whether the question is what its files say. If it was changed since, they are no
            evidence: there is no manifest, and the annex is a draft.
        seeds: how many others are tried; None: `OTHER_SEEDS`, if they can be estimated.
        wanted: what is asked of the assumptions (`giaoban sensitivity`) beside it, if anything.
        helpers: where they are tried meanwhile (`helpers_for`); None: some are begun for it.

    Raises:
        InputError: thresholds, more seeds than can be emulated, or a results folder that cannot
            be written.
        InvalidRun, MachineLacks: as `emulate`.
    """
    asked = question
    criteria_of(question)  # bad thresholds are told before a minute of emulation
    if wanted is not None:
        check_options(question, wanted)
    meetings = meetings_of(question)  # and so are mistakes in meetings
    with ExitStack() as stack:
        helpers = helpers or stack.enter_context(helpers_for(question, seeds))
        trying = other_seeds(question, seeds, helpers, engine)
        folder = stack.enter_context(new_run(root, question.plan.scenario_id, now))
        save_recordings(question.plan, question.recordings, folder.path)
        if engine is EngineName.SANDBOX:  # whose time does not depend on what else is done
            trying.begin()
        progress(Sentence("estimating"), 0.0)
        question, look_at_estimate = foreseen(question)
        give_back()
        beside = ThreadPoolExecutor(1)
        stack.push(partial(_end_of, beside))
        prior = beside.submit(_prior, look_at_estimate)
        if engine is not EngineName.SANDBOX:
            prior.result()
        about = emulate(question.plan, folder.path, engine, progress)
        if engine is not EngineName.SANDBOX:
            trying.begin()
        progress(Sentence("measuring"), 0.0)
        captured = captures.load(folder.path, question.plan)
        estimated = prior.result()
        reference = estimated.reference
        answer = assemble(question, captured, about, folder.run_id, reference=reference)
        answer = estimated.beside(answer)
        pictures = _pictures(folder.path, question, answer, helpers, progress)
        answer = _at_others(answer, trying, folder.path, progress)
        answer = in_every_meeting(
            meetings, answer, folder.path, engine, progress, seeds=seeds, helpers=helpers
        )
        answer = _robust(asked, answer, wanted, folder.path, helpers, progress)
        told = minutes(question.plan, captured.events, answer.result.faults)
        folder.keep(Minutes(entries=told))
        proof = _write(folder.path, question, answer, language, proved=proved)
        progress(Sentence("typesetting"), 0.7)
        analysis = analysis_of(folder.path, folder.path / "plots", proof)
        chapter = Chapter(AnswerWithProof(answer.result, proof), pictures, told, analysis)
        write_annex(folder.path / "phu-luc.pdf", [chapter])
        for bridge in question.plan.pcap:
            frames = folder.path / "captures" / f"frames-{bridge}.npz"
            write_pcapng(frames, folder.path / f"{bridge}.pcapng")
            frames.unlink()
        return folder.finished_with(answer.result)


def _end_of(beside: ThreadPoolExecutor, error: type[BaseException] | None, *_of: object) -> None:
    """Nothing goes on after a check that fails; who interrupts it need not wait for what has
    nothing but memory."""
    at_once = error is not None and issubclass(error, KeyboardInterrupt)
    beside.shutdown(wait=not at_once, cancel_futures=True)


def _prior(look: Callable[[], PriorEstimate]) -> PriorEstimate:
    """While the guest has the meeting; what this loads and finds out is there for the answer."""
    try:
        return look()
    finally:
        give_back()


def check_by_estimate(
    question: Question,
    *,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
    seeds: int | None = None,
    wanted: AnalysisOptions | None = None,
    helpers: Helpers | None = None,
) -> Outcome[Result]:
    """Estimate, judge and write everything down under `root` but an annex: an estimate is no
    document for approval. `seeds`, `helpers`: as of `check`.

    Raises:
        InputError: thresholds, something that cannot be estimated, or a results folder that cannot
            be written.
    """
    criteria_of(question)
    check_estimable(question, LEAVE_OUT)
    if wanted is not None:
        check_options(question, wanted)
    meetings = meetings_of(question)
    with ExitStack() as stack:
        helpers = helpers or stack.enter_context(helpers_for(question, seeds))
        trying = other_seeds(question, seeds, helpers, EngineName.SANDBOX)
        run = new_run(root, f"{question.plan.scenario_id}-estimate", now)
        folder = stack.enter_context(run)
        trying.begin()
        (folder.path / PLAN).write_text(question.plan.to_json(), encoding="utf-8")
        progress(Sentence("estimating"), 0.0)
        answer = estimate(question, folder.run_id)
        _pictures(folder.path, question, answer, helpers, progress)
        answer = _at_others(answer, trying, folder.path, progress)
        answer = in_every_meeting(
            meetings, answer, folder.path, None, progress, seeds=seeds, helpers=helpers
        )
        answer = _robust(question, answer, wanted, folder.path, helpers, progress)
        _write(folder.path, question, answer, language)
        return folder.finished_with(answer.result)


def _robust(
    question: Question,
    answer: Answer,
    wanted: AnalysisOptions | None,
    folder: Path,
    helpers: Helpers,
    progress: Progress,
) -> Answer:
    """Return the answer with the number of its assumed figures and, if that is asked, with how far
    these may be off; it is judged by the share of drawn worlds that pass, if one is required."""
    assumed = len(figures(World.of(question), criteria_of(question))[0])
    counted = answer.result.model_copy(update={"assumed_figures": assumed})
    answer = replace(answer, result=counted)
    if wanted is None:
        return answer
    found = analyse(question, answer.result.run_id, wanted, progress, helpers)
    (folder / Sensitivity.FILE).write_text(found.to_json(), encoding="utf-8")
    result = with_robustness(answer.result, robustness(found, found.FILE))
    return replace(answer, result=result)


def _at_others(answer: Answer, trying: SeedTrials, folder: Path, progress: Progress) -> Answer:
    """The answer, judged by what other seeds came to as well."""
    seeds = trying.seeds(answer.result, folder, progress)
    if seeds is None:
        return answer
    return replace(answer, result=with_seeds(answer.result, answer.criteria, seeds))


def _pictures(
    folder: Path, question: Question, answer: Answer, helpers: Helpers, progress: Progress
) -> dict[str, Path]:
    """Plots and map; no other seed changes them. By name."""
    progress(Sentence("drawing"), 0.3)
    plan = question.plan
    plots = folder / "plots"
    plots.mkdir()
    return draw_pictures(
        plots,
        network=plan.network,
        title=question.province.name,
        result=answer.result,
        series=answer.series,
        helpers=helpers,
    )


def _write(
    folder: Path, question: Question, answer: Answer, language: Language, *, proved: bool = True
) -> Proof | None:
    result = answer.result
    write_result(folder, result)
    (folder / "summary.md").write_text(summary_md(result, language), encoding="utf-8")
    answer.series.save(folder / "series.npz")
    proof = prove(folder, question, result) if proved else None
    write_page(folder, result)
    return proof
