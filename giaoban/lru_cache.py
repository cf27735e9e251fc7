"""A bounded cache."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class LruCache[K, V]:
    """Values made when they are asked for; those that were asked for last are remembered."""

    def __init__(self, most: int, size_of: Callable[[V], int]) -> None:
        """`most`: sum of the sizes that are remembered; the last value is, however large."""
        self._most = most
        self._size_of = size_of
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._size = 0

    def get(self, key: K, make: Callable[[K], V]) -> V:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = self._kept[key] = make(key)
        self._size += self._size_of(value)
        while self._size > self._most and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._size -= self._size_of(oldest)
        return value
