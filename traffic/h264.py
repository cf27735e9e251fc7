"""Which RTP packets of H.264 belong to key frames (RFC 6184 §5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# NAL unit types (H.264 table 7-1): a key frame's slices, and what they need
IDR, SPS, PPS = 5, 7, 8
STAP_A, FU_A = 24, 28  # RFC 6184 table 1; other aggregations and fragments are for interleaving
TYPE = np.uint8(0x1F)  # of a NAL unit's first byte and of an FU header
FIRST_UNIT_AT = 3  # in a STAP-A: after its own header and the first unit's size (§5.7.1)


def belongs_to_key_frame(
    data: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which of n packets carry a part of a key frame or its parameter sets: (n,).

    That is an IDR slice or a parameter set as a single NAL unit (§5.6), as the first unit of a
    STAP-A (§5.7.1), or an IDR slice's fragment in an FU-A (§5.8). `data` is (n, width) uint8, not
    encrypted; `start` and `end` (n,) are where the payloads lie (`rtp.payload_bounds`).
    """
    kind = _type_at(data, start, end)
    found = np.isin(kind, (IDR, SPS, PPS))
    fragments = np.flatnonzero(kind == FU_A)
    inner = _type_at(data[fragments], start[fragments] + 1, end[fragments])
    found[fragments] = inner == IDR
    aggregates = np.flatnonzero(kind == STAP_A)
    first = _type_at(data[aggregates], start[aggregates] + FIRST_UNIT_AT, end[aggregates])
    found[aggregates] = np.isin(first, (IDR, SPS, PPS))
    return found


def _type_at(
    data: NDArray[np.uint8], at: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """The type in a byte of each row; 0, which is no NAL unit's, where the payload has ended."""
    there = at < end
    rows = np.arange(len(data))
    return np.where(there, data[rows, np.where(there, at, 0)] & TYPE, np.uint8(0))
