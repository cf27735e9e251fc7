"""Whether a meeting that is still held fails whatever is to come.

Some figures can only get worse while a phase lasts: how long pictures stood still in the worst
twenty seconds of it, say. Where one of them is past its limit, the verdict is known, and the rest
of the meeting need not be estimated: who only asks for the verdict is answered many times as soon.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import replace

from giaoban.clock import SECOND_NS
from giaoban.results.judge.criteria import Criteria
from giaoban.results.judge.metrics import ONLY_GROWS
from giaoban.results.judge.verdict import Judgement, judge
from giaoban.scenarios.estimate.media.captures import captures_of
from giaoban.scenarios.estimate.media.media import EstimatedTraffic
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.measure.assemble import measured_phases, of_jitter
from giaoban.scenarios.plan.plan import PhasePlan, Plan

LOOK_S = 2.0
"""A phase under way is looked at so often, where anything was missed in it."""
SETTLED_S = 2.0
"""What was due so long ago has come, or comes too late to be shown."""


class EarlyStop:
    """Looks at a meeting under way; what it finds is the judgement of what was held of it."""

    def __init__(self, plan: Plan, criteria: Criteria, past_pct: float) -> None:
        """`past_pct`: a limit counts as passed by at least this share of its allowance."""
        self._plan = plan
        growing = [
            each
            for each in criteria.criterion
            if each.measure is not None
            and each.measure.metric in ONLY_GROWS
            and (each.sense, each.statistic, each.warm_up_s) == ("at-most", "worst", 0)
        ]
        self._criteria = criteria.model_copy(update={"criterion": growing}) if growing else None
        self.past_pct = past_pct
        self._cuts = list(_cuts(plan))[::-1]
        self._cut = plan.phases[0]
        self._missed: set[int] = set()
        """Streams that missed something in the phase under way."""
        self._last_missed_s = 0.0
        self.found: Judgement | None = None
        self.looked = False
        """Whether anything was missed: else the meeting is held to its end, come what may."""

    def copy(self) -> EarlyStop:
        """As it is now."""
        other = copy.copy(self)
        other.go_on_from(self)
        return other

    def go_on_from(self, other: EarlyStop) -> None:
        """Know of a meeting what another one knows of one that came as far as this just so."""
        self._cuts, self._cut = list(other._cuts), other._cut
        self._missed, self._last_missed_s = set(other._missed), other._last_missed_s
        self.found, self.looked = other.found, other.looked

    def is_due(self, now_ns: int, missed: Iterable[int]) -> bool:
        """Told of every step: which flows missed something in it. Whether to `look` now."""
        own = set(missed)
        self._missed |= own
        if own:
            self._last_missed_s = now_ns / SECOND_NS
        due = False
        while self._cuts and self._cuts[-1].end_s + SETTLED_S <= now_ns / SECOND_NS:
            self._cut = self._cuts.pop()
            whole = self._is_whole(self._cut)
            # who misses nothing more has seen the end of what it missed
            due |= whole or self._cut.end_s - LOOK_S <= self._last_missed_s
            if whole:
                break
        self.looked |= bool(self._missed)
        return due and bool(self._missed) and self._criteria is not None

    def look(self, timeline: Timeline, estimated: EstimatedTraffic) -> bool:
        """Whether the meeting, as far as it was held, fails already: `found` says how."""
        assert self._criteria is not None
        hit = [
            call
            for call in self._plan.calls
            if self._missed & {*call.up.values(), *call.down.values()}
        ]
        held = self._plan.model_copy(update={"phases": [self._cut], "calls": hit})
        if self._is_whole(self._cut):
            self._missed.clear()
        if not hit:
            return False
        jitter = of_jitter(self._criteria)
        captures = captures_of(self._plan, timeline, estimated, jitter=jitter)
        captures = replace(captures, plan=held)
        phases = measured_phases(captures, self._criteria)
        judgement = judge(phases, self._criteria, existing=(), invalid=())
        margin_pct = None if judgement.binding is None else judgement.binding.margin_pct
        if judgement.verdict != "fail" or margin_pct is None or margin_pct > -self.past_pct:
            return False
        self.found = judgement
        return True

    def _is_whole(self, cut: PhasePlan) -> bool:
        return any(phase.end_s == cut.end_s for phase in self._plan.phases)


def _cuts(plan: Plan) -> Iterator[PhasePlan]:
    """Beginnings of every phase, the last of each the whole of it, in order of time."""
    for phase in plan.phases:
        end_s = phase.start_s + LOOK_S
        while end_s < phase.end_s:
            yield phase.model_copy(update={"end_s": end_s})
            end_s += LOOK_S
        yield phase
