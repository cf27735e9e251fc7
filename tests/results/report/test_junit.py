"""JUnit XML: the shape that CI systems read."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

from failures_factory import answer, failure, impact, usual

from giaoban.results.judge.baseline import accept
from giaoban.results.judge.baseline_compare import against
from giaoban.results.model.failures import FaultsAnswer
from giaoban.results.report.junit import junit_xml

ATTRIBUTES = {
    "testsuites": {"tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "system-out": set(),
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "system-out"},
    "failure": set(),
    "error": set(),
    "system-out": set(),
}


def parsed(text: str) -> ElementTree.Element:
    """The tree; checked to have the elements, attributes and sums of JUnit's format."""
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN[element.tag]
    for element in (root, root[0]):
        assert int(element.attrib["tests"]) == len(list(element.iter("testcase")))
        assert int(element.attrib["failures"]) == len(list(element.iter("failure")))
        assert int(element.attrib["errors"]) == len(list(element.iter("error")))
    return root


def outcomes(root: ElementTree.Element) -> dict[str, str]:
    """Test case → "" or what it failed with."""
    return {
        case.attrib["name"]: next((f"{c.tag}: {c.text}" for c in case), "")
        for case in root.iter("testcase")
    }


def mixed() -> FaultsAnswer:
    return answer(
        [
            failure("cut:a--b"),
            failure("cut:c--d", verdict="fail", reasons=["slow <1>", "lossy \x00"]),
            failure("cut:e--f", verdict="invalid", reasons=["hung"]),
        ]
    )


def test_a_case_a_failure() -> None:
    root = parsed(junit_xml(mixed(), seconds={"cut:a--b": 1.5, "cut:c--d": 2.0}))
    assert outcomes(root) == {
        "cut:a--b": "",
        "cut:c--d": "failure: slow <1>\nlossy \\x00",
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
    root = parsed(junit_xml(against(now, baseline), seconds={}))
    assert outcomes(root) == {
        "cut:gia-nghia--cu-jut": "failure: cu-jut is interrupted 900.0 ms "
        "(was: interrupted 412.2 ms; +487.8 ms)\n88 packets lost (was: 87; +1)",
        "cut:gia-nghia--dak-glong": "system-out: accepted single point of failure (dak-glong cut "
        "off): no second fibre yet",
        "cut:c--d": "",
        "site:dak-glong": "failure: dak-glong is not in the network any more",
    }


def test_what_is_worse_about_the_inputs_has_a_case_of_its_own() -> None:
    baseline = accept(answer(), name="ring", reason="r", on=date(2026, 11, 25))
    question = answer().question
    now = answer(question=question.model_copy(update={"existing": question.existing[:2]}))
    found = outcomes(parsed(junit_xml(against(now, baseline), seconds={})))
    assert found["inputs"] == "failure: bridge dak-glong is not in the meeting any more"


def said(root: ElementTree.Element) -> dict[str, str]:
    return {
        case.attrib["name"]: out.text or ""
        for case in root.iter("testcase")
        for out in case.iter("system-out")
    }


def test_single_points_fail_or_say_why_they_were_accepted() -> None:
    spur = "cut:gia-nghia--dak-glong"
    root = parsed(junit_xml(answer(), seconds={}))
    assert said(root) == {
        spur: "accepted single point of failure (dak-glong cut off): no second fibre yet"
    }
    weak = answer(accepts=())
    root = parsed(junit_xml(weak, seconds={}))
    assert said(root) == {}
    assert outcomes(root)[spur].startswith("failure: Single point of failure: dak-glong cut off")
    baseline = accept(weak, name="ring", reason="known", on=date(2026, 11, 25))
    root = parsed(junit_xml(against(weak, baseline), seconds={}))
    assert said(root) == {spur: "accepted single point of failure (dak-glong cut off): known"}
    assert not list(root.iter("failure"))
