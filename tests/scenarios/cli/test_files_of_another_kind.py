"""A file of ours that is of another kind than is needed: what it is and what is needed, in one
line, whichever option of whichever command it was given to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import ROOT, giaoban

from giaoban.scenarios.cli.app import every_command
from giaoban.tomlfile import KINDS

PROVINCE = ROOT / "topology" / "province.toml"
CRITERIA = ROOT / "results" / "criteria.toml"
SCENARIO = ROOT / "scenarios" / "expansion-gia-nghia-quang-son.toml"

WRITTEN = {"--junit", "--markdown", "--code-quality", "--out", "--map", "--plot", "--log"}
WRITTEN |= {"--events"}
"""Files that are made."""
FOLDERS = {
    "--results",
    "--baselines",
    "--points",
    "--catalogue",
    "--all",
    "--tables",
    "folder",
}
OF_OTHERS = {"--from"}
"""Lists (CSV)."""
AT_A_TERMINAL = {"shell --province"}
"""It reads as `topology show` does, once a person is there."""
OF_OTHERS_BY_COMMAND = {"calendar file", "topology import file", "verify files"}
"""iCalendar, GraphML, documents, recordings."""
NAMED = {"check --meetings", "meeting name", "compare old", "compare new"}
"""Words that may be a path, beside names."""
NAMED |= {f"{c} --baseline" for c in ("check", "faults", "load", "meeting", "calendar", "whatif")}
NAMED |= {f"{command} --baseline" for command in ("headroom", "sensitivity", "sweep")}

BESIDE: dict[str, tuple[str, ...]] = {
    "meeting": ("monthly-briefing",),
    "calendar": ("year.csv",),
    "sensitivity": (str(SCENARIO),),
    "sweep": (str(ROOT / "scenarios" / "sweep" / "cables-and-devices.toml"),),
    "compare": (str(PROVINCE), str(PROVINCE)),
    "topology export": ("--out", "map.graphml"),
    "check": (str(SCENARIO),),
    "faults": (str(SCENARIO),),
    "stream send": ("127.0.0.1:9", "--rate", "1"),
}
"""What a command asks for beside the option."""
WITH = {
    "load --accounts": ("--target", "sip:127.0.0.1", "--i-am-authorised"),
    "meeting --accounts": ("--real", "sip:127.0.0.1", "--i-am-authorised"),
    "check --ranges": ("--sensitivity",),
}
"""What the option itself asks for."""


def given() -> Iterator[tuple[str, Any]]:
    """Every parameter that a file may be given to, as `command --option` or `command name`."""
    for path, command in every_command():
        for parameter in getattr(command, "params", []):
            name = f"{' '.join(path)} {parameter.opts[0]}"
            of_files = "Path" in str(parameter.type_descriptor.annotation)
            if of_files or name in NAMED:
                yield name, parameter


READ = sorted(
    name
    for name, _ in given()
    if name.rpartition(" ")[2] not in WRITTEN | FOLDERS | OF_OTHERS
    and name not in OF_OTHERS_BY_COMMAND | AT_A_TERMINAL
)


def test_there_are_such_options() -> None:
    """Also those that are meant by the exceptions."""
    names = {name for name, _ in given()}
    assert {name.rpartition(" ")[2] for name in names} >= WRITTEN | FOLDERS | OF_OTHERS
    assert names >= OF_OTHERS_BY_COMMAND | AT_A_TERMINAL | NAMED
    assert len(READ) > 30


@pytest.mark.parametrize("name", READ)
def test_it_is_told_in_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "year.csv").write_text("", encoding="utf-8")
    command, _, option = name.rpartition(" ")
    other = SCENARIO if "province" in option or "criteria" in option else PROVINCE
    kind = "scenario" if other == SCENARIO else "province"
    other = Path(shutil.copy(other, tmp_path / f"{kind}.toml"))
    other.chmod(0o600)  # as accounts have to be
    words = [*command.split(" "), *WITH.get(name, ())]
    if option.startswith("--"):
        words += [*BESIDE.get(command, ()), option, str(other)]
    else:
        # two of them stand where there are two
        words += [str(CRITERIA if command == "compare" else other)] * (1 + (command == "compare"))
        kind = "criteria" if command == "compare" else kind
    ran = giaoban(*words)
    assert ran.code == 2, (words, ran)
    told = [line for line in ran.err.splitlines() if line.strip()]
    assert len(told) == 1, told
    assert KINDS[kind] in told[0]
    assert f"(giaoban.{kind}/" in told[0]
    assert "is needed here" in told[0]
    made = {path.name for path in tmp_path.rglob("*")}
    assert made == {"year.csv", other.name}  # not even a folder for runs
