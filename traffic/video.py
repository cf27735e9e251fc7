"""H.264 as a conferencing encoder sends it: frame sizes, and their packets (RFC 6184).

Key frames come at the start, on request and at a long interval; predicted frames share what the
rate control leaves. Sizes are lognormal. Each frame is one slice, cut into FU-A fragments whose
payload is at most `max_payload` bytes and which are spread over a part of the frame's interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.tomlfile import StrictModel

CLOCK_HZ = 90_000  # RFC 6184 §8.1
FU_INDICATOR = 0x60 | 28  # nal_ref_idc 3, type FU-A (RFC 6184 §5.8)
FU_START, FU_END = 0x80, 0x40
NAL_SLICE, NAL_IDR = 1, 5
FU_HEADER_BYTES = 2
SMALLEST_SHARE = 0.2  # of the mean frame: rate control does not squeeze a frame below it


class VideoModel(StrictModel):
    """The statistics of an encoder's output; figures and sources are in profiles.toml."""

    kbps: float
    fps: int
    key_ratio: float
    size_sigma: float
    key_interval_s: float
    spread: float
    max_payload: int


@dataclass(frozen=True)
class Frames:
    """n consecutive frames: the number of each since the start, its size, whether it is a key."""

    index: NDArray[np.int64]
    size: NDArray[np.int64]
    key: NDArray[np.bool_]


class FrameSource:
    """Draws frames one after another; a key frame can be asked for at any time.

    Rate control is a leaky bucket: what a frame takes beyond its share is taken back from the
    following ones over about a second, so the mean keeps to `kbps` in the long run.
    """

    def __init__(self, model: VideoModel, rng: np.random.Generator) -> None:
        self.model = model
        self._rng = rng
        self._next = 0
        self._since_key = 0
        self._key_wanted = True
        self._debt = 0.0

    def request_key(self) -> None:
        """The next frame is a key frame (RFC 5104 FIR, RFC 5168 picture_fast_update)."""
        self._key_wanted = True

    def take(self, count: int) -> Frames:
        """The next `count` frames."""
        model = self.model
        share = model.kbps * 1000 / 8 / model.fps
        interval = max(1, round(model.key_interval_s * model.fps))
        factors = np.exp(self._rng.normal(-0.5 * model.size_sigma**2, model.size_sigma, count))
        smallest, credit = share * SMALLEST_SHARE, -share * model.fps
        since_key, debt = self._since_key, self._debt
        if self._key_wanted:
            since_key = interval
        sizes: list[int] = []
        keys: list[bool] = []
        # plain numbers: this loop runs for every frame of every bridge
        for factor in factors.tolist():
            is_key = since_key >= interval
            if is_key:
                wish, since_key = share * model.key_ratio, 0
            else:
                wish = max(share - debt / model.fps, smallest)
            size = max(64, round(wish * factor))
            since_key += 1
            # what was saved may be spent later, but not more than a second's worth
            debt = max(debt + size - share, credit)
            sizes.append(size)
            keys.append(is_key)
        if count:
            self._since_key, self._debt, self._key_wanted = since_key, debt, False
        index = np.arange(self._next, self._next + count)
        self._next += count
        return Frames(index, np.array(sizes, np.int64), np.array(keys, np.bool_))


@dataclass(frozen=True)
class Packets:
    """n packets of consecutive frames, in sending order.

    Attributes:
        frame: (n,) number of the frame.
        offset: (n,) when it leaves after its frame's capture, as a part of the frame interval.
        size: (n,) bytes of RTP payload, FU header included.
        fu_header: (n,) second payload byte.
        marker: (n,) last packet of its frame.
    """

    frame: NDArray[np.int64]
    offset: NDArray[np.float64]
    size: NDArray[np.int64]
    fu_header: NDArray[np.uint8]
    marker: NDArray[np.bool_]


def packetise(frames: Frames, model: VideoModel) -> Packets:
    """Cut frames into FU-A fragments of even size (RFC 6184 §5.8)."""
    room = model.max_payload - FU_HEADER_BYTES
    # the NAL unit's own header byte travels in the FU headers; a FU-A needs two fragments
    count = np.maximum(2, -(-(frames.size - 1) // room))
    total = int(count.sum())
    first = np.cumsum(count) - count
    which = np.repeat(np.arange(len(count)), count)
    nth = np.arange(total) - first[which]
    body = frames.size[which] - 1
    base, rest = np.divmod(body, count[which])
    start, end = nth == 0, nth == count[which] - 1
    kind = np.where(frames.key[which], NAL_IDR, NAL_SLICE)
    return Packets(
        frame=frames.index[which],
        offset=nth / count[which] * model.spread,
        size=base + (nth < rest) + FU_HEADER_BYTES,
        fu_header=(kind | np.where(start, FU_START, 0) | np.where(end, FU_END, 0)).astype(np.uint8),
        marker=end,
    )
