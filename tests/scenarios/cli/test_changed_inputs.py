"""An input that is saved anew while it is being answered: no answer is told of a file that nobody
has judged, and nothing is kept of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import pytest
from scenario_factory import SMALL, giaoban, scenario
from undrawn import undrawn

from giaoban.results.model.manifest import InputFile
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study import documents

SWEEP = """schema = "giaoban.sweep/1"
scenario = "s.toml"
question = "Which?"
question_vi = "Phương án nào?"
method = "arithmetic"
[axes]
bridges = [0, 1]
"""
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "s.toml", "--estimate"),
    "faults": ("faults", "s.toml", "--estimate", "--only", "router:r-east", "--jobs", "1"),
    "whatif": ("whatif", "s.toml", "--more", "1", "--no-search", "--jobs", "1"),
    "headroom": ("headroom", "s.toml", "--jobs", "1"),
    "sweep": ("whatif", "sweep.toml", "--jobs", "1"),
    "compare": ("compare", "s.toml", "t.toml", "--jobs", "1"),
    "sensitivity": ("sensitivity", "s.toml", "--jobs", "1", "--worlds", "0"),
    "calendar": (
        *("calendar", "year.csv", "--scenario", "s.toml", "--first-day", "2027-01-01"),
        *("--estimate", "--peaks", "1", "--jobs", "1"),
    ),
    "meeting": ("meeting", "meeting.toml", "--scenario", "s.toml", "--jobs", "1"),
}
CALENDAR = """title,start,minutes,participants,registered
Two,2027-03-02 08:00,60,"east, west",2027-02-01 08:00
"""
MEETING = """schema = "giaoban.meeting/1"
id = "ours"
name = "Ours"
name_vi = "Họp"
article = "Art. 5(1)"
pattern = "any-bridges"
length_min = 60
participants = "all"
[course]
source = "our own"
"""
DEVICES = Path(__file__).parents[3] / "mcu_sim" / "devices.toml"
CRITERIA = Path(__file__).parents[3] / "results" / "criteria.toml"
PROJECT = """schema = "giaoban.project/1"
province = "p.toml"
scenarios = "."
criteria = "criteria.toml"
runs = "runs"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own files, all of which a question depends on."""
    scenario(tmp_path / "s.toml", province=None, devices="devices.toml")
    scenario(tmp_path / "t.toml", province=None, devices="devices.toml", profile="sd30-512k")
    for made, of in (("p.toml", SMALL), ("devices.toml", DEVICES), ("criteria.toml", CRITERIA)):
        shutil.copy(of, tmp_path / made)
    (tmp_path / "giaoban.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "sweep.toml").write_text(SWEEP, encoding="utf-8")
    (tmp_path / "year.csv").write_text(CALENDAR, encoding="utf-8")
    (tmp_path / "meeting.toml").write_text(MEETING, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    undrawn(monkeypatch)
    return tmp_path


def save_anew(path: Path, words: str = "# saved anew") -> None:
    """Somebody saves the file, once."""
    if words not in (text := path.read_text(encoding="utf-8")):
        path.write_text(f"{text}\n{words}\n", encoding="utf-8")


def saved_anew(path: Path) -> mock._patch[object]:
    """Somebody saves the file as soon as a question has been made of it."""
    summed = Question.__post_init__

    def then(question: Question) -> None:
        summed(question)
        save_anew(path)

    return mock.patch.object(Question, "__post_init__", then)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_answers_of_a_file_that_it_has_not_judged(name: str, project: Path) -> None:
    with saved_anew(project / "p.toml"):
        ran = giaoban(*COMMANDS[name], "--results", "runs")
    assert ran.code == 2, (ran.out, ran.err)
    assert f"{project / 'p.toml'}: was changed while it was being answered" in ran.err
    assert [*(project / "runs").glob("*")] == []


def test_the_copy_that_is_kept_is_of_what_was_judged(project: Path) -> None:
    """Somebody saves it after it was judged, as while pictures are drawn."""
    copy = documents.save_inputs

    def saved_before(folder: Path, inputs: Sequence[tuple[str, str, Path]]) -> list[InputFile]:
        save_anew(project / "p.toml")
        return copy(folder, inputs)

    with mock.patch.object(documents, "save_inputs", saved_before):
        ran = giaoban(*COMMANDS["check"], "--results", "runs")
    assert ran.code == 2, (ran.out, ran.err)
    assert f"{project / 'p.toml'}: was changed while it was being answered" in ran.err
    assert [*(project / "runs").glob("*")] == []


def test_a_file_that_stays_is_answered(project: Path) -> None:
    assert giaoban(*COMMANDS["sweep"], "--results", "runs").code == 0
