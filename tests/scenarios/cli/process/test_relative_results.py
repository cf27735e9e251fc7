"""`--results` named from the folder in which the program is started, for every command that has it;
children of ours run in another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import typer
from scenario_factory import giaoban, scenario
from undrawn import undrawn, unplotted

from giaoban.mcu_sim.device import DEFAULT_PATH as DEVICES
from giaoban.results.model.run_ids import begun
from giaoban.scenarios.cli.app import COMMANDS, app
from tests.scenarios.study.test_sweep import file as sweep_file

RUN = "short-estimate"
"""How the run of an estimated check is named."""
READING = {
    "annex": ["annex", RUN, "--out", "out/a.pdf"],
    "evidence": ["evidence", RUN, "--out", "out/a.evidence.zip"],
    "diff": ["diff", RUN, RUN],
    "view": ["view", RUN, "--out", "page.html"],
    "history list": ["history", "list"],
    "history compare": ["history", "compare", RUN, RUN],
    "history trend": ["history", "trend", "mouth-to-ear"],
    "history summary": ["history", "summary", "--year", "YEAR", "--out", "out/year.pdf"],
    "history recheck": ["history", "recheck", "s.toml"],
}
WRITING = {
    "check": ["check", "s.toml", "--estimate"],
    "whatif": ["whatif", "small-base.toml", "--more", "1", "--jobs", "1"],
    "headroom": ["headroom", "small-base.toml", "--jobs", "1"],
    "sweep": ["sweep", "sweep.toml", "--points", "points", "--jobs", "2"],
    "compare": ["compare", "s.toml", "s.toml", "--jobs", "1"],
    "sensitivity": ["sensitivity", "s.toml", "--jobs", "1", "--worlds", "4"],
    "calendar": ["calendar", "year.csv", "--from", "2027-01-01", "--peaks", "0", "--no-sheets"],
}
ELSEWHERE = {"load", "faults", "baseline accept", "verify", "meeting"}
"""Looked at below, as they serve in real time or emulate."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder, with scenarios and one run in `runs`."""
    place = tmp_path_factory.mktemp("relative")
    scenario(place / "s.toml")
    sweep_file(place)
    (place / "year.csv").write_text(
        "start,minutes,participants\n2027-03-02 08:00,60,cu-jut;dak-mil\n", encoding="utf-8"
    )
    (place / "out").mkdir()
    before = Path.cwd()
    os.chdir(place)
    try:
        with pytest.MonkeyPatch.context() as patch:
            undrawn(patch)
            assert giaoban("check", "s.toml", "--estimate", "--results", "runs").code == 0
            yield place
    finally:
        os.chdir(before)


def having_it(name: str, command: typer.core.TyperCommand | typer.core.TyperGroup) -> set[str]:
    if isinstance(command, typer.core.TyperGroup):
        each: Mapping[str, typer.core.TyperCommand] = command.commands  # type: ignore[assignment]
        return set().union(*(having_it(f"{name} {n}", c) for n, c in each.items()))
    return {name for parameter in command.params if "--results" in parameter.opts}


def test_every_command_that_has_it_is_looked_at() -> None:
    group = typer.main.get_command(app)
    found = [
        having_it(name, group.get_command(None, name))  # type: ignore[attr-defined]
        for name in COMMANDS
    ]
    assert set().union(*found) == {*READING, *WRITING, *ELSEWHERE}


def _year_of(run: Path) -> int:
    """Return the year in which a run began, in Việt Nam."""
    found = begun(run.name)
    assert found is not None
    return found.at.year


@pytest.mark.parametrize("name", READING)
def test_runs_are_found(folder: Path, name: str) -> None:
    run = min((folder / "runs").glob(f"{RUN}-*"))
    words = [str(_year_of(run)) if word == "YEAR" else word for word in READING[name]]
    ran = giaoban(*words, "--results", "runs")
    assert ran.code == 0, ran.err
    if name == "history list":  # to the others no run is an error
        assert RUN in ran.out


@pytest.mark.parametrize("name", WRITING)
def test_runs_are_made(folder: Path, name: str) -> None:
    before = set((folder / "runs").iterdir())
    ran = giaoban(*WRITING[name], "--results", "runs")
    assert ran.code in (0, 1), ran.err
    assert len(set((folder / "runs").iterdir()) - before) == 1


def test_what_is_run_again(folder: Path) -> None:
    first = min(path.name for path in (folder / "runs").glob(f"{RUN}-*"))  # others check it, too
    assert (
        giaoban("evidence", first, "--out", "again/a.evidence.zip", "--results", "runs").code == 0
    )
    (evidence,) = (folder / "again").iterdir()
    ran = giaoban("verify", evidence.relative_to(folder), "--rerun", "--results", "runs")
    assert (ran.code, "the same" in ran.out) == (0, True), ran.out + ran.err


@pytest.mark.realtime
def test_a_load_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its MCU is one of the project's, though it runs in another folder, too."""
    ours = DEVICES.read_text(encoding="utf-8").replace('"rmx-1500-mpmx"', '"our-mcu"')
    (tmp_path / "mcus.toml").write_text(ours, encoding="utf-8")
    (tmp_path / "giaoban.toml").write_text(
        'schema = "giaoban.project/1"\nprovince = "p.toml"\ndevices = "mcus.toml"\n'
    )
    monkeypatch.chdir(tmp_path)
    unplotted(monkeypatch)
    few = ["--bridges", "2", "--rate", "2", "--time", "1", "--media", "none", "--workers", "0"]
    few += ["--device", "our-mcu"]
    ran = giaoban("load", "--shape", "hold", *few, "--results", "load-runs")
    assert ran.code in (0, 1, 3), ran.err
    [answer] = (tmp_path / "load-runs").glob("*/load.json")
    assert (answer.parent / "inputs" / "devices.toml").read_text(encoding="utf-8") == ours


@pytest.mark.sandbox
def test_emulations(folder: Path) -> None:
    where = ["--results", "emulated"]
    found = {}
    for words in (
        ["check", "s.toml", "--seeds", "0"],
        ["faults", "s.toml", "--only", "cut:west--east"],
    ):
        ran = giaoban(*words, *where)
        assert ran.code in (0, 1), ran.err
        (found[words[0]],) = set((folder / "emulated").iterdir()) - set(found.values())
    accepted = ["--name", "base", "--reason", "a test", "--baselines", "baselines"]
    ran = giaoban("baseline", "accept", found["faults"].name, *accepted, *where)
    assert ran.code == 2, ran.err  # one failure of several is no baseline, but the run was found
