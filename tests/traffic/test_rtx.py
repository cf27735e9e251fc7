"""The retransmission payload format: bytes of RFC 4588 §4, and what goes in comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic import rtx

RTX = {"payload_type": 99, "ssrc": 0x0A0B0C0D}


def test_the_layout_of_the_rfc() -> None:
    """Figure 1: the RTP header, the original's sequence number (OSN), the original's payload."""
    original = bytes.fromhex("80 e1 1234 00000bb8 a1a2a3a4 6588")
    again = rtx.encapsulate(original, sequence=7, **RTX)
    assert again.hex(" ", 4) == bytes.fromhex("80 e3 0007 00000bb8 0a0b0c0d 1234 6588").hex(" ", 4)


@given(
    sequence=st.integers(0, 0xFFFF),
    number=st.integers(0, 0x1_FFFF),
    marker=st.booleans(),
    csrcs=st.integers(0, 15),
    extension=st.none()
    | st.binary(max_size=40).map(lambda octets: octets + bytes(-len(octets) % 4)),
    payload=st.binary(max_size=60),
    padding=st.integers(0, 20),
)
def test_a_packet_comes_back_as_it_was_without_its_padding(
    sequence: int,
    number: int,
    marker: bool,
    csrcs: int,
    extension: bytes | None,
    payload: bytes,
    padding: int,
) -> None:
    first = 0x80 | csrcs | (0 if extension is None else 0x10)
    header = bytes([first, 97 | marker << 7]) + sequence.to_bytes(2, "big") + bytes(8 + 4 * csrcs)
    if extension is not None:
        header += b"\xbe\xde" + (len(extension) // 4).to_bytes(2, "big") + extension
    bare = header + payload
    padded = bare
    if padding:
        padded = bytes([first | 0x20]) + bare[1:] + bytes(padding - 1) + bytes([padding])
    again = rtx.encapsulate(padded, sequence=number, **RTX)
    assert int.from_bytes(again[2:4], "big") == number & 0xFFFF
    assert (again[1] & 0x7F, int.from_bytes(again[8:12], "big")) == (99, RTX["ssrc"])
    assert rtx.restore(again, payload_type=97, ssrc=0) == bare


@pytest.mark.parametrize("datagram", [b"", b"\x80c\x00\x07", bytes.fromhex("80630007") + bytes(9)])
def test_what_has_no_original_gives_none(datagram: bytes) -> None:
    """Too short for RTP, and for an OSN."""
    assert rtx.restore(datagram, payload_type=97, ssrc=0) is None


def test_what_is_no_rtp_is_not_sent_again() -> None:
    with pytest.raises(ValueError, match="no RTP packet"):
        rtx.encapsulate(b"\x00" * 20, sequence=0, **RTX)
