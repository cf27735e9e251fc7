"""`giaoban view` as it is typed, and stopped."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import urllib.request
from pathlib import Path

import pytest
from runs import COMMAND
from scenario_factory import ROOT, giaoban

from giaoban.results.archive.evidence.pack import write_evidence
from tests.processes import PATIENCE_S
from tests.results import history_factory as h
from tests.results import view_factory as v


@pytest.fixture
def root(tmp_path: Path) -> Path:
    v.folder(tmp_path / "runs", v.result())
    v.folder(tmp_path / "runs", v.result(h.JULY, delay_ms=160.0))
    v.failures(tmp_path / "runs")
    return tmp_path / "runs"


def test_a_page_in_a_file(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "a page.html"
    ran = giaoban("view", h.JANUARY, "--lang", "en", "--out", out, "--results", root)
    assert (ran.code, ran.err) == (0, "")
    assert f'<p class="code">{h.JANUARY}</p>' in out.read_text(encoding="utf-8")
    assert '<html lang="en">' in out.read_text(encoding="utf-8")
    ran = giaoban("view", "--out", out, "--results", root)  # the newest is the run of failures
    assert ran.code == 0
    assert f'<p class="code">{h.FAULTS}</p>' in out.read_text(encoding="utf-8")


def test_an_evidence_is_shown_as_its_run_is(tmp_path: Path) -> None:
    """An officer has the file that came with the letter, and no folder of runs."""
    made = h.proven(tmp_path / "runs", v.result(), tmp_path / "sources")
    file = tmp_path / "letter" / f"{made.name}.evidence.zip"
    file.parent.mkdir()
    write_evidence(made, file)
    pages = []
    for run, results in ((file, tmp_path / "none"), (made.name, tmp_path / "runs")):
        ran = giaoban("view", run, "--out", tmp_path / "p.html", "--results", results)
        assert (ran.code, ran.err) == (0, "")
        pages.append((tmp_path / "p.html").read_text(encoding="utf-8"))
    assert pages[0] == pages[1]
    assert list(file.parent.iterdir()) == [file]

    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    ran = giaoban("view", file, "--out", tmp_path / "q.html", "--results", tmp_path / "none")
    assert (ran.code, ran.out) == (2, "")
    assert "the evidence is not as it was packed: " in ran.err
    assert not (tmp_path / "q.html").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "no such run"),
        (("mo-rong-dot-1",), "2 runs begin so"),
        ((h.JANUARY, "--lang", "fr"), "allowed: vi, en"),
        ((h.JANUARY, "--out", "/nowhere/at/all.html"), "/nowhere/at"),
    ],
)
def test_mistakes_are_told(root: Path, words: tuple[str, ...], said: str) -> None:
    ran = giaoban("view", *words, "--results", root)
    assert ran.code == 2
    assert said in ran.err.replace("\n", " ")


def test_without_any_run(tmp_path: Path) -> None:
    ran = giaoban("view", "--results", tmp_path)
    assert ran.code == 2
    assert "holds no finished run" in ran.err


@pytest.mark.realtime
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(root: Path, how: signal.Signals) -> None:
    words = [*COMMAND, "view", h.JANUARY, "--results", str(root)]
    served = subprocess.Popen(
        words,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert served.stdout is not None
    try:
        line = served.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert url is not None, line
        with urllib.request.urlopen(url[0], timeout=PATIENCE_S) as answer:
            assert h.JANUARY in answer.read().decode()
        served.send_signal(how)
        out, err = served.communicate(timeout=PATIENCE_S)
    finally:
        served.kill()
        served.wait()
    assert (served.returncode, out.strip(), err) == (0, "stopped", "")
    assert not [p for p in root.rglob("*") if p.name.endswith(".html") or ".html." in p.name]
