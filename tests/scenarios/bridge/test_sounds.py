"""A bridge's encoded sound: decoded again it is the bridge's tone, round after round."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.codec import G722Call
from giaoban.scenarios.bridge.sources import sound_for
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sources.tone import tone_hz

PROFILES = load_profiles()
SECONDS = 3


def decoded(encoding_id: str, packets: NDArray[np.uint8]) -> NDArray[np.int16]:
    """A second of what a listener hears of packets sent round and round for three."""
    octets = packets[np.arange(50 * SECONDS) % len(packets)].reshape(-1)
    if encoding_id == "g722":
        return G722Call().decode(octets)[-16_000:]
    decode = g711.a_law_decode if encoding_id == "g711a" else g711.mu_law_decode
    return decode(octets)[-8_000:]


@pytest.mark.parametrize("speech", [False, True])
@pytest.mark.parametrize("encoding_id", ["g711a", "g711u", "g722"])
def test_the_tone_is_found_in_what_is_heard(encoding_id: str, speech: bool) -> None:
    for number in (0, 7, 41, 76):
        sound, silence = sound_for(PROFILES.encoding(encoding_id), number, speech=speech)
        assert sound.shape[1] == silence.shape[1] == 160
        heard = decoded(encoding_id, sound).astype(float)
        spectrum = np.abs(np.fft.rfft(heard)) * 2 / len(heard)
        hz = tone_hz(number)
        assert np.argmax(spectrum) == hz
        assert abs(spectrum[hz] - 3000) < 150
        assert spectrum[[tone_hz(n) for n in range(77) if n != number]].max() < 60
        assert np.abs(decoded(encoding_id, silence)).max() <= 30  # a hundredth of the tone


def test_what_nobody_here_can_encode_has_its_size() -> None:
    for encoding_id, size in (("g722-1c-24", 60), ("aac-ld", 160), ("opus", 80)):
        sound, silence = sound_for(PROFILES.encoding(encoding_id), 3, speech=False)
        assert sound.shape[1] == silence.shape[1] == size
        assert not np.array_equal(sound, silence)
