"""Video resolutions by the names that makers count ports by."""

from __future__ import annotations

from typing import NamedTuple


class Picture(NamedTuple):
    """Macroblocks (16 × 16) of a frame, and frames a second."""

    macroblocks: int
    fps: int


PICTURES = {
    "CIF30": Picture(396, 30),
    "CIF60": Picture(396, 60),
    "SD15": Picture(1_350, 15),
    "SD30": Picture(1_350, 30),
    "SD60": Picture(1_350, 60),
    "720p30": Picture(3_600, 30),
    "720p60": Picture(3_600, 60),
    "1080p30": Picture(8_160, 30),
    "1080p60": Picture(8_160, 60),
}
"""352 × 288, 720 × 480, 1280 × 720 and 1920 × 1080. SD at 30 frames a second is 720 × 480: level 3
allows 40,500 macroblocks a second (H.264 table A-1), which is 720 × 576 at 25 frames."""
