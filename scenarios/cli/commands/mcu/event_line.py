"""What the MCU tells while it serves, a line an event, in the language of the reader.

In English a line has the names that the file of events has. What was done in a meeting has a `text`
in English, as it is on the wire: other languages leave it out where the other details say the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from giaoban.results.report.summaries.load_summary import CAUSES
from giaoban.sentence import Both, Sentence, joined, number
from giaoban.translation import pgettext, translator

EVENTS: Mapping[str, str] = {
    "joined": pgettext("mcu event", "joined"),
    "left": pgettext("mcu event", "left"),
    "refused": pgettext("mcu event", "refused"),
    "turned-away": pgettext("mcu event", "turned-away"),
    "dial-failed": pgettext("mcu event", "dial-failed"),
    "control": pgettext("mcu event", "control"),
}
"""What the MCU tells of."""
DETAILS: Mapping[str, str] = {
    "meeting": pgettext("mcu event", "meeting"),
    "role": pgettext("mcu event", "role"),
    "setup_ms": pgettext("mcu event", "setup_ms"),
    "asked": pgettext("mcu event", "asked"),
    "given": pgettext("mcu event", "given"),
    "reason": pgettext("mcu event", "reason"),
    "refused": pgettext("mcu event detail", "refused"),
    "cause": pgettext("mcu event", "cause"),
    "code": pgettext("mcu event", "code"),
    "kind": pgettext("mcu event", "kind"),
    "by": pgettext("mcu event", "by"),
    "text": pgettext("mcu event", "text"),
    "remedy": pgettext("mcu event", "remedy"),
    "expected_min": pgettext("mcu event", "expected_min"),
    "host": pgettext("mcu event", "host"),
    "lasted_s": pgettext("mcu event", "lasted_s"),
    "kbps": pgettext("mcu event", "kbps"),
}
"""What it tells of each."""
KINDS: Mapping[str, str] = {
    "audio": pgettext("mcu event", "audio"),
    "video": pgettext("mcu event", "video"),
    "content": pgettext("mcu event", "content"),
    "refused": pgettext("mcu event", "refused"),
    "request-to-speak": pgettext("mcu event", "request-to-speak"),
    "withdraw": pgettext("mcu event", "withdraw"),
    "call-to-speak": pgettext("mcu event", "call-to-speak"),
    "end-speech": pgettext("mcu event", "end-speech"),
    "muted": pgettext("mcu event", "muted"),
    "unmuted": pgettext("mcu event", "unmuted"),
    "layout": pgettext("mcu event", "layout"),
    "interruption": pgettext("mcu event", "interruption"),
    "report-due": pgettext("mcu event", "report-due"),
    "lost": pgettext("mcu event", "lost"),
    "waiting": pgettext("mcu event", "waiting"),
    "dialled": pgettext("mcu event", "dialled"),
    "rejoined": pgettext("mcu event", "rejoined"),
    "ended": pgettext("mcu event", "ended"),
    "dropped": pgettext("mcu event", "dropped"),
    "redial": pgettext("mcu event", "redial"),
    "present": pgettext("mcu event", "present"),
    "request-to-present": pgettext("mcu event", "request-to-present"),
}
"""Of media, and what was done in a meeting."""
VALUES: Mapping[str, Mapping[str, str]] = {
    "cause": CAUSES,
    "kind": KINDS,
    "refused": KINDS,
    "by": {"operator": pgettext("mcu event", "operator")},
    "command": {
        **KINDS,
        "mute": pgettext("mcu event", "mute"),
        "unmute": pgettext("mcu event", "unmute"),
    },
    "given": {"audio": KINDS["audio"]},
    "asked": {"audio": KINDS["audio"]},
}
"""What is one of few words; all else is what a meeting, a bridge, a SIP answer or a person says."""
ELSEWHERE = {"t_ms", "who", "event", "bridge", "units", "ports", "use"}
"""What stands at another place of the line, or only in the file."""


MORE_IN_TEXT = {"refused", "layout", "ended"}
"""What was done of which the text alone says all."""


def line_of(event: Mapping[str, Any]) -> Sentence:
    what: str = _word(EVENTS, event["event"])
    if event["bridge"]:
        what = Sentence("{event} {bridge}", event=what, bridge=event["bridge"])
    told = {k: v for k, v in event.items() if k not in ELSEWHERE and v != ""}
    if told:
        what = Sentence("{event}: {details}", event=what, details=_details(told))
    return Sentence(
        "{at:9.3f} s  {what} ({units:g} {units:unit|units}, {ports} {ports:port|ports} in use)",
        at=event["t_ms"] / 1000,
        what=what,
        units=event["units"],
        ports=event["ports"],
    )


def _details(told: Mapping[str, Any]) -> Sentence:
    every = _listed(told)
    if "text" not in told or told.get("kind") in MORE_IN_TEXT:
        return every
    others = _listed({key: value for key, value in told.items() if key != "text"})
    return Both(every, lambda: translator("vi").say(others))


def _listed(told: Mapping[str, Any]) -> Sentence:
    return joined(
        ", ",
        [
            Sentence("{detail} {value}", detail=_word(DETAILS, key), value=_value(key, value))
            for key, value in told.items()
        ],
    )


def _value(key: str, value: object) -> object:
    if isinstance(value, list):
        return joined("; ", [_word(VALUES.get(key, {}), str(each)) for each in value])
    if isinstance(value, float):
        return number(value, ".10g")
    return _word(VALUES.get(key, {}), value) if isinstance(value, str) else value


def _word(words: Mapping[str, str], word: str) -> str:
    return Sentence(words[word]) if word in words else word
