"""`giaoban doctor`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from scenario_factory import giaoban

from giaoban.scenarios.cli.commands.machine import doctor


def test_doctor_finds_this_machine_well() -> None:
    """The tests run on a machine that was set up."""
    ran = giaoban("doctor", "--json")
    said = json.loads(ran.out)
    assert [f["what"] for f in said["findings"] if not f["ok"]] == []
    assert (ran.code, said["ok"]) == (0, True)
    assert giaoban("doctor").code == 0


def lacking(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the doctor misses: thing → command. The table says the same."""
    monkeypatch.setenv("COLUMNS", "300")
    ran = giaoban("doctor", "--json")
    assert ran.code == 4
    found = {f["what"]: f["install"] for f in json.loads(ran.out)["findings"] if not f["ok"]}
    table = giaoban("doctor")
    assert table.code == 4
    for what, command in found.items():
        assert any("missing" in x and what in x and command in x for x in table.out.splitlines())
    return found


def test_doctor_without_compiler_and_mininet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PATH on which only some programs are."""
    for name in ("ip", "bash"):
        (tmp_path / name).symlink_to(str(shutil.which(name, path="/usr/bin:/bin:/usr/sbin:/sbin")))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor, "SYSTEM_PROGRAMS", "")
    found = lacking(monkeypatch)
    assert found["program mnexec"] == f"{doctor.APT} mininet"
    assert "flex" in found["tools that build the sandbox kernel"]
    assert found["sandbox kernel"] == "make setup"  # without gcc it is not known which one fits
    assert "program ip" not in found
