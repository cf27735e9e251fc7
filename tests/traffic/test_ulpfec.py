"""ULPFEC: bytes of RFC 5109 §7, and any one packet of a group comes back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic import ulpfec
from giaoban.traffic.ulpfec import Protection

SSRC = 0x0A0B0C0D
FEC = {"payload_type": 100, "ssrc": 0x01020304, "timestamp": 0x0BB8}


def packets(
    payloads: list[bytes], first: int = 0, flags: int = 0, ticks: int = 0, payload_type: int = 97
) -> list[bytes]:
    """Packets in a row; the last one has the marker."""
    return [
        bytes([0x80 | flags, payload_type | (number == len(payloads) - 1) << 7])
        + ((first + number) & 0xFFFF).to_bytes(2, "big")
        + ((ticks + 3000 * number) & 0xFFFF_FFFF).to_bytes(4, "big")
        + SSRC.to_bytes(4, "big")
        + payload
        for number, payload in enumerate(payloads)
    ]


def parsed(payload: bytes) -> Protection:
    found = Protection.parse(ulpfec.encapsulate(payload, sequence=0, **FEC))
    assert found is not None
    return found


def test_the_layout_of_the_rfc() -> None:
    """Figures 2 to 4: E L P X CC, M and PT recovery, SN base, TS recovery, length recovery; then
    protection length, mask, and the XOR of the payloads, the shorter one filled up with zeros."""
    group = packets([b"\x01\x02\x03\x04", b"\xff"], first=8, flags=0x02, ticks=5)
    # P, X and CC are equal: 0. Marker 0 ^ 1, type 97 ^ 97. Timestamps 5 ^ 3005. Lengths 4 ^ 1.
    expected = "00 80 0008 00000bb8 0005  0004 c000  fe020304"
    assert ulpfec.protect(group) == bytes.fromhex(expected)
    wire = ulpfec.encapsulate(ulpfec.protect(group), sequence=7, **FEC)
    assert wire[:12] == bytes.fromhex("80 64 0007 00000bb8 01020304")


def test_a_long_mask_names_packets_beyond_sixteen() -> None:
    payload = ulpfec.protect(packets([b"\x01"] * 17, first=0xFFF8))
    assert payload[0] == 0x40
    assert payload[2:4] == bytes.fromhex("fff8")
    assert payload[12:18] == bytes.fromhex("ffff80000000")
    assert parsed(payload).sequences == tuple((0xFFF8 + i) & 0xFFFF for i in range(17))


@given(
    payloads=st.lists(st.binary(max_size=40), min_size=1, max_size=48),
    first=st.integers(0, 0xFFFF),
    flags=st.integers(0, 0x3F),
    ticks=st.integers(0, 0xFFFF_FFFF),
    data=st.data(),
)
def test_any_one_packet_comes_back_to_the_last_bit(
    payloads: list[bytes], first: int, flags: int, ticks: int, data: st.DataObject
) -> None:
    group = packets(payloads, first, flags, ticks)
    payload = ulpfec.protect(group)
    assert len(payload) <= ulpfec.MOST_BYTES + max(map(len, payloads))
    lost = data.draw(st.integers(0, len(group) - 1))
    others = {ulpfec.sequence_of(one): one for i, one in enumerate(group) if i != lost}
    assert parsed(payload).restore(others, ssrc=SSRC) == group[lost]


@given(payloads=st.lists(st.binary(max_size=20), min_size=2, max_size=16), data=st.data())
def test_of_two_that_are_missing_none_comes_back(
    payloads: list[bytes], data: st.DataObject
) -> None:
    group = packets(payloads)
    gone = data.draw(st.sets(st.sampled_from(range(len(group))), min_size=2, max_size=2))
    others = {ulpfec.sequence_of(one): one for i, one in enumerate(group) if i not in gone}
    protection = parsed(ulpfec.protect(group))
    assert protection.restore(others, ssrc=SSRC) is None
    # nor anything if none is missing
    everything = {ulpfec.sequence_of(one): one for one in group}
    assert protection.restore(everything, ssrc=SSRC) is None


def test_packets_of_gaps_are_protected_in_any_order() -> None:
    group = [*packets([b"abc"], 40), *packets([b"de"], 7), *packets([b"f"], 9)]
    protection = parsed(ulpfec.protect(group))
    assert protection.sequences == (7, 9, 40)
    assert protection.restore({7: group[1], 40: group[0]}, ssrc=SSRC) == group[2]


@pytest.mark.parametrize(
    "group",
    [
        [],
        [b"\x80" * 11],
        [*packets([b""], 0), *packets([b""], 48)],
        [*packets([b""], 3), *packets([b""], 3)],
    ],
)
def test_what_no_mask_can_name_is_not_protected(group: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"protect|mask"):
        ulpfec.protect(group)


def test_what_is_no_fec_packet_says_nothing() -> None:
    good = ulpfec.encapsulate(ulpfec.protect(packets([b"\x01\x02"] * 17)), sequence=0, **FEC)
    assert Protection.parse(good) is not None
    for end in range(len(good)):  # cut short, wherever
        assert Protection.parse(good[:end]) is None
    later = good[:12] + bytes([good[12] | 0x80]) + good[13:]  # the extension bit
    assert Protection.parse(later) is None
    nobody = good[:24] + bytes(6) + good[30:]  # no packet in the mask
    assert Protection.parse(nobody) is None


def test_a_packet_that_is_protected_in_part_is_not_restored() -> None:
    """A protection length below the longest packet's (§7.4): its end is known to nobody."""
    group = packets([b"\x01\x02\x03\x04", b"\x05\x06\x07\x08"])
    payload = bytearray(ulpfec.protect(group))
    payload[10:12] = (2).to_bytes(2, "big")
    protection = parsed(bytes(payload))
    assert protection.restore({0: group[0]}, ssrc=SSRC) is None


def test_of_packets_protected_in_part_one_that_is_shorter_is_restored() -> None:
    """Of the others no more is taken than is protected (§9.2)."""
    group = packets([b"\x01\x02\x03\x04", b"\x05\x06"])
    payload = bytearray(ulpfec.protect(group))[:-2]
    payload[10:12] = (2).to_bytes(2, "big")
    protection = parsed(bytes(payload))
    assert protection.restore({0: group[0]}, ssrc=SSRC) == group[1]
    assert protection.restore({1: group[1]}, ssrc=SSRC) is None
