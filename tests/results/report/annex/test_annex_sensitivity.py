"""What the annex says of how far the assumptions may be off, and the picture of it."""

from __future__ import annotations

import math

import annex_factory as annexes
import pytest
import results_factory as make
import sensitivity_factory as some

from giaoban.drawing import own_look
from giaoban.errors import InputError
from giaoban.results.judge.verdict import with_robustness
from giaoban.results.model.studies.sensitivity import FailedBy, PastFlips, Sensitivity
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.results.report.annex.content import document
from giaoban.results.report.annex.sensitivity import Analysis
from giaoban.results.report.document import Document, Heading, Picture, Table
from giaoban.results.report.letter import Letter
from giaoban.results.report.plots import tornado
from giaoban.results.report.plots.style import STYLE
from giaoban.results.report.summaries.sensitivity_summary import brief, robustness, summary_md
from giaoban.scenarios.study.documents import with_analyses
from giaoban.translation import NBSP


def annex(
    answer: Sensitivity, lang: str = "vi", *, proved: bool = True, picture=None, **more
) -> Document:
    result = make.result().model_copy(update=more)
    chapter = annexes.chapter(result)._replace(analysis=Analysis(answer, picture, proved))
    return document([chapter], lang, Letter())


def concluded(document: Document) -> list[str]:
    """The texts of the conclusion."""
    sections: dict[str, list[str]] = {}
    for at, text in document.texts():
        sections.setdefault(at.partition(" ")[0], []).append(text.replace(NBSP, " "))
    return sections["2."]


def deciding(document: Document) -> list[list[str]]:
    [table] = [b for b in document.blocks if isinstance(b, Table) and b.ident == "deciding-table"]
    return [[f"{c.text}|{c.sub}".strip("|") for c in row] for row in table.rows]


def test_the_conclusion_says_as_long_as_what_it_holds() -> None:
    [said] = [t for t in concluded(annex(some.answer(), "en")) if "holds as long as" in t]
    assert said == (
        "The conclusion holds as long as, all else being as assumed: access of the MCU: rate is 31 "
        "Mb/s or more; picture composing delay of RMX is 159 ms or less; access of bridge Cư "
        "Jút, access of bridge Đắk Mil, access of bridge Đắk Song: rate is 2.8 Mb/s or more."
    )
    [said] = [t for t in concluded(annex(some.answer())) if t.startswith("Kết luận có giá trị")]
    assert "đường truy nhập của MCU: tốc độ từ 31 Mb/s trở lên" in said


def test_a_margin_is_told_of_choices_that_pass_alone() -> None:
    """What fails was looked at only until that was sure: by how much is not known."""
    whole = some.answer()
    [queues] = whole.of_choices
    curve = [each.model_copy(update={"verdict": "fail", "margin_pct": -36.6}) if n else each
             for n, each in enumerate(queues.curve)]  # fmt: skip
    figures = [
        each.model_copy(update={"curve": curve}) if each.key == queues.key else each
        for each in whole.figures
    ]
    blocks = annex(whole.model_copy(update={"figures": figures})).blocks
    [table] = [b for b in blocks if isinstance(b, Table) and b.ident == "choices-table"]
    assert [row[-1].text for row in table.rows] == ["20 %", "–"]


def test_a_fragile_answer_is_called_so_with_share_and_interval() -> None:
    vi = concluded(annex(some.answer()))
    assert any(
        t.startswith("Kết luận này chưa chắc chắn") and "60 %" in t and "từ 57 % đến 63 %" in t
        for t in vi
    )
    sure = concluded(annex(some.answer(drawn=some.drawn(990))))
    assert not any("chưa chắc chắn" in t for t in sure)
    assert any("99 % trong 1.000 phương án" in t for t in sure)


def test_what_fails_by_drawn_worlds_is_not_called_a_fragile_conclusion() -> None:
    """60 % of the worlds pass, 95 % were asked for: the verdict is FAIL, and says why."""
    answer = some.answer(verdict="fail", required_pct=95.0)
    for language, wrong, right in (
        ("en", "fragile", "only 60 % of 1000 worlds"),
        ("vi", "chưa chắc chắn", "chỉ đạt ở 60 % trong 1.000 phương án"),
    ):
        said = concluded(annex(answer, language))
        assert not any(wrong in t for t in said)
        [told] = [t for t in said if right in t]
        assert "95 %" in told.partition(")")[2]
    shown = " ".join(str(block) for block in brief(answer))
    assert "fragile" not in shown
    assert "all criteria are met, but too seldom" in shown


def test_an_estimate_that_judges_otherwise_is_no_ground() -> None:
    said = concluded(annex(some.answer(as_assumed="fail", verdict="fail"), "en"))
    assert any("judges this question otherwise (fail)" in t for t in said)
    assert not any("as long as" in t for t in said)


def test_what_is_alike_is_one_row_and_every_row_says_where_its_range_is_from() -> None:
    rows = deciding(annex(some.answer(), "en"))
    assert [row[0] for row in rows] == [
        "Access of the MCU: rate",
        "Picture composing delay of RMX",
        "Limit: loss",
        "Access of bridge Cư Jút, access of bridge Đắk Mil, access of bridge Đắk Song: rate",
    ]
    assert rows[0][3].startswith("30.5 Mb/s|still as assumed at 31 Mb/s; then fail")
    vi = deciding(annex(some.answer()))
    assert {row[4] for row in vi} == {"hợp đồng"}


def test_a_source_of_ranges_is_said_once_and_rows_have_its_number() -> None:
    of_all = some.answer()
    figures = [
        figure.model_copy(
            update={"range_source": "a data sheet.", "range_source_vi": "bảng số liệu."}
        )
        if figure.what.startswith("picture composing")
        else figure
        for figure in of_all.figures
    ]
    answer = of_all.model_copy(update={"figures": figures})
    made = annex(answer, "en")
    numbers = [row[2].partition("[")[2] for row in deciding(made)]
    assert sorted(set(numbers)) == ["1]", "2]"]
    said = [text for _, text in made.texts() if text.startswith("Where ranges are from: ")]
    assert said == ["Where ranges are from: [1] offers of two carriers; [2] a data sheet."]
    texts = "\n".join(text for _, text in annex(answer).texts())
    assert texts.count("chào giá của hai nhà mạng") == texts.count("bảng số liệu") == 1


def test_sections_that_are_named_are_there(tmp_path) -> None:
    with_picture = annex(some.answer(), "en", picture=tmp_path / "tornado.en.svg")
    [heading] = [
        b for b in with_picture.blocks
        if isinstance(b, Heading) and b.text == "How far the assumptions may be off"
    ]  # fmt: skip
    [assumptions] = [
        b for b in with_picture.blocks if isinstance(b, Heading) and b.text.startswith("Assumption")
    ]
    assert int(heading.number[:-1]) == int(assumptions.number[:-1]) + 1
    said = concluded(annex(some.answer(as_assumed="fail"), "en"))
    assert any(f"the analysis of section {heading.number[:-1]} rests" in t for t in said)
    assert any(isinstance(b, Picture) and "to settle first" in b.caption
               for b in with_picture.blocks)  # fmt: skip


def test_what_no_evidence_holds_makes_a_draft() -> None:
    assert not annex(some.answer()).draft
    draft = annex(some.answer(), "en", proved=False)
    assert draft.draft
    assert any(some.RUN_ID in notice for notice in draft.notices)


def test_what_is_left_out_is_said_with_and_without_an_analysis() -> None:
    left = [
        Unmodelled(
            id=f"thing-{n}", what=f"thing {n}", what_vi=f"điểm {n}", instead="x", instead_vi="x",
            errs="too-kind" if n < 4 else "either", why="x", why_vi="x", settled_by="x",
            settled_by_vi="x", source="x",
        )
        for n in range(7)
    ]  # fmt: skip
    result = make.result().model_copy(update={"unmodelled": left})
    made = document([annexes.chapter(result)], "en", Letter())
    [short] = [t for t in concluded(made) if "left out of the model" in t]
    assert "thing 0; thing 1; thing 2; thing 3; thing 4 and 2 more (section 10)" in short
    assert "4 of these 7 things may make the answer too kind" in short
    whole = [text for at, text in made.texts() if at.startswith("10.") and "left out" in text]
    assert any("thing 6" in text for text in whole)


def test_an_analysis_of_another_question_is_refused(tmp_path) -> None:
    check = annexes.chapter(make.result())
    [made] = with_analyses([check], [some.answer()], tmp_path, "vi")
    assert not made.analysis.proved
    inputs = some.answer().inputs.model_copy(update={"seed": 1})
    with pytest.raises(InputError, match="another question"):
        with_analyses([check], [some.answer(inputs=inputs)], tmp_path, "vi")


def test_what_to_settle_first_is_on_top_and_what_moves_nothing_is_only_counted() -> None:
    answer = some.answer()
    assert [row[0].key for row in answer.alike] == [
        some.LINE, some.COMPOSE, "thresholds.loss", "province.bridges.cu-jut.rate_mbps",
        "province.qos.scheduling",
    ]  # fmt: skip
    with own_look(STYLE):
        texts = [
            t.get_text()
            for t in tornado.draw(answer, "en").findobj(lambda a: hasattr(a, "get_text"))
        ]
    assert "as assumed: 20 %" in texts
    assert "◂ 250 ms" in texts  # nothing was measured there
    assert "◂ 2 Mb/s" in texts
    assert "◂ −100 % or less: not followed further" in texts
    assert "classes (DiffServ)" in texts
    assert "1 further assumption moves the least margin no further" in texts


def test_first_is_to_be_settled_what_adds_most_to_certainty() -> None:
    """By the part of what is likely in which the verdict is another: above 160 of 250 ms, below
    30.5 of 2 to 1,000 Mb/s by ratios, and below 2.7 by differences. A limit is none of it."""
    alone = some.answer(drawn=None)
    parts = {each.figures[0].key: each.share for each in alone.to_settle}
    assert list(parts) == [
        some.LINE, some.COMPOSE,
        *(f"province.bridges.{ident}.rate_mbps" for ident in ("cu-jut", "dak-mil", "dak-song")),
    ]  # fmt: skip
    assert parts[some.LINE] == pytest.approx(math.log(30.5 / 2) / math.log(500))
    assert parts[some.COMPOSE] == pytest.approx(90 / 250)
    assert parts["province.bridges.cu-jut.rate_mbps"] == pytest.approx(0.7 / 998)
    told = summary_md(alone)
    assert "1. access of the MCU: rate (44 %) – the contract" in told
    assert "2. picture composing delay of RMX (36 %) – the contract" in told
    [compose] = [each for each in some.figures() if each.key == some.COMPOSE]
    unlikely = compose.model_copy(update={"likely_low": 80.0, "likely_high": 150.0})
    assert unlikely.turned == 0.0


def test_nothing_is_drawn_where_nothing_moves_the_margin(tmp_path) -> None:
    still = some.answer(figures=[f for f in some.figures() if f.field == "km"])
    assert tornado.write_tornado(still, tmp_path, lang="vi") is None
    assert list(tmp_path.iterdir()) == []


def test_failing_worlds_are_named_with_the_figures_past_their_flip_points() -> None:
    keys = ("cu-jut", "dak-mil")
    past = PastFlips(
        field="rate_mbps", keys=[f"province.bridges.{k}.rate_mbps" for k in keys], worlds=300
    )
    failed = FailedBy(criterion="loss", worlds=400, alone=380, past_flips=[past])
    drawn = some.drawn().model_copy(update={"failed_by": [failed]})
    said = (
        "400 worlds fail, access of bridge Cư Jút, and 1 more: rate past 2.7 Mb/s in 300 worlds; "
        "only several figures together in 20 worlds"
    )
    assert said in summary_md(some.answer(drawn=drawn))
    assert said in " ".join(text for _, text in annex(some.answer(drawn=drawn), "en").texts())


def test_two_checks_of_one_question_stay_two(tmp_path) -> None:
    check = annexes.chapter(make.result())
    assert with_analyses([check, check], [], tmp_path, "vi") == [check, check]
    made = with_analyses([check, check], [some.answer()], tmp_path, "vi")
    assert [each.analysis is not None for each in made] == [True, True]


@pytest.mark.parametrize("required_pct", [60.0, 60.1])
def test_a_share_that_is_required_fails_the_check_and_not_what_was_found(required_pct) -> None:
    """The estimate agrees with the check; only too few of its worlds pass."""
    answer = some.answer(
        required_pct=required_pct, verdict="pass" if required_pct <= 60 else "fail"
    )
    result = with_robustness(make.result(), robustness(answer, "sensitivity.json"))
    assert result.verdict == answer.verdict
    chapter = annexes.chapter(result)._replace(analysis=Analysis(answer, None, True))
    said = concluded(document([chapter], "en", Letter()))
    assert not any("judges this question otherwise" in t for t in said)
    assert any("The conclusion holds as long as" in t for t in said) == (required_pct <= 60)
    assert any("stays so as long as" in t for t in said) == (required_pct > 60)


def test_a_margin_as_assumed_is_in_the_picture_however_far_past_the_limit() -> None:
    for margin_pct, drawn_at in ((20.0, 20.0), (-250.0, -100.0), (None, -100.0)):
        binding = some.binding(20.0).model_copy(update={"margin_pct": margin_pct})
        assert tornado._as_assumed(some.answer(binding=binding)) == drawn_at
