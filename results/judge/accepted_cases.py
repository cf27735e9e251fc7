"""An accepted answer of any kind, case by case: a file that is reviewed as text, and what got worse
since. Answers about failures have one of their own, `giaoban.results.judge.baseline`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from giaoban.errors import NOTHING, InputError
from giaoban.names import slug
from giaoban.provenance import Text
from giaoban.results.judge.baseline import (
    LONGEST_NAME,
    OF_FAULTS,
    Baseline,
    Name,
    found_by,
    path_of,
    read,
)
from giaoban.results.judge.baseline import SCHEMA as FAULTS_SCHEMA
from giaoban.results.judge.cases import Case, JudgedFigure, Report, Status
from giaoban.results.model.quantities import FoundBy, Method, Verdict
from giaoban.results.model.studies.failures import ChangeSense
from giaoban.sentence import N_, Both, Sentence, joined, shown
from giaoban.tomlfile import StrictModel, dumps, load, parse, read_text
from giaoban.translation import unit_words

OF_CASES = "giaoban.accepted-cases/"
SCHEMA = f"{OF_CASES}1"
HEAD = (
    "# Accepted with `giaoban accept`; what differs from it is told by\n"
    "# `giaoban {command} … --baseline {name}`.\n"
)


class CaseTolerance(StrictModel):
    """By how much a figure may be worse before it counts, in percent of its limit, and why."""

    pct: Annotated[float, Field(ge=0, le=100)] = 1.0
    reason: Text = (
        "time is virtual, so the same inputs give the same figures; a hundredth of what is allowed "
        "is what nobody notices"
    )


class AcceptedCase(StrictModel):
    """One case as it was accepted; what it is called, for when it is not judged any more."""

    name_en: str | None = None
    name_vi: str | None = None
    status: Literal["pass", "fail", "not-judged"]
    value: float | None = None
    limit: float | None = None
    unit: str | None = None
    what: list[str] = Field(default_factory=list)


class AcceptedCases(StrictModel):
    """The file."""

    schema_: Literal["giaoban.accepted-cases/1"] = Field(
        default="giaoban.accepted-cases/1", alias="schema"
    )
    name: Name
    command: Text
    subject: Text
    method: FoundBy | None = None
    reason: Text
    accepted: date
    tolerance: CaseTolerance
    case: Annotated[dict[str, AcceptedCase], Field(min_length=1)]


@dataclass(frozen=True)
class CaseChange:
    """One case that is not as it was accepted."""

    sense: ChangeSense
    case: str
    what: Sentence
    called: str = ""

    @property
    def line(self) -> Sentence:
        return Sentence("{case}: {what}", case=self.called or self.case, what=self.what)


def accept_cases(
    report: Report, *, name: str, reason: str, on: date, tolerance: CaseTolerance | None = None
) -> AcceptedCases:
    """The file of an answer. Raises `InputError` for one that is no answer, or without a reason."""
    if not reason.strip():
        raise InputError('--reason = "": is empty (allowed: any text that says why it is accepted)')
    if report.verdict == "invalid":
        raise InputError("{run}: is invalid, there is nothing to accept", run=report.subject)
    return AcceptedCases(
        name=name,
        command=report.command,
        subject=report.subject,
        method=report.method,
        reason=reason.strip(),
        accepted=on,
        tolerance=tolerance or CaseTolerance(),
        case={case.id: _accepted(case) for case in report.cases if case.status != "invalid"},
    )


def as_it_was(report: Report, run: str, on: date) -> AcceptedCases:
    """What a run came to, for one that is to be no worse; `run`: its folder's name, whatever that
    is by now."""
    name = slug(run)[-LONGEST_NAME:].strip("-") or "run"
    return accept_cases(report, name=name, reason="as it was", on=on)


def _accepted(case: Case) -> AcceptedCase:
    assert case.status != "invalid"
    figure = case.figure
    name = Sentence("{name}", name=case.name)  # also what is a plain text in every language
    return AcceptedCase(
        name_en=name.en or None,
        name_vi=name.vi or None,
        status=case.status,
        value=None if figure is None or figure.value is None else round(figure.value, 6),
        limit=None if figure is None else figure.limit,
        unit=None if figure is None else figure.unit,
        what=[str(line) for line in case.lines],
    )


def text_of_cases(accepted: AcceptedCases) -> str:
    data = accepted.model_dump(by_alias=True, exclude_none=True)
    for case in data["case"].values():
        if not case["what"]:
            del case["what"]
    return HEAD.format(command=accepted.command, name=accepted.name) + dumps(data)


def is_of_cases(path: Path) -> bool:
    """Whether a baseline's file is one of cases, also of another version."""
    schema = parse(path, read_text(path)).get("schema")
    return isinstance(schema, str) and schema.startswith(OF_CASES)


def read_cases(name: str, folder: Path, command: str, method: FoundBy | None) -> AcceptedCases:
    """Read one by name or path. Raises `InputError`: there is none, mistakes, another command's, or
    what was found by another method."""
    path = path_of(name, folder)
    if path.is_file() and is_of_cases(path):
        found = load(path, AcceptedCases)
        if found.command != command:
            raise _of_another(path, found.command, command)
        found_by(method, found.method, path)
        return found
    read(name, folder)  # says what is wrong: there is none of the name, or what is no baseline
    raise _of_another(path, "faults", command)


def read_failures(name: str, folder: Path, method: Method | None) -> Baseline:
    """The same of `giaoban faults`, whose baselines are no cases."""
    path = path_of(name, folder)
    if path.is_file() and is_of_cases(path):
        raise _of_another(path, load(path, AcceptedCases).command, "faults")
    return read(name, folder, method)


def _of_another(path: Path, held: str, this: str) -> InputError:
    return InputError(
        "{path}: was accepted of giaoban {command} (allowed: one of giaoban {this})",
        path=path,
        command=held,
        this=this,
    )


def refuse_to_replace(path: Path, command: str, method: FoundBy | None) -> None:
    """Whether what is accepted of a command, found by a method, may be written there.

    Raises `InputError`: the file is there, and is no accepted answer, or one of another command or
    by another method, which would be lost.
    """
    if not path.is_file():
        return
    schema = parse(path, read_text(path)).get("schema")
    if schema == SCHEMA:
        cases = load(path, AcceptedCases)
        held, by = cases.command, cases.method
    elif isinstance(schema, str) and schema.startswith(OF_FAULTS):
        # tolerances of an older version stay, whose figures mean something else
        held, by = "faults", load(path, Baseline).method if schema == FAULTS_SCHEMA else None
    else:
        raise InputError(
            "{path}: is there, and is no accepted answer (allowed: another name)", path=path
        )
    if held != command:
        raise InputError(
            "{path}: holds what was accepted of giaoban {held} (allowed: another name, or a run "
            "of giaoban {held})",
            path=path,
            held=held,
        )
    if method is not None and by is not None and method != by:
        raise InputError(
            "{path}: holds what was accepted of a run by {held} (allowed: another name, or a run "
            "by {held})",
            path=path,
            held=by,
        )


# ------------------------------------------------------------------------------------- comparing


def changes(accepted: AcceptedCases, report: Report) -> list[CaseChange]:
    """Everything that differs, what is worse first. What came to nothing is not compared."""
    found = [*_changes(accepted, report)]
    return sorted(found, key=lambda change: ("worse", "better", "other").index(change.sense))


def against_cases(report: Report, accepted: AcceptedCases) -> tuple[Report, list[CaseChange]]:
    """The report as the baseline has it: its verdict says whether anything is worse."""
    found = changes(accepted, report)
    worse = [change for change in found if change.sense == "worse"]
    if report.verdict == "invalid":
        return report, found
    by_case: dict[str, list[Sentence]] = {}
    for change in worse:
        by_case.setdefault(change.case, []).append(change.what)
    cases = [_as_accepted(case, by_case, accepted.reason) for case in report.cases]
    known = {case.id for case in report.cases}
    cases += [
        Case(ident, "fail", lines, kind="regression")
        for ident, lines in by_case.items()
        if ident not in known
    ]
    verdict: Verdict = "fail" if worse else "pass"
    said = Sentence("PASS – nothing is worse than what was accepted as {name}", name=accepted.name)
    if worse:
        said = Sentence(
            "FAIL – {n} {n:thing is|things are} worse than what was accepted as {name}",
            n=len(worse),
            name=accepted.name,
        )
    return report.judged(verdict, said, cases), found


def _as_accepted(case: Case, worse: Mapping[str, list[Sentence]], reason: str) -> Case:
    """Return a case with its verdict by the baseline; an accepted failure passes with a note."""
    if case.id in worse:
        changed = "; ".join(map(str, worse[case.id]))
        lines = [*worse[case.id], *(line for line in case.lines if str(line) not in changed)]
        return replace(case, status="fail", lines=lines, kind="regression")
    if case.status == "fail":
        note = "; ".join(["accepted: " + reason, *map(str, case.lines)])
        return replace(case, status="pass", lines=(), note=note)
    return case


def _changes(accepted: AcceptedCases, report: Report) -> Iterator[CaseChange]:
    now = {case.id: case for case in report.cases}
    if report.verdict != "invalid":
        if accepted.subject != report.subject:
            other = Sentence("what was accepted is of {subject}", subject=accepted.subject)
            yield CaseChange("other", report.subject, other)
        for ident in accepted.case:
            if ident not in now:
                gone = Sentence("was accepted, and is not judged now")
                yield CaseChange("worse", ident, gone, _kept_name(accepted.case[ident]))
    for case in report.cases:
        if case.status == "invalid":
            continue
        was = accepted.case.get(case.id)
        if was is None:
            worse = case.status == "fail"
            what = Sentence("is new, and not met") if worse else Sentence("is new")
            yield CaseChange("worse" if worse else "other", case.id, what, case.called)
            continue
        yield from _change(case, was, accepted.tolerance)


CHANGED_STATUS: Mapping[tuple[Status, Status], tuple[ChangeSense, str]] = {
    ("pass", "fail"): ("worse", N_("was met, is not met now{figures}")),
    ("pass", "not-judged"): ("other", N_("was met, is not judged now")),
    ("fail", "pass"): ("better", N_("was not met, is met now{figures}")),
    ("fail", "not-judged"): ("other", N_("was not met, is not judged now")),
    ("not-judged", "pass"): ("other", N_("was not judged, is met now")),
    ("not-judged", "fail"): ("worse", N_("was not judged, is not met now{figures}")),
}
"""Sense and words of each change from an accepted status to the status now."""


def _change(case: Case, was: AcceptedCase, tolerance: CaseTolerance) -> Iterator[CaseChange]:
    """Yield the change of one case: of its status, else of its figure by more than allowed."""
    by = _by(case.figure, was, tolerance)
    if case.status != was.status:
        sense, words = CHANGED_STATUS[was.status, case.status]
        if case.status == "fail" and case.lines:  # the line has the place, the figure and the limit
            figures = _figures(case.figure, was, with_now=False)
            what = Sentence(words, figures=figures)
            what = Sentence("{what}: {why}", what=what, why=case.lines[0])
        else:
            what = Sentence(words, figures=_figures(case.figure, was))
        yield CaseChange(sense, case.id, what, case.called)
    elif by:
        words = N_("is worse{figures}") if by > 0 else N_("is better{figures}")
        what = Sentence(words, figures=_figures(case.figure, was))
        yield CaseChange("worse" if by > 0 else "better", case.id, what, case.called)


def _figures(figure: JudgedFigure | None, was: AcceptedCase, *, with_now: bool = True) -> Sentence:
    """Return the figures now and as accepted, in parentheses; empty without a figure."""
    if figure is None:
        return NOTHING
    parts = []
    if with_now and figure.value is not None:
        parts.append(_amount(figure.value, figure.unit, figure.limit))
        parts.append(Sentence("limit {amount}", amount=_limit(figure.limit, figure.unit)))
    if was.value is not None:
        parts.append(Sentence("was {amount}", amount=_amount(was.value, figure.unit, was.limit)))
    if was.limit not in (figure.limit, None):
        parts.append(Sentence("limit was {amount}", amount=_limit(was.limit, figure.unit)))
    return Sentence(" ({parts})", parts=joined(", ", parts)) if parts else NOTHING


def _limit(limit: float, unit: str) -> Sentence:
    return _amount(limit, unit, limit)


def _amount(value: float, unit: str, limit: float | None) -> Sentence:
    return Sentence("{value} {unit}", value=shown(value, limit), unit=unit_words(unit, value))


def _kept_name(was: AcceptedCase) -> str:
    return Both(was.name_en, was.name_vi) if was.name_en and was.name_vi else ""


def _by(figure: JudgedFigure | None, was: AcceptedCase, tolerance: CaseTolerance) -> float:
    """By how much a figure is worse (negative: better), 0 within the tolerance."""
    if figure is None or figure.value is None or was.value is None:
        return 0.0
    by = figure.value - was.value
    if figure.sense == "at-least":
        by = -by
    return by if abs(by) > tolerance.pct / 100 * abs(figure.limit) + 1e-6 else 0.0
