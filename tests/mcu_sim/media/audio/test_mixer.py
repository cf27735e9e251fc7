"""N−1 mixing: nobody hears itself, everybody hears the rest, loud sums saturate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from giaoban.mcu_sim.media.audio.mixer import (
    GAIN_LIMIT,
    Downsampler,
    TwoBusMixer,
    Upsampler,
    mix_minus_one,
)
from tests.mcu_sim.audio_factory import sine, tone_and_rest

FRAMES = hnp.arrays(np.int16, st.tuples(st.integers(0, 8), st.integers(0, 20)))


@given(FRAMES, st.data())
def test_each_hears_the_saturated_sum_of_the_active_others(
    frames: np.ndarray, data: st.DataObject
) -> None:
    active = data.draw(hnp.arrays(np.bool_, len(frames)))
    out = mix_minus_one(frames, active)
    assert (out.shape, out.dtype) == (frames.shape, np.int16)
    for me in range(len(frames)):
        for sample in range(frames.shape[1]):
            others = sum(
                int(frames[you, sample]) for you in range(len(frames)) if you != me and active[you]
            )
            assert out[me, sample] == max(-32768, min(32767, others))


def test_a_muted_call_hears_but_is_not_heard_and_its_frame_is_untouched() -> None:
    frames = np.full((3, 4), 100, np.int16)
    out = mix_minus_one(frames, np.array([True, False, True]))
    assert out[:, 0].tolist() == [100, 200, 100]
    assert (frames == 100).all()


def test_full_scale_does_not_wrap() -> None:
    loud = np.full((71, 160), 32767, np.int16)
    assert (mix_minus_one(loud) == 32767).all()
    assert (mix_minus_one(-loud) == -32768).all()


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32))
def test_each_bus_hears_the_others_sum_resampled(n: int, w: int, seed: int) -> None:
    """Frame by frame as in one go, with some calls muted."""
    rng = np.random.default_rng(seed)
    narrow = rng.integers(-9000, 9000, (n, 3 * 160)).astype(np.int16)
    wide = rng.integers(-9000, 9000, (w, 3 * 320)).astype(np.int16)
    heard_n, heard_w = rng.random(n) < 0.7, rng.random(w) < 0.7
    mixer = TwoBusMixer()
    parts = [
        mixer.mix(narrow[:, 160 * k :][:, :160], wide[:, 320 * k :][:, :320], heard_n, heard_w)
        for k in range(3)
    ]
    out_n, out_w = (np.concatenate([part[i] for part in parts], axis=1) for i in (0, 1))
    own_n = narrow.astype(int) * heard_n[:, np.newaxis]
    own_w = wide.astype(int) * heard_w[:, np.newaxis]
    expected_n = own_n.sum(axis=0) - own_n + Downsampler().process(own_w.sum(axis=0))
    expected_w = own_w.sum(axis=0) - own_w + Upsampler().process(own_n.sum(axis=0))
    np.testing.assert_array_equal(out_n, np.clip(expected_n, -32768, 32767))
    np.testing.assert_array_equal(out_w, np.clip(expected_w, -32768, 32767))


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


@pytest.mark.parametrize("hz", [4600, 5000, 6000, 7000, 7700])
def test_down_folds_nothing_back(hz: int) -> None:
    out = Downsampler().process(sine(hz, 16_000, 16_000))[SETTLED:]
    assert db(tone_and_rest(out, 8000 - hz, 8000)[0] / 8000) < -55
    assert np.abs(out).max() <= 8000 * 10 ** (-55 / 20) + 1


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


def test_the_worst_input_does_not_overflow() -> None:
    """Every tap meets a full-scale sample of its sign."""
    click = np.zeros(80, np.int64)
    click[0] = 1 << 20
    taps = Upsampler().process(click)[: 2 * 40 : 2]
    worst = np.where(taps[::-1] < 0, -1, 1) * 2**29
    out = int(Upsampler().process(worst)[2 * 39])
    assert 2 * 2**29 < out < GAIN_LIMIT * 2**29 < 2**31
