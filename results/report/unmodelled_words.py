"""What the model leaves out, in words: the sentence of a letter, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from giaoban.results.model.unmodelled import SPEECH_QUALITY, Errs, Unmodelled
from giaoban.results.report.document import Table, table
from giaoban.sentence import N_, Both, Sentence, joined, message

ERRS: dict[Errs, str] = {
    "too-kind": N_("too kind"),
    "too-strict": N_("too strict"),
    "either": N_("either way"),
    "unjudged": N_("not judged"),
}
"""In which direction it errs."""
GROUPS: dict[Errs, str] = {
    "too-kind": N_("{named} (the answer may be too kind)"),
    "too-strict": N_("{named} (it may be too strict)"),
    "either": N_("{named} (either way)"),
    "unjudged": N_("{named} (not judged)"),
}


def unrated_sound(found: Sequence[Unmodelled]) -> list[Sentence]:
    """That no MOS was judged, and why; nothing where it was."""
    said = N_("Speech quality (MOS) is not judged: {why}.")
    return [
        message(said, why=Both(each.why, each.why_vi))
        for each in found
        if each.id == SPEECH_QUALITY
    ]


def left_out_of(found: Sequence[Unmodelled]) -> Sentence:
    """The second sentence of a letter: by direction, in the order of the list."""
    groups = [
        message(GROUPS[errs], named=joined("; ", [Both(each.what, each.what_vi) for each in of]))
        for errs in get_args(Errs)
        if (of := [each for each in found if each.errs == errs])
    ]
    return Sentence(
        "Not among the assumptions, and left out of the model: {groups}.",
        groups=joined("; ", groups),
    )


def unmodelled_table(found: Sequence[Unmodelled]) -> Table:
    """Each with what is done instead, in which direction it errs, and what would settle it."""
    return table(
        (
            *(Sentence("left out"), Sentence("what is done instead"), Sentence("errs")),
            Sentence("would be settled by"),
        ),
        [
            (
                Both(each.what, each.what_vi),
                Both(each.instead, each.instead_vi),
                message(
                    "{errs}: {why}",
                    errs=message(ERRS[each.errs]),
                    why=Both(each.why, each.why_vi),
                ),
                Both(each.settled_by, each.settled_by_vi),
            )
            for each in found
        ],
    )
