"""The catalogue of meetings: every file of it can be held, and what a bad file is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scenario_factory import DEFAULT, SCENARIOS, giaoban

from giaoban.errors import InputError
from giaoban.regulation import cited
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import plain_scenario, question_from
from giaoban.scenarios.spec.meeting_catalogue import (
    CHECK_S,
    catalogue,
    check_scenario,
    course_scenario,
    files,
    find,
    load_meeting,
)
from giaoban.scenarios.spec.scenario import Scenario, load_scenario
from giaoban.topology.load import load_province
from giaoban.traffic.quality.recovered import Repair
from giaoban.translation import translator

EXPANSION = SCENARIOS / "expansion-gia-nghia-quang-son.toml"
CLAUSES = {
    3: 2, 4: 3, 5: 7, 6: 3, 10: 5, 13: 4, 14: 2, 15: 3, 16: 3, 17: 2, 18: 3, 19: 5, 20: 8, 21: 3,
}  # fmt: skip
"""Clauses of the regulation's articles that meetings come from; 27 articles in all."""


def plan_of(scenario: Scenario, base_path: Path) -> Plan:
    return question_from(scenario, base_path, load_province(DEFAULT), DEFAULT).plan


def bases() -> list[tuple[Scenario, Path]]:
    return [(plain_scenario(DEFAULT), DEFAULT), (load_scenario(EXPANSION), EXPANSION)]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
@pytest.mark.parametrize(("base", "base_path"), bases(), ids=["as-it-is", "expanded"])
def test_every_meeting_can_be_held(path: Path, base: Scenario, base_path: Path) -> None:
    meeting, province = load_meeting(path), load_province(DEFAULT)
    assert meeting.id == path.stem
    who = meeting.attendance(province, base.new_bridges)
    check = check_scenario(meeting, base, province)
    plan = plan_of(check, base_path)
    assert {call.bridge for call in plan.calls} == set(who)
    assert [(p.name, p.end_s - p.start_s) for p in plan.phases] == [("check", CHECK_S)]
    assert check.controls == []
    assert plan.faults == []
    course = course_scenario(meeting, base, province)
    plan = plan_of(course, base_path)
    assert [p.name for p in plan.phases] == ["course"]
    assert plan.meeting.chair == who[0]
    assert len(plan.faults) == len(meeting.faults)
    spoken = [c.do.participant for c in course.controls if c.do.command == "call-to-speak"]
    assert len(spoken) == len(set(spoken))
    assert who[0] not in spoken


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_every_meeting_is_told_in_both_languages_with_an_article_there_is(path: Path) -> None:
    meeting = load_meeting(path)
    assert meeting.name != meeting.name_vi
    said = cited(meeting.article, translator("vi"))
    assert "Art." not in said, "cannot be cited in Vietnamese"
    for article, clause in re.findall(r"(\d+)(?:\((\d+)\))?", meeting.article):
        assert 1 <= int(article) <= 27
        assert not clause or int(clause) <= CLAUSES[int(article)]
    if meeting.course.assumed:
        assert meeting.course.settled_by
        assert meeting.course.settled_by_vi


def test_the_chair_is_given_the_content_channel_for_its_slides() -> None:
    base, meeting = plain_scenario(DEFAULT), load_meeting(find("monthly-briefing"))
    plan = plan_of(course_scenario(meeting, base, load_province(DEFAULT)), DEFAULT)
    assert (plan.content.bridge, plan.content.model.kbps) == (plan.meeting.chair, 512)
    assert [c.by for c in plan.controls if c.do.command == "present"] == ["operator", "operator"]


@pytest.mark.parametrize("own", [None, 20.0])
def test_losses_are_recovered_as_in_the_scenario_unless_a_meeting_has_its_own_figures(
    tmp_path: Path, own: float | None
) -> None:
    text = find("traffic-safety-board").read_text(encoding="utf-8")
    assert "[meeting]" not in text
    repair = f'[meeting.repair]\nshare_pct = {own}\nwithin_ms = 50.0\nsource = "test"\n\n'
    file = tmp_path / "traffic-safety-board.toml"
    file.write_text(text.replace("[course]", f"{repair if own else ''}[course]"), encoding="utf-8")
    base = plain_scenario(DEFAULT)
    theirs = {"repair": Repair(share_pct=90.0, within_ms=50.0, source="test")}
    base = base.model_copy(update={"meeting": base.meeting.model_copy(update=theirs)})
    plan = plan_of(course_scenario(load_meeting(file), base, load_province(DEFAULT)), DEFAULT)
    assert plan.repair.share_pct == (own or 90.0)


def test_a_meeting_by_its_name_or_its_file(tmp_path: Path) -> None:
    assert find("monthly-briefing") in files()
    assert find("elsewhere/mine.toml") == Path("elsewhere/mine.toml")
    with pytest.raises(InputError, match="monthly-briefing"):
        find("monthly-brefing")
    assert catalogue("all", tmp_path) == files()
    assert catalogue(["mine.toml"], tmp_path / "scenario.toml") == [tmp_path / "mine.toml"]


# ------------------------------------------------------------------------------------- a bad file

GOOD = """\
schema = "giaoban.meeting/1"
id = "two-rooms"
name = "Two rooms"
name_vi = "Hai phòng họp"
article = "Art. 3(2)c"
pattern = "any-bridges"
length_min = 60
chair = "cu-jut"
participants = ["cu-jut", "dak-mil"]
[course]
source = "test"
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_good_one_is_good(tmp_path: Path) -> None:
    meeting = load_meeting(write(tmp_path / "m.toml", GOOD))
    assert meeting.attendance(load_province(DEFAULT)) == ["cu-jut", "dak-mil"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('chair = "cu-jut"', 'chair = "tuy-duc"', 'chair = "tuy-duc" is no participant'),
        ('participants = ["cu-jut", "dak-mil"]', "participants = []", "participants"),
        ('participants = ["cu-jut", "dak-mil"]', 'participants = ["cu-jut"]', "participants"),
        ('participants = ["cu-jut", "dak-mil"]', "", "participants"),
        ('"cu-jut", "dak-mil"]', '"cu-jut", "dak-mil", "dak-mil"]', '"dak-mil" is there twice'),
        ('"dak-mil"]', '"dak-mill"]', "dak-mil"),
        ('chair = "cu-jut"\n', "", "is no participant"),
        ("length_min = 60", "length_min = 60\nmonths = [13]", "months"),
        ("length_min = 60", "length_min = 60\nmonths = [0]", "months"),
        ("length_min = 60", "length_min = 0", "length_min"),
        ('source = "test"', 'source = "test"\nspeakers = ["tuy-duc"]', '"tuy-duc" is no partic'),
        ('source = "test"', 'source = "test"\nopening_s = 0', "opening_s"),
        ('source = "test"', "", "source"),
        ("[course]", '[meeting]\nchair = "cu-jut"\n[course]', "stand at the top"),
        ("giaoban.meeting/1", "giaoban.meeting/2", "schema"),
        ("any-bridges", "some-bridges", "pattern"),
        ('name = "Two rooms"', 'nmae = "Two rooms"', "nmae"),
        ("length_min = 60", "length_min = = 60", "m.toml"),
        ("[course]", '[[fault]]\nkind = "cut"\nlink = "none"\nat_s = 5\n[course]', "none"),
    ],
)
def test_a_bad_file_is_refused_by_name_and_nothing_is_left(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    path = write(tmp_path / "m.toml", GOOD.replace(old, new))
    ran = giaoban("meeting", path, "--results", tmp_path / "runs")
    assert ran.code == 2, ran.out + ran.err
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())
