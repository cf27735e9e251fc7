"""JUnit XML: the shape that CI systems read."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

from failures_factory import answer, failure, impact, told_of, usual
from junit_schema import by_schema

from giaoban.results.judge.baseline import accept
from giaoban.results.judge.baseline_compare import against
from giaoban.results.model.studies.failures import FaultsAnswer
from giaoban.results.report.ci.answers import of_faults
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.ci.junit import junit_xml

ATTRIBUTES = {
    "testsuites": {"tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "system-out": set(),
    "skipped": {"message"},
}
"""What we write of all that the schema allows."""
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?")
"""What later versions of it ask of suites."""
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase", "system-out"},
    "testcase": {"failure", "error", "skipped", "system-out"},
    "failure": set(),
    "error": set(),
    "system-out": set(),
}


def parsed(text: str) -> ElementTree.Element:
    """The tree; checked to have the elements, attributes and sums of JUnit's format."""
    root = ElementTree.fromstring(by_schema(text))
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN[element.tag]
    assert int(root[0].attrib["skipped"]) == len(list(root.iter("skipped")))
    for element in (root, root[0]):
        assert TIME.fullmatch(element.attrib["time"])
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        assert int(element.attrib["failures"]) == len(list(element.iter("failure")))
        assert int(element.attrib["errors"]) == len(list(element.iter("error")))
    return root


WORDS = ("faults", "ring.toml", "--also", "pairs", "--jobs", "2", "--seed", "3")


def xml(of: FaultsAnswer, seconds: dict[str, float] | None = None) -> str:
    """The file's text, of a run that is kept."""
    return junit_xml(of_faults(of, seconds), Commands(WORDS, Path("runs/faults-ring"), "ring"))


def outcomes(root: ElementTree.Element) -> dict[str, str]:
    """Test case → "" or what it failed with, before what to type."""
    return {
        case.attrib["name"]: next(
            (f"{c.tag}: {(c.text or '').partition(TYPED)[0]}" for c in case), ""
        )
        for case in root.iter("testcase")
    }


TYPED = "\nagain: "


def mixed() -> FaultsAnswer:
    return answer(
        [
            failure("cut:a--b"),
            failure("cut:c--d", verdict="fail", reasons=["slow <1>", "lossy \x00"]),
            failure("cut:e--f", verdict="invalid", reasons=["hung"]),
        ]
    )


def test_a_case_a_failure() -> None:
    root = parsed(xml(mixed(), {"cut:a--b": 1.5, "cut:c--d": 2.0}))
    assert outcomes(root) == {
        "cut:a--b": "",
        "cut:c--d": "failure: slow <1>\nlossy ",
        "cut:e--f": "error: invalid: hung",
    }
    assert root.attrib["time"] == "3.500"
    assert [case.attrib["time"] for case in root.iter("testcase")] == ["1.500", "2.000", "0.000"]


def test_with_a_baseline_only_what_got_worse_fails() -> None:
    was = answer([*usual(), failure("cut:c--d", verdict="fail", reasons=["slow"])])
    baseline = accept(was, name="ring", reason="r", on=date(2026, 11, 25))
    now = answer(
        [
            failure("cut:gia-nghia--cu-jut", [impact("cu-jut", 900.0, lost=88)]),
            failure("cut:gia-nghia--dak-glong", usual()[1].bridges),
            failure("cut:c--d", verdict="fail", reasons=["slow"]),
        ]
    )
    root = parsed(xml(against(now, baseline)))
    assert outcomes(root) == {
        "cut:gia-nghia--cu-jut": "failure: Cư Jút is interrupted 900.0 ms "
        "(was: interrupted 412.2 ms; +487.8 ms)\n88 packets lost (was: 87; +1)",
        "cut:gia-nghia--dak-glong": "system-out: accepted single point of failure (Đắk Glong cut "
        "off): no second fibre yet",
        "cut:c--d": "",
        "site:dak-glong": "failure: {site}: Đắk Glong is not in the network any more".format(
            site=told_of("site:dak-glong")[0]
        ),
    }


def said(root: ElementTree.Element) -> dict[str, str]:
    return {
        case.attrib["name"]: out.text or ""
        for case in root.iter("testcase")
        for out in case.iter("system-out")
    }


def test_single_points_fail_or_say_why_they_were_accepted() -> None:
    spur = "cut:gia-nghia--dak-glong"
    root = parsed(xml(answer()))
    assert said(root) == {
        spur: "accepted single point of failure (Đắk Glong cut off): no second fibre yet"
    }
    weak = answer(accepts=())
    root = parsed(xml(weak))
    assert said(root) == {}
    assert outcomes(root)[spur].startswith(
        "failure: single point of failure, not accepted: Đắk Glong cut off"
    )
    baseline = accept(weak, name="ring", reason="known", on=date(2026, 11, 25))
    root = parsed(xml(against(weak, baseline)))
    assert said(root) == {spur: "accepted single point of failure (Đắk Glong cut off): known"}
    assert not list(root.iter("failure"))


def test_a_failing_case_says_what_to_type() -> None:
    root = parsed(xml(mixed()))
    failing = next(case for case in root.iter("testcase") if case.attrib["name"] == "cut:c--d")
    [told] = failing
    assert (told.text or "").splitlines()[2:] == [
        "again: giaoban faults ring.toml --seed 3 --only cut:c--d",
        "run: runs/faults-ring",
        'accept: giaoban accept runs/faults-ring ring --reason "…"',
    ]


def test_another_program_reads_it() -> None:
    from junitparser import Error, Failure, JUnitXml

    [suite] = JUnitXml.fromstring(xml(mixed()).encode())
    assert (suite.tests, suite.failures, suite.errors) == (3, 1, 1)
    assert [[type(r) for r in case.result] for case in suite] == [[], [Failure], [Error]]
