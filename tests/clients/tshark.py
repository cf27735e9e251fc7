"""tshark (https://www.wireshark.org): what it finds in a capture."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
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


def streams(capture: Path, rtp_port: int) -> dict[int, Stream]:
    """The RTP streams in a capture, by the port they come from."""
    return {stream.source: stream for stream in _streams(capture, rtp_port)}


def streams_of_calls(capture: Path, *, frames: int | None = None) -> dict[int, Stream]:
    """The RTP streams in a capture by SSRC. What they are tshark takes from the calls' signalling.

    `frames`: only so many, from the first on.
    """
    found = _streams(capture, None, *(() if frames is None else ("-c", str(frames))))
    return {stream.ssrc: stream for stream in found}


def _streams(capture: Path, rtp_port: int | None, *words: str) -> list[Stream]:
    found = map(_LINE.match, _tshark(capture, rtp_port, "-q", "-z", "rtp,streams", *words))
    figures = [match.groups() for match in found if match]
    return [
        Stream(int(f[0]), int(f[1], 16), f[2], int(f[3]), int(f[4]), *(float(x) for x in f[5:]))
        for f in figures
    ]


def fields(capture: Path, rtp_port: int | None, what: str, names: Sequence[str]) -> list[list[str]]:
    """Fields of the packets that a display filter selects, one list a packet.

    `rtp_port` is one that no signalling names.
    """
    wanted = [word for name in names for word in ("-e", name)]
    lines = _tshark(capture, rtp_port, "-Y", what, "-T", "fields", *wanted)
    return [line.split("\t") for line in lines]


def _tshark(capture: Path, rtp_port: int | None, *words: str) -> list[str]:
    read_as = []
    if rtp_port is not None:
        read_as = [f"udp.port=={rtp_port},rtp", f"udp.port=={rtp_port + 1},rtcp"]
    done = subprocess.run(
        [
            *("tshark", "-n", "-r", str(capture), "-o", "rtcp.show_roundtrip_calculation:TRUE"),
            *(word for one in read_as for word in ("-d", one)),
            *words,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()
