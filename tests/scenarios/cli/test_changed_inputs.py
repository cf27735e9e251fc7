"""An input that is saved anew while it is being answered: no answer is told of a file that nobody
has judged, and nothing is kept of it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
from scenario_factory import ROOT, SMALL, giaoban, scenario
from undrawn import undrawn

from giaoban.errors import InputError
from giaoban.files import refuse_changed
from giaoban.results.model.manifest import InputFile
from giaoban.scenarios.measure.assemble import inputs_of
from giaoban.scenarios.plan import question as question_module
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.study import documents
from giaoban.scenarios.study import meeting as meeting_module
from giaoban.scenarios.study.sensitivity.world import World
from giaoban.scenarios.study.whatif.apply import ask, base_of
from giaoban.scenarios.study.whatif.variant import Variant

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
    "sweep": ("sweep", "sweep.toml", "--points", "points", "--jobs", "1"),
    "compare": ("compare", "s.toml", "t.toml", "--jobs", "1"),
    "sensitivity": ("sensitivity", "s.toml", "--jobs", "1", "--worlds", "0"),
    "calendar": (
        *("calendar", "year.csv", "--scenario", "s.toml", "--from", "2027-01-01"),
        *("--estimate", "--no-sheets", "--peaks", "1", "--jobs", "1"),
    ),
    "meeting": ("meeting", "meeting.toml", "--scenario", "s.toml", "--jobs", "1"),
}
OF_NO_FILES = {
    "init": "writes a project",
    "load": "calls in real time; a storm in a province is a check of it",
}
"""Commands of the same groups that answer of no input file of their own, and why."""
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


def test_every_command_that_answers_of_files_is_looked_at() -> None:
    """One that is added is asked, too."""
    folders = [ROOT / "scenarios" / "cli" / "commands" / group for group in ("check", "what_if")]
    modules = {path.stem for folder in folders for path in folder.glob("*.py")}
    assert modules - {"__init__", "baseline"} == {*COMMANDS, *OF_NO_FILES}


OF_A_MEETING = (*FILES, "meeting.toml")
OF_COMMANDS = {"calendar": (*FILES, "year.csv"), "meeting": OF_A_MEETING}


@pytest.mark.parametrize("name", FILES)
def test_each_input_of_a_sweep_is_looked_at(name: str, project: Path) -> None:
    is_looked_at("sweep", name, project)


@pytest.mark.parametrize(
    ("command", "name"),
    [(command, name) for command in OF_COMMANDS for name in OF_COMMANDS[command]],
)
def test_each_input_is_looked_at(command: str, name: str, project: Path) -> None:
    is_looked_at(command, name, project)


def is_looked_at(command: str, name: str, project: Path) -> None:
    with saved_anew(project / name):
        ran = giaoban(*COMMANDS[command], "--results", "runs")
    assert ran.code == 2, (ran.out, ran.err)
    assert f"{name}: was changed while it was being answered" in ran.err
    assert [*(project / "runs").glob("*")] == []


@pytest.mark.parametrize("name", OF_A_MEETING)
def test_each_input_of_a_meeting_is_looked_at_after_its_emulation(name: str, project: Path) -> None:
    def emulated(*_: object, **__: object) -> dict[str, object]:
        save_anew(project / name, "# and again")
        return {}

    with (
        mock.patch.object(meeting_module, "emulate_all", emulated),
        mock.patch.object(meeting_module.kernel, "ensure"),
    ):
        ran = giaoban(*COMMANDS["meeting"], "--results", "runs")
    assert ran.code == 2, (ran.out, ran.err)
    assert f"{name}: was changed while it was being answered" in ran.err
    assert [*(project / "runs").glob("*")] == []


@pytest.mark.parametrize(
    ("read_by", "name"),
    [
        ("load_scenario", "s.toml"),
        ("load_province", "p.toml"),
        ("load_devices", "devices.toml"),
        ("with_traces", "losses.txt"),
    ],
)
def test_what_is_saved_after_it_was_read_and_before_the_question_is_made(
    read_by: str, name: str, project: Path
) -> None:
    """As long as a large recording is read, say."""
    losses = """
[[impairment]]
bridge = "east"
loss = { model = "trace", file = "losses.txt" }
"""
    scenario(project / "s.toml", province=None, devices="devices.toml", more=losses)
    (project / "losses.txt").write_text("0 0 0 1\n", encoding="utf-8")
    read = getattr(question_module, read_by)

    def then_saved(*args: object, **more: object) -> object:
        found = read(*args, **more)
        save_anew(project / name)
        return found

    with mock.patch.object(question_module, read_by, then_saved):
        question = make_question(project / "s.toml")
    with pytest.raises(InputError, match=f"{name}: was changed while it was being answered"):
        refuse_changed(question.as_read)


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


def test_what_thousands_of_questions_share_is_summed_once(project: Path) -> None:
    """Drawn worlds, and the states of a search."""
    question = make_question(project / "s.toml")
    base = base_of(project / "s.toml")
    states = [Variant(id=f"v{more}", more=more) for more in (1, 2)]
    ask(base, states[0])
    with mock.patch("hashlib.file_digest", side_effect=AssertionError):
        world = World.of(question).question()
        assert inputs_of(world) == inputs_of(replace(question, of_another=True))
        assert ask(base, states[1]).question.as_read == question.as_read


def test_a_file_that_stays_is_answered(project: Path) -> None:
    assert giaoban(*COMMANDS["sweep"], "--results", "runs").code == 0
