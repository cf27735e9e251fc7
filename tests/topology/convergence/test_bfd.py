"""BFD's sessions on paper, held against RFC 5880."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from giaoban.topology.convergence.bfd import BfdSession, ControlPacket
from giaoban.topology.convergence.splitmix64 import SplitMix64

MS = 1_000_000


def test_the_routers_random_numbers_are_those_of_their_library() -> None:
    """Splitmix64's published sequence for 1234567, of which `router_clock.c` gives the upper 31
    bits."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    chance = SplitMix64(1234567)
    assert [chance.draw() for _ in published] == [number >> 33 for number in published]
    skipped = SplitMix64(1234567)
    skipped.skip(2)
    assert skipped.draw() == published[2] >> 33


def pair(interval_ms: int, multiplier: int, seed: int) -> tuple[BfdSession, BfdSession]:
    return tuple(  # type: ignore[return-value]
        BfdSession(me, interval_ms * 1000, multiplier, 1, SplitMix64(seed + me), 0) for me in (1, 2)
    )


def talk(a: BfdSession, b: BfdSession, until_ns: int) -> list[tuple[int, int, ControlPacket]]:
    """Both send what is due until a moment, and hear each other at once: (when, whose, what)."""
    said = []
    while (now_ns := min(a.send_ns, b.send_ns)) < until_ns:
        one, other = (a, b) if a.send_ns <= b.send_ns else (b, a)
        packet: ControlPacket | None = one.sends(now_ns)
        while packet is not None:
            said.append((now_ns, one.me, packet))
            packet, fell = other.receives(packet, now_ns)
            assert not fell
            one, other = other, one
    return said


@given(st.integers(10, 900), st.integers(2, 6), st.integers(0, 1 << 40))
def test_a_session_notices_after_so_many_intervals(
    interval_ms: int, multiplier: int, seed: int
) -> None:
    """§6.8.4: the multiplier times the agreed interval, counted from the last packet; and packets
    come at most an interval apart, at least three quarters of it (§6.8.7)."""
    a, b = pair(interval_ms, multiplier, seed)
    talk(a, b, 6_000 * MS)
    assert a.state == b.state == "up"
    said = talk(a, b, 12_000 * MS)
    of_a = [at_ns for at_ns, me, packet in said if me == 1 and not packet.final]
    apart_ns = [later - sooner for sooner, later in pairwise(of_a)]
    assert min(apart_ns) >= interval_ms * MS * 3 // 4
    assert max(apart_ns) <= interval_ms * MS
    last_ns = max(at_ns for at_ns, me, _ in said if me == 1)
    assert b.expires_ns == last_ns + multiplier * interval_ms * MS
    assert b.expires(b.expires_ns)
    assert b.state == "down"
    # it says so, and whoever hears that is down, too (§6.8.6)
    packet = b.sends(b.send_ns)
    assert packet.state == "down"
    assert a.receives(packet, last_ns) == (None, True)
    assert a.state == "down"


def test_a_packet_for_an_older_session_is_not_heard() -> None:
    a, b = pair(100, 3, 5)
    talk(a, b, 3_000 * MS)
    stranger = ControlPacket(7, 99, "up", 100_000, 100_000, 3)
    before = a.expires_ns
    assert a.receives(stranger, 2_000 * MS) == (None, False)
    assert a.expires_ns == before
    # one that knows nobody may only begin
    assert a.receives(stranger._replace(you=0), 2_000 * MS) == (None, False)
    assert a.expires_ns == before
