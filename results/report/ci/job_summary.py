"""What a CI job's page shows of an answer (`$GITHUB_STEP_SUMMARY`, a comment): the headline, what
is not met with what to type about it, what differs from what was accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.results.judge.cases import Case, Report
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.document import (
    Block,
    Bullets,
    Cell,
    Code,
    Heading,
    Par,
    Text,
    pars,
    table,
)
from giaoban.results.report.wording import VERDICTS
from giaoban.sentence import Sentence, joined

MOST = 50
"""Cases in the table; a page of thousands is read by nobody."""
MARKS = {"pass": "✅", "fail": "❌", "undecided": "❔", "invalid": "⚠️", "not-judged": "➖"}


def job_summary(report: Report, commands: Commands) -> list[Block]:
    title = f"{MARKS[report.verdict]} giaoban {report.command} {report.subject}"
    blocks: list[Block] = [Heading(title, 1), Par(report.headline, bold=True)]
    changed = [case for case in report.cases if case.status == "pass" and case.lines]
    found = [*report.failed, *changed]
    if found:
        head = (Sentence("case"), Sentence("result"), Sentence("what, where, by how much"))
        blocks.append(table(head, [_row(case) for case in found[:MOST]]))
        if len(found) > MOST:
            blocks.append(Par(Sentence("and {more:,} more", more=len(found) - MOST)))
    else:
        judged = sum(case.status == "pass" for case in report.cases)
        blocks.append(Par(Sentence("{n} {n:case|cases}, all met", n=judged)))
    untold = [each.lines[0] for each in report.cases if each.status == "not-judged" and each.lines]
    blocks += pars(untold)
    blocks.append(Bullets([*_commands(report, commands)]))
    return blocks


def _row(case: Case) -> list[Cell]:
    word = VERDICTS[case.status] if case.status in VERDICTS else Sentence("not judged")
    said = Sentence("{mark} {word}", mark=MARKS[case.status], word=word)
    told = joined("; ", case.lines[:3]) if case.lines else ""
    return [Cell(case.id, code=True), Cell(said), Cell(told)]


def _commands(report: Report, commands: Commands) -> Iterator[Text]:
    failing = bool(report.failed)
    lines: Sequence[tuple[Sentence, str]] = (
        (Sentence("to try it again"), commands.again),
        (Sentence("the run"), str(commands.folder or "")),
        (Sentence("to accept it"), commands.accept if failing else ""),
        (Sentence("what to try next"), report.next if failing else ""),
    )
    for what, command in lines:
        if command:
            yield Sentence("{what}: {command}", what=what, command=Code(command))
