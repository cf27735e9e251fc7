"""How narrowly a meeting passes, and what that rests on, is told wherever it passes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from meeting_factory import answer, part

from giaoban.results.model.places import Place
from giaoban.results.model.result import Assumption, CriterionResult
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.report.document import Par
from giaoban.results.report.meetings.meeting_sheet import minutes_document, sheet
from giaoban.results.report.meetings.meeting_summary import brief, summary_md
from giaoban.translation import NBSP

WHEN = datetime(2026, 11, 27, 8, tzinfo=UTC)
TOLD = "Closest to its limit: Picture, from camera to screen – Cư Jút"


def narrow() -> CriterionResult:
    return CriterionResult(
        id="camera-to-screen",
        name_en="Picture, from camera to screen",
        name_vi="Hình ảnh: độ trễ từ máy quay đến màn hình",
        value=379.0,
        threshold=400.0,
        unit="ms",
        sense="at-most",
        ok=True,
        margin_pct=5.25,
        worst_at="cu-jut",
        place=Place(kind="bridge", id="cu-jut"),
        source="G.1010",
        source_vi="G.1010",
    )


def said(blocks: Any) -> str:
    return "\n".join(b.text for b in blocks if isinstance(b, Par)).replace(NBSP, " ")


def meeting(verdict: Any = "pass") -> MeetingAnswer:
    parts = [part(name, closest=narrow(), verdict=verdict) for name in ("check", "course")]
    return answer(*parts, verdict=verdict)


def test_what_is_closest_to_its_limit_stands_in_every_document() -> None:
    held = meeting()
    assert said(brief(held, "en")).count(TOLD) == 2
    assert "379 ms" in said(brief(held, "en"))
    assert "5 %" in said(brief(held, "en"))
    assert said(sheet(held, "en", WHEN).blocks).count(TOLD) == 1
    assert said(minutes_document(held, "en", WHEN).blocks).count(TOLD) == 2
    assert "Gần ngưỡng nhất" in said(brief(held, "vi"))


@pytest.mark.parametrize("verdict", ["fail", "invalid"])
def test_what_does_not_pass_is_close_to_nothing(verdict: str) -> None:
    for blocks in (brief(meeting(verdict), "en"), sheet(meeting(verdict), "en", WHEN).blocks):
        assert "Closest" not in said(blocks)


def test_assumptions_are_listed_in_the_summary() -> None:
    one = Assumption(
        what="the other MCU",
        what_vi="MCU bên ngoài",
        value="40 ms",
        value_vi="40 ms",
        source="nobody says",
        source_vi=None,
        settled_by="a measurement",
        settled_by_vi="một phép đo",
    )

    def texts(language: Any) -> list[list[str]]:
        blocks = summary_md(answer(assumptions=[one]), language)
        table = blocks[-1]
        return [[cell.text for cell in row] for row in table.rows]

    assert texts("en") == [["the other MCU", "40 ms", "nobody says", "a measurement"]]
    assert texts("vi") == [["MCU bên ngoài", "40 ms", "nobody says", "một phép đo"]]
    assert len(summary_md(answer(), "en")) == len(summary_md(answer(assumptions=[one]), "en")) - 2
