"""All points of a sweep, computed side by side."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from giaoban.files import sums_of
from giaoban.mcu_sim.device import load_devices
from giaoban.processes.cluster import Workers
from giaoban.processes.progress import Progress
from giaoban.processes.workers import InlineWorker
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.model.studies.sweep import SweepAnswer, SweepPoint
from giaoban.results.report.summaries.sweep_summary import summary_md
from giaoban.scenarios.measure.assemble import criteria_of, inputs_of
from giaoban.scenarios.measure.unmodelled import not_judged
from giaoban.scenarios.plan.identity import code_identity
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.failure_cases import possible
from giaoban.scenarios.study.failures.answer import names_of
from giaoban.scenarios.study.sweep.axes import Sweep, spots
from giaoban.scenarios.study.sweep.work import Task, files_of_point, key_of, solve
from giaoban.scenarios.study.whatif.apply import Base, ask
from giaoban.scenarios.study.whatif.variant import UnnamedVariant
from giaoban.sentence import Sentence
from giaoban.table import written
from giaoban.translation import SOURCE, Language

TABLE = "points.csv"


@dataclass(frozen=True)
class SweepRequest:
    """What is asked, and where it is worked out.

    Attributes:
        workers: processes of this machine, or a cluster; see `workers_for`.
    """

    sweep: Sweep
    path: Path
    base: Base
    workers: Workers = field(default_factory=InlineWorker)
    language: Language = SOURCE


def sweep(
    order: SweepRequest, *, root: Path, now: datetime, progress: Progress
) -> Outcome[SweepAnswer]:
    """Compute every point, write `sweep.json` and the table.

    Raises:
        InputError: values on an axis that do not exist; an input that is changed meanwhile.
        MachineLacks: the cluster runs another program.
    """
    began_s = time.monotonic()
    question = ask(order.base, UnnamedVariant(id="base")).question
    criteria = criteria_of(question).criterion  # a mistake is told before points are computed
    tasks = _tasks(order)
    before = {task.key: task.before for task in tasks}
    every = {task.key: task for task in [*before.values(), *tasks]}
    found: dict[str, SweepPoint] = {}
    # what fails before anything is cut needs no more: those points first
    intact = {task.key for task in before.values()}
    started_s = time.monotonic()
    for of_these in (intact, set(every) - intact):
        # mixed, as keys are hashes: points of every size come early and late, or the time left
        # would be told from small ones and be wrong
        now_waiting = [
            replace(every[key], intact=None if key in intact else found[before[key].key])
            for key in sorted(of_these)
        ]
        for point in order.workers.as_finished(solve, now_waiting):
            found[point.key] = point
            left_s = (time.monotonic() - started_s) / len(found) * (len(every) - len(found))
            progress(
                Sentence(
                    "{number} of {all} {all:point|points}, {span} left",
                    number=len(found),
                    all=len(every),
                    span=_span(left_s),
                ),
                len(found) / len(every),
            )
    tried = {task.spot.failure for task in tasks}
    every_failure = possible(question.plan.network, question.province.groups)
    failures = {ident: case for ident, case in every_failure.items() if ident in tried}
    with new_run(root, f"sweep-{order.path.stem}", now) as folder:
        answer = SweepAnswer(
            run_id=folder.run_id,
            question_en=order.sweep.question,
            question_vi=order.sweep.question_vi,
            inputs=inputs_of(question),
            criteria={each.id: each.name_en for each in criteria},
            criteria_vi={each.id: each.name_vi for each in criteria},
            names=_names(question),
            failures={ident: case.name.en for ident, case in failures.items()},
            failures_vi={ident: case.name.vi for ident, case in failures.items()},
            not_judged=not_judged(
                question.profiles,
                {task.spot.profile or question.plan.profile.id for task in tasks},
            ),
            points=[found[task.key] for task in tasks],
            computed=len(before),
            seconds=round(time.monotonic() - began_s, 3),
        )
        folder.keep(answer, summary_md(answer, order.language))
        _write_table(answer, folder.path / TABLE)
        return folder.finished_with(answer)


def _names(question: Question) -> dict[str, str]:
    """What people call nodes, links, calls and devices."""
    profiles = {profile.id: profile.name for profile in question.profiles.profile}
    devices = {device.id: device.name for device in load_devices(question.devices_path).device}
    return {**profiles, **devices, **names_of(question.plan.network, question.province)}


def _tasks(order: SweepRequest) -> list[Task]:
    sweep, base, code = order.sweep, order.base, code_identity()

    @cache
    def as_read(bridges: str) -> tuple[tuple[str, str], ...]:
        sums = sums_of(path.resolve() for path in files_of_point(base, bridges))
        return tuple((str(path), summed) for path, summed in sums.items())

    tasks = []
    for spot in spots(sweep, order.path, base):
        task = Task(
            spot=spot,
            scenario=str(base.scenario_path.resolve()),
            province=str(base.province_path.resolve()),
            phase_s=sweep.phase_s,
            pace_s=sweep.pace_s,
            method=sweep.method,
            seeds=sweep.seeds,
            code=code,
            key="",
            as_read=as_read(spot.bridges),
        )
        tasks.append(replace(task, key=key_of(task)))
    return tasks


def _write_table(answer: SweepAnswer, path: Path) -> None:
    """The points as a table for spreadsheets: UTF-8 with a byte-order mark, which Excel wants."""
    names = list(SweepPoint.model_fields)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for point in answer.points:
            row = point.model_dump()
            writer.writerow([written(row[name]) for name in names])


def _span(seconds: float) -> str:
    """A time in words: "40 s", "5 min", "2 h 10 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
