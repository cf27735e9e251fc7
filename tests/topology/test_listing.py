"""What `topology show` lists."""

from __future__ import annotations

import pytest
from provinces import province_of

from giaoban.topology.listing import AddressRow, address_rows, path_rows
from giaoban.topology.load import load_province
from giaoban.topology.model import LinkChange
from giaoban.topology.network import build
from giaoban.topology.routing import shortest_paths


def test_every_interface_is_listed_once() -> None:
    rows = address_rows(build(province_of([(0, 1, 3)], 2, [1])))
    assert rows == [
        AddressRow("r-0", "l-0", "10.1.0.1/30", "r-1", "10.1.0.2/30"),
        AddressRow("r-0", "access-mcu", "10.2.0.2/30", "mcu", "10.2.0.1/30"),
        AddressRow("r-1", "l-0", "10.1.0.2/30", "r-0", "10.1.0.1/30"),
        AddressRow("r-1", "access-b-0", "10.2.0.6/30", "b-0", "10.2.0.5/30"),
        AddressRow("mcu", "access-mcu", "10.2.0.1/30", "r-0", "10.2.0.2/30"),
        AddressRow("b-0", "access-b-0", "10.2.0.5/30", "r-1", "10.2.0.6/30"),
    ]


def test_paths_of_the_default_province() -> None:
    thin = LinkChange(link="dak-song--dak-mil", rate_mbps=4.0, source="test")
    network = build(load_province(), (), [thin])
    rows = {row.bridge: row for row in path_rows(network, shortest_paths(network))}
    assert list(rows) == [node.id for node in network.bridges]
    far = rows["cu-jut"]
    assert far.nodes == ("cu-jut", "r-cu-jut", "r-dak-mil", "r-dak-song", "r-gia-nghia", "mcu")
    assert far.km == pytest.approx(2 + 45 + 26 + 40 + 1)
    assert far.propagation_ms == pytest.approx(far.km * 0.005)
    assert (far.bottleneck_mbps, far.bottleneck_link) == (4.0, "dak-song--dak-mil")
    assert far.assumed
    assert rows["krong-no"].links == ("access-krong-no", "krong-no--gia-nghia", "access-mcu")
    assert rows["krong-no"].bottleneck_link == "access-krong-no"
