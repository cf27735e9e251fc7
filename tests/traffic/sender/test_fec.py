"""Which packets an FEC packet protects, and when it leaves."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.traffic.loss_repair import Fec
from giaoban.traffic.sender.fec import FecEncoder, FecPacket
from giaoban.traffic.ulpfec import Protection

MS = 1_000_000
FRAME_NS, FRAME_TICKS = 40 * MS, 3600
TYPE, SSRC, FIRST = 100, 0x55, 0xFFFF


def model(packets: int, pictures: int) -> Fec:
    return Fec(group_packets=packets, group_pictures=pictures, source="a test")


def stream(pictures: list[int], first: int = 0xFFFA) -> list[tuple[bytes, int]]:
    """Packets of pictures of so many packets each, a millisecond apart, and when each leaves."""
    made, number = [], count(first)
    for picture, packets in enumerate(pictures):
        for place in range(packets):
            head = bytes([0x80, 97 | (place == packets - 1) << 7])
            head += (next(number) & 0xFFFF).to_bytes(2, "big")
            head += (picture * FRAME_TICKS).to_bytes(4, "big") + bytes(4)
            made.append((head + bytes([picture, place]), picture * FRAME_NS + place * MS))
    return made


def encoded(of: Fec, packets: list[tuple[bytes, int]]) -> list[FecPacket]:
    encoder = FecEncoder(of, TYPE, SSRC, 90_000, FIRST)
    made = (encoder.sent(*one) for one in packets)
    return [one for one in made if one is not None]


def groups(made: list[FecPacket]) -> list[int]:
    found = [Protection.parse(one.packet) for one in made]
    return [len(one.sequences) for one in found if one is not None]


@pytest.mark.parametrize(
    ("packets", "pictures", "of", "expected"),
    [
        (10, 2, [7, 7, 7, 7], [10, 10, 8]),  # the last: one of the third picture, all of the fourth
        (10, 1, [7, 7, 12], [7, 7, 10, 2]),
        (10, 2, [1, 1, 1, 1], [2, 2]),  # of a low rate: not ten pictures late
        (4, 30, [1] * 9, [4, 4]),
        (1, 1, [2], [1, 1]),  # each packet twice
    ],
)
def test_a_group_ends_by_packets_or_by_pictures(
    packets: int, pictures: int, of: list[int], expected: list[int]
) -> None:
    assert groups(encoded(model(packets, pictures), stream(of))) == expected


def test_it_leaves_with_the_last_packet_and_has_a_stream_of_its_own() -> None:
    packets = stream([3, 3])
    first, second = encoded(model(2, 9), packets)[:2]
    assert [first.leaving_ns, second.leaving_ns] == [packets[1][1], packets[3][1]]
    for number, made in enumerate((first, second)):
        assert made.packet[:2] == bytes([0x80, TYPE])
        assert int.from_bytes(made.packet[2:4], "big") == (FIRST + number) & 0xFFFF
        assert int.from_bytes(made.packet[8:12], "big") == SSRC
    # the media's clock when it leaves: a millisecond, 90 ticks, after its picture's first packet
    assert int.from_bytes(first.packet[4:8], "big") == 90
    assert int.from_bytes(second.packet[4:8], "big") == FRAME_TICKS


def test_numbers_that_go_on_elsewhere_begin_a_group() -> None:
    one, other = stream([3], first=10), stream([3], first=500)
    assert groups(encoded(model(4, 9), one + other)) == []
    assert groups(encoded(model(3, 9), one[:2] + other)) == [3]


@given(of=st.lists(st.integers(1, 30), max_size=12), packets=st.integers(1, 48))
def test_each_packet_is_protected_once_and_the_overhead_is_known(
    of: list[int], packets: int
) -> None:
    made = encoded(model(packets, 30), stream(of, first=0))
    found = [Protection.parse(one.packet) for one in made]
    named = [number for one in found if one is not None for number in one.sequences]
    assert named == list(range(len(named)))
    assert sum(of) - len(named) < packets
    assert len(made) == sum(of) // packets
