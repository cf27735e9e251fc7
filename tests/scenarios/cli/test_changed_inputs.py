"""An input that is saved anew while it is being answered: no answer is told of a file that nobody
has judged, and nothing is kept of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from unittest import mock

import pytest
from scenario_factory import SMALL, giaoban, scenario

from giaoban.scenarios.plan.question import Question

SWEEP = """schema = "giaoban.sweep/1"
scenario = "s.toml"
question = "Which?"
question_vi = "Phương án nào?"
seeds = 0
method = "arithmetic"
[axes]
bridges = [0, 1]
"""
COMMANDS: dict[str, tuple[str, ...]] = {
    "check": ("check", "s.toml", "--estimate"),
    "faults": ("faults", "s.toml", "--estimate", "--only", "router:r-east", "--jobs", "1"),
    "whatif": ("whatif", "s.toml", "--more", "1", "--no-search", "--jobs", "1"),
    "headroom": ("headroom", "s.toml", "--jobs", "1"),
    "sweep": ("sweep", "sweep.toml", "--points", "points", "--jobs", "1"),
    "compare": ("compare", "s.toml", "t.toml", "--jobs", "1"),
}
FILES = ("s.toml", "p.toml", "devices.toml", "criteria.toml")
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
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved_anew(path: Path) -> mock._patch[object]:
    """Somebody saves the file as soon as a question has been made of it."""
    summed = Question.__post_init__

    def then(question: Question) -> None:
        summed(question)
        if "# saved anew" not in (text := path.read_text(encoding="utf-8")):
            path.write_text(text + "\n# saved anew\n", encoding="utf-8")

    return mock.patch.object(Question, "__post_init__", then)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_answers_of_a_file_that_it_has_not_judged(name: str, project: Path) -> None:
    with saved_anew(project / "p.toml"):
        ran = giaoban(*COMMANDS[name], "--results", "runs")
    assert ran.code == 2, (ran.out, ran.err)
    assert f"{project / 'p.toml'}: was changed while it was being answered" in ran.err
    assert [*(project / "runs").glob("*")] == []


@pytest.mark.parametrize("name", FILES)
def test_each_input_is_looked_at(name: str, project: Path) -> None:
    with saved_anew(project / name):
        ran = giaoban(*COMMANDS["sweep"], "--results", "runs")
    assert ran.code == 2, (ran.out, ran.err)
    assert f"{name}: was changed while it was being answered" in ran.err


def test_a_file_that_stays_is_answered(project: Path) -> None:
    assert giaoban(*COMMANDS["sweep"], "--results", "runs").code == 0
