"""What every command that judges has in common: its end, and what CI reads of it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from junitparser import Error, Failure, JUnitXml
from scenario_factory import ROOT, SMALL, Ran, giaoban, only_run, scenario
from undrawn import undrawn

from giaoban import files as files_of_giaoban
from giaoban.errors import InputError, MachineLacks
from giaoban.results.report.ci.annotations import Annotation, code_quality, github
from giaoban.scenarios.cli import judging
from giaoban.scenarios.cli.app import COMMANDS, app
from giaoban.scenarios.cli.commands.check.check import _next, headline_of_all
from giaoban.scenarios.plan.question import make_question
from tests.results.junit_schema import by_schema

TIGHT = "[thresholds]\nmouth-to-ear = 1.0\n"
FIT = ("device", "fit", "rmx-1500-mpmx", "--calls")


@pytest.fixture(autouse=True)
def _plain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    undrawn(monkeypatch)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    monkeypatch.setenv("CI_PROJECT_DIR", str(tmp_path))


def outcomes(path: Path) -> dict[str, str]:
    """Test case → pass, or the first line of what it failed with, as another program reads it."""
    [suite] = JUnitXml.fromstring(by_schema(path).encode())
    told = {}
    for case in suite:
        found = [r for r in case.result if isinstance(r, Failure | Error)]
        told[case.name] = f"{found[0].type}: {found[0].text.splitlines()[0]}" if found else "pass"
    assert suite.tests == len(told)
    return told


def test_a_cheaper_change_comes_next(tmp_path: Path) -> None:
    path = scenario(tmp_path / "s.toml")
    assert _next(make_question(path), None) == f"giaoban whatif {path}"


@pytest.fixture
def reports(tmp_path: Path) -> tuple[str | Path, ...]:
    return (
        *("--junit", tmp_path / "j.xml", "--markdown", tmp_path / "m.md"),
        *("--code-quality", tmp_path / "q.json", "--annotations", "github"),
    )


def check(folder: Path, *words: str | Path, more: str = "") -> Ran:
    file = scenario(folder / "s.toml", more=more, phases=(2, 6, 2))
    return giaoban("check", file, "--estimate", "--results", folder / "runs", *words)


def test_every_command_that_judges_has_the_same_options() -> None:
    for name, more in judging.JUDGING.items():
        command = app_command(name)
        given = {option for param in command.params for option in param.opts}
        wanted = {"--junit", "--markdown", "--annotations", "--code-quality"}
        assert wanted <= given, name
        assert ({"--baseline", "--baselines"} <= given) == bool(more), name


def app_command(name: str):
    import typer

    group = typer.main.get_command(app)
    first, _, second = name.partition(" ")
    command = group.get_command(None, first)
    return command.commands[second] if second else command


def test_no_command_judges_unseen() -> None:
    """Who ends with a verdict has the options."""
    folder = Path(judging.__file__).with_name("commands")
    ending = {path.stem for path in folder.glob("*/*.py") if "judging.end" in path.read_text()}
    assert ending == {name.split()[0] for name in judging.JUDGING}
    assert ending <= set(COMMANDS)


def test_a_pass(tmp_path: Path, reports: tuple[str | Path, ...]) -> None:
    ran = giaoban(*FIT, "3x720p30", *reports)
    assert (ran.code, ran.err) == (0, "")
    assert outcomes(tmp_path / "j.xml") == {"fits": "pass"}
    assert "1 case, all met" in (tmp_path / "m.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "q.json").read_text()) == []


@pytest.mark.parametrize(
    ("passed", "n", "said"),
    [
        (0, 1, "0 of 1 scenario passes"),
        (1, 1, "1 of 1 scenario passes"),
        (0, 2, "0 of 2 scenarios pass"),
        (1, 2, "1 of 2 scenarios passes"),
        (2, 2, "2 of 2 scenarios pass"),
    ],
)
def test_a_verb_agrees_with_its_number(passed: int, n: int, said: str) -> None:
    assert str(headline_of_all("fail", passed, n)) == f"FAIL – {said}"


def test_a_summary_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "m.md"
    path.write_text("# before\n")
    for _ in range(2):
        giaoban(*FIT, "3x720p30", "--markdown", path)
    assert path.read_text(encoding="utf-8").count("giaoban device fit rmx-1500-mpmx") == 4
    assert path.read_text(encoding="utf-8").startswith("# before\n")


@pytest.mark.parametrize("option", ["--markdown", "--junit", "--code-quality"])
def test_a_report_that_cannot_be_written_is_told_once_and_the_others_have_it(
    tmp_path: Path, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the disk, as it is written."""
    files = {name: tmp_path / name for name in ("--markdown", "--junit", "--code-quality")}
    for name in ("write_whole", "writing"):
        monkeypatch.setattr(files_of_giaoban, name, refusing(name, files[option]))
    ran = giaoban(*FIT, "3x720p30", *(word for pair in files.items() for word in pair))
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.count("giaoban: ") == 1
    assert ran.err.count(f"{files[option]}: no space left on the disk") == 1
    for name, path in files.items():
        if name == option:
            assert not path.exists() or not path.read_bytes()
        elif name == "--code-quality":  # of what stands in a line of an input, and this does not
            assert json.loads(path.read_bytes()) == []
        else:
            assert str(files[option]) in path.read_text(encoding="utf-8"), name


def refusing(name: str, refused: Path) -> Callable[..., Any]:
    """As a function of `giaoban.files` does, if the disk has no space left for one file."""
    known = getattr(files_of_giaoban, name)

    def write(path: Path, *more: Any) -> Any:
        if path != refused:
            return known(path, *more)
        lacks = "{path}: no space left on the disk"
        raise MachineLacks(lacks, "giaoban doctor", path=path)

    return write


@pytest.mark.parametrize("there", [False, True])
def test_a_summary_that_may_not_be_written_is_told_before_anything_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    summary = tmp_path / "summary.md"
    if there:
        summary.touch()
    allowed = os.access
    asked = summary if there else tmp_path

    def access(path: Path, mode: int, **more: bool) -> bool:
        """Root may write anywhere, and tests may be root's."""
        return False if (path, mode) == (asked, os.W_OK) else allowed(path, mode, **more)

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(InputError, match="may not be written"):
        judging.writable(summary)
    judging.writable(None)


def test_a_criterion_that_is_not_met(tmp_path: Path, reports: tuple[str | Path, ...]) -> None:
    ran = check(tmp_path, *reports, more=TIGHT)
    run, file = only_run(tmp_path / "runs"), tmp_path / "s.toml"
    assert ran.code == 1
    found = outcomes(tmp_path / "j.xml")
    assert [name for name, told in found.items() if told != "pass"] == ["mouth-to-ear"]
    assert re.fullmatch(
        r"criteria: Sound, from mouth to ear – .+: [\d.]+\xa0ms \(limit ≤\xa01\xa0ms\); off by .+",
        found["mouth-to-ear"],
    )
    xml, page = ((tmp_path / name).read_text(encoding="utf-8") for name in ("j.xml", "m.md"))
    for text in (xml, page):
        assert f"giaoban check {file} --estimate --results {tmp_path / 'runs'} --seeds 0" in text
        assert f"giaoban baseline accept {run} --name s --reason" in text
        assert f"giaoban whatif {file}" in text
        assert str(run) in text
    assert f"next: giaoban whatif {file}" in ran.out.splitlines()
    [annotation] = [line for line in ran.err.splitlines() if line.startswith("::")]
    [quality] = json.loads((tmp_path / "q.json").read_text(encoding="utf-8"))
    path, line = quality["location"]["path"], quality["location"]["lines"]["begin"]
    assert f",line={line}," in annotation
    assert annotation.startswith("::error file=")
    assert path in ("s.toml", SMALL.relative_to(ROOT).as_posix())
    text = (file if path == "s.toml" else SMALL).read_text(encoding="utf-8").splitlines()
    assert text[line - 1].startswith("id = ")


def test_a_file_outside_the_repository_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "ci").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "ci")
    monkeypatch.delenv("CI_PROJECT_DIR")
    inside, outside = (Annotation(str(tmp_path / name / "s.toml"), 3, "t", name) for name in
                       ("repository", "elsewhere"))  # fmt: skip
    bundled = Annotation(".venv/lib/site-packages/giaoban/scenarios/s.toml", 3, "t", "bundled")
    found = json.loads(code_quality([inside, outside, bundled]))
    places = [(each["location"]["path"], each["location"]["lines"]["begin"]) for each in found]
    assert places == [("s.toml", 3), ("giaoban", 1), ("giaoban", 1)]
    assert [*github([outside])] == ["::error title=t::elsewhere"]


def test_a_mistake_in_the_input(tmp_path: Path, reports: tuple[str | Path, ...]) -> None:
    file = scenario(tmp_path / "s.toml", profile="hd")
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "profile" in text)
    ran = giaoban("check", file, "--estimate", *reports)
    assert ran.code == 2
    assert outcomes(tmp_path / "j.xml")["run"].startswith("InputError: ")
    assert f"s.toml,line={line},title=giaoban::profile = 'hd'" in ran.err
    [quality] = json.loads((tmp_path / "q.json").read_text(encoding="utf-8"))
    assert quality["location"]["lines"]["begin"] == line
    assert "INVALID" in (tmp_path / "m.md").read_text(encoding="utf-8")


def test_annotations_come_by_themselves_in_github_actions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scenario(tmp_path / "s.toml", profile="hd")
    assert "::error" not in giaoban("check", file).err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert "::error" in giaoban("check", file).err
    assert "::error" not in giaoban("check", file, "--annotations", "none").err


def test_what_github_would_take_for_its_own_is_escaped() -> None:
    [line] = github([Annotation("a,b:c.toml", 3, "x%", "100 %\nnext")])
    assert line == "::error file=a%2Cb%3Ac.toml,line=3,title=x%25::100 %25%0Anext"


def test_what_was_accepted_is_a_pass_and_what_is_worse_is_not(tmp_path: Path) -> None:
    kept = ("--baselines", tmp_path / "kept")
    assert check(tmp_path, more=TIGHT).code == 1
    run = only_run(tmp_path / "runs")
    accepted = giaoban("baseline", "accept", run, "--name", "slow", "--reason", "known", *kept)
    assert accepted.code == 0, accepted.err
    with_it = ("--baseline", "slow", *kept, "--junit", tmp_path / "j.xml")
    ran = check(tmp_path, *with_it, more=TIGHT)
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "PASS – nothing is worse than what was accepted as slow",
    )
    assert set(outcomes(tmp_path / "j.xml").values()) == {"pass"}
    worse = TIGHT + "camera-to-screen = 1.0\n"
    ran = check(tmp_path, *with_it, "--json", more=worse)
    assert ran.code == 1
    told = (tmp_path / "j.xml").read_text(encoding="utf-8")
    assert f'--name slow --baselines {tmp_path / "kept"} --reason "…"' in told
    said = json.loads(ran.out)
    assert said["comparison"]["verdict"] == "fail"
    assert [c["case"] for c in said["comparison"]["changes"] if c["sense"] == "worse"] == [
        "camera-to-screen"
    ]
    found = outcomes(tmp_path / "j.xml")
    assert found["camera-to-screen"].startswith("regression: was met, is not met now")
    assert "--name slow " in (tmp_path / "j.xml").read_text(encoding="utf-8")
    listed = giaoban("baseline", "list", *kept).out
    assert "check s" in listed
    assert "known" in listed
    shown = giaoban("baseline", "show", "slow", *kept).out
    assert shown == (tmp_path / "kept" / "slow.toml").read_text(encoding="utf-8")


def test_an_estimate_is_not_compared_with_an_emulation(tmp_path: Path) -> None:
    check(tmp_path)
    kept = ("--baselines", tmp_path)
    run = only_run(tmp_path / "runs")
    giaoban("baseline", "accept", run, "--name", "quick", "--reason", "first", *kept)
    ran = giaoban("check", tmp_path / "s.toml", "--baseline", "quick", *kept)
    assert (ran.code, ran.out) == (2, "")
    assert "was accepted of a run by estimate (allowed: one by sandbox)" in ran.err
    text = (tmp_path / "quick.toml").read_text(encoding="utf-8")
    assert 'method = "estimate"\n' in text
    before = text.replace('method = "estimate"\n', "")  # accepted before methods were written down
    (tmp_path / "quick.toml").write_text(before, encoding="utf-8")
    assert check(tmp_path, "--baseline", "quick", *kept).code == 0


def test_a_baseline_of_another_command(tmp_path: Path) -> None:
    check(tmp_path, more=TIGHT)
    kept = ("--baselines", tmp_path)
    run = only_run(tmp_path / "runs")
    giaoban("baseline", "accept", run, "--name", "slow", "--reason", "known", *kept)
    ran = giaoban("headroom", "--baseline", "slow", *kept)
    assert ran.code == 2
    assert "was accepted of giaoban check (allowed: one of giaoban headroom)" in ran.err


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1@test
DTSTAMP:20260101T000000Z
DTSTART:20350105T010000Z
DTEND:20350105T030000Z
SUMMARY:Giao ban
CATEGORIES:monthly-briefing
END:VEVENT
END:VCALENDAR
"""


def test_a_calendar_has_a_case_a_rule(tmp_path: Path) -> None:
    (tmp_path / "year.ics").write_text(CALENDAR.replace("\n", "\r\n"), encoding="utf-8")
    words = ("--from", "2035-01-01", "--until", "2035-02-01", "--peaks", "0", "--no-sheets")
    ran = giaoban(
        "calendar", tmp_path / "year.ics", *words, "--results", tmp_path / "runs",
        "--junit", tmp_path / "j.xml",
    )  # fmt: skip
    found = outcomes(tmp_path / "j.xml")
    assert ran.code == (0 if set(found.values()) == {"pass"} else 1), ran.err
    assert {"rule:late-registration", "rule:device-full"} <= set(found)


def test_variants_and_headroom_are_cases(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", phases=(2, 6, 2), more=TIGHT)
    said = ("--results", tmp_path / "runs", "--junit", tmp_path / "j.xml", "--jobs", "1")
    ran = giaoban("whatif", file, "--no-search", *said)
    assert ran.code == 1, ran.err
    assert outcomes(tmp_path / "j.xml")["asked"].startswith("criteria: ")


def test_all_scenarios_of_a_project_are_one_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = 'schema = "giaoban.project/1"\nprovince = "province.toml"\n'
    (tmp_path / "giaoban.toml").write_text(project)
    (tmp_path / "province.toml").write_bytes(SMALL.read_bytes())
    (tmp_path / "scenarios").mkdir()
    for name, more in (("good", ""), ("tight", TIGHT)):
        scenario(
            tmp_path / "scenarios" / f"{name}.toml", id=name, more=more, phases=(2, 6, 2),
            province="../province.toml",
        )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    ran = giaoban("check", "--all", "--estimate", "--seed", "1681", "--junit", "j.xml")
    assert (ran.code, ran.out.splitlines()[0]) == (1, "FAIL – 1 of 2 scenarios passes"), ran.err
    failed = {name for name, told in outcomes(tmp_path / "j.xml").items() if told != "pass"}
    assert failed == {"tight/mouth-to-ear"}
    told = (tmp_path / "j.xml").read_text(encoding="utf-8")
    assert "again: giaoban check scenarios/tight.toml --estimate --seed 1681 --seeds 0\n" in told
    [tight] = (tmp_path / "runs").glob("tight-*")
    assert f"run: runs/{tight.name}\n" in told
    assert f'accept: giaoban baseline accept runs/{tight.name} --name tight --reason "…"' in told

    ran = giaoban("check", "--all", "--estimate", "--baseline", "runs", "--json")
    assert ran.code == 0, ran.err
    compared = [each["comparison"] for each in json.loads(ran.out)["results"]]
    assert [(each["verdict"], each["by_criteria"]) for each in compared] == [
        ("pass", "pass"),
        ("pass", "fail"),
    ]
    [run, *_] = (tmp_path / "runs").glob("good-*")
    accepted = giaoban("baseline", "accept", run, "--name", "good", "--reason", "first")
    assert accepted.code == 0, accepted.err
    scenario(
        tmp_path / "scenarios" / "good.toml", id="good", more=TIGHT, phases=(2, 6, 2),
        province="../province.toml",
    )  # fmt: skip
    into = ("--baseline", "baselines", "--junit", "j.xml")
    ran = giaoban("check", "--all", "--estimate", *into)
    assert ran.code == 1, ran.err
    told = (tmp_path / "j.xml").read_text(encoding="utf-8")
    assert '--name good --baselines baselines --reason "…"' in told, "where it is looked for"
    assert "FAIL – 1 thing is worse than what was accepted as good" in ran.out
    ran = giaoban("check", "--all", "--baseline", "baselines")
    assert (ran.code, ran.out) == (2, "")
    assert "holds of good only what estimate found (allowed: what sandbox found)" in ran.err
    for folder, why in (("scenarios", "holds no answer of giaoban check"), ("x", "is no folder")):
        ran = giaoban("check", "--all", "--estimate", "--baseline", folder)
        assert (ran.code, ran.out) == (2, "")
        assert why in ran.err
