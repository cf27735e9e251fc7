"""A verdict that follows from the losses declared, before any packet is estimated."""

from __future__ import annotations

from giaoban.results.judge.criteria import ARTEFACTS_PER_H, Criteria
from giaoban.results.judge.verdict import Judgement, judge
from giaoban.results.model.result import Phase
from giaoban.results.model.streams import BridgeResult, StreamResult
from giaoban.scenarios.measure.loss_events import LossEvents
from giaoban.scenarios.measure.streams import streams_of
from giaoban.scenarios.plan.plan import CallPlan, PhasePlan, Plan


def failure_by_losses(plan: Plan, criteria: Criteria, past_pct: float) -> Judgement | None:
    """Return the judgement of a plan whose declared losses alone make too many artefacts.

    None: they do not, by `past_pct` of the limit at least, or no criterion is on them.
    """
    own = [
        each
        for each in criteria.criterion
        if each.measure is not None
        and each.measure.metric == ARTEFACTS_PER_H
        and (each.sense, each.statistic, each.warm_up_s) == ("at-most", "worst", 0)
    ]
    events = LossEvents(plan)
    if not own or not events.any:
        return None
    phases = [_phase(plan, phase, events) for phase in plan.phases]
    found = judge(
        phases,
        criteria.model_copy(update={"criterion": own}),
        existing=(),
        invalid=(),
        length_min=plan.length_min,
    )
    margin_pct = None if found.binding is None else found.binding.margin_pct
    fails = found.verdict == "fail" and margin_pct is not None and margin_pct <= -past_pct
    return found if fails else None


def _phase(plan: Plan, phase: PhasePlan, events: LossEvents) -> Phase:
    bridges = [
        BridgeResult(id=call.bridge, name=call.name, streams=_streams(plan, call, phase, events))
        for call in plan.calls
        if call.dial_s < phase.end_s
    ]
    # the criterion looks at streams alone
    return Phase.model_construct(name=phase.name, seconds=1.0, bridges=bridges, links=[])


def _streams(
    plan: Plan, call: CallPlan, phase: PhasePlan, events: LossEvents
) -> list[StreamResult]:
    found = []
    for _, direction, index in streams_of(call, ("video",)):
        rate = events.per_hour(plan.streams[index], phase.start_s, phase.end_s)
        found.append(
            StreamResult(
                kind="video",
                direction="up" if direction == "up" else "down",
                packets_sent=1,  # the stream is there
                packets_received=1,
                packets_impaired=0,
                lost_pct=0.0,
                listener_lost_pct=0.0,
                loss_burst_max=0,
                jitter_ms=None,
                delay_p50_ms=None,
                delay_p95_ms=None,
                delay_p99_ms=None,
                mos=None,
                interruption_ms_max=None,
                artefacts_expected_per_h=rate,
                artefacts_per_h=rate,
            )
        )
    return found
