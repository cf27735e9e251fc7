"""Shared slides: a burst at each change, next to nothing between, never above the rate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giaoban.traffic.sources.content import ContentModel, ContentSource
from tests.laws import examples

FPS = 5


def model(**changes: Any) -> ContentModel:
    figures: dict[str, Any] = {
        "kbps": 512.0,
        "fps": FPS,
        "vbv_s": 1.0,
        "spread": 0.5,
        "max_payload": 1200,
        "picture_bytes": 40_000.0,
        "picture_sigma": 0.3,
        "refine_ratio": 1.5,
        "refine_s": 1.0,
        "idle_bytes": 300.0,
        "slide_interval_s": 60.0,
        "slide_least_s": 5.0,
    }
    return ContentModel(**figures | changes)


def source(model: ContentModel, seed: int = 1) -> ContentSource:
    return ContentSource(model, np.random.default_rng(seed))


def test_a_slide_is_a_picture_sharpened_within_seconds_and_then_silence() -> None:
    one = model(picture_sigma=0.0, slide_least_s=30.0, slide_interval_s=30.0)
    got = source(one).take(30 * FPS * 3)
    for start in (0, 150, 300):
        slide = got.size[start : start + 150]
        assert slide[0] == 40_000
        assert slide[1:].sum() == pytest.approx(60_000 + 149 * 300, abs=149 * 300)
        # after five time constants less than 1 % is left
        assert slide[26:].max() <= max(300, 0.01 * 60_000)
        assert np.all(np.diff(slide[1:].astype(float)) <= 1)
        assert slide[-1] == 300
    assert np.flatnonzero(got.key).tolist() == [0]


def test_restless_slides_come_at_the_rate_and_no_faster() -> None:
    restless = model(slide_interval_s=2.0, slide_least_s=1.0, kbps=256.0)
    got = source(restless).take(FPS * 1200)
    kbps = got.size.mean() * 8 * FPS / 1000
    assert 0.9 * 256 < kbps <= 256 * 1.01


def test_a_request_makes_the_next_frame_a_key_frame_of_the_standing_slide() -> None:
    one = source(model(picture_sigma=0.0, slide_least_s=60.0, slide_interval_s=60.0))
    before = one.take(100)
    one.request_key()
    after = one.take(50)
    assert np.flatnonzero(before.key).tolist() == [0]
    assert after.index[after.key].tolist() == [100]
    assert before.size[-1] == 300
    assert after.size[0] == 40_000
    assert after.size[-1] == 300


@pytest.mark.parametrize("cut", [1, 7, 299])
def test_frames_do_not_depend_on_the_cut_into_windows(cut: int) -> None:
    whole = source(model()).take(600)
    one = source(model())
    parts = [one.take(min(cut, 600 - at)) for at in range(0, 600, cut)]
    for name in ("index", "size", "key"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tolist() == getattr(whole, name).tolist()
    assert source(model(), seed=2).take(600).size.tolist() != whole.size.tolist()


@settings(max_examples=examples(60), deadline=None)
@given(
    kbps=st.floats(32, 20_000),
    picture=st.floats(100, 1e6),
    sigma=st.floats(0, 2),
    idle=st.floats(0, 3000),
    seed=st.integers(0, 2**32 - 1),
    data=st.data(),
)
def test_no_draw_exceeds_the_bound(
    kbps: float, picture: float, sigma: float, idle: float, seed: int, data: st.DataObject
) -> None:
    wild = model(
        kbps=kbps,
        picture_bytes=picture,
        picture_sigma=sigma,
        idle_bytes=idle,
        slide_interval_s=3.0,
        slide_least_s=0.5,
    )
    one = source(wild, seed)
    sizes: list[int] = []
    for _ in range(20):
        if data.draw(st.booleans()):
            one.request_key()
        sizes += one.take(5).size.tolist()
    for window in (1, 5, 50):
        assert np.convolve(sizes, np.ones(window), "valid").max() <= wild.most_bytes(window)
