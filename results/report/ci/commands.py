"""What to type about a case: to try it again, to look at it, to accept it, to go on from it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban.results.judge.cases import Case, Report
from giaoban.sentence import Sentence

WITH_VALUES = ("--only", "--jobs", "--also")
"""Options of `giaoban faults` that a single failure needs no more."""


@dataclass(frozen=True)
class Commands:
    """Of one run.

    Attributes:
        words: of the command line that made it, without `giaoban` and what says where to report.
        folder: of the run; None where nothing is kept.
        name: by which it would be accepted; '' where that cannot be.
    """

    words: Sequence[str]
    folder: Path | None = None
    name: str = ""

    @property
    def again(self) -> str:
        return _line(["giaoban", *self.words])

    @property
    def accept(self) -> str:
        """To accept the run as it is; '' if it cannot be."""
        return "" if self.folder is None else self._accepting(str(self.folder), self.name)

    def of(self, case: Case, report: Report) -> Iterator[Sentence]:
        """What to type about a case that is not met, a line each."""
        yield Sentence("again: {command}", command=self.trying(case, report))
        if folder := case.folder or self.folder:
            yield Sentence("run: {folder}", folder=folder)
        accept = self._accepting(case.folder, case.accepted_as) if case.folder else self.accept
        if accept and case.status == "fail":
            yield Sentence("accept: {command}", command=accept)
        if report.next:
            yield Sentence("next: {command}", command=report.next)

    def of_run(self, report: Report) -> Iterator[Sentence]:
        """The headline, and what made it."""
        yield Sentence(report.headline)
        yield Sentence("again: {command}", command=self.again)
        if self.folder is not None:
            yield Sentence("run: {folder}", folder=self.folder)

    def trying(self, case: Case, report: Report) -> str:
        """Return the command that tries a case alone: of a failure among many, that one."""
        if case.command:
            return case.command
        if report.command != "faults" or case.gone or (":" not in case.id and case.id != "mcu"):
            return self.again
        rest = without(self.words, WITH_VALUES)
        return _line(["giaoban", *rest, "--only", case.id])

    def _accepting(self, folder: str, name: str) -> str:
        if not name:
            return ""
        return f'{_line(["giaoban", "accept", folder, name])} --reason "…"'


def without(words: Sequence[str], options: Sequence[str]) -> list[str]:
    """Words of a command line without some options and their values."""
    rest: list[str] = []
    before = iter(words)
    for word in before:
        if word in options:
            next(before, None)
        elif word.partition("=")[0] not in options:
            rest.append(word)
    return rest


def _line(words: Sequence[str]) -> str:
    return " ".join(shlex.quote(word) for word in words)
