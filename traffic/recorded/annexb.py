"""H.264 byte streams: NAL units and access units of a file (ITU-T H.264 Annex B and §7.4.1.2).

Taken is what a conferencing encoder makes: frames, not fields; I and P slices, so that pictures
are sent in the order in which they are shown; no data partitioning. FFmpeg's demuxer (PyAV) parts
the same files into the same access units, but unless it decodes them it lets pass fields, B slices
and pictures whose first slice is missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from giaoban.errors import InputError
from giaoban.traffic.h264 import (
    NAL_DELIMITER,
    NAL_IDR,
    NAL_PPS,
    NAL_SEI,
    NAL_SLICE,
    NAL_SPS,
    TYPE_MASK,
)

# profiles whose parameter set tells the chroma format (§7.3.2.1.1)
WITH_CHROMA_FORMAT = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
EXTENDED_SAR = 255  # Table E-1
MAX_ZEROS = 32  # of an Exp-Golomb code: values are below 2^32 (§9.1)
SLICE_B = 1  # slice_type modulo 5 (Table 7-6)


class TruncatedUnitError(ValueError):
    """A NAL unit ends within what has to be read of it."""


@dataclass(frozen=True)
class SequenceParameters:
    """Of one sequence parameter set.

    Attributes:
        profile, level: profile_idc and level_idc.
        width, height: luma samples of a picture, cropping taken off.
        progressive: frame_mbs_only_flag.
        fps: frames a second by the VUI (§E.2.1: a frame lasts two ticks), None if it says nothing.
    """

    profile: int
    level: int
    width: int
    height: int
    progressive: bool
    fps: Fraction | None


@dataclass(frozen=True)
class SliceHeader:
    """The beginning of a slice header (§7.3.3)."""

    first_macroblock: int
    bidirectional: bool


def slice_header(unit: bytes) -> SliceHeader:
    """Read the beginning of a slice's NAL unit (types 1 and 5).

    Raises:
        TruncatedUnitError: the unit is shorter.
    """
    bits = _Bits(unit[1:32])
    first = bits.ue()
    return SliceHeader(first, bits.ue() % 5 == SLICE_B)


def sequence_parameters(unit: bytes) -> SequenceParameters:
    """Read a NAL unit of type 7 (§7.3.2.1.1 and §E.1.1).

    Raises:
        TruncatedUnitError: the unit is shorter.
    """
    bits = _Bits(unit[1:])
    profile, _, level = bits.u(8), bits.u(8), bits.u(8)
    bits.ue()  # seq_parameter_set_id
    chroma = 1
    if profile in WITH_CHROMA_FORMAT:
        chroma = bits.ue()
        separate = bits.u(1) if chroma == 3 else 0
        bits.ue(), bits.ue(), bits.u(1)  # bit depths, qpprime_y_zero_transform_bypass_flag
        if bits.u(1):
            _skip_scaling_lists(bits, 12 if chroma == 3 else 8)
        chroma = 0 if separate else chroma
    bits.ue()  # log2_max_frame_num_minus4
    _skip_order_count(bits)
    bits.ue(), bits.u(1)  # max_num_ref_frames, gaps_in_frame_num_value_allowed_flag
    width, units = 16 * (bits.ue() + 1), bits.ue() + 1
    progressive = bool(bits.u(1))
    if not progressive:
        bits.u(1)  # mb_adaptive_frame_field_flag
    bits.u(1)  # direct_8x8_inference_flag
    height = 16 * units * (1 if progressive else 2)
    if bits.u(1):  # Table 6-1 for the units of cropping
        across = 2 if chroma in (1, 2) else 1
        down = (2 if chroma == 1 else 1) * (1 if progressive else 2)
        width -= across * (bits.ue() + bits.ue())
        height -= down * (bits.ue() + bits.ue())
    fps = _frame_rate(bits) if bits.u(1) else None
    return SequenceParameters(profile, level, width, height, progressive, fps)


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.ue()
    if kind == 0:
        bits.ue()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.u(1), bits.se(), bits.se()
        for _ in range(bits.ue()):
            bits.se()


def _skip_scaling_lists(bits: _Bits, count: int) -> None:
    """§7.3.2.1.1.1."""
    for which in range(count):
        if not bits.u(1):
            continue
        last = following = 8
        for _ in range(16 if which < 6 else 64):
            if following:
                following = (last + bits.se()) % 256
            last = following or last


def _frame_rate(bits: _Bits) -> Fraction | None:
    """The VUI up to its timing (§E.1.1)."""
    if bits.u(1) and bits.u(8) == EXTENDED_SAR:
        bits.u(32)
    if bits.u(1):
        bits.u(1)  # overscan_appropriate_flag
    if bits.u(1):
        bits.u(4)  # video_format, video_full_range_flag
        if bits.u(1):
            bits.u(24)
    if bits.u(1):
        bits.ue(), bits.ue()
    if not bits.u(1):
        return None
    tick, scale = bits.u(32), bits.u(32)
    return Fraction(scale, 2 * tick) if tick and scale else None


class _Bits:
    """Reads a raw byte sequence payload bit by bit, emulation prevention taken out (§7.3.1)."""

    def __init__(self, escaped: bytes) -> None:
        raw = escaped.replace(b"\0\0\3", b"\0\0")
        self._value, self._left = int.from_bytes(raw, "big"), 8 * len(raw)

    def u(self, count: int) -> int:
        """An unsigned number of so many bits."""
        if count > self._left:
            raise TruncatedUnitError("ends too early")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def ue(self) -> int:
        """An unsigned Exp-Golomb code (§9.1)."""
        zeros = 0
        while not self.u(1):
            zeros += 1
            if zeros > MAX_ZEROS:
                raise TruncatedUnitError("holds a number that is too large")
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """A signed Exp-Golomb code (§9.1.1)."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)


PARTITIONS = (2, 3, 4)
BEFORE_A_PICTURE = frozenset({NAL_SEI, NAL_SPS, NAL_PPS, NAL_DELIMITER, *range(14, 19)})
"""After a picture's slices they begin the next access unit (§7.4.1.2.3)."""
KNOWN_TYPES = range(1, 24)  # 0 and 24 to 31 are not for byte streams; RTP uses some for itself
FORBIDDEN_BIT = 0x80
_PREFIX = re.compile(b"\0\0\1")


@dataclass(frozen=True)
class AccessUnit:
    """The NAL units of one picture, in order; `key`: it is an IDR picture."""

    units: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True)
class Clip:
    """A file's access units, what its first sequence parameter set says, and its name."""

    name: str
    pictures: tuple[AccessUnit, ...]
    parameters: SequenceParameters

    @property
    def fps(self) -> Fraction | None:
        """Frames a second, if the file says them."""
        return self.parameters.fps


def read_clip(data: bytes, name: str) -> Clip:
    """The access units of an H.264 byte stream; `name` is the file's for messages.

    Raises:
        InputError: no such byte stream, cut short, or something that is not taken.
    """
    units = nal_units(data, name)
    pictures: list[AccessUnit] = []
    current: list[bytes] = []
    parameters: SequenceParameters | None = None
    pps = has_slice = is_key = False
    for number, unit in enumerate(units, start=1):
        kind = unit[0] & TYPE_MASK
        place = f"{name}: NAL unit {number} (type {kind})"
        first = False
        try:
            if kind == NAL_SPS:
                read = sequence_parameters(unit)
                if not read.progressive:
                    raise InputError(
                        "{place}: codes fields (allowed: progressive video)", place=place
                    )
                parameters = parameters or read
            elif kind in (NAL_SLICE, NAL_IDR):
                if parameters is None or not pps:
                    raise InputError(
                        "{place}: a slice before any parameter sets (types 7 and 8)", place=place
                    )
                header = slice_header(unit)
                if header.bidirectional:
                    raise InputError(
                        "{place}: is a B slice (allowed: I and P; encode without B frames)",
                        place=place,
                    )
                first = header.first_macroblock == 0
                if not first and not has_slice:
                    raise InputError("{place}: its picture's first slice is missing", place=place)
        except TruncatedUnitError as error:
            raise InputError("{place}: is truncated: {error}", place=place, error=error) from None
        if kind in PARTITIONS:
            raise InputError(
                "{place}: data partitioning (allowed: slices of types 1 and 5)", place=place
            )
        pps = pps or kind == NAL_PPS
        if has_slice and (first or kind in BEFORE_A_PICTURE):
            pictures.append(AccessUnit(tuple(current), is_key))
            current, has_slice = [], False
        if first:
            has_slice, is_key = True, kind == NAL_IDR
            if not pictures and not is_key:
                raise InputError(
                    "{place}: the first picture is no IDR picture (type 5 is needed)", place=place
                )
        current.append(unit)
    if has_slice:
        pictures.append(AccessUnit(tuple(current), is_key))
    elif pictures:  # what follows the last picture belongs to it
        pictures[-1] = AccessUnit(pictures[-1].units + tuple(current), pictures[-1].key)
    if parameters is None:
        raise InputError(
            "{name}: has no sequence parameter set (a NAL unit of type 7 is needed)", name=name
        )
    if not pictures:
        raise InputError("{name}: has no picture (NAL units of type 5 and 1 are needed)", name=name)
    return Clip(name, tuple(pictures), parameters)


def nal_units(data: bytes, name: str) -> list[bytes]:
    """The NAL units between the start codes of a byte stream (Annex B), at least one.

    Raises:
        InputError: it is empty, does not begin with a start code, or a unit is none.
    """
    if not data:
        raise InputError("{name}: is empty", name=name)
    starts = [found.start() for found in _PREFIX.finditer(data)]
    if not starts or data[: starts[0]].strip(b"\0"):
        raise InputError(
            "{name}: is no H.264 byte stream (allowed: Annex B, beginning with 00 00 01)", name=name
        )
    units = []
    for number, (start, end) in enumerate(
        zip(starts, [*starts[1:], len(data)], strict=True), start=1
    ):
        # a unit does not end with a zero: those are the next start code's or trailing (§7.4.1)
        unit = data[start + 3 : end].rstrip(b"\0")
        place = f"{name}: NAL unit {number} at byte {start}"
        if len(unit) < 2:
            # end of sequence and end of stream are a header alone
            if len(unit) == 1 and unit[0] & TYPE_MASK in (10, 11):
                units.append(unit)
                continue
            raise InputError(
                "{place}: is truncated: {number} {number:byte|bytes} (allowed: 2 or more)",
                place=place,
                number=len(unit),
            )
        if unit[0] & FORBIDDEN_BIT or unit[0] & TYPE_MASK not in KNOWN_TYPES:
            raise InputError(
                "{place}: header {first:#04x} is not one of H.264 (allowed: types 1 to 23)",
                place=place,
                first=unit[0],
            )
        units.append(unit)
    return units
