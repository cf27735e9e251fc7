"""H.264 in RTP payloads (RFC 6184): which carry a key frame, and which begin one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic import rtp
from giaoban.traffic.h264 import KEY_FRAME, KEY_FRAME_START, NAL_IDR, carries


def looked_at(
    payloads: list[bytes], types: tuple[int, ...] = KEY_FRAME, *, begins: bool = False
) -> list[bool]:
    """Of each payload; what lies before and behind it would be a part of a key frame."""
    data = np.full((len(payloads), 1500), 5, np.uint8)
    start = np.arange(len(payloads), dtype=np.int64) % 3 * 4 + 12
    end = start + [len(payload) for payload in payloads]
    for row, at, payload in zip(data, start, payloads, strict=True):
        row[at : at + len(payload)] = np.frombuffer(payload, np.uint8)
    return carries(data, start, end, types, begins=begins).tolist()


def stap_a(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


SLICE, IDR, SEI, SPS, PPS, AUD = (bytes([0x60 | kind]) + bytes(20) for kind in (1, 5, 6, 7, 8, 9))


@pytest.mark.parametrize(
    ("what", "payload", "of_key_frame", "begins"),
    [
        ("an IDR slice", IDR, True, True),
        ("a sequence parameter set", SPS, True, True),
        ("a picture parameter set", PPS, True, False),
        ("a predicted slice", SLICE, False, False),
        ("supplemental information", SEI, False, False),
        ("an access unit delimiter", AUD, False, False),
        ("whatever nal_ref_idc is", b"\x25\x88\x84", True, True),
        ("parameter sets in one packet", stap_a(SPS, PPS), True, True),
        ("parameter sets behind other units", stap_a(AUD, SEI, SPS, PPS), True, True),
        ("small IDR slices together", stap_a(IDR, IDR), True, True),
        ("small predicted slices together", stap_a(SLICE, SLICE, SLICE), False, False),
        ("the type's byte within a slice", stap_a(b"\x61\x00\x02\x65\x65", SLICE), False, False),
        ("a unit longer than its packet", stap_a(SLICE) + b"\x00\x05\x67", False, False),
        ("a unit of no bytes", stap_a(SLICE) + b"\x00\x00" + b"\x00\x01\x67", False, False),
        ("an aggregate of nothing", b"\x78", False, False),
        ("an aggregate that ends in a size", b"\x78\x00\x01", False, False),
        ("first fragment of an IDR slice", b"\x7c\x85\x00", True, True),
        ("first fragment of parameters", b"\x7c\x87\x00", True, True),
        ("middle of an IDR slice", b"\x7c\x05\x00", True, False),
        ("end of an IDR slice", b"\x7c\x45\x00", True, False),
        ("first fragment of a predicted slice", b"\x7c\x81\x00", False, False),
        ("a fragment without its header", b"\x7c", False, False),
        ("FU-B, which is for interleaving", b"\x7d\x85\x00\x00", False, False),
        ("nothing", b"", False, False),
    ],
)
def test_packets_of_a_key_frame(
    what: str, payload: bytes, of_key_frame: bool, begins: bool
) -> None:
    assert looked_at([payload]) == [of_key_frame], what
    assert looked_at([payload], KEY_FRAME_START, begins=True) == [begins], what


def by_the_book(payload: bytes, types: tuple[int, ...], begins: bool) -> bool:
    """The same, one packet at a time."""
    if not payload:
        return False
    kind = payload[0] & 31
    if kind == 28:
        whole = len(payload) > 1 and payload[1] & 31 in types
        return whole and (not begins or bool(payload[1] & 128))
    if kind != 24:
        return kind in types
    rest = payload[1:]
    for _ in range(16):
        size = int.from_bytes(rest[:2], "big")
        unit = rest[2 : 2 + size]
        if not size or len(unit) < size:
            return False
        if unit[0] & 31 in types:
            return True
        rest = rest[2 + size :]
    return False


units = st.builds(
    lambda kind, body: bytes([0x60 | kind]) + body, st.integers(1, 12), st.binary(max_size=6)
)
payloads = st.one_of(
    units,
    st.lists(units, max_size=20).map(lambda some: stap_a(*some)),
    st.builds(lambda of, cut: stap_a(*of)[:cut], st.lists(units, max_size=5), st.integers(0, 30)),
    st.builds(lambda header, body: bytes([0x7C, header]) + body, st.integers(0, 255), st.binary()),
    st.binary(max_size=40),
)


@given(
    st.lists(payloads, max_size=12),
    st.sampled_from([KEY_FRAME, KEY_FRAME_START, (NAL_IDR,)]),
    st.booleans(),
)
def test_many_packets_at_once_are_as_one_by_one(
    some: list[bytes], types: tuple[int, ...], begins: bool
) -> None:
    expected = [by_the_book(payload, types, begins) for payload in some]
    assert looked_at(some, types, begins=begins) == expected


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_from_the_network_are_survived(datagrams: list[bytes]) -> None:
    data = np.zeros((len(datagrams), 60), np.uint8)
    for row, datagram in zip(data, datagrams, strict=True):
        row[: len(datagram)] = np.frombuffer(datagram, np.uint8)
    start, end = rtp.payload_bounds(data, np.array([len(d) for d in datagrams], np.int64))
    found = carries(data, start, end, KEY_FRAME)
    assert not np.any(found & (start == 0))
