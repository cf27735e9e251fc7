"""An answer taken apart into cases, each judged by itself: what CI shows as tests, and what an
accepted answer is compared with. Data only; `giaoban.results.report.ci.answers` makes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from giaoban.results.model.quantities import FoundBy, Sense, Verdict

Status = Literal["pass", "fail", "invalid", "not-judged"]


def status_of(verdict: Verdict) -> Status:
    """Return the status of a verdict; an undecided one is a failure, as its exit code."""
    return "fail" if verdict == "undecided" else verdict


@dataclass(frozen=True)
class JudgedFigure:
    """What a case is judged by, where that is a figure; null `value`: it was not measured.

    `margin_pct`: how much of the allowance is unused, where the answer itself says it; not every
    allowance is the way from 0 to the limit.
    """

    value: float | None
    limit: float
    unit: str
    sense: Sense = "at-most"
    margin_pct: float | None = None


@dataclass(frozen=True)
class Case:
    """One thing that was judged.

    Attributes:
        id: the same from run to run, without times or paths: `mcu-units`, `cut:a--b`.
        name: what people call it, a sentence; '' where they call it by its id.
        lines: why it is not met: what, where, by how much. Sentences, English by themselves.
        at: what it is at, as input files name it: (`link`, `bridge`, `mcu` or `device`, its id).
        command: what tries this case alone again, where that is another command than the run's.
        folder: of the run that judged this case, where the command made several.
        accepted_as: the name by which that run would be accepted; '' where that cannot be.
        note: what else to know of a case that is met.
        gone: its element is not in the inputs any more, so that no command tries it alone.
        kind: what sort of failure it is, in a word.
    """

    id: str
    status: Status
    lines: Sequence[str] = ()
    figure: JudgedFigure | None = None
    at: tuple[str, str] | None = None
    command: str = ""
    folder: str = ""
    accepted_as: str = ""
    note: str = ""
    kind: str = "criteria"
    seconds: float = 0.0
    name: str = ""
    gone: bool = False

    @property
    def called(self) -> str:
        """Its name, or the id where it has none."""
        return self.name or self.id


@dataclass(frozen=True)
class Report:
    """A whole answer in cases.

    Attributes:
        command: of the command line, `check`.
        subject: what it is about, without a path: the scenario's id.
        verdict: the one that the exit code tells.
        headline: that verdict in a sentence, as the terminal's first line has it.
        judges: whether a case that fails makes the command fail; a sweep's points are findings.
        next: the command that is the next to be tried if it fails; '' for none.
        files: the inputs that a case's place is looked for in, the scenario first.
        method: how the answer was found, or (of what is confirmed by emulation only in part) was
            to be found; None: that is not known of it.
    """

    command: str
    subject: str
    verdict: Verdict
    headline: str
    cases: Sequence[Case]
    judges: bool = True
    next: str = ""
    files: Sequence[str] = field(default_factory=tuple)
    method: FoundBy | None = None

    @property
    def failed(self) -> list[Case]:
        """Those that are not met, or came to nothing."""
        return [case for case in self.cases if case.status in ("fail", "invalid")]

    def judged(self, verdict: Verdict, headline: str, cases: Sequence[Case]) -> Report:
        return replace(self, verdict=verdict, headline=headline, cases=cases, judges=True)
