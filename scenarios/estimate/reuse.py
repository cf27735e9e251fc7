"""Questions asked again with some figures changed: what was found before is not found again."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from giaoban.scenarios.estimate.bounds import unbounded
from giaoban.scenarios.estimate.estimate import (
    AsJudged,
    EstimatedMeeting,
    estimate_meeting,
    judge_early,
    judge_meeting,
)
from giaoban.scenarios.estimate.media.captures import TraceCache
from giaoban.scenarios.estimate.media.sources import StreamCache
from giaoban.scenarios.measure.assemble import criteria_of, of_queues
from giaoban.scenarios.spec.question import Question

ONLY_JUDGED = (
    "packetisation_ms",
    "video_playout_ms",
    "encoding_ms",
    "decoding_ms",
    "sync_hold_ms",
)
"""Of a terminal: by these nothing else is sent, and nothing comes at another time."""


MOST_KEPT = 256
"""Questions whose answers are kept: some 10 MB."""


class _Before(NamedTuple):
    """What was judged of the meeting as far as it was held for `past_pct`."""

    past_pct: float | None
    judged: AsJudged


class CachingJudge:
    """`judge_early`, the same to the last digit, of one question after another.

    An answer is given again where the same would be found (`bounds`); a meeting that was held is
    judged again where only its judgement is another; streams that others had are not made again,
    nor measured again where they come as they did.
    """

    def __init__(self) -> None:
        self._before: dict[bytes, list[_Before]] = {}
        self._made = StreamCache()
        self._traces = TraceCache()
        self._held: tuple[str, EstimatedMeeting] | None = None
        """The last meeting that was held to its end, by all that it hangs on."""

    def __getstate__(self) -> dict[str, object]:
        """In another process what takes much room is made anew."""
        anew = {"_made": StreamCache(), "_traces": TraceCache(), "_held": None}
        return vars(self) | anew

    def __call__(self, question: Question, past_pct: float | None = 0.0) -> AsJudged:
        """As `judge_early`. Raises as it does."""
        if question.recordings:  # not part of a plan
            return judge_early(question, past_pct)
        key = _key(question)
        known = self._before[key] = self._before.pop(key, [])  # the last one is dropped last
        while len(self._before) > MOST_KEPT:
            del self._before[next(iter(self._before))]
        for before in known:
            if _serves(before, past_pct) and _is_of(before.judged, question):
                return before.judged
        held = self._hold(question, past_pct)
        judged = judge_meeting(question, held, self._traces)
        if self._held is None or self._held[1] is not held:
            held.estimated.close()
        if judged.bounds is not None:
            known.append(_Before(past_pct, judged))
        return judged

    def _hold(self, question: Question, past_pct: float | None) -> EstimatedMeeting:
        of = _held_by(question)
        if self._held is not None and self._held[0] == of:
            return self._held[1]
        held = estimate_meeting(question, past_pct, self._made)
        if self._held is not None:
            self._held[1].estimated.close()
        self._held = (
            None if held.estimated.meter.drops.any() or question.plan.watchful else (of, held)
        )
        return held


def _held_by(question: Question) -> str:
    """All that a meeting hangs on, as text."""
    plan, waits = question.plan, of_queues(criteria_of(question))
    judged = plan.terminal.model_copy(update=dict.fromkeys(ONLY_JUDGED, 0.0))
    return f"{waits} {plan.model_copy(update={'terminal': judged}).to_json()}"


def _is_of(judged: AsJudged, question: Question) -> bool:
    return judged.bounds is not None and judged.bounds.hold_for(question.plan)


def _serves(before: _Before, past_pct: float | None) -> bool:
    """Whether the meeting would have been held as far as it was."""
    if before.past_pct == past_pct:
        return True
    judged = before.judged
    return judged.whole and (past_pct is None or judged.judgement.verdict == "pass")


def _key(question: Question) -> bytes:
    text = unbounded(question.plan) + criteria_of(question).model_dump_json()
    return hashlib.sha256(text.encode()).digest()
