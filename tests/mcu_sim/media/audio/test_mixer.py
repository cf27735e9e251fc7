"""N−1 mixing: nobody hears itself, everybody hears the rest, loud sums saturate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from giaoban.mcu_sim.media.audio.mixer import (
    DELAY_SAMPLES,
    GAIN_LIMIT,
    MAX_CALLS,
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


def test_more_calls_than_a_sum_has_room_for_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 16384"):
        mix_minus_one(np.zeros((16_385, 1), np.int16))


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


def test_calls_of_one_kind_are_mixed_as_ever_and_nothing_is_left_of_the_other() -> None:
    mixer = TwoBusMixer()
    rng = np.random.default_rng(5)
    narrow = rng.integers(-9000, 9000, (3, 160)).astype(np.int16)
    wide = rng.integers(-9000, 9000, (2, 320)).astype(np.int16)
    first = mixer.mix(narrow, wide)
    for alone in (narrow, wide):
        pair = (alone, wide[:0]) if alone is narrow else (narrow[:0], alone)
        out = mixer.mix(*pair)
        np.testing.assert_array_equal(out[alone is wide], mix_minus_one(alone))
        assert len(out[alone is narrow]) == 0
    # both kinds again: nothing of before is heard
    for got, expected in zip(mixer.mix(narrow, wide), first, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_full_house_at_full_scale_does_not_wrap() -> None:
    mixer = TwoBusMixer()
    narrow = np.full((MAX_CALLS, 80), -32768, np.int16)
    wide = np.full((MAX_CALLS, 160), -32768, np.int16)
    outs = [mixer.mix(narrow, wide) for _ in range(2)]
    assert (outs[1][0] == -32768).all()
    assert (outs[1][1] == -32768).all()


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
