"""Bad input is told before anything begins: whichever command is given it, no folder for runs is
made, since what is found behind that may be found after minutes of emulation."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from scenario_factory import NORTH, giaoban, scenario

from giaoban.results.archive.store import RunFolder
from giaoban.scenarios.cli.judging import JUDGING

CUT = '[[fault]]\nkind = "cut"\nlink = "{}"\nat_s = 2.0\nto_s = 4.0\n'
RANGES = """schema = "giaoban.ranges/1"
[[range]]
of = ["Acces.rate_mbps"]
low = 1.0
high = 2.0
source = "test"
"""
CRITERION = """[[criterion]]
id = "mine"
name_en = "Mine"
name_vi = "Của tôi"
measure = { on = "stream", kind = "video", direction = "down", metric = "freez_pct" }
threshold = 5.0
unit = "%"
sense = "at-most"
source_en = "test"
source_vi = "thử"
"""
SWEEP = """schema = "giaoban.sweep/1"
scenario = "s.toml"
question = "Which?"
question_vi = "Phương án nào?"
method = "arithmetic"
[axes]
bridges = [0]
"""
VIDEO = '[[recording]]\nbridge = "north"\nfile = "no.264"'
CALENDAR = """title,start,minutes,participants,registered
Two,2027-03-02 08:00,60,"East, Bắc",2027-02-01 08:00
"""
MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"more": "[thresholds]\naudio-los = 1.0"}, "audio-los"),
    ({"more": CRITERION}, "freez_pct"),
    ({"device": "rmx-1500-mpm"}, "rmx-1500-mpm"),
    ({"devices": "nowhere.toml"}, "nowhere.toml"),
    ({"profile": "720p30-2"}, "720p30-2"),
    ({"bridges": ({**NORTH, "router": "r-nowhere"},)}, "r-nowhere"),
    ({"more": '[expect]\nverdict = "passed"'}, "passed"),
    ({"question": ""}, "question"),
]
"""What is wrong in a scenario, and a word that what is told of it has."""
OF_ITS_COURSE: list[tuple[dict[str, Any], str]] = [
    ({"more": VIDEO}, "no.264"),
    ({"more": CUT.format("west--eas")}, "west--eas"),
    ({"meetings": ["nowhere"]}, "nowhere"),
]
"""The same of what no meeting of the catalogue takes from the scenario that it is held with."""
SCENARIO_OF: dict[str, tuple[str, ...]] = {
    "check": ("check", "s.toml"),
    "check --estimate": ("check", "s.toml", "--estimate"),
    "check --sensitivity": ("check", "s.toml", "--sensitivity"),
    "faults": ("faults", "s.toml"),
    "faults --estimate": ("faults", "s.toml", "--estimate"),
    "whatif": ("whatif", "s.toml", "--more", "1"),
    "headroom": ("headroom", "s.toml"),
    "sensitivity": ("sensitivity", "s.toml"),
    "sweep": ("sweep", "sweep.toml", "--points", "points", "--jobs", "1"),
    "compare": ("compare", "s.toml", "s.toml"),
    "load": ("load", "--in", "s.toml"),
    "meeting": ("meeting", "monthly-briefing", "--scenario", "s.toml"),
    "calendar": ("calendar", "year.csv", "--from", "2027-01-01", "--scenario", "s.toml"),
}
"""Each command that leaves a run, with the scenario that it is asked about."""


def test_each_command_that_judges_is_there() -> None:
    without_run = {"device fit"}
    assert {words[0] for words in SCENARIO_OF.values()} == set(JUDGING) - without_run


@pytest.mark.parametrize("name", SCENARIO_OF)
def test_a_mistake_in_the_scenario(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweep.toml").write_text(SWEEP, encoding="utf-8")
    (tmp_path / "year.csv").write_text(CALENDAR, encoding="utf-8")
    made = mock.Mock(side_effect=AssertionError("a folder for runs"))
    monkeypatch.setattr(RunFolder, "create", made)  # so that nothing is emulated here
    held_with = name in ("meeting", "calendar")
    for changes, said in MISTAKES if held_with else [*MISTAKES, *OF_ITS_COURSE]:
        more = CUT.format("west--east") * (name == "load") + changes.get("more", "")
        scenario(tmp_path / "s.toml", **{**changes, "more": more})
        ran = giaoban(*SCENARIO_OF[name])
        assert ran.code == 2, (changes, ran)
        assert said in ran.err, ran
    assert not (tmp_path / "runs").exists()
    made.assert_not_called()


@pytest.mark.parametrize("name", ["check --sensitivity", "sensitivity"])
def test_ranges_of_no_figure(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ranges.toml").write_text(RANGES, encoding="utf-8")
    scenario(tmp_path / "s.toml")
    ran = giaoban(*SCENARIO_OF[name], "--ranges", "ranges.toml")
    assert ran.code == 2, ran
    assert "Acces.rate_mbps" in ran.err, ran
    assert not (tmp_path / "runs").exists()
