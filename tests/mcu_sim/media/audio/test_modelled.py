"""Encodings of which the MCU knows the frames alone: their size, their clock, and who is heard."""

from __future__ import annotations

import numpy as np
import pytest

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.bank import AudioBank, AudioOut
from giaoban.mcu_sim.media.audio.codec import is_mixed, modelled, stand_in, stood_for
from giaoban.traffic import rtp
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.sources.tone import tone, tone_hz
from tests.mcu_sim.audio_factory import LOUD, ORIGIN_NS, PLAYOUT_MS, counts, deliver, packet

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


@pytest.mark.parametrize("encoding_id", ["g711a", "g711u", "g722"])
def test_what_the_mcu_decodes_is_not_modelled(encoding_id: str) -> None:
    assert modelled(ENCODINGS[encoding_id]) is None
    assert modelled(None) is None


def test_what_comes_in_longer_packets_is_not_mixed() -> None:
    assert not is_mixed(ENCODINGS["opus"].model_copy(update={"packet_ms": 60}))
    assert is_mixed(ENCODINGS["g711a"].model_copy(update={"packet_ms": 30}))
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


def test_at_64_kb_a_second_it_is_the_a_law_of_the_sound() -> None:
    assert stand_in(tone(500)[np.newaxis], 160).tobytes() == LOUD


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


@pytest.mark.parametrize("encoding_id", FRAMES)
def test_a_packet_too_late_or_missing_is_concealed_by_the_clock_of_its_codec(
    encoding_id: str,
) -> None:
    bank = bank_of(encoding_id, 2)
    say(bank, 0, encoding_id, [n for n in range(30) if n != 12], 500)
    for tick in range(1, 30):
        bank.mix(tick)
    assert counts(bank) == {"concealed": 1}


def test_a_pause_is_told_by_the_clock_and_the_sequence_numbers() -> None:
    bank = bank_of("opus", 2)
    frame = stand_in(tone(500)[np.newaxis], 80)[0].tobytes()
    stamps = [0, 960, 2880]
    made = [packet(frame, n, stamp, payload_type=111) for n, stamp in enumerate(stamps)]
    deliver(bank, 0, made, [0, 20, 60])
    powers = []
    for tick in range(2, 6):
        bank.mix(tick)
        powers.append(bool(bank.power[0] > 1000))
    assert powers == [True, True, False, True]
    assert counts(bank) == {}


def test_frames_of_another_size_are_odd_and_of_another_type_foreign() -> None:
    bank = bank_of("g722-1c-24", 1)
    sizes = (60, 59, 61, 120, 160, 0)
    deliver(bank, 0, [packet(bytes(s), n, 640 * n, payload_type=113) for n, s in enumerate(sizes)],
            [20.0 * n for n in range(len(sizes))])  # fmt: skip
    deliver(bank, 0, [packet(bytes(160), 9, 0, payload_type=8)], [200.0])
    assert counts(bank) == {"odd": 5, "foreign": 1}


def test_a_frame_is_found_behind_csrcs_an_extension_and_before_padding() -> None:
    bank = bank_of("opus", 2)
    frame = stand_in(tone(500)[np.newaxis], 80)[0].tobytes()
    made = packet(frame, 0, 0, payload_type=111, csrcs=2, extension=bytes(8), padding=4)
    deliver(bank, 0, [made], [0])
    bank.mix(2)
    assert bank.power[0] == pytest.approx(3000**2 / 2, rel=0.05)


def test_beside_calls_that_are_decoded_each_hears_the_others() -> None:
    bank = bank_of("opus", 3)
    bank.open(1, "PCMA")
    bank.open(2, "G722")
    say(bank, 0, "opus", list(range(30)), 300)
    deliver(bank, 1, [packet(LOUD, n, 160 * n) for n in range(30)], [20.0 * n for n in range(30)])
    for tick in range(1, 30):
        heard = bank.mix(tick)
    assert heard.shape == (3, 160)
    at_0 = g711.a_law_decode(heard[0, :80]).astype(float)
    at_1 = g711.a_law_decode(heard[1]).astype(float)
    for samples in (at_0, at_1):
        assert np.mean(samples**2) == pytest.approx(3000**2 / 2, rel=0.05)
    assert len(set(heard[2].tolist())) > 20  # and G.722 hears both


def test_outgoing_packets_run_by_the_codecs_clock() -> None:
    codec = modelled(ENCODINGS["aac-ld"])
    opus = modelled(ENCODINGS["opus"])
    assert codec is not None
    assert opus is not None
    out = AudioOut(3)
    out.carry(0, codec)
    out.carry(1, opus)
    for row in range(3):
        out.reset(row, rtp.template(rtp.StreamId(96, row, 7, 1000)), 7, 1000)
    data, rows = np.zeros((3, 172), np.uint8), np.arange(3)
    stamps = [out.fill(data, rows, np.zeros((3, 160), np.uint8))[1].tolist() for _ in range(2)]
    assert stamps == [[1000, 1000, 1000], [2800, 1960, 1160]]
    assert out.lengths.tolist() == [172, 92, 172]
