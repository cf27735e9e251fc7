"""`giaoban meeting`: what a held meeting comes to, of pretended emulations, and one real one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pretended
import pytest
from jsonschema import Draft202012Validator
from scenario_factory import NORTH, SMALL, Ran, giaoban, only_run, scenario

from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.judge.criteria import DEFAULT_PATH as CRITERIA
from giaoban.results.model.result import Result
from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.scenarios.measure.minutes import minutes
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.records.events import Event, Joined, Left, McuHealth, read, write
from giaoban.scenarios.schemas.make import schema_text
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.scenarios.study import emulation_process, meeting
from giaoban.scenarios.study.emulation_process import EmulationJob, EmulationOutcome

MEETING = """
schema = "giaoban.meeting/1"
id = "two-rooms"
name = "Two rooms"
name_vi = "Hai phòng họp"
article = "Art. 3(2)c"
pattern = "any-bridges"
length_min = 60
participants = "all"

[course]
opening_s = 2.0
speech_s = 2.0
conclusion_s = 2.0
source = "test"
"""

Spoil = Callable[[list[Event]], list[Event]]


@pytest.fixture
def hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Hold the meeting in the small province; the emulations are pretended, `how` they go."""

    def run(*words: str, more: str = "", spoil: Spoil = list, **how: Any) -> Ran:
        def spoilt(folder: Path) -> None:
            write(spoil(read(folder)), folder)

        def all_here(
            orders: Iterable[EmulationJob[Any]], _count: int, **_: object
        ) -> dict[str, EmulationOutcome[Any]]:
            return {o.name: EmulationOutcome(emulation_process.emulated(o), 0.1) for o in orders}

        monkeypatch.setattr(emulation_process, "emulate", pretended.emulator(spoilt, **how))
        monkeypatch.setattr(meeting, "emulate_all", all_here)
        monkeypatch.setattr(meeting.kernel, "ensure", lambda _progress: None)
        path = tmp_path / "two-rooms.toml"
        path.write_text(MEETING + more, encoding="utf-8")
        return giaoban("meeting", path, "--province", SMALL, "--results", tmp_path / "runs", *words)

    return run


def answer_in(runs: Path) -> MeetingAnswer:
    return MeetingAnswer.read(only_run(runs))


def test_a_sound_meeting_passes_bridge_by_bridge(tmp_path: Path, hold: Callable[..., Ran]) -> None:
    ran = hold()
    assert ran.code == 0, ran.err
    assert "PASS" in ran.out
    answer = answer_in(tmp_path / "runs")
    assert (answer.verdict, answer.meeting.chair) == ("pass", "west")
    assert [part.part for part in answer.parts] == ["check", "course"]
    for part in answer.parts:
        assert [(b.bridge, b.outcome, b.hung_up) for b in part.bridges] == [
            ("west", "met", True),
            ("east", "met", True),
        ]
        assert (part.opening.calls, part.opening.connected) == (2, 2)
        assert part.opening.seconds
        assert part.closing.ok
        assert part.failed == []
    codes = [entry.code for entry in answer.parts[1].minutes]
    assert codes[:3] == ["joined", "joined", "course-begins"]
    assert codes[-3:] == ["hung-up", "hung-up", "mcu-free"]
    assert answer.assumptions
    left_out = {each.id for each in answer.unmodelled}
    assert {"unmeasured-loss", "other-traffic"} <= left_out
    for part in ("check", "course"):
        text = (only_run(tmp_path / "runs") / part / "result.json").read_bytes()
        assert {each.id for each in Result.from_json(text).unmodelled} <= left_out
    told = (only_run(tmp_path / "runs") / "summary.md").read_text(encoding="utf-8")
    assert all(each.what_vi in told for each in answer.unmodelled)


def test_its_files(tmp_path: Path, hold: Callable[..., Ran]) -> None:
    hold()
    folder = only_run(tmp_path / "runs")
    assert {path.name for path in folder.iterdir()} == {
        *("check", "course", "meeting.json", "summary.md", "kiem-tra.pdf", "nhat-ky.pdf"),
    }
    for part in ("check", "course"):
        assert {p.name for p in (folder / part).iterdir()} == {"scenario.toml", "result.json"}
        result = Result.from_json((folder / part / "result.json").read_bytes())
        assert [phase.name for phase in result.phases] == [part]
        # what was asked can be asked again
        asked = load_scenario(folder / part / "scenario.toml")
        assert asked.meeting.participants == ["west", "east"]
    text = schema_text(MeetingAnswer)
    schema = json.loads(text)
    Draft202012Validator(schema).validate(json.loads((folder / MeetingAnswer.FILE).read_bytes()))


def test_it_is_held_by_its_project_wherever_its_results_go(
    tmp_path: Path, hold: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "project"
    own.mkdir()
    devices = shutil.copy(DEVICES, own / "mcus.toml").name
    stricter = CRITERIA.read_text(encoding="utf-8").replace("threshold = 80.0", "threshold = 70.0")
    (own / "c.toml").write_text(stricter, encoding="utf-8")
    (own / "giaoban.toml").write_text(
        'schema = "giaoban.project/1"\nprovince = "p.toml"\ncriteria = "c.toml"\n'
        f'devices = "{devices}"\n',
        encoding="utf-8",
    )
    (own / "p.toml").write_bytes(SMALL.read_bytes())
    monkeypatch.chdir(tmp_path)
    ran = hold("--only", "check", "--province", "project/p.toml")
    assert ran.code == 0, ran.err
    place = only_run(tmp_path / "runs") / "check"
    found = Result.from_json((place / "result.json").read_bytes())
    assert next(c.threshold for c in found.criteria if c.id == "mcu-units") == 70.0
    assert (found.inputs.criteria.path, found.inputs.mcu.path) == ("c.toml", devices)
    # and asked again where it lies
    assert make_question(place / "scenario.toml").devices_path == own / devices


def test_it_is_asked_again_on_the_mcus_of_then_in_a_project_with_others(
    tmp_path: Path, hold: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results of a meeting of the program's own province go into a project."""
    devices = shutil.copy(DEVICES, tmp_path / "mcus.toml").name
    (tmp_path / "giaoban.toml").write_text(
        f'schema = "giaoban.project/1"\nprovince = "p.toml"\ndevices = "{devices}"\n'
    )
    (tmp_path / "p.toml").write_bytes(SMALL.read_bytes())
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "giaoban.toml").write_text(
        'schema = "giaoban.project/1"\nprovince = "../p.toml"\n'
    )
    (tmp_path / "inner" / "p.toml").write_bytes(SMALL.read_bytes())
    monkeypatch.chdir(tmp_path / "inner")
    ran = hold("--only", "check", "--province", "p.toml")
    assert ran.code == 0, ran.err
    place = only_run(tmp_path / "runs") / "check"
    assert make_question(place / "scenario.toml").devices_path == DEVICES.resolve()


@pytest.mark.parametrize("part", ["check", "course"])
def test_only_one_part(tmp_path: Path, hold: Callable[..., Ran], part: str) -> None:
    ran = hold("--only", part, "--json")
    assert ran.code == 0
    assert [each["part"] for each in json.loads(ran.out)["parts"]] == [part]
    names = {path.name for path in only_run(tmp_path / "runs").iterdir()}
    assert ("kiem-tra.pdf" in names) == (part == "check")
    assert {part, "nhat-ky.pdf"} < names


def test_a_part_that_passes_at_its_own_seed_is_judged_by_all(
    tmp_path: Path, hold: Callable[..., Ran]
) -> None:
    """The pretended emulation passes; by estimate the line is too thin at some seeds."""
    thin = {**NORTH, "rate_mbps": 3.0}
    file = scenario(tmp_path / "thin.toml", profile="720p30-2m", bridges=(thin,))
    ran = hold("--only", "course", "--scenario", str(file), "--json")
    [part] = MeetingAnswer.from_json(ran.out).parts
    assert part.seeds is not None
    assert (ran.code, part.verdict) == (1, part.seeds.verdict) == (1, "fail"), ran.err
    assert [criterion.id for criterion in part.failed] == ["failing-seeds"]
    assert 6 <= part.seeds.failing < part.seeds.judged


def test_a_bridge_that_is_refused_fails_with_its_name(
    tmp_path: Path, hold: Callable[..., Ran]
) -> None:
    ran = hold("--only", "check", "--lang", "vi", refused=["east"])
    assert ran.code == 1
    assert "KHÔNG ĐẠT" in ran.out
    assert "không kết nối được" in ran.out
    [part] = answer_in(tmp_path / "runs").parts
    east = part.bridges[1]
    assert (east.connected, east.refused, east.hung_up) == (False, 503, None)
    assert (part.opening.connected, part.closing.standing) == (1, 1)
    assert "call-refused" in [entry.code for entry in part.minutes]


def without_hanging_up(events: list[Event]) -> list[Event]:
    """East's call stands until the end."""
    kept = [e for e in events if not (isinstance(e, Left) and e.bridge == "east")]
    return [
        McuHealth(**{**vars_of(e), "calls_left": 1, "units_left": 3.0})
        if isinstance(e, McuHealth)
        else e
        for e in kept
    ]


def vars_of(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def test_a_call_that_is_not_hung_up_makes_a_meeting_doubtful_in_which_all_was_well(
    tmp_path: Path, hold: Callable[..., Ran]
) -> None:
    ran = hold("--only", "course", spoil=without_hanging_up)
    [part] = answer_in(tmp_path / "runs").parts
    assert (part.closing.hung_up, part.closing.calls_left) == (1, 1)
    assert [b.outcome for b in part.bridges] == ["met", "not-met"]
    assert part.minutes[-1].code == "mcu-holds"
    assert (ran.code, part.verdict) == (3, "invalid")
    assert "MCU still has 1 call " in ran.out


def late(events: list[Event]) -> list[Event]:
    """East joins within the meeting, when it has begun."""
    return [e for e in events if not (isinstance(e, Joined) and e.bridge == "east")]


def test_a_bridge_that_is_not_there_when_it_begins_fails(
    tmp_path: Path, hold: Callable[..., Ran]
) -> None:
    ran = hold("--only", "check", spoil=late)
    [part] = answer_in(tmp_path / "runs").parts
    assert (part.opening.calls, part.opening.connected) == (2, 1)
    assert (ran.code, part.verdict) == (1, "fail")


def test_a_scenario_adds_bridges(tmp_path: Path, hold: Callable[..., Ran]) -> None:
    asked = scenario(tmp_path / "more.toml")
    ran = hold("--only", "check", "--scenario", str(asked), "--json")
    assert ran.code == 0, ran.err
    [part] = json.loads(ran.out)["parts"]
    assert [bridge["bridge"] for bridge in part["bridges"]] == ["west", "east", "north"]


@pytest.mark.parametrize(
    "what",
    [
        'loss = { model = "bernoulli", p = 0.01 }',
        'loss = { model = "gilbert", p = 0.01, r = 0.5 }',
        'loss = { model = "gilbert-elliott", p = 0.01, r = 0.5 }',
        'jitter = { model = "normal", mean_ms = 5.0, sd_ms = 1.0 }',
        'jitter = { model = "gamma", shape = 2.0, scale_ms = 1.0 }',
        'jitter = { model = "pareto", shape = 3.0, scale_ms = 1.0 }',
    ],
)
def test_a_meeting_has_the_impairments_of_the_scenario_and_no_timed_traffic(
    what: str, tmp_path: Path, hold: Callable[..., Ran]
) -> None:
    """The written scenario is read as the one that it was made of."""
    (tmp_path / "trace.txt").write_text("0 0 0 1", encoding="utf-8")
    impaired = f'[[impairment]]\nbridge = "west"\ndirection = "up"\n{what}\n'
    traffic = '[[background]]\nlink = "access-west"\nmbps = 1.0\nfrom_s = 40.0\nsource = "test"\n'
    more = f"{impaired}\n{traffic}"
    asked = scenario(tmp_path / "more.toml", phases=(20.0, 20.0, 20.0), more=more)
    ran = hold("--only", "check", "--scenario", str(asked))
    assert ran.code != 2, ran.err
    path = only_run(tmp_path / "runs") / "check" / "scenario.toml"
    written, [read_again] = load_scenario(path), make_question(path).scenario.impairments
    [original] = make_question(asked).scenario.impairments
    assert read_again == original
    assert written.background == []


# ------------------------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["monthly-brefing"], "monthly-briefing"),
        (["nothing-like-it"], "is not in the catalogue"),
        (["no-such-file.toml"], "no-such-file.toml"),
        (["district-to-district", "--only", "chair"], "'check', 'course'"),
        (["district-to-district", "--scenario", "none.toml"], "none.toml"),
        (["district-to-district", "--province", str(SMALL)], "unknown bridge"),
    ],
)
def test_bad_words(tmp_path: Path, words: list[str], said: str) -> None:
    ran = giaoban("meeting", *words, "--results", tmp_path / "runs")
    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
    runs = tmp_path / "runs"
    assert not runs.exists() or not list(runs.iterdir())


def test_a_folder_that_cannot_be_written_is_told_before_any_emulation(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file", encoding="utf-8")
    ran = giaoban("meeting", "district-to-district", "--results", tmp_path / "runs")
    assert ran.code == 2


# ------------------------------------------------------------------------------------- a real one


@pytest.mark.sandbox
def test_two_districts_meet_without_the_province(tmp_path: Path) -> None:
    """Art. 18(3): emulated, both parts, over the province's MCU."""
    ran = giaoban("meeting", "district-to-district", "--results", tmp_path / "runs", "--json")
    assert ran.code == 0, ran.err
    answer = MeetingAnswer.from_json(ran.out)
    assert answer.verdict == "pass"
    assert [[b.outcome for b in part.bridges] for part in answer.parts] == [["met"] * 2] * 2
    assert all(part.closing.ok and part.opening.ok for part in answer.parts)
    assert (only_run(tmp_path / "runs") / "kiem-tra.pdf").stat().st_size > 10_000


def test_minutes_of_no_events_are_the_plans(tmp_path: Path) -> None:
    plan: Plan = make_question(scenario(tmp_path / "s.toml")).plan
    assert [(e.t_s, e.code) for e in minutes(plan, [], [])] == [
        (0.0, "before-begins"),
        (2.0, "during-begins"),
        (4.0, "after-begins"),
        (6.0, "after-ends"),
    ]
