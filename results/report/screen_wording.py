"""What terminals and `summary.md` say of a check: shorter than its documents do.

In English they say phases, streams and refusals as files do, for whoever mends them. Other
languages have one way to say these, that of documents (`giaoban.results.report.wording`).
"""

from __future__ import annotations

from giaoban.results.model.off_by import OffBy
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.result import CriterionResult, Refused, Result
from giaoban.results.report.seed_words import (
    at_seed,
    by_luck,
    figure,
    luck,
    note,
    own,
    sentence,
    undecided,
)
from giaoban.results.report.wording import (
    NOT_SHOWN,
    Wording,
    failed_meeting,
    margin,
    margin_of,
)
from giaoban.sentence import Both, Sentence
from giaoban.translation import N_, SOURCE

ENGLISH = Wording(SOURCE)
_PASSED = "PASS{but} – the bridges may be connected"
_FAILED = "FAIL – the system does not meet the criteria with these bridges"
_FAILED_WITHOUT = "FAIL – the system fails already without these bridges"
_INVALID = "INVALID – the emulation cannot be trusted, so there is no answer"
_UNDECIDED = "UNDECIDED"
_VERDICTS = {"pass": _PASSED, "fail": _FAILED, "undecided": _UNDECIDED, "invalid": _INVALID}
_WITHOUT_NEW_BRIDGES = {
    "pass": "PASS{but} – the system as it is meets the criteria",
    "fail": "FAIL – the system as it is does not meet the criteria",
    "undecided": _UNDECIDED,
    "invalid": _INVALID,
}
MET = {True: Sentence("met"), False: Sentence("NOT MET"), None: Sentence("not judged")}
NOTHING_TO_MEASURE = N_("nothing to measure")


class ScreenWording:
    """The short form of what a check found."""

    def __init__(self, result: Result, say: Wording) -> None:
        self.result, self.say = result, say
        binds = result.binding if result.is_judged else None
        self._binds = None if binds is None else binds.criterion

    # what the columns of criteria hold

    def heading(self, key: str) -> str:
        return self.say.text(key)

    def criterion(self, c: CriterionResult) -> str:
        name = self.say.criterion(c)
        return f"▶ {name}" if c.id == self._binds else name

    def in_unit(self, value: float | None, c: CriterionResult) -> str:
        return self.say.in_unit(value, c)

    def limit(self, c: CriterionResult) -> str:
        return self.say.limit(c)

    def margin(self, c: CriterionResult) -> str:
        return self.say.say(margin(margin_of(c) if self.result.is_judged else None))

    def ok(self, c: CriterionResult) -> bool | None:
        return c.met if self.result.is_judged else None

    def met(self, c: CriterionResult) -> str:
        shown = c.shown or not self.result.is_judged
        return self.say.say(MET[self.ok(c)] if shown else Sentence(NOT_SHOWN))

    def where(self, c: CriterionResult) -> str:
        if c.place is None:
            return self.nowhere(c)
        return "" if c.margin_pct == 100 or (c.ok and c.value == 0) else self.place(c.place)

    def source(self, c: CriterionResult) -> str:
        return self.say.source(c)

    # the rest

    def nowhere(self, c: CriterionResult) -> str:
        """Why a criterion has no place."""
        return self.say.text(NOTHING_TO_MEASURE)

    def past(self, c: CriterionResult) -> str:
        """The limit of a criterion, within a sentence."""
        return self.limit(c)

    def place(self, place: Place) -> str:
        return self.say.place(place)

    def figure(self, value: float | None, unit: str, limit: float | None = None) -> str:
        """Return a value of another seed."""
        return self.say.amount(value, unit, limit)

    def stream(self, detail: str | None) -> str:
        """A stream of a bridge; `–` for none."""
        return "–" if detail is None else self.say.stream(detail)

    def phase(self, name: str) -> str:
        return self.say.phase(name)

    def refusal(self, refused: Refused) -> str:
        return self.say.refusal(refused.code)

    def device_delays(self) -> str:
        """What devices alone take of the delays; '' if that says nothing."""
        return self.say.device_delays(self.result)

    def note(self, sentence: str) -> str:
        """A sentence as a note beside the criteria."""
        return sentence

    def off_by(self, found: OffBy) -> Sentence:
        return found.told(self.place)

    def headline(self) -> str:
        return self.say.verdict(self.result)

    def seeds(self) -> str:
        """How sure the answer is."""
        return sentence(self.result, self.say)

    def binds(self, binding: Binding) -> str:
        """What the answer hangs on, in a line."""
        return self.say.binding(binding, self.result)

    def bound_by(self, binding: Binding) -> str:
        """The criterion that binds at another seed."""
        found = self.result.criterion(binding.criterion)
        return binding.criterion if found is None else self.say.criterion(found)


class EnglishScreenWording(ScreenWording):
    """The same, with the words of files for phases and streams, and notes without a full stop."""

    def in_unit(self, value: float | None, c: CriterionResult) -> str:
        return _amount(value, c.unit, c.threshold)

    def limit(self, c: CriterionResult) -> str:
        return ("≤ " if c.sense == "at-most" else "≥ ") + self.in_unit(c.threshold, c)

    def nowhere(self, c: CriterionResult) -> str:
        return c.worst_at

    def past(self, c: CriterionResult) -> str:
        return self.in_unit(c.threshold, c)

    def place(self, place: Place) -> str:
        return Wording(SOURCE, self.result).place(place)

    def figure(self, value: float | None, unit: str, limit: float | None = None) -> str:
        return figure(value, unit, limit)

    def stream(self, detail: str | None) -> str:
        return "–" if detail is None else detail

    def phase(self, name: str) -> str:
        return name

    def refusal(self, refused: Refused) -> str:
        return f"({refused.code} {refused.reason})"

    def device_delays(self) -> str:
        return self.note(self.say.device_delays(self.result, _amount))

    def note(self, sentence: str) -> str:
        return sentence.removesuffix(".")

    def headline(self) -> str:
        result = self.result
        words = _VERDICTS if result.question.new else _WITHOUT_NEW_BRIDGES
        accepted = Wording(SOURCE, result).accepted(result.accepted, result.faults)
        but = f", {accepted}" if accepted else ""
        said = words[result.verdict].format(but=but)
        if by_luck(result):
            said = f"FAIL – {luck(result, ENGLISH)}"
        elif result.verdict == "fail" and result.failed_without:
            said = _FAILED_WITHOUT
        if result.verdict == "undecided":
            said += f" – {undecided(result, ENGLISH)}"
        left = ENGLISH.reservations(result)
        if result.passes_at_other_seeds:
            left = [own(result, ENGLISH), *left]
        return f"{said} ({'; '.join(left)})" if left else said

    def seeds(self) -> str:
        return note(self.result)

    def binds(self, binding: Binding) -> str:
        result = self.result
        criterion = result.criterion(binding.criterion)
        name = criterion.name_en if criterion else binding.criterion
        if (at := at_seed(result)) is not None:
            value = _amount(at.binding.value, at.binding.unit, at.binding.threshold)
            most = _amount(at.binding.threshold, at.binding.unit, at.binding.threshold)
            return (
                f"Fails first, at seed {at.seed}: {at.criterion.name_en} at "
                f"{self.place(at.binding.place)} – {value}, limit {most}"
            )
        if (meeting := failed_meeting(result)) is not None:
            what = ENGLISH.within(meeting, result)
            return f"Fails first, in the meeting “{meeting.name}”: {what}"
        if criterion is not None and criterion.place is None:
            return f"Fails first: {name} – nothing to measure ({criterion.worst_at})"
        most = _amount(binding.threshold, binding.unit, binding.threshold)
        value = _amount(binding.value, binding.unit, binding.threshold)
        room = margin(binding.margin_pct)
        verb = "Binds" if criterion is None or criterion.ok else "Fails first"
        place = self.place(binding.place)
        line = f"{verb}: {name} at {place} – {value}, limit {most}, margin {room}"
        cause = Wording(SOURCE, result).loss_cause(binding, result)
        return f"{line}; {cause}" if cause else line


def screen_wording(result: Result, say: Wording) -> ScreenWording:
    made = EnglishScreenWording if say.language == SOURCE else ScreenWording
    return made(result, say)


def place_words(place: Place | None, result: Result) -> Both:
    """A place as files keep it beside its codes, in both languages; '' for nowhere."""
    return Both(Wording(SOURCE, result).place(place), Wording("vi", result).place(place))


def _amount(value: float | None, unit: str, limit: float | None = None) -> str:
    return "not measured" if value is None else figure(value, unit, limit)
