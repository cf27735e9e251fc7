"""Every assumption a run rests on is listed, and none that it does not rest on."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import scenario

from giaoban.results.judge.criteria import load_criteria
from giaoban.scenarios.measure.assumptions import assumptions
from giaoban.scenarios.plan.question import make_question

ENCODER, SLIDES, TALK = "how an encoder spends its rate", "shared slides", "when a bridge talks"


@pytest.fixture
def listed(tmp_path: Path) -> Any:
    """What is assumed for a scenario with more keys: by its name."""

    def of(more: str = "", **top: Any) -> dict[str, Any]:
        path = scenario(tmp_path / "s.toml", more=more, **top)
        found = assumptions(make_question(path), load_criteria())
        return {one.what: one for one in found}

    return of


def test_a_meeting_of_tones_rests_on_no_speech_and_no_slides(listed: Any) -> None:
    found = listed()
    assert ENCODER in found
    assert SLIDES not in found
    assert TALK not in found


def test_conversation_rests_on_the_lengths_of_talk_and_pause(listed: Any) -> None:
    talk = listed('[meeting]\nsound = "conversation"')[TALK]
    assert talk.value == "1.004 s of talk, 1.587 s of pause on average"
    assert "1,004" in talk.value_vi  # ITU-T P.59
    assert "P.59" in talk.source


def test_shown_slides_are_assumed_as_pictures_are(listed: Any) -> None:
    found = listed('[content]\nbridge = "west"', profile="720p30-2m-content")
    assert {ENCODER, SLIDES, "rate of a call"} <= set(found)


def test_a_wideband_codec_lists_the_factor_that_nobody_published(listed: Any) -> None:
    what = "how losses sound with G.722, 64 kb/s"
    assert what not in listed()
    row = listed(profile="720p30-high-512k")[what]
    assert row.value == "Ie = 13, Bpl = 4.6"
    assert row.value_vi == "Ie = 13, Bpl = 4,6"
    assert "G.113" in row.source
    assert "G.113" in row.source_vi


def test_how_a_bridge_comes_back_is_assumed_where_something_fails(tmp_path: Path) -> None:
    question = make_question(scenario(tmp_path / "s.toml"))
    what = "how a bridge comes back after a fault"
    assert what not in {one.what for one in assumptions(question, load_criteria())}
    plan = question.plan.model_copy(update={"recovery": question.profiles.recovery})
    found = assumptions(dataclasses.replace(question, plan=plan), load_criteria())
    [row] = [one for one in found if one.what == what]
    assert row.value == (
        "cut off after 10 s without media, dials every 5 s; "
        "a bridge starts in 60 s, an MCU in 180 s"
    )
    assert "gọi lại mỗi 5 s" in row.value_vi
    assert row.settled_by_vi


def test_every_row_can_go_into_the_annex(listed: Any) -> None:
    more = '[meeting]\nsound = "conversation"\n[content]\nbridge = "west"\nkbps = 500'
    rows = listed(more, profile="720p30-high-512k").values()
    for name in ("how an encoder", "shared", "when a bridge", "how losses", "delays inside"):
        [row] = [row for row in rows if row.what.startswith(name)]
        for text in (row.what_vi, row.value_vi, row.source_vi, row.settled_by_vi):
            assert text, row.what
