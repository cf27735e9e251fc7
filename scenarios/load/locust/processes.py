"""Locust's processes: started, watched, and ended with all calls hung up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from giaoban import IMPORTED_FROM, PACKAGE
from giaoban.errors import InvalidRun
from giaoban.processes.children import beginning, interruptions_held
from giaoban.scenarios.load.environment import STATISTICS
from giaoban.scenarios.load.locust.options import words_of
from giaoban.scenarios.load.plan import LoadPlan

LOCUSTFILE = PACKAGE / "traffic" / "locustfile.py"
HOST = "127.0.0.1"
PAGE, LOG, STATISTICS_FILE = "locust.html", "locust.log", "statistics.json"
WORKERS_WITHIN_S = 60
LOOK_EVERY_S = 0.25
GOODBYE_S = 60.0
"""How long all may take to hang up once they are told to end."""
HANGS_AFTER_S = 120.0


@dataclass(frozen=True)
class LocustSetup:
    """How Locust runs.

    Attributes:
        workers: processes on this machine (Locust's --processes); 0: one process does all.
        bind: address and port of the master, for workers that are started elsewhere.
        awaited: the number of these.
        web_port: of Locust's own page; None: no page.
    """

    workers: int = 0
    bind: tuple[str, int] = (HOST, 5557)
    awaited: int = 0
    web_port: int | None = None

    @property
    def processes(self) -> int:
        """Generators in all."""
        return max(1, self.workers or self.awaited)

    def words(self) -> list[str]:
        """Return Locust's words for it."""
        words = ["--headless"]
        if self.web_port is not None:
            port = str(self.web_port)
            words = ["--web-host", HOST, "--web-port", port, "--autostart", "--autoquit", "0"]
        if self.workers:
            # of this test alone: another may be running on this machine
            words += ["--processes", str(self.workers)]
        elif self.awaited:
            words += ["--master", "--expect-workers", str(self.awaited)]
            words += ["--generators", str(self.awaited)]
        else:
            return words
        host, port = self.bind[0], str(self.bind[1])
        words += ["--master-host", host, "--master-port", port]
        words += ["--master-bind-host", host, "--master-bind-port", port]
        return [*words, "--expect-workers-max-wait", str(WORKERS_WITHIN_S)]


def run_locust(
    plan: LoadPlan,
    where: LocustSetup,
    folder: Path,
    environment: Mapping[str, str],
    *,
    own: bool,
    cores: frozenset[int],
    look: Callable[[float], None],
) -> None:
    """Run a test to its end. However this is left, all bridges hang up and no process is left.

    Args:
        folder: for Locust's log, page and statistics.
        environment: beside this process's.
        own: the MCU is the test's own, so that no limits of others' devices hold.
        cores: that the processes keep to.
        look: called with the seconds since the start, now and then.

    Raises:
        InvalidRun: Locust hung, or could not run the test.
    """
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILE), *words_of(plan)]
    command += [*where.words(), "--html", str(folder / PAGE), "--only-summary"]
    command += ["--exit-code-on-error", "0", *(["--unbounded"] if own else [])]
    log = folder / LOG
    with interruptions_held(), log.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                **environment,
                STATISTICS: str(folder / STATISTICS_FILE),
                "PYTHONPATH": str(IMPORTED_FROM),
            },
            cwd=IMPORTED_FROM,
            start_new_session=True,
            # even if this process is killed, all hang up before they go
            preexec_fn=beginning(cores, signal.SIGTERM),
        )
    try:
        began_s = time.monotonic()
        limit_s = plan.total_s + plan.answer_within_s + HANGS_AFTER_S + WORKERS_WITHIN_S
        while process.poll() is None:
            if time.monotonic() - began_s > limit_s:
                raise InvalidRun("Locust hung:\n{tail}", tail=_tail(log))
            look(time.monotonic() - began_s)
            time.sleep(LOOK_EVERY_S)
    finally:
        with interruptions_held():
            _end(process)
    if process.returncode or not (folder / STATISTICS_FILE).exists():
        code = process.returncode
        raise InvalidRun("Locust ended with {code}:\n{tail}", code=code, tail=_tail(log))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask Locust to hang up and go, and kill what is left of it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=GOODBYE_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-12:])
