"""All calls' audio as arrays: who hears whom, in which codec, muted, how loud."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.audio.bank import AudioBank, AudioOut
from giaoban.mcu_sim.media.audio.codec import G722Call, codec_named
from giaoban.traffic import rtp
from giaoban.traffic.sources.tone import tone_hz
from tests.mcu_sim.audio_factory import (
    ORIGIN_NS,
    PLAYOUT_MS,
    bank_of,
    counts,
    deliver,
    heard_at,
    packet,
    say,
    silent,
    sine,
    stream,
    tone_and_rest,
)


@pytest.mark.parametrize("calls", [2, 3, 10])
def test_each_hears_all_the_others_but_itself(calls: int) -> None:
    bank = bank_of(calls)
    for row in range(calls):
        say(bank, row, list(range(50)), [3 + 20 * n for n in range(50)])
    # played from the first tick after arrival and playout delay
    mixes = np.array([bank.mix(tick) for tick in range(3, 50)])
    for listener in range(calls):
        sound = g711.a_law_decode(mixes[:, listener].reshape(-1))
        for speaker in range(calls):
            expected = 0.0 if speaker == listener else 3000.0
            # quantisation noise of the sum
            found, _ = tone_and_rest(sound, tone_hz(speaker), 8000)
            assert found == pytest.approx(expected, abs=100)
    assert bank.jitter.late.sum() == 0


@pytest.fixture
def bank() -> AudioBank:
    return bank_of(2)


def test_muted_calls_hear_but_are_not_heard_and_their_power_is_known() -> None:
    bank = AudioBank(3, ORIGIN_NS, PLAYOUT_MS)
    bank.open(0)
    bank.open(1, heard=False)
    bank.open(2)
    for row in (0, 1):
        say(bank, row, list(range(10)), [20.0 * n for n in range(10)])
    mix = bank.mix(4)
    assert not silent(mix[1])
    np.testing.assert_array_equal(mix[1], mix[2])
    assert silent(mix[0])
    assert bank.power[:2] == pytest.approx(3000**2 / 2, rel=0.02)
    assert bank.power[2] == 0
    bank.set_heard(1, True)
    mix = bank.mix(5)
    assert not silent(mix[0])
    bank.close(1)
    assert bank.power[1] == 0
    bank.set_heard(0, False)
    assert silent(bank.mix(6)[1])


DECODE = {"PCMA": g711.a_law_decode, "PCMU": g711.mu_law_decode}
ENCODE = {"PCMA": g711.a_law_encode, "PCMU": g711.mu_law_encode}


def meeting(codecs: list[str], hz: list[int], frames: int) -> list[NDArray[np.int16]]:
    """Each call says a tone in its codec; what each hears, decoded."""
    bank = AudioBank(len(codecs), ORIGIN_NS, PLAYOUT_MS)
    for row, (name, f) in enumerate(zip(codecs, hz, strict=True)):
        codec = codec_named(name)
        bank.open(row, name)
        sound = sine(f, codec.sample_hz, frames * codec.frame_samples, 3000)
        octets = G722Call().encode(sound) if codec.wide else ENCODE[name](sound)
        datagrams = [
            packet(octets[160 * n :][:160].tobytes(), n, 160 * n, payload_type=codec.payload_type)
            for n in range(frames)
        ]
        deliver(bank, row, datagrams, [20.0 * n for n in range(frames)])
    mixes = np.array([bank.mix(tick) for tick in range(2, frames + 2)])
    return [
        G722Call().decode(mixes[:, row].reshape(-1))
        if name == "G722"
        else DECODE[name](mixes[:, row].reshape(-1))
        for row, name in enumerate(codecs)
    ]


@pytest.mark.parametrize(
    "codecs",
    [
        ["PCMA", "PCMU", "PCMA", "PCMU"],
        ["G722", "G722", "G722"],
        ["PCMA", "G722", "PCMU", "G722"],
        ["G722", "PCMU"],
    ],
)
def test_all_codecs_hear_each_other(codecs: list[str]) -> None:
    tones = [400, 700, 1100, 1700][: len(codecs)]
    heard = meeting(codecs, tones, 60)
    for listener, name in enumerate(codecs):
        rate = codec_named(name).sample_hz
        sound = heard[listener][rate // 5 :]
        for speaker, hz in enumerate(tones):
            found, _ = tone_and_rest(sound, hz, rate)
            assert found == pytest.approx(0 if speaker == listener else 3000, abs=150)


def test_outgoing_packets_run_on_over_the_wraps_and_a_row_may_begin_anew() -> None:
    out = AudioOut(2)
    rows = np.array([1])
    data = np.zeros((1, 172), np.uint8)
    payload = np.arange(160, dtype=np.uint8)[np.newaxis, :]
    for payload_type, ssrc, sequence, stamp in (
        (8, 0xA0000001, 65_500, 2**32 - 4000),
        (9, 5, 1, 2),
    ):
        ident = rtp.StreamId(payload_type, ssrc, sequence, stamp)
        out.reset(1, rtp.template(ident), sequence, stamp)
        for n in range(100):
            sequences, stamps = out.fill(data, rows, payload)
            head = rtp.parse_headers(data, np.array([172]))
            assert sequences.tolist() == [sequence + n]
            assert head.sequence.tolist() == [(sequence + n) % 2**16]
            assert head.timestamp.tolist() == [(stamp + 160 * n) % 2**32]
            assert stamps.tolist() == [stamp + 160 * n]
            assert head.marker.tolist() == [n == 0]  # RFC 3551 §4.1
            assert head.ssrc.tolist() == [ssrc]
            assert head.payload_type.tolist() == [payload_type]
            assert data[0, 12:].tolist() == list(range(160))


def test_25_late_packets_in_a_row_time_the_call_anew(bank: AudioBank) -> None:
    stream(bank, 0, 10, 0)
    stream(bank, 10, 24, 200 + 50)
    assert counts(bank) == {"late": 24}
    stream(bank, 34, 10, 680 + 50)
    assert counts(bank) == {"late": 25, "resynchronised": 1}
    # 730 + 40 ms: tick 39
    assert heard_at(bank, range(2, 49)) == [*range(2, 12), *range(39, 49)]
