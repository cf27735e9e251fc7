"""The random numbers of the kernel's netem: what a seed loses there, it loses here.

lib/random32.c (prandom_u32_state: L'Ecuyer's combined Tausworthe generator LFSR113, "Tables of
maximally equidistributed combined LFSR generators", 1999) and include/linux/prandom.h
(prandom_seed_state).
"""

from __future__ import annotations

WORD = 0xFFFFFFFF


class NetemRandom:
    """One netem's generator."""

    def __init__(self, seed: int) -> None:
        """`seed`: TCA_NETEM_PRNG_SEED, 64 bits."""
        mixed = ((seed >> 32) ^ (seed << 10) ^ seed) & WORD
        self._s1 = mixed + 2 if mixed < 2 else mixed
        self._s2 = mixed + 8 if mixed < 8 else mixed
        self._s3 = mixed + 16 if mixed < 16 else mixed
        self._s4 = mixed + 128 if mixed < 128 else mixed

    def draw(self) -> int:
        """The next 32 bits."""
        s1, s2, s3, s4 = self._s1, self._s2, self._s3, self._s4
        s1 = ((s1 & 0xFFFFFFFE) << 18 & WORD) ^ (((s1 << 6 & WORD) ^ s1) >> 13)
        s2 = ((s2 & 0xFFFFFFF8) << 2 & WORD) ^ (((s2 << 2 & WORD) ^ s2) >> 27)
        s3 = ((s3 & 0xFFFFFFF0) << 7 & WORD) ^ (((s3 << 13 & WORD) ^ s3) >> 21)
        s4 = ((s4 & 0xFFFFFF80) << 13 & WORD) ^ (((s4 << 3 & WORD) ^ s4) >> 12)
        self._s1, self._s2, self._s3, self._s4 = s1, s2, s3, s4
        return s1 ^ s2 ^ s3 ^ s4
