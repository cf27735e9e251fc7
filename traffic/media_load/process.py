"""The process with the media, seen from whoever makes the calls; `ask` blocks until it answers.

It uses the plain `socket` module: where that is patched by gevent, `ask` lets others run meanwhile.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from giaoban.traffic.media_load import messages
from giaoban.traffic.media_load.messages import MediaTarget, Medium

ANSWERS_WITHIN_S = 30.0


class MediaError(OSError):
    """The process has gone, or could not do what it was asked to."""


class MediaProcess:
    """A process with the media of many bridges, asked by one caller at a time."""

    def __init__(
        self,
        capacity: int,
        address: str,
        payload: bytes,
        profile: str | None,
        seed: int,
        lock: Callable[[], Any],
    ) -> None:
        """`payload`: of an audio packet. `profile`: of the video; None: there is none. `lock`:
        makes a lock that fits the caller's kind of concurrency."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        words = [str(theirs.fileno()), str(capacity), address, str(seed), payload.hex()]
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "giaoban.traffic.media_load",
                *words,
                *([profile] if profile else []),
            ],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        theirs.close()
        ours.settimeout(ANSWERS_WITHIN_S)
        self._line = ours
        self._lock = lock()
        self.pid = self._process.pid

    def open(self, media: list[Medium]) -> messages.Ports:
        """Ports for a bridge."""
        answer = self._ask(messages.OpenPorts(media=media))
        assert isinstance(answer, messages.Ports)
        return answer

    def start(self, row: int, media: dict[Medium, MediaTarget], name: str) -> None:
        """A call stands."""
        self._ask(messages.StartCall(row=row, media=media, name=name))

    def stop(self, row: int, *, silently: bool = False) -> messages.CallReport:
        """It is over."""
        answer = self._ask(messages.StopCall(row=row, silently=silently))
        assert isinstance(answer, messages.CallReport)
        return answer

    def release(self, row: int) -> None:
        """Its bridge has left for good."""
        self._ask(messages.ReleasePorts(row=row))

    def key_frame(self, row: int) -> None:
        """A key frame is wanted."""
        self._ask(messages.KeyFrame(row=row))

    def look(self) -> messages.Health:
        """How it fares."""
        answer = self._ask(messages.ReadHealth())
        assert isinstance(answer, messages.Health)
        return answer

    def close(self) -> None:
        """End it."""
        self._line.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _ask(self, order: messages.Orders) -> messages.Answers:
        """Raises `MediaError`."""
        with self._lock:
            try:
                self._line.send(order.model_dump_json().encode())
                data = self._line.recv(messages.MOST_BYTES)
            except OSError as error:
                raise MediaError(f"the process with the media is gone: {error}") from None
        if not data:
            raise MediaError("the process with the media has ended")
        answer = messages.ANSWERS.validate_json(data)
        if isinstance(answer, messages.RequestFailed):
            raise MediaError(answer.why)
        return answer
