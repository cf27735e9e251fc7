"""`giaoban load` as a whole: Locust, an MCU or a device, and what is left at the end.

What a busy machine may do to it is that the figures do not hold (exit code 3); that all were
called, answered and hung up is true all the same.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from giaoban.results.model.studies.load import LoadResult
from tests.clients.programs import HOST, LATE, Mcu, end, giaoban
from tests.loopback import udp_socket
from tests.processes import wait_for

pytestmark = pytest.mark.realtime
ENDS_WITHIN_S = 180.0
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def begin(runs: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        giaoban("load", *words, "--results", str(runs), "--json"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        # a suite that was begun with nohup ignores it, and so would all that it starts
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )  # fmt: skip


def finished(job: subprocess.Popen[str], runs: Path) -> tuple[int, dict[str, Any], Path]:
    """(exit code, load.json, its folder) of a test."""
    out, errors = job.communicate(timeout=ENDS_WITHIN_S)
    assert out, errors
    [place] = runs.iterdir()
    assert "Traceback" not in (place / "locust.log").read_text("utf-8")
    return job.returncode, json.loads(out), place


def operation(result: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [o for o in result["operations"] if o["operation"] == name]
    return dict(found)


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], Path]:
    """Eight bridges with sound, a line that is away: a master and two workers."""
    runs = tmp_path_factory.mktemp("load") / "runs"
    words = ["--shape", "storm", "--bridges", "8", "--rate", "8", "--seconds", "3"]
    words += ["--workers", "2", "--back-off", "random"]
    return finished(begin(runs, *words), runs)


def test_all_are_called_and_come_back(storm: tuple[int, dict[str, Any], Path]) -> None:
    code, result, _ = storm
    missed = [c for c in result["criteria"] if not c["ok"]]
    assert result["verdict"] in ("pass", "invalid"), (missed, result["reasons"])
    assert code == {"pass": 0, "invalid": LATE}[result["verdict"]]
    assert result["storm"]["cut_off"] == 8
    assert result["generator"]["processes"] == 2
    assert result["generator"]["media_sent"] > 8 * 50 * 3
    if result["verdict"] == "pass":
        assert result["storm"]["back"] == 8
        assert result["storm"]["last_back_s"] < 3.0  # attempts are spread over 8 / 8 = 1 s
        assert operation(result, "register")["succeeded"] == 2 * 8


def test_the_mcu_saw_what_the_callers_did(storm: tuple[int, dict[str, Any], Path]) -> None:
    _, result, place = storm
    seen = result["mcu"]
    assert seen["joined"] == result["sessions"]["established"] + 8
    assert sum(seen["left"].values()) == seen["joined"]
    assert (seen["calls_left"], seen["refused"]) == (0, {})
    assert json.loads(LoadResult.read(place).to_json()) == result
    names = {path.name for path in place.iterdir()}
    assert {"summary.md", "locust.html", "statistics.json", "plan.json", "manifest.json"} <= names
    field = re.compile(rb"""password["']?\s*[:=]""", re.IGNORECASE)
    ours = [p for p in place.rglob("*") if p.is_file() and p.name != "locust.html"]
    assert not any(field.search(path.read_bytes()) for path in ours)


@pytest.mark.parametrize(
    ("by", "code"),
    [(signal.SIGINT, 130), (signal.SIGHUP, 130), (signal.SIGKILL, -signal.SIGKILL)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_no_call_is_left_however_the_test_ends(
    by: signal.Signals, code: int, tmp_path: Path
) -> None:
    mcu = Mcu(tmp_path)
    words = ["--target", f"sip:{HOST}:{mcu.port}", "--i-am-authorised", "--shape", "hold"]
    words += [
        "--bridges",
        "4",
        "--rate",
        "8",
        "--seconds",
        "60",
        "--media",
        "none",
        "--workers",
        "1",
    ]
    job = begin(tmp_path / "runs", *words)
    try:
        wait_for(lambda: len(mcu.said("joined")) == 4, "all to be in", ENDS_WITHIN_S)
        job.send_signal(by)
        assert job.wait(ENDS_WITHIN_S) == code
        wait_for(lambda: len(mcu.said("left")) == 4, "all to have hung up")
        assert {event["cause"] for event in mcu.said("left")} == {"bye"}
        if by is not signal.SIGKILL:
            assert list((tmp_path / "runs").iterdir()) == []
    finally:
        end(job)
        job.communicate()
        end(mcu.process, signal.SIGINT)
        mcu.process.communicate()


def locust(file: Path, *words: str) -> tuple[int, str]:
    """Locust by itself, without its page: its exit code, and what it wrote."""
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary"]
    done = subprocess.run(
        [*command, *words], env=ENVIRONMENT, capture_output=True, text=True, check=False,
        timeout=ENDS_WITHIN_S,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_locust_by_itself_needs_the_owners_word(tmp_path: Path) -> None:
    with udp_socket(HOST) as target:
        address = f"sip:{HOST}:{target.getsockname()[1]}"
        code, said = locust(ROOT / "traffic" / "locustfile.py", "--host", address, "-u", "1")
        target.setblocking(False)
        with pytest.raises(BlockingIOError):
            target.recv(1)  # it sent no datagram
    assert (code, "--i-am-authorised" in said) == (2, True), said
