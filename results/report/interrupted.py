"""What failures that a check made itself came to at the bridges, in a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from results.judge.under_faults import longest_interruption
from results.model.faults import FaultImpact, FaultResult
from results.model.result import CriterionResult, Result
from results.report import english, vietnamese
from results.report.fault_words import fault_named, fault_named_vi

LONGEST = "fault-interruption"
"""The criterion whose limit an interruption has."""


class _Words(NamedTuple):
    """Of one language; `away` is of a bridge that was gone for some seconds."""

    longest: str
    none: str
    all_behind: str
    behind: str
    away: str
    to_the_end: str
    limit: Callable[[CriterionResult], str]
    within: str
    amount: Callable[[float | None, str], str]
    second: str
    named: Callable[[FaultResult, dict[str, str]], str]
    place: Callable[[Result], vietnamese.Names]


_VI = _Words(
    "Gián đoạn dài nhất của điểm cầu còn đường truyền khác: {0}, tại {1}{2}.",
    "Không điểm cầu nào còn đường truyền khác bị gián đoạn.",
    "Không điểm cầu nào còn đường truyền khác khi có sự cố.",
    "Điểm cầu không còn đường truyền khác khi có sự cố “{0}” nên không tính vào tiêu chí: {1}.",
    "{0} (mất liên lạc {1})",
    "{0} (mất liên lạc đến hết phiên họp)",
    vietnamese.limit,
    " (ngưỡng {0})",
    vietnamese.amount,
    "giây",
    fault_named_vi,
    vietnamese.Names,
)
_EN = _Words(
    "The longest interruption of a bridge that had another way: {0}, at {1}{2}.",
    "No bridge that had another way was interrupted.",
    "No bridge had another way while something had failed.",
    "Bridges that had no other way during “{0}”, so that the criteria do not count them: {1}.",
    "{0} (away for {1})",
    "{0} (away to the end of the meeting)",
    english.limit,
    " (limit {0})",
    english.amount,
    "s",
    fault_named,
    english.EnglishNames,
)


def interruptions(result: Result) -> list[str]:
    """In English; nothing of a run without failures, or one that cannot be trusted."""
    return list(_sentences(result, _EN))


def interruptions_vi(result: Result) -> list[str]:
    """The same in Vietnamese."""
    return list(_sentences(result, _VI))


def _sentences(result: Result, words: _Words) -> Iterator[str]:
    if not result.faults or result.verdict == "invalid":
        return
    names = words.place(result)
    longest = longest_interruption(result.faults)
    limit = next((c for c in result.criteria if c.id == LONGEST), None)
    if all(impact.behind for fault in result.faults for impact in fault.bridges):
        yield words.all_behind
    elif not longest.value:
        yield words.none
    else:
        within = "" if limit is None else words.within.format(words.limit(limit))
        where = names.place(longest.place)
        yield words.longest.format(words.amount(longest.value, "ms"), where, within)
    for fault in result.faults:
        gone = [_away(hit, names, words) for hit in fault.bridges if hit.behind and hit.noticed]
        if gone:
            yield words.behind.format(words.named(fault, result.names), "; ".join(gone))


def _away(hit: FaultImpact, names: vietnamese.Names, words: _Words) -> str:
    """A bridge behind what failed, and from when to when nothing could reach it."""
    name = names.of(hit.bridge).split(" (")[0]
    if hit.gone_ms is None:
        return name
    if hit.back_ms is None:
        return words.to_the_end.format(name)
    seconds = round((hit.back_ms - hit.gone_ms) / 1000, 1)
    return words.away.format(name, words.amount(seconds, words.second))
