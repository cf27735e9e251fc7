"""Names of resolutions, and which are below which: what a call asks of a device, and may get."""

from __future__ import annotations

AUDIO = "audio"
"""A call without video."""
SVC = "SVC"
"""A scalable-video call (H.264 annex G), relayed without transcoding at whatever resolution."""

PICTURES = {
    "1080p30": (8160, 30),
    "720p60": (3600, 60),
    "720p30": (3600, 30),
    "SD30": (1620, 30),
    "CIF30": (396, 30),
}
"""(macroblocks a frame, frames/s) of what a call may be stepped through, largest first. These are
the levels that makers count ports by; SD is 720 × 576."""

ALSO_COUNTED = (
    "1080p60",
    "SD60",
    "CIF60",
    "SD15",
    "2CIF30",
    "CIF30-H263",
    "SD30-H263",
    "VSW-2M",
    "VSW-4M",
    "VSW-6M",
)
"""Further names in makers' tables; VSW is video switching at 2, 4 or 6 Mb/s."""

KNOWN = (*PICTURES, *ALSO_COUNTED, SVC, AUDIO)
"""Every name that a table of costs may use."""

_LARGER = {"1080p60": (8160, 60), "SD60": (1620, 60), "CIF60": (396, 60), "SD15": (1620, 15)}


def lower(resolution: str) -> list[str]:
    """What is below a resolution, nearest first: a smaller picture or fewer frames, never more.

    Empty for names that are no single H.264 picture: other codecs, switching, SVC, audio.
    """
    asked = PICTURES.get(resolution) or _LARGER.get(resolution)
    if asked is None:
        return []
    return [
        name
        for name, (macroblocks, fps) in PICTURES.items()
        if name != resolution and macroblocks <= asked[0] and fps <= asked[1]
    ]
