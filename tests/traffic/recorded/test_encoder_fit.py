"""Figures of an encoder fitted to recordings of pictures that a model with known ones has drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from giaoban.clock import SECOND_NS
from giaoban.errors import InputError
from giaoban.traffic.h264 import FU_HEADER_BYTES, FU_INDICATOR
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.recorded.encoder_fit import fit_encoder
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.sources.video_model import CLOCK_HZ, FrameSource, VideoModel, packetise

USUAL = load_profiles().encoder
SECONDS = 120


def model(**figures: float) -> VideoModel:
    """An encoder without scene changes, whose key frames come every six seconds."""
    usual = {
        "kbps": 1500.0,
        "fps": 30,
        "vbv_s": 2.0,
        "spread": 0.25,
        "max_payload": 900,
        "key_ratio": 3.0,
        "key_interval_s": 6.0,
        "size_sigma": 0.3,
        "motion_share": 0.5,
        "motion_persistence": 0.8,
        "payback_s": 1.0,
    }
    return VideoModel.model_validate(usual | figures)


def recorded(of: VideoModel, seconds: int = SECONDS, seed: int = 5) -> Recording:
    """What such an encoder sends."""
    frames = FrameSource(of, np.random.default_rng(seed)).take(seconds * of.fps)
    packets = packetise(frames, of)
    payloads = [
        bytes([FU_INDICATOR, header]) + bytes(size - FU_HEADER_BYTES)
        for header, size in zip(packets.fu_header.tolist(), packets.size.tolist(), strict=True)
    ]
    taken_ns = packets.frame * SECOND_NS // of.fps
    return Recording(
        payload=np.frombuffer(b"".join(payloads), np.uint8),
        offset=np.cumsum([0, *map(len, payloads)]),
        due_ns=taken_ns + (packets.offset * SECOND_NS / of.fps).astype(np.int64),
        capture_ns=taken_ns,
        timestamp=packets.frame * CLOCK_HZ // of.fps,
        marker=packets.marker,
        key=frames.key[packets.frame],
        clock_hz=CLOCK_HZ,
        length_ns=seconds * SECOND_NS,
        length_ticks=seconds * CLOCK_HZ,
    )


@pytest.mark.parametrize(
    "figures",
    [
        {},
        {"key_ratio": 6.0, "size_sigma": 0.12, "motion_share": 0.8, "motion_persistence": 0.9},
        {"spread": 0.9, "max_payload": 1200, "kbps": 4000.0, "key_interval_s": 10.0},
        {"kbps": 400.0, "fps": 15, "key_ratio": 4.0},
    ],
)
def test_the_figures_of_what_was_drawn_are_found_again(figures: dict[str, float]) -> None:
    of = model(**figures)
    fit = fit_encoder(recorded(of), USUAL, "film", timed=True)
    assert fit.kbps == pytest.approx(of.kbps, rel=0.03)
    assert fit.fps == pytest.approx(of.fps)
    assert fit.frames == SECONDS * of.fps
    for name, off in (
        ("key_ratio", 0.2 * of.key_ratio),
        ("size_sigma", 0.12 * of.size_sigma),
        ("motion_share", 0.2),
        ("motion_persistence", 0.1),
        ("key_interval_s", 0.01),
        ("spread", 0.03),
        ("max_payload", 1),
    ):
        assert fit.figures[name] == pytest.approx(getattr(of, name), abs=off), name


def test_a_fitted_model_is_nearer_than_the_programs_own() -> None:
    """By the distance that is told; and its own figures are as near as chance lets them be."""
    fit = fit_encoder(recorded(model()), USUAL, "film", timed=True)
    assert fit.fitted.distance < 0.05
    assert fit.usual.distance > 2 * fit.fitted.distance
    assert fit.fitted.drawn.sigma == pytest.approx(fit.recorded.sigma, rel=0.05)
    assert fit.fitted.drawn.key_ratio == pytest.approx(fit.recorded.key_ratio, rel=0.05)


def test_what_a_byte_stream_does_not_tell_stays_as_it_was() -> None:
    fit = fit_encoder(recorded(model()), USUAL, "film", timed=False)
    assert fit.kept == {
        name: getattr(USUAL, name)
        for name in (
            *("vbv_s", "scene_changes_per_min", "scene_ratio", "scene_raise", "scene_settle_s"),
            *("spread", "max_payload"),
        )
    }


def test_key_frames_that_were_asked_for_tell_no_interval() -> None:
    what = recorded(model(key_interval_s=3600.0))
    frame = what.timestamp * 30 // CLOCK_HZ
    asked = np.isin(frame, [0, 100, 700, 1500])
    fit = fit_encoder(replace(what, key=asked), USUAL, "film", timed=True)
    assert fit.key_frames == 4
    assert fit.kept["key_interval_s"] == USUAL.key_interval_s


@pytest.mark.parametrize(
    ("of", "seconds", "said"),
    [
        (model(), 19, "film: lasts 19.0 s (allowed: 20 s or more)"),
        (model(key_interval_s=3600.0), 30, "film: has a key frame at its beginning alone"),
        (model(key_interval_s=0.5, key_ratio=2.0), 30, "film: has a key frame nearly every second"),
    ],
)
def test_what_tells_too_little_is_refused(of: VideoModel, seconds: int, said: str) -> None:
    with pytest.raises(InputError, match="film") as refused:
        fit_encoder(recorded(of, seconds), USUAL, "film", timed=True)
    assert str(refused.value).startswith(said)


def test_pictures_that_refer_to_later_ones_are_refused() -> None:
    what = recorded(model(), 30)
    swapped = what.timestamp.copy()
    third, fourth = swapped == 3 * 3000, swapped == 4 * 3000
    swapped[third], swapped[fourth] = 4 * 3000, 3 * 3000
    with pytest.raises(InputError, match="pictures that refer to later ones"):
        fit_encoder(replace(what, timestamp=swapped), USUAL, "film", timed=True)
