"""Each bridge's tone can be told from the others."""

from __future__ import annotations

import numpy as np

from traffic.sound import tone, tone_hz


def test_seventy_one_branches_and_a_chair_have_tones_of_their_own() -> None:
    tones = [tone_hz(number) for number in range(72)]
    assert len(set(tones)) == 72
    assert min(tones) >= 100
    assert max(tones) < 4000  # half the sampling rate


def test_a_packet_holds_whole_periods_so_packets_join_without_a_click() -> None:
    for number in range(77):
        hz = tone_hz(number)
        packet = tone(hz)
        assert packet.shape == (160,)
        spectrum = np.abs(np.fft.rfft(packet.astype(float)))
        assert int(np.argmax(spectrum)) == hz // 50
        others = np.delete(spectrum, hz // 50)
        assert others.max() < spectrum.max() * 0.001
