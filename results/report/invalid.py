"""Why an answer cannot be trusted, in any language: with names of places instead of identifiers."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.translation import N_, SOURCE, Translator
from results.archive.evidence.answers import Answer
from results.model.failures import FaultsAnswer
from results.model.places import Place
from results.model.reasons import SENTENCES, Argument, Reason
from results.report.vietnamese import Names

UNKNOWN = N_("another technical deviation, told in the result's file")
_FAILURES = {
    "cut": N_("{what} cut"),
    "silent": N_("packets swallowed on {what}"),
    "router": N_("router {what} down"),
    "site": N_("power out at {what}"),
    "group": N_("shared cable {what} cut"),
    "mcu": N_("{what} down"),
}


def reasons(answer: Answer, say: Translator, names: Names) -> list[str]:
    """Why an invalid answer is, a sentence each; in English as its file has it.

    What has no code (of an emulation that gave nothing, or an answer of an earlier version of the
    program) is told in English alone.
    """
    if say.language == SOURCE:
        return answer.reasons
    if not isinstance(answer, FaultsAnswer):
        return _told(answer.reason_codes, len(answer.reasons), say, names)
    return [
        f"{failure_named(failure.id, say, names)}: {told}"
        for failure in answer.failures
        if failure.verdict == "invalid"
        for told in _told(failure.reason_codes, len(failure.reasons) or 1, say, names)
    ]


def failure_named(ident: str, say: Translator, names: Names) -> str:
    """A failure by its id: `đứt Gia Nghĩa ↔ Đắk Song`."""
    parts = []
    for part in ident.split("+"):
        kind, _, what = part.partition(":")
        name = names.both_ways(what) if kind in ("cut", "silent") else names.of(what or kind)
        parts.append(say.gettext(_FAILURES[kind], what=name))
    return say.gettext(" and ").join(parts)


def _told(found: Sequence[Reason], count: int, say: Translator, names: Names) -> list[str]:
    return [_sentence(reason, say, names) for reason in found] or [say.gettext(UNKNOWN)] * count


def _sentence(reason: Reason, say: Translator, names: Names) -> str:
    text = SENTENCES.get(reason.code, UNKNOWN)
    given = {key: _named(key, value, say, names) for key, value in reason.arguments.items()}
    return say.gettext(text, **given)


def _named(key: str, value: Argument, say: Translator, names: Names) -> str:
    """An argument as people read it: numbers with the language's signs, places by their names."""
    if not isinstance(value, str):
        return say.number(value)
    ident, _, detail = value.partition(" ")
    match key:
        case "line":
            return names.link(ident, detail) if detail else names.both_ways(ident)
        case "stream":
            return names.place(Place(kind="bridge", id=ident, detail=detail, phase=None))
        case "leg":
            return f"{names.of(ident)}, {names.way(detail)}"
        case "who":
            return "MCU" if value == "mcu" else names.of(value)
        case "router":
            return names.of(value)
    return value
