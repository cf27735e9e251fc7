"""What the annex says of how far the assumptions may be off, and the picture of it."""

from __future__ import annotations

import math

import annex_factory as annexes
import pytest
import results_factory as make
import sensitivity_factory as some

from giaoban.drawing import own_look
from giaoban.errors import InputError
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.results.report.annex.content import document
from giaoban.results.report.annex.sensitivity import Analysis
from giaoban.results.report.document import Document, Table
from giaoban.results.report.letter import Letter
from giaoban.results.report.plots import tornado
from giaoban.results.report.plots.style import STYLE
from giaoban.results.report.summaries.sensitivity_summary import summary_md
from giaoban.scenarios.study.documents import with_analyses


def annex(answer: Sensitivity, *, proved: bool = True, picture=None, **more) -> Document:
    result = make.result().model_copy(update=more)
    chapter = annexes.chapter(result)._replace(analysis=Analysis(answer, picture, proved))
    return document([chapter], Letter())


def deciding(document: Document) -> list[list[str]]:
    [table] = [b for b in document.blocks if isinstance(b, Table) and b.ident == "deciding-table"]
    return [[f"{c.text}|{c.sub}".strip("|") for c in row] for row in table.rows]


def test_what_no_evidence_holds_makes_a_draft() -> None:
    assert not annex(some.answer()).draft
    draft = annex(some.answer(), proved=False)
    assert draft.draft
    assert any(some.RUN_ID in notice for notice in draft.notices)


def test_an_analysis_of_another_question_is_refused(tmp_path) -> None:
    check = annexes.chapter(make.result())
    [made] = with_analyses([check], [some.answer()], tmp_path)
    assert not made.analysis.proved
    inputs = some.answer().inputs.model_copy(update={"seed": 1})
    with pytest.raises(InputError, match="another question"):
        with_analyses([check], [some.answer(inputs=inputs)], tmp_path)


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


def test_two_checks_of_one_question_stay_two(tmp_path) -> None:
    check = annexes.chapter(make.result())
    assert with_analyses([check, check], [], tmp_path) == [check, check]
    made = with_analyses([check, check], [some.answer()], tmp_path)
    assert [each.analysis is not None for each in made] == [True, True]


def test_a_margin_as_assumed_is_in_the_picture_however_far_past_the_limit() -> None:
    for margin_pct, drawn_at in ((20.0, 20.0), (-250.0, -100.0), (None, -100.0)):
        binding = some.binding(20.0).model_copy(update={"margin_pct": margin_pct})
        assert tornado._as_assumed(some.answer(binding=binding)) == drawn_at
