"""Content sharing: slides, coded as H.264 at a low frame rate.

While a slide stands there is next to nothing to send. When it changes, the new one comes as a
picture as good as the buffer has room for and is sharpened by the frames that follow, until all
that the encoder had to say is said; rate control keeps the whole under the rate.
"""

from __future__ import annotations

import math

import numpy as np

from giaoban.traffic.sources.video_model import SMALLEST_FRAME, EncodedFrames, FrameModel


class ContentModel(FrameModel):
    """The statistics of shared slides; figures and sources are in profiles.toml.

    Attributes:
        picture_bytes: median size of a slide's first picture.
        picture_sigma: standard deviation of the logarithm of that size, from slide to slide.
        refine_ratio: what the frames that sharpen a slide have together, in first pictures.
        refine_s: time constant of the sharpening.
        idle_bytes: a frame's size while nothing changes.
        slide_interval_s: mean time from a slide to the next.
        slide_least_s: shortest time; what is beyond it is exponential.
    """

    picture_bytes: float
    picture_sigma: float
    refine_ratio: float
    refine_s: float
    idle_bytes: float
    slide_interval_s: float
    slide_least_s: float

    def most_bytes(self, frames: int) -> float:
        """What consecutive frames have together at the most, whatever is drawn."""
        least = max(SMALLEST_FRAME, self.idle_bytes)
        return 2 * self.kbps * 125 * self.vbv_s + frames * (self.share + least)


class ContentSource:
    """Draws the frames of shared slides one after another; same face as `FrameSource`."""

    def __init__(self, model: ContentModel, rng: np.random.Generator) -> None:
        """`rng`: of this source alone."""
        self.model = model
        self._rng = rng
        self._next = 0
        self._key_wanted = True
        self._debt = 0.0
        self._left = 0.0
        self._picture = 0.0
        self._to_slide = 0

    def request_key(self) -> None:
        """The next frame is a key frame: the slide that stands, whole."""
        self._key_wanted = True

    def take(self, count: int) -> EncodedFrames:
        """The next `count` frames."""
        model, share = self.model, self.model.share
        buffer = share * model.fps * model.vbv_s
        least = max(SMALLEST_FRAME, round(model.idle_bytes))
        part = 1 - math.exp(-1 / (model.fps * model.refine_s))
        sizes: list[int] = []
        keys: list[bool] = []
        for _ in range(count):
            is_new = self._to_slide <= 0
            if is_new:
                self._show_a_slide()
                wish = self._picture
            elif self._key_wanted:
                wish = self._picture
            else:
                wish = self._left * part
            room = max(buffer - self._debt, 0.0)
            size = max(least, round(min(wish, room)))
            if self._key_wanted and not is_new:
                # says again what was said; what it has no room for is left for the frames after it
                self._left = max(self._left, wish - size)
            else:
                self._left = max(0.0, self._left - size)
            self._debt = max(0.0, self._debt + size - share)
            self._to_slide -= 1
            sizes.append(size)
            keys.append(self._key_wanted)
            self._key_wanted = False
        index = np.arange(self._next, self._next + count)
        self._next += count
        return EncodedFrames(index, np.array(sizes, np.int64), np.array(keys, np.bool_))

    def _show_a_slide(self) -> None:
        """Draw the next slide's size, and how long it stands."""
        model = self.model
        drawn = float(self._rng.standard_normal())
        self._picture = model.picture_bytes * math.exp(model.picture_sigma * drawn)
        self._left = self._picture * (1 + model.refine_ratio)
        beyond = max(0.0, model.slide_interval_s - model.slide_least_s)
        stands_s = model.slide_least_s + beyond * float(self._rng.standard_exponential())
        self._to_slide = max(1, math.ceil(stands_s * model.fps))
