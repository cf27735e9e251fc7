"""What a line's rate counts, in the kernel against the estimate: each packet at its moment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import emulation_factory
import numpy as np
import pytest
from emulation_factory import WIRE_OVERHEAD, flow, star
from numpy.typing import NDArray

from giaoban.scenarios.estimate.queues import Classes, Fifo, Served, rate_from
from giaoban.topology.lines.qos import AF41, BEST_EFFORT, EF, traffic_classes
from giaoban.topology.network import NetLink, Network
from giaoban.traffic import log

pytestmark = pytest.mark.sandbox

MBPS = 7.3  # of no whole number of nanoseconds a byte
SMALL, FULL = 172, 1212
FAST = {"km": 1.0, "rate_mbps": 10_000.0, "buffer_packets": 100_000}
BY_CLASS_MBPS = 11.3
SLOW = {"km": 20.0, "rate_mbps": MBPS, "buffer_packets": 20}
CLASSES = {"scheduling": "classes"}
LINKS = 2
"""On the way of each packet. The kernel rounds up by 2 ns at each, which no estimate needs."""


FLOWS = [
    flow(*each, 6.0) for each in ((EF, SMALL, 1.0), (AF41, FULL, 4.0), (BEST_EFFORT, 472, 2.5))
]


def network(mbps: float = MBPS, buffer: dict[str, Any] | None = None, /, **framing: Any) -> Network:
    slow = {**SLOW, "rate_mbps": mbps, "framing": {"source": "test", **framing}}
    slow = slow if buffer is None else {**slow, "buffer_packets": None, **buffer}
    return star(FAST, slow, CLASSES if mbps == BY_CLASS_MBPS else None)


NETWORKS = {
    "frame": network(layer="frame"),
    "wire": network(layer="L1", vlan_tags=1, mpls_labels=1),
    "packet": network(layer="IP"),
    "wire-classes": network(BY_CLASS_MBPS, layer="L1", pppoe=True),
    "milliseconds": network(MBPS, {"buffer_ms": 20.0}, layer="L1"),
    "packet-classes": network(BY_CLASS_MBPS, layer="IP"),
}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cases = {
        name: {"network": network.model_dump(), "flows": FLOWS}
        for name, network in NETWORKS.items()
    }
    folder = tmp_path_factory.mktemp("framing")
    return emulation_factory.measured(folder, "lab_qos", cases=json.dumps(cases))


def sent(folder: Path, name: str) -> tuple[NDArray[Any], ...]:
    """All packets in order of time: when each left and arrived (0: never), its bytes, its flow."""
    arrays = [log.load(folder / f"{name}-{k}.npz") for k in range(len(FLOWS))]
    leaving = np.concatenate([each["leaving_ns"].astype(np.int64) for each in arrays])
    arrival = np.concatenate([each["arrival_ns"].astype(np.int64) for each in arrays])
    flows = np.repeat(np.arange(len(FLOWS)), [len(each["leaving_ns"]) for each in arrays])
    size = np.array([each["payload"] + WIRE_OVERHEAD for each in FLOWS], np.int32)[flows]
    order = np.argsort(leaving, kind="stable")
    return leaving[order], arrival[order], size[order], flows[order]


def estimated(name: str, folder: Path) -> NDArray[np.int64]:
    """When each packet arrives by the estimate's queues; 0 if it does not."""
    leaving, _, size, flows = sent(folder, name)
    of = NETWORKS[name]
    first, second = of.link("access-mcu"), of.link("access-b-0")
    came = in_turn(first, leaving, size).out_ns
    if of.qos is None:
        served = in_turn(second, came, size)
    else:
        queue = Classes(second.rate_mbps, second.delay_us, traffic_classes(of.qos))
        served = queue.serve(came, size + second.overhead_bytes, (flows + 1).astype(np.int8))
    return np.where(served.lost, 0, served.out_ns)


def in_turn(link: NetLink, came: NDArray[np.int64], size: NDArray[Any]) -> Served:
    """Serve packets first in, first out."""
    of = (link.rate_mbps, link.delay_us, link.buffer_packets, link.overhead_bytes)
    queue = Fifo([rate_from(0, *of)], link.delay_us)
    wire_bytes = size.astype(np.int64) + link.overhead_bytes
    return queue.serve(came, wire_bytes, np.zeros(len(came), np.int8))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_packet_comes_when_the_estimate_says_or_is_dropped(measured: Path, name: str) -> None:
    _, arrival, _, _ = sent(measured, name)
    wanted = estimated(name, measured)
    assert np.flatnonzero((arrival > 0) != (wanted > 0)).tolist() == []
    came = wanted > 0
    off_ns = np.abs(arrival[came] - wanted[came])
    if NETWORKS[name].qos:
        # htb has a credit of 5 µs, in which the next to go may have been chosen already
        assert came.all()
        assert (off_ns < 10_000).mean() > 0.98
    else:
        assert 0.5 < came.mean() < 1.0
        assert off_ns.max() <= 2 * LINKS


@pytest.mark.parametrize("name", NETWORKS)
def test_a_line_is_measured_at_the_rate_that_it_counts_by(measured: Path, name: str) -> None:
    found = json.loads((measured / "counts.json").read_text(encoding="utf-8"))[name]
    assert found["probe_faults"] == []
    [down] = [p for p in found["probes"] if p["direction"] == "r-0->b-0"]
    assert down["rate_mbps"] == pytest.approx(NETWORKS[name].links[-1].rate_mbps, rel=1e-3)
    frames = sum(each["sent_bytes"] for each in found["classes"] if each["link"] == "access-b-0")
    _, arrival, size, _ = sent(measured, name)
    if NETWORKS[name].qos:  # probes are in it, too: classes count frames
        assert frames == pytest.approx(size[arrival > 0].sum(), rel=0.02)
