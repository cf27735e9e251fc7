"""Scenarios about what is sent and what becomes of it, which tests run once a session."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from scenario_factory import NORTH, scenario

from tests.h264 import pictures_of, write_capture

SEVERAL = """
[[impairment]]
bridge = "west"
kind = "video"
from_s = 2.0
to_s = 8.0
loss = { model = "gilbert-elliott", p = 0.05, r = 0.4, loss_bad = 0.8, loss_good = 0.01 }

[[impairment]]
bridge = "west"
kind = "audio"
from_s = 2.0
to_s = 8.0
corrupt = 0.2

[[impairment]]
bridge = "west"
direction = "down"
kind = "audio"
from_s = 2.0
to_s = 8.0
jitter = { model = "gamma", shape = 2.0, scale_ms = 15.0, reorder = true }

[[impairment]]
bridge = "west"
direction = "down"
kind = "video"
from_s = 3.0
to_s = 6.0
rate = { kbps = 1000.0, buffer_packets = 5 }

[[impairment]]
bridge = "east"
kind = "audio"
from_s = 2.0
to_s = 8.0
duplicate = 0.2

[[impairment]]
bridge = "east"
kind = "video"
from_s = 2.0
to_s = 8.0
loss = { model = "gilbert-elliott", p = 0.1, r = 0.5 }

[[impairment]]
bridge = "east"
direction = "down"
kind = "audio"
from_s = 2.0
to_s = 8.0
jitter = { model = "pareto", shape = 3.0, scale_ms = 10.0 }

[[impairment]]
link = "west--east"
direction = "r-east->r-west"
from_s = 10.0
to_s = 14.0
jitter = { model = "normal", mean_ms = 10.0, sd_ms = 3.0 }

[[impairment]]
link = "access-north"
direction = "up"
from_s = 10.0
to_s = 16.0
corrupt = 0.1

[[impairment]]
link = "access-north"
direction = "down"
from_s = 10.0
to_s = 16.0
duplicate = 0.1

[[impairment]]
link = "access-east"
direction = "up"
from_s = 10.0
to_s = 13.0
rate = { kbps = 1000.0, buffer_packets = 20 }
"""
"""At bridges in seconds 2 to 8, on links from 10 on; north joins at 9 s."""

SLIDES = """
[content]
bridge = "west"
from_s = 5.0
to_s = 20.0
kbps = 512.0
"""
TALK = '[meeting]\nfloor = "open"\nsound = "conversation"\nsilence_suppression = true\n'
CRITERIA = """
[[criterion]]
id = "frozen"
name_en = "Frozen pictures"
name_vi = "Hình ảnh đứng yên"
measure = { on = "stream", metric = "freeze_pct", kind = "video", direction = "down" }
statistic = "p95"
warm_up_s = 1.0
threshold = 1.0
unit = "%"
sense = "at-most"
source_en = "test"
source_vi = "thử"

[[criterion]]
id = "lips"
name_en = "Sound and picture apart"
name_vi = "Lệch tiếng và hình"
measure = { on = "bridge", metric = "lip_sync_up_ms" }
threshold = 0.001
unit = "ms"
sense = "at-most"
source_en = "test"
source_vi = "thử"

[[criterion]]
id = "waiting"
name_en = "Waiting on the backbone"
name_vi = "Chờ trên đường trục"
measure = { on = "link", metric = "queue_p99_ms", links = ["west--east"] }
warm_up_s = 1.0
threshold = 50.0
unit = "ms"
sense = "at-most"
source_en = "test"
source_vi = "thử"
"""
"""One that a run without impairments meets, one that none meets, and one of the queues."""

FILM = '[meeting]\nvideo = "switched"\n[[recording]]\nbridge = "west"\nfile = "film.pcapng"\n'
NAMES = ("several", "slides", "talk", "film")


def words(folder: Path, name: str) -> list[str]:
    """The arguments of `giaoban check` for one of `NAMES`."""
    file = folder / f"{name}.toml"
    how: dict[str, Any]
    match name:
        case "several":
            how = {"phases": (4, 10, 4), "bridges": (NORTH,), "more": SEVERAL}
        case "slides":
            how = {"phases": (4, 14, 6), "bridges": (), "more": SLIDES}
            how |= {"profile": "sd30-512k"}
        case "talk":
            how = {"phases": (20, 20, 20), "bridges": (), "more": TALK + CRITERIA}
            how |= {"profile": "cif30-high-64k"}
        case "film":
            film(folder / "film.pcapng", kbps=500, seconds=4)
            how = {"phases": (3, 4, 4), "bridges": (), "more": FILM, "seed": 7}
            return [str(scenario(file, id=name, **how)), "--pcap", "east"]
    return [str(scenario(file, id=name, **how))]


def film(path: Path, *, kbps: int, seconds: int, gop: int = 25) -> None:
    """Write a capture of H.264, 25 pictures a second, every `gop`-th a key frame."""
    pictures = f"testsrc2=size=640x360:rate=25:duration={seconds}"
    rate = ("-b:v", f"{kbps}k", "-maxrate", f"{kbps}k", "-bufsize", f"{kbps // 5}k")
    command = [
        *("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", pictures),
        *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0"),
        *("-pix_fmt", "yuv420p", *rate, "-g", str(gop), "-f", "h264", "-"),
    ]
    done = subprocess.run(command, check=True, capture_output=True)
    write_capture(path, pictures_of(done.stdout), 25)
