"""Linphone (https://www.linphone.org): a conference of others that mixes what its callers say."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from tests.clients.programs import HOST, end, free_ports
from tests.processes import PATIENCE_S, wait_for

_CONFIG = """[sip]
sip_port={port}
sip_tcp_port=0
sip_tls_port=0
bind_address={host}
use_ipv6=0
register_only_when_network_is_up=0
default_proxy=0
contact=<sip:{user}@{host}:{port}>

[proxy_0]
reg_proxy=<sip:{host}:{mcu_port};transport=udp>
reg_identity=<sip:{user}@{host}:{port}>
reg_sendregister=0

[rtp]
audio_rtp_port=-1

[sound]
echocancellation=0

[video]
enabled=0
capture=0
display=0

[misc]
network_detection=0
version_check_url_root=
"""
_ID = re.compile(r"^Id: (\d+)$", re.MULTILINE)


class Conference:
    """One instance: takes every call, and mixes those that are added; nobody sits at it."""

    def __init__(self, folder: Path, user: str, mcu_port: int) -> None:
        self._folder = folder / user
        data = self._folder / ".local" / "share" / "linphone"
        data.mkdir(parents=True)  # it does not make it, and does not start without
        self.port = free_ports()
        config = self._folder / "linphonerc"
        config.write_text(
            _CONFIG.format(host=HOST, port=self.port, user=user, mcu_port=mcu_port),
            encoding="utf-8",
        )
        pipe = self._folder / "pipe"
        with (self._folder / "output").open("w") as output:
            self.process = subprocess.Popen(
                [
                    *("linphone-daemon", "--config", str(config), "--pipe", str(pipe)),
                    *("--auto-answer", "--disable-stats-events"),
                    *("--log", str(self._folder / "log")),
                ],
                env={**os.environ, "HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._control = socket.socket(socket.AF_UNIX)
        self._control.settimeout(PATIENCE_S)
        try:  # its file is there a moment before it listens
            wait_for(lambda: self._control.connect_ex(str(pipe)) == 0, "Linphone's socket")
        except BaseException:
            self._control.close()
            end(self.process, signal.SIGKILL)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End it, whoever it talks to."""
        if self.process.poll() is None:
            self._ask("quit")
        self._control.close()
        end(self.process, signal.SIGKILL)  # SIGTERM does not end it

    def command(self, line: str) -> str:
        """Have it do something; what it answers."""
        answer = self._ask(line)
        assert "Status: Ok" in answer, (line, answer)
        return answer

    def _ask(self, line: str) -> str:
        self._control.sendall(f"{line}\n".encode())
        answer = ""
        while "Status:" not in answer:
            came = self._control.recv(65_535)
            assert came, f"it ended: {self.process.wait()}"
            answer += came.decode()
        return answer

    def call(self, uri: str) -> int:
        """Call somebody; the call's number."""
        found = _ID.search(self.command(f"call {uri}"))
        return int(found[1])

    def runs(self, call: int) -> bool:
        """Whether a call has its media."""
        return "StreamsRunning" in self._ask(f"call-status {call}")

    def mix(self, *calls: int) -> None:
        """Have these calls hear each other, and nothing of the machine that this runs on."""
        for call in calls:
            self.command(f"conference add {call}")
        self.command(f"conference leave {calls[0]}")
        for call in calls:
            wait_for(lambda call=call: self.runs(call), f"call {call} to be mixed")
