"""Why an answer cannot be trusted, in any language: with names of places instead of identifiers."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.results.archive.evidence.answers import Answer
from giaoban.results.model.failures import FaultsAnswer
from giaoban.results.model.places import Place
from giaoban.results.model.reasons import SENTENCES, Argument, Reason
from giaoban.results.report.wording import Wording
from giaoban.translation import N_

UNKNOWN = N_("another technical deviation, told in the result's file")


def reasons(answer: Answer, say: Wording) -> list[str]:
    """Why an invalid answer is, a sentence each; in English as its file has it.

    What has no code (of an emulation that gave nothing, or an answer of an earlier version of the
    program) is told in English alone.
    """
    if say.english:
        return answer.reasons
    if not isinstance(answer, FaultsAnswer):
        return in_words(answer.reason_codes, len(answer.reasons), say)
    return [
        f"{say.failure(failure)}: {told}"
        for failure in answer.failures
        if failure.verdict == "invalid"
        for told in in_words(failure.reason_codes, len(failure.reasons) or 1, say)
    ]


def in_words(found: Sequence[Reason], count: int, say: Wording) -> list[str]:
    """A sentence each; of `count` that have no code, that there are so many."""
    return [_sentence(reason, say) for reason in found] or [say.gettext(UNKNOWN)] * count


def _sentence(reason: Reason, say: Wording) -> str:
    text = SENTENCES.get(reason.code, UNKNOWN)
    given = {key: _named(key, value, say) for key, value in reason.arguments.items()}
    return say.gettext(text, **given)


def _named(key: str, value: Argument, say: Wording) -> str:
    """An argument as people read it: numbers with the language's signs, places by their say."""
    if not isinstance(value, str):
        return say.number(value)
    ident, _, detail = value.partition(" ")
    match key:
        case "line":
            return say.link(ident, detail) if detail else say.both_ways(ident)
        case "stream":
            return say.place(Place(kind="bridge", id=ident, detail=detail, phase=None))
        case "leg":
            return f"{say.of(ident)}, {say.way(detail)}"
        case "who":
            return "MCU" if value == "mcu" else say.of(value)
        case "router":
            return say.of(value)
    return value
