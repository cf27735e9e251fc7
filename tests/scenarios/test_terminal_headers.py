"""Every header of the tables that commands print, and of the summaries of what is estimated."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pretended_failures import Child, Pretended, interrupted, observed
from scenario_factory import giaoban, scenario
from test_cli_whatif import VARIANTS
from undrawn import undrawn
from whatif_factory import DEVICE, small

from scenarios.cli.load import show
from scenarios.failures.questions import ask, possible_in
from scenarios.load.run import Outcome
from tests.results import history_factory as h
from tests.results import load_factory


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    undrawn(monkeypatch)


def has_line(text: str, *words: str) -> None:
    """A line with these words and nothing else, whatever the space between them."""
    line = r"\s+".join(re.escape(word) for word in words)
    assert re.search(rf"^\s*{line}\s*$", text, re.MULTILINE), text


def heads(folder: Path) -> list[list[str]]:
    """The heads of all tables of the summary in a folder; every row has as many cells."""
    text = (folder / "summary.md").read_text(encoding="utf-8")
    found = []
    for part in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in part.strip().splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}
        found.append([cell.strip() for cell in rows[0]])
    return found


def only_run(root: Path) -> Path:
    [made] = root.iterdir()
    return made


def test_check(tmp_path: Path) -> None:
    where = ("--seeds", "0", "--results", tmp_path / "runs")
    ran = giaoban("check", scenario(tmp_path / "s.toml"), "--estimate", *where)
    has_line(ran.out, "criterion", "value", "limit", "margin", "worst at")
    ran = giaoban("history", "list", "--results", tmp_path / "runs")
    has_line(ran.out, "when", "verdict", "kind", "bridges", "binds", "margin", "run")


def test_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = scenario(tmp_path / "s.toml")
    router = possible_in(ask(file, None, None))["router:r-east"]
    made = Pretended()
    made.children = {router.id: Child(observed(router, interrupted("north", 412.0)))}
    made.use(monkeypatch)
    words = ("faults", file, "--only", router.id, "--results", tmp_path / "runs")
    ran = giaoban(*words, "--bridge", "north")
    tried = ("failure", "verdict", "interruption", "by mending", "lost", "load", "cut off")
    has_line(ran.out, *tried)
    has_line(ran.out, router.id, "pass", "412.0 ms at north", "none", "0", "20.0 %", "–")
    by_bridge = ("interruption", "of the sound", "by the mending", "packets lost", "state", "path")
    has_line(ran.out, "failure", "bridge", *by_bridge)
    has_line(giaoban(*words, "--link", "west--east").out, "link", "direction", "worst load", "by")


def test_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show(Outcome(tmp_path, load_factory.calls(failed={"timeout": 2})))
    out = capsys.readouterr().out
    has_line(out, "criterion", "value", "limit")
    what = ("attempts", "succeeded", "failed", "sent again", "median", "95 %", "answers")
    has_line(out, "what", *what)
    has_line(out, "invite", "150", "148", "2 timeout", "0", "4.0 ms", "12.5 ms")


def test_whatif(tmp_path: Path) -> None:
    small(tmp_path)
    file = tmp_path / "variants.toml"
    file.write_text(VARIANTS, encoding="utf-8")
    where = ("--pace", "0.5", "--seeds", "0", "--results", tmp_path / "runs")
    ran = giaoban("whatif", file, *where)
    has_line(ran.out, "variant", "verdict", "binds", "margin", "cost", "what is different")
    variants, margins = heads(only_run(tmp_path / "runs"))
    assert variants == [
        "", "variant", "verdict", "binds", "margin", "cost", "what is different",
    ]  # fmt: skip
    assert margins == ["criterion", "fifteen ports", "ten ports", "a"]


def test_headroom(tmp_path: Path) -> None:
    where = ("--pace", "0.5", "--seeds", "0", "--jobs", "1", "--results", tmp_path / "runs")
    ran = giaoban("headroom", small(tmp_path), *where)
    full = ("then full", "with a larger device", "then full")
    has_line(ran.out, "district", "more, all of them there", *full)
    assert heads(only_run(tmp_path / "runs")) == [
        ["district", "more", *full],
        ["link", "direction", "rate", "busiest second now", "more calls"],
        ["device", "more", ""],
        ["more", "verdict", "binds", "margin"],
    ]


def test_sweep(tmp_path: Path) -> None:
    small(tmp_path)
    file = tmp_path / "sweep.toml"
    file.write_text(
        'schema = "giaoban.sweep/1"\nscenario = "small-base.toml"\nquestion = "q"\n'
        f'question_vi = "q"\nmethod = "arithmetic"\n[axes]\ndevices = ["{DEVICE}"]\n',
        encoding="utf-8",
    )
    places = ("--jobs", "1", "--points", tmp_path / "points", "--results", tmp_path / "runs")
    assert giaoban("sweep", file, *places).code == 0
    assert heads(only_run(tmp_path / "runs")) == [
        ["bridges", "calls", "device", "failure", "seed", "verdict", "binds", "margin",
         "other seeds", "cut off"]
    ]  # fmt: skip


def test_history(tmp_path: Path) -> None:
    root = h.year(tmp_path / "runs")
    ran = giaoban("history", "trend", "mouth-to-ear", "--results", root)
    has_line(ran.out, "when", "value", "limit", "margin", "worst at", "run")
    ran = giaoban("history", "compare", h.JANUARY, h.JULY, "--results", root)
    has_line(ran.out, "criterion", "A", "B", "limit", "margin A", "margin B", "B is")
