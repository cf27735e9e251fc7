"""Bridges that join one right after the other: whether it is the haste that fails, not the network.

Each that joins changes every picture, which is a burst of key frames on the MCU's line. The longer
the bursts, the farther apart bridges have to join for the bursts not to decide the 95th percentile
of delays: larger pictures, more calls and thinner lines make them longer. So where what streams get
fails, at the own seed or at another, it is asked once more with bridges joining half as fast; and
nobody who has chosen a pace is given another one.
"""

from __future__ import annotations

from typing import NamedTuple

from giaoban.results.model.result import Result
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.seeds import Judge
from giaoban.scenarios.study.whatif.apply import PACE_S, Base, ask
from giaoban.scenarios.study.whatif.variant import Variant

SLOWEST_S = 16.0
"""Four times slower than by default is no haste: then it is the network that fails."""


class SlowerJoin(NamedTuple):
    """A variant as it was judged, its pace perhaps among what it says, and the answer."""

    variant: Variant
    question: Question
    result: Result


def slower(base: Base, result: Result | None, pace_s: float) -> float | None:
    """The pace to ask with again after a result; None where haste is not what fails."""
    chosen = base.pace_s is not None
    if chosen or result is None or 2 * pace_s > SLOWEST_S or not _by_streams(result):
        return None
    return 2 * pace_s


def with_slower_joins(base: Base, variant: Variant, question: Question, judge: Judge) -> SlowerJoin:
    """A variant's answer at the first pace at which not what streams get fails.

    Fails that at every pace, or has the pace no part in it, it is the answer at the variant's own.

    Args:
        question: the variant's.

    Raises:
        InputError: as the judge.
    """
    first = SlowerJoin(variant, question, judge(question).result)
    asked, result, pace_s = question, first.result, variant.pace_s or PACE_S
    while variant.pace_s is None and (next_s := slower(base, result, pace_s)) is not None:
        pace_s = next_s
        paced = variant.model_copy(update={"pace_s": pace_s})
        again = ask(base, paced).question
        if again.plan.phases == asked.plan.phases:
            continue
        asked, result = again, judge(again).result
        if not _by_streams(result):
            return SlowerJoin(paced, asked, result)
    return first


def _by_streams(result: Result) -> bool:
    """Return whether it does not pass because of what streams get."""
    no_pass = result.verdict in ("fail", "undecided")
    return no_pass and result.binding is not None and result.binding.cause == "stream"
