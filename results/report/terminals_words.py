"""What a check comes to where terminals and MCU do something else about lost packets of pictures: a
sentence, a table, and how to ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.judge.criteria import (
    AUDIO_LOSS,
    BESIDE_THE_RUN,
    LONGEST_FREEZE,
    LOSS_NO_WORSE,
    MOS,
    PICTURE_ARTEFACTS,
    PICTURE_DAMAGED,
)
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import OFF, LossBehaviour, Result, TerminalsChecked
from giaoban.results.report.document import Block, Cell, Head, Par, Table, capital
from giaoban.results.report.meetings_table import FOUND, found
from giaoban.results.report.seed_words import passes_alone
from giaoban.results.report.wording import ALL_OF_THEM, METHOD_WORDS, Wording, on_loss
from giaoban.sentence import Sentence, message
from giaoban.translation import N_

TITLE = N_("Other terminals")
OF_PICTURES = (PICTURE_ARTEFACTS, LONGEST_FREEZE, PICTURE_DAMAGED)
"""Criteria that what terminals do about lost packets of pictures may help to meet."""
OF_LOSS = (*OF_PICTURES, AUDIO_LOSS, MOS, LOSS_NO_WORSE)
"""Criteria that are not met where packets are lost; lower rates may help with all of them."""

ON_CONDITION = N_("This holds on condition that all terminals and the MCU {does}.")
_MET = N_(
    "In the scenario’s own meeting the criteria are met where all terminals and the MCU {does} "
    "({how}, at this seed alone)."
)
_MET_TOO = N_(
    "In the scenario’s own meeting the criteria are met, too, where all terminals and the MCU "
    "{does} ({how}, at this seed alone)."
)
_UNMET = N_(
    "The criteria are not met where all terminals and the MCU {does} ({how}, at this seed alone): "
    "{what}."
)
_DISTRUSTED = N_(
    "What it comes to where all terminals and the MCU {does} cannot be trusted: {why}."
)
_NOT_TRIED = {
    "refused": N_("In this scenario terminals and MCU cannot {does}."),
    "emulated": N_("What it comes to where all terminals and the MCU {does} was not tried: {why}."),
}


def terminals_line(result: Result, say: Wording) -> str:
    """On which terminals the answer hangs, in a few sentences; '' where nothing else was tried."""
    own, others = result.meeting.on_loss, result.terminals
    if not others or own is None or result.verdict == "invalid":
        return ""
    return " ".join([*_tried(own, result, say), *_open(others, say)])


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
    if line := terminals_line(result, say):
        yield Par(line)
    yield from terminals_table(result, say)


def condition(verdict: Verdict, own: LossBehaviour | None, say: Wording) -> str:
    """What terminals and MCU have to do for a pass to hold, as it was found with those alone; ''
    where they do nothing. What one estimate at one seed said without is no reason to leave it out.
    """
    return "" if verdict != "pass" or own in (None, OFF) else say.on_loss(own)


def rests_on(own: LossBehaviour | None) -> list[Sentence]:
    """What terminals and MCU do about losses, which all of an answer rests on; nothing where they
    do nothing, or an answer of before does not say."""
    return [] if own in (None, OFF) else [message(ALL_OF_THEM, does=on_loss(own))]


def rests_on_other(was: LossBehaviour | None, now: LossBehaviour | None) -> list[Sentence]:
    """What a comparison rests on: what they do now, and before, where that is something else."""
    if was is None or now is None or was == now:
        return rests_on(now)
    return [
        Sentence(
            "Before, all terminals and the MCU {was}; now they {does}.",
            was=on_loss(was),
            does=on_loss(now),
        )
    ]


def other_in_b(a: LossBehaviour | None, b: LossBehaviour | None) -> list[Sentence]:
    """What of two runs terminals and MCU do differently; nothing where it is the same, or an answer
    of before does not say."""
    if a is None or b is None or a == b:
        return []
    return [
        Sentence("In A all terminals and the MCU {a}; in B they {b}.", a=on_loss(a), b=on_loss(b))
    ]


def how_to_ask(result: Result, say: Wording) -> str:
    """How to try other terminals: those of which no estimate can tell, or that might carry what
    fails by losses of pictures alone; else ''."""
    if any(other.untried == "emulated" for other in result.terminals):
        return say.gettext("giaoban check with --terminals emulates what other terminals come to.")
    if result.verdict != "fail" or result.terminals or result.meeting.on_loss != OFF:
        return ""
    if result.meeting.video == "switched" or any(i.target == "bridge" for i in result.impairments):
        return ""  # nothing can be repaired then
    failed = {c.id for c in result.criteria if not c.ok} - {*BESIDE_THE_RUN}
    lost = any(stream.kind == "video" and stream.lost_pct for stream in result.streams)
    if not lost or failed.isdisjoint(OF_PICTURES) or not failed.issubset(OF_LOSS):
        return ""
    return say.gettext(
        "Pictures lost packets: terminals that repair losses, or lower their rates, may carry it; "
        "giaoban check with --terminals tries them."
    )


def _tried(own: LossBehaviour, result: Result, say: Wording) -> Iterator[str]:
    """On what a pass was found to hang, and what it comes to with each that was tried.

    Each was tried at the run's own seed, in the scenario's own meeting, and by all terminals alike.
    """
    unmet = [other for other in result.terminals if other.verdict == "fail"]
    if result.verdict == "pass" and OFF in [other.on_loss for other in unmet]:
        yield say.gettext(ON_CONDITION, does=say.on_loss(own))
    met = _MET_TOO if passes_alone(result) else _MET
    for other in result.terminals:
        if other.verdict in ("pass", "fail"):
            text = met if other.verdict == "pass" else _UNMET
            yield say.gettext(
                text,
                does=say.on_loss(other.on_loss),
                how=_how(other, say),
                what=say.within(other, result),
            )


def _open(others: Sequence[TerminalsChecked], say: Wording) -> Iterator[str]:
    """Of which of them nothing is known, and why; what forbids it in a file, result.json says."""
    for other in others:
        text = _DISTRUSTED if other.verdict == "invalid" else _NOT_TRIED.get(other.untried or "")
        if text is not None:
            why = "; ".join(say.why_not(other))
            yield say.gettext(text, does=say.on_loss(other.on_loss), why=why)


def _how(other: TerminalsChecked, say: Wording) -> str:
    return "" if other.engine is None else say.say(METHOD_WORDS[other.engine])
