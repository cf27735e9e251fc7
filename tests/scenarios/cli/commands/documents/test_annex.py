"""`giaoban annex` and `verify`: from a run to what an office attaches, and back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pretended
import pytest
from matplotlib.figure import Figure
from runs import Runs
from scenario_factory import giaoban, scenario
from undrawn import undrawn

from giaoban.drawing import save as save_figure
from giaoban.results.archive.evidence.pack import write_evidence
from giaoban.results.report.plots import style
from giaoban.scenarios.cli.commands.documents import annex
from giaoban.scenarios.plan import identity
from giaoban.scenarios.plan.identity import Commit
from giaoban.scenarios.study import check, documents
from giaoban.topology.map import draw
from tests.results.pdf_text import text_of

emulate = pretended.emulator()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with one run of a clean checkout."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "emulate", emulate)
        patch.setattr("giaoban.scenarios.measure.assemble.commit", lambda: Commit("c" * 40, True))
        ran = giaoban("check", scenario(folder / "s.toml"), "--results", folder / "runs")
    assert ran.code == 0, ran.err
    return folder / "runs"


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """An annex without the pictures of its check, at which nobody looks here."""
    monkeypatch.setattr(documents, "draw_pictures", lambda *_, **__: {})


@pytest.fixture(autouse=True)
def undrawn_worlds(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An annex without drawn worlds, which take longer than all else of it."""
    with monkeypatch.context() as patch:
        patch.setattr(annex, "with_worlds", lambda chapter, _run, draw: chapter)
        yield patch


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """The same, for one test alone."""
    return Path(shutil.copytree(made, tmp_path / "runs"))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_annex_evidence_and_verify(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: set[str] = set()

    def save(figure: Figure, path: Path) -> None:
        drawn.add(path.suffix)
        save_figure(figure, path)

    for module in (style, draw):
        monkeypatch.setattr(module, "save", save)
    [run] = root.iterdir()
    out, where = tmp_path / "out", ("--results", root)
    letter = ("--letter-number", "15/STTTT-CNTT", "--letter-date", "2026-02-05")
    for words in (("--out", out / "a.pdf"), ("--out", out / "b.docx")):
        ran = giaoban("annex", "short", *words, *letter, *where)
        assert ran.code == 0, ran.err
        assert "draft" not in ran.out
        # pixels, half of what it costs to draw, are what only a DOCX has
        assert drawn == ({".svg", ".png"} if words[1].suffix == ".docx" else {".svg"})
        drawn.clear()
    evidence = f"{run.name}.evidence.zip"
    assert files(out) == ["a.pdf", "b.docx", evidence]
    ran = giaoban("verify", *(out / name for name in files(out)), "--json")
    assert ran.code == 0, ran.out
    said = json.loads(ran.out)
    assert [f["kind"] for f in said["files"]] == ["pdf", "docx", "evidence"]
    with (out / "a.pdf").open("ab") as annex_file:
        annex_file.write(b"a signature")
    for lang, state in (
        ("en", "intact; something was appended after it was written, such as a signature"),
        ("vi", "còn nguyên vẹn; có phần được thêm vào sau khi lập, chẳng hạn chữ ký số"),
    ):
        ran = giaoban("verify", out / "a.pdf", out / evidence, "--lang", lang)
        assert (ran.code, state in ran.out) == (0, True)
    # the run's own annex, made with the check, is listed too
    assert giaoban("verify", run / "phu-luc.pdf", out / evidence).code == 0


def test_the_annex_of_a_pass_says_in_how_many_drawn_worlds_it_passes(
    root: Path, tmp_path: Path, plain: None, undrawn_worlds: pytest.MonkeyPatch
) -> None:
    undrawn_worlds.undo()
    out = tmp_path / "a.pdf"
    words = ("--worlds", "2", "--results", root, "--out", out)
    assert giaoban("annex", "short", *words).code == 0
    text = " ".join(text_of(out).split())
    assert re.search(r"đạt ở \S+ % trong 2 phương án", text)


@pytest.mark.usefixtures("plain")
def test_a_run_that_was_changed_gives_neither(root: Path, tmp_path: Path) -> None:
    [run] = root.iterdir()
    path = run / "result.json"
    path.write_text(path.read_text().replace('"joined"', '"joined" ', 1))
    ran = giaoban("annex", "short", "--results", root, "--out", tmp_path / "out" / "a.pdf")
    assert ran.code == 2
    assert "result.json: is not what it was when the run was made" in ran.err
    assert [*(tmp_path / "out").glob("*")] == []


def test_run_again_with_another_answer_is_told(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evidence = tmp_path / "a.evidence.zip"
    [run] = root.iterdir()
    write_evidence(run, evidence)
    undrawn(monkeypatch)
    monkeypatch.setattr(check, "emulate", pretended.emulator(refused={"north"}))
    ran = giaoban("verify", evidence, "--rerun", "--results", tmp_path / "again")
    assert ran.code == 1
    assert "run again: NOT THE SAME" in ran.out
    assert "verdict: pass became fail" in ran.out
    listed = json.loads(giaoban("history", "list", "--results", tmp_path / "again", "--json").out)
    assert listed["runs"] == []
    [skipped] = listed["skipped"]
    assert "made again by giaoban verify --rerun" in skipped["reason"]


@pytest.mark.usefixtures("plain")
@pytest.mark.parametrize("bare", [False, True])
def test_a_run_without_evidence_gives_a_draft(root: Path, tmp_path: Path, bare: bool) -> None:
    """Also one made before there were manifests, and so without its inputs."""
    [run] = root.iterdir()
    (run / "manifest.json").unlink()
    if bare:
        shutil.rmtree(run / "inputs")
    out = tmp_path / "out" / "a.pdf"
    ran = giaoban("annex", "short", "--results", root, "--out", out)
    assert ran.code == 0, ran.err
    assert "only a draft" in ran.out
    text = subprocess.run(
        ["pdftotext", "-layout", out, "-"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "không có tệp bằng chứng kèm theo" in " ".join(text.split())
    assert files(tmp_path / "out") == ["a.pdf"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("annex", "nothing"), 'run "nothing": no such run'),
        (("annex", "short", "--letter-date", "x"), "--letter-date"),
        (("annex", "short", "--out", "x.odt"), "ends with .pdf or .docx"),
        (("annex", "short", "--out", "folder"), "ends with .pdf or .docx"),
        (("verify", "nothing.pdf"), "nothing.pdf: no such file"),
        (("verify", __file__, "--rerun"), "none of the files is an evidence"),
    ],
)
def test_bad_input_is_told_before_anything_is_written(
    root: Path, tmp_path: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    ran = giaoban(*words, "--results", root)
    assert ran.code == 2
    assert said in ran.err
    assert list(Path().iterdir()) == []


def test_a_commit_is_clean_only_if_the_code_is_the_commits(tmp_path: Path) -> None:
    """Of a repository of its own: code that differs is told, data with sums of its own is not."""

    def git(*words: str) -> None:
        name = ("-c", "user.name=x", "-c", "user.email=x@example.org")
        subprocess.run(["git", "-C", str(tmp_path), *name, *words], check=True, capture_output=True)

    def at() -> Commit:
        identity.commit.cache_clear()
        return identity.commit(tmp_path)

    assert at() == Commit(None, False)
    for name in ("results/a.py", "scenarios/a.toml", "traffic/profiles.toml", "README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("1\n")
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "x")
    assert at().clean
    for name in ("README.md", "scenarios/a.toml", "scenarios/mine.toml", "results/runs/x.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("2\n")
    assert at().clean
    for name in ("traffic/profiles.toml", "results/new.py"):
        (tmp_path / name).write_text("2\n")
        assert not at().clean, name
        git("add", ".")
        git("commit", "-qm", "y")
    identity.commit.cache_clear()


@pytest.mark.sandbox
@pytest.mark.anew
def test_a_real_run_is_repeated_from_its_evidence_alone(runs: Runs, tmp_path: Path) -> None:
    """To the last packet: the captures' sums are in the manifest. The frames of two bridges were
    recorded, and are again."""
    done = runs["switched"]
    path = tmp_path / "a.evidence.zip"
    write_evidence(done.folder, path)
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert {item["path"] for item in manifest["left_out"]} >= {
        "captures/mcu-sent.bin",
        "captures/bridges-received.bin",
    }
    ran = giaoban("verify", path, "--rerun", "--results", tmp_path / "again")
    assert ran.code == 0, ran.out + ran.err
    assert "run again: the same measures and verdict" in ran.out
