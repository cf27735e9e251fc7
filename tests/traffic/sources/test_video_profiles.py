"""The models that profiles.toml makes: every call keeps to its rate."""

from __future__ import annotations

import numpy as np
import pytest

from giaoban.traffic.profiles import Profile, load_profiles
from giaoban.traffic.sources.content import ContentSource
from giaoban.traffic.sources.video_model import FrameSource

PROFILES = load_profiles()
WITH_CONTENT = [profile for profile in PROFILES.profile if profile.content_kbps is not None]


@pytest.mark.parametrize("profile", PROFILES.profile, ids=lambda profile: profile.id)
def test_every_calls_picture_keeps_to_its_rate_in_the_long_run(profile: Profile) -> None:
    model = PROFILES.video_model(profile)
    size = FrameSource(model, np.random.default_rng(1)).take(profile.fps * 1200).size
    assert size.mean() * 8 * profile.fps / 1000 == pytest.approx(profile.video_kbps, rel=0.01)


@pytest.mark.parametrize("profile", WITH_CONTENT, ids=lambda profile: profile.id)
def test_every_calls_content_stays_below_its_rate_and_bursts(profile: Profile) -> None:
    model = PROFILES.content_model(profile)
    assert (model.kbps, model.fps) == (profile.content_kbps, profile.content_fps)
    size = ContentSource(model, np.random.default_rng(1)).take(model.fps * 3600).size
    assert size.mean() < 0.9 * model.share
    # of sixty slides, one is larger than the median, if the buffer holds so much
    assert size.max() >= min(model.picture_bytes, model.kbps * 125 * model.vbv_s)
    assert np.median(size) < 0.1 * model.share
