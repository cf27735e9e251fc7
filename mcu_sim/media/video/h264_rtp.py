"""What RTP packets of H.264 hold (RFC 6184 §5): where a key frame begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from traffic.h264 import FU_A, STAP_A
from traffic.sources.video_model import FU_START, NAL_IDR

NAL_SPS = 7  # encoders send it before an IDR picture (H.264 §7.4.1.2.3)
TYPE = np.uint8(0x1F)  # of a NAL unit's first byte and of an FU header
SIZE_BYTES = 2  # before each NAL unit in a STAP-A (§5.7.1)
MOST_AGGREGATED = 16  # NAL units of one STAP-A that are looked at: parameter sets come first


def starts_key_frame(
    data: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which of n packets begin a key frame, or one of its slices: (n,).

    That is an IDR slice (type 5) or the sequence parameter set (7) before it, as a single NAL unit
    (§5.6), anywhere in a STAP-A (§5.7.1) or as the first fragment of an FU-A (§5.8). `data` is
    (n, width) uint8, `start` and `end` (n,) are where the payloads lie (`rtp.payload_bounds`).
    """
    found = np.zeros(len(data), np.bool_)
    present = np.flatnonzero(start < end)
    kind = data[present, start[present]] & TYPE
    found[present] = _is_key(kind)
    fragments = present[kind == FU_A]
    fragments = fragments[end[fragments] - start[fragments] >= 2]
    header = data[fragments, start[fragments] + 1]
    found[fragments] = (header & FU_START != 0) & _is_key(header & TYPE)
    aggregates = present[kind == STAP_A]
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
        found[aggregates] |= _is_key(data[aggregates, unit] & TYPE)
        at = unit + size
    return found


def _is_key(kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.isin(kind, (NAL_IDR, NAL_SPS))
