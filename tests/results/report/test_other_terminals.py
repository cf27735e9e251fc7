"""On which terminals a check hangs, as each document tells it, in both languages."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

import annex_factory as annexes
import failures_factory
import load_factory
import pytest
import results_factory as make
import sensitivity_factory
import studies_factory

from giaoban.results.judge.diff import differences
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import OFF, LossBehaviour, Phase, Result, TerminalsChecked
from giaoban.results.model.studies.compared import Compared, ScenarioCompared
from giaoban.results.report.document import plain
from giaoban.results.report.markdown import markdown
from giaoban.results.report.summaries import (
    compared_summary,
    failures_summary,
    headroom_summary,
    load_summary,
    sensitivity_summary,
    sweep_summary,
    whatif_summary,
)
from giaoban.results.report.summaries.check_summary import brief, summary_md
from giaoban.results.report.terminals_words import how_to_ask, terminals_line, terminals_table
from giaoban.results.report.view.page_data import PageRun, PageSubject
from giaoban.results.report.view.sections import content
from giaoban.results.report.wording import Wording
from giaoban.scenarios.study.terminals import behaviours
from giaoban.translation import translator

AGAIN, FEC = LossBehaviour("retransmission"), LossBehaviour("fec")
CONCEALS = LossBehaviour(error_concealment=True)
ADAPTS = LossBehaviour(rate_adaptation=True)
LOSSY = make.stream(
    "video", sent=7000, received=6990, freezes=3, freeze_ms_max=2500.0, freeze_pct_20s=39.0
)


def lossy(**device: Any) -> list[Phase]:
    """The last phase loses packets of what Quảng Sơn sees; `device` are changes of the MCU."""
    before, during, after = make.phases()
    bridges = [each for each in after.bridges if each.id != "quang-son"]
    streams = [make.stream(), make.stream("audio", "up", mouth_to_ear_with="gia-nghia"), LOSSY]
    bridges.append(make.bridge("quang-son", None, *streams))
    joined = [each.id for each in bridges]
    return [before, during, make.phase("after", bridges, device=make.mcu(joined, **device))]


def passing(does: LossBehaviour = AGAIN) -> Result:
    return make.result(**asdict(does))


def failing(does: LossBehaviour = AGAIN) -> Result:
    return make.result(lossy(), **asdict(does))


def other(does: LossBehaviour, verdict: Verdict | None, **more: Any) -> TerminalsChecked:
    """What terminals that do so come to; None: it was not tried."""
    found: dict[str, Any] = {"engine": None}
    if verdict in ("pass", "fail"):
        of = passing() if verdict == "pass" else failing()
        bound = of.criterion(of.binding.criterion)
        found = {"engine": "estimate", "binding": of.binding, "bound": bound, "margin_pct": -9.0}
    return TerminalsChecked(id=does.id, verdict=verdict, **(asdict(does) | found | more))


def told(result: Result, *others: TerminalsChecked) -> Result:
    return result.model_copy(update={"terminals": list(others)})


def line(result: Result, language: Any = "en") -> str:
    return terminals_line(result, Wording(language, result)).replace("\N{NO-BREAK SPACE}", " ")


HANGS = told(passing(), other(OFF, "fail"))


def test_a_pass_that_hangs_on_it() -> None:
    only, without = line(HANGS).split(". ", 1)
    assert only == (
        "This holds on condition that all terminals and the MCU send lost packets of pictures again"
    )
    assert without.startswith(
        "The criteria are not met where all terminals and the MCU neither repair nor conceal "
        "losses of pictures, nor lower their rates (estimated, at this seed alone): "
    )
    assert "Xã Quảng Sơn" in without


def test_the_same_in_vietnamese() -> None:
    said = line(HANGS, "vi")
    assert said.startswith(
        "Kết luận này đúng với điều kiện mọi thiết bị đầu cuối và MCU đều gửi lại gói hình ảnh "
        "bị mất. "
    )
    assert " (ước tính, chỉ với số khởi tạo này): " in said


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (
            told(passing(), other(OFF, "pass")),
            "In the scenario’s own meeting the criteria are met, too, where all terminals and the "
            "MCU neither repair nor conceal losses of pictures, nor lower their rates (estimated",
        ),
        (told(failing(), other(OFF, "fail")), "The criteria are not met where all terminals and"),
        (
            told(failing(), other(OFF, "pass")),
            "In the scenario’s own meeting the criteria are met where all terminals and the MCU n",
        ),
        (
            told(failing(OFF), other(AGAIN, "fail"), other(FEC, "pass", engine="sandbox")),
            "The criteria are not met where all terminals and the MCU send lost packets of",
        ),
        (
            told(passing(), other(OFF, "fail"), other(FEC, "pass"), other(ADAPTS, "fail")),
            "This holds on condition that all terminals and the MCU send lost packets of pictures "
            "again. The criteria are not met where all terminals and the MCU neither repair",
        ),
        (
            told(passing(OFF), other(ADAPTS, "fail")),
            "The criteria are not met where all terminals and the MCU lower the rates of pictures",
        ),
        (
            told(passing(), other(OFF, None, untried="emulated", reasons=["TCP"])),
            "What it comes to where all terminals and the MCU neither repair nor conceal "
            "losses of pictures, nor lower their rates was not tried: TCP.",
        ),
        (
            told(passing(OFF), other(FEC, None, untried="refused"), other(ADAPTS, "invalid")),
            "In this scenario terminals and MCU cannot protect pictures by forward error "
            "correction. What it comes to where all terminals and the MCU lower the rates",
        ),
        (
            told(passing(CONCEALS), other(OFF, "fail"), other(AGAIN, "fail")),
            "This holds on condition that all terminals and the MCU conceal errors, showing "
            "damaged pictures. The criteria are not met where all terminals and the MCU neither",
        ),
        (
            told(failing(AGAIN), other(replace(AGAIN, error_concealment=True), "fail")),
            "The criteria are not met where all terminals and the MCU send lost packets of "
            "pictures again, and conceal errors, showing damaged pictures (estimated, at",
        ),
        (passing(), ""),
    ],
)  # fmt: skip
def test_what_it_hangs_on(result: Result, said: str) -> None:
    assert line(result).startswith(said)
    assert bool(said) == bool(line(result))


def test_each_is_told_by_itself() -> None:
    """What was tried is that all do the same: no mixture of two."""
    more = other(FEC, "pass"), other(ADAPTS, "fail")
    said = line(told(passing(), other(OFF, "fail"), *more))
    assert said.count("The criteria are not met where all terminals and the MCU ") == 2
    assert said.count("the criteria are met, too, where all terminals and the MCU protect") == 1
    assert ", or " not in said


@pytest.mark.parametrize("found", ["pass", "fail"])
def test_a_run_that_fails_at_other_seeds_or_in_other_meetings_does_not_hold(found: Verdict) -> None:
    """Its own criteria are met, but it is no pass: nothing that was tried makes it one."""
    result = told(passing(), other(OFF, found)).model_copy(update={"verdict": "fail"})
    said = line(result)
    assert "condition" not in said
    assert said.startswith(
        "In the scenario’s own meeting" if found == "pass" else "The criteria are not met where"
    )


def test_where_nothing_failed_without_it_is_not_said_to_hang_on_it() -> None:
    said = line(told(passing(), other(OFF, "invalid"), other(FEC, "fail")))
    assert said.startswith("The criteria are not met where all terminals and the MCU protect")


def test_what_cannot_be_trusted_says_nothing() -> None:
    unsure = make.result(invalid=[make.unaccounted(3)], **asdict(AGAIN))
    assert line(told(unsure, other(OFF, "fail"))) == ""


@pytest.mark.parametrize("language", ["en", "vi"])
def test_terminal_and_summary(language: Any) -> None:
    said = [plain(getattr(block, "text", "")) for block in brief(HANGS, language)]
    assert terminals_line(HANGS, Wording(language, HANGS)) in said
    assert not any(getattr(block, "ident", "") == "terminals-table" for block in brief(HANGS))
    both = told(passing(), other(OFF, "fail"), other(FEC, "pass"))
    assert any(getattr(block, "ident", "") == "terminals-table" for block in brief(both))
    title = Wording(language).gettext("Other terminals")
    assert f"## {title}" in summary_md(HANGS, language)
    assert title not in summary_md(passing(), language)


def test_the_table() -> None:
    both = told(passing(), other(OFF, "fail"), other(FEC, "pass", engine="sandbox"))
    [table] = terminals_table(both, Wording("en", both))
    cells = [[cell.text for cell in row] for row in table.rows]
    assert cells[0][0] == "Neither repair nor conceal losses of pictures, nor lower their rates"
    assert [row[1:3] for row in cells] == [["estimate", "NOT MET"], ["emulation", "met"]]
    assert "Xã Quảng Sơn" in cells[0][3]


def test_the_annex_says_it_in_its_conclusion() -> None:
    text = annexes.said(HANGS)
    concluded = text.index("Kết luận này đúng với điều kiện mọi thiết bị đầu cuối và MCU")
    assert concluded < text.index("Kết quả theo từng tiêu chí")
    assert "Mọi thiết bị đầu cuối và MCU đều gửi lại gói hình ảnh bị mất." in text
    rows = annexes.rows(HANGS, caption="Khi thiết bị đầu cuối xử lý mất gói theo cách khác")
    assert [row[2] for row in rows] == ["KHÔNG ĐẠT"]


@pytest.mark.parametrize(
    ("result", "does"),
    [
        (HANGS, "gửi lại gói hình ảnh bị mất"),
        (told(passing(), other(OFF, None, untried="emulated")), "gửi lại gói hình ảnh bị mất"),
        (
            told(passing(), other(OFF, "fail"), other(FEC, "pass")),
            "gửi lại gói hình ảnh bị mất",
        ),
        # one estimate at one seed takes no condition away
        (told(passing(), other(OFF, "pass")), "gửi lại gói hình ảnh bị mất"),
        (passing(), "gửi lại gói hình ảnh bị mất"),
        (passing(CONCEALS), "che lỗi, tức là hiển thị cả hình bị hỏng"),
        (told(passing(OFF), other(FEC, "pass")), ""),
        (passing(OFF), ""),
    ],
)
def test_it_is_among_the_conditions_of_a_pass(result: Result, does: str) -> None:
    text = annexes.said(result)
    assert f"mọi thiết bị đầu cuối và MCU đều {does}, được xác nhận" in text or not does
    assert ("được xác nhận bằng tài liệu kỹ thuật hoặc thử nghiệm" in text) == bool(does)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_page_has_the_same(language: Any) -> None:
    found = content(PageSubject(PageRun(HANGS, make.series(), None)), language)
    assert Wording(language).gettext("send lost packets of pictures again") in found
    assert 'id="terminals-table"' in found


# -------------------------------------------------------------------------------------- how to ask


ASK = "terminals that repair losses, or lower their rates, may carry it"


def test_what_fails_by_losses_says_how_to_ask() -> None:
    result = failing(OFF)
    assert ASK in how_to_ask(result, Wording("en", result))
    assert ASK in summary_md(result)
    assert any(ASK in plain(getattr(block, "text", "")) for block in brief(result))


def busy() -> Result:
    """It loses packets of pictures, and the device is too full: no terminal helps."""
    return make.result(lossy(units_used=89.0), **asdict(OFF))


def forwarded() -> Result:
    """It is not repaired where pictures are passed on."""
    result = failing(OFF)
    meeting = result.meeting.model_copy(update={"video": "switched"})
    return result.model_copy(update={"meeting": meeting})


def test_what_was_not_emulated_says_how_to_ask() -> None:
    result = told(passing(), other(OFF, None, untried="emulated", reasons=["TCP"]))
    assert "--terminals" in how_to_ask(result, Wording("en", result))
    assert "--terminals" not in annexes.said(result)


@pytest.mark.parametrize(
    "result",
    [
        passing(OFF),
        failing(AGAIN),
        told(failing(OFF), other(AGAIN, "fail")),
        make.result(lossy()),  # of before: it does not say what terminals do
        busy(),
        forwarded(),
    ],
    ids=["passes", "repairs", "was-asked", "of-before", "full", "forwarded"],
)
def test_what_no_terminal_would_carry_does_not(result: Result) -> None:
    assert how_to_ask(result, Wording("en", result)) == ""


# ------------------------------------------------------------------------------ answers of before


def test_an_answer_of_before_still_loads_and_is_the_same() -> None:
    result = passing()
    data = json.loads(result.to_json())
    del data["terminals"], data["meeting"]["loss_repair"], data["meeting"]["rate_adaptation"]
    before = Result.from_json(json.dumps(data))
    assert before.terminals == []
    assert before.meeting.on_loss is None
    assert differences(before, result) == []
    assert [d.path for d in differences(result, passing(FEC))] == ["meeting.loss_repair"]


def test_another_verdict_of_other_terminals_is_a_difference() -> None:
    found = differences(HANGS, told(passing(), other(OFF, "pass")))
    assert ("measure", "terminals[off].verdict") in [(d.kind, d.path) for d in found]


OF_STUDIES: list[tuple[Any, Any]] = [
    (failures_factory.answer, failures_summary),
    (studies_factory.whatif, whatif_summary),
    (studies_factory.headroom, headroom_summary),
    (studies_factory.sweep, sweep_summary),
    (sensitivity_factory.answer, sensitivity_summary),
    (load_factory.storm, load_summary),
]


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize(("made", "words"), OF_STUDIES)
def test_every_study_says_which_terminals_it_rests_on(made: Any, words: Any, lang: Any) -> None:
    said = {"en": "All terminals and the MCU ", "vi": "Mọi thiết bị đầu cuối và MCU đều "}[lang]
    by = {"language": lang} if words in (failures_summary, load_summary) else {}
    for does in (None, OFF, *behaviours(OFF), *behaviours(FEC)):
        answer = made().model_copy(update={"on_loss": does})
        assert type(answer).model_validate(json.loads(answer.to_json())) == answer
        told = 0 if does in (None, OFF) else 1
        assert words.summary_md(answer, lang).count(said) == told
        assert markdown(words.brief(answer, **by), translator(lang).say).count(said) == told


@pytest.mark.parametrize("made", [failures_factory.answer, load_factory.storm])
def test_a_study_of_before_is_the_same_and_other_terminals_are_another_input(made: Any) -> None:
    answers = [made().model_copy(update={"on_loss": does}) for does in (None, AGAIN, FEC)]
    before, again, fec = answers
    assert differences(before, again) == differences(again, before) == []
    found = [(d.kind, d.path) for d in differences(again, fec)]
    assert found == [("input", "on_loss.loss_repair")]


def compared(was: LossBehaviour | None, now: LossBehaviour | None) -> Compared:
    """A scenario before and now, in which something else was changed."""
    line = ScenarioCompared(
        id="s", state="changed", old="pass", new="pass", old_on_loss=was, new_on_loss=now
    )
    return Compared(
        run_id="compare-s-20261125-090000", verdict="pass", old="a", new="b",
        tolerance_points=10.0, scenarios=[line], seconds=1.0,
    )  # fmt: skip


@pytest.mark.parametrize("does", [AGAIN, FEC, *behaviours(FEC)])
def test_a_comparison_says_which_terminals_it_rests_on(does: LossBehaviour) -> None:
    said = compared_summary.summary_md(compared(does, does), "en")
    assert said.count("All terminals and the MCU ") == (0 if does == OFF else 1)
    assert "Before, all terminals" not in said


@pytest.mark.parametrize(("was", "now"), [(OFF, AGAIN), (AGAIN, OFF), (FEC, CONCEALS)])
def test_a_comparison_of_other_terminals_says_so(was: LossBehaviour, now: LossBehaviour) -> None:
    answer = compared(was, now)
    assert Compared.from_json(answer.to_json()) == answer
    en, vi = (compared_summary.summary_md(answer, lang) for lang in ("en", "vi"))
    told, nun = (Wording("en", make.result()).on_loss(each) for each in (was, now))
    assert f"Before, all terminals and the MCU {told}; now they {nun}." in en
    assert "Trước đây mọi thiết bị đầu cuối và MCU đều " in vi
    assert "All terminals" not in en


@pytest.mark.parametrize(("lang", "said"), [("en", "in B they "), ("vi", "; ở B đều ")])
def test_a_page_of_two_runs_with_other_terminals_says_so(lang: Any, said: str) -> None:
    assert page_of(passing(), passing(FEC), lang).count(said) == 1
    assert said not in page_of(passing(), passing(), lang)
    assert said not in page_of(make.result(), passing(FEC), lang)  # an answer of before


def page_of(a: Result, b: Result, lang: Any) -> str:
    """All sentences of the page that has both."""
    return content(PageSubject(*(PageRun(each, make.series(), None) for each in (a, b))), lang)
