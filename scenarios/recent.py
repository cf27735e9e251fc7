"""What is dear to make, remembered as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class Recent[K, V]:
    """Values made when they are asked for; those that were asked for last are remembered."""

    def __init__(self, most: int, make: Callable[[K], V], size_of: Callable[[V], int]) -> None:
        """`most`: sum of the sizes that are remembered; the last value is, however large."""
        self._most = most
        self._make = make
        self._size_of = size_of
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._size = 0

    def __getitem__(self, key: K) -> V:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = self._kept[key] = self._make(key)
        self._size += self._size_of(value)
        while self._size > self._most and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._size -= self._size_of(oldest)
        return value
