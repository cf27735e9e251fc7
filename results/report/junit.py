"""The answer about all failures as JUnit XML, which CI systems show as tests.

A test case a failure. Without a baseline it fails if its run does not meet the criteria; with one
if anything got worse: what was accepted has been accepted. An invalid run is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from giaoban.results.model.failures import Change, FailureResult, FaultsAnswer

ABOUT_INPUTS = "inputs"
"""The test case for what got worse and belongs to no failure."""


def junit_xml(answer: FaultsAnswer, *, seconds: Mapping[str, float]) -> str:
    """The text of the file. `seconds`: how long each failure's emulation took, wall time."""
    compared = answer.comparison
    found = None if compared is None else compared.worse
    because = "" if compared is None else compared.reason
    group = f"giaoban.faults.{answer.run_id}"
    cases = []
    for failure in answer.failures:
        case = _case(failure, group, seconds.get(failure.id, 0.0), found)
        if said := _accepted(failure, case, because):
            told = _element("system-out")
            told.text = said
            case.append(told)
        cases.append(case)
    tried = {failure.id for failure in answer.failures}
    elsewhere: dict[str, list[str]] = {}
    for change in found or []:
        if change.failure not in tried:
            elsewhere.setdefault(change.failure or ABOUT_INPUTS, []).append(change.what)
    for name, lines in elsewhere.items():
        case = _element("testcase", classname=group, name=name, time="0.000")
        case.append(_told("failure", "regression", lines))
        cases.append(case)
    totals = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": "0",
        "time": f"{sum(seconds.get(f.id, 0.0) for f in answer.failures):.3f}",
    }
    suite = _element("testsuite", name=f"giaoban faults {answer.inputs.scenario.path}", **totals)
    suite.extend(cases)
    suites = _element("testsuites", **totals)
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _case(
    failure: FailureResult, group: str, seconds: float, found: Sequence[Change] | None
) -> ElementTree.Element:
    case = _element("testcase", classname=group, name=failure.id, time=f"{seconds:.3f}")
    if failure.verdict == "invalid":
        case.append(_told("error", "invalid", [f"invalid: {r}" for r in failure.reasons]))
    elif found is not None:
        if lines := [change.what for change in found if change.failure == failure.id]:
            case.append(_told("failure", "regression", lines))
    elif failure.verdict == "fail":
        case.append(_told("failure", "criteria", failure.reasons))
    return case


def _accepted(failure: FailureResult, case: ElementTree.Element, because: str) -> str:
    """Why a single point of failure is no failed test; '' of anything else."""
    who = ", ".join(failure.others_cut_off)
    if not who or failure.kind == "pair" or len(case):
        return ""
    why = because if failure.accepted is None else failure.accepted.reason
    return f"accepted single point of failure ({who} cut off): {why}"


def _told(tag: str, kind: str, lines: Sequence[str]) -> ElementTree.Element:
    lines = list(lines) or ["no reason given"]
    element = _element(tag, type=kind, message=lines[0])
    element.text = "\n".join(lines)
    return element


def _element(tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(tag, attributes)
