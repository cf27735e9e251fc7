"""What changed since an answer about failures was accepted: sentences by code, with arguments.

What compares names the code; a file keeps it with its arguments and the sentence in English with
identifiers, and a document says it with names in its language
(`giaoban.results.report.display_names`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from giaoban.results.model.reasons import Argument
from giaoban.sentence import N_, Sentence

CUT_OFF, UNINTERRUPTED = "cut-off", "not-interrupted"
"""States of a bridge beside a number, which is an interruption in ms."""
STATES = ("now", "was")
"""Arguments that are states. Of the others a `bridge`, `bridges` and `elements` of the network in a
row (`in_a_row`), `line` and `was_line` (`link from->to`) are names; the rest are figures, words."""

CHANGES: Mapping[str, str] = {
    "other-scenario": N_("scenario {path} is not the file that was accepted"),
    "other-province": N_("province {path} is not the file that was accepted"),
    "other-seed": N_("seed is {seed} (was: {was_seed})"),
    "bridge-gone": N_("bridge {bridge} is not in the meeting any more"),
    "bridge-new": N_("bridge {bridge} is new in the meeting"),
    "element-gone": N_("{elements} {n:is|are} not in the network any more"),
    "not-tried": N_("was accepted, but has not been tried this time"),
    "new": N_("is new"),
    "new-fails": N_("is new and fails"),
    "new-cuts-off": N_("is new: {bridges} {n:is|are} cut off"),
    "new-bridge-cut-off": N_("{bridge}, which is new, is cut off"),
    "interruption": N_("{bridge} is {now} (was: {was})"),
    "interruption-by": N_("{bridge} is {now} (was: {was}; {by_ms:+.1f} ms)"),
    "mending": N_("{bridge} is {now} by the mending (was: {was})"),
    "mending-by": N_("{bridge} is {now} by the mending (was: {was}; {by_ms:+.1f} ms)"),
    "packets-lost": N_("{packets} {packets:packet|packets} lost (was: {was_packets}; {by:+d})"),
    "peak": N_("{line} at {pct:.1f} % (was: {was_pct:.1f} %)"),
    "peak-elsewhere": N_("{line} at {pct:.1f} % (was: {was_pct:.1f} % at {was_line})"),
    "passes": N_("passes (was: fail)"),
    "fails": N_("fails (was: pass)"),
    "fails-not-judged": N_("fails (was: not judged)"),
}


def in_a_row(ids: Iterable[str]) -> str:
    """Several identifiers as one argument."""
    return ", ".join(ids)


def change_sentence(
    code: str,
    arguments: Mapping[str, Argument],
    named: Callable[[str, Argument], object] | None = None,
) -> Sentence:
    """A change in words; `named` gives what an argument is called, None: by identifiers.

    Raises:
        KeyError: there is no such code.
    """
    named = named or _as_filed
    return Sentence(
        CHANGES[code],
        **{
            key: _state(value) if key in STATES else named(key, value)
            for key, value in arguments.items()
        },
    )


def _as_filed(name: str, value: Argument) -> Argument:
    return f"link {value}" if name == "line" else value


def _state(value: Argument) -> Sentence:
    if value == CUT_OFF:
        return Sentence("cut off")
    if value == UNINTERRUPTED:
        return Sentence("not interrupted")
    return Sentence("interrupted {ms:.1f} ms", ms=value)
