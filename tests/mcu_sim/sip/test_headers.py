"""Header fields that are found by their name at once are those of `sipmessage`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sipmessage.message import Headers

from giaoban.mcu_sim.sip.message.headers import IndexedHeaders

names = st.sampled_from(["Via", "VIA", "via", "To", "to", "Contact"])
values = st.text("ab,", max_size=3)
steps = st.one_of(
    st.tuples(st.just("add"), names, values),
    st.tuples(st.just("set"), names, values),
    st.tuples(st.just("setlist"), names, st.lists(values, min_size=1, max_size=3)),
    st.tuples(st.just("remove"), names),
)


def told(headers: Headers) -> list[Any]:
    """All that can be read of headers."""

    def first(name: str) -> str | None:
        try:
            return str(headers[name])
        except KeyError:
            return None

    asked: list[Callable[[str], Any]] = [headers.get, headers.getlist, first]
    found = [ask(name) for ask in asked for name in ("Via", "vIA", "To", "contact", "From")]
    return [str(headers), headers.keys(), headers.get("From", "nobody"), *found]


@given(st.lists(steps, max_size=12))
def test_whatever_is_done_to_them_they_say_the_same(done: list[Any]) -> None:
    ours, theirs = IndexedHeaders(), Headers()
    for what, *how in done:
        for headers in (ours, theirs):
            getattr(headers, what)(*(list(h) if isinstance(h, list) else h for h in how))
        assert told(ours) == told(theirs)
