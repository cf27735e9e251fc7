"""Captures → result: measures of each phase, judged by the criteria."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from giaoban.errors import InputError
from giaoban.files import refuse_changed
from giaoban.mcu_sim.fit import room_beside
from giaoban.mcu_sim.media.leg import KINDS
from giaoban.results.judge.criteria import DELAY_NO_WORSE, MCU_UNITS, Criteria, load_criteria
from giaoban.results.judge.verdict import Judgement, judge
from giaoban.results.judge.worst import Reference
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.reasons import Reason
from giaoban.results.model.result import (
    Downspeeded,
    Engine,
    FileRef,
    Inputs,
    LinkResult,
    McuResult,
    Meeting,
    MoreCalls,
    Named,
    Phase,
    Refused,
    RefusedCommand,
    Result,
    UnjudgedLimit,
)
from giaoban.results.model.result import Question as AskedQuestion
from giaoban.results.model.series import Series
from giaoban.scenarios.measure import validity
from giaoban.scenarios.measure.assumptions import assumptions
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.fault_impact import PUT_OUT, Impacts
from giaoban.scenarios.measure.hop_delays import Rebuilt, rebuild
from giaoban.scenarios.measure.links import links_in
from giaoban.scenarios.measure.series import BySecond, series
from giaoban.scenarios.measure.streams import (
    FrameAnalyses,
    Window,
    bridges_in,
    devices,
    speech_codec,
    streams_of,
)
from giaoban.scenarios.measure.unmodelled import unmodelled
from giaoban.scenarios.plan.identity import code_identity, commit
from giaoban.scenarios.plan.plan import CallPlan, Plan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.records.events import (
    CallRefused,
    CommandWithoutCall,
    Connected,
    Controlled,
    DialFailed,
    EventRecord,
    Joined,
    Left,
    TimedOut,
)
from giaoban.scenarios.spec.background import other_traffic
from giaoban.scenarios.spec.impairment_words import declared
from giaoban.sentence import Sentence, message
from giaoban.tomlfile import Mistake, mistakes
from giaoban.topology.lines.qos import by_class
from giaoban.traffic.profiles import Profiles
from giaoban.traffic.quality.codecs import codec_of

NO_ANSWER = 408  # RFC 3261 §21.4.9: what a caller reports whose INVITE was never answered
NO_CALL = 481  # RFC 3261 §21.4.19: a command from a bridge without a call
QUEUEING = "queue_p99_ms"
"""The one metric of links for which every packet's waiting has to be known."""
"""Those for which the bytes of each window have to be counted."""
_REFUSED = re.compile(r"(?P<command>[a-z-]+): (?P<code>\d{3}) (?P<reason>.*)")
"""The text of a `control` event that tells of a command which was not carried out."""


@dataclass(frozen=True)
class Answer:
    """A result with what its documents are drawn from.

    `judged`: its phases as criteria look at them, by seconds of warming up: where something failed
    on purpose, measured without the interruptions by it. `reference`: what existing bridges were
    compared with; None: the first phase.
    """

    result: Result
    series: Series
    criteria: Criteria
    judged: Mapping[float, Sequence[Phase]]
    reference: Reference | None = None


def assemble(
    question: Question,
    captures: Captures,
    engine: Engine,
    run_id: str,
    rebuilt: Rebuilt | None = None,
    reference: Reference | None = None,
) -> Answer:
    """Measure every phase and judge. Raises `InputError` for the scenario's thresholds.

    `rebuilt`: queueing at every hop, where it is known already; None: it is rebuilt. `reference`:
    the pair of estimates by which existing bridges are judged, of an emulation too: an emulation
    without the new bridges would draw other losses.
    """
    plan = captures.plan
    criteria = criteria_of(question)
    pictures = FrameAnalyses(captures)
    by_second = BySecond(captures, pictures)
    measured = _measured(
        question, captures, criteria, rebuilt or rebuild(captures), pictures, by_second.look_at
    )
    judgement, faults = measured.judged(criteria, plan, reference), measured.faults
    existing = [call for call in plan.calls if not call.new]
    new = [call for call in plan.calls if call.new]
    own = devices(plan)
    qos = plan.network.qos
    classes = qos if qos is not None and by_class(qos) else None
    names = names_of(plan)
    failing = {fault.target_id for fault in faults if fault.target == "group"}
    names |= {g.id: g.name for g in question.province.groups if g.id in failing}
    result = Result(
        run_id=run_id,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        reason_codes=judgement.reason_codes,
        question=AskedQuestion(
            existing=[Named(id=c.bridge, name=c.name) for c in existing],
            new=[Named(id=c.bridge, name=c.name) for c in new],
            chair=question.province.chair.id,
            text_vi=question.scenario.question_vi,
            text_en=question.scenario.question,
            regulation=question.province.regulation,
        ),
        engine=engine,
        inputs=inputs_of(question),
        meeting=Meeting(
            floor=plan.meeting.floor,
            video=plan.meeting.video,
            layout=plan.meeting.layout,
            dial=plan.dial,
            encrypted=plan.encrypted,
            sound_devices_ms=own.sound_ms + 2 * plan.terminal.playout_ms,
            picture_devices_ms=own.picture_ms + plan.terminal.video_playout_ms,
            queueing="classes" if classes else "fifo",
            video_share_pct=classes.video_share_pct if classes else None,
        ),
        impairments=declared(question.scenario.impairments, plan.network),
        background=other_traffic(question.scenario.background, plan.network),
        faults=faults,
        refused_commands=_refused_commands(captures),
        phases=measured.phases,
        more_calls=_more_calls(plan, criteria),
        criteria=judgement.criteria,
        binding=judgement.binding,
        accepted=judgement.accepted,
        failed_without=judgement.failed_without,
        unjudged_limits=_unjudged_limits(question, criteria),
        assumptions=assumptions(question, criteria),
        unmodelled=unmodelled(question, estimate=engine.name == "estimate"),
        accounting=validity.accounting(captures),
        names=names,
    )
    drawn = series(question, captures, by_second, names, faults)
    return Answer(result, drawn, criteria, measured.found, reference)


def judged(
    question: Question,
    captures: Captures,
    criteria: Criteria,
    rebuilt: Rebuilt,
    reference: Reference | None,
) -> Judgement:
    """The judgement that `assemble` would come to, without what documents are made of.

    Args:
        criteria: the question's (`criteria_of`).
        reference: as of `assemble`.
    """
    needed, wanted = rebuilt if of_queues(criteria) else None, figures_of_streams(criteria)
    pictures = FrameAnalyses(captures)
    measured = _measured(question, captures, criteria, needed, pictures, wanted=wanted)
    return measured.judged(criteria, captures.plan, reference)


def measured_phases(captures: Captures, criteria: Criteria) -> list[Phase]:
    """Every phase of a plan as far as these criteria look at streams, without its links."""
    wanted = figures_of_streams(criteria)
    windows = [Window(phase) for phase in captures.plan.phases]
    bridges = bridges_in(captures, windows, FrameAnalyses(captures), wanted=wanted)
    return [
        Phase(
            name=phase.name,
            seconds=phase.end_s - phase.start_s,
            bridges=found,
            links=[],
            mcu=_mcu(captures, number),
        )
        for number, (phase, found) in enumerate(zip(captures.plan.phases, bridges, strict=True))
    ]


def figures_of_streams(criteria: Criteria) -> frozenset[str]:
    """The figures of streams and bridges that criteria look at, by their names in results."""
    measures = (each.measure for each in criteria.criterion)
    found = {
        measure.metric.partition(".")[0]
        for measure in measures
        if measure is not None and measure.on in ("stream", "bridge")
    }
    if any(each.id == DELAY_NO_WORSE for each in criteria.criterion):
        found.add("delay_p95_ms")
    return frozenset(found)


@dataclass(frozen=True)
class _Measured:
    """All that is judged: phases as they were, and as they are judged by seconds of warming up."""

    phases: list[Phase]
    found: Mapping[float, Sequence[Phase]]
    faults: list[FaultResult]
    invalid: list[Reason]

    def judged(self, criteria: Criteria, plan: Plan, reference: Reference | None) -> Judgement:
        return judge(
            self.found[0.0],
            criteria,
            existing=[call.bridge for call in plan.calls if not call.new],
            new=[call.bridge for call in plan.calls if call.new],
            invalid=self.invalid,
            warmed=self.found,
            faults=self.faults,
            length_min=plan.length_min,
            reference=reference,
        )


def _measured(
    question: Question,
    captures: Captures,
    criteria: Criteria,
    rebuilt: Rebuilt | None,
    pictures: FrameAnalyses,
    look_at: Callable[[CallPlan], None] | None = None,
    wanted: Container[str] | None = None,
) -> _Measured:
    """Measure every phase.

    Args:
        rebuilt: None: how long packets waited in queues is not wanted.
        look_at: told of each call while its streams are at hand.
        wanted: see `bridges_in`.
    """
    plan, seen = captures.plan, dict[int, validity.UnexpectedPackets]()

    def visit(call: CallPlan) -> None:
        if look_at is not None:
            look_at(call)
        for _, _, index in streams_of(call, KINDS):
            seen[index] = validity.unexpected_packets(captures, index)

    warm_ups = criteria.warm_ups()
    warmed = () if plan.faults else warm_ups

    @cache
    def links(number: int, warm_up_s: float) -> list[LinkResult]:
        return links_in(captures, number, rebuilt, warm_up_s)

    found = _phases(captures, links, pictures, warmed, visit, wanted)
    phases = found[0.0]
    impacts = Impacts(captures, pictures)
    faults = impacts.results(question.scenario)
    if plan.faults:
        calm = impacts.undisturbed()
        found = _phases(calm, links, FrameAnalyses(calm), warm_ups, wanted=wanted)
    return _Measured(phases, found, faults, validity.reasons(captures, seen))


def of_queues(criteria: Criteria) -> bool:
    """Whether a criterion needs how long packets waited at each hop."""
    return any(c.measure is not None and c.measure.metric == QUEUEING for c in criteria.criterion)


def criteria_of(question: Question) -> Criteria:
    """The default criteria with the scenario's own and its thresholds. Raises `InputError`."""
    scenario, plan, origin = question.scenario, question.plan, str(question.scenario_path)
    criteria = _of_any_run(question)
    for criterion in scenario.criteria:
        kinds = criterion.measure and criterion.measure.kinds
        if kinds == ("content",) and plan.content is None:
            raise InputError(
                '{origin}: criterion "{criterion}": nobody shows slides (allowed: kind '
                "audio or video, or a [content] table)",
                origin=origin,
                criterion=criterion.id,
            )
        if criterion.is_of_speech_quality and not speech_codec(plan).has_mos:
            raise InputError(
                '{origin}: criterion "{criterion}": {audio} has no MOS: {why} (allowed: another '
                "measure, or a call profile with one of {able})",
                origin=origin,
                criterion=criterion.id,
                audio=plan.audio.id,
                why=message(speech_codec(plan).reason),
                able=_able(question.profiles),
            )
    if not speech_codec(plan).has_mos:
        _refuse_thresholds_of_speech_quality(question, criteria)
        criteria = criteria.without_speech_quality()
    if plan.content is None:
        criteria = criteria.without("slides")
    if not plan.faults:
        criteria = criteria.without("faults")
    criteria.check_places(
        bridges=[call.bridge for call in plan.calls],
        links=[link.id for link in plan.network.links],
        phases=[phase.name for phase in plan.phases],
        origin=origin,
    )
    shortest_s = min(phase.end_s - phase.start_s for phase in plan.phases)
    for warm_up_s in criteria.warm_ups():
        if warm_up_s >= shortest_s:
            raise InputError(
                "{origin}: criterion: warm_up_s = {warm_up_s:g}: the shortest phase "
                "would be left out (allowed: below {shortest_s} s)",
                origin=origin,
                warm_up_s=warm_up_s,
                shortest_s=f"{shortest_s:g}",
            )
    return criteria


def _of_any_run(question: Question) -> Criteria:
    """The same with what a run has nothing to judge of. Raises `InputError`."""
    scenario = question.scenario
    return load_criteria(
        question.criteria_path,
        scenario.thresholds,
        str(question.scenario_path),
        scenario.criteria,
        regulation=question.province.regulation,
        province=str(question.province_path),
    )


def _unjudged_limits(question: Question, judged: Criteria) -> list[UnjudgedLimit]:
    """Return the limits of the scenario that are not among those of this run.

    They are no mistake: `giaoban faults` or a meeting of the catalogue may have
    what they are about.
    """
    scenario, known = question.scenario, {each.id for each in judged.criterion}
    unjudged = scenario.thresholds.keys() - known
    if not unjudged:
        return []
    return [
        UnjudgedLimit(
            id=each.id, name_en=each.name_en, name_vi=each.name_vi, why=each.judged_only_with
        )
        for each in _of_any_run(question).criterion
        if each.id in unjudged and each.judged_only_with is not None
    ]


def _refuse_thresholds_of_speech_quality(question: Question, criteria: Criteria) -> None:
    """Raises `InputError` for limits of the scenario's that nobody could judge."""
    audio, limits = question.plan.audio, question.scenario.thresholds
    what = Sentence(
        "{audio} has no MOS: {why} (allowed: no such threshold, or a call profile with one of "
        "{able})",
        audio=audio.id,
        why=message(speech_codec(question.plan).reason),
        able=_able(question.profiles),
    )
    found: list[Mistake] = [
        (("thresholds", each.id), limits[each.id], what)
        for each in criteria.criterion
        if each.is_of_speech_quality and each.id in limits
    ]
    if found:
        raise mistakes(question.scenario_path, found)


def _able(profiles: Profiles) -> str:
    """The sound whose quality a model tells."""
    return ", ".join(each.id for each in profiles.audio if codec_of(each.id).has_mos)


def inputs_of(question: Question) -> Inputs:
    """The files that a question was read from, tied to their bytes, with seed and program.

    Raises `InputError`: one of them is not any more what it was. Of a question that belongs to
    another this is not looked at: there may be thousands, and recordings are large.
    """
    if not question.of_another:
        refuse_changed(question.as_read)

    def of(path: Path) -> FileRef:
        return FileRef(path=path.name, sha256=question.as_read[path])

    at = commit()
    return Inputs(
        scenario=of(question.scenario_path),
        province=of(question.province_path),
        mcu=of(question.devices_path),
        criteria=of(question.criteria_path),
        files=[of(path) for path in question.files],
        meetings=[of(path) for path in question.meetings],
        seed=question.plan.seed,
        code=code_identity(),
        commit=at.ident,
        committed=at.clean,
    )


def _refused_commands(captures: Captures) -> list[RefusedCommand]:
    """What the control room asked for in vain, in order of time."""
    refused = []
    for e in captures.events_of(EventRecord):
        if isinstance(e, CommandWithoutCall):
            reason = "it has no call"
            refused.append(
                RefusedCommand(by=e.bridge, command=e.command, code=NO_CALL, reason=reason)
            )
        elif (
            isinstance(e, Controlled)
            and e.kind == "refused"
            and (said := _REFUSED.fullmatch(e.text))
        ):
            refused.append(
                RefusedCommand(
                    by=e.by,
                    command=said["command"],
                    on=e.bridge or None,
                    code=int(said["code"]),
                    reason=said["reason"],
                )
            )
    return refused


def _phases(
    captures: Captures,
    links: Callable[[int, float], list[LinkResult]],
    pictures: FrameAnalyses,
    warm_ups: Sequence[float] = (),
    visit: Callable[[CallPlan], None] | None = None,
    wanted: Container[str] | None = None,
) -> dict[float, list[Phase]]:
    """Every phase: whole (0), and but for each of these many seconds of its start as far as streams
    are concerned. `links`: of a phase's number and of these seconds. `visit`, `wanted`: see
    `bridges_in`."""
    planned, cuts = captures.plan.phases, [0.0, *warm_ups]
    windows = [Window(phase, warm_up_s) for warm_up_s in cuts for phase in planned]
    bridges = iter(bridges_in(captures, windows, pictures, visit, wanted))
    return {
        warm_up_s: [
            Phase(
                name=phase.name,
                seconds=phase.end_s - phase.start_s,
                bridges=next(bridges),
                links=links(number, warm_up_s),
                mcu=_mcu(captures, number),
            )
            for number, phase in enumerate(planned)
        ]
        for warm_up_s in cuts
    }


def _mcu(captures: Captures, number: int) -> McuResult:
    """The MCU in a phase; what happened before the first phase counts to it."""
    plan = captures.plan
    phase = plan.phases[number]
    start_ms = phase.start_s * 1000 if number else 0.0
    end_ms = phase.end_s * 1000
    mcu = captures.events_of(Joined, Left, who="mcu")
    latest = {e.bridge: e for e in mcu if e.t_ms < end_ms}
    joined = {b: e for b, e in sorted(latest.items()) if isinstance(e, Joined)}
    gone = {b: e.cause for b, e in sorted(latest.items()) if isinstance(e, Left)}
    within = [e for e in captures.events_of(EventRecord) if start_ms <= e.t_ms < end_ms]
    current, most = captures.held_in(number), captures.most_used(number)
    setups = [
        e.setup_ms for e in within if isinstance(e, Connected | Joined) and e.setup_ms is not None
    ]
    return McuResult(
        units_used=max((e.units or 0.0 for e, _ in current), default=0.0),
        units_total=plan.device.units_total,
        ports_used=max((e.ports or 0 for e, _ in current), default=0),
        ports_total=plan.device.ports_total,
        used_pct=most.pct,
        used_of=most.of,
        used_amount=most.amount,
        used_total=most.total,
        joined=list(joined),
        refused=[refused for e in within if (refused := _not_set_up(e)) is not None],
        downspeeded=[
            Downspeeded(bridge=b, asked=e.asked or "", given=e.given, reason=e.reason or "")
            for b, e in joined.items()
            if e.given is not None
        ],
        dropped=[b for b, cause in gone.items() if cause != PUT_OUT],
        put_out=[b for b, cause in gone.items() if cause == PUT_OUT],
        setup_network_ms_p95=round(float(np.percentile(setups, 95)), 3) if setups else None,
    )


def _not_set_up(e: EventRecord) -> Refused | None:
    """A call that came to nothing, as whoever made it tells."""
    if (isinstance(e, CallRefused) and e.who == "bridge") or isinstance(e, DialFailed):
        return Refused(bridge=e.bridge, code=e.code, reason=e.reason)
    if isinstance(e, TimedOut):
        return Refused(bridge=e.bridge, code=NO_ANSWER, reason="no answer")
    return None


def _more_calls(plan: Plan, criteria: Criteria) -> MoreCalls | None:
    """How many more calls the device takes beside all that the plan has, by its admission."""
    limit_pct = next((c.threshold for c in criteria.criterion if c.id == MCU_UNITS), None)
    if limit_pct is None:
        return None
    resolution, content = plan.profile.resolution, plan.content is not None
    to_limit, to_full = (
        room_beside(
            plan.device, resolution, len(plan.calls), pct, kbps=plan.line_kbps, content=content
        )
        for pct in (limit_pct, None)
    )
    return MoreCalls(
        resolution=resolution,
        limit_pct=limit_pct,
        to_limit=max(0, to_limit),
        to_full=max(0, to_full),
    )


def names_of(plan: Plan) -> dict[str, str]:
    """What people call the nodes of a plan; the MCU by its device."""
    names = {node.id: node.name for node in plan.network.nodes}
    return names | {plan.network.mcu.id: plan.device.name}
