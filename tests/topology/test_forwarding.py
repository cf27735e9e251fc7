"""Ways through forwarding tables: those of the model are the best, others are found out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from provinces import province_of

from giaoban.topology.addressing import prefix
from giaoban.topology.forwarding import astray, path, paths
from giaoban.topology.network import Network, build
from giaoban.topology.routing import shortest_paths


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Connected, with a bridge on every router; lengths are whole, so that costs are exact."""
    count = draw(st.integers(2, 6))
    km = st.integers(1, 50).map(float)
    tree = [(draw(st.integers(0, i - 1)), i, draw(km)) for i in range(1, count)]
    more = draw(
        st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1), km), max_size=4)
    )
    links = tree + [(a, b, length) for a, b, length in more if a != b]
    return build(province_of(links, count, list(range(count))))


def tables(network: Network) -> dict[str, dict[str, str]]:
    """What routers forward by if they do as the model says."""
    routes = shortest_paths(network)
    return {
        node.id: {route.prefix: route.out_link for route in routes.table(node.id)}
        for node in network.nodes
        if node.kind == "router"
    }


@given(networks())
def test_the_models_own_tables_lead_along_its_paths(network: Network) -> None:
    routes, mcu = shortest_paths(network), network.mcu.id
    found = tables(network)
    assert astray(network, found) == []
    for bridge in network.bridges:
        for way in ((bridge.id, mcu), (mcu, bridge.id)):
            assert path(network, found, *way) == list(routes.path(*way))


@given(networks(), st.data())
def test_a_missing_entry_is_a_way_that_ends(network: Network, data: st.DataObject) -> None:
    found = tables(network)
    bridge = data.draw(st.sampled_from(network.bridges)).id
    router = network.access_link(network.mcu.id).b
    del found[router][prefix(network.access_link(bridge).address_a)]
    assert paths(network, found)[bridge]["down"] is None
    assert paths(network, found)[bridge]["up"] is not None
    assert astray(network, found) == [f"{network.mcu.id} -> {bridge}"]


def test_a_circle_is_no_way() -> None:
    network = build(province_of([(0, 1, 10.0), (1, 2, 10.0), (2, 0, 30.0)], 3, [2]))
    found = tables(network)
    to_bridge = prefix(network.access_link("b-0").address_a)
    found["r-1"][to_bridge] = "l-0"  # back to where it came from
    assert path(network, found, "mcu", "b-0") is None
    assert "mcu -> b-0" in astray(network, found)


def test_a_detour_is_found_out() -> None:
    network = build(province_of([(0, 1, 10.0), (1, 2, 10.0), (2, 0, 30.0)], 3, [2]))
    found = tables(network)
    found["r-0"][prefix(network.access_link("b-0").address_a)] = "l-2"
    assert paths(network, found)["b-0"]["down"] == ["access-mcu", "l-2", "access-b-0"]
    assert astray(network, found) == ["mcu -> b-0"]
