"""An end of media that answers nothing by itself: what came and from where; tones."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

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
