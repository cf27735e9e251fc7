"""`scenario list`, `profile list`, `criterion list`; a file of another kind is told as such."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import DEFAULT, ROOT, SCENARIOS, giaoban

from giaoban.scenarios.schemas.make import answer_names
from giaoban.tomlfile import KINDS
from tests.results import history_factory as h


@pytest.mark.parametrize(
    ("words", "key", "name"),
    [
        (("scenario", "list"), "scenarios", "expansion-thin-link"),
        (("scenario", "list", "--meetings"), "meetings", "training"),
        (("profile", "list"), "profiles", "720p30-2m"),
        (("criterion", "list"), "criteria", "mouth-to-ear"),
        (("device", "list"), "devices", "rmx-1500-mpmx"),
    ],
)
def test_what_there_is_to_name(words: tuple[str, ...], key: str, name: str) -> None:
    shown, data = giaoban(*words), giaoban(*words, "--json")
    assert (shown.code, data.code) == (0, 0)
    named = [
        each.get("name" if "scenario" in words else "id") for each in json.loads(data.out)[key]
    ]
    assert name in named
    assert all(each in shown.out for each in named)


def test_a_file_of_another_kind_is_told_as_such_in_one_line(tmp_path: Path) -> None:
    thin = SCENARIOS / "expansion-thin-link.toml"
    ran = giaoban("check", DEFAULT)
    assert (ran.code, ran.err) == (
        2,
        f"giaoban: {DEFAULT}: is a province (giaoban.province/1); a scenario is needed here "
        "(giaoban.scenario/1)\n",
    )
    ran = giaoban("check", thin, "--province", thin)
    assert "is a scenario (giaoban.scenario/1); a province is needed here" in ran.err
    ran = giaoban("check", ROOT / "giaoban.toml")
    assert "is a project (giaoban.project/1); a scenario is needed here" in ran.err
    run = h.keep(tmp_path, h.measured("a-20260101-080000"))
    ran = giaoban("check", run / "result.json")
    assert "is an answer of giaoban check (giaoban.result/" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_every_kind_of_file_has_a_name() -> None:
    assert set(answer_names()) <= set(KINDS)
