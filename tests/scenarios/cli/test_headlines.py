"""The answer that sets the exit code is the one at the head of everything that a command leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pretended
import pytest
from scenario_factory import giaoban, only_run, scenario
from undrawn import undrawn

from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.scan import answer_file, scan
from giaoban.results.model.manifest import MANIFEST
from giaoban.results.report.view.page import FILE
from giaoban.scenarios.study import check
from tests.scenarios.study.test_check import unaccounted

WORDS = {0: "PASS", 1: "FAIL", 3: "INVALID"}
VERDICTS = {0: "pass", 1: "fail", 3: "invalid"}


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    undrawn(monkeypatch)


def head(text: str) -> str:
    """The word that a text begins with, past a heading's marks and `ESTIMATED: `."""
    found = re.search(r"\b(PASS|FAIL|INVALID)\b", text)
    assert found, text[:300]
    return found[1]


def agree(printed: str, folder: Path, code: int) -> None:
    """What was printed, `summary.md`, the answer, manifest, page and history say what `code` does.
    Nothing but the first line may speak of another verdict."""
    assert head(printed.splitlines()[0]) == WORDS[code]
    assert head((folder / "summary.md").read_text(encoding="utf-8")) == WORDS[code]
    path = answer_file(folder)
    assert json.loads(path.read_bytes())["verdict"] == VERDICTS[code]
    entry = scan(folder)
    assert isinstance(entry, HistoryEntry)
    assert entry.verdict == VERDICTS[code]
    if (folder / MANIFEST).is_file():
        assert json.loads((folder / MANIFEST).read_bytes())["verdict"] == VERDICTS[code]
    if (folder / FILE).is_file():
        page = (folder / FILE).read_text(encoding="utf-8")
        verdict = re.search(r'<section class="card verdict ([a-z]+)">', page)
        assert verdict is not None
        assert verdict[1] == VERDICTS[code]


# ------------------------------------------------------------------------------------ giaoban check

CHECKS: dict[int, dict[str, Any]] = {
    0: {},
    1: {"refused": {"north"}},
    3: {"spoil": unaccounted},
}


@pytest.mark.parametrize("code", sorted(CHECKS))
@pytest.mark.parametrize("new", [True, False])
def test_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, new: bool) -> None:
    how = dict(CHECKS[code])
    if not new and "refused" in how:
        how["refused"] = {"east"}
    monkeypatch.setattr(check, "emulate", pretended.emulator(**how))
    file = scenario(tmp_path / "s.toml", **({} if new else {"bridges": ()}))
    ran = giaoban("check", file, "--seeds", "0", "--results", tmp_path / "runs")
    assert ran.code == code, ran.err
    agree(ran.out, only_run(tmp_path / "runs"), code)


@pytest.mark.parametrize(("more", "code"), [("", 0), ("[thresholds]\nmouth-to-ear = 1.0\n", 1)])
def test_check_by_estimate(tmp_path: Path, more: str, code: int) -> None:
    words = ("--estimate", "--seeds", "0", "--results", tmp_path / "runs")
    ran = giaoban("check", scenario(tmp_path / "s.toml", more=more, phases=(2, 6, 2)), *words)
    assert ran.code == code, ran.err
    assert ran.out.startswith("ESTIMATED: ")
    agree(ran.out, only_run(tmp_path / "runs"), code)
