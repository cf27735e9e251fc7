"""Messages out of a stream, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.mcu_sim.sip.transport.connection import PING, StreamError, StreamReader


def message(
    body: bytes = b"", header: bytes = b"Content-Length", start: bytes = b"OPTIONS"
) -> bytes:
    return start + b" sip:a SIP/2.0\r\n%b: %d\r\n\r\n%b" % (header, len(body), body)


def in_pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
    return [data[a:b] for a, b in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: 4",
        b"l: 4",
        b"L:4",
        b"CONTENT-LENGTH \t:   4  ",
        b"Content-Length:\r\n 4",
        b"Content-Length: 04",
        b"Content-Length: 4\r\nl: 4",
        b"X: Content-Length: 9\r\nContent-Length: 4",
        b"X: y\r\n Content-Length: 9\r\nContent-Length: 4",
    ],
)
def test_content_length_is_found_in_every_spelling(header: bytes) -> None:
    data = b"INVITE sip:a SIP/2.0\r\n" + header + b"\r\n\r\n"
    assert StreamReader().feed(data + b"bodyNEXT") == [data + b"body"]


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        (b"Via: x", "no Content-Length"),
        (b"X-Content-Length: 4", "no Content-Length"),
        (b"Content-Length: ", "cannot be read"),
        (b"Content-Length: -1", "cannot be read"),
        (b"Content-Length: 4x", "cannot be read"),
        (b"Content-Length: 0x4", "cannot be read"),
        (b"Content-Length: 99999999999", "cannot be read"),
        (b"Content-Length: \xb2", "cannot be read"),
        (b"Content-Length: 4\r\nl: 5", "contradicts"),
        (b"Content-Length: 65536", "too large"),
    ],
)
def test_what_can_never_become_a_message(headers: bytes, reason: str) -> None:
    reader = StreamReader()
    before = message(b"good")
    broken = b"INVITE sip:a SIP/2.0\r\n" + headers + b"\r\n\r\n"
    with pytest.raises(StreamError, match=reason) as caught:
        reader.feed(before + broken)
    # it is still to be refused
    assert caught.value.messages == [before, broken]
    with pytest.raises(StreamError, match=reason) as again:
        reader.feed(message())
    assert again.value.messages == []
    assert reader.waiting == 0


def test_headers_that_do_not_end_are_given_up_at_the_limit() -> None:
    reader = StreamReader(max_bytes=100)
    assert reader.feed(b"x" * 99) == []
    with pytest.raises(StreamError, match="do not end"):
        reader.feed(b"x")


def test_a_message_of_just_the_limit_passes() -> None:
    data = message(b"x" * 50)
    assert StreamReader(max_bytes=len(data)).feed(data) == [data]
    with pytest.raises(StreamError, match="too large"):
        StreamReader(max_bytes=len(data) - 1).feed(data)


def test_pings_are_told_and_other_line_ends_skipped() -> None:
    reader = StreamReader()
    assert reader.feed(b"\r\n") == []
    assert reader.feed(b"\r\n") == [PING]
    assert reader.feed(b"\r\n" + message()) == [message()]
    assert reader.feed(b"\r\n\r\n\r\n\r\n\r\n") == [PING, PING]
    assert reader.feed(b"\n\r\n\r\r\n\r\n" + message()) == [PING, message()]
    assert reader.waiting == 0


def test_a_body_of_line_ends_is_no_ping() -> None:
    data = message(b"\r\n\r\n\r\n\r\n")
    assert StreamReader().feed(data + PING) == [data, PING]


parts = st.one_of(
    st.just(b"\r\n"),
    st.just(PING),
    st.just(b"\n"),
    st.builds(
        message,
        st.binary(max_size=40),
        st.sampled_from([b"Content-Length", b"l", b"X: y\r\nL "]),
        st.sampled_from([b"INVITE", b"OPTIONS"]),
    ),
)
streams = st.lists(parts, max_size=8).map(b"".join)
cuts = st.lists(st.integers(0, 400), max_size=12)


@given(streams, cuts)
def test_cutting_the_stream_changes_nothing(data: bytes, places: list[int]) -> None:
    reader = StreamReader()
    whole = StreamReader().feed(data)
    assert [one for piece in in_pieces(data, places) for one in reader.feed(piece)] == whole


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=5), cuts)
def test_every_message_comes_out_as_it_went_in(bodies: list[bytes], places: list[int]) -> None:
    sent = [message(body) for body in bodies]
    reader = StreamReader()
    came = [one for piece in in_pieces(b"".join(sent), places) for one in reader.feed(piece)]
    assert came == sent


def outcome(pieces: list[bytes]) -> tuple[list[bytes], bool]:
    """The messages of a stream, and whether it broke."""
    reader = StreamReader(max_bytes=120)
    came: list[bytes] = []
    try:
        for piece in pieces:
            came += reader.feed(piece)
    except StreamError as error:
        return came + error.messages, True
    return came, False


@given(st.lists(st.one_of(parts, st.binary(max_size=60)), max_size=6).map(b"".join), cuts)
def test_any_bytes_end_the_same_however_they_are_cut(data: bytes, places: list[int]) -> None:
    assert outcome(in_pieces(data, places)) == outcome([data])


def test_a_byte_at_a_time_is_not_searched_again_and_again() -> None:
    reader = StreamReader()
    data = message(start=b"x" * 60_000)
    came = [one for place in range(len(data)) for one in reader.feed(data[place : place + 1])]
    assert came == [data]
