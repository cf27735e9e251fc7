"""What a check comes to where terminals and MCU do something else about lost packets of pictures: a
sentence, a table, and how to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.judge.criteria import (
    AUDIO_LOSS,
    BESIDE_THE_RUN,
    FRAMES_NOT_SHOWN,
    LONGEST_FREEZE,
    LOSS_NO_WORSE,
    MOS,
    PICTURE_DAMAGED,
    PICTURE_FROZEN,
    VIDEO_LOSS,
)
from giaoban.results.model.result import OFF, LossBehaviour, Result, TerminalsChecked
from giaoban.results.report.document import Block, Cell, Head, Par, Table, capital
from giaoban.results.report.meetings.meetings_table import FOUND, found
from giaoban.results.report.seed_words import passes_alone
from giaoban.results.report.whatif_summary import METHOD_WORDS
from giaoban.results.report.wording import Wording
from giaoban.translation import N_

TITLE = N_("Other terminals")
OF_LOSS = (
    *(VIDEO_LOSS, LONGEST_FREEZE, PICTURE_FROZEN, PICTURE_DAMAGED, FRAMES_NOT_SHOWN),
    *(AUDIO_LOSS, MOS, LOSS_NO_WORSE),
)
"""Criteria that what terminals do about losses may help to meet."""


def terminals_line(result: Result, say: Wording) -> str:
    """On which terminals the answer hangs, in a few sentences; '' where nothing else was tried."""
    own, others = result.meeting.on_loss, result.terminals
    if not others or own is None or result.verdict == "invalid":
        return ""
    return " ".join([*_decided(own, result, say), *_open(others, say)])


def terminals_table(result: Result, say: Wording) -> Iterator[Table]:
    """A row each thing that was tried; nothing where nothing was."""
    if result.terminals:
        columns = ((N_("all terminals and the MCU"), 64.0, "left"), *FOUND)
        yield Table(
            caption=say.gettext(TITLE),
            head=[[Head(capital(say.text(title))) for title, _, _ in columns]],
            rows=[
                [Cell(capital(say.on_loss(other.on_loss))), *found(other, result, say)]
                for other in result.terminals
            ],
            widths=[width for _, width, _ in columns],
            aligns=["left", *(align for _, _, align in FOUND)],
            small=True,
            gives=(3, 0, 1),
            ident="terminals-table",
        )


def other_terminals(result: Result, say: Wording) -> Iterator[Block]:
    """The sentence and the table."""
    if line := terminals_line(result, say):
        yield Par(line)
    yield from terminals_table(result, say)


def condition(result: Result, say: Wording) -> str:
    """What terminals and MCU have to do for a pass to hold; '' where it holds without, too."""
    own = result.meeting.on_loss
    met = [other.on_loss for other in result.terminals if other.verdict == "pass"]
    if result.verdict != "pass" or own is None or OFF in (own, *met):
        return ""
    return _either([own, *met], say)


def how_to_ask(result: Result, say: Wording) -> str:
    """That other terminals might carry what fails by losses alone, and how to try; else ''."""
    if result.verdict != "fail" or result.terminals or result.meeting.on_loss != OFF:
        return ""
    failed = {c.id for c in result.criteria if not c.ok} - {*BESIDE_THE_RUN}
    lost = any(
        stream.kind == "video" and stream.lost_pct
        for phase in result.phases
        for bridge in phase.bridges
        for stream in bridge.streams
    )
    if not lost or not failed or not failed.issubset(OF_LOSS):
        return ""
    return say.gettext(
        "Pictures lost packets: terminals that repair losses, or lower their rates, may carry it; "
        "giaoban check with --terminals tries them."
    )


def _decided(own: LossBehaviour, result: Result, say: Wording) -> Iterator[str]:
    """What it comes to with the run's own terminals, and with each that was tried."""
    passes = passes_alone(result)
    met = [other for other in result.terminals if other.verdict == "pass"]
    unmet = [other for other in result.terminals if other.verdict == "fail"]
    if passes and unmet:
        met_by = [own, *(other.on_loss for other in met)]
        does = _either(met_by, say)
        if OFF in met_by:  # what does nothing is nothing that they would have to do
            yield say.gettext(
                "At this seed the criteria are met where all terminals and the MCU {does}.",
                does=does,
            )
        elif result.verdict == "pass":
            yield say.gettext(
                "This holds on condition that all terminals and the MCU {does}.", does=does
            )
        else:  # other seeds or meetings of the catalogue do not pass
            yield say.gettext(
                "At this seed the criteria are met on condition that all terminals and the MCU "
                "{does}.",
                does=does,
            )
        yield from _unmet(unmet, result, say)
    elif passes and met:
        yield say.gettext(
            "It does not hang on this: where all terminals and the MCU {does}, the criteria are "
            "met, too ({how}, at this seed alone).",
            does=_either([other.on_loss for other in met], say),
            how=_how(met, say),
        )
    elif met:
        yield say.gettext(
            "The criteria would be met if all terminals and the MCU {does} ({how}, at this seed "
            "alone).",
            does=_either([other.on_loss for other in met], say),
            how=_how(met, say),
        )
    elif unmet:
        yield say.gettext(
            "Where all terminals and the MCU {does}, the criteria are not met either ({how}, at "
            "this seed alone).",
            does=_either([other.on_loss for other in unmet], say),
            how=_how(unmet, say),
        )


def _unmet(unmet: Sequence[TerminalsChecked], result: Result, say: Wording) -> Iterator[str]:
    """What the first of them fails by; what others do, the table says."""
    first, *rest = unmet
    yield say.gettext(
        "Where they {does}, the criteria are not met ({how}, at this seed alone): {what}.",
        does=say.on_loss(first.on_loss),
        what=say.within(first, result),
        how=_how([first], say),
    )
    if rest:
        does = _either([other.on_loss for other in rest], say)
        yield say.gettext("Nor are they met where they {does}.", does=does)


def _open(others: Sequence[TerminalsChecked], say: Wording) -> Iterator[str]:
    """Of which of them nothing is known, and why."""
    for why, text in (
        (
            "emulated",
            N_(
                "What it comes to where they {does} cannot be estimated; giaoban check with "
                "--terminals emulates it."
            ),
        ),
        ("refused", N_("In this scenario they cannot {does}.")),
    ):
        if left := [other.on_loss for other in others if other.untried == why]:
            yield say.gettext(text, does=_either(left, say))
    if unsure := [other.on_loss for other in others if other.verdict == "invalid"]:
        yield say.gettext(
            "Where they {does}, the emulation cannot be trusted.", does=_either(unsure, say)
        )


def _either(does: Sequence[LossBehaviour], say: Wording) -> str:
    return say.gettext(", or ").join(map(say.on_loss, does))


def _how(others: Sequence[TerminalsChecked], say: Wording) -> str:
    """By which methods they were tried."""
    methods = dict.fromkeys(METHOD_WORDS[other.engine] for other in others if other.engine)
    return " / ".join(map(say.say, methods))
