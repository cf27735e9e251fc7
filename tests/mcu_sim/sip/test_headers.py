"""Header fields, found by name at once and read by a shorter pattern, are those of `sipmessage`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sipmessage import Address, Via
from sipmessage.message import Headers

from giaoban.mcu_sim.sip.message.headers import IndexedHeaders, addresses, vias

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


PARAMETERS = st.lists(
    st.sampled_from(
        [";tag=a1", ";branch=z9hG4bK-1.2", ";rport", "; lr", ";x=%41", ';y="b;c"', ";z=", ";", " "]
    ),
    max_size=3,
).map("".join)
NAMES = st.sampled_from(["", "mcu", "mcu ", '"m c" ', "m-1  ", "m c "])
URIS = st.sampled_from(
    [
        "sip:a@10.0.0.1:5060",
        "sips:b@x.vn;lr",
        "tel:+84",
        "sip:a%20b@c.vn",
        "sip:",
        "a",
        " sip:a@c.vn",
    ]
)
SENT_BY = st.sampled_from(["10.0.0.1", "10.0.0.1:5070", "x.vn", "[::1]:1", "1.2.3", "10.0.0.1:"])


def read(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return list(parse(text))
    except ValueError:
        return None


@given(NAMES, URIS, PARAMETERS)
def test_an_address_is_read_as_sipmessage_reads_it(name: str, uri: str, parameters: str) -> None:
    text = f"{name}<{uri}>{parameters}".strip()
    known = read(Address.parse_many, text)
    # what it cannot read at all may be another scheme's (`addresses`)
    assert known is None or read(addresses, text) == known


@given(st.sampled_from(["UDP", "TLS", "udp", "T-1"]), SENT_BY, PARAMETERS)
def test_a_via_is_read_as_sipmessage_reads_it(how: str, sent_by: str, parameters: str) -> None:
    text = f"SIP/2.0/{how} {sent_by}{parameters}".strip()
    assert read(vias, text) == read(Via.parse_many, text)
