"""Inputs of an evidence are laid out as the scenario names them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_factory import giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.errors import InputError
from giaoban.results.archive.evidence.pack import write_evidence
from giaoban.results.model.manifest import InputFile, Manifest
from giaoban.results.model.studies.sensitivity import Sensitivity
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.scenarios.study.documents import inputs_of
from giaoban.scenarios.study.rerun import as_laid_out, lay_out, options_of
from giaoban.scenarios.study.sensitivity import sensitivity as study
from giaoban.scenarios.study.sensitivity.drawn import hypercube
from giaoban.scenarios.study.sensitivity.figures import Ranges
from giaoban.tomlfile import load
from tests.nights import at_night
from tests.results import sensitivity_factory as sensitivities


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


@pytest.mark.parametrize("other", [[], ["criteria"], ["devices"], ["criteria", "devices"]])
def test_limits_and_mcus_are_those_of_then(tmp_path: Path, other: list[str]) -> None:
    """Whatever the program's own have become."""
    path = scenario(tmp_path / "s.toml")
    question = make_question(Path(path))
    inputs = inputs_of(question)
    files = {f"inputs/{role}.toml": file.read_bytes() for role, _, file in inputs}
    for role in other:
        files[f"inputs/{role}.toml"] += b"# then\n"
    made, _ = manifest()
    made = made.model_copy(
        update={
            "inputs": [
                InputFile(role=role, name=name, path=f"inputs/{role}.toml")
                for role, name, _ in inputs
            ]
        }
    )
    laid_out, province = lay_out(made, files, tmp_path / "again")
    again = make_question(laid_out, province_path=province, change=as_laid_out(made))
    found = {role: file.read_bytes() for role, _, file in inputs_of(again)}
    assert found == {role: files[f"inputs/{role}.toml"] for role in found}
    assert again.plan == question.plan


def test_a_scenario_with_other_files_than_the_evidence_is_refused(tmp_path: Path) -> None:
    made, _ = manifest("a.h264")
    none = load_scenario(scenario(tmp_path / "s.toml"))
    with pytest.raises(InputError, match="short: names 0 files, 1 is there"):
        as_laid_out(made)(none)


@pytest.mark.parametrize("command", [at_night("check"), "sensitivity"])
def test_how_far_assumptions_may_be_off_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Beside a check, and by itself. With the user's own ranges, of which no file is in the
    evidence. Flips are looked for elsewhere."""
    undrawn(monkeypatch)
    monkeypatch.setattr(study, "_all_tried", lambda *_of: [])
    file = scenario(tmp_path / "s.toml", phases=(2.0, 2.0, 2.0))
    ranges, runs = tmp_path / "own.toml", tmp_path / "runs"
    ranges.write_text(
        'schema = "giaoban.ranges/1"\n[[range]]\nof = ["device.compose_delay.delay_ms"]\n'
        'low = 60.0\nhigh = 400.0\nsource = "two offers"\n',
        encoding="utf-8",
    )
    alone = ("--jobs", "1") if command == "sensitivity" else ("--estimate", "--seeds", "0")
    words = (*alone, "--worlds", "3", "--ranges", ranges, "--results", runs)
    ran = giaoban(command, file, *words)
    assert ran.code in (0, 1), ran.err
    then = Sensitivity.read(only_run(runs))
    [own] = [each for each in then.figures if each.range_from == "ranges"]
    assert (own.key, own.low, own.high) == ("device.compose_delay.delay_ms", 60.0, 400.0)
    ranges.unlink()
    evidence = tmp_path / "a.evidence.zip"
    write_evidence(only_run(runs), evidence)
    ran = giaoban("verify", evidence, "--rerun", "--results", tmp_path / "again")
    assert ran.code == 0, ran.out + ran.err
    monkeypatch.setattr(study, "hypercube", lambda *of: 1 - hypercube(*of))
    ran = giaoban("verify", evidence, "--rerun", "--results", tmp_path / "others")
    assert ran.code == 1
    assert "drawn." in ran.out


def test_all_that_was_asked_of_the_assumptions_is_asked_again(tmp_path: Path) -> None:
    drawn = sensitivities.drawn().model_copy(update={"impossible": 4})
    choice = sensitivities.tried(
        "province.qos.scheduling", "queues", "hàng đợi", "scheduling", "", value="fifo", low=None,
        high=None, choices=["fifo", "classes"], range_from="ranges", curve=[],
    )  # fmt: skip
    line, *_ = sensitivities.figures()
    ranged = line.model_copy(update={"range_from": "ranges", "likely_low": 3.0, "likely_high": 9.0})
    then = sensitivities.answer(
        seeds=2, drawn=drawn, required_pct=95.0, figures=[ranged, choice, *sensitivities.figures()]
    )
    wanted = options_of(then, tmp_path)
    assert (wanted.seeds, wanted.worlds, wanted.required_pct) == (2, 1004, 95.0)
    assert wanted.ranges is not None
    known = load(wanted.ranges, Ranges)
    [one] = known.ranges
    assert one.of == [line.key]
    assert one.ends(100.0) == (line.low, line.high)
    assert one.likely(5.0) == (3.0, 9.0, True)
    assert [each.of_these for each in known.choices] == [["fifo", "classes"]]
    assert options_of(sensitivities.answer(drawn=None), tmp_path).ranges is None
