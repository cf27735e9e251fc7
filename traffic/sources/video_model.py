"""H.264 as a conferencing encoder sends it: frame sizes, and their packets (RFC 6184).

Key frames come at the start, on request and at a long interval; predicted frames share what the
rate control leaves. Sizes are lognormal, and a part of the logarithm's variance, the motion in the
picture, lasts from frame to frame. At a scene change most of a predicted frame is coded anew. Each
frame is one slice, cut into FU-A fragments whose payload is at most `max_payload` bytes and which
are spread over a part of the frame's interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.tomlfile import StrictModel
from giaoban.traffic.h264 import FU_END, FU_HEADER_BYTES, FU_START, NAL_IDR, NAL_SLICE

CLOCK_HZ = 90_000  # RFC 6184 §8.1
SMALLEST_SHARE = 0.2  # of the mean frame: rate control does not squeeze a frame below it
SMALLEST_FRAME = 64  # bytes


class FrameModel(StrictModel):
    """Figures of any source of frames.

    Attributes:
        kbps: target of rate control, in thousands of bits a second of NAL units.
        fps: frames a second.
        vbv_s: size of the video buffering verifier (H.264 annex C), in seconds of `kbps`.
        spread: part of a frame's interval over which its packets leave.
        max_payload: bytes of RTP payload in a packet at the most.
    """

    kbps: float
    fps: int
    vbv_s: float = 1.0
    spread: float
    max_payload: int

    @property
    def share(self) -> float:
        """Bytes of the mean frame."""
        return self.kbps * 125 / self.fps

    def most_bytes(self, frames: int) -> float:
        """Return the most bytes of so many consecutive frames.

        The buffer may be full of credit before them and full of debt after them.
        """
        return 2 * self.kbps * 125 * self.vbv_s + frames * (self.share + SMALLEST_FRAME)


class VideoModel(FrameModel):
    """The statistics of an encoder's output; figures and sources are in profiles.toml.

    Attributes:
        key_ratio: a key frame's mean size in mean frames, if the buffer has room for it.
        key_interval_s: from a key frame to the next, if none is asked for.
        size_sigma: standard deviation of the logarithm of a frame's size.
        motion_share: the part of that variance which lasts from frame to frame.
        motion_persistence: the lasting part's correlation from one frame to the next.
        payback_s: time in which rate control takes back what was spent beyond the rate.
        scene_changes_per_min: their mean number; they come as a Poisson process.
        scene_ratio: a frame's mean size at a scene change, in mean frames.
        scene_raise: by which part the frames right after a scene change are larger; less than 0:
            smaller, as an encoder saves after it.
        scene_settle_s: time constant of that raise.
    """

    key_ratio: float
    key_interval_s: float
    size_sigma: float
    motion_share: float = 0.0
    motion_persistence: float = 0.0
    payback_s: float = 1.0
    scene_changes_per_min: float = 0.0
    scene_ratio: float = 1.0
    scene_raise: float = 0.0
    scene_settle_s: float = 1.0


@dataclass(frozen=True)
class EncodedFrames:
    """n consecutive frames: the number of each since the start, its size, whether it is a key."""

    index: NDArray[np.int64]
    size: NDArray[np.int64]
    key: NDArray[np.bool_]


def joined_frames(parts: Sequence[EncodedFrames]) -> EncodedFrames:
    """At least one part, one after another."""
    if len(parts) == 1:
        return parts[0]
    return EncodedFrames(
        index=np.concatenate([part.index for part in parts]),
        size=np.concatenate([part.size for part in parts]),
        key=np.concatenate([part.key for part in parts]),
    )


class FrameSource:
    """Draws frames one after another; a key frame can be asked for at any time.

    Rate control is a leaky bucket: what a frame takes beyond its share is taken back from the
    following ones over `payback_s`, so the mean keeps to `kbps` in the long run; and no frame is
    larger than the room in the receiver's buffer, so a burst is never more than `vbv_s` ahead.
    `model` may be replaced between two frames.
    """

    def __init__(self, model: VideoModel, rng: np.random.Generator) -> None:
        """`rng`: of this source alone; scene changes have a child of it."""
        self.model = model
        self._rng = rng
        self._scene_rng = rng.spawn(1)[0]
        self._next = 0
        self._since_key = 0
        self._key_wanted = True
        self._debt = 0.0
        self._motion = float(rng.standard_normal())
        self._raised = 0.0
        # in minutes of the process's mean, so that another frequency only stretches time
        self._to_scene = float(self._scene_rng.standard_exponential())

    def request_key(self) -> None:
        """The next frame is a key frame (RFC 5104 FIR, RFC 5168 picture_fast_update)."""
        self._key_wanted = True

    def take(self, count: int) -> EncodedFrames:
        """The next `count` frames."""
        model, share = self.model, self.model.share
        interval = max(1, round(model.key_interval_s * model.fps))
        smallest, buffer = share * SMALLEST_SHARE, share * model.fps * model.vbv_s
        payback = max(1.0, model.fps * model.payback_s)
        settling = math.exp(-1 / (model.fps * model.scene_settle_s))
        scenes = model.scene_changes_per_min / 60 / model.fps
        factors = self._factors(count)
        since_key, debt, raised = self._since_key, self._debt, self._raised
        if self._key_wanted:
            since_key = interval
        to_scene, at_scene = self._to_scene, share * model.scene_ratio
        sizes: list[int] = []
        keys: list[int] = []
        # plain numbers and comparisons: this loop runs for every frame of every bridge
        for place, factor in enumerate(factors):
            to_scene -= scenes
            is_scene = to_scene < 0
            if is_scene:
                to_scene = float(self._scene_rng.standard_exponential())
                raised = model.scene_raise
            if since_key >= interval:
                wish, since_key = share * model.key_ratio, 0
                keys.append(place)
            elif is_scene:
                wish = at_scene
            else:
                wish = share - debt / payback
                if wish < smallest:
                    wish = smallest
                wish *= 1 + raised
            wish *= factor
            room = buffer - debt if debt > 0 else buffer
            if room < smallest:
                room = smallest
            size = int((room if wish > room else wish) + 0.5)
            if size < SMALLEST_FRAME:
                size = SMALLEST_FRAME
            since_key += 1
            if not is_scene:
                raised *= settling
            # what was saved may be spent later, but not more than a buffer's worth
            debt = debt + size - share
            if debt < -buffer:
                debt = -buffer
            sizes.append(size)
        if count:
            self._since_key, self._debt, self._key_wanted = since_key, debt, False
            self._raised, self._to_scene = raised, to_scene
        index = np.arange(self._next, self._next + count)
        self._next += count
        key = np.zeros(count, np.bool_)
        key[keys] = True
        return EncodedFrames(index, np.array(sizes, np.int64), key)

    def _factors(self, count: int) -> list[float]:
        """By what the next frames differ from their mean: lognormal, of mean 1.

        The logarithm is an AR(1) process, the motion, and white noise beside it.
        """
        model = self.model
        draws = self._rng.standard_normal((count, 2))
        keep = model.motion_persistence
        new = math.sqrt(1 - keep * keep)
        motion = self._motion
        states = [motion := keep * motion + moved for moved in (new * draws[:, 0]).tolist()]
        self._motion = motion
        lasting, passing = math.sqrt(model.motion_share), math.sqrt(1 - model.motion_share)
        normal = lasting * np.array(states) + passing * draws[:, 1]
        factors: list[float] = np.exp(model.size_sigma * (normal - 0.5 * model.size_sigma)).tolist()
        return factors


@dataclass(frozen=True)
class FramePackets:
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


def packetise(frames: EncodedFrames, model: FrameModel) -> FramePackets:
    """Cut frames into FU-A fragments of even size (RFC 6184 §5.8)."""
    room = model.max_payload - FU_HEADER_BYTES
    # the NAL unit's own header byte travels in the FU headers; a FU-A needs two fragments
    count = np.maximum(2, -(-(frames.size - 1) // room))
    end = np.cumsum(count)
    first, last = end - count, end - 1
    # whatever is the same for all packets of a frame is found once: frames are far fewer
    base, rest = np.divmod(frames.size - 1, count)
    nth = np.arange(int(count.sum())) - np.repeat(first, count)
    kind = np.where(frames.key, NAL_IDR, NAL_SLICE).astype(np.uint8)
    fu_header = np.repeat(kind, count)
    fu_header[first] |= FU_START
    fu_header[last] |= FU_END
    marker = np.zeros(len(nth), np.bool_)
    marker[last] = True
    return FramePackets(
        frame=np.repeat(frames.index, count),
        offset=nth / np.repeat(count, count) * model.spread,
        size=np.repeat(base + FU_HEADER_BYTES, count) + (nth < np.repeat(rest, count)),
        fu_header=fu_header,
        marker=marker,
    )
