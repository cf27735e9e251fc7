"""An expansion in the meetings of the catalogue: what is near a limit is emulated, the rest not.

In the small province, with a pretended emulation of the meetings that need one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import CUT, OTHER_TRAFFIC, giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.errors import InputError, InvalidRun
from giaoban.results.archive.evidence.manifest import read_proof
from giaoban.results.model.manifest import MANIFEST, Manifest
from giaoban.results.model.result import MeetingChecked, Result
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import Question, make_question, question_from
from giaoban.scenarios.spec.meeting_catalogue import files
from giaoban.scenarios.study import engine as study_engine
from giaoban.scenarios.study.check import check_by_estimate
from giaoban.scenarios.study.emulation_process import EmulationJob, EmulationOutcome
from giaoban.scenarios.study.engine import is_far
from giaoban.scenarios.study.every_meeting import in_every_meeting, meetings_of
from giaoban.scenarios.study.rerun import rerun
from giaoban.sentence import Sentence

MEETING = """
schema = "giaoban.meeting/1"
id = "{id}"
name = "Meeting {id}"
name_vi = "Cuộc họp {id}"
article = "Art. 5(1)"
pattern = "any-bridges"
length_min = 60
participants = {participants}
{top}

[course]
opening_s = 2.0
speech_s = 2.0
conclusion_s = 2.0
speakers = []
source = "test"
{more}
"""
Emulated = list[str]


def meeting(folder: Path, ident: str, participants: str = '"all"', **texts: str) -> Path:
    told = {"top": "", "more": ""} | texts
    path = folder / f"{ident}.toml"
    path.write_text(MEETING.format(id=ident, participants=participants, **told), encoding="utf-8")
    return path


def ask(folder: Path, *meetings: Path | str, **top: Any) -> Question:
    names = [m if isinstance(m, str) else m.name for m in meetings]
    return make_question(scenario(folder / "s.toml", meetings=names, **top))


def stormy(folder: Path) -> Question:
    """Two meetings, one of which no estimate has."""
    both = meeting(folder, "calm"), meeting(folder, "storm", more=CUT)
    return ask(folder, *both, more=OTHER_TRAFFIC)


@pytest.fixture
def emulated(monkeypatch: pytest.MonkeyPatch) -> Emulated:
    """The meetings that were emulated; each comes to what an estimate of the scenario does."""
    asked: Emulated = []

    def instead(
        orders: Iterable[EmulationJob[Result]], count: int, **_how: object
    ) -> dict[str, EmulationOutcome[Result]]:
        found = {}
        for order in orders:
            asked.append(order.name)
            assert order.folder.is_dir()
            plan = order.question.plan
            if plan.faults:
                order = _calm(order)
            result = estimate(order.question, order.name).result
            engine = result.engine.model_copy(update={"name": order.engine.value})
            result = result.model_copy(update={"engine": engine})
            found[order.name] = EmulationOutcome[Result](result, 0.0)
        assert len(found) == count
        return found

    monkeypatch.setattr(study_engine, "emulate_all", instead)
    return asked


def _calm(order: EmulationJob[Result]) -> EmulationJob[Result]:
    asked = order.question
    calm = question_from(
        asked.scenario.model_copy(update={"faults": []}),
        asked.scenario_path,
        asked.province,
        asked.province_path,
    )
    return replace(order, question=calm)


def tried(
    question: Question, folder: Path, engine: EngineName | None = EngineName.SANDBOX
) -> tuple[Result, dict[str, MeetingChecked]]:
    told = in_every_meeting(
        meetings_of(question), estimate(question, "own"), folder, engine, lambda _what, _part: None
    ).result
    return told, {m.id: m for m in told.meetings}


def test_far_from_every_limit_is_estimated_alone(tmp_path: Path, emulated: Emulated) -> None:
    result, found = tried(ask(tmp_path, meeting(tmp_path, "calm")), tmp_path)
    assert emulated == []
    assert (found["calm"].engine, found["calm"].verdict) == ("estimate", "pass")
    assert (found["calm"].margin_pct or 0.0) >= 5.0
    assert result.verdict == "pass"


def near(folder: Path) -> Question:
    """A limit that the calm meeting keeps, but by less than a twentieth of it."""
    question = ask(folder, meeting(folder, "calm"))
    [asked] = meetings_of(question)
    found = {c.id: c.value for c in estimate(asked.question, "alone").result.criteria}
    limit = (found["camera-to-screen"] or 0.0) * 1.01
    return ask(folder, folder / "calm.toml", more=f"[thresholds]\ncamera-to-screen = {limit}")


def test_near_a_limit_is_emulated(tmp_path: Path, emulated: Emulated) -> None:
    question = near(tmp_path)
    [asked] = meetings_of(question)
    alone = estimate(asked.question, "alone").result
    assert (alone.verdict, is_far(alone)) == ("pass", False)
    _, found = tried(question, tmp_path)
    assert emulated == ["calm"]
    assert found["calm"].engine == "sandbox"


def test_by_estimate_alone_nothing_is_emulated(tmp_path: Path, emulated: Emulated) -> None:
    _, found = tried(near(tmp_path), tmp_path, None)
    assert emulated == []
    assert (found["calm"].engine, found["calm"].verdict) == ("estimate", "pass")


def test_what_fails_in_its_course_is_emulated(tmp_path: Path, emulated: Emulated) -> None:
    question = stormy(tmp_path)
    _, found = tried(question, tmp_path)
    assert emulated == ["storm"]
    assert [found[m].engine for m in ("calm", "storm")] == ["estimate", "sandbox"]


def test_by_estimate_alone_what_fails_is_not_tried(tmp_path: Path, emulated: Emulated) -> None:
    question = stormy(tmp_path)
    result, found = tried(question, tmp_path, None)
    assert emulated == []
    storm = found["storm"]
    assert (storm.engine, storm.verdict, storm.untried) == (None, None, "failures")
    assert [c.value for c in result.criteria if c.id == "holds-in-every-meeting"] == [0]


def test_by_estimate_alone_what_else_is_emulated_is_not_tried_and_says_why(
    tmp_path: Path, emulated: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = Sentence("the MCU did not answer")
    monkeypatch.setattr(study_engine, "reasons", lambda _plan: [why])
    _, found = tried(ask(tmp_path, meeting(tmp_path, "large")), tmp_path, None)
    assert emulated == []
    told = found["large"]
    assert (told.engine, told.verdict, told.untried) == (None, None, "emulated")
    assert told.reasons == [why.en]
    assert len(told.reasons) == len(told.reasons_vi)
    assert told.reasons != told.reasons_vi


def test_an_expansion_that_passes_may_fail_in_a_meeting(tmp_path: Path, emulated: Emulated) -> None:
    """The department brings rooms of its own, over a line that is too thin for a call."""
    room = (
        '[[bridge]]\nid = "so-y-te"\nname = "Sở Y tế"\nrouter = "r-east"\nkm = 2.0\n'
        'rate_mbps = 1.0\nbuffer_packets = 200\nsource = "test"\n'
    )
    own = meeting(tmp_path, "own", '["so-y-te", "east"]', top='chair = "so-y-te"', more=room)
    question = ask(tmp_path, meeting(tmp_path, "calm"), own)
    assert estimate(question, "own").result.verdict == "pass"
    result, found = tried(question, tmp_path)
    assert emulated == ["own"]
    assert (found["calm"].verdict, found["own"].verdict) == ("pass", "fail")
    assert result.verdict == "fail"
    assert result.binding.criterion == "holds-in-every-meeting"
    assert found["own"].names["so-y-te"] == "Sở Y tế"


def test_one_that_cannot_be_trusted_ends_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def instead(_orders: object, _count: int, **_how: object) -> dict[str, EmulationOutcome[Any]]:
        return {"storm": EmulationOutcome(InvalidRun("the clock stood still"), 0.0)}

    monkeypatch.setattr(study_engine, "emulate_all", instead)
    storm = meeting(tmp_path, "storm", more=CUT)
    question = ask(tmp_path, storm, more=OTHER_TRAFFIC)
    with pytest.raises(InvalidRun, match="stood still"):
        tried(question, tmp_path)


# -------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["monthly-brifing"], 'is not in the catalogue (did you mean "monthly-briefing"?)'),
        (["missing.toml"], "there is no such file"),
        (["training", "training"], "is there twice"),
    ],
)
def test_a_bad_name_is_told_by_file_and_line(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(InputError) as error:
        ask(tmp_path, *names)
    assert f"s.toml:6: meetings[{len(names) - 1}] = '{names[-1]}': {said}" in str(error.value)


@pytest.mark.parametrize(
    ("participants", "top", "said"),
    [
        ('["east", "nowhere"]', 'chair = "east"', "participants[1] = 'nowhere': unknown bridge"),
        ('"all"', 'chair = "nobody"', "chair = 'nobody': unknown bridge"),
        ("[]", "", "participants"),
    ],
)
def test_a_meeting_of_nobody_is_told_by_file_and_line(
    tmp_path: Path, participants: str, top: str, said: str
) -> None:
    question = ask(tmp_path, meeting(tmp_path, "bad", participants, top=top))
    with pytest.raises(InputError) as error:
        meetings_of(question)
    assert "bad.toml:" in str(error.value)
    assert said in str(error.value)


def test_two_of_one_name_are_refused(tmp_path: Path) -> None:
    one = meeting(tmp_path, "calm")
    two = tmp_path / "copy.toml"
    two.write_text(one.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(InputError, match=r"copy.toml:3: id = 'calm': another of the meetings"):
        meetings_of(ask(tmp_path, one, two))


def test_nothing_is_left_behind_by_a_mistake(tmp_path: Path) -> None:
    bad = meeting(tmp_path, "bad", '["east", "nowhere"]', top='chair = "east"')
    file = scenario(tmp_path / "s.toml", meetings=[bad.name])
    ran = giaoban("check", file, "--estimate", "--results", tmp_path / "runs")
    assert ran.code == 2
    assert not (tmp_path / "runs").exists()


# ------------------------------------------------------------------------- command line, evidence


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Checks by estimate with these words more; the run's folder."""
    undrawn(monkeypatch)

    def check(*words: str | Path, **top: Any) -> Path:
        file = scenario(tmp_path / "s.toml", **top)
        runs = tmp_path / "runs"
        ran = giaoban("check", file, "--estimate", "--results", runs, *words)
        assert ran.code == 0, ran.err
        return only_run(runs)

    return check


def told(folder: Path) -> Result:
    return Result.from_json((folder / "result.json").read_text(encoding="utf-8"))


def test_a_meeting_may_be_named_on_the_command_line(
    tmp_path: Path, run: Callable[..., Path]
) -> None:
    one, two = meeting(tmp_path, "calm"), meeting(tmp_path, "other")
    folder = run("--meetings", one, "--meetings", two)
    assert [m.id for m in told(folder).meetings] == ["calm", "other"]
    assert [ref.path for ref in told(folder).inputs.meetings] == ["calm.toml", "other.toml"]


def test_those_of_the_command_line_take_the_place_of_the_scenarios(
    tmp_path: Path, run: Callable[..., Path]
) -> None:
    meeting(tmp_path, "calm")
    folder = run("--meetings", meeting(tmp_path, "other"), meetings=["calm.toml"])
    assert [m.id for m in told(folder).meetings] == ["other"]


@pytest.mark.parametrize("name", ["no-such", "no-such.toml"])
def test_an_unknown_one_is_refused(tmp_path: Path, name: str) -> None:
    file = scenario(tmp_path / "s.toml")
    ran = giaoban("check", file, "--estimate", "--meetings", name, "--results", tmp_path / "runs")
    assert ran.code == 2
    assert name in ran.err
    assert not (tmp_path / "runs").exists()


def test_all_are_those_of_the_catalogue(tmp_path: Path) -> None:
    question = make_question(scenario(tmp_path / "s.toml", meetings="all"))
    assert question.meetings == files()


def test_the_catalogues_files_are_among_the_evidence(
    tmp_path: Path, run: Callable[..., Path]
) -> None:
    folder = run("--meetings", meeting(tmp_path, "calm"))
    manifest = Manifest.from_json((folder / MANIFEST).read_text(encoding="utf-8"))
    [kept] = [item for item in manifest.inputs if item.role == "meeting"]
    assert (folder / kept.path).read_text(encoding="utf-8").startswith("\nschema")
    assert read_proof(folder).manifest == manifest


def test_a_changed_meeting_is_found_out(tmp_path: Path, run: Callable[..., Path]) -> None:
    folder = run("--meetings", meeting(tmp_path, "calm"))
    [kept] = folder.glob("inputs/meeting-*.toml")
    kept.write_text(kept.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    with pytest.raises(InputError, match="is not what it was"):
        read_proof(folder)


@pytest.mark.parametrize("named", [True, False])
def test_a_rerun_holds_the_same_meetings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """By the files of the evidence alone, whether the scenario names them or the command line."""
    undrawn(monkeypatch)
    place = tmp_path / "elsewhere"
    place.mkdir()
    one = meeting(place, "calm")
    file = scenario(tmp_path / "s.toml", meetings=[str(one)] if named else None)
    words = [] if named else ["--meetings", str(one)]
    ran = giaoban("check", file, "--estimate", "--results", tmp_path / "runs", *words)
    assert ran.code == 0, ran.err
    folder = only_run(tmp_path / "runs")
    proof = read_proof(folder)
    kept = {item.path: (folder / item.path).read_bytes() for item in proof.manifest.files}
    one.unlink()
    now = datetime(2026, 1, 1)
    again = tmp_path / "again"
    assert rerun(proof, kept, root=again, now=now, progress=lambda _what, _part: None) == []
    assert [m.id for m in told(only_run(again)).meetings] == ["calm"]


def test_other_bytes_would_be_another_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sums of the meetings are in the result itself."""
    undrawn(monkeypatch)
    question = ask(tmp_path, meeting(tmp_path, "calm"))
    outcome = check_by_estimate(
        question,
        root=tmp_path / "runs",
        now=datetime(2026, 1, 1),
        progress=lambda _what, _part: None,
        seeds=0,
    )
    inputs = json.loads((outcome.folder / "result.json").read_text(encoding="utf-8"))["inputs"]
    assert [each["path"] for each in inputs["meetings"]] == ["calm.toml"]
    assert len(inputs["meetings"][0]["sha256"]) == 64
