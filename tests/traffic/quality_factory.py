"""Logs of packets made by hand, for measures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from traffic.log import RECEIVED, SENT
from traffic.measure import Trace, trace

MS = 1_000_000
START_NS = 5_000 * MS


def sent_log(
    n: int, *, first_sequence: int = 0, spacing_ns: int = 20 * MS, clock_hz: int = 8000
) -> NDArray[np.void]:
    """n packets at an even spacing, each put on the wire once and leaving when due."""
    sent = np.zeros(n, SENT)
    nth = np.arange(n)
    sent["sequence"] = first_sequence + nth
    sent["timestamp"] = nth * spacing_ns * clock_hz // 1_000_000_000 & 0xFFFFFFFF
    sent["due_ns"] = sent["leaving_ns"] = START_NS + nth * spacing_ns
    sent["size"] = 172
    sent["copies"] = 1
    return sent


def received_log(
    sent: NDArray[np.void], which: Sequence[int], arrival_ns: Sequence[int] | NDArray[np.int64]
) -> NDArray[np.void]:
    """The sent packets `which`, in order of arrival at `arrival_ns`."""
    received = np.zeros(len(which), RECEIVED)
    chosen = sent[np.array(which, np.int64)]
    received["sequence"] = chosen["sequence"] & 0xFFFF
    for name in ("timestamp", "size"):
        received[name] = chosen[name]
    received["arrival_ns"] = arrival_ns
    return received[np.argsort(received["arrival_ns"], kind="stable")]


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
