"""Inputs of an evidence are laid out as the scenario names them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import scenario

from giaoban.errors import InputError
from giaoban.results.archive.evidence.manifest import InputFile, Manifest
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.scenarios.study.rerun import as_laid_out, lay_out


def manifest(*names: str) -> tuple[Manifest, dict[str, bytes]]:
    """Of a run with recordings by these names, and MCUs of its own."""
    inputs = [
        InputFile(role="scenario", name="s.toml", path="inputs/scenario.toml"),
        InputFile(role="province", name="p.toml", path="inputs/province.toml"),
        InputFile(role="devices", name="d.toml", path="inputs/devices.toml"),
        InputFile(role="criteria", name="c.toml", path="inputs/criteria.toml"),
    ]
    inputs += [
        InputFile(role="file", name=name, path=f"inputs/file-{number}.h264")
        for number, name in enumerate(names)
    ]
    files = {item.path: item.name.encode() for item in inputs}
    files["inputs/scenario.toml"] = b'devices = "../mcu/d.toml"\n'
    made = Manifest(
        kind="check",
        run_id="x",
        verdict="pass",
        engine="sandbox",
        seed=1,
        code="c",
        commit=None,
        committed=False,
        versions={},
        inputs=inputs,
        files=[],
        left_out=[],
    )
    return made, files


def test_files_are_where_the_scenario_looks_for_them(tmp_path: Path) -> None:
    laid_out, province = lay_out(*manifest("film/a.h264", "../../elsewhere/b.h264"), tmp_path)
    assert province.read_bytes() == b"p.toml"
    assert (laid_out.parent / "film/a.h264").read_bytes() == b"film/a.h264"
    assert (laid_out.parent / "../../elsewhere/b.h264").read_bytes() == b"../../elsewhere/b.h264"
    assert (laid_out.parent / "../mcu/d.toml").read_bytes() == b"d.toml"
    assert all(path.is_relative_to(tmp_path) for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["/home/x/a.h264", "a/../../../../../../../x.h264"])
def test_nothing_is_laid_out_elsewhere(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "root"
    inside.mkdir()
    lay_out(*manifest(name), inside)
    assert [path.name for path in tmp_path.iterdir()] == ["root"]


def test_a_scenario_with_other_files_than_the_evidence_is_refused(tmp_path: Path) -> None:
    made, _ = manifest("a.h264")
    none = load_scenario(scenario(tmp_path / "s.toml"))
    with pytest.raises(InputError, match="short: names 0 files, 1 are there"):
        as_laid_out(made)(none)
