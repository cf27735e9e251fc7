"""summary.md and the terminal's table."""

import annex_factory
import results_factory as make

from giaoban.results.model.result import Refused, UnjudgedLimit
from giaoban.results.report.summaries.check_summary import criteria, notes, summary_md
from giaoban.results.report.wording import Wording
from tests.results.tables import rows_of

VI = Wording("vi")


def test_a_reader_sees_verdict_binding_and_margin_first():
    head = "\n".join(summary_md(make.result()).splitlines()[:6])
    assert head.startswith("# PASS")
    where = "Gia Nghĩa (chair bridge), sound down, with Cư Jút, before"
    assert f"Binds: Sound, from mouth to ear at {where} – 260 ms, limit 400 ms" in head
    assert "margin +35 %" in head


def test_a_fail_names_cause_and_reasons():
    before, during, after = make.phases()
    device = make.mcu(list(make.EXISTING), [Refused(bridge="quang-son", code=503, reason="full")])
    phases = [before, make.phase("during", during.bridges, device=device), after]
    text = summary_md(make.result(phases))
    assert text.startswith("# FAIL")
    assert "Fails first: Calls not set up at Polycom RMX 1500" in text
    assert "Xã Quảng Sơn (503 full)" in text
    assert "| **NOT MET** |" in text


def test_invalid_says_why():
    result = make.result(invalid=[make.unaccounted(12)])
    assert summary_md(result).startswith("# INVALID")
    assert notes(result)[0] == str(make.unaccounted(12))


def test_one_row_a_criterion_and_one_that_binds():
    rows = rows_of(criteria(make.result()))
    assert len(rows) == 14
    marked = [row["criterion"] for row in rows if row["criterion"].startswith("▶")]
    assert marked == ["▶ Sound, from mouth to ear"]
    assert rows[4]["value"] == "260 ms"
    assert rows[4]["limit"] == "≤ 400 ms"


def test_inputs_are_tied_to_their_bytes():
    text = summary_md(make.result())
    for letter in "abcd":
        assert letter * 64 in text
    assert "hợp đồng" not in text


def test_without_new_bridges_the_verdict_is_about_those_there_are():
    asked = make.result().question.model_copy(update={"new": []})
    result = make.result().model_copy(update={"question": asked})
    assert summary_md(result).startswith("# PASS – the system as it is meets the criteria")
    assert "điểm cầu mới" not in VI.verdict(result)
    assert VI.verdict(result).startswith("Đạt: hệ thống hiện có")


def test_a_limit_that_was_not_judged_is_told_with_why():
    named = {"name_en": "Slides: frames not shown", "name_vi": "Trình chiếu: khung không hiển thị"}
    limit = UnjudgedLimit(id="slides-not-shown", why="slides", **named)
    told = make.result().model_copy(update={"unjudged_limits": [limit]})
    what = "The scenario’s limit for Slides: frames not shown was not judged in its own meeting"
    said = f"{what}: nobody shows slides"
    assert said in notes(told)
    assert said in summary_md(told)
    vietnamese = "được xét trong cuộc họp của chính kịch bản: không điểm cầu nào trình"
    assert vietnamese in summary_md(told, "vi")
    assert vietnamese in annex_factory.said(told)
    assert "not judged:" not in summary_md(make.result())
