"""Other traffic that is TCP, in the guest, beside theory: what a queue does that is full, or drops
before; shares, CUBIC's window, transfers that end; every segment accounted for."""

from __future__ import annotations

import json
import statistics
from typing import Any

import numpy as np
import pytest

from giaoban.topology.model import Province
from giaoban.topology.network import build
from giaoban.topology.sandbox import boot, kernel
from tests.topology.emulation.emulation_factory import small_province

pytestmark = pytest.mark.sandbox

FRAME_BYTES, SEGMENT_BYTES = 1514, 1448
"""A full packet with its Ethernet header; the data in it, behind a header with time stamps."""
ENDS_S = 30.0
PROBED = ("full", "codel", "fq-codel", "red", "up")
PACKET_MS = FRAME_BYTES * 8e-3 / 10.0
FULL = {"km": 100.0, "rate_mbps": 10.0, "buffer_packets": 100}
LOSSY = {"km": 10_000.0, "rate_mbps": 100.0, "buffer_packets": 20_000, "loss_pct": 0.02}
"""50 ms each way; CUBIC's window hangs on the losses alone."""
CODEL = {**FULL, "queue": {"discipline": "codel", "source": "test"}}
FQ_CODEL = {**FULL, "queue": {"discipline": "fq_codel", "source": "test"}}
RED = {
    **{"km": 100.0, "rate_mbps": 10.0, "buffer_bytes": 151_400},
    "queue": {"discipline": "red", "min_bytes": 20_000, "max_bytes": 80_000, "source": "test"},
}
LINES: dict[str, dict[str, Any]] = {
    **{"full": FULL, "lossy": LOSSY, "bbr": FULL, "backup": FULL, "web": FULL},
    **{"codel": CODEL, "fq-codel": FQ_CODEL, "red": RED},
}
UP = "up"
"""Of the bridge's own access line: its flows start beside the bridge."""
TABLES: dict[str, dict[str, Any]] = {
    "full": {"flows": 2},
    "lossy": {"flows": 4, "to_s": 120.0},
    "bbr": {"flows": 1, "congestion": "bbr"},
    "backup": {"flows": 2, "transfer_bytes": 3_000_000},
    "web": {"flows": 3, "transfer_bytes": 100_000, "pause_s": 1.0},
    "codel": {"flows": 1},
    "fq-codel": {"flows": 2},
    "red": {"flows": 2},
    UP: {"flows": 2, "link": "access-b-0", "source": "b-0", "target": "hub"},
}


def province() -> Province:
    """A router with a line to each of others."""
    links = [
        {"id": f"to-{name}", "a": "hub", "b": name, "source": "test", **figures}
        for name, figures in LINES.items()
    ]
    access = {"router": "hub", **FULL}
    return small_province(links, access, access)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of it in one boot, each table on a line of its own."""
    folder = tmp_path_factory.mktemp("transfers")
    tables = [
        {
            **{"link": f"to-{name}", "source": "hub", "target": name, "from_s": 0.0},
            **{"to_s": ENDS_S, "congestion": "cubic", "transfer_bytes": None, "pause_s": None},
            **{"dscp": 0, **table},
        }
        for name, table in TABLES.items()
    ]
    plan = {
        **{"network": build(province()).model_dump(mode="json"), "seed": 5, "tcp": tables},
        "end_s": max(float(table["to_s"]) for table in tables) + 5,
        "probed": [list(TABLES).index(name) for name in PROBED],
    }
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    code = boot.run(
        boot.Guest(kernel.ensure(lambda _what, _done: None), memory_mb=1024),
        "tests.scenarios.emulation.lab_transfers",
        [str(folder)],
        writable=folder,
        console=folder / "console.log",
        on_line=lambda _line: None,
    )
    assert code == 0, (folder / "console.log").read_text(encoding="utf-8", errors="replace")[-3000:]
    told: dict[str, Any] = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    return told


def flows(found: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What is told of the flows of one table."""
    link = TABLES[name].get("link", f"to-{name}")
    return [flow for flow in found["flows"] if flow["link"] == link]


def waits_ms(found: dict[str, Any], name: str, from_s: float = 0.0) -> list[float]:
    """What probes of full packets waited, with their own bits, while the flows of a table ran."""
    propagation_ms = FULL["km"] * 5e-3
    waits = found["waits_ms"][PROBED.index(name)]
    return [wait - propagation_ms for sent_s, wait in waits if from_s < sent_s < ENDS_S]


def mbps(flow: dict[str, Any], name: str) -> float:
    """What came of it, over the time of its table."""
    return float(flow["received_bytes"] * 8e-6 / TABLES[name].get("to_s", ENDS_S))


def test_every_segment_is_accounted_for(found: dict[str, Any]) -> None:
    """What is sent again is one more packet on the wire."""
    assert found["sent"] - found["received"] == found["dropped"] - found["probes_lost"]
    assert found["dropped"] > 50
    assert sum(flow["retransmitted"] for flow in found["flows"]) >= found["dropped"] / 2
    assert found["pacer_drops"] == 0


@pytest.mark.parametrize("name", ["full", UP])
def test_a_full_queue_delays_by_its_length_at_the_lines_rate(
    found: dict[str, Any], name: str
) -> None:
    """A router's, and a host's own end of its access line, which uploads beside it fill."""
    full_ms = FULL["buffer_packets"] * PACKET_MS
    waits = waits_ms(found, name)
    assert max(waits) == pytest.approx(full_ms, rel=0.02)
    assert sorted(waits)[len(waits) // 2] > full_ms / 2  # CUBIC fills it most of the time


@pytest.mark.parametrize("name", ["full", UP])
def test_a_full_line_carries_its_rate_and_flows_share_it(found: dict[str, Any], name: str) -> None:
    """Less the headers; the first moments, and what is sent again, take little of it."""
    rates = [mbps(flow, name) for flow in flows(found, name)]
    probes_mbps = FRAME_BYTES * 8e-6 * 10
    whole = (FULL["rate_mbps"] - probes_mbps) * SEGMENT_BYTES / FRAME_BYTES
    assert sum(rates) == pytest.approx(whole, rel=0.02)
    # Jain's index: of two flows half a minute's luck is a tenth
    assert sum(rates) ** 2 / (2 * sum(rate**2 for rate in rates)) > 0.8


def mean_window(rtt_s: float, lost: float, *, periodic: bool) -> float:
    """Segments that RFC 9438 (§4.2, 4.3, 4.7) has under way on the average, each lost with the
    same probability, or each so many-th one."""
    rng = np.random.default_rng(1)
    window = most = ours = theirs = sum_ = 0.0
    window, passed, since_s, back_s = 100.0, 0.0, 0.0, 0.0
    rounds = 100_000
    for _ in range(rounds):
        sum_ += window
        passed += window
        if periodic:
            hit = passed >= 1 / lost
            passed -= hit / lost
        else:
            hit = rng.random() < 1 - (1 - lost) ** window
        if hit:
            most = window * 0.85 if window < most else window  # fast convergence
            window = theirs = window * 0.7
            since_s, back_s = 0.0, max(0.0, (most - window) / 0.4) ** (1 / 3)
        else:
            since_s += rtt_s
            theirs += 3 * 0.3 / 1.7
            ours = 0.4 * (since_s - back_s) ** 3 + most
            window = max(min(ours, 1.5 * window), theirs)
    return sum_ / rounds


def test_cubics_window_is_that_of_its_formula(found: dict[str, Any]) -> None:
    """RFC 9438 §5.1, equation 6: 1.054 RTT^0.75 / p^0.75 segments where losses are as far apart as
    they are on average; those of a line come at random, which its window's growth says more of.

    By as many losses as there were: a hundred, which hang on nanoseconds of another kernel's, are
    a tenth more or fewer by chance, and so are windows then.
    """
    rtt_s, lost = 2 * LOSSY["km"] * 5e-6, LOSSY["loss_pct"] / 100
    formula = 1.054 * (rtt_s / lost) ** 0.75
    assert mean_window(rtt_s, lost, periodic=True) == pytest.approx(formula, rel=0.1)
    assert formula < mean_window(rtt_s, lost, periodic=False) < 1.2 * formula
    lossy = flows(found, "lossy")
    whole = sum(flow["received_bytes"] for flow in lossy) / SEGMENT_BYTES
    again = sum(flow["retransmitted"] for flow in lossy)
    assert abs(again - whole * lost) < 4 * (whole * lost) ** 0.5
    right = mean_window(rtt_s, again / whole, periodic=False)
    early = [
        came for came, f in zip(found["early_bytes"], found["flows"], strict=True) if f in lossy
    ]
    later = sum(flow["received_bytes"] for flow in lossy) - sum(early)
    segments = later / SEGMENT_BYTES / ((120.0 - 20.0) / rtt_s) / len(early)
    assert segments == pytest.approx(right, rel=0.2)


def test_bbr_takes_the_line_with_a_shorter_queue(found: dict[str, Any]) -> None:
    [flow] = flows(found, "bbr")
    assert mbps(flow, "bbr") > 0.9 * FULL["rate_mbps"] * SEGMENT_BYTES / FRAME_BYTES
    assert flow["retransmitted"] < min(f["retransmitted"] for f in flows(found, "full"))


def test_transfers_end(found: dict[str, Any]) -> None:
    for flow in flows(found, "backup"):
        assert (flow["transfers"], flow["received_bytes"]) == (1, 3_000_000)
    web = flows(found, "web")
    transfers = sum(flow["transfers"] for flow in web)
    # a mean of a second of pause, and about a third of a second for each transfer
    assert 45 < transfers < 110
    mean = sum(flow["received_bytes"] for flow in web) / transfers
    assert mean == pytest.approx(100_000, rel=0.35)


def test_codel_holds_the_queue_of_a_flow_near_its_target(found: dict[str, Any]) -> None:
    """RFC 8289 §3.2: once slow start is over, what stands in the queue is 5 ms, and the line is
    used. Bursts above it last less than the interval."""
    waits = [wait - PACKET_MS for wait in waits_ms(found, "codel", from_s=5.0)]
    assert statistics.median(waits) < 2 * 5.0
    assert max(waits) < 5.0 + 100.0 / 4
    [flow] = flows(found, "codel")
    assert mbps(flow, "codel") > 0.9 * FULL["rate_mbps"] * SEGMENT_BYTES / FRAME_BYTES
    assert found["drops"]["to-codel"] > 0


def test_fq_codel_lets_a_sparse_flow_pass_bulk_ones(found: dict[str, Any]) -> None:
    """RFC 8290 §6.1: a flow of less than a quantum a turn has the first turn, behind the packet
    that is being sent and, at the most, one more of each of the others."""
    waits = waits_ms(found, "fq-codel")
    assert max(waits) < 4 * PACKET_MS
    assert len(waits) == round(ENDS_S * 10) - 1  # none of its packets is dropped
    rates = [mbps(flow, "fq-codel") for flow in flows(found, "fq-codel")]
    assert min(rates) / max(rates) > 0.97  # a turn each, of a quantum


def test_red_keeps_the_average_between_its_thresholds(found: dict[str, Any]) -> None:
    """Floyd and Jacobson 1993 §4: nothing is dropped below the first, everything above the second;
    the queue itself is never full."""
    byte_ms = 8e-3 / RED["rate_mbps"]
    waits = [wait - PACKET_MS for wait in waits_ms(found, "red", from_s=5.0)]
    assert RED["queue"]["min_bytes"] * byte_ms < statistics.mean(waits)
    assert statistics.mean(waits) < RED["queue"]["max_bytes"] * byte_ms
    assert max(waits) < RED["buffer_bytes"] * byte_ms
    assert found["drops"]["to-red"] > 0
