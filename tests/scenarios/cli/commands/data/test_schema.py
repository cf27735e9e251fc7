"""`giaoban schema`: schemas printed, put into a project, and referred to by its files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scenario_factory import SMALL, giaoban

from giaoban.scenarios.cli.commands.data.schema import WHAT
from giaoban.scenarios.schemas.make import answer_names, input_names, write_all
from giaoban.schemas import IN_A_PROJECT, MARK, OF_INPUT, referring
from giaoban.tomlfile import load
from giaoban.topology.importers.files import as_toml, write_toml
from giaoban.topology.model import Province


def test_all_are_named_with_what_they_are() -> None:
    ran = giaoban("schema")
    assert (ran.code, ran.err) == (0, "")
    names = [line.split()[0] for line in ran.out.splitlines()[1:-1]]
    assert names == [*input_names(), *answer_names()]
    assert set(input_names()) == set(WHAT)
    told = json.loads(giaoban("schema", "--json").out)
    assert [*told["inputs"], *told["answers"]] == names


def test_one_is_printed_or_written(tmp_path: Path) -> None:
    ran = giaoban("schema", "province")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["title"] == "giaoban.province/1"
    out = tmp_path / "p.json"
    assert giaoban("schema", "province", "--out", out).code == 0
    assert out.read_text(encoding="utf-8") == ran.out
    assert json.loads(giaoban("schema", "meeting-result").out)["$id"] == "giaoban.meeting-result/1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("provinze",), 'no schema "provinze" (did you mean "province"?)'),
        (("province", "scenario"), "one at a time"),
        (("province", "--all", "x"), "no NAME"),
        (("--refer",), "no file is named"),
        (("--refer", "nowhere.toml"), "no such file"),
        (("province", "--out", "/dev/null/x"), "is not a folder"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], said: str) -> None:
    ran = giaoban("schema", *words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_a_project_of_ones_own(tmp_path: Path) -> None:
    """The files find their schemas wherever the project is moved to, and stay what they say."""
    project = tmp_path / "one"
    (project / "scenarios").mkdir(parents=True)
    province, scenario = project / "province.toml", project / "scenarios" / "s.toml"
    province.write_text(SMALL.read_text(encoding="utf-8"), encoding="utf-8")
    scenario.write_text('\ufeffschema = "giaoban.scenario/1"\r\n', encoding="utf-8", newline="")
    before = load(province, Province)
    ran = giaoban("schema", "--refer", province, scenario)
    assert (ran.code, ran.err) == (0, "")
    assert load(province, Province) == before
    assert province.read_text(encoding="utf-8").startswith(
        f"{MARK}.giaoban/schema/province{OF_INPUT}\n"
    )
    assert scenario.read_bytes().decode() == (
        f'{MARK}../.giaoban/schema/scenario{OF_INPUT}\r\nschema = "giaoban.scenario/1"\r\n'
    )
    schemas = sorted(path.name for path in (project / IN_A_PROJECT).iterdir())
    assert schemas == sorted(f"{name}{OF_INPUT}" for name in input_names())
    said = province.read_text(encoding="utf-8")
    assert giaoban("schema", "--refer", province).out == ""  # nothing to do
    assert province.read_text(encoding="utf-8") == said
    moved = project.rename(tmp_path / "two") / "province.toml"
    taplo = [str(Path(sys.executable).with_name("taplo")), "lint", str(moved)]
    assert subprocess.run(taplo, capture_output=True, check=False).returncode == 0
    moved.write_text(said.replace("km = ", "kms = "), encoding="utf-8")
    ran_taplo = subprocess.run(taplo, capture_output=True, text=True, check=False)
    assert "'kms' was unexpected" in ran_taplo.stderr


def test_what_is_written_into_a_project_says_its_schema(tmp_path: Path) -> None:
    province = load(SMALL, Province)
    write_toml(province, tmp_path / "outside.toml")
    assert (tmp_path / "outside.toml").read_text(encoding="utf-8") == as_toml(province)
    (tmp_path / IN_A_PROJECT).mkdir(parents=True)
    write_all(tmp_path / IN_A_PROJECT)
    (tmp_path / "deep").mkdir()
    write_toml(province, tmp_path / "deep" / "inside.toml")
    first = (tmp_path / "deep" / "inside.toml").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"{MARK}../.giaoban/schema/province{OF_INPUT}"


def test_a_file_of_no_kind_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / IN_A_PROJECT).mkdir(parents=True)
    write_all(tmp_path / IN_A_PROJECT)
    for text in ("x = 1\n", 'schema = "giaoban.nothing/1"\n', '# schema = "giaoban.province/1"\n'):
        assert referring(text, tmp_path / "x.toml") == text
    file = tmp_path / "x.toml"
    file.write_text("x = 1\n", encoding="utf-8")
    ran = giaoban("schema", "--refer", file)
    assert ran.code == 2
    assert "giaoban.province" in ran.err
    assert file.read_text(encoding="utf-8") == "x = 1\n"
