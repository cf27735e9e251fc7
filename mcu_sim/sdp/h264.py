"""H.264 in session descriptions (RFC 6184 §8.1): levels, limits and picture sizes.

A receiver's limits are those of its level (H.264 table A-1), raised by max-mbps, max-fs and max-br.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from giaoban.mcu_sim.resolutions import PICTURES
from giaoban.mcu_sim.sdp import Codec, SdpError

LEVELS = {
    "CIF30": 0x0D,
    "SD30": 0x1E,
    "720p30": 0x1F,
    "720p60": 0x20,
    "1080p30": 0x28,
    "1080p60": 0x2A,
}
"""level_idc that each resolution needs (H.264 table A-1), smallest first."""

PROFILES = {0x42: "baseline", 0x4D: "main", 0x64: "high"}
"""profile_idc of the profiles that are answered; the constrained ones have the same number."""

OFFERED = {"baseline": "42E0", "high": "6400"}
"""profile_idc and constraint flags of offers: constrained baseline, and high."""


class LevelLimits(NamedTuple):
    """Macroblocks a second, macroblocks a frame, and kbit/s (H.264 table A-1)."""

    mbps: int
    fs: int
    br: int


_LIMITS = {
    10: LevelLimits(1_485, 99, 64),
    11: LevelLimits(3_000, 396, 192),
    12: LevelLimits(6_000, 396, 384),
    13: LevelLimits(11_880, 396, 768),
    20: LevelLimits(11_880, 396, 2_000),
    21: LevelLimits(19_800, 792, 4_000),
    22: LevelLimits(20_250, 1_620, 4_000),
    30: LevelLimits(40_500, 1_620, 10_000),
    31: LevelLimits(108_000, 3_600, 14_000),
    32: LevelLimits(216_000, 5_120, 20_000),
    40: LevelLimits(245_760, 8_192, 20_000),
    41: LevelLimits(245_760, 8_192, 50_000),
    42: LevelLimits(522_240, 8_704, 50_000),
    50: LevelLimits(589_824, 22_080, 135_000),
    51: LevelLimits(983_040, 36_864, 240_000),
    52: LevelLimits(2_073_600, 36_864, 240_000),
}
"""By level_idc, lowest level first. Level 1b, below 1.1, is not distinguished."""

_NEEDED = {
    name: LevelLimits(
        PICTURES[name].fps * PICTURES[name].macroblocks, PICTURES[name].macroblocks, 0
    )
    for name in LEVELS
}
"""The limits that each resolution needs."""

_DEFAULT = "42000A"
"""Baseline at level 1, meant when profile-level-id is absent (RFC 6184 §8.1)."""
_PROFILE_LEVEL = re.compile(r"^[0-9A-Fa-f]{6}$")
_NUMBER = re.compile(r"^\d{1,10}$", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Format:
    """A codec's parameters; `level` is a key of `_LIMITS`."""

    profile: int
    flags: int
    level: int
    mode: str | None
    limits: LevelLimits

    def fmtp(self) -> str:
        parts = [f"profile-level-id={self.profile:02X}{self.flags:02X}{self.level:02X}"]
        if self.mode is not None:
            parts.append(f"packetization-mode={self.mode}")
        for name, value, usual in zip(
            LevelLimits._fields, self.limits, _LIMITS[self.level], strict=True
        ):
            if value > usual:
                parts.append(f"max-{name}={value}")
        return ";".join(parts)


def codec_for(resolution: str, payload_type: int, profile: str = "baseline") -> Codec:
    """Return a codec with a profile of `OFFERED` at the resolution's level. Raises `KeyError` for
    an unknown one of either."""
    fmtp = f"profile-level-id={OFFERED[profile]}{LEVELS[resolution]:02X};packetization-mode=1"
    return Codec(payload_type, "H264", 90_000, fmtp=fmtp)


def is_h264(codec: Codec) -> bool:
    """Return whether a codec is H.264 as defined in RFC 6184."""
    return (codec.name.upper(), codec.clock_hz, codec.channels) == ("H264", 90_000, 1)


def resolution_of(codec: Codec, known: Collection[str] = LEVELS) -> str:
    """Return the largest resolution of `known` that a codec supports, CIF30 if it supports none.

    Raises `SdpError` for parameters that cannot be parsed.
    """
    limits = _read(codec).limits
    fitting = [
        name
        for name, need in _NEEDED.items()
        if name in known and need.mbps <= limits.mbps and need.fs <= limits.fs
    ]
    return fitting[-1] if fitting else "CIF30"


def max_kbps(codec: Codec) -> float:
    """Return the rate in kbit/s that a codec's level or max-br lets one send to it (VCL, RFC 6184
    §8.1)."""
    return float(_read(codec).limits.br)


def best(ours: Codec, theirs: Collection[Codec]) -> Codec | None:
    """Return the codec of theirs to answer: packetization mode 1 before 0, then the largest
    picture.

    None if none has a profile of `PROFILES`, one of these modes and parameters that can be parsed.
    """
    mine = _read(ours)
    choice: tuple[tuple[bool, int, int], Codec] | None = None
    for codec in filter(is_h264, theirs):
        try:
            format_ = _read(codec)
        except SdpError:
            continue
        if format_.profile not in PROFILES or format_.mode not in (None, "0", "1"):
            continue
        both = _common(mine, format_).limits
        rank = (format_.mode == "1", both.mbps, both.fs)
        if choice is None or rank > choice[0]:
            choice = rank, codec
    return None if choice is None else choice[1]


def matches(one: Codec, other: Codec) -> bool:
    """Return whether an answered codec is an offered one: mode and profile are equal (RFC 6184
    §8.2.2). The constraint flags are not compared: devices mix 42001F, 42801F and 42E01F."""
    if not (is_h264(one) and is_h264(other)):
        return False
    try:
        first, second = _read(one), _read(other)
    except SdpError:
        return False
    return (first.mode or "0", first.profile) == (second.mode or "0", second.profile)


def common(ours: Codec, theirs: Codec) -> Codec:
    """Return their payload type, profile and mode, at the lower level and limits of both.

    Raises `SdpError` for parameters that cannot be parsed.
    """
    return replace(theirs, fmtp=_common(_read(ours), _read(theirs)).fmtp())


def at_most(codec: Codec, resolution: str) -> Codec:
    """Return a codec limited to a resolution of `LEVELS`."""
    return common(codec_for(resolution, codec.payload_type), codec)


def _common(ours: _Format, theirs: _Format) -> _Format:
    limits = LevelLimits(*map(min, zip(ours.limits, theirs.limits, strict=True)))
    return replace(theirs, level=min(ours.level, theirs.level), limits=limits)


def _read(codec: Codec) -> _Format:
    text = codec.parameter("profile-level-id") or _DEFAULT
    if _PROFILE_LEVEL.match(text) is None:
        raise SdpError(f"profile-level-id={text[:20]}: needs six hexadecimal digits")
    profile, flags, level = bytes.fromhex(text)
    # a level that the table does not have counts as the next lower one
    level = max((key for key in _LIMITS if key <= level), default=10)
    usual = _LIMITS[level]
    # values below the level's own have no meaning (RFC 6184 §8.1)
    limits = LevelLimits(*(max(_limit(codec, name), own) for name, own in usual._asdict().items()))
    return _Format(profile, flags, level, codec.parameter("packetization-mode"), limits)


def _limit(codec: Codec, name: str) -> int:
    text = codec.parameter(f"max-{name}") or "0"
    if _NUMBER.match(text) is None:
        raise SdpError(f"max-{name}={text[:20]}: is not a whole number")
    return int(text)
