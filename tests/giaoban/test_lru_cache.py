"""What was computed lately is kept, as far as there is room."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from giaoban.lru_cache import LruCache


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(0, 12))
def test_what_was_asked_for_last_is_remembered_as_long_as_there_is_room(
    asked: list[int], most: int
) -> None:
    made: list[int] = []

    def make(key: int) -> int:
        made.append(key)
        return key

    recent: LruCache[int, int] = LruCache(most, lambda size: size)
    kept: list[int] = []
    for key in asked:
        before = len(made)
        assert recent.get(key, make) == key
        assert (len(made) == before) == (key in kept)
        kept = [*(one for one in kept if one != key), key]
        while sum(kept) > most and len(kept) > 1:
            kept.pop(0)
