"""What every command that judges has in common: its end, and what CI reads of it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from junitparser import Error, Failure, JUnitXml
from scenario_factory import ROOT, SMALL, Ran, giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.errors import InputError
from giaoban.scenarios.cli import judging
from giaoban.scenarios.cli.app import app
from tests.results.junit_schema import by_schema

TIGHT = "[thresholds]\nmouth-to-ear = 1.0\n"


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
    for name in judging.JUDGING:
        command = app_command(name)
        given = {option for param in command.params for option in param.opts}
        wanted = {"--junit", "--markdown", "--annotations", "--code-quality"}
        assert wanted <= given, name
        assert ("--baseline" in given) == (name in judging.WITH_BASELINE), name


def app_command(name: str):
    import typer

    group = typer.main.get_command(app)
    first, _, second = name.partition(" ")
    command = group.get_command(None, first)
    return command.commands[second] if second else command


def test_a_pass(tmp_path: Path, reports: tuple[str | Path, ...]) -> None:
    assert check(tmp_path, *reports).code == 0
    assert set(outcomes(tmp_path / "j.xml").values()) == {"pass"}
    assert ", all met" in (tmp_path / "m.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "q.json").read_text()) == []


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
        assert f"giaoban accept {run} s --reason" in text
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


def test_what_was_accepted_is_a_pass_and_what_is_worse_is_not(tmp_path: Path) -> None:
    kept = tmp_path / "kept" / "slow.toml"
    assert check(tmp_path, more=TIGHT).code == 1
    run = only_run(tmp_path / "runs")
    accepted = giaoban("accept", run, kept, "--reason", "known")
    assert accepted.code == 0, accepted.err
    with_it = ("--baseline", kept, "--junit", tmp_path / "j.xml")
    ran = check(tmp_path, *with_it, more=TIGHT)
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "PASS – nothing is worse than what was accepted as slow",
    )
    assert set(outcomes(tmp_path / "j.xml").values()) == {"pass"}
    worse = TIGHT + "camera-to-screen = 1.0\n"
    ran = check(tmp_path, *with_it, "--json", more=worse)
    assert ran.code == 1
    said = json.loads(ran.out)
    assert said["comparison"]["verdict"] == "fail"
    assert [c["case"] for c in said["comparison"]["changes"] if c["sense"] == "worse"] == [
        "camera-to-screen"
    ]
    found = outcomes(tmp_path / "j.xml")
    assert found["camera-to-screen"].startswith("regression: was met, is not met now")
    assert giaoban("list", "baselines", kept).out == kept.read_text(encoding="utf-8")


def test_a_baseline_of_another_command(tmp_path: Path) -> None:
    check(tmp_path, more=TIGHT)
    kept = tmp_path / "slow.toml"
    giaoban("accept", only_run(tmp_path / "runs"), kept, "--reason", "known")
    ran = giaoban("headroom", "--baseline", kept)
    assert ran.code == 2
    assert "was accepted of giaoban check (allowed: one of giaoban headroom)" in ran.err


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
    assert f'accept: giaoban accept runs/{tight.name} tight --reason "…"' in told

    ran = giaoban("check", "--all", "--estimate", "--baseline", "runs", "--json")
    assert ran.code == 0, ran.err
    compared = [each["comparison"] for each in json.loads(ran.out)["results"]]
    assert [(each["verdict"], each["by_criteria"]) for each in compared] == [
        ("pass", "pass"),
        ("pass", "fail"),
    ]
    [run, *_] = (tmp_path / "runs").glob("good-*")
    accepted = giaoban("accept", run, "good", "--reason", "first")
    assert accepted.code == 0, accepted.err
    scenario(
        tmp_path / "scenarios" / "good.toml", id="good", more=TIGHT, phases=(2, 6, 2),
        province="../province.toml",
    )  # fmt: skip
    into = ("--baseline", "baselines", "--junit", "j.xml")
    ran = giaoban("check", "--all", "--estimate", *into)
    assert ran.code == 1, ran.err
    assert "FAIL – 1 thing is worse than what was accepted as good" in ran.out
    ran = giaoban("check", "--all", "--baseline", "baselines")
    assert (ran.code, ran.out) == (2, "")
    assert "holds of good only what estimate found (allowed: what sandbox found)" in ran.err
    for folder, why in (("scenarios", "holds no answer of giaoban check"), ("x", "is no folder")):
        ran = giaoban("check", "--all", "--estimate", "--baseline", folder)
        assert (ran.code, ran.out) == (2, "")
        assert why in ran.err
