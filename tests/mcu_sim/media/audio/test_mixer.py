"""N−1 mixing, and the two rates of sampling in one meeting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from giaoban.mcu_sim.media.audio.mixer import Mixer, Resampler
from tests.mcu_sim.audio_factory import sine, tone_and_rest

FRAMES = hnp.arrays(np.int16, st.tuples(st.integers(1, 8), st.just(20)))
NO_CALL, NOT_HEARD = np.empty((0, 40), np.int16), np.empty(0, np.bool_)


@given(FRAMES, st.data())
def test_each_hears_the_saturated_sum_of_the_active_others(
    frames: np.ndarray, data: st.DataObject
) -> None:
    active = data.draw(hnp.arrays(np.bool_, len(frames)))
    out, _ = Mixer().mix(frames, NO_CALL, active, NOT_HEARD)
    own = frames.astype(int) * active[:, np.newaxis]
    assert (out.shape, out.dtype) == (frames.shape, np.int16)
    np.testing.assert_array_equal(out, np.clip(own.sum(axis=0) - own, -32768, 32767))


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32))
def test_each_bus_hears_the_others_sum_resampled(n: int, w: int, seed: int) -> None:
    """Frame by frame as in one go, with some calls muted."""
    rng = np.random.default_rng(seed)
    narrow = rng.integers(-9000, 9000, (n, 3 * 160)).astype(np.int16)
    wide = rng.integers(-9000, 9000, (w, 3 * 320)).astype(np.int16)
    heard_n, heard_w = rng.random(n) < 0.7, rng.random(w) < 0.7
    mixer = Mixer()
    parts = [
        mixer.mix(narrow[:, 160 * k :][:, :160], wide[:, 320 * k :][:, :320], heard_n, heard_w)
        for k in range(3)
    ]
    out_n, out_w = (np.concatenate([part[i] for part in parts], axis=1) for i in (0, 1))
    own_n = narrow.astype(float) * heard_n[:, np.newaxis]
    own_w = wide.astype(float) * heard_w[:, np.newaxis]
    expected_n = own_n.sum(axis=0) - own_n + Resampler().down(own_w.sum(axis=0))
    expected_w = own_w.sum(axis=0) - own_w + Resampler().up(own_n.sum(axis=0))
    np.testing.assert_allclose(out_n, np.clip(expected_n, -32768, 32767), atol=1)
    np.testing.assert_allclose(out_w, np.clip(expected_w, -32768, 32767), atol=1)


def db(ratio: float) -> float:
    return float(20 * np.log10(max(ratio, 1e-9)))


@pytest.mark.parametrize("hz", [300, 3400])
def test_up_keeps_the_tone_and_makes_no_image(hz: int) -> None:
    out = Resampler().up(sine(hz, 8000, 8000).astype(float))[100:]
    amplitude, _ = tone_and_rest(out, hz, 16_000)
    image, _ = tone_and_rest(out, 8000 - hz, 16_000)
    assert abs(db(amplitude / 8000)) < 0.1
    assert db(image / amplitude) < -55


@pytest.mark.parametrize("hz", [4600, 7700])
def test_down_folds_no_tone_back(hz: int) -> None:
    out = Resampler().down(sine(hz, 16_000, 16_000).astype(float))[100:]
    assert db(tone_and_rest(out, 8000 - hz, 8000)[0] / 8000) < -55
