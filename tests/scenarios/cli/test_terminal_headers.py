"""Every header of the tables that commands print, and of the summaries of what is estimated."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from pretended_failures import Child, Pretended, interrupted, observed
from scenario_factory import SMALL, giaoban, only_run, scenario
from undrawn import undrawn
from whatif_factory import DEVICE, small

from giaoban.results.archive.store import Outcome
from giaoban.results.judge.baseline import accept, text_of
from giaoban.scenarios.cli.commands.check.load import shown
from giaoban.scenarios.cli.output import print_blocks
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.failures.trial import possible_in
from tests.results import failures_factory, load_factory, results_factory
from tests.results import history_factory as h
from tests.scenarios.cli.commands.what_if.test_whatif import VARIANTS


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


def test_check(tmp_path: Path) -> None:
    where = ("--seeds", "0", "--results", tmp_path / "runs")
    ran = giaoban("check", scenario(tmp_path / "s.toml"), "--estimate", *where)
    has_line(ran.out, "criterion", "value", "limit", "margin", "result", "worst at")
    ran = giaoban("history", "list", "--results", tmp_path / "runs")
    has_line(ran.out, "when", "verdict", "kind", "bridges", "binds", "margin", "run")


def test_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = scenario(tmp_path / "s.toml")
    router = possible_in(make_question(file))["router:r-east"]
    made = Pretended()
    made.children = {router.id: Child(observed(router, interrupted("north", 412.0)))}
    made.use(monkeypatch)
    words = ("faults", file, "--only", router.id, "--results", tmp_path / "runs")
    ran = giaoban(*words, "--bridge", "north")
    tried = ("failure", "verdict", "interruption", "slow case", "by mending", "lost", "load")
    has_line(ran.out, *tried, "cut off")
    row = ("Router Đông down", "pass", "412 ms at Bắc", "412 ms", "none", "0", "20 %", "–")
    has_line(ran.out, *row)
    by_bridge = ("interruption", "of the sound", "by the mending", "packets lost", "state", "path")
    has_line(ran.out, "failure", "bridge", *by_bridge)
    has_line(giaoban(*words, "--link", "west--east").out, "direction of a link", "worst load", "by")


def test_load(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_blocks(*shown(Outcome(tmp_path, load_factory.calls(failed={"timeout": 2}))))
    out = capsys.readouterr().out
    has_line(out, "criterion", "value", "limit", "result")
    what = ("attempts", "succeeded", "failed", "sent again", "median", "95 %", "answers")
    has_line(out, "what", *what)
    has_line(out, "invite", "150", "148", "2 timeout", "0", "4 ms", "12.5 ms")


def test_whatif(tmp_path: Path) -> None:
    small(tmp_path)
    file = tmp_path / "variants.toml"
    file.write_text(VARIANTS, encoding="utf-8")
    where = ("--pace", "0.5", "--results", tmp_path / "runs")
    ran = giaoban("whatif", file, *where)
    head = [
        *("answer", "variant", "verdict", "binds", "margin", "cost"),
        *("purchases", "calls lowered", "what is different"),
    ]
    has_line(ran.out, *head)
    variants, margins = heads(only_run(tmp_path / "runs"))
    assert variants == head
    assert margins == ["criterion", "fifteen ports", "ten ports", "a"]


def test_headroom(tmp_path: Path) -> None:
    where = ("--pace", "0.5", "--jobs", "1", "--results", tmp_path / "runs")
    ran = giaoban("headroom", small(tmp_path), *where)
    full = ("then full", "with a larger device", "then full")
    has_line(ran.out, "router", "more by sums, all there", *full)
    assert heads(only_run(tmp_path / "runs")) == [
        ["router", "more by sums, all there", *full],
        ["direction of a link", "rate", "busiest second now", "more calls"],
        ["device", "more", "figures"],
        ["more", "verdict", "binds", "margin"],
    ]


def test_device() -> None:
    ran = giaoban("device", "list")
    has_line(ran.out, "id", "units", "1080p30", "720p60", "720p30", "SD30", "CIF30", "audio")
    ran = giaoban("device", "show", "rmx-1500-mpmx")
    has_line(ran.out, "resolution", "units a call", "calls", "lowest kb/s")
    ran = giaoban("device", "fit", "rmx-1500-mpmx", "--calls", "2x1080p30")
    has_line(ran.out, "resolution", "room for more")


def test_units_and_topology(tmp_path: Path) -> None:
    has_line(giaoban("units", "list").out, "id", "name", "district", "year", "router", "km")
    ran = giaoban("topology", "show", "--province", SMALL, "--map", tmp_path / "m.svg")
    has_line(ran.out, "node", "link", "address", "peer", "peer's address")
    has_line(ran.out, "bridge", "path to the MCU", "km", "propagation ms", "bottleneck Mb/s")


def test_doctor() -> None:
    has_line(giaoban("doctor").out, "state", "what", "how to get it")


def test_diff(tmp_path: Path) -> None:
    for name, delay_ms in (("a", 3.0), ("b", 5.0)):
        heard = results_factory.stream("audio", "down", delay_ms=delay_ms)
        phases = results_factory.phases()
        phases[2].bridges[2] = results_factory.bridge("dak-glong", None, heard)
        made = results_factory.result(phases).model_copy(update={"run_id": f"run-{name}"})
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(made.to_json(), encoding="utf-8")
    has_line(giaoban("diff", tmp_path / "a", tmp_path / "b").out, "kind", "what", "run-a", "run-b")


def test_baseline(tmp_path: Path) -> None:
    kept = accept(failures_factory.answer(), name="n", reason="because", on=date(2026, 3, 1))
    (tmp_path / "n.toml").write_text(text_of(kept), encoding="utf-8")
    ran = giaoban("baseline", "list", "--baselines", tmp_path)
    has_line(ran.out, "name", "accepted", "cases", "of what", "reason")


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
    has_line(ran.out, "when", "value", "limit", "margin", "result", "worst at", "run")
    ran = giaoban("history", "compare", h.JANUARY, h.JULY, "--results", root)
    has_line(ran.out, "criterion", "A", "B", "limit", "margin A", "margin B", "B is")
