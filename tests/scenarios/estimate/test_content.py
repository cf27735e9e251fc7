"""Slides in an estimate: the technician at the MCU gives the content channel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scenario_factory import scenario

from giaoban.scenarios.estimate.calls import timetable
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.ways import find_ways
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.records.events import Controlled

SLIDES = """
[content]
bridge = "west"
from_s = 0.5
to_s = 2.5
kbps = 256.0
"""


def question_of(folder: Path) -> Question:
    return make_question(scenario(folder / "s.toml", profile="sd30-256k", more=SLIDES))


def test_the_technician_gives_the_channel_and_takes_it_back(tmp_path: Path) -> None:
    plan = question_of(tmp_path).plan
    events = timetable(plan, find_ways(plan)).events
    given = [e for e in events if isinstance(e, Controlled) and e.kind == "present"]
    assert [(e.by, e.bridge) for e in given] == [("operator", "west"), ("operator", "")]


def test_slides_that_the_device_has_no_room_for_are_not_shown(tmp_path: Path) -> None:
    question = question_of(tmp_path)
    device = question.plan.device
    full = device.content.model_copy(update={"units": 88.0})
    plan = question.plan.model_copy(update={"device": device.model_copy(update={"content": full})})
    result = estimate(replace(question, plan=plan)).result
    assert result.verdict == "fail"
    assert "slides-not-shown" in {c.id for c in result.criteria if not c.ok}
    assert [(c.command, c.code) for c in result.refused_commands] == [("present", 503)]
