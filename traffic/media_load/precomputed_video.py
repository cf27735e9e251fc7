"""Pictures that were drawn once, with the encoder model's sizes and times, and go round and round.

Each sender begins when it likes: so a picture costs a load generator next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic.h264 import FU_INDICATOR
from traffic.sources.video_model import CLOCK_HZ, FrameSource, VideoModel, packetise

LOOP_S = 30


@dataclass(frozen=True)
class Film:
    """A stretch of a stream that is sent round and round, (n,) each, in order of `at_ns`.

    Attributes:
        at_ns: when each packet leaves after the beginning.
        timestamp: likewise on the stream's clock.
        size: bytes of payload.
        head: (n, 2) first payload bytes.
        length_ns: of the whole stretch.
        clock_hz: of `timestamp`.
    """

    at_ns: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    size: NDArray[np.int64]
    marker: NDArray[np.bool_]
    head: NDArray[np.uint8]
    length_ns: int
    clock_hz: int


def film_of(model: VideoModel, seed: int = 7) -> Film:
    """`LOOP_S` seconds of coded video, a key frame first."""
    frames = LOOP_S * model.fps
    packets = packetise(FrameSource(model, np.random.default_rng(seed)).take(frames), model)
    head = np.column_stack([np.full(len(packets.size), FU_INDICATOR, np.uint8), packets.fu_header])
    return Film(
        at_ns=np.rint((packets.frame + packets.offset) * 1e9 / model.fps).astype(np.int64),
        timestamp=packets.frame * CLOCK_HZ // model.fps,
        size=packets.size,
        marker=packets.marker,
        head=head,
        length_ns=LOOP_S * 1_000_000_000,
        clock_hz=CLOCK_HZ,
    )
