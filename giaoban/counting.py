"""English words that agree with a number: `1 failure`, `2 failures`."""

from __future__ import annotations


class Count(int):
    """A whole number whose format may be two words: `f"{n} {n:bridge is|bridges are}"`."""

    def __format__(self, spec: str, /) -> str:
        one, both, more = spec.partition("|")
        return (one if self == 1 else more) if both else super().__format__(spec)


def counted(number: int, noun: str) -> str:
    """`1 failure`, `2 failures`: a number with a noun whose plural ends in s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def unit_of(amount: float, unit: str) -> str:
    """A unit after an amount as it is shown: `1 call`, `2 calls`; others are signs, `1 ms`."""
    return unit.removesuffix("s") if amount == 1 and unit in _COUNTED else unit


_COUNTED = frozenset({"bridges", "calls", "points"})
