"""An end of media that answers nothing by itself: what came and from where; tones."""

from __future__ import annotations

import socket
import threading
import wave
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.clients.programs import HOST, free_ports


class Heard(NamedTuple):
    """One datagram: the port it went from, its bytes."""

    source: int
    data: bytes

    @property
    def sequence(self) -> int:
        return int.from_bytes(self.data[2:4], "big")

    @property
    def ssrc(self) -> int:
        return int.from_bytes(self.data[8:12], "big")


class MediaPort:
    """A pair of UDP ports, RTP and RTCP, that keeps what comes and passes it on to `on` if given.

    A thread of its own takes it in, so that times are right.
    """

    def __init__(self, on: int | None = None) -> None:
        """`on`: first of the two ports to which copies go."""
        self.port = free_ports(2)
        self.rtp: list[Heard] = []
        self._on = on
        self._sockets = [self._open(self.port), self._open(self.port + 1)]
        self._stop = False
        self._threads = [threading.Thread(target=self._listen, args=(i,)) for i in range(2)]
        for thread in self._threads:
            thread.start()

    def send(self, data: bytes, to: int) -> None:
        """Send RTP from here to a port of the MCU."""
        self._sockets[0].sendto(data, (HOST, to))

    def close(self) -> None:
        self._stop = True
        for thread in self._threads:
            thread.join()
        for own in self._sockets:
            own.close()

    def _open(self, port: int) -> socket.socket:
        own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        own.bind((HOST, port))
        own.settimeout(0.1)
        return own

    def _listen(self, which: int) -> None:
        own = self._sockets[which]
        while not self._stop:
            try:
                data, (_, source) = own.recvfrom(65_535)
            except TimeoutError:
                continue
            if which == 0:
                self.rtp.append(Heard(source, data))
            if self._on is not None:
                own.sendto(data, (HOST, self._on + which))


WAV_HEAD = 44
"""Bytes before the samples of a WAV file that has nothing else in it."""


def read_wav(path: Path, *, whole: bool = True) -> tuple[NDArray[np.float64], int]:
    """The sound of a mono file with 16 bits a sample, full scale 1, and its rate in Hz.

    `whole`: else it is still written, and its head does not yet say how long it is."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        rate = file.getframerate()
        data = file.readframes(file.getnframes())
    if not whole:
        data = path.read_bytes()[WAV_HEAD:]
        data = data[: len(data) // 2 * 2]
    return np.frombuffer(data, np.int16) / 32_768, rate


def loudness(sound: NDArray[np.float64], rate: int, hz: float) -> float:
    """Amplitude of a tone in a sound, by its Fourier transform under a Hann window."""
    window = np.hanning(len(sound))
    turning = np.exp(-2j * np.pi * hz * np.arange(len(sound)) / rate)
    return float(2 * abs(np.sum(sound * window * turning)) / np.sum(window))
