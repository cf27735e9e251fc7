"""Frame sizes: distribution, correlation, rate control, key frames, scene changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from giaoban.traffic.sources.video_model import EncodedFrames, FrameSource, VideoModel
from tests.laws import examples

FPS = 30


def model(**changes: Any) -> VideoModel:
    figures: dict[str, Any] = {
        "kbps": 2000.0,
        "fps": FPS,
        "key_ratio": 4.0,
        "key_interval_s": 10.0,
        "size_sigma": 0.2,
        "motion_share": 0.7,
        "motion_persistence": 0.8,
        "vbv_s": 0.5,
        "payback_s": 1.0,
        "scene_changes_per_min": 1.0,
        "scene_ratio": 3.0,
        "scene_raise": 0.3,
        "scene_settle_s": 0.3,
        "spread": 0.5,
        "max_payload": 1200,
    }
    return VideoModel(**figures | changes)


def frames(model: VideoModel, count: int, seed: int = 1) -> EncodedFrames:
    return FrameSource(model, np.random.default_rng(seed)).take(count)


def free(**changes: Any) -> VideoModel:
    """Without key frames after the first, scene changes, or any hand of the rate control."""
    loose = {"key_interval_s": 1e6, "scene_changes_per_min": 0.0, "payback_s": 1e9, "vbv_s": 1e6}
    return model(**loose | changes)


@pytest.mark.parametrize("sigma", [0.1, 0.3])
def test_the_logarithm_of_a_size_has_the_models_deviation_and_is_normal(sigma: float) -> None:
    n = 200_000
    got = frames(free(size_sigma=sigma, motion_share=0.0), n)
    log = np.log(got.size[1:])
    # of n independent normal draws: 4 standard errors of deviation, skewness and kurtosis
    assert log.std() == pytest.approx(sigma, rel=4 / np.sqrt(2 * n))
    normal = (log - log.mean()) / log.std()
    assert abs((normal**3).mean()) < 4 * np.sqrt(6 / n)
    assert abs((normal**4).mean() - 3) < 4 * np.sqrt(24 / n)
    # the mean of the sizes, not of their logarithms, is the share
    assert got.size[1:].mean() == pytest.approx(free().share, rel=4 * sigma / np.sqrt(n))


@pytest.mark.parametrize(("kbps", "fps", "scenes"), [(128.0, 15, 0.0), (6000.0, 60, 2.0)])
def test_the_long_run_mean_is_the_calls_rate(kbps: float, fps: int, scenes: float) -> None:
    """Of calls beyond those of `profiles.toml`, each of which `test_video_profiles` takes."""
    got = frames(model(kbps=kbps, fps=fps, scene_changes_per_min=scenes), fps * 1200)
    assert got.size.mean() * 8 * fps / 1000 == pytest.approx(kbps, rel=0.01)


def test_a_key_frame_is_no_larger_than_the_buffers_room() -> None:
    tight = model(vbv_s=0.1, size_sigma=0.0, scene_changes_per_min=0.0)  # three mean frames
    source = FrameSource(tight, np.random.default_rng(1))
    assert source.take(1).size[0] == pytest.approx(3 * tight.share, abs=1)
    # one upon the other finds an empty buffer: what came in since is all there is
    source.request_key()
    assert source.take(1).size[0] == pytest.approx(tight.share, abs=2)


@pytest.mark.parametrize("cut", [1, 7, 30, 599])
def test_frames_do_not_depend_on_the_cut_into_windows(cut: int) -> None:
    busy = model(scene_changes_per_min=30.0, key_interval_s=3.0)
    whole = frames(busy, 1200)
    source = FrameSource(busy, np.random.default_rng(1))
    parts = [source.take(min(cut, 1200 - at)) for at in range(0, 1200, cut)]
    for name in ("index", "size", "key"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tolist() == getattr(whole, name).tolist()


def test_another_rate_holds_from_the_next_frame_on() -> None:
    source = FrameSource(model(scene_changes_per_min=0.0), np.random.default_rng(5))
    source.take(300)
    source.model = source.model.model_copy(update={"kbps": 500.0})
    source.take(60)  # what was owed at the old rate is paid back
    assert source.take(30 * 600).size.mean() * 8 * FPS / 1000 == pytest.approx(500, rel=0.01)


@settings(max_examples=examples(60), deadline=None)
@given(
    kbps=st.floats(32, 20_000),
    fps=st.sampled_from([1, 5, 30, 120]),
    sigma=st.floats(0, 2),
    key_ratio=st.floats(1, 50),
    vbv_s=st.floats(0.05, 2),
    scenes=st.floats(0, 200),
    seed=st.integers(0, 2**32 - 1),
    lower=st.floats(0.1, 1),
    data=st.data(),
)
def test_no_draw_exceeds_the_bound(
    kbps: float,
    fps: int,
    sigma: float,
    key_ratio: float,
    vbv_s: float,
    scenes: float,
    seed: int,
    lower: float,
    data: st.DataObject,
) -> None:
    wild = model(
        kbps=kbps,
        fps=fps,
        size_sigma=sigma,
        key_ratio=key_ratio,
        vbv_s=vbv_s,
        scene_changes_per_min=scenes,
        scene_ratio=20.0,
    )
    source = FrameSource(wild, np.random.default_rng(seed))
    sizes: list[int] = []
    for number in range(30):
        if data.draw(st.booleans()):
            source.request_key()
        if number == 15:  # a rate that sinks on the way is within the bound of the higher one
            source.model = wild.model_copy(update={"kbps": kbps * lower})
        sizes += source.take(10).size.tolist()
    for window in (1, 3, 30, 300):
        largest = np.convolve(sizes, np.ones(window), "valid").max()
        assert largest <= wild.most_bytes(window)
