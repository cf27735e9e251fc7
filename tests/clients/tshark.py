"""tshark (https://www.wireshark.org): what it finds in a capture."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

_LINE = re.compile(
    r"^ *[\d.]+ +[\d.]+ +\S+ +(\d+) +\S+ +\d+ +0x([0-9A-F]{8}) +(\S+) +(\d+) +(-?\d+)"
    r" \((-?[\d.]+)%\)" + 3 * r" +[\d.]+" + 3 * r" +([\d.]+)"
)


class Stream(NamedTuple):
    """A line of its statistics of RTP; jitter in ms."""

    source: int
    ssrc: int
    payload: str
    packets: int
    lost: int
    lost_pct: float
    min_jitter: float
    mean_jitter: float
    max_jitter: float


def streams_of_calls(capture: Path, *, frames: int | None = None) -> dict[int, Stream]:
    """The RTP streams in a capture by SSRC. What they are tshark takes from the calls' signalling.

    `frames`: only so many, from the first on.
    """
    some = () if frames is None else ("-c", str(frames))
    found = map(_LINE.match, _tshark(capture, "-q", "-z", "rtp,streams", *some))
    figures = [match.groups() for match in found if match]
    made = [
        Stream(int(f[0]), int(f[1], 16), f[2], int(f[3]), int(f[4]), *(float(x) for x in f[5:]))
        for f in figures
    ]
    return {stream.ssrc: stream for stream in made}


def fields(capture: Path, what: str, *names: str) -> list[list[str]]:
    """Fields of the packets that a display filter selects, one list a packet."""
    wanted = [word for name in names for word in ("-e", name)]
    lines = _tshark(capture, "-Y", what, "-T", "fields", *wanted)
    return [line.split("\t") for line in lines]


@cache
def _tshark(capture: Path, *words: str) -> list[str]:
    read = ("tshark", "-n", "-r", str(capture), "-o", "rtcp.show_roundtrip_calculation:TRUE")
    done = subprocess.run([*read, *words], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()
