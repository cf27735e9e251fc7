"""Resolution of a province into nodes, links and addresses."""

from __future__ import annotations

import ipaddress
import itertools
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from provinces import bridge, province_of, provinces
from pydantic import ValidationError

from giaoban.errors import InputError
from giaoban.topology.addressing import allocate, capacity, prefix, span_for
from giaoban.topology.assumptions import assumptions
from giaoban.topology.load import load_province
from giaoban.topology.model import LinkChange, Province
from giaoban.topology.network import Network, build


@given(provinces())
def test_addresses_are_private_unique_and_paired(province: Province) -> None:
    network = build(province)
    spans = [ipaddress.IPv4Network(prefix(link.address_a)) for link in network.links]
    for one, two in itertools.combinations(spans, 2):
        assert not one.overlaps(two)
    for link, span in zip(network.links, spans, strict=True):
        assert prefix(link.address_b) == str(span)
        ends = [ipaddress.IPv4Interface(a).ip for a in (link.address_a, link.address_b)]
        assert ends == list(span.hosts())
        plan = getattr(province.addressing, link.kind)
        assert span.subnet_of(ipaddress.IPv4Network(plan))


@given(provinces())
def test_new_bridges_move_no_address(province: Province) -> None:
    before = build(province)
    after = build(province, [bridge("new-one", "r-0"), bridge("new-two", "r-0")])
    assert after.links[: len(before.links)] == before.links
    assert after.nodes[: len(before.nodes)] == before.nodes
    assert [node.id for node in after.nodes[len(before.nodes) :]] == ["new-one", "new-two"]


@given(provinces())
def test_a_network_survives_the_plan_file(province: Province) -> None:
    network = build(province)
    assert Network.model_validate_json(network.model_dump_json()) == network


@given(st.integers(8, 30), st.data())
def test_a_range_gives_exactly_what_it_holds(bits: int, data: st.DataObject) -> None:
    span = f"10.0.0.0/{bits}"
    room = capacity(span)
    wanted = data.draw(st.integers(0, min(room, 300)))
    given_out = allocate(span, [f"l-{i}" for i in range(wanted)])
    assert len({pair.a for pair in given_out.values()}) == wanted
    if room <= 300:
        with pytest.raises(InputError, match=f'first link without one is "l-{room}"'):
            allocate(span, [f"l-{i}" for i in range(room + 1)])


def test_default_province() -> None:
    network = build(load_province())
    assert [node.id for node in network.bridges] == [
        "gia-nghia", "cu-jut", "dak-glong", "dak-mil",
        "dak-r-lap", "dak-song", "krong-no", "tuy-duc",
    ]  # fmt: skip
    assert network.mcu.id == "mcu"
    assert len(network.routers) == 8
    assert [node.id for node in network.bridges if node.chair] == ["gia-nghia"]
    link = network.link("access-mcu")
    assert (link.a, link.b, link.rate_mbps) == ("mcu", "r-gia-nghia", 100.0)
    assert (link.address_a, network.address("mcu")) == ("10.68.0.1/30", "10.68.0.1")
    assert network.link("gia-nghia--dak-song").delay_us == pytest.approx(200.0)
    assert {link.kind for link in network.links_at("r-gia-nghia")} == {"backbone", "access"}


def test_no_fibre_is_shorter_than_the_crow_flies() -> None:
    network = build(load_province())
    for link in network.links:
        if link.kind == "backbone":
            places = [network.node(end) for end in (link.a, link.b)]
            lat1, lon1, lat2, lon2 = (
                math.radians(x or 0.0) for place in places for x in (place.lat, place.lon)
            )
            cosine = math.sin(lat1) * math.sin(lat2)
            cosine += math.cos(lat1) * math.cos(lat2) * math.cos(lon1 - lon2)
            crow_km = 6371 * math.acos(cosine)
            assert crow_km * 1.1 < link.km < crow_km * 2, link.id


def test_changes_replace_only_what_they_name() -> None:
    province = load_province()
    change = LinkChange(link="access-cu-jut", rate_mbps=1.0, loss_pct=0.5, source="thin")
    plain, changed = build(province), build(province, (), [change])
    old, new = plain.link("access-cu-jut"), changed.link("access-cu-jut")
    assert (new.rate_mbps, new.loss_pct) == (1.0, 0.5)
    assert (new.km, new.buffer_packets, new.delay_us) == (old.km, old.buffer_packets, old.delay_us)
    assert "changed (rate_mbps, loss_pct): thin" in new.source
    assert [k for k in changed.links if k.id != new.id] == [
        k for k in plain.links if k.id != new.id
    ]


@pytest.mark.parametrize(
    ("name", "router", "role", "message"),
    [
        (
            "cu-jut",
            "r-cu-jut",
            "branch",
            r"^extra_bridges\[0\]\.id = 'cu-jut': already exists as a bridge of the province",
        ),
        ("mcu", "r-cu-jut", "branch", "already exists as the MCU of the province"),
        ("new", "r-cujut", "branch", r'unknown router \(did you mean "r-cu-jut"\?\)'),
        ("new", "r-cu-jut", "chair", r'cannot chair, "gia-nghia" does'),
    ],
)
def test_impossible_new_bridges(name: str, router: str, role: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(load_province(), [bridge(name, router, role=role)])


def test_impossible_changes() -> None:
    province = load_province()
    wrong = LinkChange(link="acess-cu-jut", km=1.0, source="test")
    with pytest.raises(InputError, match=r'unknown link \(did you mean "access-cu-jut"\?\)'):
        build(province, (), [wrong])
    right = LinkChange(link="access-cu-jut", km=1.0, source="test")
    with pytest.raises(InputError, match=r"^link_changes\[1\]\.link = .*is changed twice"):
        build(province, (), [right, right])
    with pytest.raises(ValidationError, match="changes nothing"):
        LinkChange(link="access-cu-jut", source="test")


def test_addresses_run_out_for_new_bridges() -> None:
    extra = [bridge(f"new-{i}", "r-0") for i in range(63)]
    with pytest.raises(InputError, match=r'"10\.2\.0\.0/24" is exhausted: 65 links.*holds 64'):
        build(province_of([], 1, [0]), extra)


def test_assumptions_name_every_assumed_record_in_both_languages() -> None:
    province = load_province()
    assumed: dict[str, Any] = {"assumed": True, "settled_by": "a contract"}
    extra = [bridge("quang-son", "r-dak-glong", **assumed), bridge("known", "r-dak-glong")]
    change = LinkChange(link="access-mcu", rate_mbps=2.5, source="a wish", **assumed)
    found = assumptions(province, extra, [change])
    assert province.routing is not None
    records = [
        province.fibre, province.addressing, province.routing, *province.routers, *province.links,
        province.mcu, *province.bridges, *extra, change,
    ]  # fmt: skip
    assert len(found) == sum(record.assumed for record in records)
    assert all(item.source and item.settled_by for item in found)
    assert found[-2].what == "access of new bridge quang-son"
    assert (found[-1].what, found[-1].value) == (
        "changed by the scenario, access of the MCU",
        "2.5 Mb/s",
    )
    vietnamese = assumptions(province, extra, [change], lang="vi")
    assert vietnamese[-1].value == "2,5 Mb/s"
    assert vietnamese[-1].source == "a wish", "without a Vietnamese text the other is shown"
    assert any("giới hạn" in i.settled_by or "tốc độ" in i.settled_by for i in vietnamese)
    assert {i.source for i in vietnamese[:-2]}.isdisjoint(i.source for i in found[:-2])


def test_a_range_has_room_for_as_many_links_again() -> None:
    assert span_for(32, "10.67.0.0/24", "10.64.0.0") == "10.67.0.0/24"
    assert span_for(33, "10.67.0.0/24", "10.64.0.0") == "10.64.0.0/23"
    assert capacity(span_for(758, "10.67.0.0/24", "10.64.0.0")) == 2048
    assert span_for(1, "10.0.0.0/30", "10.64.0.0") == "10.64.0.0/29"


def test_a_copy_of_a_network_with_other_links_looks_them_up_anew() -> None:
    network = build(province_of([(0, 1, 5.0)], 2, [0, 1]))
    link = network.links[0]
    assert network.link(link.id).km == link.km
    other = network.model_copy(update={"links": [link.model_copy(update={"km": 1234.0})]})
    assert other.link(link.id).km == 1234.0
    assert [each.id for each in other.links_at(link.a)] == [link.id]
    assert network == Network.model_validate(network.model_dump())
