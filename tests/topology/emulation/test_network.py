"""The built network: Mininet's own interface, probes that find a changed link, marks on packets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import emulation_factory
import pytest
from emulation_factory import ROOT, chain

from giaoban.mcu_sim.media.audio.codec import PCMA
from giaoban.scenarios.plan.question import make_question
from giaoban.topology.load import load_province
from giaoban.topology.network import build
from giaoban.topology.routing import shortest_paths
from giaoban.traffic.profiles import (
    DSCP_AUDIO,
    DSCP_SIGNALLING,
    DSCP_VIDEO,
    VIDEO_PAYLOAD_TYPE,
)

pytestmark = pytest.mark.sandbox

PROVINCE = build(load_province())
PING_BYTES = 98  # 56 of data, ICMP, IPv4 and Ethernet headers
TAMPERED = "link l-0 r-0->r-1"


def plain(said: str) -> str:
    """Without colours, which `ip` gives to a terminal."""
    return re.sub(r"\x1b\[[\d;]*m", "", said)


def short_plan(folder: Path) -> str:
    """The default expansion with phases of 2 s."""
    text = (ROOT / "scenarios/expansion-gia-nghia-quang-son.toml").read_text(encoding="utf-8")
    text = re.sub(r"(before|during|after)_s = .*", r"\1_s = 2.0", text)
    text = text.replace("../topology", str(ROOT / "topology"))
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return make_question(path).plan.to_json()


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The results of one guest by experiment of `lab_network`."""
    folder = tmp_path_factory.mktemp("network")
    emulation_factory.measured(
        folder,
        "lab_network",
        province=PROVINCE.model_dump_json(),
        chain=chain().model_dump_json(),
        lossy=chain(loss_pct=50.0, buffer_packets=12).model_dump_json(),
        plan=short_plan(folder),
    )
    return {
        path.name.removesuffix(".result.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in folder.glob("*.result.json")
    }


@pytest.fixture
def mininet(measured: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = measured["mininet"]
    return found


def test_every_node_is_a_namespace_of_its_own(mininet: dict[str, Any]) -> None:
    assert sorted(mininet["names"]) == sorted(node.id for node in PROVINCE.nodes)
    assert mininet["namespaces"] == len(PROVINCE.nodes)
    assert mininet["links"] == len(PROVINCE.links)


def test_cmd_runs_in_the_node(mininet: dict[str, Any]) -> None:
    address = PROVINCE.access_link("cu-jut").address_of("cu-jut")
    assert re.findall(r"[\d.]+/\d+", plain(mininet["addresses"])) == ["127.0.0.1/8", address]
    assert mininet["ip"] == address.split("/")[0]


def test_a_router_has_the_routes_of_the_model(mininet: dict[str, Any]) -> None:
    via = dict(re.findall(r"^(\S+) via (\S+)", plain(mininet["routes"]), re.MULTILINE))
    table = shortest_paths(PROVINCE).table("r-cu-jut")
    assert via == {route.prefix: route.via for route in table if route.via is not None}


def test_interfaces_carry_their_addresses(mininet: dict[str, Any]) -> None:
    links = PROVINCE.links_at("r-gia-nghia")
    addresses = [link.address_of("r-gia-nghia").split("/")[0] for link in links]
    assert mininet["intfs"] == {
        f"r-gia-nghia:eth{n}": address for n, address in enumerate(addresses)
    }


def test_hosts_answer_to_ping(mininet: dict[str, Any]) -> None:
    assert "5 received, 0% packet loss" in mininet["ping"]
    assert mininet["mininet_ping_lost_pct"] == 0.0


def test_ping_takes_what_theory_says(mininet: dict[str, Any]) -> None:
    hops = shortest_paths(PROVINCE).path("cu-jut", "mcu")
    links = [PROVINCE.link(hop.link) for hop in hops]
    one_way_us = sum(link.delay_us + PING_BYTES * 8 / link.rate_mbps for link in links)
    times_ms = [float(t) for t in re.findall(r"time=([\d.]+) ms", mininet["ping"])]
    assert times_ms == pytest.approx([2 * one_way_us / 1000] * 5, abs=0.1)


def test_stop_leaves_nothing(mininet: dict[str, Any]) -> None:
    kinds = ("processes", "held", "lsns", "named", "interfaces")
    assert mininet["left"] == {kind: [] for kind in kinds}


@pytest.mark.parametrize("state", ["untouched", "restored"])
def test_probes_find_nothing_where_nothing_is_wrong(measured: dict[str, Any], state: str) -> None:
    assert measured["probes"]["faults"][state] == []


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        ("rate", r"asked for 20 Mb/s, measured (17\.99|18\.00)\d Mb/s"),
        ("delay", r"asked for 200 µs, measured 30\d µs"),
        ("loss", r"\d+ probe packets did not arrive"),
        ("short-queue", r"17 probe packets did not arrive"),
        ("no-queue", r"asked for 20 Mb/s, measured (inf|\d{4,}\.\d+) Mb/s"),
    ],
)
def test_probes_find_the_link_that_was_changed(
    measured: dict[str, Any], tamper: str, said: str
) -> None:
    faults = measured["probes"]["faults"][tamper]
    assert len(faults) == 1
    assert re.fullmatch(f"{TAMPERED}: {said}", faults[0])


def test_a_lossy_line_as_asked_is_no_fault(measured: dict[str, Any]) -> None:
    """A probe that follows lost ones must not be taken for a late one."""
    assert measured["lossy-probes"] == []


def test_datagrams_carry_their_code_point(measured: dict[str, Any]) -> None:
    """As seen on the wire between a router and the MCU, in a whole meeting, both ways."""
    assert measured["meeting"]["exit_codes"] == [0, 0]
    marks = {(what, way): dscp for what, way, dscp, _ in measured["meeting"]["marks"]}
    assert len(marks) == len(measured["meeting"]["marks"])  # no kind of packet has two
    wanted = {
        f"rtp-{PCMA.payload_type}": DSCP_AUDIO,
        f"rtp-{VIDEO_PAYLOAD_TYPE}": DSCP_VIDEO,
        "rtcp-audio": DSCP_AUDIO,  # as its medium, so that it measures the same queue
        "rtcp-video": DSCP_VIDEO,
        "sip": DSCP_SIGNALLING,
    }
    assert marks == {(what, way): dscp for what, dscp in wanted.items() for way in ("up", "down")}
    assert (DSCP_AUDIO, DSCP_VIDEO) == (46, 34)  # EF and AF41: RFC 3246, RFC 2597
    assert all(number > 10 for *_, number in measured["meeting"]["marks"])
