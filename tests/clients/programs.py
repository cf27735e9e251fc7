"""`giaoban mcu serve` as a process, and how other people's programs are run against it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from giaoban.mcu_sim.media.plane import MOST_LATE_PCT, late_pct
from tests import loopback
from tests.processes import PATIENCE_S, wait_for

HOST = "127.0.0.1"
LATE = 3
"""Exit code of an MCU too much of whose media left late, which a busy machine may cause."""
NOWHERE: Mapping[str, str] = {}


def free_ports(count: int = 1) -> int:
    """The first of `count` ports in a row that no UDP or TCP socket has; it is even."""
    return loopback.free_ports(HOST, count)


def meetings(
    folder: Path, *members: str, uris: Mapping[str, str] = NOWHERE, more: str = ""
) -> tuple[str, str]:
    """The option with the meeting `giao-ban` of these, the first its chair.

    Args:
        uris: where members can be called.
        more: keys of the meeting.
    """
    listed = ""
    for member in members:
        listed += f'[[meeting.member]]\nid = "{member}"\n'
        listed += f'uri = "{uris[member]}"\n' if member in uris else ""
    path = folder / "meetings.toml"
    path.write_text(
        'schema = "giaoban.meetings/1"\n[[meeting]]\nid = "giao-ban"\nname = "Giao ban"\n'
        f'pattern = "any-bridges"\nchair = "{members[0]}"\n{more}\n{listed}',
        encoding="utf-8",
    )
    return "--meetings", str(path)


def giaoban(*words: str) -> list[str]:
    """The command line of `giaoban` in this checkout."""
    return [sys.executable, "-m", "giaoban.scenarios.cli.entry", *words]


def undrawn(*words: str) -> list[str]:
    """The same, of which no picture is drawn; it runs in this checkout's folder."""
    return [sys.executable, "-m", "tests.scenarios.undrawn", *words]


def end(process: subprocess.Popen[Any], by: int = signal.SIGTERM) -> None:
    """Ask a program to end, and make it end."""
    if process.poll() is None:
        process.send_signal(by)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class JsonProgram:
    """A running program that does what lines tell it, and writes a line of JSON of each event."""

    process: subprocess.Popen[str]
    _events: Path

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it has written so far."""
        lines = self._events.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def command(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()


class Mcu(JsonProgram):
    """A running MCU on a free port of the loopback; `--console` lets it take commands."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.port = free_ports()
        self._events = folder / f"events-{self.port}.jsonl"
        self.process = subprocess.Popen(
            [
                *giaoban("mcu", "serve", "--listen", f"{HOST}:{self.port}"),
                *("--events", str(self._events), "--json", *words),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(self._answers, "the MCU to answer OPTIONS")

    def uri(self, room: str) -> str:
        """The address of a room."""
        return f"sip:{room}@{HOST}:{self.port}"

    def said(self, event: str) -> list[dict[str, Any]]:
        """The events of one name."""
        return [e for e in self.events if e["event"] == event]

    def wait_for(self, event: str, count: int = 1, **values: object) -> list[dict[str, Any]]:
        """Wait until there are so many events of a name with these values."""

        def found() -> list[dict[str, Any]]:
            of_name = [e for e in self.said(event) if values.items() <= e.items()]
            return of_name if len(of_name) >= count else []

        events: list[dict[str, Any]] = wait_for(found, f"{count} × {event} {values}")
        return events

    def stop(self, by: int = signal.SIGINT) -> dict[str, Any]:
        """Ctrl-C; the closing report. Nothing may be left of any call."""
        self.process.send_signal(by)
        out, errors = self.process.communicate(timeout=PATIENCE_S)
        report: dict[str, Any] = json.loads(out)
        share = late_pct(report["starved"], report["rtp_sent"])
        late = share > MOST_LATE_PCT or report["overflowed"]
        assert self.process.returncode == (LATE if late else 0), errors
        assert (report["calls_left"], report["units_left"]) == (0, 0)
        return report

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.process.communicate()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.1)
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
            probe.sendto(
                f"OPTIONS sip:{HOST} SIP/2.0\r\n"
                f"Via: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bK{port}\r\n"
                f"From: <sip:probe@{HOST}>;tag=1\r\nTo: <sip:{HOST}>\r\nCall-ID: {port}\r\n"
                "CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n".encode(),
                (HOST, self.port),
            )
            try:
                return probe.recv(65_535).startswith(b"SIP/2.0 200")
            except OSError:
                return False
