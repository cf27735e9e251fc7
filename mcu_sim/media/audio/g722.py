"""ITU-T G.722 at 64 kb/s (mode 1), one call's encoder and decoder, as numpy arrays.

The codec itself is libg722. Both directions are adaptive: they carry state from frame to frame,
and the two sides of a call only stay in step if every octet goes through in order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.audio.codec import WIDE_HZ

BIT_RATE = 64_000
SAMPLES_PER_OCTET = 2


class G722Call:
    """The codec of one call. Its two directions know nothing of each other."""

    def __init__(self) -> None:
        # most meetings have no G.722 call, and their start shall not wait for the library
        from G722 import G722

        self._codec = G722(WIDE_HZ, BIT_RATE)

    def encode(self, samples: NDArray[np.int16]) -> NDArray[np.uint8]:
        """int16 (2 n,) samples at 16 kHz → (n,) octets. Raises `ValueError` for an odd number."""
        if len(samples) % SAMPLES_PER_OCTET:
            raise ValueError(f"{len(samples)} samples: an octet of G.722 holds two")
        return np.frombuffer(self._codec.encode(np.ascontiguousarray(samples, np.int16)), np.uint8)

    def decode(self, octets: NDArray[np.uint8]) -> NDArray[np.int16]:
        """(n,) octets → int16 (2 n,) samples at 16 kHz."""
        return np.frombuffer(self._codec.decode(np.asarray(octets, np.uint8).tobytes()), np.int16)
