"""The main job: a question → an emulation → an answer in a run folder, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from results import store
from results.annex.content import Chapter
from results.annex.make import write_annex
from results.annex.standing import Part
from results.evidence.manifest import Proof
from results.model import Result
from results.store import RunFolder, write_result
from results.summary import summary_md
from results.view.write import write_page
from scenarios import captures
from scenarios.assemble import Answer, assemble, criteria_of
from scenarios.documents import draw_pictures, prove
from scenarios.emulation.engine import EngineName, emulate
from scenarios.estimate.refusals import check as check_estimable
from scenarios.estimate.run import beside_estimate, estimate, foreseen
from scenarios.page_map import write_map
from scenarios.pcap import write_pcapng
from scenarios.question import Question
from scenarios.recordings import save_recordings

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Outcome:
    """A finished run."""

    folder: Path
    result: Result


def check(
    question: Question,
    *,
    engine: EngineName,
    root: Path,
    now: datetime,
    progress: Progress,
    proved: bool = True,
) -> Outcome:
    """Emulate, judge and write everything down under `root`.

    Args:
        proved: whether the question is what its files say. If it was changed since, they are no
            evidence: there is no manifest, and the annex is a draft.

    Raises:
        InputError: thresholds, or a results folder that cannot be written.
        InvalidRun, MachineLacks: as `emulate`.
    """
    criteria_of(question)  # bad thresholds are told before a minute of emulation
    store.remove_stale_partials(root)
    run_id = f"{question.plan.scenario_id}-{now:%Y%m%d-%H%M%S}"
    with RunFolder.create(root, run_id) as folder, store.writing(folder.path):
        progress("looking ahead", 0.0)
        question = foreseen(question)
        save_recordings(question.plan, question.recordings, folder.path)
        about = emulate(question.plan, folder.path, engine, progress)
        progress("measuring", 0.0)
        captured = captures.load(folder.path, question.plan)
        answer = assemble(question, captured, about, folder.run_id)
        progress("estimating", 0.0)
        answer = beside_estimate(question, answer)
        write_result(folder.path, answer.result)
        _document(folder.path, question, answer, progress, proved=proved)
        for bridge in question.plan.pcap:
            frames = folder.path / "captures" / f"frames-{bridge}.npz"
            write_pcapng(frames, folder.path / f"{bridge}.pcapng")
            frames.unlink()
        final = folder.finish()
    return Outcome(final, answer.result)


def check_by_estimate(
    question: Question, *, root: Path, now: datetime, progress: Progress
) -> Outcome:
    """Estimate, judge and write everything down under `root` but an annex: an estimate is no
    document for approval.

    Raises:
        InputError: thresholds, something that cannot be estimated, or a results folder that cannot
            be written.
    """
    criteria_of(question)
    check_estimable(question)
    store.remove_stale_partials(root)
    run_id = f"{question.plan.scenario_id}-estimate-{now:%Y%m%d-%H%M%S}"
    with RunFolder.create(root, run_id) as folder, store.writing(folder.path):
        (folder.path / "plan.json").write_text(question.plan.to_json(), encoding="utf-8")
        progress("estimating", 0.0)
        answer = estimate(question, folder.run_id)
        write_result(folder.path, answer.result)
        _draw(folder.path, question, answer, progress)
        final = folder.finish()
    return Outcome(final, answer.result)


def _document(
    folder: Path, question: Question, answer: Answer, progress: Progress, *, proved: bool
) -> None:
    """Summary, evidence, page, plots, map and annex."""
    proof, pictures = _draw(folder, question, answer, progress, proved=proved)
    progress("typesetting", 0.7)
    write_annex(folder / "phu-luc.pdf", [Chapter(Part(answer.result, proof), pictures)])


def _draw(
    folder: Path, question: Question, answer: Answer, progress: Progress, *, proved: bool = True
) -> tuple[Proof | None, dict[str, Path]]:
    """Summary, evidence, page, plots and map; the pictures by name."""
    result, plan = answer.result, question.plan
    progress("drawing", 0.3)
    (folder / "summary.md").write_text(summary_md(result), encoding="utf-8")
    answer.series.save(folder / "series.npz")
    proof = prove(folder, question, result) if proved else None
    write_map(folder, plan.network, [call.bridge for call in plan.calls if call.new])
    write_page(folder, result=result, series=answer.series)
    plots = folder / "plots"
    plots.mkdir()
    pictures = draw_pictures(
        plots,
        network=plan.network,
        title=question.province.name,
        result=result,
        series=answer.series,
        lang="vi",
    )
    return proof, pictures
