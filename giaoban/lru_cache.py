"""What is dear to make, remembered as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

LONGEST = 256
"""Letters of a text whose meaning is remembered."""
MOST_TEXTS = 256
"""So many are remembered; then all are forgotten."""


def of_short_texts[T](read: Callable[[str], T]) -> Callable[[str], T]:
    """A reader of texts that come again and again. What it remembers must not be large, whatever
    peers send, so that long ones are read anew."""
    return _ReadTexts(read).__getitem__


class _ReadTexts[T](dict[str, T]):
    """What texts mean. One that is there is found without a Python function being called."""

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> T:
        value = self._read(text)
        if len(text) <= LONGEST:
            if len(self) >= MOST_TEXTS:
                self.clear()
            self[text] = value
        return value


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
