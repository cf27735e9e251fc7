"""Logs of packets made by hand, for measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from traffic_factory import MS, START_NS, received_log, sent_log

from giaoban.traffic.quality.measure import Trace, trace


def video_log(frames: int, packets: int, keys: Sequence[int], fps: int = 30) -> NDArray[np.void]:
    """`packets` packets 1 ms apart for each frame; `keys` are key frames."""
    n = frames * packets
    frame = np.arange(n) // packets
    sent = sent_log(n)
    sent["timestamp"] = frame * (90_000 // fps)
    sent["due_ns"] = START_NS + frame * 1_000_000_000 // fps + np.arange(n) % packets * MS
    sent["leaving_ns"] = sent["due_ns"]
    sent["key"] = np.isin(frame, list(keys))
    return sent


def delivered(
    sent: NDArray[np.void],
    missing: Sequence[int] = (),
    delay_ms: float = 10,
    clock_hz: int = 90_000,
) -> Trace:
    """All but the packets `missing` arrive after the same delay."""
    which = np.setdiff1d(np.arange(len(sent)), np.array(missing, np.int64))
    arrival = sent["due_ns"][which] + round(delay_ms * MS)
    return trace(sent, received_log(sent, which.tolist(), arrival), clock_hz)
