"""rtnetlink without an event loop, asked of this machine's own kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pyroute2.netlink.exceptions import NetlinkError

from giaoban.topology.emulation.rtnetlink import Rtnetlink, _outcome

LOOPBACK = 1
NO_SUCH = 2**31 - 1


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


def test_it_is_closed_with_its_block() -> None:
    with Rtnetlink() as route:
        held = route._socket._own.fileno()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(held)
