"""The test's own MCU: `giaoban mcu serve` as a process on the loopback, with accounts and meetings.

What it knows comes from files: its events, and its closing report.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from giaoban import IMPORTED_FROM
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.mcu_sim.device import Device
from giaoban.processes.children import beginning, interruptions_held
from giaoban.results.model.studies.load import McuView
from giaoban.scenarios.load.measures import mcu_view
from giaoban.scenarios.load.passwords import accounts_toml
from giaoban.scenarios.load.plan import LoadPlan

HOST = "127.0.0.1"
STARTS_WITHIN_S, ENDS_WITHIN_S = 60.0, 30.0
MOST_MEMBERS = 900
"""Of a meeting with a list; larger ones are open to anyone."""
NOWHERE = f"sip:%s@{HOST}:9"
"""Where a bridge is called that never registered: nothing answers there (RFC 863)."""
_PROBE = (
    "OPTIONS sip:{host} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{port}\r\n"
    "From: <sip:probe@{host}>;tag=1\r\nTo: <sip:{host}>\r\nCall-ID: {port}\r\n"
    "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
)


def free_port() -> int:
    """A UDP port of the loopback that nobody has."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def wait_for(process: subprocess.Popen[str], address: tuple[str, int]) -> None:
    """Until an MCU that was started answers. Raises `MachineLacks` if it does not."""
    limit = time.monotonic() + STARTS_WITHIN_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        probe.settimeout(0.2)
        ask = _PROBE.format(host=HOST, port=probe.getsockname()[1]).encode()
        while time.monotonic() < limit and process.poll() is None:
            probe.sendto(ask, address)
            with suppress(OSError):
                if probe.recv(65_535).startswith(b"SIP/2.0 200"):
                    return
    said = "" if process.poll() is None else process.communicate()[1]
    raise MachineLacks("`giaoban mcu serve` did not start:\n{said}", "giaoban doctor", said=said)


def meetings_toml(plan: LoadPlan, video: str) -> str:
    """The meeting that all bridges call, and one for each technician."""

    def text(ident: str, chair: str, members: list[str]) -> list[str]:
        lines = [
            "[[meeting]]",
            f'id = "{ident}"\nname = "{ident}"\npattern = "province-districts"',
            f'chair = "{chair}"\nvideo = "{video}"',
        ]
        for name in members:
            lines += ["[[meeting.member]]", f'id = "{name}"', f'uri = "{NOWHERE % name}"']
        return lines

    members = plan.members
    listed = members if 1 < len(members) <= MOST_MEMBERS else []
    lines = ['schema = "giaoban.meetings/1"', *text(plan.room, members[0], listed)]
    for number in range(plan.technicians):
        own = [plan.line(number, line) for line in range(plan.lines)]
        chair = plan.technician(number)
        lines += text(plan.meeting(number), chair, [chair, *own])
    return "\n".join(lines) + "\n"


@contextmanager
def memory_file(text: str) -> Iterator[int]:
    """A file in memory that has no name: a descriptor for a child, which ends with the last who
    has it. However we are ended, no password lies about. Linux only (memfd_create(2))."""
    number = os.memfd_create("giaoban")
    try:
        os.fchmod(number, 0o600)
        with open(number, "w", encoding="utf-8", closefd=False) as file:
            file.write(text)
        yield number
    finally:
        os.close(number)


class CataloguedDevice(NamedTuple):
    """A device and the file that it stands in."""

    device: Device
    file: Path


class OwnMcu:
    """A running MCU. `stop` it, or `kill` it."""

    def __init__(
        self,
        plan: LoadPlan,
        of: CataloguedDevice,
        video: str,
        secret: str,
        events: Path,
    ) -> None:
        """`events`: the file for them. Raises `MachineLacks`."""
        self._events = events
        self._device = of.device
        words = ["--listen", f"{HOST}:{plan.target[1]}", "--device", of.device.id]
        words += ["--devices", str(of.file)]
        words += ["--events", str(events), "--kbps", str(round(plan.kbps))]
        given = {"--meetings": meetings_toml(plan, video)}
        if plan.accounts != "none":
            given["--accounts"] = accounts_toml(plan.everybody, secret)
        with ExitStack() as stack, interruptions_held():
            files = {
                option: stack.enter_context(memory_file(text)) for option, text in given.items()
            }
            for option, number in files.items():
                words += [option, f"/proc/self/fd/{number}"]
            command = [sys.executable, "-m", "giaoban.scenarios.cli.entry", "mcu", "serve", *words]
            self._process = subprocess.Popen(
                [*command, "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                pass_fds=list(files.values()),
                cwd=IMPORTED_FROM,
                start_new_session=True,
                preexec_fn=beginning(shares(available())[0]),
            )
        self._cpu: list[tuple[float, float]] = []
        self._before = (time.monotonic(), 0.0)
        try:
            wait_for(self._process, plan.target)
        except BaseException:
            self.kill()
            raise
        self.sample()
        self._cpu.clear()

    def sample(self) -> None:
        """Note what it took of the processor since the last time."""
        now, used = time.monotonic(), _cpu_s(self._process.pid)
        before, used_before = self._before
        self._before = now, used
        if now > before:
            share = 100 * max(0.0, used - used_before) / (now - before)
            self._cpu.append((now, share))

    def cpu_since(self, monotonic_s: float) -> list[tuple[float, float]]:
        """(s since then, per cent of a core), by `sample`."""
        return [(at_s - monotonic_s, share) for at_s, share in self._cpu]

    def stop(self) -> dict[str, Any]:
        """Its closing report. Raises `InvalidRun`: it ended otherwise than it should."""
        self._process.send_signal(signal.SIGINT)
        try:
            said, complained = self._process.communicate(timeout=ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise InvalidRun("the MCU did not stop when it was told to") from None
        if self._process.returncode not in (0, InvalidRun.exit_code):
            code = self._process.returncode
            raise InvalidRun(
                "the MCU ended with {code}:\n{complained}", code=code, complained=complained[-2000:]
            )
        report: dict[str, Any] = json.loads(said)
        return report

    def kill(self) -> None:
        """End it without a report; nothing happens if it has ended."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def view(self, report: dict[str, Any], standing: int) -> McuView:
        """What it has seen. `standing`: calls that were up when it was told to stop."""
        events = [json.loads(line) for line in self._events.read_text("utf-8").splitlines()]
        shares = [share for _, share in self._cpu]
        return mcu_view(events, report, self._device.units_total).model_copy(
            update={
                "calls_left": standing,
                "cpu_pct_mean": round(sum(shares) / len(shares), 1) if shares else None,
                "cpu_pct_max": round(max(shares), 1) if shares else None,
            }
        )

    def standing(self) -> int:
        """Calls that it holds, by its events."""
        up: Counter[str] = Counter()
        for line in self._events.read_text("utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                event = json.loads(line)
                up["joined"] += event["event"] == "joined"
                up["left"] += event["event"] == "left"
        return up["joined"] - up["left"]


def _cpu_s(process: int) -> float:
    """Seconds that all threads of a process had a core; 0 once it is gone."""
    total_ns = 0
    for task in Path(f"/proc/{process}/task").glob("*/schedstat"):
        with suppress(OSError):
            total_ns += int(task.read_text().split()[0])
    return total_ns / 1e9


def shares(available: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
    """(the MCU's core, the callers'); the same for both where there is only one."""
    if len(available) < 2:
        return available, available
    own = frozenset({max(available)})
    return own, available - own


def available() -> frozenset[int]:
    """The cores that this process may use."""
    return frozenset(os.sched_getaffinity(0))
