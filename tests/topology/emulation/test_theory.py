"""The emulated network against theory: delay of idle paths, overload, M/D/1, loss, accounting."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import emulation_factory
import numpy as np
import pytest
from emulation_factory import WIRE_OVERHEAD, star
from numpy.typing import NDArray

from giaoban.topology.load import load_province
from giaoban.topology.network import Network, build
from giaoban.topology.routing import shortest_paths
from giaoban.traffic import log
from giaoban.traffic.fifo import departures
from tests.topology.emulation import lab_theory

pytestmark = pytest.mark.sandbox

FAST = {"km": 1.0, "rate_mbps": 10_000.0, "buffer_packets": 1000}
SLOW = {"km": 200.0, "rate_mbps": 10.0, "buffer_packets": 200}
LOSS_PCT = 2.0
NETWORKS = {
    "idle": build(load_province()),
    "overload": star(FAST, SLOW),
    "lossy": star(FAST, {**SLOW, "loss_pct": LOSS_PCT}),
    "both": star(FAST, {**SLOW, "loss_pct": LOSS_PCT}),
    "queue": star(FAST, {**SLOW, "buffer_packets": 1_000_000}),
}
BOTTLENECK = ("access-b-0", "r-0->b-0")
Z_999 = 3.2905  # a normal variable is within ± this many deviations with 99.9 %


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of one guest's measurements, all experiments of `lab_theory`."""
    folder = tmp_path_factory.mktemp("theory")
    files = {name: network.model_dump_json() for name, network in NETWORKS.items()}
    return emulation_factory.measured(folder, "lab_theory", *NETWORKS, **files)


def idle_us(network: Network, source: str, target: str, payload: int) -> float:
    """Propagation and serialisation of every hop between two hosts."""
    bits = (payload + WIRE_OVERHEAD) * 8
    links = [network.link(hop.link) for hop in shortest_paths(network).path(source, target)]
    return sum(link.delay_us + bits / link.rate_mbps for link in links)


def times(folder: Path, name: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(n,) departures and (n,) arrivals in ns; the arrival of a lost packet is `LOST`."""
    arrays = log.load(folder / f"{name}.npz")
    return arrays["leaving_ns"].astype(np.int64), arrays["arrival_ns"].astype(np.int64)


def waits_us(
    folder: Path, name: str, ends: tuple[str, str], payload: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """(n,) each packet's time in queues, and (n,) whether it arrived."""
    leaving_ns, arrival_ns = times(folder, name)
    base_us = idle_us(NETWORKS[name], *ends, payload)
    return (arrival_ns - leaving_ns) / 1e3 - base_us, arrival_ns > 0


def counted(folder: Path, name: str) -> dict[str, Any]:
    """What the kernel counted."""
    found: dict[str, Any] = json.loads(
        (folder / f"{name}.counters.json").read_text(encoding="utf-8")
    )
    return found


def at_bottleneck(folder: Path, name: str) -> dict[str, Any]:
    """The counters of the slow link's queue; no other queue may have dropped or lost any."""
    bottleneck = None
    for queue in counted(folder, name)["queues"]:
        if (queue["link"], queue["direction"]) == BOTTLENECK:
            bottleneck = queue
        else:
            assert queue["queue_drops"] == queue["line_losses"] == 0
    assert bottleneck is not None
    return dict(bottleneck)


@pytest.mark.parametrize("payload", lab_theory.IDLE_PAYLOADS)
@pytest.mark.parametrize("ends", lab_theory.IDLE_PATHS, ids="-".join)
def test_idle_path_delays_by_propagation_and_serialisation(
    measured: Path, ends: tuple[str, str], payload: int
) -> None:
    leaving_ns, arrival_ns = times(measured, f"idle-{ends[0]}-{ends[1]}-{payload}")
    off_us = (arrival_ns - leaving_ns) / 1e3 - idle_us(NETWORKS["idle"], *ends, payload)
    assert len(off_us) == 10
    assert np.abs(off_us).max() < 50.0
    # it is in fact a few clock readings of virtual time, and never negative
    assert off_us.min() >= 0.0
    assert off_us.max() < 5.0


def test_overloaded_link_loses_the_excess(measured: Path) -> None:
    _, arrived = waits_us(measured, "overload", ("mcu", "b-0"), lab_theory.PAYLOAD)
    full = int(np.argmin(arrived))  # from the first loss on, the buffer is full
    lost = 1 - arrived[full:].mean()
    assert lost == pytest.approx(1 / 3, rel=0.005)


def test_overloaded_link_delays_by_its_buffer(measured: Path) -> None:
    wait_us, arrived = waits_us(measured, "overload", ("mcu", "b-0"), lab_theory.PAYLOAD)
    full = int(np.argmin(arrived))
    buffer_us = 200 * (lab_theory.PAYLOAD + WIRE_OVERHEAD) * 8 / 10.0
    assert wait_us[full:][arrived[full:]].mean() == pytest.approx(buffer_us, rel=0.02)
    assert wait_us[arrived].max() <= buffer_us * 1.005


def test_waiting_is_that_of_m_d_1(measured: Path) -> None:
    """Pollaczek–Khinchine for constant service: ρ·s / (2·(1−ρ))."""
    wait_us, arrived = waits_us(measured, "queue", ("b-0", "mcu"), lab_theory.QUEUE_PAYLOAD)
    assert arrived.all()
    service_us = (lab_theory.QUEUE_PAYLOAD + WIRE_OVERHEAD) * 8 / 10.0
    load = service_us / (lab_theory.QUEUE_MEAN_SPACING_NS / 1e3)
    assert load == pytest.approx(0.8)
    assert wait_us.mean() == pytest.approx(load * service_us / (2 * (1 - load)), rel=0.03)


def test_every_packet_waits_as_lindley_says(measured: Path) -> None:
    """The same run packet by packet: the kernel's queue is the one that results rebuild."""
    wait_us, _ = waits_us(measured, "queue", ("b-0", "mcu"), lab_theory.QUEUE_PAYLOAD)
    leaving_ns, _ = times(measured, "queue")
    size = lab_theory.QUEUE_PAYLOAD + WIRE_OVERHEAD
    rebuilt_ns = departures(leaving_ns, np.full(len(leaving_ns), size), 10.0) - leaving_ns
    rebuilt_us = rebuilt_ns / 1e3 - size * 8 / 10.0
    assert np.abs(wait_us - rebuilt_us).max() < 5.0


@pytest.mark.parametrize("name", ["lossy-first", "lossy-other"])
def test_line_loses_the_share_that_was_asked(measured: Path, name: str) -> None:
    _, arrival_ns = times(measured, name)
    n, p = len(arrival_ns), LOSS_PCT / 100
    lost = int(np.count_nonzero(arrival_ns == 0))
    assert abs(lost - n * p) <= Z_999 * sqrt(n * p * (1 - p))
    queue = at_bottleneck(measured, name)
    assert (queue["line_losses"], queue["queue_drops"]) == (lost, 0)


def test_losses_are_independent(measured: Path) -> None:
    """A lost packet says nothing about the next one: P(loss after loss) is still p."""
    lost = times(measured, "lossy-first")[1] == 0
    n, p = int(lost[:-1].sum()), LOSS_PCT / 100
    again = int((lost[:-1] & lost[1:]).sum())
    assert abs(again - n * p) <= Z_999 * sqrt(n * p * (1 - p))


@pytest.mark.parametrize("name", ["overload", "both", "queue", "lossy-first", "lossy-other"])
def test_every_packet_is_accounted_for(measured: Path, name: str) -> None:
    _, arrival_ns = times(measured, name)
    count = counted(measured, name)
    udp = count["udp"]
    assert udp["OutDatagrams"] == len(arrival_ns)
    assert udp["InDatagrams"] == np.count_nonzero(arrival_ns)
    gone = sum(queue["queue_drops"] + queue["line_losses"] for queue in count["queues"])
    assert udp["OutDatagrams"] == udp["InDatagrams"] + gone
    assert udp["NoPorts"] == udp["InErrors"] == udp["RcvbufErrors"] == count["pacer_drops"] == 0
    assert all(queue["backlog"] == 0 for queue in count["queues"])
    if name != "queue":
        queue = at_bottleneck(measured, name)
        assert queue["sent_packets"] == udp["InDatagrams"]
