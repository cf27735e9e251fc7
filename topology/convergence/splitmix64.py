"""The random numbers of a router's BIRD, as `topology/emulation/router_clock.c` draws them."""

from __future__ import annotations

_MASK = (1 << 64) - 1


class SplitMix64:
    """What one process draws by `random`: splitmix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, seed: int) -> None:
        """`seed`: `GIAOBAN_SEED` of the process."""
        self._state = seed

    def draw(self) -> int:
        """The next number, 31 bits."""
        self._state = z = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return (z ^ (z >> 31)) >> 33

    def skip(self, draws: int) -> None:
        """Draw what matters to nothing but to what comes after."""
        self._state = (self._state + draws * 0x9E3779B97F4A7C15) & _MASK
