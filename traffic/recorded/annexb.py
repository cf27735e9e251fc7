"""H.264 byte streams: NAL units and access units of a file (ITU-T H.264 Annex B and §7.4.1.2).

Taken is what a conferencing encoder makes: frames, not fields; I and P slices, so that pictures
are sent in the order in which they are shown; no data partitioning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from giaoban.errors import InputError
from traffic.h264 import (
    NAL_DELIMITER,
    NAL_IDR,
    NAL_PPS,
    NAL_SEI,
    NAL_SLICE,
    NAL_SPS,
    TYPE_MASK,
)
from traffic.recorded.parameter_sets import (
    SequenceParameters,
    TruncatedUnitError,
    sequence_parameters,
    slice_header,
)

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
                    raise InputError(f"{place}: codes fields (allowed: progressive video)")
                parameters = parameters or read
            elif kind in (NAL_SLICE, NAL_IDR):
                if parameters is None or not pps:
                    raise InputError(f"{place}: a slice before any parameter sets (types 7 and 8)")
                header = slice_header(unit)
                if header.bidirectional:
                    raise InputError(
                        f"{place}: is a B slice (allowed: I and P; encode without B frames)"
                    )
                first = header.first_macroblock == 0
                if not first and not has_slice:
                    raise InputError(f"{place}: its picture's first slice is missing")
        except TruncatedUnitError as error:
            raise InputError(f"{place}: is truncated: {error}") from None
        if kind in PARTITIONS:
            raise InputError(f"{place}: data partitioning (allowed: slices of types 1 and 5)")
        pps = pps or kind == NAL_PPS
        if has_slice and (first or kind in BEFORE_A_PICTURE):
            pictures.append(AccessUnit(tuple(current), is_key))
            current, has_slice = [], False
        if first:
            has_slice, is_key = True, kind == NAL_IDR
            if not pictures and not is_key:
                raise InputError(f"{place}: the first picture is no IDR picture (type 5 is needed)")
        current.append(unit)
    if has_slice:
        pictures.append(AccessUnit(tuple(current), is_key))
    elif pictures:  # what follows the last picture belongs to it
        pictures[-1] = AccessUnit(pictures[-1].units + tuple(current), pictures[-1].key)
    if parameters is None:
        raise InputError(f"{name}: has no sequence parameter set (a NAL unit of type 7 is needed)")
    if not pictures:
        raise InputError(f"{name}: has no picture (NAL units of type 5 and 1 are needed)")
    return Clip(name, tuple(pictures), parameters)


def nal_units(data: bytes, name: str) -> list[bytes]:
    """The NAL units between the start codes of a byte stream (Annex B), at least one.

    Raises:
        InputError: it is empty, does not begin with a start code, or a unit is none.
    """
    if not data:
        raise InputError(f"{name}: is empty")
    starts = [found.start() for found in _PREFIX.finditer(data)]
    if not starts or data[: starts[0]].strip(b"\0"):
        raise InputError(
            f"{name}: is no H.264 byte stream (allowed: Annex B, beginning with 00 00 01)"
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
            raise InputError(f"{place}: is truncated: {len(unit)} bytes (allowed: 2 or more)")
        if unit[0] & FORBIDDEN_BIT or unit[0] & TYPE_MASK not in KNOWN_TYPES:
            raise InputError(
                f"{place}: header {unit[0]:#04x} is not one of H.264 (allowed: types 1 to 23)"
            )
        units.append(unit)
    return units
