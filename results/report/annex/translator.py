"""A language of the annex: numbers, names and sentences of one answer in Vietnamese or English."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from giaoban.counting import Count
from results.archive.evidence.answers import Answer
from results.model.failures import FailureResult
from results.model.faults import FaultResult
from results.model.in_use import InUse
from results.model.load import LoadResult
from results.model.result import (
    Assumption,
    Binding,
    CriterionResult,
    Impairment,
    RefusedCommand,
    Result,
)
from results.report import english as en
from results.report import vietnamese as vi
from results.report.annex.words import words
from results.report.fault_words import fault_place, fault_place_vi
from results.report.interrupted import interruptions, interruptions_vi
from results.report.plots.words import Lang
from results.report.seed_words import sentence, sentence_vi
from results.report.summary import device_delays, meeting_sentence

NBSP = vi.NBSP
CHAIR = " ("
"""A chair's name tells so in brackets, which sentences leave out."""


class Tongue:
    """Says what an answer holds; `of` is the answer it speaks of."""

    def __init__(self, lang: Lang, of: Answer) -> None:
        self.lang = lang
        self.vi = lang == "vi"
        self.words = words(lang)
        self.names = vi.Names(of) if self.vi else en.EnglishNames(of)
        self._of = of

    def __call__(self, key: str, *values: object) -> str:
        """A sentence by its key, with values in its places; `{0:one|more}` is by a number."""
        return self.words[key].format(*(Count(v) if type(v) is int else v for v in values))

    def number(self, value: float | None, digits: int = 2) -> str:
        return vi.number(value, digits) if self.vi else en.number(value, digits)

    def amount(self, value: float | None, unit: str) -> str:
        """A number with its unit, of which the first word stays on its line."""
        return vi.amount(value, unit) if self.vi else en.amount(value, unit)

    def run(self) -> str:
        """By what its run is called within a sentence."""
        kind = "load" if isinstance(self._of, LoadResult) else "check"
        return self(f"named {kind}", self._of.run_id)

    def percent(self, value: float | None, digits: int = 0) -> str:
        return "–" if value is None else f"{self.number(value, digits)}{NBSP}%"

    def time_ms(self, value_ms: float | None) -> str:
        """A time for a narrow column: tenths matter only to short ones."""
        return self.number(value_ms, 1 if value_ms is None or value_ms < 99.95 else 0)

    def in_use(self, use: InUse) -> str:
        """Of what most of the device is in use."""
        return vi.in_use(use) if self.vi else en.in_use(use)

    def criterion(self, c: CriterionResult) -> str:
        return c.name_vi if self.vi else c.name_en

    def value(self, c: CriterionResult) -> str:
        return self.in_unit(c.value, c)

    def in_unit(self, value: float | None, of: CriterionResult) -> str:
        """A number in a criterion's unit."""
        return self.amount(value, (self.vi and of.unit_vi) or of.unit)

    def limit(self, c: CriterionResult) -> str:
        return vi.limit(c) if self.vi else en.limit(c)

    def source(self, c: CriterionResult) -> str:
        return c.source_vi if self.vi else c.source

    def device_delays(self, result: Result) -> str:
        """What devices alone take of the delays; '' where that need not be said."""
        if self.vi:
            return vi.device_delays(result)
        return f"{text}." if (text := device_delays(result)) else ""

    def verdict(self, result: Result) -> str:
        return vi.verdict_sentence(result) if self.vi else en.verdict_sentence(result)

    def binding(self, binding: Binding | None, result: Result) -> str:
        say = vi.binding_sentence if self.vi else en.binding_sentence
        return say(binding, result, self.names)

    def how_sure(self, result: Result) -> str:
        """What other seeds say of the verdict, in one sentence."""
        return sentence_vi(result) if self.vi else sentence(result)

    def interruptions(self, result: Result) -> list[str]:
        """What failures that the check made came to at the bridges, in a sentence each."""
        return interruptions_vi(result) if self.vi else interruptions(result)

    def question(self) -> str:
        if isinstance(self._of, LoadResult):
            return self._of.question_vi if self.vi else self._of.question_en
        asked = self._of.question
        return asked.text_vi if self.vi else asked.text_en

    def meeting(self, result: Result) -> str:
        if self.vi:
            return vi.meeting_sentence(result.meeting)
        return meeting_sentence(result.meeting).removeprefix("The meeting: ")

    def impairment(self, item: Impairment) -> str:
        say = vi.impairment if self.vi else en.impairment
        return say(item, self.names)

    def command(self, refused: RefusedCommand) -> str:
        say = vi.refused_command if self.vi else en.refused_command
        return say(refused, self.names)

    def refusal(self, code: int) -> str:
        return vi.refusal(code) if self.vi else en.refusal(code)

    def resolution(self, name: str) -> str:
        return vi.resolution(name) if self.vi else en.resolution(name)

    def fault(self, fault: FaultResult) -> str:
        """What failed, and how: `đường truyền A – B: đứt cáp`."""
        if self.vi:
            return f"{fault_place_vi(fault, self._of.names)}: {fault.text_vi}"
        return f"{fault_place(fault, self._of.names)}: {fault.text_en}"

    def failure(self, failure: FailureResult) -> str:
        """A failure that was tried; links that its name has by their ids are named."""
        text = failure.name_vi if self.vi else failure.name_en
        for ident in self._of.names:
            if "--" in ident and ident in text:
                text = text.replace(ident, self.names.ends(ident))
        return text[:1].upper() + text[1:]

    def assumption(self, a: Assumption) -> Sequence[str]:
        """What, value, what it rests on, what would replace it."""
        if not self.vi:
            return a.what, a.value, a.source, a.settled_by
        return (
            a.what_vi or a.what,
            a.value_vi or a.value,
            a.source_vi or a.source,
            a.settled_by_vi or a.settled_by,
        )

    def bridge(self, ident: str) -> str:
        """A bridge's name without what stands behind it in brackets."""
        return self.names.of(ident).split(CHAIR)[0]

    def link(self, link: str, direction: str) -> str:
        """A direction of a link within a sentence."""
        text = self.names.link(link, direction)
        return text[:1].lower() + text[1:] if link.startswith("access-") else text

    def listed(self, idents: Sequence[str], name: Callable[[str], str] | None = None) -> str:
        return ", ".join((name or self.bridge)(ident) for ident in idents)
