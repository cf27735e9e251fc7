"""`giaoban mcu serve` as a process on a core of its own, and how much processor time it takes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.harness import ROOT
from giaoban.errors import InvalidRun
from giaoban.mcu_sim.sip.message import HostPort
from giaoban.scenarios.load.own_mcu import wait_for

HOST = "127.0.0.1"
ENDS_WITHIN_S = 30.0


def cores() -> tuple[int, int]:
    """The core of what is measured and the core of what drives it, which may be the same one."""
    mine = sorted(os.sched_getaffinity(0))
    return mine[0], mine[-1]


def undisturbed(process: int, core: int) -> None:
    """Give a process a core, and let no other program's work go before its own.

    The second is for root only; whoever may not do it gets what the machine's other work leaves.
    """
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    for thread in Path(f"/proc/{process}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})
        with suppress(PermissionError):
            os.sched_setscheduler(int(thread.name), policy, os.sched_param(1))


def cpu_s(process: int) -> float:
    """Return the seconds that all threads of a process had a core; 0 once it has ended."""
    tasks = Path(f"/proc/{process}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def free_port() -> int:
    """An even UDP port of the loopback that nobody has, nor the next one."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
            first.bind((HOST, 0))
            port = int(first.getsockname()[1])
            if port % 2 or port > 65_000:
                continue
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as second:
                try:
                    second.bind((HOST, port + 1))
                except OSError:
                    continue
            return port


class McuProcess:
    """An MCU that anybody may call; its CPU time, and its closing report when it is stopped."""

    def __init__(self, device: str, video: str, core: int, kbps: int = 2000) -> None:
        """`video`: presence or switched. Raises `MachineLacks` if it does not start."""
        self.address: HostPort = (HOST, free_port())
        words = ["--listen", f"{HOST}:{self.address[1]}", "--device", device, "--video", video]
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "giaoban.scenarios.cli.entry", "mcu", "serve", *words),
                *("--kbps", str(kbps), "--json"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        undisturbed(self._process.pid, core)
        try:
            wait_for(self._process, self.address)
        except BaseException:
            self.kill()
            raise

    @property
    def cpu_s(self) -> float:
        """Processor time so far."""
        return cpu_s(self._process.pid)

    def stop(self) -> dict[str, Any]:
        """Its closing report. Raises `InvalidRun` if it did not end as it should."""
        self._process.send_signal(signal.SIGINT)
        said, complained = self._process.communicate(timeout=ENDS_WITHIN_S)
        if self._process.returncode not in (0, InvalidRun.exit_code):
            raise InvalidRun(f"the MCU ended with {self._process.returncode}:\n{complained}")
        report: dict[str, Any] = json.loads(said)
        return report

    def kill(self) -> None:
        """End it without a report; nothing happens if it has ended."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()
