"""Sums over failures, their file and their summary."""

from __future__ import annotations

import json

from failures_factory import acceptance, answer, failure, impact, names_of, points
from jsonschema import Draft202012Validator

from giaoban.results.judge.failure_points import (
    single_points,
    verdict_of,
    worst_links,
    worst_of,
)
from giaoban.results.model.studies.failures import FaultsAnswer, LinkPeak
from giaoban.results.report.summaries.failures_summary import (
    state_of,
)
from giaoban.scenarios.schemas.make import schema_text

GONE = impact("dak-glong", 8000.0, cut_off=True, behind=True, accepted=True)


def test_the_worst_interruption_is_of_a_bridge_that_is_judged() -> None:
    found = worst_of([impact("a", 300.0, lost=2), impact("b", 310.0, lost=1), GONE], [])
    assert (found.interruption_ms, found.interruption_at) == (310.0, "b")
    assert found.packets_lost == 3
    assert found.worst_link is None


def test_of_equal_values_the_first_by_name_is_named() -> None:
    peaks = [LinkPeak(id=i, direction="a->b", peak_pct=50) for i in ("y", "x")]
    found = worst_of([impact("b", 5.0), impact("a", 5.0)], peaks)
    assert found.interruption_at == "a"
    assert found.worst_link.id == "x"


def test_the_verdict_is_the_worst_of_all() -> None:
    well = failure("cut:a--b")
    bad = failure("cut:c--d", verdict="fail", reasons=["slow", "lossy"])
    odd = failure("cut:e--f", verdict="invalid", reasons=["hung"])
    assert verdict_of([well]) == ("pass", [])
    assert verdict_of([well, bad]) == ("fail", ["cut:c--d: slow", "cut:c--d: lossy"])
    assert verdict_of([bad, odd, well]) == ("invalid", ["cut:e--f: hung"])


def test_single_points_are_what_cuts_off_others_than_the_failed_site() -> None:
    every = [impact(b, 9000.0, cut_off=True, behind=True) for b in ("gia-nghia", "cu-jut")]
    failures = [
        failure("cut:gia-nghia--cu-jut", [impact("cu-jut", 300.0)]),
        failure("cut:gia-nghia--dak-glong", [GONE]),
        failure("silent:gia-nghia--dak-glong", [GONE]),
        failure("router:r-dak-glong", [GONE], own=["dak-glong"]),
        failure("cut:access-dak-glong", [GONE], own=["dak-glong"]),
        failure("site:dak-glong", [GONE], own=["dak-glong"]),
        failure("site:gia-nghia", every, own=["gia-nghia"]),
        failure("cut:access-mcu", [*every, GONE]),
        failure("cut:a--b+cut:c--d", every),
    ]
    found = single_points(failures, names_of(failures))
    assert [(p.element.kind, p.element.id, p.cut_off) for p in found] == [
        ("link", "access-mcu", ["cu-jut", "dak-glong", "gia-nghia"]),
        ("bridge", "gia-nghia", ["cu-jut"]),
        ("link", "gia-nghia--dak-glong", ["dak-glong"]),
    ]
    assert found[0].name_en == "link access-mcu"
    assert found[2].failures == ["cut:gia-nghia--dak-glong", "silent:gia-nghia--dak-glong"]


def test_a_bridge_cut_off_needlessly_is_a_single_point_too() -> None:
    """With static routes a ring does not help: the link is as single as a spur's."""
    needless = impact("cu-jut", 8000.0, cut_off=True)
    failures = [failure("cut:gia-nghia--cu-jut", [needless])]
    [point] = single_points(failures, names_of(failures))
    assert point.cut_off == ["cu-jut"]


def test_each_link_has_its_worst_load_and_what_causes_it() -> None:
    found = worst_links(
        [
            failure("cut:c--d", links={"x": 40.0, "y": 30.0}),
            failure("cut:a--b", links={"x": 40.0, "y": 31.0}),
            failure("router:r", links={"x": 10.0}),
        ]
    )
    assert [(w.id, w.peak_pct, w.failure) for w in found] == [
        ("x", 40.0, "cut:a--b"),
        ("y", 31.0, "cut:a--b"),
    ]


def test_the_file_is_read_back_and_fits_its_schema() -> None:
    made = answer()
    again = FaultsAnswer.from_json(made.to_json())
    assert again == made
    schema = json.loads(schema_text(FaultsAnswer))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(made.to_json()))


def test_rerouting_loads_the_backbone() -> None:
    peaks = [
        LinkPeak(id=i, direction="a->b", peak_pct=pct)
        for i, pct in (("access-mcu", 50.0), ("a--b", 20.0), ("c--d", 21.0))
    ]
    found = worst_of([], peaks)
    assert found.worst_link.id == "c--d"
    only = worst_of([], peaks[:1])
    assert only.worst_link.id == "access-mcu"


# ------------------------------------------------------------------- accepted or not: the verdict

SPUR, RING = "gia-nghia--dak-glong", "gia-nghia--cu-jut"


def judged_points(*failures, accepts=()):
    accepted = {ident: acceptance(ident) for ident in accepts}
    return {f.id: f for f in points(failures, accepted)}


def test_who_cuts_off_others_than_its_own_does_not_pass() -> None:
    """The MCU's line, its router, a spur; not a site without power nor a bridge's own line."""
    every = [impact(b, 9000.0, cut_off=True, behind=True) for b in ("gia-nghia", "cu-jut")]
    found = judged_points(
        failure("cut:access-mcu", [*every, GONE]),
        failure("router:r-gia-nghia", every, own=["gia-nghia"]),
        failure(f"silent:{SPUR}", [GONE]),
        failure("site:dak-glong", [GONE], own=["dak-glong"]),
        failure("cut:access-dak-glong", [GONE], own=["dak-glong"]),
        failure("cut:a--b+cut:c--d", every),
    )
    assert [ident for ident, f in found.items() if f.verdict == "fail"] == [
        "cut:access-mcu",
        "router:r-gia-nghia",
        f"silent:{SPUR}",
    ]
    [reason] = found["router:r-gia-nghia"].reasons
    assert reason.startswith("Single point of failure: cu-jut cut off")


def test_an_accepted_single_point_is_no_fail_and_says_why() -> None:
    found = judged_points(failure(f"cut:{SPUR}", [GONE]), accepts=[f"cut:{SPUR}"])
    [one] = found.values()
    assert (one.verdict, state_of(one)) == ("pass", "accepted")
    assert one.accepted == acceptance(f"cut:{SPUR}")


def test_acceptance_excuses_nothing_else() -> None:
    slow = failure(f"cut:{SPUR}", [GONE], verdict="fail", reasons=["slow"])
    [one] = judged_points(slow, accepts=[f"cut:{SPUR}"]).values()
    assert (one.verdict, one.reasons, state_of(one)) == ("fail", ["slow"], "fail")


def test_who_accepts_a_cut_accepts_that_the_link_fails_silently() -> None:
    more = [GONE, impact("cu-jut", 9000.0, cut_off=True)]
    alike = judged_points(
        failure(f"cut:{SPUR}", [GONE]), failure(f"silent:{SPUR}", [GONE]), accepts=[f"cut:{SPUR}"]
    )
    assert {f.verdict for f in alike.values()} == {"pass"}
    worse = judged_points(
        failure(f"cut:{SPUR}", [GONE]), failure(f"silent:{SPUR}", more), accepts=[f"cut:{SPUR}"]
    )
    assert worse[f"silent:{SPUR}"].verdict == "fail"
    other = judged_points(failure(f"cut:{SPUR}", [GONE]), accepts=[f"silent:{SPUR}"])
    assert other[f"cut:{SPUR}"].verdict == "fail"
