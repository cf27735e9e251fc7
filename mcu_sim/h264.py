"""Resolutions as H.264 levels: what a call asks of a device, told from its SDP (RFC 6184 §8.1)."""

from __future__ import annotations

from mcu_sim.sdp import Codec

LEVELS = {"CIF30": 0x0D, "SD30": 0x1E, "720p30": 0x1F, "720p60": 0x20, "1080p30": 0x28}
"""level_idc that each resolution needs (H.264 table A-1), smallest first."""


def codec_for(resolution: str, payload_type: int) -> Codec:
    """Constrained baseline at the resolution's level. `KeyError` for an unknown resolution."""
    fmtp = f"profile-level-id=42E0{LEVELS[resolution]:02X};packetization-mode=1"
    return Codec(payload_type, "H264", 90_000, fmtp=fmtp)


def resolution_of(codec: Codec) -> str:
    """The resolution of a codec's level: the largest one it can do, CIF30 below all."""
    text = codec.parameter("profile-level-id") or "42000A"
    level = int(text[4:6], 16)
    fitting = [name for name, idc in LEVELS.items() if idc <= level]
    return fitting[-1] if fitting else "CIF30"
