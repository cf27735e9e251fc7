"""A redial storm inside the emulated province: from events, and once as a whole."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import giaoban as here
from scenario_factory import scenario

from giaoban.results.model.studies.load import LoadResult
from giaoban.scenarios.load.measures import sessions
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.records.events import Event, Joined, made
from giaoban.scenarios.study.redial_storm import (
    LineOutage,
    outage_of,
    records_of,
    storm_of,
    with_back_off,
)

CUT = '\n[[fault]]\nkind = "cut"\nlink = "access-mcu"\nat_s = 4.0\nto_s = 18.0\n'


def told(at_s: float, event: str, bridge: str, **more: Any) -> Event:
    return made(t_ms=at_s * 1e3, who="bridge", event=event, bridge=bridge, **more)


EVENTS = [
    told(1.010, "connected", "a", setup_ms=10.0),
    told(1.210, "connected", "b", setup_ms=10.0),
    told(1.410, "connected", "c", setup_ms=10.0),
    Joined(who="mcu", t_ms=1000.0, bridge="a", meeting="meeting"),
    told(20.0, "media-lost", "a"),
    told(20.0, "media-lost", "b"),
    told(25.0, "redial", "a", attempt=1),
    told(25.0, "redial", "b", attempt=1),
    told(30.0, "redial", "a", attempt=2),
    told(30.0, "redial", "b", attempt=2),
    told(30.5, "connected", "a", setup_ms=500.0),
    told(30.6, "refused", "b", code=503, reason="full"),
    told(35.0, "redial", "b", attempt=3),
    told(35.1, "connected", "b", setup_ms=100.0),
]


def test_attempts_are_told_with_what_came_of_them() -> None:
    records = records_of(EVENTS)
    calls = [(r.who, r.at_s, r.ok, r.cause) for r in records if r.operation == "invite"]
    assert calls[:3] == [("a", 1.0, True, None), ("b", 1.2, True, None), ("c", 1.4, True, None)]
    assert calls[3:5] == [("a", 25.0, False, "timeout"), ("b", 25.0, False, "timeout")]
    assert calls[5:] == [
        ("a", 30.0, True, None),
        ("b", 30.0, False, "capacity"),
        ("b", 35.0, True, None),
    ]
    assert sum(r.operation == "drop" for r in records) == 2
    assert sessions(records).capacity == 3


def test_a_storm_counts_those_who_took_their_call_for_dead() -> None:
    seen = storm_of(records_of(EVENTS), EVENTS, LineOutage(10.0, 29.0), "none")
    assert (seen.cut_off, seen.back, seen.missing) == (2, 2, 0)
    assert (seen.attempts, seen.refused) == (5, 3)
    assert seen.half_back_s == pytest.approx(1.5)
    assert seen.last_back_s == pytest.approx(6.1)
    cut_short = storm_of(records_of(EVENTS[:-1]), EVENTS[:-1], LineOutage(10.0, 29.0), "none")
    assert (cut_short.missing, cut_short.last_back_s) == (1, None)


def test_the_plan_says_how_bridges_come_back(tmp_path: Path) -> None:
    path = scenario(tmp_path / "s.toml", more=CUT, phases=(2, 2, 24))
    question = make_question(path)
    start_s = question.plan.phases[0].start_s
    assert outage_of(question.plan) == LineOutage(start_s + 4.0, start_s + 18.0)
    together = with_back_off(question, "none").plan.recovery
    apart = with_back_off(question, "random").plan.recovery
    assert (together.redial, together.redial_spread_s) == ("together", 0.0)
    assert (apart.redial, apart.redial_spread_s) == ("back-off", 20.0)


@pytest.mark.parametrize("more", ["", CUT.replace("to_s = 18.0\n", "")])
def test_without_a_line_that_comes_back_there_is_no_storm(more: str, tmp_path: Path) -> None:
    path = scenario(tmp_path / "s.toml", more=more, phases=(2, 2, 24))
    ran = here("load", "--in", path, "--results", tmp_path / "runs")
    assert ran.code == 2
    assert "to_s" in ran.err
    assert not (tmp_path / "runs").exists()


def test_a_device_elsewhere_is_not_in_the_province(tmp_path: Path) -> None:
    path = scenario(tmp_path / "s.toml", more=CUT, phases=(2, 2, 24))
    ran = here("load", "--in", path, "--target", "sip:10.67.0.2", "--i-am-authorised")
    assert ran.code == 2
    assert "--target" in ran.err


@pytest.mark.sandbox
def test_all_who_were_cut_off_come_back_over_the_networks_links(tmp_path: Path) -> None:
    path = scenario(tmp_path / "s.toml", more=CUT, phases=(2, 2, 24))
    ran = here("load", "--in", path, "--results", tmp_path / "runs", "--json")
    result = LoadResult.from_json(ran.out)
    assert result.verdict == "pass", result.reasons
    assert ran.code == 0
    storm = result.storm
    everybody = len(make_question(path).plan.calls)
    # cut at 4 s, dead 10 s after the last packet, dialled 5 s later, and again another 5 s later:
    # the first attempt meets the line that is lit since 18 s
    assert (storm.cut_off, storm.back, storm.missing) == (everybody, everybody, 0)
    assert storm.attempts == everybody
    assert storm.last_back_s is not None
    assert 0.5 < storm.last_back_s < 2.5
    assert result.place == "province"
    assert result.mcu.joined == 2 * everybody
    [place] = (tmp_path / "runs").iterdir()
    [check] = (place / "check").iterdir()
    # the scenario's file does not ask that: a draft, and nothing that `--rerun` could repeat
    assert not (check / "manifest.json").exists()
    annex = ["pdftotext", "-layout", str(check / "phu-luc.pdf"), "-"]
    assert "BẢN NHÁP" in subprocess.run(annex, capture_output=True, text=True, check=True).stdout
    assert json.loads((place / "load.json").read_text("utf-8"))["what"]["queue_drops"] >= 0
