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
from giaoban.processes.ownership import temporary_folder
from giaoban.processes.progress import Progress
from giaoban.results.archive.evidence.manifest import save_inputs, sha256, write_manifest
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.model.reasons import Reason, because
from giaoban.results.model.result import FileRef
from giaoban.results.model.studies.load import GeneratorView, LoadInputs, LoadResult, McuView
from giaoban.results.report.summaries.load_summary import summary_md
from giaoban.scenarios.load import assumed, judge, measures, media
from giaoban.scenarios.load.environment import ACCOUNTS, CALLS, SECRET
from giaoban.scenarios.load.locust.processes import STATISTICS_FILE, LocustSetup, run_locust
from giaoban.scenarios.load.measures import Statistics
from giaoban.scenarios.load.own_mcu import CataloguedDevice, OwnMcu, available, shares
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.scenarios.plan.identity import code_identity, commit, versions
from giaoban.sentence import Sentence
from giaoban.traffic.media_load.messages import MEDIA
from giaoban.translation import SOURCE, Language

NEEDED = ("locust", "pylibsrtp", "G722")
"""Modules of the test's processes that a small installation does not have."""
MOST_CPU_PCT = 90.0
"""Locust warns of more, since a process then queues what it should send."""


@dataclass(frozen=True)
class LoadTest:
    """A test to be run.

    Attributes:
        device: of the test's own MCU; None: `plan.target` belongs to others.
        accounts: file with the bridges' accounts there.
        thresholds: of criteria, where they are other than usual.
    """

    plan: LoadPlan
    where: LocustSetup
    device: CataloguedDevice | None
    accounts: Path | None
    thresholds: Mapping[str, float]


@dataclass(frozen=True)
class LoadRecords:
    """Locust's statistics, and the MCU's own view if it was the test's."""

    statistics: Statistics
    mcu: McuView | None


def load(
    test: LoadTest,
    *,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
) -> Outcome[LoadResult]:
    """Run a test, judge it, and write everything under `root`.

    Raises:
        InputError: a results folder that cannot be written, devices that were changed meanwhile.
        InvalidRun: Locust or the MCU did not come to an end.
        MachineLacks: a program or a port is missing.
    """
    as_read = {} if test.device is None else sums_of([test.device.file])
    with new_run(root, f"load-{test.plan.shape}", now) as folder:
        (folder.path / "plan.json").write_text(test.plan.model_dump_json(indent=1), "utf-8")
        seen = execute(test, folder.path, progress)
        refuse_changed(as_read)
        result = answer(test, seen, folder.run_id)
        folder.keep(result, summary_md(result, language))
        prove(folder.path, result, test.device)
        return folder.finished_with(result)


def prove(folder: Path, result: LoadResult, device: CataloguedDevice | None) -> None:
    """Write the manifest. Its only input file is the device catalogue, if the MCU was the test's; a
    file of accounts is never copied."""
    inputs = [] if device is None else [("devices", device.file.name, device.file)]
    about = {**versions(platform.release()), "locust": version("locust")}
    write_manifest(folder, result, save_inputs(folder, inputs), about)


def execute(
    test: LoadTest, folder: Path, progress: Progress, calls: Path | None = None
) -> LoadRecords:
    """Run Locust, and the MCU if it is the test's own. However this is left, no call stands.

    `calls`: file for each single request, of a test in one process.
    """
    extras.need(*NEEDED)
    plan, folder = test.plan, folder.resolve()  # the processes run in another current folder
    secret = secrets.token_hex(16)
    environment = {} if calls is None else {CALLS: str(calls.resolve())}
    if plan.accounts == "secret":
        environment[SECRET] = secret
    elif test.accounts is not None:
        environment[ACCOUNTS] = str(test.accounts.resolve())

    def look(passed_s: float) -> None:
        progress(Sentence("calling"), min(0.99, passed_s / plan.total_s))

    cores = available()
    mcu: OwnMcu | None = None
    view: McuView | None = None
    with temporary_folder("load") as private:
        try:
            if test.device is not None:
                progress(Sentence("starting the MCU"), 0.0)
                events = folder / "mcu-events.jsonl"
                mcu = OwnMcu(plan, test.device, secret, events, private)
                cores = shares(cores)[1]
            run_locust(
                plan, test.where, folder, environment, own=mcu is not None, cores=cores, look=look
            )
            if mcu is not None:
                standing, cpu_pct = mcu.standing(), mcu.cpu_pct()
                view = mcu.view(mcu.stop(), standing, cpu_pct)
        finally:
            if mcu is not None:
                mcu.kill()
    return LoadRecords(measures.read_statistics(folder / STATISTICS_FILE), view)


def answer(test: LoadTest, seen: LoadRecords, run_id: str) -> LoadResult:
    """Return the answer: measures, criteria, verdict."""
    plan, found = test.plan, seen.statistics
    done = measures.operations(found, plan)
    sessions = measures.sessions(found, done)
    of_media = {each.operation: each for each in measures.operations(found, plan, MEDIA)}
    came = media.results(of_media, found.counts)
    storm = measures.storm(plan, found, done) if plan.shape == "storm" else None
    accounts = plan.accounts != "none"
    # the test's own MCU has everything that is asked for
    lacks = measures.lacking(done, accounts=accounts) if test.device is None else []
    criteria = judge.judge(sessions, done, storm, test.thresholds, media=came, lacks=lacks)
    generator = generator_view(test, found)
    wrong = problems(test, seen, generator)
    server = "sip:{}:{}".format(*plan.target)
    if test.device is not None:
        server = test.device.device.name
    return LoadResult(
        run_id=run_id,
        verdict=judge.verdict_of(criteria, wrong),
        reasons=[str(reason) for reason in wrong] or measures.unanswered(done),
        reason_codes=wrong,
        place="loopback" if test.device is not None else "target",
        what=described(plan, test.where),
        inputs=inputs(test.device),
        server=server,
        sessions=sessions,
        operations=done,
        lacking=lacks,
        media=came,
        storm=storm,
        mcu=seen.mcu,
        generator=generator,
        criteria=criteria,
        assumptions=[
            *(assumed.of_redialling(plan.redial_s) if storm is not None else ()),
            *assumed.of_spread(plan.spread_s if storm and plan.back_off == "random" else 0.0),
            *assumed.of_media(came),
            *assumed.of_criteria(criteria),
        ],
    )


def inputs(device: CataloguedDevice | None) -> LoadInputs:
    """Return what a test depends on; `device`: of the test's own MCU."""
    catalogue = None
    if device is not None:
        catalogue = FileRef(path=device.file.name, sha256=sha256(device.file.read_bytes()))
    at = commit()
    return LoadInputs(mcu=catalogue, code=code_identity(), commit=at.ident, committed=at.clean)


def generator_view(test: LoadTest, found: Statistics) -> GeneratorView:
    """Return how the generator fared, by Locust's monitor and the media processes."""
    sent, late = found.counts.get("media sent", 0), found.counts.get("media late", 0)
    return GeneratorView(
        processes=test.where.processes - found.workers_missing,
        cpu_pct_max=found.cpu_pct or None,
        media_sent=sent,
        media_late_pct=round(late_pct(late, sent), 3),
        media_overflowed=found.counts.get("media overflowed", 0),
    )


def problems(test: LoadTest, seen: LoadRecords, generator: GeneratorView) -> list[Reason]:
    """Return why the figures do not hold; empty if they do."""
    found, mcu = seen.statistics, seen.mcu
    if not any(entry["num_requests"] for entry in found.entries.values()):
        return [because("nothing-done")]
    wrong = []
    if found.workers_missing:
        generators = test.where.processes
        wrong.append(because("generators-silent", said=generator.processes, generators=generators))
    if (cpu_pct := generator.cpu_pct_max or 0.0) > MOST_CPU_PCT:
        wrong.append(because("generator-busy", cpu_pct=cpu_pct, limit_pct=MOST_CPU_PCT))
    if early := found.counts.get("ended early", 0):
        wrong.append(because("generator-behind", bridges=early))
    if found.counts.get("media processes ended"):
        wrong.append(because("media-process-ended"))
    if (late := generator.media_late_pct) > MOST_LATE_PCT:
        wrong.append(because("generator-media-late", late_pct=late, limit_pct=MOST_LATE_PCT))
    if generator.media_overflowed:
        wrong.append(because("generator-overflowed", packets=generator.media_overflowed))
    if mcu is not None and test.plan.media:
        late = late_pct(mcu.media_late, mcu.media_sent)
        if late > MOST_LATE_PCT or mcu.media_overflowed:
            wrong.append(
                because(
                    "mcu-machine-late",
                    late_pct=round(late, 1),
                    limit_pct=MOST_LATE_PCT,
                    packets=mcu.media_overflowed,
                )
            )
    return wrong


def described(
    plan: LoadPlan, where: LocustSetup
) -> dict[str, str | int | float | bool | list[str]]:
    """Return what was asked for, in plain values."""
    asked = plan.model_dump(exclude={"target", "capacity_codes", "kbps", "period_s"})
    if plan.shape != "storm":
        for key in ("back_off", "outage_s", "spread_s", "redial_s"):
            asked.pop(key)
    asked["generators"] = where.processes
    return asked
