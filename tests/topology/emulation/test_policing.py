"""The kernel's policing against the estimate's buckets: the same packets dropped, each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import emulation_factory
import numpy as np
import pytest
from emulation_factory import WIRE_OVERHEAD, flow, star
from numpy.typing import NDArray

from giaoban.scenarios.estimate.queues import Fifo, conforming, rate_from
from giaoban.topology.lines.qos import AF41, BEST_EFFORT, EF
from giaoban.topology.network import NetLink, Network
from giaoban.traffic import log

pytestmark = pytest.mark.sandbox

MBPS = 100.0
SMALL, FULL = 172, 1212
LONG = {"km": 10.0, "rate_mbps": MBPS, "buffer_packets": 10_000}
SLOW_MBPS = 20.0


def profile(**figures: Any) -> dict[str, Any]:
    return {"source": "test", **figures}


MIXED = [
    flow(*each, 10.0) for each in ((EF, SMALL, 0.5), (AF41, FULL, 8.0), (BEST_EFFORT, 472, 4.0))
]
ONE_WAY = profile(direction="up", cir_mbps=10.0, cbs_bytes=6000)
TIGHT = profile(cir_mbps=8.0, cbs_bytes=1514)
NETWORKS: dict[str, Network] = {
    "one": star({**LONG, "profile": [ONE_WAY]}, LONG),
    "two": star({**LONG, "profile": [ONE_WAY]}, {**LONG, "profile": [TIGHT]}),
    "reshaped": star(LONG, {**LONG, "profile": [profile(cir_mbps=10.0, cbs_bytes=6000)]}),
}
RESHAPED_NS = 5_000_000_000


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cases: dict[str, Any] = {
        name: {"network": network.model_dump(), "flows": MIXED}
        for name, network in NETWORKS.items()
    }
    cases["reshaped"]["reshape"] = {"at_ns": RESHAPED_NS, "rate_mbps": SLOW_MBPS}
    folder = tmp_path_factory.mktemp("policing")
    return emulation_factory.measured(folder, "lab_qos", cases=json.dumps(cases))


def sent(
    folder: Path, name: str
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    """All packets in order of time: when each left, its bytes, its flow, whether it arrived."""
    arrays = [log.load(folder / f"{name}-{k}.npz") for k in range(len(MIXED))]
    leaving = np.concatenate([each["leaving_ns"].astype(np.int64) for each in arrays])
    arrived = np.concatenate([each["arrival_ns"].astype(np.int64) > 0 for each in arrays])
    counts = [len(each["leaving_ns"]) for each in arrays]
    flows = np.repeat(np.arange(len(MIXED)), counts).astype(np.int32)
    size = np.array([each["payload"] + WIRE_OVERHEAD for each in MIXED], np.int32)[flows]
    order = np.argsort(leaving, kind="stable")
    return leaving[order], size[order], flows[order], arrived[order]


def through(link: NetLink, came: NDArray[np.int64], size: NDArray[np.int32]) -> NDArray[np.int64]:
    """When each packet is at the far end; none finds the queue full."""
    rate = rate_from(0, link.rate_mbps, link.delay_us, link.buffer_packets, link.overhead_bytes)
    wire_bytes = size.astype(np.int64) + link.overhead_bytes
    served = Fifo([rate], link.delay_us).serve(came, wire_bytes, np.zeros(len(came), np.int8))
    assert not served.lost.any()
    return served.out_ns


def estimated(name: str, folder: Path) -> NDArray[np.bool_]:
    """Which packets arrive by the estimate's queues and buckets."""
    network = NETWORKS[name]
    came, size, flows, _ = sent(folder, name)
    alive = np.arange(len(came))
    for link_id, source in (("access-mcu", "mcu"), ("access-b-0", "r-0")):
        link = network.link(link_id)
        came = through(link, came, size[alive])
        if (profile := link.profile_of(source)) is not None:
            passing = conforming(profile.bucket, came, size[alive])
            came, alive = came[passing], alive[passing]
    found = np.zeros(len(flows), np.bool_)
    found[alive] = True
    return found


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "reshaped"])
def test_the_kernel_drops_the_very_packets_that_the_estimate_does(
    measured: Path, name: str
) -> None:
    _, _, _, arrived = sent(measured, name)
    wanted = estimated(name, measured)
    assert 0.02 < 1 - wanted.mean() < 0.6
    assert np.flatnonzero(arrived != wanted).tolist() == []


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_policed_is_counted_apart_and_all_is_accounted_for(
    measured: Path, name: str
) -> None:
    found = json.loads((measured / "counts.json").read_text(encoding="utf-8"))[name]
    _, _, _, arrived = sent(measured, name)
    dropped = sum(queue["queue_drops"] for queue in found["queues"])
    policed = sum(queue["policed"] for queue in found["queues"])
    assert policed > 0
    assert dropped == 0
    assert policed == np.count_nonzero(~arrived)


def test_another_rate_of_the_line_leaves_its_profile_alone(measured: Path) -> None:
    """The bucket's rate holds on; what is let through waits for a line that is slower."""
    came, _, _, arrived = sent(measured, "reshaped")
    before = came < came[0] + RESHAPED_NS
    lost = [1 - arrived[part].mean() for part in (before, ~before)]
    assert lost[0] == pytest.approx(lost[1], rel=0.1)
