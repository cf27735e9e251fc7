"""H.264 in RTP (RFC 6184, packetization-mode 1): single NAL units, STAP-A and FU-A."""

from __future__ import annotations

import functools
from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

# NAL unit types (H.264 table 7-1)
NAL_SLICE, NAL_IDR, NAL_SPS, NAL_PPS = 1, 5, 7, 8
STAP_A, FU_A = 24, 28  # RFC 6184 table 1; other aggregations and fragments are for interleaving
TYPE_MASK = 0x1F  # of a NAL unit's first byte and of an FU header
FU_INDICATOR = 0x60 | FU_A  # nal_ref_idc 3 (RFC 6184 §5.8)
FU_START, FU_END = 0x80, 0x40
FU_HEADER_BYTES = 2
SIZE_BYTES = 2  # before each NAL unit in a STAP-A (§5.7.1)
MOST_AGGREGATED = 16  # NAL units of one STAP-A that are looked at: parameter sets come first

KEY_FRAME = (NAL_IDR, NAL_SPS, NAL_PPS)
"""What a key frame consists of: its slices and the parameter sets they need."""
KEY_FRAME_START = (NAL_IDR, NAL_SPS)
"""What a key frame begins with: encoders send the sequence parameter set before an IDR picture
(H.264 §7.4.1.2.3)."""


def carries(
    data: NDArray[np.uint8],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    types: Collection[int],
    *,
    begins: bool = False,
) -> NDArray[np.bool_]:
    """Which of n packets carry a NAL unit of one of these types, or a part of one: (n,).

    By itself (§5.6), anywhere in a STAP-A (§5.7.1) or as a fragment in an FU-A (§5.8).

    Args:
        data: (n, width) packets, not encrypted.
        start, end: (n,) where the payloads lie (`rtp.payload_bounds`).
        begins: of fragments only the first counts.
    """
    wanted = _set_of(tuple(types))
    found = np.zeros(len(data), np.bool_)
    present = np.flatnonzero(start < end)
    kind = data[present, start[present]] & TYPE_MASK
    found[present] = wanted[kind]
    fragments = present[kind == FU_A]
    if len(fragments):
        fragments = fragments[end[fragments] - start[fragments] >= FU_HEADER_BYTES]
        header = data[fragments, start[fragments] + 1]
        found[fragments] = wanted[header & TYPE_MASK] & ((header & FU_START != 0) | (not begins))
    aggregates = present[kind == STAP_A]
    if not len(aggregates):
        return found
    at = start[aggregates] + 1
    for _ in range(MOST_AGGREGATED):
        room = at + SIZE_BYTES < end[aggregates]
        aggregates, at = aggregates[room], at[room]
        if not len(aggregates):
            break
        size = data[aggregates, at].astype(np.int64) << 8 | data[aggregates, at + 1]
        unit = at + SIZE_BYTES
        whole = (size > 0) & (unit + size <= end[aggregates])
        aggregates, unit, size = aggregates[whole], unit[whole], size[whole]
        found[aggregates] |= wanted[data[aggregates, unit] & TYPE_MASK]
        at = unit + size
    return found


@functools.cache
def _set_of(types: tuple[int, ...]) -> NDArray[np.bool_]:
    """(32,) which NAL unit types are among these."""
    wanted = np.zeros(TYPE_MASK + 1, np.bool_)
    wanted[list(types)] = True
    return wanted
