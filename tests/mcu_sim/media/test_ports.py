"""Port groups, whose a packet is, and which sockets are looked into."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from giaoban.mcu_sim.media import ports as module
from giaoban.mcu_sim.media.leg import NOBODY
from giaoban.mcu_sim.media.ports import (
    PORTS_A_GROUP,
    LocalPort,
    PortPool,
    Remotes,
)
from giaoban.traffic.batch import SOCKADDR_IN, sockaddr
from tests.loopback import local_address

HERE = local_address(79)
A, B = (local_address(80), 24_000), (local_address(80), 24_002)


@pytest.fixture
def ports() -> Iterator[PortPool]:
    opened = PortPool(HERE, 30_000)
    yield opened
    opened.close()


def addresses(*pairs: tuple[str, int]) -> np.ndarray:
    found = np.zeros(len(pairs), SOCKADDR_IN)
    for n, pair in enumerate(pairs):
        found[n] = sockaddr(*pair)
    return found


def test_packets_are_told_apart_by_address_and_port() -> None:
    remotes = Remotes()
    assert remotes.find(addresses(A, B)).tolist() == [NOBODY, NOBODY]
    remotes.add(B, 4)
    remotes.add(A, 7)
    strangers = (
        (local_address(80), 24_001),
        (local_address(80, 2), 24_000),
        ("255.255.255.255", 65_535),
    )
    found = remotes.find(addresses(A, B, *strangers, A))
    assert found.tolist() == [7, 4, NOBODY, NOBODY, NOBODY, 7]
    assert A in remotes
    assert strangers[0] not in remotes
    assert remotes.find(addresses()).tolist() == []


def test_an_address_is_the_first_ones_until_it_gives_it_up() -> None:
    remotes = Remotes()
    remotes.add(A, 1)
    remotes.add(A, 2)
    assert remotes.find(addresses(A)).tolist() == [1]
    remotes.remove(2)
    assert remotes.find(addresses(A)).tolist() == [1]
    remotes.remove(1)
    assert remotes.find(addresses(A)).tolist() == [NOBODY]
    remotes.add(A, 2)
    assert remotes.find(addresses(A)).tolist() == [2]


def test_one_port_group_serves_calls_from_different_addresses(ports: PortPool) -> None:
    assert ports.port_group_for({"audio": A, "video": A}) == 0
    ports.hold(0, 0, {"audio": A, "video": A})
    assert ports.port_group_for({"audio": B}) == 0
    assert ports.port_group_for({}) == 0
    assert ports.port_group_for({"audio": B, "video": A}) == 1
    assert ports.port_group_for({"content": A}) == 0
    assert ports.owner(0, "audio", A) == 0
    assert ports.owner(0, "audio", B) == NOBODY


def test_a_port_group_goes_with_its_last_call_but_for_the_next_calls(
    ports: PortPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SPARE_GROUPS", 1)
    for row in range(3):
        ports.hold(row, ports.port_group_for({"audio": A}), {"audio": A})
    assert ports.held == {0: 0, 1: 1, 2: 2}
    fd = ports.open(LocalPort(1, "audio", rtcp=False)).fileno()
    assert ports.release(1) == []
    closed = ports.release(0)
    assert fd in closed
    assert len(closed) == PORTS_A_GROUP
    assert ports.port_group_for({"audio": A}) == 0
    assert len(ports.release(2)) == PORTS_A_GROUP
    assert ports.release(2) == []
