"""The Vietnamese of the annex: numbers, names and sentences of one answer."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.names import ACCESS_PREFIX
from giaoban.results.model.answers import Answer
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.result import Assumption
from giaoban.results.model.run_ids import begun
from giaoban.results.model.studies.load import LoadResult
from giaoban.results.report.annex.words import WORDS
from giaoban.results.report.document import uncapital
from giaoban.results.report.wording import Wording

_DIGITS = 12
"""Of a commit, as `giaoban --version` shows it."""


class AnnexWording(Wording):
    """The wording of the annex; `of` is the answer it describes."""

    def __init__(self, of: Answer) -> None:
        super().__init__("vi", of)
        self._of = of

    def __call__(self, key: str, /, **values: object) -> str:
        """A sentence by its key, with values in its fields; `{count:one|more}` is by a number."""
        return self.fill(WORDS[key], **values)

    def run(self) -> str:
        """By what its run is called within a sentence."""
        kind = "load" if isinstance(self._of, LoadResult) else "check"
        return self(f"named {kind}", run=self._of.run_id)

    def simulated(self, key: str) -> str:
        """Return a sentence on the run's day and the program's version: the first digits of its
        commit, or of the sum of its sources where the commit is not known."""
        inputs, at = self._of.inputs, begun(self._of.run_id)
        day = self("day not known") if at is None else self.day(at.at)
        return self(key, day=day, version=(inputs.commit or inputs.code)[:_DIGITS])

    def time_ms(self, value_ms: float | None) -> str:
        """A time for a narrow column: tenths matter only to short ones."""
        return self.number(value_ms, 1 if value_ms is None or value_ms < 99.95 else 0)

    def question(self) -> str:
        assert not isinstance(self._of, LoadResult)
        asked = self._of.question
        return asked.text_vi or asked.text_en

    def fault_told(self, fault: FaultResult) -> str:
        """What failed, and how: `đường truyền A – B: đứt cáp`."""
        return self.fault_at(fault, self._of.names)

    def assumption(self, a: Assumption) -> Sequence[str]:
        """What, value, what it rests on, what would replace it."""
        pairs = (
            *((a.what, a.what_vi), (a.value, a.value_vi)),
            *((a.source, a.source_vi), (a.settled_by, a.settled_by_vi)),
        )
        return [self.either(en, vi) for en, vi in pairs]

    def link_within(self, link: str, direction: str) -> str:
        text = self.link(link, direction)
        return uncapital(text) if link.startswith(ACCESS_PREFIX) else text

    def listed(self, bridges: Sequence[str]) -> str:
        return ", ".join(map(self.bridge, bridges))
