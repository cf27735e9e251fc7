"""baresip (https://github.com/baresip/baresip), a SIP client: started with a folder of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.clients.media import read_wav
from tests.clients.programs import HOST, end, free_ports
from tests.processes import PATIENCE_S, wait_for

MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules")

_CONFIG = """sip_listen {host}:{sip_port}
audio_source ausine,{hz}
audio_player aufile,{folder}/heard.wav
audio_alert aufile,{folder}/alert.wav
ausrc_srate 48000
ausrc_channels 1
auplay_channels 1
ctrl_tcp_listen {host}:{control_port}
module_path {modules}
module g711.so
module g722.so
module aufile.so
module ausine.so
module srtp.so
module_tmp account.so
module_app ctrl_tcp.so
module_app menu.so
ringback_disabled yes
{more}"""


class Baresip:
    """One instance: says a tone all the time and records what it hears."""

    def __init__(
        self,
        folder: Path,
        user: str,
        hz: int,
        *,
        registrar: str = "",
        password: str = "",
        account: str = "",
        config: str = f"net_interface {HOST}\n",
    ) -> None:
        """`registrar`: host and port to register at, "" for none. `account`, `config`: more."""
        self.folder = folder / user
        self.folder.mkdir()
        self.hz = hz
        self.port = free_ports()
        self._control_port = free_ports()
        modules = next(path for path in MODULES if Path(path).is_dir())
        (self.folder / "config").write_text(
            _CONFIG.format(
                host=HOST,
                sip_port=self.port,
                hz=hz,
                folder=self.folder,
                control_port=self._control_port,
                modules=modules,
                more=config,
            )
        )
        known = f"auth_user={user};auth_pass={password};regint=60" if registrar else "regint=0"
        address = f"<sip:{user}@{registrar or HOST}>"
        (self.folder / "accounts").write_text(f"{address};{known};{account}\n")
        (self.folder / "contacts").touch()
        self._log = (self.folder / "log").open("w+")
        self.process = subprocess.Popen(
            ["baresip", "-f", str(self.folder)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        wait_for(lambda: "baresip is ready" in self.log, "baresip to be ready")

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text(errors="replace")

    def wait_for(self, words: str) -> None:
        """Wait until it has written these words."""
        wait_for(lambda: words in self.log, f"{self.folder.name} to write {words!r}")

    def command(self, command: str, parameters: str = "") -> None:
        """Have it do something, as a user types it."""
        text = json.dumps({"command": command, "params": parameters})
        with socket.create_connection((HOST, self._control_port)) as control:
            control.sendall(f"{len(text.encode())}:{text},".encode())
            control.settimeout(PATIENCE_S)
            answer = ""
            while '"ok":' not in answer:  # events may come first
                answer += control.recv(65_535).decode(errors="replace")
        assert '"ok":true' in answer, answer

    def close(self) -> None:
        """End it, with a BYE to whom it talks."""
        end(self.process, signal.SIGINT)
        self._log.close()

    def heard(self) -> tuple[NDArray[np.float64], int]:
        """All it heard, full scale 1, and its rate in Hz; after `close`."""
        return read_wav(self.folder / "heard.wav")

    def heard_so_far(self) -> tuple[NDArray[np.float64], int]:
        """The same while it records: the file's head tells its length only when it is closed."""
        return read_wav(self.folder / "heard.wav", whole=False)
