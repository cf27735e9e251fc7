"""`giaoban history` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import giaoban

from giaoban.results.model.result import FileRef
from tests.results import history_factory as h


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return h.year(tmp_path / "runs")


def test_list_trend_and_year(root: Path, tmp_path: Path) -> None:
    ran = giaoban("history", "list", "--year", "2026", "--results", root)
    assert (ran.code, ran.err) == (0, "")
    assert h.APRIL in ran.out
    assert "not a run: notes" in ran.out

    ran = giaoban("history", "list", "--kind", "faults", "--json", "--results", root)
    assert {run["kind"] for run in json.loads(ran.out)["runs"]} == {"faults"}

    ran = giaoban("compare", h.JANUARY, h.JULY, "--results", root)
    assert ran.code == 1
    assert "worse" in ran.out
    ran = giaoban("compare", h.JANUARY, h.JULY, "--results", root, "--json")
    worse = {c["case"] for c in json.loads(ran.out)["changes"] if c["sense"] == "worse"}
    assert "mouth-to-ear" in worse
    assert giaoban("compare", h.JANUARY, h.JANUARY, "--results", root).code == 0

    plot = tmp_path / "delay.svg"
    words = ("history", "trend", "mouth-to-ear", "--year", "2026", "--results", root)
    ran = giaoban(*words, "--out", plot)
    assert ran.code == 0
    assert "NOT MET" in ran.out
    assert "invalid run" in ran.out
    assert plot.read_text(encoding="utf-8").startswith("<?xml")
    ran = giaoban(*words, "--json")
    assert [p["value"] for p in json.loads(ran.out)["points"]] == [260.0, 346.0, 316.0, 416.0]

    out = tmp_path / "nam.pdf"
    ran = giaoban("history", "year", "2026", "--out", out, "--results", root)
    assert ran.code == 0
    assert out.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--scenario", "mo-rong-dot-3"), "did you mean"),
        (("trend", "delay"), "in no run"),
        (("trend", "mos", "--lang", "fr"), "allowed: vi, en"),
        (("trend", "mos", "--out", "x.gif"), "allowed: .png, .svg, .pdf"),
        (("year", "2031"), "no run was kept of that year"),
    ],
)
def test_mistakes_are_told(root: Path, words: tuple[str, ...], said: str) -> None:
    ran = giaoban("history", *words, "--results", root)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err.replace("\n", " ")


def test_provinces_do_not_mix(root: Path, tmp_path: Path) -> None:
    """A course is that of one province; lists and the summary are apart."""
    inputs = h.measured(h.JANUARY).inputs
    other = inputs.model_copy(update={"province": FileRef(path="khac.toml", sha256="e" * 64)})
    elsewhere = h.measured("mo-rong-dot-1-20260801-080000", delay_ms=7.0)
    h.keep(root, elsewhere.model_copy(update={"inputs": other}))
    words = ("history", "trend", "mouth-to-ear", "--year", "2026", "--results", root)
    ran = giaoban(*words)
    assert ran.code == 2
    assert "the runs are of 2 provinces" in ran.err
    ran = giaoban("history", "list", "--results", root)
    assert "khac.toml (eeeeeeee)" in ran.out.splitlines()
    out = tmp_path / "nam.pdf"
    words = ("history", "year", "2026", "--out", out, "--results", root, "--json")
    ran = giaoban(*words)
    assert len(json.loads(ran.out)["networks"]) == 2, ran.err
