"""rtnetlink without an event loop, asked of this machine's own kernel."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator

import pytest
from pyroute2.netlink.exceptions import NetlinkError

from giaoban.topology.emulation import counters, failable_link, fib
from giaoban.topology.emulation.rtnetlink import Rtnetlink, _outcome, attributes
from tests.loopback import udp_socket

LOOPBACK = 1
NO_SUCH = 2**31 - 1
IFLA_IFNAME = 3


@pytest.fixture
def route() -> Iterator[Rtnetlink]:
    with Rtnetlink() as opened:
        yield opened


def test_an_answer_of_one_part_and_one_of_many(route: Rtnetlink) -> None:
    [loopback] = route.get_links(LOOPBACK)
    assert loopback.get_attr("IFLA_IFNAME") == "lo"
    assert "lo" in [link.get_attr("IFLA_IFNAME") for link in route.get_links()]
    assert any(address.get("local") == "127.0.0.1" for address in route.get_addr())


def test_what_an_answer_left_unread_is_not_the_next_ones(route: Rtnetlink) -> None:
    """The kernel sends a receipt behind each answer, which pyroute2 does not wait for."""
    for _ in range(3):
        assert route.link_lookup(ifname="lo") == [LOOPBACK]
    with pytest.raises(NetlinkError) as refused:
        route.get_links(NO_SUCH)
    assert refused.value.code == 19  # ENODEV
    assert route.link_lookup(ifname="lo") == [LOOPBACK]


def test_a_request_in_the_midst_of_an_answer(route: Rtnetlink) -> None:
    """As `flush_routes` asks; the kernel sends the end of a list in a datagram of its own."""

    async def both() -> list[int]:
        found = []
        async for link in await route._socket.get_links():
            async for same in await route._socket.get_links(link["index"]):
                found.append(same["index"])
        return found

    assert _outcome(both()) == [link["index"] for link in route.get_links()]


def test_an_answer_that_does_not_come_is_not_waited_for(route: Rtnetlink) -> None:
    with pytest.raises(BlockingIOError):
        _outcome(route._socket.msg_queue.get(NO_SUCH))


def test_queues_are_counted_as_pyroute2_reads_them(route: Rtnetlink) -> None:
    """Whatever this machine has; what does not change from one look to the next."""
    expected = [
        (each["index"], each["handle"])
        for each in route.get_qdiscs()
        if (stats := each.get_attr("TCA_STATS2")) and stats.get_attr("TCA_STATS_QUEUE")
    ]
    assert [(count.interface, count.handle) for count in counters.qdiscs(route)] == expected


def test_routes_are_read_as_pyroute2_reads_them(route: Rtnetlink) -> None:
    """Of all tables; there is none where there is no network, but those to the host itself."""
    found = [
        (fields, more.get(fib.RTA_DST), int.from_bytes(more[fib.RTA_OIF], sys.byteorder))
        for fields, more in route.read(fib.RTM_GETROUTE, fib.ROUTE)
        if fields[0] == socket.AF_INET
    ]
    expected = []
    for each in route.get_routes(family=socket.AF_INET):
        names = ("family", "dst_len", "src_len", "tos", "table", "proto", "scope", "type", "flags")
        to = each.get_attr("RTA_DST")
        to = socket.inet_aton(to) if to else None
        expected.append((tuple(each[name] for name in names), to, each.get_attr("RTA_OIF")))
    assert expected
    assert found == expected


def test_a_link_is_read_as_pyroute2_reads_it(route: Rtnetlink) -> None:
    for link in route.get_links():
        of = failable_link._link(route, link["index"])
        state, name = of[failable_link.IFLA_OPERSTATE][0], of[IFLA_IFNAME]
        assert name.rstrip(b"\0").decode() == link.get_attr("IFLA_IFNAME")
        assert (state == failable_link.IF_OPER_UP) == (link.get_attr("IFLA_OPERSTATE") == "UP")
        sent = failable_link._sent(route, link["index"])
        [now] = route.get_links(link["index"])
        counts = [each.get_attr("IFLA_STATS64")["tx_packets"] for each in (link, now)]
        assert counts[0] <= sent <= counts[1]


def test_packets_that_a_link_sent_are_counted(route: Rtnetlink) -> None:
    before = failable_link._sent(route, LOOPBACK)
    with udp_socket("127.0.0.1") as here:
        for _ in range(5):
            here.sendto(b"x", here.getsockname())
    assert failable_link._sent(route, LOOPBACK) >= before + 5


def test_what_the_kernel_refuses_to_be_read(route: Rtnetlink) -> None:
    with pytest.raises(NetlinkError) as refused:
        failable_link._sent(route, NO_SUCH)
    assert refused.value.code == 19  # ENODEV
    assert failable_link._sent(route, LOOPBACK) >= 0  # nothing of it is left unread
    assert route.link_lookup(ifname="lo") == [LOOPBACK]


def test_attributes_are_padded_to_four_bytes_and_may_say_that_they_nest() -> None:
    data = bytes.fromhex("0500 0100 61000000  0600 0280 6263 0000  0400 0300  0500 0100 7a000000")
    assert attributes(data) == {1: b"a", 2: b"bc", 3: b""}
    assert attributes(b"") == {}


def test_it_is_closed_with_its_block() -> None:
    with Rtnetlink() as route:
        held = route._socket._own.fileno()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held)
