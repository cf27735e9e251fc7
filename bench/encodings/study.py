"""How x264 spends a call's rate, and how near the model of `giaoban.traffic.sources.video_model`
comes.

Some calls of profiles.toml, of each size of picture, are encoded in baseline and high profile.
The model is fitted to all encodings together, and then drawn at each one's settings.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.encodings import clips as encodings_clips
from bench.encodings import fit as encodings_fit
from bench.encodings.clips import FPS, KEYS_S, Encoding, Setting
from bench.encodings.fit import SceneChange, Slides
from bench.harness import Say, Target, table
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.recorded.encoder_fit import (
    LAGS,
    WINDOWS,
    Series,
    Statistics,
    likeness,
    motion,
    payback_frames,
    statistics,
)
from giaoban.traffic.sources.video_model import FrameSource, VideoModel

CALLS = {
    "cif30-128k": (352, 288),
    "sd30-512k": (704, 576),
    "720p30-1m": (1280, 720),
    "720p30-2m": (1280, 720),
    "1080p30-4m": (1920, 1080),
}
VBV_S = 0.5
CONTENT = Setting(1280, 720, encodings_clips.CONTENT_FPS, 1000, "high", 1.0)
NOTE = """\
Sizes are in mean frames. Settled predicted frames are those no key frame came within a second
before. "KS" is the largest gap between the distribution functions of settled frames, encoded and
drawn. The clips are Carphone, scaled up with a camera's noise (head), and two small heads in a room
that stands still (room); scaling leaves less detail than a camera would, so a real call's
key frames may be larger against its predicted ones. Slides are drawn text and a photograph.
"""


@dataclass(frozen=True)
class EncodingComparison:
    """A clip at a setting: encoded, and drawn from the model; `distance` is KS of sizes."""

    clip: str
    size: str
    kbps: float
    profile: str
    encoded: Statistics
    drawn: Statistics
    distance: float


@dataclass(frozen=True)
class Fit:
    """The model's constants by this study; of profiles.toml's `[encoder]`."""

    key_ratio: float
    size_sigma: float
    motion_share: float
    motion_persistence: float
    payback_s: float
    vbv_s: float
    scene_ratio: float
    scene_raise: float
    scene_settle_s: float


@dataclass(frozen=True)
class Encodings:
    """The study. `scene_keys`: key frames x264 sends a scene change where it may (scenecut)."""

    fit: Fit
    compared: list[EncodingComparison]
    scenes: SceneChange
    drawn_scenes: SceneChange
    scene_keys: float
    slides: Slides

    def targets(self) -> list[Target]:
        """None: it fits constants."""
        return []

    def to_json(self) -> dict[str, Any]:
        """`encodings`."""
        return {"encodings": asdict(self)}

    def show(self, console: Console) -> None:
        """Encoded beside drawn, and the constants."""
        console.print(_compared(self))
        console.print(NOTE, highlight=False)
        console.print(_constants(self))


def _compared(study: Encodings) -> Table:
    rows = table(
        "x264 in a conferencing setting, and the model fitted to all of it",
        "<clip | size, kb/s | profile |  | mean | σ of log | key | KS | "
        f"correlation at {LAGS[0]}, {LAGS[1]}, {LAGS[3]}, {LAGS[5]} | "
        f"dispersion over {', '.join(map(str, WINDOWS))} | peak 0.1 s, 1 s",
    )
    for row in study.compared:
        where = (row.clip, row.size, row.profile)
        rows.add_row(*where, "x264", *_figures(row.encoded, ""))
        rows.add_row("", "", "", "model", *_figures(row.drawn, f"{row.distance:.2f}"))
    return rows


def _figures(figures: Statistics, distance: str) -> tuple[str, ...]:
    lags = [figures.correlation[n] for n in (0, 1, 3, 5)]
    return (
        f"{figures.mean:.3f}",
        f"{figures.sigma:.2f}",
        f"{figures.key_ratio:.1f}",
        distance,
        " ".join(f"{value:.2f}" for value in lags),
        " ".join(f"{value:.2f}" for value in figures.dispersion),
        " ".join(f"{value:.2f}" for value in figures.peak),
    )


def _constants(study: Encodings) -> Table:
    rows = table("Constants of profiles.toml by this study", "<constant | value | <what")
    for name, value in asdict(study.fit).items():
        rows.add_row(name, f"{value:.2f}", "\\[encoder]")
    encoded, drawn = study.scenes, study.drawn_scenes
    for what, one in (("x264", encoded), ("model", drawn)):
        after = f"{one.raised:+.2f} over {one.settle / FPS:.2f} s"
        rows.add_row("scene change", f"{one.ratio:.2f}", f"{what}; frames after it {after}")
    rows.add_row("scene keys", f"{study.scene_keys:.2f}", "key frames a change if x264 may")
    of = f"\\[content], slides at {CONTENT.fps} frames/s, {CONTENT.kbps:g} kb/s"
    slides = study.slides
    rows.add_row("picture_bytes", f"{slides.picture_bytes:.0f}", of)
    rows.add_row("picture_sigma", f"{slides.picture_sigma:.2f}", of)
    rows.add_row("refine_ratio", f"{slides.refine_ratio:.2f}", of)
    rows.add_row("refine_s", f"{slides.refine_frames / CONTENT.fps:.2f}", of)
    rows.add_row("idle_bytes", f"{slides.idle_bytes:.0f}", of)
    return rows


def settings() -> dict[str, Setting]:
    """By resolution and rate: the calls that are encoded. Raises `InputError`: one is unknown."""
    profiles = load_profiles()
    found: dict[str, Setting] = {}
    for call, (width, height) in CALLS.items():
        profile = profiles.pick(call)
        name = f"{profile.resolution} {profile.video_kbps:g}"
        found[name] = Setting(width, height, FPS, profile.video_kbps, "high", VBV_S)
    return found


def measure(folder: Path, say: Say) -> Encodings:
    """Fetch the clips, encode, fit, compare: some minutes.

    Raises:
        MachineLacks: no ffmpeg, or the clips cannot be fetched.
        InvalidRun: an encoding failed.
    """
    clips = encodings_clips.fetch(folder)
    plain: list[tuple[str, Encoding]] = []
    cut: list[Encoding] = []
    keys = changes = 0
    for size, setting in settings().items():
        for profile in ("baseline", "high"):
            say(f"x264, {size} kb/s, {profile} profile")
            at = _with(setting, profile=profile)
            plain += [(size, encodings_clips.encode(clip, at, clips)) for clip in ("head", "room")]
            cut.append(encodings_clips.encode("cuts", at, clips))
            free = encodings_clips.encode("cuts", _with(at, scenecut=True), clips)
            keys += int(free.key[list(free.cuts)].sum())
            changes += len(free.cuts)
    shared = encodings_clips.encode("slides", CONTENT, clips)
    scenes = encodings_fit.scene_change((_relative(one), one.cuts) for one in cut)
    fit = fit_to([one for _, one in plain], scenes)
    return Encodings(
        fit=fit,
        compared=[compare(size, one, fit) for size, one in plain],
        scenes=scenes,
        drawn_scenes=_drawn_scenes(cut[0].setting, fit),
        scene_keys=keys / changes,
        slides=encodings_fit.slides(
            shared.size, shared.cuts, encodings_clips.SLIDE_S * encodings_clips.CONTENT_FPS
        ),
    )


def fit_to(encodings: list[Encoding], scenes: SceneChange) -> Fit:
    """The model's constants: moments over all encodings, each of the same weight."""
    found = [statistics(_relative(one), one.key) for one in encodings]
    share, persistence = motion(each.correlation for each in found)
    payback = payback_frames((_relative(one), one.key) for one in encodings)
    assert payback is not None
    return Fit(
        key_ratio=float(np.mean([each.key_ratio for each in found])),
        size_sigma=float(np.sqrt(np.mean([each.sigma**2 for each in found]))),
        motion_share=share,
        motion_persistence=persistence,
        payback_s=payback / FPS,
        vbv_s=VBV_S,
        scene_ratio=scenes.ratio,
        # what rate control takes back for the scene change itself is no part of the raise
        scene_raise=scenes.raised + (scenes.ratio - 1) / payback,
        scene_settle_s=scenes.settle / FPS,
    )


def compare(size: str, encoding: Encoding, fit: Fit) -> EncodingComparison:
    """One encoding beside calls drawn from the model with key frames at the same times.

    A drawn figure is the mean over the calls.
    """
    setting, relative = encoding.setting, _relative(encoding)
    keys = [second * FPS for second in KEYS_S]
    near = likeness(_model(setting, fit), relative, encoding.key, keys)
    return EncodingComparison(
        clip=encoding.clip,
        size=size,
        kbps=setting.kbps,
        profile=setting.profile,
        encoded=statistics(relative, encoding.key),
        drawn=near.drawn,
        distance=near.distance,
    )


def _drawn_scenes(setting: Setting, fit: Fit) -> SceneChange:
    """Scene changes of an hour's call; large predicted frames tell where they are."""
    # so few that they do not meet, and without deviation, so that they are found by their size
    changes = {"scene_changes_per_min": 4.0, "size_sigma": 0.0}
    model = _model(setting, fit).model_copy(update=changes)
    size = FrameSource(model, np.random.default_rng(1)).take(3600 * FPS).size / model.share
    at = np.flatnonzero(size > (1 + fit.scene_ratio) / 2)
    apart = np.diff(at, prepend=-90, append=len(size))
    alone = at[(apart[:-1] > 90) & (apart[1:] > 90)][1:]
    return encodings_fit.scene_change([(size, alone.tolist())])


def _model(setting: Setting, fit: Fit) -> VideoModel:
    return VideoModel(
        kbps=setting.kbps,
        fps=setting.fps,
        key_interval_s=3600,
        spread=0.5,
        max_payload=1200,
        **asdict(fit),
    )


def _relative(encoding: Encoding) -> Series:
    return encoding.size / (encoding.setting.kbps * 125 / encoding.setting.fps)


def _with(setting: Setting, **changes: Any) -> Setting:
    return Setting(**asdict(setting) | changes)
