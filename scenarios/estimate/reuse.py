"""Questions asked again with some figures changed: what was found before is not found again."""

from __future__ import annotations

import hashlib
from threading import Lock
from typing import NamedTuple

from giaoban.scenarios.estimate.bounds import beyond_bounds
from giaoban.scenarios.estimate.estimate import (
    EarlyJudgement,
    EstimatedMeeting,
    estimate_meeting,
    foreseen_failure,
    judge_early,
    judge_meeting,
)
from giaoban.scenarios.estimate.limits import packets
from giaoban.scenarios.estimate.media.captures import TraceCache
from giaoban.scenarios.estimate.media.media import ResumableMeetings
from giaoban.scenarios.estimate.media.sources import KEPT_PACKETS, StreamCache
from giaoban.scenarios.estimate.network.hop_cache import HopCache
from giaoban.scenarios.estimate.signalling import TimelineCache
from giaoban.scenarios.measure.assemble import criteria_of, of_queues
from giaoban.scenarios.plan.question import Question

ONLY_JUDGED = (
    "packetisation_ms",
    "video_playout_ms",
    "encoding_ms",
    "decoding_ms",
    "sync_hold_ms",
)
"""Of a terminal: by these nothing else is sent, and nothing comes at another time."""


MOST_QUESTIONS, MOST_ANSWERS = 256, 32
"""So many questions are remembered that differ beyond bounds, and of each so many answers."""


class _KnownAnswer(NamedTuple):
    """What was judged of the meeting as far as it was held for `past_pct`."""

    past_pct: float | None
    judged: EarlyJudgement


class CachingJudge:
    """`judge_early`, the same to the last digit, of one question after another.

    An answer is given again where the same would be found (`bounds`); a meeting that was held is
    judged again where only its judgement is another; streams that others had are not made again,
    nor measured again where they come as they did. Threads may share it: they take turns.
    """

    def __init__(self) -> None:
        self._answers: dict[bytes, list[_KnownAnswer]] = {}
        self._begin()

    def _begin(self) -> None:
        self._turn = Lock()
        self._streams = StreamCache()
        self._traces = TraceCache()
        self._hops = HopCache()
        self._timelines = TimelineCache()
        self._resumable = b"", ResumableMeetings()
        """Of the question that was asked last."""
        self._held: tuple[str, EstimatedMeeting] | None = None
        """The last meeting that was held to its end, by all that it hangs on."""

    def __getstate__(self) -> dict[bytes, list[_KnownAnswer]]:
        """In another process what takes much room is made anew."""
        return self._answers

    def __setstate__(self, answers: dict[bytes, list[_KnownAnswer]]) -> None:
        self._answers = answers
        self._begin()

    def __call__(self, question: Question, past_pct: float | None = 0.0) -> EarlyJudgement:
        """As `judge_early`. Raises as it does."""
        if question.recordings:  # not part of a plan
            return judge_early(question, past_pct)
        if (known_failure := foreseen_failure(question, past_pct)) is not None:
            return known_failure
        with self._turn:
            meeting = _key(question)
            # artefacts are judged by the losses themselves, whichever packets they hit
            losses = [link.loss_pct for link in question.plan.network.links]
            key = hashlib.sha256(meeting + repr(losses).encode()).digest()
            answers = self._answers.pop(key, [])
            if answers:
                self._answers[key] = answers  # what was asked last is forgotten last
            for known in answers:
                if _serves(known, past_pct) and _is_of(known.judged, question):
                    return known.judged
            if self._resumable[0] != meeting:
                self._resumable[1].close()
                self._resumable = meeting, ResumableMeetings()
            judged = self._judge(question, past_pct)
            if judged.bounds is not None:
                self._answers[key] = [*answers[1 - MOST_ANSWERS :], _KnownAnswer(past_pct, judged)]
                while len(self._answers) > MOST_QUESTIONS:
                    del self._answers[next(iter(self._answers))]
            return judged

    def _judge(self, question: Question, past_pct: float | None) -> EarlyJudgement:
        if packets(question.plan) > KEPT_PACKETS:  # that much is not kept, here or there
            return judge_early(question, past_pct)
        key = _held_by(question)
        if self._held is not None:
            if self._held[0] == key:
                held = self._held[1]
                judged = judge_meeting(question, held, self._traces)
                # where somebody looked, nothing was missed: it would have ended for nobody;
                # and with faults all are held to their ends
                ends = held.early is not None or bool(question.plan.faults)
                if ends or _is_held_whole(judged, past_pct):
                    return judged
            self._held[1].estimated.close()
            self._held = None
        held = estimate_meeting(
            question,
            past_pct,
            self._streams,
            self._hops,
            self._resumable[1],
            self._timelines,
        )
        if held.early is None or not held.early.looked:
            self._held = key, held
            return judge_meeting(question, held, self._traces)
        try:
            return judge_meeting(question, held, self._traces)
        finally:
            held.estimated.close()


def _held_by(question: Question) -> str:
    """All that a meeting hangs on, as text."""
    plan, criteria = question.plan, criteria_of(question)
    kept = of_queues(criteria)
    judged = {
        "terminal": plan.terminal.model_copy(update=dict.fromkeys(ONLY_JUDGED, 0.0)),
    }
    return f"{kept} {plan.model_copy(update=judged).to_json()}"


def _is_of(judged: EarlyJudgement, question: Question) -> bool:
    return judged.bounds is not None and judged.bounds.hold_for(question.plan)


def _serves(known: _KnownAnswer, past_pct: float | None) -> bool:
    """Whether the meeting would have been held as far as it was."""
    if known.past_pct == past_pct:
        return True
    return _is_held_whole(known.judged, past_pct)


def _is_held_whole(judged: EarlyJudgement, past_pct: float | None) -> bool:
    """Whether a meeting of which this was found would be held to its end."""
    return judged.whole and (past_pct is None or judged.judgement.verdict == "pass")


def _key(question: Question) -> bytes:
    text = beyond_bounds(question.plan) + criteria_of(question).model_dump_json()
    return hashlib.sha256(text.encode()).digest()
