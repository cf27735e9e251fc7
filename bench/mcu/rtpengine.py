"""The yardstick for forwarding: rtpengine (https://github.com/sipwise/rtpengine), in user space.

Its calls are made by its own control protocol, ng: bencoded dictionaries over UDP.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from bench.mcu.callers import offer
from bench.mcu.loads import SEED, Load, Medium, timed
from bench.mcu.media import Generator, g711_loop
from bench.mcu.process import HOST, Cpu, cores, cpu, free_port, on_core, undisturbed
from giaoban.errors import MachineLacks
from giaoban.mcu_sim.sdp import parse
from giaoban.traffic.sources.packet_loop import LOOP_S, video_loop
from giaoban.traffic.sources.video_model import VideoModel

PROGRAM = "rtpengine"
INSTALL = "apt-get install rtpengine-daemon"
FIRST_PORT, LAST_PORT = 30_000, 39_999
ANSWERS_WITHIN_S = 10.0
SETTLE_S = 4.0  # it learns where packets come from for three seconds


class Rtpengine:
    """A running rtpengine on the loopback, with one thread for packets and no kernel module."""

    def __init__(self, folder: Path, core: int) -> None:
        """`folder`: for what it says. Raises `MachineLacks` if it does not start."""
        if not shutil.which(PROGRAM):
            raise MachineLacks("the yardstick for forwarding needs rtpengine", INSTALL)
        self._port = free_port()
        self._cookie = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(0.2)
        self._log = folder / "rtpengine.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *(PROGRAM, "--foreground", "--log-stderr", "--log-level=3"),
                    *("--config-file=none", "--table=-1", "--num-threads=1"),
                    *(f"--interface={HOST}", f"--listen-ng={HOST}:{self._port}"),
                    *(f"--port-min={FIRST_PORT}", f"--port-max={LAST_PORT}"),
                ],
                stdout=log,
                stderr=log,
            )
        try:
            self._wait_for_it()
            undisturbed(self._process.pid, core)
        except BaseException:
            self.close()
            raise

    @property
    def cpu(self) -> Cpu:
        """Processor time so far."""
        return cpu(self._process.pid)

    def ask(self, command: str, **values: str) -> dict[str, str]:
        """A command and its answer. Raises `MachineLacks` if it fails."""
        question = {"command": command, **{k.replace("_", "-"): v for k, v in values.items()}}
        self._cookie += 1
        cookie = str(self._cookie).encode() + b" "
        self._socket.sendto(cookie + bencode(question), (HOST, self._port))
        limit = time.monotonic() + ANSWERS_WITHIN_S
        while time.monotonic() < limit:
            try:
                said = self._socket.recv(65_535)
            except OSError:
                continue
            if said.startswith(cookie):
                answer = bdecode(said.removeprefix(cookie))
                if answer.get("result") not in ("ok", "pong"):
                    raise MachineLacks(f"rtpengine, {command}: {answer}", INSTALL)
                return answer
        raise MachineLacks(f"rtpengine does not answer: {self._log.read_text()[-500:]}", INSTALL)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._socket.close()

    def _wait_for_it(self) -> None:
        limit = time.monotonic() + ANSWERS_WITHIN_S
        while True:
            try:
                self._socket.sendto(b"0 " + bencode({"command": "ping"}), (HOST, self._port))
                self._socket.recv(65_535)
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > limit:
                    said = self._log.read_text()[-500:]
                    raise MachineLacks(f"rtpengine did not start: {said}", INSTALL) from None


def measure(calls: int, medium: Medium, model: VideoModel, seconds: float, folder: Path) -> Load:
    """Let it forward between the two ends of so many calls, which both send.

    Raises:
        MachineLacks: there is no rtpengine, or it does not do what is asked of it.
    """
    core, mine = cores()
    server, generator = Rtpengine(folder, core), Generator(model)
    loop = g711_loop() if medium == "audio" else video_loop(model, LOOP_S, SEED)
    try:
        with on_core(mine):
            control = generator.add(audio=False)
            for number in range(calls):
                ends = [generator.add(audio=medium == "audio") for _ in range(2)]
                offers = [
                    offer(end.port, None, control.port)
                    if end.audio
                    else offer(None, end.port, control.port, model.kbps)
                    for end in ends
                ]
                names = {"call_id": f"bench-{number}", "from_tag": "a", "ICE": "remove"}
                to_b = server.ask("offer", sdp=offers[0].decode(), **names)
                to_a = server.ask("answer", sdp=offers[1].decode(), to_tag="b", **names)
                for end, answer in zip(ends, (to_a, to_b), strict=True):
                    port = parse(answer["sdp"].encode()).media[0].port
                    end.send(loop, (HOST, port), time.monotonic_ns())
                generator.run(0.02, _nothing)
            generator.run(SETTLE_S, _nothing)
            took = timed(generator, lambda: server.cpu, seconds, _nothing)
    finally:
        server.close()
        generator.close()
    what = "sound relayed" if medium == "audio" else "pictures relayed"
    return Load(what=f"{what} both ways", calls=calls, **vars(took))


def version() -> str:
    """What rtpengine says of itself."""
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"[0-9][0-9.]*[0-9]", said.stdout + said.stderr)
    return found[0] if found else ""


def bencode(value: Mapping[str, str]) -> bytes:
    """A dictionary of strings, keys in order."""
    parts = [f"{len(s.encode())}:{s}".encode() for pair in sorted(value.items()) for s in pair]
    return b"d" + b"".join(parts) + b"e"


def bdecode(data: bytes) -> dict[str, str]:
    """The strings of a dictionary that has nothing else of interest."""
    strings, at = [], 1
    while at < len(data) and data[at : at + 1].isdigit():
        size, _, _ = data[at:].partition(b":")
        start = at + len(size) + 1
        at = start + int(size)
        strings.append(data[start:at].decode("utf-8", "replace"))
    return dict(zip(strings[::2], strings[1::2], strict=False))


def _nothing(_now_ns: int) -> None:
    pass
