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
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from giaoban import IMPORTED_FROM
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.mcu_sim.device import Device
from giaoban.processes.children import beginning, interruptions_held
from giaoban.results.model.studies.load import McuView
from giaoban.scenarios.load.measures import mcu_view
from giaoban.scenarios.load.passwords import accounts_toml
from giaoban.scenarios.load.plan import LoadPlan, bridge_name

HOST = "127.0.0.1"
STARTS_WITHIN_S, ENDS_WITHIN_S = 60.0, 30.0
MOST_WORKERS = 64
"""A worker may be given one user more than its share, so that numbers go beyond the bridges."""
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


def meetings_toml(plan: LoadPlan, names: Sequence[str]) -> str:
    """Return the file of the meeting that all bridges call."""
    lines = [
        'schema = "giaoban.meetings/1"',
        "[[meeting]]",
        f'id = "{plan.room}"\nname = "{plan.room}"\npattern = "province-districts"',
        f'chair = "{names[0]}"\nvideo = "presence"',
    ]
    for name in names if 1 < len(names) <= MOST_MEMBERS else ():
        lines += ["[[meeting.member]]", f'id = "{name}"', f'uri = "{NOWHERE % name}"']
    return "\n".join(lines) + "\n"


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
        secret: str,
        events: Path,
        private: Path,
    ) -> None:
        """`events`: the file for them; `private`: a folder that is removed after the test. Raises
        `MachineLacks`."""
        self._events = events
        self._device = of.device
        words = ["--listen", f"{HOST}:{plan.target[1]}", "--device", of.device.id]
        words += ["--devices", str(of.file), "--kbps", str(round(plan.kbps))]
        words += ["--events", str(events), "--meetings", str(private / "meetings.toml")]
        names = [bridge_name(number) for number in range(plan.bridges + MOST_WORKERS)]
        meeting = meetings_toml(plan, names[: plan.bridges])
        (private / "meetings.toml").write_text(meeting, encoding="utf-8")
        if plan.accounts != "none":
            accounts = private / "accounts.toml"
            accounts.touch(0o600)
            accounts.write_text(accounts_toml(names, secret), encoding="utf-8")
            words += ["--accounts", str(accounts)]
        program = [sys.executable, "-m", "giaoban.scenarios.cli.entry", "mcu", "serve"]
        with interruptions_held():
            self._process = subprocess.Popen(
                [*program, *words, "--json"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                cwd=IMPORTED_FROM,
                start_new_session=True,
                preexec_fn=beginning(shares(available())[0]),
            )
        try:
            wait_for(self._process, plan.target)
        except BaseException:
            self.kill()
            raise
        self._began = (time.monotonic(), _cpu_s(self._process.pid))

    def cpu_pct(self) -> float:
        """Return its share of a core since it answered."""
        began_s, before_s = self._began
        used_s = max(0.0, _cpu_s(self._process.pid) - before_s)
        return round(100 * used_s / (time.monotonic() - began_s), 1)

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

    def view(self, report: dict[str, Any], standing: int, cpu_pct: float) -> McuView:
        """Return its own view. `standing`: calls that were up when it was told to stop."""
        events = [json.loads(line) for line in self._events.read_text("utf-8").splitlines()]
        update = {"calls_left": standing, "cpu_pct_mean": cpu_pct}
        return mcu_view(events, report, self._device.units_total).model_copy(update=update)

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
