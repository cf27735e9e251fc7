"""Recordings that many tests need, and their streams, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from traffic_factory import START_NS, stream_plan

from giaoban.traffic.impairments import Interval
from giaoban.traffic.log import SENT, PacketLog, read
from giaoban.traffic.recorded.annexb import AccessUnit, Clip, SequenceParameters
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.recorded.sources import clip_recording
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.rtp import StreamId

IDENT = StreamId(payload_type=97, ssrc=5, first_sequence=65_530, first_timestamp=2**32 - 3000)
MAX_PAYLOAD = 100


def clip(pictures: int, *, seed: int = 1) -> Clip:
    """Parameter sets and pictures of random sizes; every fifth one is an IDR picture."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(pictures):
        body = rng.integers(1, 256, rng.integers(20, 700), np.uint8).tobytes()
        if number % 5:
            found.append(AccessUnit((b"\x41" + body,), key=False))
        else:
            sets = (b"\x67" + body[:12], b"\x68" + body[:4])
            found.append(AccessUnit((*sets, b"\x65" + body + body), key=True))
    parameters = SequenceParameters(66, 13, 176, 144, True, Fraction(25))
    return Clip("clip", tuple(found), parameters)


def recording(pictures: int = 12, fps: Fraction = Fraction(25)) -> Recording:
    return clip_recording(clip(pictures), fps, max_payload=MAX_PAYLOAD, spread=0.5)


@dataclass(frozen=True)
class Played:
    """What a stream handed over: datagrams, when they leave, its log, and where it then stands."""

    datagrams: list[bytes]
    times_ns: NDArray[np.int64]
    log: NDArray[np.void]
    position: tuple[int, int, int]


def play(
    path: Path,
    what: Recording,
    until_ns: Sequence[int],
    *,
    passed: Sequence[int] = (),
    impairments: Sequence[Interval] = (),
    ident: StreamId = IDENT,
) -> Played:
    """Window after window, of times after the start; those numbered in `passed` nobody takes."""
    log = PacketLog(SENT, path)
    plan = stream_plan(ident, impairments=impairments)
    stream = RecordedStream(plan, log, START_NS, what, origin_ns=START_NS)
    room = what.packets_in_window(int(np.max(np.diff([0, *until_ns]))))
    out = np.zeros((room, what.max_bytes), np.uint8)
    datagrams: list[bytes] = []
    times: list[NDArray[np.int64]] = []
    for number, end in enumerate(until_ns):
        if number in passed:
            stream.pass_over(START_NS + end)
            continue
        lengths, leaving = stream.window(out, START_NS + end)
        datagrams += [out[i, :n].tobytes() for i, n in enumerate(lengths)]
        times.append(leaving)
    position = stream.position()
    log.close()
    return Played(datagrams, np.concatenate(times), read(path, SENT), position)
