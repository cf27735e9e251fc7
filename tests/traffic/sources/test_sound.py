"""Each bridge's tone can be told from the others."""

from __future__ import annotations

import numpy as np
import pytest

from giaoban.traffic.sources.tone import tone_hz, utterance


def test_seventy_one_branches_and_a_chair_have_tones_of_their_own() -> None:
    tones = [tone_hz(number) for number in range(72)]
    assert len(set(tones)) == 72
    assert min(tones) >= 100
    assert max(tones) < 4000  # half the sampling rate


@pytest.mark.parametrize("sample_hz", [8000, 16_000])
def test_an_utterance_has_the_tone_and_joins_without_a_click(sample_hz: int) -> None:
    for number in (0, 1, 18, 76):
        hz = tone_hz(number)
        sound = utterance(hz, 3000, sample_hz)
        assert sound.shape == (25, sample_hz // 50)
        spectrum = np.abs(np.fft.rfft(np.tile(sound.reshape(-1).astype(float), 2))) / sample_hz * 2
        assert abs(spectrum[hz] - 3000) < 1
        # all else is at 4 Hz beside it, half as strong (amplitude modulation at full depth)
        assert np.allclose(spectrum[[hz - 4, hz + 4]], 1500, atol=1)
        spectrum[[hz - 4, hz, hz + 4]] = 0
        assert spectrum.max() < 1
