"""`giaoban diff`, `topology show` and `doctor`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from scenario_factory import BAD_PROVINCES, SMALL, giaoban

from giaoban.results.model.result import Result
from giaoban.scenarios.cli.commands.machine import doctor


@pytest.fixture
def two_runs(tmp_path: Path) -> Path:
    """A results folder with runs `a` and `b` of the same measures."""
    from tests.results import results_factory

    for name in ("a", "b"):
        result = results_factory.result(run_id=name)
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(result.to_json(), encoding="utf-8")
    return tmp_path


def change_delay(folder: Path, by_ms: float) -> None:
    path = folder / "result.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["phases"][1]["bridges"][2]["streams"][0]["delay_p95_ms"] += by_ms
    path.write_text(Result.from_json(json.dumps(data)).to_json(), encoding="utf-8")


def test_diff_of_the_same_measures(two_runs: Path) -> None:
    ran = giaoban("diff", "a", "b", "--results", two_runs)
    assert (ran.code, ran.err) == (0, "")
    assert "the same measures and the same verdict" in ran.out
    ran = giaoban("diff", two_runs / "a", two_runs / "b", "--json")
    assert ran.code == 0
    assert json.loads(ran.out) == {"same": True, "differences": []}


def test_diff_tolerates_a_tenth_of_a_millisecond(two_runs: Path) -> None:
    change_delay(two_runs / "b", 0.09)
    assert giaoban("diff", "a", "b", "--results", two_runs).code == 0


def test_diff_of_other_measures(two_runs: Path) -> None:
    change_delay(two_runs / "b", 0.5)
    ran = giaoban("diff", "a", "b", "--results", two_runs)
    assert ran.code == 1
    assert "delay_p95_ms" in "".join(ran.out.split())
    ran = giaoban("diff", "a", "b", "--results", two_runs, "--json")
    assert ran.code == 1
    said = json.loads(ran.out)
    [difference] = said["differences"]
    assert not said["same"]
    assert difference["kind"] == "measure"
    assert difference["path"].startswith("phases[during].bridges[")
    assert difference["b"] - difference["a"] == pytest.approx(0.5)


def test_diff_with_a_damaged_run(two_runs: Path) -> None:
    (two_runs / "b" / "result.json").write_text('{"schema": "x"}', encoding="utf-8")
    ran = giaoban("diff", "a", "b", "--results", two_runs)
    assert ran.code == 2
    assert "not a giaoban.result/2 file" in ran.err


@pytest.mark.parametrize(
    ("name", "magic"), [("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("m.pdf", b"%PDF")]
)
def test_topology_show_draws_a_map(tmp_path: Path, name: str, magic: bytes) -> None:
    ran = giaoban("topology", "show", "--province", SMALL, "--map", tmp_path / name)
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / name).read_bytes().startswith(magic)
    assert "10.2.0.1/30" in ran.out
    assert f"map: {tmp_path / name}" in "".join(ran.out.splitlines()[-2:])


def test_topology_show_as_json(tmp_path: Path) -> None:
    ran = giaoban("topology", "show", "--map", tmp_path / "m.svg", "--json", "--lang", "vi")
    assert ran.code == 0
    said = json.loads(ran.out)
    assert set(said) == {"map", "addresses", "paths", "assumptions"}
    assert Path(said["map"]).is_file()
    assert len(said["paths"]) == 8
    assert {"access-cu-jut"} <= {row["link"] for row in said["addresses"]}
    assert said["assumptions"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--province", str(BAD_PROVINCES / "two-pieces.toml")), "is in 2 pieces"),
        (("--lang", "fr"), "allowed: vi, en"),
        (("--province", "/nowhere.toml"), "/nowhere.toml: no such file"),
    ],
)
def test_topology_show_with_bad_input(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    ran = giaoban("topology", "show", "--map", tmp_path / "m.png", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert not (tmp_path / "m.png").exists()


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
