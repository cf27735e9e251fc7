"""Locust's processes: one, or a master with its workers; started, watched, and ended with all calls
hung up."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from giaoban import IMPORTED_FROM, PACKAGE
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.processes.children import beginning, interruptions_held
from giaoban.scenarios.load import timetable
from giaoban.scenarios.load.environment import UNTOLD
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.sentence import N_

PROGRAM = "giaoban.scenarios.load.locust.start"
"""Locust, which is no import of this process: it patches the standard library."""
LOCUSTFILE = PACKAGE / "traffic" / "locustfile.py"
HOST = "127.0.0.1"
PAGE = "locust.html"
SPAWN_PER_S = 500
WORKERS_WITHIN_S = 60
LOOK_EVERY_S = 0.25
GOODBYE_S = 60.0
"""How long all may take to hang up once they are told to end."""
TOLD_S = 15.0
"""How long workers may take that were told by their master. One that was ended before it was ready
(by a signal) has told nobody: they would go on looking for it for a minute."""
HANGS_AFTER_S = 120.0
"""A test that goes on for so much longer than its timetable has hung."""


@dataclass(frozen=True)
class LocustSetup:
    """How Locust runs.

    Attributes:
        workers: 0 for one process that does all.
        bind: address and port of the master, for workers on this machine or others.
        awaited: workers that are started elsewhere, by hand.
        web_port: of Locust's own page; None: no page.
    """

    workers: int = 0
    bind: tuple[str, int] | None = None
    awaited: int = 0
    web_port: int | None = None

    @property
    def processes(self) -> int:
        """Generators in all."""
        return max(1, self.workers + self.awaited)


class LocustProcesses:
    """The processes of one test: `start` them, `wait`, and `end` them whatever came of that."""

    def __init__(
        self,
        plan: LoadPlan,
        where: LocustSetup,
        folder: Path,
        environment: Mapping[str, str],
        cores: frozenset[int],
    ) -> None:
        """`folder`: for Locust's log, CSV files and page. `environment`: beyond this process's.
        `cores`: that its processes keep to."""
        self._plan = plan
        self._where = where
        self._folder = folder
        self._cores = cores
        self._log = folder / "locust.log"
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(IMPORTED_FROM)}
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Begin the test."""
        plan, where, folder = self._plan, self._where, self._folder
        bind = where.bind or (HOST, _free_port())
        users = plan.bridges + plan.technicians + timetable.intruders(plan)
        words = ["--host", f"sip:{plan.target[0]}:{plan.target[1]}", "-u", str(users)]
        words += ["-r", str(SPAWN_PER_S), "--giaoban-plan", plan.model_dump_json()]
        words += ["--csv", str(folder / "locust"), "--html", str(folder / PAGE)]
        words += ["--only-summary"]
        if where.web_port is None:
            words += ["--headless"]
        else:
            words += ["--web-host", HOST, "--web-port", str(where.web_port), "--autostart"]
        distributed = where.workers + where.awaited > 0
        if distributed:
            count = where.workers + where.awaited
            words += ["--master", "--master-bind-host", bind[0], "--master-bind-port", str(bind[1])]
            words += ["--expect-workers", str(count)]
            words += ["--expect-workers-max-wait", str(WORKERS_WITHIN_S)]
        # even if we are killed, all hang up before they go
        self._start(words, self._log, signal.SIGTERM)
        for number in range(where.workers):
            worker = ["--worker", "--master-host", bind[0], "--master-port", str(bind[1])]
            self._start(worker, folder / f"locust-worker-{number + 1}.log", UNTOLD)

    def wait(self, look: Callable[[], None]) -> int:
        """Until the test is over; `look` is called meanwhile. Locust's exit code.

        Raises:
            InvalidRun: it hung, or could not run the test at all.
            MachineLacks: not all could be written down.
        """
        takes_s = timetable.total_s(self._plan) + self._plan.answer_within_s
        limit = time.monotonic() + takes_s + HANGS_AFTER_S + WORKERS_WITHIN_S
        main = self._processes[0]
        while main.poll() is None:
            if time.monotonic() > limit:
                raise InvalidRun("Locust hung:\n{tail}", tail=self._tail())
            look()
            time.sleep(LOOK_EVERY_S)
        self.end()
        code = int(main.returncode)
        if code == MachineLacks.exit_code or not self._page_is_whole():
            raise MachineLacks(
                "{folder}: not all that the load test saw could be written down",
                N_("free some space (df -h), or raise the limit: ulimit -f unlimited"),
                folder=self._folder,
            )
        if code not in (0, 1):
            raise InvalidRun("Locust ended with {code}:\n{tail}", code=code, tail=self._tail())
        return code

    def end(self) -> None:
        """Ask all to hang up and go, and see to it that they do."""
        with interruptions_held():
            _ask_to_go(self._processes[:1])
            _wait_for(self._processes[:1], GOODBYE_S)
            workers = self._processes[1:]
            if workers and (self._processes[0].returncode or 0) >= 0:
                _wait_for(workers, TOLD_S)  # they have been told to hang up, and may be at it
            _ask_to_go(workers)
            _wait_for(workers, GOODBYE_S)
            for process in self._processes:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def _start(self, words: list[str], log: Path, ended_by: signal.Signals) -> None:
        command = [sys.executable, "-m", PROGRAM, "-f", str(LOCUSTFILE), *words]
        with interruptions_held(), log.open("wb") as file:
            self._processes.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                    cwd=IMPORTED_FROM,
                    start_new_session=True,
                    preexec_fn=beginning(self._cores, ended_by),
                )
            )

    def _page_is_whole(self) -> bool:
        """Locust writes it at the end, and ends as after any failure where it does not fit."""
        page = self._folder / PAGE
        return not page.exists() or page.read_bytes().rstrip().endswith(b"</html>")

    def _tail(self) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-12:])


def _ask_to_go(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)


def _wait_for(processes: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    deadline_s = time.monotonic() + seconds
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=max(0.0, deadline_s - time.monotonic()))


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
