"""Laws of routing, against a brute-force solution."""

from __future__ import annotations

import ipaddress
import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provinces import province_of, provinces

from giaoban.topology.addressing import host
from giaoban.topology.model import Province
from giaoban.topology.network import Network, build
from giaoban.topology.routing import cost_ps, shortest_paths

Cost = tuple[int, int]


def floyd_warshall(network: Network) -> dict[tuple[str, str], Cost]:
    """Least (picoseconds, hops) between all pairs (Floyd 1962)."""
    ids = [node.id for node in network.nodes]
    best: dict[tuple[str, str], Cost] = {(i, i): (0, 0) for i in ids}
    for link in network.links:
        for pair in ((link.a, link.b), (link.b, link.a)):
            best[pair] = min(best.get(pair, (10**18, 10**9)), (cost_ps(link), 1))
    for via, a, b in itertools.product(ids, ids, ids):
        if (a, via) in best and (via, b) in best:
            one, two = best[a, via], best[via, b]
            through = (one[0] + two[0], one[1] + two[1])
            best[a, b] = min(best.get((a, b), through), through)
    return best


@given(provinces())
def test_paths_are_connected_loop_free_and_shortest(province: Province) -> None:
    network = build(province)
    routes = shortest_paths(network)
    least = floyd_warshall(network)
    for a, b in itertools.product([node.id for node in network.nodes], repeat=2):
        path = routes.path(a, b)
        visited = [a, *(hop.target for hop in path)]
        assert visited[-1] == b
        assert [hop.source for hop in path] == visited[:-1]
        assert len(set(visited)) == len(visited)
        links = [network.link(hop.link) for hop in path]
        assert all({h.source, h.target} == {k.a, k.b} for h, k in zip(path, links, strict=True))
        assert (sum(map(cost_ps, links)), len(path)) == least[a, b]
        assert routes.delay_us(a, b) == pytest.approx(sum(k.delay_us for k in links))


@given(provinces())
def test_tables_lead_hop_by_hop_to_every_address(province: Province) -> None:
    network = build(province)
    routes = shortest_paths(network)
    owners = {host(k.address_of(end)): end for k in network.links for end in (k.a, k.b)}
    tables = {node.id: routes.table(node.id) for node in network.nodes}
    for start, (address, owner) in itertools.product(tables, owners.items()):
        at = start
        walked: list[tuple[str, str, str]] = []
        while at != owner:
            assert len(walked) < len(tables), "a forwarding loop"
            [route] = [
                r
                for r in tables[at]
                if ipaddress.IPv4Address(address) in ipaddress.IPv4Network(r.prefix)
            ]
            gateway = address if route.via is None else route.via
            link = network.link(route.out_link)
            step = owners[gateway]
            assert {at, step} == {link.a, link.b}, "the gateway is at the end of that link"
            walked.append((route.out_link, at, step))
            at = step
        if owner.startswith(("b-", "mcu")):
            assert tuple(walked) == routes.path(start, owner)


@given(provinces(), st.randoms(use_true_random=False))
def test_paths_do_not_depend_on_the_order_of_the_file(
    province: Province, rng: random.Random
) -> None:
    network = build(province)
    links, nodes = list(network.links), list(network.nodes)
    rng.shuffle(links)
    rng.shuffle(nodes)
    other = shortest_paths(Network(nodes=nodes, links=links))
    routes = shortest_paths(network)
    for a, b in itertools.product([node.id for node in nodes], repeat=2):
        assert routes.path(a, b) == other.path(a, b)


def test_ties_go_to_fewer_hops_then_to_the_smaller_names() -> None:
    # 0–3 costs 2 km by 1, by 2, and directly; 3–4 hangs on the end
    direct = province_of([(0, 1, 1), (1, 3, 1), (0, 2, 1), (2, 3, 1), (0, 3, 2)], 4, [0, 3])
    assert len(shortest_paths(build(direct)).path("r-0", "r-3")) == 1
    tie = province_of([(0, 2, 1), (2, 3, 1), (0, 1, 1), (1, 3, 1)], 4, [0, 3])
    assert [hop.target for hop in shortest_paths(build(tie)).path("r-0", "r-3")] == ["r-1", "r-3"]


def test_tables_cover_every_prefix_once_and_mark_their_own() -> None:
    network = build(province_of([(0, 1, 1), (1, 2, 1)], 3, [0, 2]))
    table = shortest_paths(network).table("r-1")
    assert [r.prefix for r in table] == [
        "10.1.0.0/30",
        "10.1.0.4/30",
        "10.2.0.0/30",
        "10.2.0.4/30",
        "10.2.0.8/30",
    ]
    assert [r.via for r in table] == [None, None, "10.1.0.1", "10.1.0.1", "10.1.0.6"]
    assert table[4].out_link == "l-1"
