"""`giaoban history` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scenario_factory import SMALL, giaoban, scenario

from giaoban.results.model.result import FileRef
from tests.results import history_factory as h
from tests.results.sensitivity_factory import analysis, figure


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return h.year(tmp_path / "runs")


def test_list_compare_trend_and_summary(root: Path, tmp_path: Path) -> None:
    ran = giaoban("history", "list", "--verdict", "fail", "--results", root)
    assert (ran.code, ran.err) == (0, "")
    assert h.APRIL in ran.out
    assert h.JANUARY not in ran.out
    assert "not a run: notes" in ran.out

    ran = giaoban("history", "list", "--bridge", "Đắk R'Lấp", "--json", "--results", root)
    assert next(run["run_id"] for run in json.loads(ran.out)["runs"]) == h.JANUARY

    ran = giaoban("history", "compare", h.JANUARY, h.JULY, "--results", root)
    assert ran.code == 0
    assert "A: mo-rong-dot-1-20260115-080000 – pass" in ran.out
    assert "worse" in ran.out
    ran = giaoban("history", "compare", h.JANUARY, h.JULY, "--results", root, "--json")
    delay = next(c for c in json.loads(ran.out)["criteria"] if c["id"] == "mouth-to-ear")
    assert (delay["a"]["value"], delay["b"]["value"], delay["b_is"]) == (260.0, 416.0, "worse")

    plot = tmp_path / "delay.svg"
    words = ("history", "trend", "mouth-to-ear", "--year", "2026", "--results", root)
    ran = giaoban(*words, "--plot", plot)
    assert ran.code == 0
    assert "NOT MET" in ran.out
    assert "invalid run" in ran.out
    assert plot.read_text(encoding="utf-8").startswith("<?xml")
    ran = giaoban(*words, "--json")
    assert [p["value"] for p in json.loads(ran.out)["points"]] == [260.0, 346.0, 316.0, 416.0]

    out = tmp_path / "nam.pdf"
    ran = giaoban("history", "summary", "--year", "2026", "--out", out, "--results", root)
    assert ran.code == 0
    assert out.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--from", "1/2/2026"), "is no day (allowed: 2026-03-02)"),
        (("list", "--from", "2026-01-01", "--year", "2026"), "--year cannot go with"),
        (("list", "--scenario", "mo-rong-dot-3"), "did you mean"),
        (("trend", "delay"), "in no run"),
        (("trend", "mos", "--lang", "fr"), "allowed: vi, en"),
        (("trend", "mos", "--plot", "x.gif"), "allowed: .png, .svg, .pdf"),
        (("compare", h.JANUARY, "nobody"), "no such run"),
        (("compare", h.JANUARY, h.FAULTS), "is a run of kind faults (allowed here: check)"),
        (("summary", "--year", "2031"), "no run was kept of that year"),
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
    assert '--province "khac.toml (eeeeeeee)"' in ran.err
    ran = giaoban(*words, "--province", "khac.toml (eeeeeeee)", "--json")
    assert [p["value"] for p in json.loads(ran.out)["points"]] == [263.0]
    ran = giaoban("history", "list", "--results", root)
    assert "khac.toml (eeeeeeee)" in ran.out.splitlines()
    ran = giaoban("history", "list", "--results", root, "--province", "nowhere")
    assert (ran.code, "giaoban history list shows them" in ran.err) == (2, True)
    out = tmp_path / "nam.pdf"
    words = ("history", "summary", "--year", "2026", "--out", out, "--results", root, "--json")
    ran = giaoban(*words)
    assert len(json.loads(ran.out)["networks"]) == 2, ran.err
    ran = giaoban(*words, "--province", "khac.toml (eeeeeeee)")
    assert len(json.loads(ran.out)["networks"]) == 1


def test_recheck_names_the_approvals_that_fall(tmp_path: Path) -> None:
    ident = h.JANUARY.rsplit("-", 2)[0]
    root, now = tmp_path / "runs", scenario(tmp_path / "now.toml", id=ident)
    for run_id in (h.JANUARY, h.FEBRUARY):
        result = h.measured(run_id)
        file = FileRef(path="now.toml", sha256="0" * 64)
        inputs = result.inputs.model_copy(update={"scenario": file})
        folder = h.keep(root, result.model_copy(update={"inputs": inputs}))
        if run_id == h.JANUARY:
            told = analysis(figure()).to_json()
            (folder / "sensitivity.json").write_text(told, encoding="utf-8")
    words = ("history", "recheck", now, "--results", root)
    ran = giaoban(*words)
    assert (ran.code, ran.err) == (0, "")
    assert f"holds: {h.JANUARY}" in ran.out  # of 10 Mb/s, which are no assumption any more
    assert "1 approval has none" in ran.out
    text = SMALL.read_text(encoding="utf-8")
    place = text.index("rate_mbps = 10.0", text.index('id = "west"\n'))
    measured = tmp_path / "measured.toml"
    measured.write_text(f"{text[:place]}rate_mbps = 3.0{text[place + 16 :]}", encoding="utf-8")
    ran = giaoban(*words, "--with-province", measured)
    assert ran.code == 1
    assert f"FALLS: {h.JANUARY}" in ran.out
    assert "10 Mb/s → 3 Mb/s, held to 4.1 Mb/s" in ran.out
    said = json.loads(giaoban(*words, "--with-province", measured, "--json").out)
    [fallen] = said["rechecked"]
    assert fallen["falls"]
    [moved] = fallen["moved"]
    assert (moved["now"], moved["to"], moved["settled"], moved["state"]) == (3, 4.1, True, "falls")
    assert said["without_analysis"] == [h.FEBRUARY]
    ran = giaoban("history", "recheck", "--results", root)
    assert ran.code == 0
    assert "there is no scenario now.toml now" in ran.out
