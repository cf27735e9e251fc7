"""Holding a meeting of the catalogue: the check of the system, then its course; all or nothing.

Both are emulations of scenarios that are written into the run's folder, so that each can be asked
again by itself: `check/scenario.toml`, `course/scenario.toml`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from giaoban import tomlfile
from giaoban.errors import InputError, InvalidRun
from giaoban.files import refuse_changed
from giaoban.mcu_sim.accounts import load_accounts
from giaoban.processes.progress import Progress
from giaoban.regulation import Regulation
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.judge.by_bridge import by_bridge
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import Assumption, Result
from giaoban.results.model.seeds import OTHER_SEEDS, Seeds
from giaoban.results.model.studies.meetings import (
    BridgeJudged,
    Closing,
    HeldMeeting,
    MeetingAnswer,
    Opening,
    Part,
    PartJudged,
    verdict_of,
)
from giaoban.results.model.unmodelled import Unmodelled, once
from giaoban.results.report.meetings.meeting_sheet import write_documents
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.load.system_check import RATE_PER_S, TOGETHER_S, check_system, plan_of
from giaoban.scenarios.load.target import check_bounds
from giaoban.scenarios.measure.assemble import Answer, criteria_of
from giaoban.scenarios.measure.assumptions import assumption
from giaoban.scenarios.measure.minutes import minutes
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import HeldWith, Question, devices_of, make_question
from giaoban.scenarios.plan.recordings import files_of, renamed
from giaoban.scenarios.records.events import Connected, Event, Joined, Left, McuHealth, read
from giaoban.scenarios.spec.meeting_catalogue import (
    CataloguedMeeting,
    check_scenario,
    course_scenario,
)
from giaoban.scenarios.spec.project import project_of
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.scenarios.study.emulation_process import EmulationJob, emulate_all
from giaoban.scenarios.study.seeds import SeedsJudge
from giaoban.sentence import N_, Sentence, joined, message
from giaoban.topology.sandbox import kernel
from giaoban.translation import Language

SCENARIO = "scenario.toml"


@dataclass(frozen=True)
class PartOutcome:
    """What one part came to, and what it rests on."""

    judged: PartJudged
    assumptions: Sequence[Assumption]
    unmodelled: Sequence[Unmodelled]
    names: dict[str, str]


def hold(
    meeting: CataloguedMeeting,
    held: HeldWith,
    *,
    parts: Sequence[Part],
    seed: int | None,
    jobs: int,
    engine: EngineName,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = "vi",
) -> Outcome[MeetingAnswer]:
    """Emulate the parts, judge each bridge, and write everything down under `root`.

    Args:
        held: whose bridges, lines, device and criteria it is held with.
        language: of the sheet, the minutes and the summary.

    Raises:
        InputError: a mistake in the meeting or the scenario; a folder that cannot be written; an
            input that is saved anew before it is answered.
        MachineLacks: a program, a privilege or a kernel feature is missing.
    """
    base, province, as_read = held.base, held.province, held.as_read
    project = project_of(held.base_path)
    make = {"check": check_scenario, "course": course_scenario}
    made = {part: make[part](meeting, base, province) for part in parts}
    for part in parts:  # all mistakes are told before a minute of emulation
        criteria_of(held.question(made[part], seed))
    refuse_changed(as_read)
    if engine is EngineName.SANDBOX:
        kernel.ensure(progress)
    with new_run(root, f"meeting-{meeting.id}", now) as folder:
        questions: dict[str, Question] = {}
        for part in parts:
            place = folder.path / part
            place.mkdir()
            path = place / SCENARIO
            devices = devices_of(made[part], held.base_path)
            written = _placed(made[part], held.base_path, place, held.province_path, devices)
            path.write_text(tomlfile.dumps(written), encoding="utf-8")
            # it lies in the folder of results, wherever that is
            questions[part] = make_question(path, seed=seed, project=project)
        orders = [
            EmulationJob(
                part,
                questions[part],
                engine,
                folder.path / part,
                partial(_look, part, questions[part]),
            )
            for part in parts
        ]
        found = emulate_all(
            orders,
            len(orders),
            engine=engine,
            jobs=jobs,
            told=N_("{done} of {count} {count:part|parts} of the meeting"),
            progress=progress,
        )
        refuse_changed(as_read)
        told = {part: found[part].found for part in parts}
        for each in told.values():
            if isinstance(each, InvalidRun):
                raise each
        answer = _answer(
            meeting,
            folder.run_id,
            engine,
            [f for f in told.values() if isinstance(f, PartOutcome)],
            questions[parts[0]].province.regulation,
        )
        folder.keep(answer)
        progress(Sentence("typesetting"), 0.99)
        write_documents(answer, folder.path, language, now)
        return folder.finished_with(answer)


def _placed(
    scenario: Scenario, origin: Path, place: Path, province_path: Path, devices_path: Path
) -> dict[str, object]:
    """Return the data of a scenario's file in `place`; paths of `origin` are relative to there."""
    final = place.parent.parent / "run" / place.name  # the depth at which the run's folder will lie
    files = [os.path.relpath(path, final) for path in files_of(scenario, origin)]
    scenario = renamed(scenario, files)
    update: dict[str, object] = {"province": os.path.relpath(province_path, final)}
    if devices_path != project_of(place / SCENARIO).devices.resolve():
        update["devices"] = os.path.relpath(devices_path, final)
    changed = scenario.model_copy(update=update)
    dumped: dict[str, object] = changed.model_dump(
        mode="json", by_alias=True, exclude_defaults=True
    )
    return {"schema": changed.schema_, **dumped}


def _look(part: Part, question: Question, answer: Answer, captures: Path) -> PartOutcome:
    """Return the outcome of one part's emulation. `captures` lie in the folder of the events.

    A part is judged at other seeds as well, by estimate where that is possible.
    """
    plan, events = question.plan, read(captures.parent)
    result = _at_other_seeds(question, answer.result)
    setup_ms = {e.bridge: e.setup_ms for e in reversed(events) if isinstance(e, Connected)}
    ended = _ended(plan, events)
    bridges = [
        each.model_copy(
            update={"setup_ms": setup_ms.get(each.bridge), "hung_up": ended.get(each.bridge)}
        )
        for each in by_bridge(
            result.phases,
            answer.judged,
            answer.criteria,
            [(call.bridge, call.name) for call in plan.calls],
            result.faults,
        )
    ]
    opening, closing = opening_of(plan, events), closing_of(events, ended)
    binds = None if result.binding is None else result.binding.criterion
    return PartOutcome(
        PartJudged(
            part=part,
            verdict=_verdict(result, opening, closing, bridges),
            reasons=result.reasons,
            reason_codes=result.reason_codes,
            seconds=sum(phase.seconds for phase in result.phases),
            opening=opening,
            closing=closing,
            bridges=bridges,
            failed=[criterion for criterion in result.criteria if not criterion.ok],
            closest=next((c for c in result.criteria if c.ok and c.id == binds), None),
            faults=result.faults,
            seeds=result.seeds,
            accepted=result.accepted,
            minutes=minutes(plan, events, result.faults),
        ),
        result.assumptions,
        result.unmodelled,
        result.names | plan.network.link_names,
    )


def _at_other_seeds(question: Question, result: Result) -> Result:
    """Return a part's result, judged by all seeds; the others are estimated."""
    if why := reasons(question.plan):
        text = joined("; ", why)
        refused = Seeds(refused=text.en, refused_vi=text.vi)
        return result.model_copy(update={"seeds": refused})
    return SeedsJudge(OTHER_SEEDS).settled(question, result)


def opening_of(plan: Plan, events: Sequence[Event]) -> Opening:
    """How the calls were set up, before the first phase."""
    start_ms = plan.phases[0].start_s * 1e3
    joined = {e.bridge: e.t_ms for e in events if isinstance(e, Joined) and e.t_ms < start_ms}
    first_ms = min(call.dial_s for call in plan.calls) * 1e3
    last_ms = max(joined.values(), default=None)
    return Opening(
        calls=len(plan.calls),
        connected=len(joined),
        seconds=None if last_ms is None else max(0.0, round((last_ms - first_ms) / 1e3, 3)),
    )


def _ended(plan: Plan, events: Sequence[Event]) -> dict[str, bool]:
    """Of each bridge whose call stood when all were to hang up: whether it ended as it should."""
    latest: dict[str, Event] = {}
    for event in events:
        if isinstance(event, Joined | Left) and event.t_ms < plan.hang_up_s * 1e3:
            latest[event.bridge] = event
    standing = [bridge for bridge, event in latest.items() if isinstance(event, Joined)]
    ended = {
        event.bridge
        for event in events
        if isinstance(event, Left) and event.t_ms >= plan.hang_up_s * 1e3 and event.cause == "bye"
    }
    return {bridge: bridge in ended for bridge in standing}


def closing_of(events: Sequence[Event], ended: Mapping[str, bool]) -> Closing:
    """What was left when all had hung up."""
    last = [event for event in events if isinstance(event, McuHealth)][-1:]
    return Closing(
        standing=len(ended),
        hung_up=sum(ended.values()),
        calls_left=sum(health.calls_left for health in last),
        units_left=sum(health.units_left for health in last),
    )


def _verdict(
    result: Result, opening: Opening, closing: Closing, bridges: Sequence[BridgeJudged]
) -> Verdict:
    """Return the verdict of the criteria, unless the meeting did not begin or end as it should.

    The outcome of each bridge is that of the own seed, which may fail while the part passes.
    """
    all_met = result.passes_at_other_seeds or all(b.outcome != "not-met" for b in bridges)
    if opening.ok and closing.ok and (all_met or result.verdict != "pass"):
        return result.verdict
    return result.verdict if result.verdict in ("fail", "invalid") else "fail"


def check_at(
    meeting: CataloguedMeeting,
    held: HeldWith,
    *,
    target: tuple[str, int],
    room: str,
    accounts: Path | None,
    registers: bool,
    asks_options: bool,
    language: Language,
    root: Path,
    now: datetime,
    progress: Progress,
) -> Outcome[MeetingAnswer]:
    """The check of the system at a real device, whose owner has agreed.

    Raises:
        InputError: a mistake in the meeting; more than may be asked of a device; an input that is
            saved anew meanwhile.
        InvalidRun, MachineLacks: as a load test.
    """
    base, province = held.base, held.province
    attendance = meeting.attendance(province, base.new_bridges)
    named = {b.id: b.name for b in (*province.bridges, *base.new_bridges, *meeting.bridges)}
    bridges = {ident: named[ident] for ident in attendance}
    check_bounds(len(bridges), RATE_PER_S, TOGETHER_S)
    if accounts is not None and len(load_accounts(accounts).account) < len(bridges):
        raise InputError(
            "--accounts {accounts}: has fewer accounts than the meeting has bridges, {bridges}",
            accounts=accounts,
            bridges=len(bridges),
        )
    plan = plan_of(
        target,
        attendance,
        meeting.profile or base.profile,
        room=room,
        has_accounts=accounts is not None,
        registers=registers,
        asks_options=asks_options,
    )
    with new_run(root, f"meeting-{meeting.id}-real", now) as folder:
        part = check_system(plan, bridges, accounts, folder.path, progress)
        refuse_changed(held.as_read)
        answer = MeetingAnswer(
            run_id=folder.run_id,
            verdict=part.verdict,
            method="real-time",
            meeting=_held_meeting(meeting, attendance[0], province.regulation),
            regulation=province.regulation,
            device=f"sip:{target[0]}:{target[1]}",
            parts=[part],
            names=bridges,
        )
        folder.keep(answer)
        write_documents(answer, folder.path, language, now)
        return folder.finished_with(answer)


def _held_meeting(
    meeting: CataloguedMeeting, chair: str, regulation: Regulation | None
) -> HeldMeeting:
    return HeldMeeting(
        id=meeting.id,
        name=meeting.name,
        name_vi=meeting.name_vi,
        article=meeting.article_in(regulation),
        chair=chair,
        length_min=meeting.length_min,
    )


def _answer(
    meeting: CataloguedMeeting,
    run_id: str,
    engine: EngineName,
    found: Sequence[PartOutcome],
    regulation: Regulation | None,
) -> MeetingAnswer:
    parts = [each.judged for each in found]
    course = meeting.course
    assumptions = list(found[-1].assumptions)
    seconds = found[-1].judged.seconds
    if course.assumed:
        what = message(N_("course of the meeting {meeting}"), meeting=meeting.id)
        value = message(
            N_("{length} min condensed to {seconds} s"), length=meeting.length_min, seconds=seconds
        )
        assumptions.append(assumption(course, what, value))
    chair = parts[0].bridges[0].bridge
    return MeetingAnswer(
        run_id=run_id,
        verdict=verdict_of(parts),
        method=engine.value,
        meeting=_held_meeting(meeting, meeting.chair or chair, regulation),
        regulation=regulation,
        parts=parts,
        assumptions=assumptions,
        unmodelled=once(each for part in found for each in part.unmodelled),
        names=found[-1].names,
    )
