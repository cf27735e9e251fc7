"""All failures side by side, each in a process of its own, into one folder: all or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from giaoban.children import Ended, Job, module, run_all
from results.archive import store
from results.archive.store import RunFolder
from results.judge.baseline import Baseline
from results.judge.baseline_compare import against
from results.model.failures import FailureResult, FaultsAnswer
from results.model.result import Engine
from results.report.failures_summary import summary_md
from results.report.view.write import write_page
from scenarios.emulation.engine import EngineName
from scenarios.study.documents import prove
from scenarios.study.emulation_process import Going, Progress, failed
from scenarios.study.failures.answer import answer_of
from scenarios.study.failures.failure import Failure
from scenarios.study.failures.observe import no_measures
from scenarios.study.failures.one import FAILURE, Order
from scenarios.study.failures.picture import draw_failures
from scenarios.study.failures.questions import Asked, question_of
from scenarios.study.page_map import write_map
from topology.sandbox import kernel

FAULTS = "faults.json"
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Outcome:
    """A finished run; `seconds` is the wall time of each failure's emulation."""

    folder: Path
    answer: FaultsAnswer
    seconds: Mapping[str, float]


def try_failures(
    asked: Asked,
    failures: Sequence[Failure],
    *,
    possible: Mapping[str, Failure],
    whole: bool,
    jobs: int,
    engine: EngineName,
    root: Path,
    now: datetime,
    progress: Progress,
    baseline: Baseline | None = None,
) -> Outcome:
    """Try each failure, sum up, and write everything down under `root`.

    With a `baseline` the answer, and so every document, is whether anything is worse than that.

    Raises:
        InputError: a mistake that shows in one failure's question; a folder that cannot be written.
        MachineLacks: a program, a privilege or a kernel feature is missing.
    """
    for failure in failures:  # all mistakes are told before a minute of emulation
        if failure.kind != "pair":
            question_of(asked, failure)
    question = question_of(asked, failures[0])
    if engine is EngineName.SANDBOX:
        kernel.ensure(progress)  # once, before several would wait for it
    store.remove_stale_partials(root)
    run_id = f"faults-{question.plan.scenario_id}-{now:%Y%m%d-%H%M%S}"
    with RunFolder.create(root, run_id) as folder, store.writing(folder.path):
        by_id = {f.id: f for f in failures}
        places = {ident: folder.path / "failures" / folder_name(ident) for ident in by_id}
        for place in places.values():
            place.mkdir(parents=True)
        seconds: dict[str, float] = {}

        def take(ended: Ended) -> FailureResult:
            seconds[ended.name] = ended.seconds
            return _result_of(by_id[ended.name], places[ended.name], ended)

        going = Going(len(failures), progress, "{} of {} failures".format, take)
        run_all(
            [Job(f.id, _command(asked, f, places[f.id], engine)) for f in failures],
            at_once=jobs,
            on_line=going.on_line,
            on_end=going.on_end,
            cwd=ROOT,
        )
        progress("summing up", 1.0)
        answer = answer_of(
            question,
            [going.found[f.id] for f in failures],
            engine=_engine(places),
            run_id=folder.run_id,
            whole=whole,
            possible=possible,
        )
        if baseline is not None:
            answer = against(answer, baseline)
        (folder.path / FAULTS).write_text(answer.to_json(), encoding="utf-8")
        (folder.path / "summary.md").write_text(summary_md(answer), encoding="utf-8")
        prove(folder.path, question, answer)
        for name in ("map.vi.svg", "map.vi.png"):
            draw_failures(answer, question.plan.network, question.province.name, folder.path / name)
        write_map(folder.path, question.plan.network, [b.id for b in answer.question.new])
        write_page(folder.path)
        final = folder.finish(FAULTS)
    return Outcome(final, answer, seconds)


def folder_name(failure: str) -> str:
    """A failure's folder: `cut-access-mcu`, for pairs with `_` between the two."""
    return failure.replace(":", "-").replace("+", "_")


def _command(asked: Asked, failure: Failure, folder: Path, engine: EngineName) -> list[str]:
    order = Order(
        scenario=str(asked.scenario_path.resolve()),
        province=str(asked.question.province_path.resolve()),
        seed=asked.seed,
        engine=engine.value,
        failure=failure.id,
        folder=str(folder.resolve()),
    )
    return module("scenarios.study.failures.one", order.to_json())


def _result_of(failure: Failure, folder: Path, ended: Ended) -> FailureResult:
    """What a child found. Raises what makes the whole run senseless."""
    if ended.code == 0:
        path = folder / FAILURE
        found = FailureResult.model_validate_json(path.read_bytes())
        path.unlink()
        return found
    return no_measures(failure, str(failed(folder, ended)))


def _engine(folders: Mapping[str, Path]) -> Engine | None:
    """What emulated; None if not one emulation came to a result."""
    for place in folders.values():
        if (place / store.RESULT).is_file():
            return store.read_result(place).engine
    return None
