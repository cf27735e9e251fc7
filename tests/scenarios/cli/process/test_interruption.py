"""Ctrl-C and `kill -9` at any moment: no process, no half result stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from runs import COMMAND
from scenario_factory import ROOT, giaoban, scenario

from giaoban.errors import InvalidRun
from giaoban.scenarios.study import check
from tests.nights import at_night
from tests.processes import PATIENCE_S, descendants, processes, wait_for

pytestmark = pytest.mark.sandbox

SLOW_TYPESETTING = (
    sys.executable,
    "-c",
    "import sys, time, typst; typst.compile = lambda *_, **__: time.sleep(60); "
    f"sys.path.insert(0, {str(ROOT)!r}); sys.argv[0] = 'giaoban'; "
    "from giaoban.scenarios.cli.entry import main; main()",
)
"""`giaoban` with a document that takes longer to set than a signal takes to arrive."""

MOMENTS = ("booting the guest", "measuring the links", "meeting", "typesetting")


@dataclass
class Watched:
    """A check in a session of its own; every session that it or its children open is noted."""

    process: subprocess.Popen[bytes]
    sessions: set[int] = field(default_factory=set)
    err: list[str] = field(default_factory=list)

    def look(self) -> None:
        """Note the sessions of all descendants."""
        found = processes()
        mine = {self.process.pid} | descendants(self.process.pid, found)
        self.sessions |= {found[pid][1] for pid in mine if pid in found}

    def alive(self) -> set[int]:
        """Processes of those sessions that still run."""
        own = self.sessions - {os.getsid(0)}
        return {pid for pid, (_, session) in processes().items() if session in own}


def interrupt(folder: Path, moment: str, number: int) -> tuple[Watched, Path]:
    """Start a check and send a signal when it says that it has come to `moment`."""
    results = folder / "results"
    file = scenario(folder / "s.toml", bridges=(), profile="sd30-256k")
    command = SLOW_TYPESETTING if moment == "typesetting" else COMMAND
    # each has a helper, as far as there are cores; who comes to the end has waited for all of them
    seeds = "1" if moment == "typesetting" else "2"
    process = subprocess.Popen(
        [*command, "check", str(file), "--seeds", seeds, "--results", str(results)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    watched = Watched(process)
    stop = threading.Event()

    def keep_looking() -> None:
        while not stop.wait(0.02):
            watched.look()

    looking = threading.Thread(target=keep_looking)
    looking.start()
    try:
        assert process.stderr is not None
        for line in process.stderr:
            watched.err.append(line.decode())
            if watched.err[-1].rsplit(" ", 1)[0] == moment:
                watched.look()
                process.send_signal(number)
        process.wait(PATIENCE_S)
    finally:
        stop.set()
        looking.join()
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()
    return watched, results


@pytest.fixture
def nothing_left() -> Iterator[Callable[[Watched], None]]:
    """Checks that the processes of a run are gone; mounts are the same as before."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8")

    def gone(watched: Watched) -> None:
        assert watched.process.pid in watched.sessions
        wait_for(lambda: not watched.alive(), "all of it to end")

    yield gone
    assert Path("/proc/self/mountinfo").read_text(encoding="utf-8") == mounts


@pytest.mark.parametrize(
    "moment",
    # by day SIGTERM ends it while a guest boots
    [at_night(each) if each == "booting the guest" else each for each in MOMENTS],
)
def test_ctrl_c(tmp_path: Path, moment: str, nothing_left: Callable[[Watched], None]) -> None:
    watched, results = interrupt(tmp_path, moment, signal.SIGINT)
    assert watched.process.returncode == 130, "".join(watched.err)
    assert watched.err[-1] == "giaoban: interrupted, nothing is left behind\n"
    assert "Traceback" not in "".join(watched.err)
    nothing_left(watched)
    assert list(results.iterdir()) == []


def test_sigterm_is_as_ctrl_c(tmp_path: Path, nothing_left: Callable[[Watched], None]) -> None:
    watched, results = interrupt(tmp_path, "booting the guest", signal.SIGTERM)
    assert watched.process.returncode == 130, "".join(watched.err)
    nothing_left(watched)
    assert list(results.iterdir()) == []


@pytest.mark.parametrize("moment", ["meeting", "typesetting"])
def test_kill_9(
    tmp_path: Path,
    moment: str,
    nothing_left: Callable[[Watched], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody could tidy up: processes go all the same, and the next run removes the folder."""
    watched, results = interrupt(tmp_path, moment, signal.SIGKILL)
    assert watched.process.returncode == -signal.SIGKILL
    nothing_left(watched)
    [partial] = results.iterdir()
    assert partial.name.startswith(".partial-")
    shown = giaoban("annex", partial, "--results", results)
    assert (shown.code, shown.out) == (2, "")
    assert "did not finish" in shown.err

    def fail(*_: object) -> None:
        raise InvalidRun("the next run")

    monkeypatch.setattr(check, "emulate", fail)
    assert giaoban("check", tmp_path / "s.toml", "--results", results).code == 3
    assert list(results.iterdir()) == []
