"""Classes in routers against theory: who waits for whom, who keeps what share, who loses."""

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

from giaoban.topology.lines.qos import AF41, BEST_EFFORT, CS5, CS6, EF
from giaoban.traffic import log

pytestmark = pytest.mark.sandbox

MBPS = 10.0
FAST = {"km": 1.0, "rate_mbps": 10_000.0, "buffer_packets": 100_000}
SLOW = {"km": 200.0, "rate_mbps": MBPS, "buffer_packets": 200}
SHARE_PCT, VIDEO_BUFFER, OTHER_BUFFER = 60.0, 150, 100
CLASSES = {
    "scheduling": "classes",
    "video_share_pct": SHARE_PCT,
    "video_buffer_packets": VIDEO_BUFFER,
    "other_buffer_packets": OTHER_BUFFER,
}
ENDLESS = {**CLASSES, "voice_buffer_packets": 1_000_000, "other_buffer_packets": 1_000_000}
SMALL, FULL = 172, 1212  # a voice packet of 20 ms, a full packet of a picture
CREDIT_US = 5.12  # so much earlier than its turn the next packet may be under way
VOICE_US, FULL_US = ((payload + WIRE_OVERHEAD) * 8 / MBPS for payload in (SMALL, FULL))
MILLISECOND = 1_000_000


def flow(dscp: int, payload: int, load: float, seconds: float, *, poisson: bool) -> dict[str, Any]:
    """Packets that are this share of the slow link's rate."""
    return emulation_factory.flow(dscp, payload, MBPS * load, seconds, poisson=poisson)


VOICE = flow(EF, SMALL, 0.00856, 20, poisson=False)
FLOOD = flow(BEST_EFFORT, FULL, 1.5, 20, poisson=True)
POISSON_LOADS = (0.3, 0.5)
FLOWS = {
    "idle": [flow(d, SMALL, 0.01, 2, poisson=False) for d in (EF, AF41, BEST_EFFORT)],
    "flooded": [VOICE, FLOOD],
    "fifo": [VOICE, FLOOD],
    "cobham": [
        flow(EF, SMALL, POISSON_LOADS[0], 160, poisson=True),
        flow(BEST_EFFORT, FULL, POISSON_LOADS[1], 160, poisson=True),
    ],
    "shares": [
        flow(CS6, SMALL, 0.01, 20, poisson=True),
        flow(EF, SMALL, 0.02, 20, poisson=True),
        flow(CS5, SMALL, 0.01, 20, poisson=True),
        flow(AF41, FULL, 0.9, 20, poisson=True),
        flow(BEST_EFFORT, 472, 1.5, 20, poisson=True),
    ],
    "alone": [flow(BEST_EFFORT, FULL, 0.95, 20, poisson=True)],
    "lossy": [flow(EF, SMALL, 0.3, 20, poisson=True), FLOOD],
    "reshaped": [VOICE, flow(AF41, FULL, 0.4, 20, poisson=False)],
}
NETWORKS = {name: star(FAST, SLOW, CLASSES) for name in FLOWS} | {
    "fifo": star(FAST, SLOW),
    "cobham": star(FAST, SLOW, ENDLESS),
    "lossy": star(FAST, {**SLOW, "loss_pct": 2.0}, CLASSES),
}
RESHAPED_NS, RESHAPED_MBPS = 10_000 * MILLISECOND, 2.0


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    cases: dict[str, Any] = {
        name: {"network": NETWORKS[name].model_dump(), "flows": flows}
        for name, flows in FLOWS.items()
    }
    cases["reshaped"]["reshape"] = {"at_ns": RESHAPED_NS, "rate_mbps": RESHAPED_MBPS}
    folder = tmp_path_factory.mktemp("qos")
    return emulation_factory.measured(folder, "lab_qos", cases=json.dumps(cases))


@pytest.fixture(scope="module")
def counts(measured: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((measured / "counts.json").read_text(encoding="utf-8"))
    return found


def packets(
    folder: Path, name: str, number: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """(n,) each packet's time in queues in µs, whether it arrived, when it left the sender."""
    arrays = log.load(folder / f"{name}-{number}.npz")
    leaving_ns, arrival_ns = (arrays[k].astype(np.int64) for k in ("leaving_ns", "arrival_ns"))
    bits = (FLOWS[name][number]["payload"] + WIRE_OVERHEAD) * 8
    base_us = sum(link.delay_us + bits / link.rate_mbps for link in NETWORKS[name].links)
    return (arrival_ns - leaving_ns) / 1e3 - base_us, arrival_ns > 0, leaving_ns


def classes_of(counts: dict[str, Any], name: str) -> dict[str, dict[str, Any]]:
    """The counters of the slow link's classes; no other class of any link dropped any."""
    found = {}
    for each in counts[name]["classes"]:
        if (each["link"], each["direction"]) == ("access-b-0", "r-0->b-0"):
            found[each["traffic_class"]] = each
        else:
            assert each["drops"] == 0
    return found


@pytest.mark.parametrize("number", range(3))
def test_a_packet_of_any_class_crosses_an_idle_link_in_its_own_time(
    measured: Path, number: int
) -> None:
    wait_us, arrived, _ = packets(measured, "idle", number)
    assert arrived.all()
    alone = wait_us[wait_us < VOICE_US / 2]  # three flows on one grid: two of them wait
    assert wait_us.min() >= 0.0
    assert alone.max(initial=0.0) < 5.0
    assert wait_us.max() < 2 * VOICE_US + 5.0


def test_voice_waits_for_one_packet_at_the_most(measured: Path) -> None:
    """What is being sent is not interrupted; everything that waits is overtaken."""
    wait_us, arrived, _ = packets(measured, "flooded", 0)
    assert arrived.all()
    assert wait_us.min() >= 0.0
    assert wait_us.max() <= FULL_US + CREDIT_US + 5.0
    # a link that is never idle is found at any point of a packet's transmission
    assert wait_us[50:].mean() == pytest.approx(FULL_US / 2, rel=0.05)


def test_the_class_that_overflows_is_the_one_that_loses(
    measured: Path, counts: dict[str, Any]
) -> None:
    found = classes_of(counts, "flooded")
    _, arrived, _ = packets(measured, "flooded", 1)
    assert found["other"]["drops"] == np.count_nonzero(~arrived) > 0
    assert {name: each["drops"] for name, each in found.items() if name != "other"} == {
        "control": 0,
        "voice": 0,
        "video": 0,
    }


def test_an_overflowing_class_waits_for_its_own_buffer(measured: Path) -> None:
    """The buffer's packets at what voice leaves of the rate, and what is being sent."""
    wait_us, arrived, _ = packets(measured, "flooded", 1)
    full = int(np.argmin(arrived))
    left = 1 - FLOWS["flooded"][0]["n"] * VOICE_US / 20e6
    assert wait_us[full:][arrived[full:]].mean() == pytest.approx(
        OTHER_BUFFER * FULL_US / left, rel=0.02
    )


def test_without_classes_voice_waits_for_all_that_came_before(measured: Path) -> None:
    """It finds the one buffer full: it waits as everything does, and as much of it is lost."""
    voice_us, voice_arrived, voice_ns = packets(measured, "fifo", 0)
    flood_us, flood_arrived, flood_ns = packets(measured, "fifo", 1)
    full_ns = flood_ns[int(np.argmin(flood_arrived))]
    late, there = voice_ns > full_ns, flood_ns > full_ns
    assert voice_us[late & voice_arrived].mean() == pytest.approx(
        flood_us[there & flood_arrived].mean(), rel=0.01
    )
    assert voice_us[late & voice_arrived].mean() == pytest.approx(200 * FULL_US, rel=0.05)
    lost = 1 - flood_arrived[there].mean()
    assert lost == pytest.approx(1 / 3, rel=0.03)
    # Poisson arrivals see what the clock sees (Wolff 1982): a buffer as often full
    assert 1 - voice_arrived[late].mean() == pytest.approx(lost, abs=0.05)


@pytest.mark.parametrize("number", [0, 1])
def test_waiting_is_that_of_a_queue_with_non_preemptive_priorities(
    measured: Path, number: int
) -> None:
    """Cobham 1954: W = W0 / ((1 − σ before) · (1 − σ with it)), W0 = Σ λ·s² / 2."""
    (one, two), sizes = POISSON_LOADS, (VOICE_US, FULL_US)
    w0_us = (one * sizes[0] + two * sizes[1]) / 2
    expected_us = (w0_us / (1 - one), w0_us / ((1 - one) * (1 - one - two)))[number]
    wait_us, arrived, _ = packets(measured, "cobham", number)
    assert arrived.all()
    assert wait_us.mean() == pytest.approx(expected_us, rel=0.05)


def test_pictures_keep_their_share_of_what_voice_leaves(
    measured: Path, counts: dict[str, Any]
) -> None:
    strict = sum(f["n"] * (f["payload"] + WIRE_OVERHEAD) * 8 for f in FLOWS["shares"][:3])
    left_bps = MBPS * 1e6 - strict / 20
    bps = []
    for number in (3, 4):
        arrays = log.load(measured / f"shares-{number}.npz")
        arrival_ns = arrays["arrival_ns"].astype(np.int64)
        busy = (arrival_ns > 1e9) & (arrival_ns < 19e9)
        size = FLOWS["shares"][number]["payload"] + WIRE_OVERHEAD
        bps.append(np.count_nonzero(busy) * size * 8 / 18)
    assert bps[0] / left_bps == pytest.approx(SHARE_PCT / 100, rel=0.02)
    assert bps[1] / left_bps == pytest.approx(1 - SHARE_PCT / 100, rel=0.02)
    found = classes_of(counts, "shares")
    assert found["video"]["drops"] > 0 < found["other"]["drops"]
    assert found["control"]["drops"] == found["voice"]["drops"] == 0


def test_signalling_goes_with_voice_and_routing_before_it(counts: dict[str, Any]) -> None:
    found = classes_of(counts, "shares")
    sent = [f["n"] for f in FLOWS["shares"]]
    assert found["control"]["sent_packets"] == sent[0]
    assert found["voice"]["sent_packets"] == sent[1] + sent[2]


def test_losses_of_the_line_are_told_from_drops_of_classes(
    measured: Path, counts: dict[str, Any]
) -> None:
    lost = sum(int(np.count_nonzero(~packets(measured, "lossy", k)[1])) for k in (0, 1))
    [queue] = [q for q in counts["lossy"]["queues"] if q["direction"] == "r-0->b-0"]
    found = classes_of(counts, "lossy")
    assert queue["queue_drops"] == sum(each["drops"] for each in found.values())
    assert queue["queue_drops"] + queue["line_losses"] == lost
    n = sum(each["sent_packets"] for each in found.values())
    assert abs(queue["line_losses"] - n * 0.02) <= 4 * sqrt(n * 0.02 * 0.98)


def test_a_class_has_another_rate_from_the_next_packet_on(measured: Path) -> None:
    video_us, arrived, leaving_ns = packets(measured, "reshaped", 1)
    before = leaving_ns < RESHAPED_NS - 10 * MILLISECOND
    assert arrived[before].all()
    assert video_us[before].max() < VOICE_US + 5.0
    full = leaving_ns > RESHAPED_NS + 2000 * MILLISECOND
    slow_us = FULL_US * MBPS / RESHAPED_MBPS
    load_left = 1 - 0.00856 * MBPS / RESHAPED_MBPS
    own_us = slow_us - FULL_US
    assert video_us[full & arrived].mean() - own_us == pytest.approx(
        VIDEO_BUFFER * slow_us / load_left, rel=0.02
    )
    voice_us, arrived, leaving_ns = packets(measured, "reshaped", 0)
    assert arrived.all()
    late = leaving_ns > RESHAPED_NS
    own_us = VOICE_US * (MBPS / RESHAPED_MBPS - 1)
    assert (voice_us[late] - own_us).max() <= slow_us + CREDIT_US + 5.0
