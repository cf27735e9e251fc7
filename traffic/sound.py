"""The sound a bridge sends: a tone of its own, so that it can be found in what others hear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from traffic.profiles import AUDIO_CLOCK_HZ, AUDIO_PACKET_SAMPLES


def tone_hz(number: int) -> int:
    """The frequency of the nth bridge, different for the first 77.

    Multiples of 50 Hz, so one packet holds whole periods, from 100 Hz to 3,900 Hz.
    """
    return 100 + 50 * (number % 77)


def tone(hz: int, amplitude: int = 3000) -> NDArray[np.int16]:
    """(160,) linear samples at 8 kHz, one packet of a steady tone."""
    t = np.arange(AUDIO_PACKET_SAMPLES) / AUDIO_CLOCK_HZ
    return np.rint(amplitude * np.sin(2 * np.pi * hz * t)).astype(np.int16)
