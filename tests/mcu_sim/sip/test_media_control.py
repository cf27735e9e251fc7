"""RFC 5168 bodies: what clients send, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcu_sim.sip.info import MEDIA_CONTROL_TYPE, picture_fast_update, wants_full_picture

# as in RFC 5168 §7.1, with a stream named
RFC = b"""<?xml version="1.0" encoding="utf-8"?>
  <media_control>
    <vc_primitive>
      <stream_id>stream1</stream_id>
      <to_encoder>
        <picture_fast_update/>
      </to_encoder>
    </vc_primitive>
  </media_control>
"""


@pytest.mark.parametrize(
    "body",
    [
        RFC,
        picture_fast_update(),
        RFC.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + RFC,
        RFC.partition(b"?>\n")[2],
        RFC.replace(b"<media_control>", b'<media_control xmlns="urn:x">'),
        RFC.replace(b"<picture_fast_update/>", b"<picture_fast_update></picture_fast_update>"),
    ],
)
def test_a_full_picture_is_asked_for(body: bytes) -> None:
    assert wants_full_picture(MEDIA_CONTROL_TYPE, body) is True
    assert wants_full_picture(" Application/Media_Control+XML; charset=utf-8", body) is True
    assert wants_full_picture("text/xml", body) is None


def test_other_media_control_asks_for_nothing() -> None:
    error = b"<media_control><general_error>Unable to parse</general_error></media_control>"
    assert wants_full_picture(MEDIA_CONTROL_TYPE, error) is False


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        RFC[:-10],
        RFC.decode().encode("utf-16"),
        RFC.replace(b"utf-8", b"no-such-encoding").replace(b"media_control", b"other"),
        b"\xff" + RFC,
        RFC + b" " * 9_000,
        RFC.replace(b"<media_control>", b'<!DOCTYPE x [<!ENTITY a "b">]><media_control>'),
        RFC.replace(b"<media_control>", b"<!doctype x><media_control>"),
        RFC.replace(b"<picture_fast_update/>", b"&lol;"),
    ],
)
def test_what_is_no_media_control(body: bytes) -> None:
    assert wants_full_picture(MEDIA_CONTROL_TYPE, body) is None


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_garbage_does_not_raise(body: bytes) -> None:
    assert wants_full_picture(MEDIA_CONTROL_TYPE, body) in (None, False, True)
