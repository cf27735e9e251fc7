"""A router's configuration, read back: timers in its own time, costs, what it announces."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from provinces import province_of

from giaoban.topology import bird
from giaoban.topology.model import Routing
from giaoban.topology.network import Network, build

TIMERS = {"hello_ms": 1000, "dead_ms": 4000, "spf_ms": 100}
BFD = {"bfd_interval_ms": 100, "bfd_multiplier": 3}


def small_network() -> Network:
    """A triangle of routers, a bridge on each, the MCU on r-0."""
    links = [(0, 1, 40.0), (1, 2, 30.0), (2, 0, 20.0)]
    return build(province_of(links, routers=3, bridges=[0, 1, 2]))


def routing(**keys: object) -> Routing:
    return Routing.model_validate({"protocol": "ospf-bfd", **TIMERS, **BFD, **keys, "source": "t"})


def text(how: Routing, router: str) -> str:
    network = small_network().model_copy(update={"routing": how})
    names = {link.id: f"ip{k}" for k, link in enumerate(network.links_at(router))}
    return bird.config(network, router, names)


def test_timers_are_in_the_routers_own_time() -> None:
    said = text(routing(), "r-1")
    assert bird.clock_factor(routing()) == 10
    assert "hello 10; dead 40" in said
    assert "interval 1000 ms; multiplier 3" in said
    slow = routing(spf_ms=1000)
    assert bird.clock_factor(slow) == 1
    assert "hello 1; dead 4" in text(slow, "r-1")
    assert "interval 100 ms" in text(slow, "r-1")


def test_without_bfd_nothing_is_said_of_it() -> None:
    plain = Routing.model_validate({"protocol": "ospf", **TIMERS, "source": "t"})
    assert "bfd" not in text(plain, "r-1")


def test_bridges_are_announced_and_not_spoken_to() -> None:
    network = small_network()
    for router in (node.id for node in network.nodes if node.kind == "router"):
        said = text(routing(), router)
        for k, link in enumerate(network.links_at(router)):
            [line] = re.findall(rf'    interface "ip{k}" .*', said)
            assert ("stub yes" in line) == (link.kind == "access")
            assert f"cost {bird.cost(link)};" in line


@pytest.mark.parametrize(("km", "cost"), [(0.0, 1), (0.1, 1), (40.0, 200), (2000.0, 10_000)])
def test_a_cost_is_propagation_in_microseconds(km: float, cost: int) -> None:
    link = small_network().links[0].model_copy(update={"km": km, "delay_us": km * 5.0})
    assert bird.cost(link) == cost


def test_bird_reads_it(tmp_path: Path) -> None:
    for how in (routing(), Routing.model_validate({"protocol": "ospf", **TIMERS, "source": "t"})):
        path = tmp_path / "bird.conf"
        path.write_text(text(how, "r-1"), encoding="ascii")
        done = subprocess.run(
            ["/usr/sbin/bird", "-p", "-c", str(path)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
