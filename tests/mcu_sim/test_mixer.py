"""N−1 mixing: nobody hears itself, everybody hears the rest, loud sums saturate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mcu_sim.mixer import mix_minus_one

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


@given(FRAMES)
def test_own_sound_never_changes_what_one_hears(frames: np.ndarray) -> None:
    if len(frames):
        changed = frames.copy()
        changed[0] = 12_345
        np.testing.assert_array_equal(mix_minus_one(frames)[0], mix_minus_one(changed)[0])


@given(FRAMES, st.randoms(use_true_random=False))
def test_order_of_calls_does_not_matter(frames: np.ndarray, rng: object) -> None:
    order = list(range(len(frames)))
    rng.shuffle(order)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(mix_minus_one(frames[order]), mix_minus_one(frames)[order])


def test_two_calls_swap_and_one_hears_silence() -> None:
    frames = np.array([[1, -2, 3], [40, 50, -60]], np.int16)
    np.testing.assert_array_equal(mix_minus_one(frames), frames[::-1])
    assert not mix_minus_one(frames[:1]).any()


def test_a_muted_call_hears_but_is_not_heard_and_its_frame_is_untouched() -> None:
    frames = np.full((3, 4), 100, np.int16)
    out = mix_minus_one(frames, np.array([True, False, True]))
    assert out[:, 0].tolist() == [100, 200, 100]
    assert (frames == 100).all()


def test_full_scale_does_not_wrap() -> None:
    loud = np.full((71, 160), 32767, np.int16)
    assert (mix_minus_one(loud) == 32767).all()
    assert (mix_minus_one(-loud) == -32768).all()


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="int16"):
        mix_minus_one(np.zeros((2, 2), np.int32))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"\(calls,\)"):
        mix_minus_one(np.zeros((2, 2), np.int16), np.ones(3, np.bool_))
    with pytest.raises(ValueError, match="at most 65535"):
        mix_minus_one(np.zeros((65_536, 1), np.int16))
