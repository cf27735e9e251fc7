"""What a bridge's microphone gives, encoded: whole packets that are sent again and again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.codec import WIDE_HZ, G722Call
from giaoban.traffic.profiles import AUDIO_CLOCK_HZ
from giaoban.traffic.sources.audio_encoding import AudioEncoding
from giaoban.traffic.sources.tone import opaque, tone, tone_hz, utterance

SETTLING_PACKETS = 50
"""G.722 adapts to what it encodes: a second in, a steady sound is encoded the same again."""

Packets = NDArray[np.uint8]
Samples = NDArray[np.int16]


def sound_for(encoding: AudioEncoding, number: int, *, speech: bool) -> tuple[Packets, Packets]:
    """The nth bridge's sound and its silence, both (k, bytes) packets.

    A steady tone, or with `speech` one that swells and fades as syllables do. For an encoding
    that nobody here has, both are noise of the packets' size.
    """
    encode = _ENCODERS.get(encoding.encoding)
    if encode is None:
        return opaque(encoding, 2 * number), opaque(encoding, 2 * number + 1)
    hz = tone_hz(number)
    sample_hz = WIDE_HZ if encoding.encoding == "G722" else AUDIO_CLOCK_HZ
    steady = tone(hz, sample_hz=sample_hz)[np.newaxis]
    sound = utterance(hz, sample_hz=sample_hz) if speech else steady
    return encode(sound), encode(np.zeros_like(steady))


def _g722(samples: Samples) -> Packets:
    """(m, samples) → (k, octets), a whole number of rounds of about a second, once it settled."""
    rounds = -(-SETTLING_PACKETS // len(samples))
    once = np.tile(samples, (rounds, 1))
    octets = G722Call().encode(np.concatenate([once, once]).reshape(-1))
    return octets.reshape(2 * len(once), -1)[len(once) :].copy()


_ENCODERS: dict[str, Callable[[Samples], Packets]] = {
    "PCMA": g711.a_law_encode,
    "PCMU": g711.mu_law_encode,
    "G722": _g722,
}
