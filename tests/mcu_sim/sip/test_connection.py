"""Messages out of a stream, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.sip.transport.connection import MOST_BYTES, StreamReader


def message(body: bytes = b"", header: bytes = b"Content-Length") -> bytes:
    return b"OPTIONS sip:a SIP/2.0\r\n%b: %d\r\n\r\n%b" % (header, len(body), body)


@pytest.mark.parametrize("header", [b"Content-Length: 4", b"L:4", b"X: l: 9\r\nl: 4"])
def test_content_length_is_found_in_every_spelling(header: bytes) -> None:
    data = b"INVITE sip:a SIP/2.0\r\n" + header + b"\r\n\r\n"
    assert StreamReader().feed(data + b"bodyNEXT") == [data + b"body"]


@pytest.mark.parametrize(
    "broken",
    [
        b"INVITE sip:a SIP/2.0\r\nVia: x\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nContent-Length: 65536\r\n\r\n",
        b"x" * MOST_BYTES,
    ],
)
def test_a_stream_that_cannot_be_divided_breaks_after_its_messages(broken: bytes) -> None:
    reader = StreamReader()
    assert reader.feed(message(b"good") + broken) == [message(b"good")]
    assert reader.broken
    assert reader.feed(message()) == []


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), st.lists(st.integers(0, 400)))
def test_every_message_comes_out_as_it_went_in(bodies: list[bytes], cuts: list[int]) -> None:
    sent = [message(body, b"l") for body in bodies]
    data, reader = b"".join(sent), StreamReader()
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    pieces = [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    assert [one for piece in pieces for one in reader.feed(piece)] == sent
