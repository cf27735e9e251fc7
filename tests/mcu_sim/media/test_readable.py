"""Which of the media sockets are looked into: all of a few, of many those that have something."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from mcu_sim.media.leg import KINDS
from mcu_sim.media.ports import LocalPort, Ports
from tests.loopback import local_address

HERE, THERE = local_address(91), (local_address(91, 2), 24_000)


@pytest.fixture
def ports() -> Iterator[Ports]:
    ports = Ports(HERE, 30_000)
    yield ports
    ports.close()


def open_shelves(ports: Ports, count: int) -> None:
    for row in range(count):
        ports.hold(row, ports.port_group_for({"audio": THERE}), {"audio": THERE})


def readable(ports: Ports, *, rtcp: bool = False) -> list[LocalPort]:
    return [local for local, _ in ports.readable("audio", rtcp=rtcp)]


def test_a_few_are_always_looked_into(ports: Ports) -> None:
    assert readable(ports) == []
    open_shelves(ports, 2)
    assert readable(ports) == [LocalPort(0, "audio", False), LocalPort(1, "audio", False)]
    assert readable(ports, rtcp=True) == [LocalPort(0, "audio", True), LocalPort(1, "audio", True)]


def test_of_many_those_that_have_something(ports: Ports) -> None:
    open_shelves(ports, 5)
    assert readable(ports) == []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for port_group in (3, 1):
            sender.sendto(b"x", (HERE, ports.port(port_group, "audio")))
        sender.sendto(b"x", (HERE, ports.port(2, "audio") + 1))
        sender.sendto(b"x", (HERE, ports.port(2, "video")))
    sockets = dict(ports.sockets)
    waiting = [
        LocalPort(1, "audio", False),
        LocalPort(3, "audio", False),
        LocalPort(2, "audio", True),
    ]
    for local in waiting:
        assert select.select([sockets[local]], [], [], 5)[0]
    assert readable(ports) == waiting[:2]
    assert [local for local, _ in ports.readable(*KINDS, rtcp=True)] == waiting[2:]
    sockets[waiting[0]].recv(10)
    assert readable(ports) == waiting[1:2]
    ports.release(3)
    assert readable(ports) == []
