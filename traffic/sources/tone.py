"""The sound a bridge sends: a tone of its own, so that it can be found in what others hear.

Linear samples; whoever sends them encodes them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.rtp import AUDIO_CLOCK_HZ, AUDIO_PACKET_MS

SYLLABLE_HZ = 4
"""The envelope of speech moves most at this rate (Houtgast and Steeneken 1985, J. Acoust. Soc. Am.
77(3))."""
UTTERANCE_PACKETS = 1000 // SYLLABLE_HZ * 2 // AUDIO_PACKET_MS
"""Packets of the shortest time that holds whole syllables and whole packets: two syllables."""


def tone_hz(number: int) -> int:
    """The frequency of the nth bridge, different for the first 77.

    Multiples of 50 Hz, so one packet holds whole periods, from 100 Hz to 3,900 Hz.
    """
    return 100 + 50 * (number % 77)


def tone(hz: int, amplitude: int = 3000, sample_hz: int = AUDIO_CLOCK_HZ) -> NDArray[np.int16]:
    """Linear samples of one packet (20 ms) of a steady tone: (160,) at 8 kHz, (320,) at 16 kHz."""
    t = np.arange(sample_hz * AUDIO_PACKET_MS // 1000) / sample_hz
    return np.rint(amplitude * np.sin(2 * np.pi * hz * t)).astype(np.int16)


def utterance(hz: int, amplitude: int = 3000, sample_hz: int = AUDIO_CLOCK_HZ) -> NDArray[np.int16]:
    """Linear samples (25, 160) at 8 kHz of a tone that swells and fades as syllables do.

    Half a second, which can be repeated without a click. The tone keeps `amplitude` in the
    spectrum; what the envelope adds is at 4 Hz above and below.
    """
    samples = sample_hz * AUDIO_PACKET_MS // 1000
    t = np.arange(UTTERANCE_PACKETS * samples) / sample_hz
    envelope = amplitude * (1 - np.cos(2 * np.pi * SYLLABLE_HZ * t))
    sound = np.rint(envelope * np.sin(2 * np.pi * hz * t)).astype(np.int16)
    return sound.reshape(UTTERANCE_PACKETS, samples)
