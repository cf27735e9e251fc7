"""G.711 A-law and µ-law (ITU-T G.711, 1988) by lookup tables, for arrays of any shape.

Linear samples are 16-bit: the 13 bits of A-law and the 14 bits of µ-law stand at the top. Encoding
looks a sample up by its bits; the tables are built once from the segments of the Recommendation
(table 1a/1b for A-law, 2a/2b for µ-law). Every octet and every sample has its entry, so "wrap"
never does; it is only numpy's fastest way to look up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Codes = NDArray[np.uint8]

_EVEN_BITS = 0x55
"""A-law inverts the even bits on the line, so that silence is not a run of zeros."""
_MU_BIAS = 33
"""µ-law magnitudes carry this bias (14-bit units), which makes every segment double the last."""


def a_law_encode(samples: Samples) -> Codes:
    """int16 samples → A-law octets (RTP payload type 8), same shape."""
    return _A_ENCODE.take(np.asarray(samples, np.int16).view(np.uint16), mode="wrap")


def a_law_decode(codes: Codes) -> Samples:
    """A-law octets → int16 samples, same shape."""
    return _A_DECODE.take(np.asarray(codes, np.uint8), mode="wrap")


def mu_law_encode(samples: Samples) -> Codes:
    """int16 samples → µ-law octets (RTP payload type 0), same shape."""
    return _MU_ENCODE.take(np.asarray(samples, np.int16).view(np.uint16), mode="wrap")


def mu_law_decode(codes: Codes) -> Samples:
    """µ-law octets → int16 samples, same shape."""
    return _MU_DECODE.take(np.asarray(codes, np.uint8), mode="wrap")


def _a_law_intervals() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Lower edge and output value (16-bit units) of the 128 intervals of a positive sample."""
    segment, step = np.divmod(np.arange(128, dtype=np.int32), 16)
    shift = np.maximum(segment, 1) + 3  # the two lowest segments have the same width
    edge = np.where(segment == 0, step, step + 16) << shift
    return edge.astype(np.int32), (edge + (1 << (shift - 1))).astype(np.int32)


def _mu_law_intervals() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Lower edge and output value (16-bit units) of the 128 intervals of a positive sample."""
    segment, step = np.divmod(np.arange(128, dtype=np.int32), 16)
    edge = ((step + 16) << (segment + 1)) - _MU_BIAS
    value = ((2 * step + 33) << segment) - _MU_BIAS
    return (4 * edge).astype(np.int32), (4 * value).astype(np.int32)


def _encode_table(
    edges: NDArray[np.int32], positive: NDArray[np.int32], negative: NDArray[np.int32]
) -> Codes:
    """Octet of each 16-bit pattern: `positive`/`negative` are the octets of the intervals."""
    sample = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    # A negative sample counts from −1: one's complement, as in the ITU-T reference code (G.191).
    magnitude = np.where(sample < 0, ~sample, sample)
    interval = np.searchsorted(edges, magnitude, side="right") - 1
    return np.where(sample < 0, negative[interval], positive[interval]).astype(np.uint8)


def _decode_table(
    values: NDArray[np.int32], positive: NDArray[np.int32], negative: NDArray[np.int32]
) -> Samples:
    table = np.zeros(256, np.int16)
    table[positive] = values
    table[negative] = -values
    return table


_INTERVALS = np.arange(128, dtype=np.int32)
_A_EDGES, _A_VALUES = _a_law_intervals()
_A_POSITIVE, _A_NEGATIVE = (_INTERVALS | 0x80) ^ _EVEN_BITS, _INTERVALS ^ _EVEN_BITS
_MU_EDGES, _MU_VALUES = _mu_law_intervals()
_MU_POSITIVE, _MU_NEGATIVE = 0xFF - _INTERVALS, 0x7F - _INTERVALS

_A_ENCODE = _encode_table(_A_EDGES, _A_POSITIVE, _A_NEGATIVE)
_A_DECODE = _decode_table(_A_VALUES, _A_POSITIVE, _A_NEGATIVE)
_MU_ENCODE = _encode_table(_MU_EDGES, _MU_POSITIVE, _MU_NEGATIVE)
_MU_DECODE = _decode_table(_MU_VALUES, _MU_POSITIVE, _MU_NEGATIVE)
