"""Resampling between 8 and 16 kHz: what passes, what must not, and streams in pieces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.media.audio.mixer import DELAY_SAMPLES, GAIN_LIMIT, Downsampler, Upsampler
from tests.mcu_sim.audio_factory import sine, tone_and_rest

SETTLED = 100  # samples


def db(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-9)))


@pytest.mark.parametrize("hz", [300, 1000, 2000, 3400])
def test_up_keeps_the_tone_and_makes_no_image(hz: int) -> None:
    out = Upsampler().process(sine(hz, 8000, 8000))[SETTLED:]
    amplitude, _ = tone_and_rest(out, hz, 16_000)
    image, _ = tone_and_rest(out, 8000 - hz, 16_000)
    assert abs(db(amplitude / 8000)) < 0.1
    assert db(image / amplitude) < -55


@pytest.mark.parametrize("hz", [300, 1000, 2000, 3400])
def test_down_keeps_the_tone(hz: int) -> None:
    out = Downsampler().process(sine(hz, 16_000, 16_000))[SETTLED:]
    assert abs(db(tone_and_rest(out, hz, 8000)[0] / 8000)) < 0.1


@pytest.mark.parametrize("hz", [4600, 5000, 6000, 7000, 7700])
def test_down_folds_nothing_back(hz: int) -> None:
    out = Downsampler().process(sine(hz, 16_000, 16_000))[SETTLED:]
    assert db(tone_and_rest(out, 8000 - hz, 8000)[0] / 8000) < -55
    assert np.abs(out).max() <= 8000 * 10 ** (-55 / 20) + 1


def test_a_constant_passes_unchanged() -> None:
    assert set(Upsampler().process(np.full(200, 1234))[2 * SETTLED :].tolist()) == {1234}
    assert set(Downsampler().process(np.full(400, -777))[SETTLED:].tolist()) == {-777}


def test_delay_is_as_stated() -> None:
    click = np.zeros(100, np.int32)
    click[10] = 10_000
    up = Upsampler().process(click)
    assert int(np.argmax(up)) == 2 * 10 + DELAY_SAMPLES
    # symmetric about it: linear phase
    around = up[20 : 20 + 2 * DELAY_SAMPLES + 1]
    np.testing.assert_array_equal(around, around[::-1])
    click = np.zeros(200, np.int32)
    click[21] = 10_000
    assert int(np.argmax(Downsampler().process(click))) == (21 + DELAY_SAMPLES) // 2


SOUND = st.lists(st.integers(-(2**29), 2**29), max_size=60)
CUTS = st.lists(st.integers(0, 40), max_size=6)


@given(st.integers(0, 2**32), CUTS)
def test_a_stream_in_pieces_is_the_stream(seed: int, sizes: list[int]) -> None:
    """Of any sizes, also none and shorter than the filter."""
    sound = np.random.default_rng(seed).integers(-(2**29), 2**29, 2 * sum(sizes))
    ends = np.cumsum(sizes)[:-1] if sizes else np.array([], int)
    up = Upsampler()
    parts = [up.process(part) for part in np.split(sound[::2], ends)]
    np.testing.assert_array_equal(np.concatenate(parts), Upsampler().process(sound[::2]))
    down = Downsampler()
    parts = [down.process(part) for part in np.split(sound, 2 * ends)]
    np.testing.assert_array_equal(np.concatenate(parts), Downsampler().process(sound))


@given(SOUND)
def test_output_stays_within_the_gain_limit(sound: list[int]) -> None:
    samples = np.array(sound + [0] * (len(sound) % 2) + [0] * 80, np.int64)
    most = GAIN_LIMIT * max(map(abs, sound), default=0)
    for out in (Upsampler().process(samples), Downsampler().process(samples)):
        assert out.dtype == np.int32
        assert np.abs(out.astype(np.int64)).max(initial=0) <= most


def test_the_worst_input_does_not_overflow() -> None:
    """Every tap meets a full-scale sample of its sign."""
    click = np.zeros(80, np.int64)
    click[0] = 1 << 20
    taps = Upsampler().process(click)[: 2 * 40 : 2]
    worst = np.where(taps[::-1] < 0, -1, 1) * 2**29
    out = int(Upsampler().process(worst)[2 * 39])
    assert 2 * 2**29 < out < GAIN_LIMIT * 2**29 < 2**31


def test_an_odd_number_cannot_be_halved() -> None:
    with pytest.raises(ValueError, match="halved"):
        Downsampler().process(np.zeros(3, np.int32))
