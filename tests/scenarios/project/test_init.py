"""`giaoban init`: a project that answers at once, written whole or not at all."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from scenario_factory import DEFAULT, ROOT, giaoban
from undrawn import undrawn

from giaoban.errors import InputError, MachineLacks
from giaoban.scenarios.cli.language import of_environment
from giaoban.scenarios.emulation import engine
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.project import init
from giaoban.scenarios.project.init import ProjectOptions, make_project
from giaoban.scenarios.spec.project import project_of
from giaoban.schemas import IN_A_PROJECT, INPUT_KINDS, MARK, OF_INPUT, kind_of
from giaoban.topology.importers.files import export_graphml
from giaoban.topology.load import load_province

ABILENE = ROOT / "tests" / "topology" / "Abilene.graphml"
ON_A_LAPTOP = MachineLacks("Mininet is not installed", "apt-get install mininet")
FILES = {
    ".github/workflows/giaoban.yml",
    ".gitignore",
    "README.md",
    "criteria.toml",
    "giaoban.toml",
    "province.toml",
    "scenarios/first-expansion.toml",
    *(f".giaoban/schema/{name}{OF_INPUT}" for name in INPUT_KINDS),
}


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that can emulate, whatever this one can."""
    monkeypatch.setattr(engine, "check_installed", lambda: None)


def files_in(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_the_made_project_answers_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = giaoban("init", "kon-tum", "--name", 'Tỉnh "Kon Tum"', "--lang", "vi")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == "bước tiếp theo: cd kon-tum && giaoban check"
    folder = tmp_path / "kon-tum"
    assert files_in(folder) == FILES
    assert tomllib.loads((folder / "province.toml").read_text())["name"] == 'Tỉnh "Kon Tum"'
    readme = (folder / "README.md").read_text(encoding="utf-8")
    assert readme.startswith('# Tỉnh "Kon Tum"\n')
    assert len(readme.splitlines()) <= 10
    assert "Tiêu chí" in (folder / "criteria.toml").read_text(encoding="utf-8")

    for file in folder.rglob("*.toml"):  # editors know each
        text = file.read_text(encoding="utf-8")
        schema = file.parent / text.partition("\n")[0].removeprefix(MARK)
        assert schema.name == f"{kind_of(text)}.toml.schema.json"
        assert schema.is_file()

    monkeypatch.chdir(folder)
    ran = giaoban("check", "--estimate", "--seeds", "0")
    assert ran.code == 0, ran.err
    assert ran.out.startswith("ESTIMATED: PASS")
    assert of_environment({}) == "vi"  # as the project was asked for
    [run] = (folder / "runs").glob("first-expansion-estimate-*")
    told = [ran.out, giaoban("list", "criteria").out]
    told += [(run / name).read_text(encoding="utf-8") for name in ("result.json", "summary.md")]
    assert not [word for text in told for word in words_of_dak_nong(text)]


def test_no_answer_of_another_province_has_words_of_dak_nong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which articles ask for it, and what its places are called, is another province's to say."""
    folder = tmp_path / "kon-tum"
    assert giaoban("init", folder, "--name", "Kon Tum", "--lang", "vi").code == 0
    monkeypatch.chdir(folder)
    first = folder / "scenarios" / "first-expansion.toml"
    text = first.read_text(encoding="utf-8")
    first.write_text(re.sub(r"_s = 10\.0", "_s = 4.0", text), encoding="utf-8")
    (folder / "sweep.toml").write_text(SWEEP, encoding="utf-8")
    undrawn(monkeypatch)
    told = []
    for words in (
        ("headroom",),
        ("whatif", first, "--more", "1"),
        ("whatif", "sweep.toml"),
        ("faults", "--estimate", "--only", "cut:north--east"),
    ):
        ran = giaoban(*words, "--jobs", "1")
        assert ran.code in (0, 1), ran.err
        told.append(ran.out)
    files = [*(folder / "runs").rglob("*.md"), *(folder / "runs").rglob("*.json")]
    assert len(files) >= len(told)
    told += [path.read_text(encoding="utf-8") for path in files]
    assert not [word for text in told for word in words_of_dak_nong(text)]


SWEEP = """
schema = "giaoban.sweep/1"
scenario = "scenarios/first-expansion.toml"
question = "How many?"
question_vi = "Bao nhiêu?"

[axes]
bridges = [0, 1]
"""


def words_of_dak_nong(text: str) -> list[str]:
    """What is said of this province alone, or of a law that another one does not have."""
    known = load_province()
    named = [known.id, *(bridge.id for bridge in known.bridges)]
    found = re.findall(r"Đắk Nông|1681/|Art\. ?\d|Điều \d|Gia Nghĩa|[Hh]uyện|\bdistrict", text)
    return found + [name for name in named if re.search(rf"\b{name}\b", text)]


def test_an_import_and_a_tree_can_be_asked(tmp_path: Path) -> None:
    made = make_project(tmp_path / "a", ProjectOptions("en", source=str(ABILENE), ci="gitlab"))
    assert made.notes
    assert files_in(tmp_path / "a") == FILES - {".github/workflows/giaoban.yml"} | {
        ".gitlab-ci.yml"
    }
    graph = tmp_path / "p.graphml"
    export_graphml(load_province(DEFAULT), graph)
    ran = giaoban("init", tmp_path / "b", "--from", graph, "--json", "--ci", "none")
    assert ran.code == 0, ran.err
    told = [Path(file).relative_to(tmp_path / "b") for file in json.loads(ran.out)["files"]]
    assert len(told) == 7
    assert told[-1] == IN_A_PROJECT  # a folder, for its files
    schemas = len(INPUT_KINDS)
    assert len(files_in(tmp_path / "b")) == len(told) - 1 + schemas
    for name, bridges in (("a", 12), ("b", 9)):
        [scenario] = project_of(tmp_path / name / "scenarios" / "x").scenario_files()
        assert len(make_question(scenario).plan.calls) == bridges


def test_nothing_is_overwritten_and_nothing_is_left_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    (tmp_path / "criteria.toml").write_text("mine", encoding="utf-8")
    ran = giaoban("init", tmp_path)
    assert (ran.code, "criteria.toml: is there already, nothing is written" in ran.err) == (2, True)
    assert files_in(tmp_path) == {"README.md", "criteria.toml"}

    (tmp_path / "criteria.toml").unlink()

    def full(*_of: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", full)
    assert giaoban("init", tmp_path).code == 4
    assert sorted(p.name for p in tmp_path.iterdir()) == ["README.md"]
    monkeypatch.undo()

    ran = giaoban("init", tmp_path)
    assert ran.code == 0
    assert "README.md: stays as it is" in ran.out
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
    assert files_in(tmp_path) == FILES
    assert giaoban("init", tmp_path).code == 2  # a project is there


def test_what_cannot_be_asked_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init, "DEFAULT_PROFILE", "no-such")
    with pytest.raises(InputError, match="unknown call profile"):
        make_project(tmp_path / "x", ProjectOptions("en"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mcu-at", "x"), "--mcu-at: means nothing here"),
        (("--device", "rmx-1500-mpm"), 'did you mean "rmx-1500-mpmx"'),
        (("--ci", "jenkins"), "'github', 'gitlab', 'none'"),
        (("--from", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_bad_words_make_nothing(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    ran = giaoban("init", tmp_path / "x", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_emulated_the_next_step_is_an_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def lacks() -> None:
        raise ON_A_LAPTOP

    monkeypatch.setattr(engine, "check_installed", lacks)
    ran = giaoban("init", "--lang", "en")
    assert ran.out.splitlines()[-1] == "next: giaoban check --estimate"


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_readme_begins_with_what_works_anywhere(lang: str, tmp_path: Path) -> None:
    made = giaoban("init", str(tmp_path / lang), "--lang", lang)
    assert made.code == 0
    readme = (tmp_path / lang / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"`(giaoban [^`]*)`", readme)
    assert commands[:3] == ["giaoban check --estimate", "giaoban check", "giaoban doctor"]
    assert len(readme.splitlines()) <= 10


@pytest.mark.parametrize(("ci", "file"), [*init.CI_FILES.items()])
def test_a_project_gets_its_file_for_ci_later(ci: str, file: str, tmp_path: Path) -> None:
    """And nothing else; one that is there stays as it is."""
    folder = tmp_path / "p"
    made = giaoban("init", folder, "--ci", "none")
    assert made.code == 0, made.err
    before = {path: (folder / path).read_bytes() for path in files_in(folder)}
    ran = giaoban("init", folder, "--ci", ci)
    assert (ran.code, ran.out.splitlines()[0]) == (0, str(folder / file)), ran.err
    assert "giaoban accept" in ran.out.splitlines()[1]
    assert files_in(folder) == {*before, file}
    assert all((folder / path).read_bytes() == text for path, text in before.items())
    (folder / file).write_text("mine")
    ran = giaoban("init", folder, "--ci", ci)
    assert (ran.code, ran.out) == (2, "")
    assert "is there already, and stays as it is" in ran.err
    assert (folder / file).read_text() == "mine"
