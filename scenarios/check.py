"""The main job: a question → an emulation → an answer in a run folder, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from results import store
from results.annex import write_annex
from results.model import Result
from results.plots import write_plots
from results.store import RunFolder, write_result
from results.summary import summary_md
from scenarios import captures
from scenarios.assemble import Answer, assemble, criteria_of
from scenarios.emulation.engine import EngineName, emulate
from scenarios.pcap import write_pcapng
from scenarios.question import Question
from topology.map import draw

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Outcome:
    """A finished run."""

    folder: Path
    result: Result


def check(
    question: Question, *, engine: EngineName, root: Path, now: datetime, progress: Progress
) -> Outcome:
    """Emulate, judge and write everything down under `root`.

    Raises:
        InputError: thresholds, or a results folder that cannot be written.
        InvalidRun, MachineLacks: as `emulate`.
    """
    criteria_of(question)  # bad thresholds are told before a minute of emulation
    store.remove_stale_partials(root)
    run_id = f"{question.plan.scenario_id}-{now:%Y%m%d-%H%M%S}"
    with RunFolder.create(root, run_id) as folder, store.writing(folder.path):
        about = emulate(question.plan, folder.path, engine, progress)
        progress("measuring", 0.0)
        captured = captures.load(folder.path, question.plan)
        answer = assemble(question, captured, about, folder.run_id)
        write_result(folder.path, answer.result)
        _document(folder.path, question, answer, progress)
        for bridge in question.plan.pcap:
            frames = folder.path / "captures" / f"frames-{bridge}.npz"
            write_pcapng(frames, folder.path / f"{bridge}.pcapng")
            frames.unlink()
        final = folder.finish()
    return Outcome(final, answer.result)


def _document(folder: Path, question: Question, answer: Answer, progress: Progress) -> None:
    """Summary, plots, map and annex."""
    result, plan = answer.result, question.plan
    progress("drawing", 0.3)
    (folder / "summary.md").write_text(summary_md(result), encoding="utf-8")
    answer.series.save(folder / "series.npz")
    plots = folder / "plots"
    plots.mkdir()
    limits: dict[str, float] = {c.id: c.threshold for c in answer.criteria.criterion}
    pictures = write_plots(answer.series, plots, lang="vi", limits=limits)
    worst: dict[tuple[str, str], float] = {}
    for phase in result.phases:
        for link in phase.links:
            key = (link.id, link.direction)
            worst[key] = max(worst.get(key, 0.0), link.peak_pct)
    pictures["map"] = plots / "map.vi.svg"
    for name in ("map.vi.svg", "map.vi.png"):
        draw(
            plan.network,
            plots / name,
            title=question.province.name,
            values=worst,
            lang="vi",
            new=[call.bridge for call in plan.calls if call.new],
        )
    progress("typesetting", 0.7)
    write_annex(result, pictures, folder / "phu-luc.pdf")
