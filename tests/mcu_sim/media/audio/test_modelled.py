"""Encodings of which the MCU knows the frames alone: their size, their clock, and who is heard."""

from __future__ import annotations

import numpy as np
import pytest

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.bank import AudioBank
from giaoban.mcu_sim.media.audio.codec import is_mixed, modelled, stand_in, stood_for
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sources.tone import tone, tone_hz
from tests.mcu_sim.audio_factory import ORIGIN_NS, PLAYOUT_MS, counts, deliver, packet

ENCODINGS = {each.id: each for each in load_profiles().audio}
FRAMES = {  # octets and ticks of 20 ms: RFC 5577 §3, RFC 6416 at 64 kb/s, RFC 7587 §4.1
    "g722-1c-24": (60, 640),
    "g722-1c-32": (80, 640),
    "g722-1c-48": (120, 640),
    "aac-ld": (160, 1800),
    "opus": (80, 960),
}


def bank_of(encoding_id: str, calls: int) -> AudioBank:
    codec = modelled(ENCODINGS[encoding_id])
    assert codec is not None
    bank = AudioBank(calls, ORIGIN_NS, PLAYOUT_MS, codec)
    for row in range(calls):
        bank.open(row, codec.name.upper())
    return bank


def say(bank: AudioBank, row: int, encoding_id: str, numbers: list[int], hz: int) -> None:
    """Frames by number, each as it leaves a bridge and comes 5 ms later."""
    encoding, ticks = ENCODINGS[encoding_id], FRAMES[encoding_id][1]
    frame = stand_in(tone(hz)[np.newaxis], FRAMES[encoding_id][0])[0].tobytes()
    kind = encoding.payload_type
    made = [packet(frame, n, 2**32 - 1000 + ticks * n, payload_type=kind) for n in numbers]
    deliver(bank, row, made, [20.0 * n + 5 for n in numbers])


@pytest.mark.parametrize("encoding_id", FRAMES)
def test_a_frame_has_the_size_and_the_ticks_of_its_rfc(encoding_id: str) -> None:
    codec = modelled(ENCODINGS[encoding_id])
    assert (codec.frame_bytes, codec.ticks(20)) == FRAMES[encoding_id]


def test_what_comes_in_longer_packets_is_not_mixed() -> None:
    assert not is_mixed(ENCODINGS["opus"].model_copy(update={"packet_ms": 60}))
    assert not is_mixed(ENCODINGS["g711a"].model_copy(update={"packet_ms": 30}))
    assert is_mixed(ENCODINGS["g711a"].model_copy(update={"packet_ms": 40}))
    assert all(is_mixed(each) for each in ENCODINGS.values())


@pytest.mark.parametrize("size", [13, 60, 80, 120, 160, 320])
def test_a_stand_in_is_as_loud_as_the_sound_of_every_bridge(size: int) -> None:
    """Also of tones that would be nothing if every second sample were taken."""
    for number in range(77):
        frame = stand_in(tone(tone_hz(number))[np.newaxis], size)
        assert frame.shape == (1, size)
        heard = g711.a_law_decode(frame[:, stood_for(size)]).astype(float)
        assert heard.shape == (1, 160)
        assert np.mean(heard**2) == pytest.approx(3000**2 / 2, rel=0.05), tone_hz(number)
    quiet = stand_in(np.zeros((1, 160), np.int16), size)[:, stood_for(size)]
    assert np.abs(g711.a_law_decode(quiet)).max() <= 8


@pytest.mark.parametrize("encoding_id", FRAMES)
def test_each_hears_the_others_and_not_itself(encoding_id: str) -> None:
    bank = bank_of(encoding_id, 3)
    for row in (0, 1):
        say(bank, row, encoding_id, list(range(40)), 300)
    for tick in range(1, 40):
        heard = bank.mix(tick)
    size = FRAMES[encoding_id][0]
    loud = g711.a_law_decode(heard[:, :size]).astype(float)
    power = np.mean(loud**2, axis=1)
    one = 3000**2 / 2
    assert bank.power == pytest.approx([one, one, 0], rel=0.05, abs=100)
    # two bridges with one tone in step: twice the amplitude
    assert power == pytest.approx([one, one, 4 * one], rel=0.1)
    assert counts(bank, 0) == counts(bank, 1) == {}
