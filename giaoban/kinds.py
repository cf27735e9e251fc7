"""Kinds of files by what stands in their `schema`: one of another kind is told as what it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from giaoban.sentence import N_, Sentence

KINDS: Mapping[str, str] = {
    "accounts": N_("a file of accounts"),
    "baseline": N_("a baseline"),
    "criteria": N_("a file of criteria"),
    "devices": N_("a file of devices"),
    "faults": N_("an answer about failures"),
    "headroom": N_("an answer of giaoban headroom"),
    "impairments": N_("a file of impairments"),
    "load": N_("an answer of giaoban load"),
    "meeting": N_("a meeting"),
    "meeting-result": N_("an answer of giaoban meeting"),
    "meetings": N_("a file of meetings"),
    "profiles": N_("a file of call profiles"),
    "project": N_("a project"),
    "province": N_("a province"),
    "ranges": N_("a file of ranges"),
    "result": N_("an answer of giaoban check"),
    "scenario": N_("a scenario"),
    "sensitivity": N_("an answer of giaoban sensitivity"),
    "sweep": N_("a sweep"),
    "unmodelled": N_("a list of what the model leaves out"),
    "variants": N_("a file of variants"),
    "whatif": N_("an answer of giaoban whatif"),
}
"""`province` of `giaoban.province/1`."""
_FORM = re.compile(r"giaoban\.([a-z-]+)/\d+")
_IN_JSON = re.compile(r"""\s*\{.{0,400}?"schema"\s*:\s*"(giaoban\.[a-z-]+/\d+)\"""", re.DOTALL)


def kind_in(schema: object) -> str | None:
    """The kind that a `schema` says, if it is one of ours."""
    found = _FORM.fullmatch(schema) if isinstance(schema, str) else None
    return found[1] if found and found[1] in KINDS else None


def other(schema: object, wanted: str) -> Sentence | None:
    """What a file is, if it is one of ours of another kind than is needed; None: it may be right.

    Another version of the right kind is no other kind.
    """
    is_, needed = kind_in(schema), kind_in(wanted)
    if is_ is None or needed is None or is_ == needed:
        return None
    return Sentence(
        "is {kind} ({schema}); {needed} is needed here ({wanted})",
        kind=Sentence(KINDS[is_]),
        schema=schema,
        needed=Sentence(KINDS[needed]),
        wanted=wanted,
    )


def other_json(text: str, wanted: str) -> Sentence | None:
    """The same of a text that is an answer of ours, which is JSON."""
    found = _IN_JSON.match(text)
    return other(found[1], wanted) if found else None
