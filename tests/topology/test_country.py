"""A made-up country: sound at every size, the same each time, and quick to route."""

from __future__ import annotations

import pytest

from giaoban.errors import InputError
from giaoban.topology.addressing import capacity, span_for
from giaoban.topology.country import country
from giaoban.topology.network import Network, build
from giaoban.topology.routing import shortest_paths
from giaoban.topology.validate import province_mistakes


@pytest.mark.parametrize("bridges", [2, 8, 71, 177, 1000])
def test_a_country_of_any_size_is_sound(bridges: int) -> None:
    province = country(bridges)
    assert len(province.bridges) == bridges
    assert province_mistakes(province) == []
    assert all(record.assumed for record in (*province.links, *province.bridges))
    network = build(province)
    assert len({link.address_a for link in network.links}) == len(network.links)
    routes = shortest_paths(network)
    for bridge in network.bridges:
        up = routes.path(bridge.id, "mcu")
        back = [(h.link, h.target, h.source) for h in reversed(routes.path("mcu", bridge.id))]
        assert [tuple(hop) for hop in up] == back  # a tree has one way, up and down
        assert len(up) <= 7


def test_every_commune_of_the_country_is_in_its_address_plan_and_routed_in_two_searches() -> None:
    province = country()
    assert (len(province.bridges), len(province.routers)) == (11_000, 3 + 63 + 693)
    assert capacity(province.addressing.access) >= 11_001
    network = build(province)
    routes = shortest_paths(network)
    for bridge in network.bridges:
        routes.path(bridge.id, "mcu")
        routes.path("mcu", bridge.id)
    assert (len(routes._to), len(routes._from)) == (1, 1)


def test_the_same_numbers_give_the_same_country() -> None:
    assert country(300) == country(300)


@pytest.mark.parametrize("bridges", [-1, 1, 10**6])
def test_sizes_that_cannot_be(bridges: int) -> None:
    with pytest.raises(InputError, match="allowed: 2 to"):
        country(bridges)


def test_addresses_run_out_with_a_reason() -> None:
    province = country(300)
    plan = province.addressing.model_copy(update={"access": "10.68.0.0/22"})
    [fault] = province_mistakes(province.model_copy(update={"addressing": plan}))
    assert fault.loc == ("addressing", "access")
    assert "301 links need a /30 each, it holds 256" in fault.what


def test_a_range_has_room_for_as_many_links_again() -> None:
    assert span_for(32, "10.67.0.0/24", "10.64.0.0") == "10.67.0.0/24"
    assert span_for(33, "10.67.0.0/24", "10.64.0.0") == "10.64.0.0/23"
    assert capacity(span_for(758, "10.67.0.0/24", "10.64.0.0")) == 2048
    assert span_for(1, "10.0.0.0/30", "10.64.0.0") == "10.64.0.0/29"


def test_a_copy_of_a_network_with_other_links_looks_them_up_anew() -> None:
    network = build(country(8))
    link = network.links[0]
    assert network.link(link.id).km == link.km
    other = network.model_copy(update={"links": [link.model_copy(update={"km": 1234.0})]})
    assert other.link(link.id).km == 1234.0
    assert [each.id for each in other.links_at(link.a)] == [link.id]
    assert network == Network.model_validate(network.model_dump())
