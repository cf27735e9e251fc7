"""One load test from its plan to its answer in a run folder, all or nothing."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from giaoban import extras
from giaoban.files import refuse_changed, sums_of
from giaoban.mcu_sim.media.plane import MOST_LATE_PCT, late_pct
from giaoban.processes.progress import Progress
from giaoban.results.archive.evidence.manifest import save_inputs, sha256, write_manifest
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.model.reasons import Reason, because
from giaoban.results.model.result import FileRef
from giaoban.results.model.studies.load import LoadInputs, LoadResult, McuView, Trial
from giaoban.results.report.summaries.load_summary import summary_md
from giaoban.scenarios.load import (
    assumed,
    generators,
    judge,
    measures,
    media,
    timetable,
)
from giaoban.scenarios.load.environment import ACCOUNTS, JOURNAL, SECRET
from giaoban.scenarios.load.locust import journal
from giaoban.scenarios.load.locust.processes import LocustProcesses, LocustSetup
from giaoban.scenarios.load.own_mcu import CataloguedDevice, OwnMcu, available, shares
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.scenarios.plan.identity import code_identity, commit, versions
from giaoban.sentence import Sentence
from giaoban.translation import SOURCE, Language

WAITED_FOR = ("invite", "bye")
"""Requests without whose answer a bridge does not go on in its timetable."""


@dataclass(frozen=True)
class LoadTest:
    """A test to be run.

    Attributes:
        device: of the test's own MCU; None: `plan.target` is somebody's.
        accounts: file with the bridges' accounts at somebody's device.
        thresholds: of criteria, where they are other than usual.
    """

    plan: LoadPlan
    where: LocustSetup
    device: CataloguedDevice | None
    video: str
    accounts: Path | None
    thresholds: Mapping[str, float]


@dataclass(frozen=True)
class LoadRecords:
    """What a test has left: its journal, and the MCU's own view if it was ours."""

    kept: journal.JournalRecords
    mcu: McuView | None
    mcu_cpu: list[tuple[float, float]]


def load(
    test: LoadTest,
    *,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
    found: tuple[float | None, list[Trial]] = (None, []),
) -> Outcome[LoadResult]:
    """Run a test, judge it, and write everything down under `root`.

    Args:
        found: a session establishment rate that was searched before, and how.

    Raises:
        InputError: a results folder that cannot be written, devices that were changed meanwhile.
        InvalidRun: Locust or the MCU did not come to an end.
        MachineLacks: a program or a port is missing.
    """
    as_read = {} if test.device is None else sums_of([test.device.file])
    with new_run(root, f"load-{test.plan.shape}", now) as folder:
        (folder.path / "plan.json").write_text(test.plan.model_dump_json(indent=1), "utf-8")
        seen = execute(test, folder.path, progress)
        progress(Sentence("summing up"), 1.0)
        refuse_changed(as_read)
        result = answer(test, seen, folder.run_id, found)
        folder.keep(result, summary_md(result, language))
        from giaoban.results.report.plots.load import write_load_plots

        write_load_plots(result, folder.path / "plots", language)
        prove(folder.path, result, test.device)
        return folder.finished_with(result)


NEEDED = ("locust", "pylibsrtp", "G722")
"""Modules of the test's processes that a small installation has not."""


def prove(folder: Path, result: LoadResult, device: CataloguedDevice | None) -> None:
    """The manifest of a test in real time. Of files that somebody keeps only the catalogue of
    the MCU's device went into it, if the MCU was ours; one with accounts is never copied."""
    inputs = [] if device is None else [("devices", device.file.name, device.file)]
    about = {**versions(platform.release()), "locust": version("locust")}
    write_manifest(folder, result, save_inputs(folder, inputs), about)


def execute(test: LoadTest, folder: Path, progress: Progress) -> LoadRecords:
    """Run Locust, and the MCU if it is to be ours. However this is left, no call stands."""
    extras.need(*NEEDED)
    plan, folder = test.plan, folder.resolve()  # others run in another current folder
    path = folder / "journal.jsonl"
    secret = secrets.token_hex(16)
    environment = {JOURNAL: str(path)}
    if plan.accounts == "secret":
        environment[SECRET] = secret
    elif test.accounts is not None:
        environment[ACCOUNTS] = str(test.accounts.resolve())
    total_s = timetable.total_s(plan)
    mcu: OwnMcu | None = None
    try:
        if test.device is not None:
            progress(Sentence("starting the MCU"), 0.0)
            mcu = OwnMcu(plan, test.device, test.video, secret, folder / "mcu-events.jsonl")
        path.touch()
        cores = available()
        theirs = shares(cores)[1] if mcu is not None else cores
        locusts = LocustProcesses(plan, test.where, folder, environment, theirs)
        looked = _Monitor(mcu, total_s, progress)
        try:
            locusts.start()
            locusts.wait(looked)
        finally:
            locusts.end()
        view, cpu = None, []
        kept = journal.read(path)
        if mcu is not None:
            standing = mcu.standing()
            report = mcu.stop()
            view, cpu = mcu.view(report, standing), mcu.cpu_since(kept.began_s)
    finally:
        if mcu is not None:
            mcu.kill()
    return LoadRecords(kept, view, cpu)


def answer(
    test: LoadTest, seen: LoadRecords, run_id: str, found: tuple[float | None, list[Trial]]
) -> LoadResult:
    """From what was seen to the verdict."""
    plan, kept = test.plan, seen.kept
    sessions = measures.sessions(kept.records)
    sessions = sessions.model_copy(update={"establishment_rate_per_s": found[0]})
    done = measures.operations(kept.records)
    storm = measures.storm(plan, kept.records) if plan.shape == "storm" else None
    wrong = problems(test, seen)
    came = media.results(kept.heard)
    # The test's own MCU has everything that is asked for.
    accounts = plan.accounts != "none"
    lacks = measures.lacking(done, accounts=accounts) if test.device is None else []
    guessed = measures.guessing(kept.records, seen.mcu)
    refused = sessions.refused
    if storm is not None:
        refused = measures.refused_for_good(kept.records, timetable.outage(plan).at_s)
    criteria = judge.judge(
        *(sessions, done, storm, test.thresholds),
        media=came,
        lacks=lacks,
        guessing=guessed,
        refused=refused,
    )
    reasons = [str(reason) for reason in wrong] or measures.nobody_answered(done)
    spread_s = plan.spread_s if plan.back_off == "random" else 0.0
    server = f"sip:{plan.target[0]}:{plan.target[1]}"
    if test.device is not None:
        server = test.device.device.name
    return LoadResult(
        run_id=run_id,
        verdict=judge.verdict_of(criteria, wrong),
        reasons=reasons,
        reason_codes=wrong,
        place="loopback" if test.device is not None else "target",
        what=described(plan, test.where),
        inputs=inputs(plan, test.device),
        server=server,
        sessions=sessions,
        operations=done,
        lacking=lacks,
        media=came,
        storm=storm,
        guessing=guessed,
        mcu=seen.mcu,
        generator=generators.view(kept.healths, kept.records),
        criteria=criteria,
        search=found[1],
        series=measures.series(kept.records, kept.healths, seen.mcu_cpu),
        assumptions=[
            *(assumed.of_redialling(plan.redial_s) if storm is not None else ()),
            *assumed.of_spread(spread_s if storm is not None else 0.0),
            *assumed.of_media(came),
            *assumed.of_criteria(criteria),
        ],
    )


def inputs(plan: LoadPlan, device: CataloguedDevice | None) -> LoadInputs:
    """What a test in real time depends on; `device`: of the test's own MCU."""
    catalogue = None
    if device is not None:
        catalogue = FileRef(path=device.file.name, sha256=sha256(device.file.read_bytes()))
    at = commit()
    return LoadInputs(
        mcu=catalogue,
        seed=plan.seed,
        code=code_identity(),
        commit=at.ident,
        committed=at.clean,
    )


def problems(test: LoadTest, seen: LoadRecords) -> list[Reason]:
    """Why the figures do not hold; empty if they do."""
    plan, kept = test.plan, seen.kept
    begin_s, end_s = timetable.window_s(plan)
    if kept.ended_s is not None:
        end_s = min(end_s, kept.ended_s)
    wrong = generators.problems(
        kept.healths,
        kept.records,
        window_s=(min(begin_s, timetable.PREPARE_S), end_s),
        processes=test.where.processes,
    )
    if not kept.records:
        return [because("nothing-done"), *wrong]
    planned = timetable.attempts(plan)
    calls = [record for record in kept.records if plan.is_bridge(record.who)]
    done = sum(record.operation == "invite" for record in calls)
    # A bridge that waits for an answer cannot dial; the test may be over before it can again.
    waited = any(r.held_up or (r.operation in WAITED_FOR and r.cause == "timeout") for r in calls)
    if done < planned and not waited:
        wrong.append(because("not-dialled", dialled=done, calls=planned))
    if seen.mcu is not None and plan.media:
        wrong += mcu_problems(seen.mcu)
    return wrong


def mcu_problems(mcu: McuView) -> list[Reason]:
    """Whether the machine of the test's own MCU could keep up with the media of its calls."""
    late = late_pct(mcu.media_late, mcu.media_sent)
    if late <= MOST_LATE_PCT and not mcu.media_overflowed:
        return []
    return [
        because(
            "mcu-machine-late",
            late_pct=round(late, 1),
            limit_pct=MOST_LATE_PCT,
            packets=mcu.media_overflowed,
        )
    ]


def described(
    plan: LoadPlan, where: LocustSetup
) -> dict[str, str | int | float | bool | list[str]]:
    """What was asked for, in plain values."""
    said = plan.model_dump(exclude={"target", "address", "by_hand", "capacity_codes", "kbps"})
    storm_only = ("back_off", "outage_s", "spread_s", "redial_s")
    if plan.shape != "storm":
        for key in storm_only:
            said.pop(key)
    said["generators"] = where.processes
    return said


class _Monitor:
    """What is done while Locust runs: note the MCU's processor time once a second, and tell."""

    def __init__(self, mcu: OwnMcu | None, total_s: float, progress: Progress) -> None:
        self._mcu = mcu
        self._total_s = total_s
        self._progress = progress
        self._turns = 0

    def __call__(self) -> None:
        self._turns += 1
        if self._turns % 4 == 0:
            if self._mcu is not None:
                self._mcu.sample()
            self._progress(Sentence("calling"), min(1.0, self._turns / 4 / self._total_s))
