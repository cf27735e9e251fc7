"""`giaoban load` as a whole: Locust's processes, an MCU or Kamailio, and what is left at the end.

What a busy machine may do to it is that the figures do not hold (exit code 3); that everybody was
called, answered and hung up is true all the same.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from giaoban.results.model.studies.load import LoadResult
from giaoban.scenarios.load.environment import JOURNAL
from giaoban.scenarios.load.locust import journal
from giaoban.scenarios.schemas.make import schema_path
from tests.clients.kamailio import kamailio
from tests.clients.programs import HOST, LATE, Mcu, end, giaoban, undrawn
from tests.processes import descendants, processes, wait_for

pytestmark = pytest.mark.realtime
ENDS_WITHIN_S = 180.0
ROOT = Path(__file__).resolve().parents[2]


def run(
    folder: Path, *words: str, program: Callable[..., list[str]] = giaoban
) -> tuple[int, dict[str, Any], Path]:
    """(exit code, load.json, its folder) of a test."""
    runs = folder / "runs"
    done = subprocess.run(
        program("load", *words, "--results", str(runs), "--json"),
        capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout, done.stderr
    [place] = runs.iterdir()
    for log in place.glob("locust*.log"):  # Locust goes on after what a user raises
        assert "Traceback" not in log.read_text("utf-8")
    return done.returncode, json.loads(done.stdout), place


def operation(result: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [o for o in result["operations"] if o["operation"] == name]
    return dict(found)


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], Path]:
    """Eight bridges with sound and a technician, a line that is away: a master and two workers."""
    folder = tmp_path_factory.mktemp("load")
    return run(
        folder,
        *("--shape", "storm", "--bridges", "8", "--rate", "8", "--time", "5", "--outage", "2.5"),
        *("--technicians", "1", "--workers", "2", "--back-off", "random"),
    )


def test_a_bridge_whose_turn_comes_after_the_end_does_not_call(tmp_path: Path) -> None:
    """Two a second for a second: of four bridges two call, and the test ends when they have."""
    words = "--bridges", "4", "--rate", "2", "--time", "1", "--hold", "0.5", "--media", "none"
    _, result, place = run(tmp_path, *words)
    assert result["sessions"]["attempts"] == 2
    assert journal.read(place / "journal.jsonl").ended_s is not None


def test_all_are_called_and_come_back(storm: tuple[int, dict[str, Any], Path]) -> None:
    code, result, _ = storm
    missed = [c for c in result["criteria"] if not c["ok"]]
    assert result["verdict"] in ("pass", "invalid"), (missed, result["reasons"])
    assert code == {"pass": 0, "invalid": LATE}[result["verdict"]]
    assert result["storm"]["cut_off"] == result["storm"]["back"] == 8
    assert result["storm"]["missing"] == 0
    assert result["generator"]["processes"] == 2
    assert operation(result, "info")["failed"] == {}
    if result["verdict"] == "pass":  # else what came too late may not be done when the test ends
        # the attempts of a second are spread over bridges / rate = 1 s
        assert result["storm"]["last_back_s"] < 3.0
        assert operation(result, "register")["succeeded"] == 8 + 1 + 3 + 8
        assert operation(result, "incoming")["succeeded"] >= 4  # three lines, one dialled again
    assert result["generator"]["media_sent"] > 8 * 50 * 5


def test_the_mcu_saw_what_the_callers_did(storm: tuple[int, dict[str, Any], Path]) -> None:
    _, result, place = storm
    seen, sessions = result["mcu"], result["sessions"]
    incoming = operation(result, "incoming")["succeeded"]
    assert seen["joined"] == sessions["established"] + incoming
    assert sum(seen["left"].values()) == seen["joined"]
    assert seen["left"].get("replaced", 0) + seen["left"].get("gone", 0) == 8
    assert seen["calls_left"] == 0
    assert seen["refused"] == {}
    events = (place / "mcu-events.jsonl").read_text(encoding="utf-8").splitlines()
    assert sum(json.loads(e)["event"] == "joined" for e in events) == seen["joined"]


def test_the_run_folder_is_whole(storm: tuple[int, dict[str, Any], Path]) -> None:
    _, said, place = storm
    text = (place / "load.json").read_text(encoding="utf-8")
    assert json.loads(text) == said
    assert LoadResult.from_json(text).to_json() == text
    schema = json.loads(schema_path(LoadResult).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(said)
    names = {path.name for path in place.iterdir()}
    assert {"summary.md", "locust.html", "locust_stats.csv", "plan.json", "plots"} <= names
    assert "invite" in (place / "locust_stats.csv").read_text(encoding="utf-8")
    assert {p.name for p in (place / "plots").glob("*.svg")} == {
        "processors.svg", "sessions.svg", "setup.svg",
    }  # fmt: skip
    ours = [p for p in place.rglob("*") if p.is_file() and p.name != "locust.html"]
    field = re.compile(rb"""password["']?\s*[:=]""", re.IGNORECASE)  # not how many were wrong
    assert not any(field.search(path.read_bytes()) for path in ours)


@pytest.mark.parametrize(
    ("shape", "workers", "after_s"),
    # the lines of a storm are cut 3 s after the last call, and away for 10 s
    [(("hold",), 1, 0.0), (("storm", "--outage", "10"), 1, 5.0)],
    ids=["hold", "line-away"],
)
def test_ctrl_c_leaves_no_call_up(
    tmp_path: Path, shape: tuple[str, ...], workers: int, after_s: float
) -> None:
    runs = tmp_path / "runs"
    words = ["--shape", *shape, "--bridges", "8", "--rate", "8", "--time", "60", "--media", "none"]
    job = subprocess.Popen(
        giaoban("load", *words, "--workers", str(workers), "--results", str(runs)),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: _said(runs, "joined") >= 8, "everybody to be in", ENDS_WITHIN_S)
        [path] = runs.glob(".partial-*/mcu-events.jsonl")
        time.sleep(after_s)
        with path.open(encoding="utf-8") as events:  # the folder is about to vanish
            job.send_signal(signal.SIGINT)
            _, complaint = job.communicate(timeout=ENDS_WITHIN_S)
            left = Counter(
                (e["event"], e.get("cause"))
                for e in map(json.loads, events)
                if e["event"] in ("joined", "left")
            )
    finally:
        end(job)
        job.stderr.close()
    assert job.returncode == 130, complaint
    # hung up by the callers, not by an MCU that stopped
    assert left == {("joined", None): 8, ("left", "bye"): 8}
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize(
    ("by", "workers", "code"),
    [(signal.SIGHUP, "0", 130), (signal.SIGKILL, "1", -signal.SIGKILL)],
    ids=["terminal-closed", "killed"],
)
def test_somebodys_device_is_left_however_the_test_ends(
    tmp_path: Path, by: signal.Signals, workers: str, code: int
) -> None:
    mcu = Mcu(tmp_path)
    words = ["--target", f"sip:{HOST}:{mcu.port}", "--i-am-authorised", "--shape", "hold"]
    words += ["--bridges", "4", "--rate", "8", "--time", "60", "--media", "none"]
    job = subprocess.Popen(
        giaoban("load", *words, "--workers", workers, "--results", str(tmp_path / "runs")),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        # a suite that somebody began with nohup ignores it, and so would all that it starts
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )  # fmt: skip
    try:
        wait_for(lambda: len(mcu.said("joined")) == 4, "everybody to be in", ENDS_WITHIN_S)
        job.send_signal(by)
        assert job.wait(ENDS_WITHIN_S) == code
        wait_for(lambda: len(mcu.said("left")) == 4, "everybody to have hung up")
        assert {event["cause"] for event in mcu.said("left")} == {"bye"}
    finally:
        end(job)
        end(mcu.process, signal.SIGINT)
        mcu.process.communicate()


@pytest.mark.parametrize(("by", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_nothing_is_left_though_the_workers_have_hardly_begun(
    tmp_path: Path, by: signal.Signals, code: int
) -> None:
    """They have not found their master, which is gone; they would look for it for a minute."""
    runs, temporary = tmp_path / "runs", tmp_path / "temporary"
    temporary.mkdir()
    words = ["--shape", "hold", "--bridges", "4", "--rate", "8", "--time", "60", "--media", "none"]
    job = subprocess.Popen(
        giaoban("load", *words, "--workers", "2", "--results", "runs"),
        cwd=tmp_path,  # a relative folder, seen from elsewhere than the program's own
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        begun = ".partial-*/locust-worker-2.log"
        wait_for(lambda: bool(list(runs.glob(begun))), "the workers to begin", ENDS_WITHIN_S)
        begun_processes = descendants(job.pid, processes())
        job.send_signal(by)
        _, complaint = job.communicate(timeout=ENDS_WITHIN_S)
        wait_for(lambda: not begun_processes & processes().keys(), "all to be gone", 30.0)
    finally:
        end(job)
        job.stderr.close()
    assert job.returncode == code, complaint
    assert list(temporary.iterdir()) == []  # no accounts, however it ended
    if by is signal.SIGTERM:
        assert list(runs.iterdir()) == []


def test_what_a_foreign_device_does_not_do_is_told(tmp_path: Path) -> None:
    with kamailio(tmp_path) as address:
        code, result, place = run(
            tmp_path,
            *("--target", address, "--i-am-authorised", "--bridges", "4", "--rate", "4"),
            *("--time", "2", "--media", "none"),
            program=undrawn,
        )
    assert code in (1, LATE)
    for name in ("options", "register", "unregister"):
        assert operation(result, name)["succeeded"] == 4
    calls = operation(result, "invite")
    assert calls["failed"] == {"unsupported": calls["attempts"]}
    assert calls["attempts"] <= 8
    assert calls["attempts"] == 8 or code == LATE
    assert "not supported by" in (place / "summary.md").read_text(encoding="utf-8")
    assert result["mcu"] is None
    assert result["place"] == "target"


HASTY = """
import locust.stats
from giaoban.traffic.locustfile import *

locust.stats.CSV_STATS_INTERVAL_SEC = 0
"""


def locust(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Locust by itself, with CSV files in a folder that are written without a pause."""
    file = folder / "hasty.py"
    file.write_text(HASTY)
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "-u", "3", "-r", "3"]
    return subprocess.run(
        [*command, "--seconds", "2", "--csv", str(folder / "own"), *words],
        capture_output=True, text=True, timeout=ENDS_WITHIN_S, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_locust_by_itself_has_its_own_exit_codes(tmp_path: Path) -> None:
    with kamailio(tmp_path) as address:
        refused = locust(tmp_path, "--host", address)
        failed = locust(tmp_path, "--host", address, "--i-am-authorised")
    assert refused.returncode == 2
    assert "--i-am-authorised" in refused.stderr
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    statistics = (tmp_path / "own_stats.csv").read_text(encoding="utf-8").splitlines()
    counts = {line.split(",")[1]: line.split(",")[2:4] for line in statistics[1:]}
    assert counts["register"] == ["3", "0"]
    calls, refused_calls = map(int, counts["invite"])
    assert 3 <= calls == refused_calls <= 6  # 6 unless the machine is seconds late


SLOW = """
import gevent
from giaoban.traffic.media_load.process import MediaProcess
from giaoban.traffic.locustfile import *

at_once = MediaProcess.open

def late(self, media):
    gevent.sleep(3.0)
    return at_once(self, media)

MediaProcess.open = late
"""


def test_a_generator_that_begins_late_is_not_the_mcus_fault(tmp_path: Path) -> None:
    """Ports that come only after the first calls were due: dialled late, held up by nobody."""
    mcu = Mcu(tmp_path)
    file, kept = tmp_path / "slow.py", tmp_path / "journal.jsonl"
    file.write_text(SLOW)
    kept.touch()
    command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "-u", "3", "-r", "1"]
    command += ["--host", f"sip:{HOST}:{mcu.port}", "--i-am-authorised", "--media", "audio"]
    try:
        done = subprocess.run(
            [*command, "--shape", "hold", "--seconds", "1"], cwd=ROOT, check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), JOURNAL: str(kept)},
            capture_output=True, text=True, timeout=ENDS_WITHIN_S,
        )  # fmt: skip
    finally:
        end(mcu.process, signal.SIGINT)
        mcu.process.communicate()
    assert done.returncode == 0, done.stderr
    calls = [r for r in journal.read(kept).records if r.operation == "invite"]
    assert len(calls) == 3
    for call in calls:
        assert not call.held_up
        assert call.due_s is not None
        assert call.at_s > call.due_s + 0.3


def _said(runs: Path, event: str) -> int:
    return sum(path.read_text().count(f'"{event}"') for path in runs.glob(".p*/mcu-events.jsonl"))
