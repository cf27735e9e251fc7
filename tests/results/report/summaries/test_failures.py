"""Sums over failures, their file and their summary."""

from __future__ import annotations

import json
from datetime import date

import pytest
from failures_factory import acceptance, answer, failure, impact, names_of, points, usual
from jsonschema import Draft202012Validator

from giaoban.errors import InputError
from giaoban.results.judge.baseline import accept
from giaoban.results.judge.baseline_compare import against, alone
from giaoban.results.judge.failure_points import (
    single_points,
    unneeded,
    verdict_of,
    with_slow_case,
    worst_links,
    worst_of,
)
from giaoban.results.model.result import Named
from giaoban.results.model.studies.failures import FaultsAnswer, LinkPeak, SlowCase
from giaoban.results.report.markdown import markdown
from giaoban.results.report.summaries import failures_summary
from giaoban.results.report.summaries.failures_summary import (
    bridges_table,
    busiest,
    failures_table,
    headline,
    links_table,
    point_line,
    slowest,
    state_of,
    summary_md,
    unneeded_lines,
    why_failed,
)
from giaoban.scenarios.schemas.make import schema_text
from giaoban.translation import translator
from tests.results.identifiers import showing
from tests.results.tables import rows_of


def tried(answer: FaultsAnswer, **only: str) -> list[dict[str, str]]:
    return rows_of(failures_table(answer, **only))


GONE = impact("dak-glong", 8000.0, cut_off=True, behind=True, accepted=True)


def test_the_worst_interruption_is_of_a_bridge_that_is_judged() -> None:
    found = worst_of([impact("a", 300.0, lost=2), impact("b", 310.0, lost=1), GONE], [])
    assert (found.interruption_ms, found.interruption_at) == (310.0, "b")
    assert found.packets_lost == 3
    assert found.worst_link is None


def test_without_an_interruption_there_is_no_place_of_it() -> None:
    found = worst_of([impact("a"), impact("b")], [])
    assert (found.interruption_ms, found.interruption_at) == (0.0, None)
    assert worst_of([GONE], []).interruption_ms is None


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


def test_a_damaged_file_is_told_with_the_key() -> None:
    data = json.loads(answer().to_json())
    data["failures"][0]["verdict"] = "perhaps"
    with pytest.raises(
        InputError, match=r"f\.json: not a giaoban\.faults/2 .*failures\.0\.verdict"
    ):
        FaultsAnswer.from_json(json.dumps(data), "f.json")


def test_rows_can_be_looked_up_by_link_and_bridge() -> None:
    paths = {"path_before": ["access-cu-jut", "x"], "path_after": ["access-cu-jut", "y"]}
    made = answer([failure("cut:x", [impact("cu-jut", 400.0, **paths)]), *usual()[1:]])
    assert [r["failure"] for r in tried(made)] == [
        "Link x cut",
        "Link Gia Nghĩa – Đắk Glong cut",
        "Power out at Đắk Glong",
    ]
    assert [r["failure"] for r in tried(made, bridge="cu-jut")] == ["Link x cut"]
    assert [r["failure"] for r in tried(made, link="y")] == ["Link x cut"]
    assert [r["failure"] for r in tried(made, link="gia-nghia--dak-glong")] == [
        "Link Gia Nghĩa – Đắk Glong cut"
    ]
    [row] = rows_of(bridges_table(made, "cu-jut"))[:1]
    assert (row["interruption"], row["state"], row["path"]) == ("400 ms", "kept", "x → y")
    assert len(rows_of(bridges_table(made, "cu-jut"))) == len(made.failures)
    assert {r["direction of a link"] for r in rows_of(links_table(made, "gia-nghia--cu-jut"))} == {
        "a → b"
    }


def test_words() -> None:
    made = answer()
    assert headline(made) == (
        "PASS – no failure that was tried does more than the criteria allow (3 failures "
        "tried, 1 of them a single point of failure that was accepted)"
    )
    assert headline(answer(accepts=())) == (
        "FAIL – a failure does more to the meeting than the criteria allow (3 failures tried)"
    )
    assert point_line(made.single_points[0], made) == (
        "link Gia Nghĩa – Đắk Glong: without it Đắk Glong is cut off; accepted: no second fibre yet"
    )
    assert slowest(made) == "412 ms at Cư Jút by link Gia Nghĩa – Cư Jút cut (limit 1000 ms)"
    assert busiest(made) == "a → b: 20 % by link Gia Nghĩa – Cư Jút cut (limit 80 %)"
    every = [impact(b, 9000.0, cut_off=True, behind=True) for b in ("gia-nghia", "cu-jut")]
    site = answer([failure("site:gia-nghia", every, own=["gia-nghia"])])
    assert point_line(site.single_points[0], site) == (
        "power at Gia Nghĩa: without it Cư Jút (and Gia Nghĩa, which it serves alone) is cut off; "
        "not accepted"
    )
    text = summary_md(made)
    row = "| Link Gia Nghĩa – Cư Jút cut | pass | 412 ms at Cư Jút | – | none | 87 | 20 % | – |"
    assert row in text
    row = "| Link Gia Nghĩa – Đắk Glong cut | accepted | none | – | none | 900 | 20 % | Đắk Glong |"
    assert row in text
    assert "begins 5 s after the start; a link is mended at 13 s" in text


def test_the_slow_case_is_judged_and_printed_beside_the_run_s_own() -> None:
    own = failure("silent:gia-nghia--cu-jut", [impact("cu-jut", 990.4)])
    slow = SlowCase(interruption_ms=1318.9, at="cu-jut", seeds=20, over_limit=5)
    judged = with_slow_case(own, slow, 1000)
    assert (own.verdict, judged.verdict) == ("pass", "fail")
    made = answer([judged], accepts=())
    both = "990 ms at this run's seed, over the limit at 5 of 20 other seeds"
    assert both in (slowest(made) or "")
    assert both in str(why_failed(judged, made))
    [row] = tried(made)
    assert row["interruption"] == "990 ms at Cư Jút"
    assert row["slow case"] == "1319 ms (over: 5 of 20)"
    alone = with_slow_case(own, SlowCase(interruption_ms=990.4, at="cu-jut"), 1000)
    assert alone.verdict == "pass"
    assert "cannot be estimated at others" in (slowest(answer([alone], accepts=())) or "")


def test_words_of_a_run_without_measures() -> None:
    made = answer([failure("cut:x", verdict="invalid", reasons=["hung | twice so"])])
    assert slowest(made) is None
    assert busiest(made) is None
    text = summary_md(made)
    assert "| Link x cut | invalid | – | – | – | – | – | – | – |" in text
    assert "- Link x cut: hung | twice so" in text
    assert "None of what was tried." in text


def test_rerouting_loads_the_backbone() -> None:
    peaks = [
        LinkPeak(id=i, direction="a->b", peak_pct=pct)
        for i, pct in (("access-mcu", 50.0), ("a--b", 20.0), ("c--d", 21.0))
    ]
    found = worst_of([], peaks)
    assert found.worst_link.id == "c--d"
    only = worst_of([], peaks[:1])
    assert only.worst_link.id == "access-mcu"


def test_who_was_cut_off_in_few_words() -> None:
    some = [impact("cu-jut", 9000.0, cut_off=True), impact("gia-nghia", cut_off=True, behind=True)]
    many = [impact(f"x-{n}", 9000.0, cut_off=True, behind=True) for n in range(4)]
    question = answer().question
    more = [*question.existing, *(Named(id=b.bridge, name=b.bridge) for b in many)]
    everybody = question.model_copy(update={"existing": more})
    found = answer([failure("cut:a--b", some), failure("cut:c--d", many)], question=everybody)
    first, second = tried(found)
    assert first["cut off"] == "had a path: Cư Jút; Gia Nghĩa"
    assert second["cut off"] == "4 of 7"
    assert "without it 4 of 7 bridges are cut off" in point_line(found.single_points[0], found)


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


def test_an_acceptance_that_accepts_nothing_is_told() -> None:
    accepted = {i: acceptance(i) for i in (f"cut:{SPUR}", f"cut:{RING}", "mcu")}
    found = points(usual(), accepted)
    assert [(one.failure, one.why) for one in unneeded(found, accepted)] == [
        (f"cut:{RING}", "no-single-point"),
        ("mcu", "not-tried"),
    ]
    made = answer(accepts=tuple(accepted))
    assert unneeded_lines(made) == [
        "accepted, but no single point of failure: link Gia Nghĩa – Cư Jút cut",
        "accepted, but not tried: mcu",
    ]
    assert "- accepted, but not tried: mcu" in summary_md(made)


def test_with_a_baseline_the_headline_is_what_the_exit_code_tells() -> None:
    weak = answer(accepts=())
    baseline = accept(weak, name="ring", reason="known since 2024", on=date(2026, 11, 25))
    same = against(weak, baseline)
    assert (same.verdict, same.by_criteria, same.reasons) == ("pass", "fail", [])
    assert headline(same) == (
        "PASS – nothing is worse than what was accepted as ring (3 failures tried; by the criteria "
        "alone: fail)"
    )
    assert summary_md(same).startswith(f"# {headline(same)}\n")
    assert alone(same) == weak
    [point] = weak.single_points
    assert point_line(point, same).endswith("; accepted as ring: known since 2024")
    assert point_line(point, weak).endswith("; not accepted")
    worse = answer([failure("cut:gia-nghia--cu-jut", [impact("cu-jut", 900.0)]), *usual()[1:]])
    compared = against(worse, baseline)
    assert headline(compared).startswith("FAIL – 1 thing is worse than what was accepted as ring")
    [reason] = compared.reasons
    assert reason.startswith("cut:gia-nghia--cu-jut: cu-jut is interrupted 900.0 ms")
    why = "link Gia Nghĩa – Cư Jút cut: Cư Jút is interrupted 900.0 ms"
    assert f"Why:\n\n- {why} (was: interrupted 412.2 ms; +487.8 ms)\n" in summary_md(compared)
    assert "Cư Jút bị gián đoạn 900,0 ms (trước: bị gián đoạn" in summary_md(compared, "vi")
    void = answer([failure("cut:x", verdict="invalid", reasons=["hung"])])
    assert headline(against(void, baseline)) == headline(void)


def test_the_longest_may_be_by_the_mending() -> None:
    mended = impact("cu-jut", 300.0, restored_interruption_ms=1200.0)
    made = answer([failure("cut:gia-nghia--cu-jut", [mended]), *usual()[1:]])
    assert slowest(made) == (
        "1200 ms at Cư Jút by the mending of link Gia Nghĩa – Cư Jút cut (limit 1000 ms)"
    )
    assert tried(made)[0]["by mending"] == "1200 ms at Cư Jút"


def test_what_is_gone_or_was_not_tried_keeps_its_name() -> None:
    """Neither is in the new answer: the baseline knows what both were called."""
    baseline = accept(answer(), name="ring", reason="r", on=date(2026, 11, 25))
    left = {"gia-nghia": "Gia Nghĩa", "cu-jut": "Cư Jút", "r-cu-jut": "Cư Jút"}
    was = answer(usual()[2:])
    fewer = was.model_copy(
        update={
            "names": left,
            "possible": ["cut:gia-nghia--cu-jut", "site:dak-glong"],
            "question": was.question.model_copy(
                update={"existing": [b for b in was.question.existing if b.id in left]}
            ),
        }
    )
    compared = against(fewer, baseline)
    for language, said in (
        (
            "en",
            [
                "bridge Đắk Glong is not in the meeting any more",
                "link Gia Nghĩa – Cư Jút cut: was accepted, but has not been tried this time",
                "link Gia Nghĩa – Đắk Glong cut: link Gia Nghĩa ↔ Đắk Glong is not in the network",
            ],
        ),
        (
            "vi",
            [
                "điểm cầu Đắk Glong không còn trong phiên họp",
                "đứt đường truyền Gia Nghĩa – Cư Jút:",
                "đứt đường truyền Gia Nghĩa – Đắk Glong: đường truyền Gia Nghĩa ↔ Đắk Glong: không",
            ],
        ),
    ):
        text = markdown(
            failures_summary.brief(compared, language=language), translator(language).say
        )
        for each in said:
            assert each in text
        assert showing(text.splitlines()) == []
        assert showing(summary_md(compared, language).splitlines()) == []
