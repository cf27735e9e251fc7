"""A redial storm inside the emulated province: the check's own emulation, seen as a load test.

The bridges are those of `giaoban.scenarios.emulation`: the same user agents, each in a namespace of
its own behind its access line, in virtual time. So every call crosses the network's links and meets
their queues. Locust has no place there: nothing runs in real time, and nothing is left to pace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from giaoban.errors import InputError
from giaoban.processes.progress import Progress
from giaoban.results.archive.evidence.manifest import CHECKS
from giaoban.results.archive.store import Outcome, new_run
from giaoban.results.model.result import Result
from giaoban.results.model.studies.load import LoadInputs, LoadResult, McuView, Storm
from giaoban.results.report.summaries.load_summary import summary_md
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.load import assumed, judge, measures
from giaoban.scenarios.load.locust.outcomes import Record, cause_of
from giaoban.scenarios.load.plan import BackOff
from giaoban.scenarios.load.timetable import LineOutage
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.measure.assumptions import of_recovery
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.records.events import (
    CallRefused,
    Connected,
    EndedByMcu,
    Event,
    EventRecord,
    McuHealth,
    MediaLost,
    PoweredOff,
    Redialled,
    TimedOut,
    as_fields,
)
from giaoban.scenarios.study.check import check
from giaoban.scenarios.study.documents import prove
from giaoban.scenarios.study.every_meeting import meetings_of
from giaoban.translation import SOURCE, Language

SPREAD_S = 20.0
"""Over which the first attempts are spread; our own choice: three a second of 71 bridges."""
CAPACITY = (486, 503, 600)


def with_back_off(question: Question, back_off: BackOff) -> Question:
    """The same question, with bridges that dial again together or at random.

    Raises:
        InputError: nothing fails in it that is restored, so nobody dials again.
    """
    plan = question.plan
    if plan.recovery is None or outage_of(plan) is None:
        raise InputError(
            "{scenario_path}: nobody has to dial again (allowed: a scenario with a "
            "[[fault]] that has to_s)",
            scenario_path=question.scenario_path,
        )
    changed = plan.recovery.model_copy(
        update={
            "redial": "together" if back_off == "none" else "back-off",
            "redial_spread_s": SPREAD_S if back_off == "random" else 0.0,
        }
    )
    return replace(question, plan=plan.model_copy(update={"recovery": changed}))


def outage_of(plan: Plan) -> LineOutage | None:
    """From the first fault to the last restoration, in seconds of the events' clock; None if
    nothing is restored."""
    ends = [fault.to_s for fault in plan.faults if fault.to_s is not None]
    if not ends:
        return None
    return LineOutage(min(fault.at_s for fault in plan.faults), max(ends))


def storm_in_province(
    question: Question,
    back_off: BackOff,
    *,
    engine: EngineName,
    root: Path,
    now: datetime,
    progress: Progress,
    language: Language = SOURCE,
    thresholds: Mapping[str, float],
) -> Outcome[LoadResult]:
    """Run the scenario's check and judge it as a load test; the check's folder lies in its own,
    without evidence of its own: its question is not the one that the scenario's file asks. What was
    asked beside that, `load.json` says, whose evidence has the check's plan, answer and measures.

    Raises:
        InputError: as `with_back_off`; a results folder that cannot be written.
        InvalidRun, MachineLacks: as `giaoban.scenarios.study.check.check`.
    """
    asked = with_back_off(question, back_off)
    outage = outage_of(asked.plan)
    assert outage is not None
    criteria_of(asked)
    meetings_of(asked)
    with new_run(root, "load-province", now) as folder:
        # The scenario says nothing of how they dial again, nor that all are there from the start.
        inner = check(
            asked, engine=engine, root=folder.path / CHECKS, now=now, progress=progress,
            language=language, proved=False, seeds=0,
        )  # fmt: skip
        captured = captures.load(inner.folder, asked.plan)
        result = answer(
            asked, inner.answer, captured.events, outage, back_off, folder.run_id, thresholds
        )
        folder.keep(result, summary_md(result, language))
        from giaoban.results.report.plots.load import write_load_plots

        write_load_plots(result, folder.path / "plots", language)
        prove(folder.path, asked, result)
        return folder.finished_with(result)


def answer(
    question: Question,
    checked: Result,
    events: Sequence[Event],
    outage: LineOutage,
    back_off: BackOff,
    run_id: str,
    thresholds: Mapping[str, float],
) -> LoadResult:
    """From the events of the emulation to the verdict."""
    records = records_of(events)
    storm = storm_of(records, events, outage, back_off)
    sessions = measures.sessions(records)
    # A call that ends, or that waits for its answer, because a line is away is the fault's doing
    # and not the MCU's.
    lit = [r for r in records if not outage.at_s <= r.at_s < outage.back_s]
    sessions = sessions.model_copy(update={"dropped": 0, "setup": measures.sessions(lit).setup})
    done = [each for each in measures.operations(records) if each.operation != "drop"]
    refused = measures.refused_for_good(records, outage.at_s)
    criteria = judge.judge(sessions, done, storm, thresholds, refused=refused)
    wrong = checked.reasons if checked.verdict == "invalid" else []
    recovery = question.plan.recovery
    assert recovery is not None
    return LoadResult(
        run_id=run_id,
        verdict=judge.verdict_of(criteria, wrong),
        reasons=wrong,
        reason_codes=checked.reason_codes,
        place="province",
        question_en=checked.question.text_en,
        question_vi=checked.question.text_vi,
        what=_described(question, checked, back_off),
        engine=checked.engine,
        inputs=LoadInputs.model_validate(checked.inputs.model_dump()),
        server=question.plan.device.name,
        sessions=sessions,
        operations=done,
        storm=storm,
        mcu=_mcu(events, question.plan),
        criteria=criteria,
        series=measures.series(records, [], []),
        assumptions=[
            *([of_recovery(recovery)] if recovery.assumed else []),
            *assumed.of_spread(recovery.redial_spread_s),
            *assumed.of_criteria(criteria),
        ],
        check_assumptions=checked.assumptions,
        unmodelled=checked.unmodelled,
        names=checked.names,
    )


def records_of(events: Iterable[Event]) -> list[Record]:
    """What bridges did, as records. An attempt that was given up for the next one had no answer."""
    records: list[Record] = []
    begun: dict[str, float] = {}

    def over(who: str, at_s: float, *, ok: bool, ms: float, code: int, reason: str) -> None:
        begun.pop(who, None)
        cause = None if ok else cause_of(code, CAPACITY)
        records.append(
            Record(
                operation="invite", who=who, at_s=at_s, ms=ms, ok=ok, code=code, reason=reason,
                cause=cause,
            )
        )  # fmt: skip

    for event in events:
        if not isinstance(event, EventRecord) or event.who != "bridge":
            continue
        who, now_s = event.bridge, event.t_ms / 1e3
        match event:
            case Redialled():
                if who in begun:
                    waited_ms = (now_s - begun[who]) * 1e3
                    over(who, begun[who], ok=False, ms=waited_ms, code=0, reason="no answer")
                begun[who] = now_s
            case Connected(setup_ms=ms):
                over(who, now_s - ms / 1e3, ok=True, ms=ms, code=200, reason="")
            case CallRefused(code=code, reason=reason):
                at_s = begun.get(who, now_s)
                over(who, at_s, ok=False, ms=(now_s - at_s) * 1e3, code=code, reason=reason)
            case TimedOut():
                at_s = begun.get(who, now_s)
                over(who, at_s, ok=False, ms=(now_s - at_s) * 1e3, code=0, reason="no answer")
            case MediaLost() | EndedByMcu() | PoweredOff():
                records.append(
                    Record(
                        operation="drop", who=who, at_s=now_s, ms=0.0, ok=False, cause="protocol",
                        reason=event.event,
                    )
                )  # fmt: skip
    return records


def storm_of(
    records: Sequence[Record], events: Iterable[Event], outage: LineOutage, back_off: BackOff
) -> Storm:
    """How those came back who had taken their call for dead."""
    lost = {e.bridge for e in events if isinstance(e, MediaLost)}
    again = [
        r for r in records if r.operation == "invite" and r.who in lost and r.at_s > outage.at_s
    ]
    return measures.storm_after(lost, again, outage.back_s, back_off)


def _mcu(events: Sequence[Event], plan: Plan) -> McuView:
    own = [
        as_fields(event)
        for event in events
        if isinstance(event, EventRecord) and event.who == "mcu"
    ]
    [health] = [event for event in events if isinstance(event, McuHealth)][-1:]
    view = measures.mcu_view(own, as_fields(health), plan.device.units_total)
    return view.model_copy(update={"calls_left": health.calls_left})


def _described(
    question: Question, checked: Result, back_off: BackOff
) -> dict[str, str | int | float | bool | list[str]]:
    plan = question.plan
    assert plan.recovery is not None
    streams = [s for phase in checked.phases for b in phase.bridges for s in b.streams]
    peak = max((link for p in checked.phases for link in p.links), key=lambda one: one.peak_pct)
    return {
        "scenario": plan.scenario_id,
        "bridges": len(plan.calls),
        "back_off": back_off,
        "media_timeout_s": plan.recovery.media_timeout_s,
        "redial_s": plan.recovery.redial_every_s,
        "spread_s": plan.recovery.redial_spread_s,
        "media_packets_not_received": sum(s.packets_sent - s.packets_received for s in streams),
        "queue_drops": sum(link.drops for p in checked.phases for link in p.links),
        "highest_link_peak_pct": round(peak.peak_pct, 1),
        "highest_link": f"{peak.id} {peak.direction}",
        "check_verdict": checked.verdict,
    }
