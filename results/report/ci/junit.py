"""An answer as JUnit XML, which CI systems show as tests.

The names of suites and cases are the same from run to run, so that a system can tell what is newly
failed and since when: no times and no paths are in them. A failing case says what, where and by how
much, which command tries it again, which folder holds it, and which command accepts it. What could
not be trusted is an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

from giaoban.results.judge.cases import Case, Report
from giaoban.results.report.ci.commands import Commands
from giaoban.text import printable


def junit_xml(report: Report, commands: Commands, seconds: float | None = None) -> str:
    """The text of the file. `seconds`: how long all of it took, where cases do not say."""
    group = ".".join(["giaoban", report.command.replace(" ", "-"), report.subject])
    cases = [_case(case, group, report, commands) for case in report.cases]
    took = sum(case.seconds for case in report.cases) or seconds or 0.0
    totals = {
        "tests": str(len(cases)),
        "failures": str(_count(cases, "failure")),
        "errors": str(_count(cases, "error")),
        "time": f"{took:.3f}",
    }
    # the schema that Jenkins' xUnit plugin holds files to has `skipped` at a suite alone
    name, skipped = f"giaoban {report.command} {report.subject}", str(_count(cases, "skipped"))
    suite = _element("testsuite", name=name, skipped=skipped, **totals)
    suite.extend(cases)
    told = _element("system-out")
    told.text = printable_lines(commands.of_run(report))
    suite.append(told)
    suites = _element("testsuites", **totals)
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(case: Case, group: str, report: Report, commands: Commands) -> ElementTree.Element:
    element = _element("testcase", classname=group, name=case.id, time=f"{case.seconds:.3f}")
    if case.status == "invalid":
        element.append(_told("error", case, commands.of(case, report)))
    elif case.status == "fail" and report.judges:
        element.append(_told("failure", case, commands.of(case, report)))
    elif case.status in ("fail", "not-judged"):
        element.append(_element("skipped", message=str(_lines(case)[0])))
    elif case.note or case.lines:
        said = _element("system-out")
        said.text = case.note or printable_lines(_lines(case))
        element.append(said)
    return element


def _lines(case: Case) -> Sequence[str]:
    nothing = "not judged" if case.status == "not-judged" else "no reason given"
    return [str(line) for line in case.lines] or [nothing]


def _told(tag: str, case: Case, commands: Iterator[str]) -> ElementTree.Element:
    lines = _lines(case)
    element = _element(tag, type=case.kind, message=printable(lines[0], MOST_MESSAGE))
    element.text = printable_lines([*lines, *commands])
    return element


MOST_MESSAGE, MOST_LINE = 500, 2000


def printable_lines(lines: Sequence[str] | Iterator[str]) -> str:
    """Lines without what XML, or a terminal, must not be given."""
    return "\n".join(printable(str(line), MOST_LINE) for line in lines)


def _count(cases: Sequence[ElementTree.Element], tag: str) -> int:
    return sum(case.find(tag) is not None for case in cases)


def _element(tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(tag, attributes)
