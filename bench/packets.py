"""Packets: scapy beside the fast path that patches and reads its bytes, and a stream's pacing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from scapy.contrib.rtcp import RTCP, ReceptionReport, SenderInfo
from scapy.layers.l2 import Ether
from scapy.layers.rtp import RTP
from scapy.packet import Packet

from bench.harness import ROOT, Say, Target, table
from giaoban.errors import InvalidRun
from giaoban.traffic import packets, rtcp, rtp
from giaoban.traffic.recorded.capture import udp_of

COUNT = 2000
TIMES_FASTER = 10.0
"""By which a fast path of our own has to beat scapy, or it goes."""
PORT, CALLS, SECONDS = 5998, 10, 5
PACING_P99_US = 1000.0


@dataclass(frozen=True)
class PacketFigures:
    """µs a packet, by scapy and by the fast path; and a stream of calls over loopback."""

    us: dict[str, tuple[float, float]]
    packets_per_s: float
    pacing_error_p50_us: float
    pacing_error_p99_us: float

    def targets(self) -> list[Target]:
        """Return the figures with their limits."""
        faster = [
            Target(f"{what}: scapy's time over ours", slow / fast, at_least=TIMES_FASTER)
            for what, (slow, fast) in self.us.items()
        ]
        pacing = Target(
            "stream: 99 % of pacing errors, µs", self.pacing_error_p99_us, at_most=PACING_P99_US
        )
        return [*faster, pacing]

    def to_json(self) -> dict[str, Any]:
        """Return `packets`."""
        return {"packets": asdict(self)}

    def show(self, console: Console) -> None:
        """Print a table."""
        shown = table("Packets, µs each", "<packet | scapy | fast path")
        for what, (slow, fast) in self.us.items():
            shown.add_row(what, f"{slow:.1f}", f"{fast:.2f}")
        console.print(shown)
        console.print(
            f"{CALLS} calls over loopback: {self.packets_per_s:,.0f} packets/s, pacing error "
            f"{self.pacing_error_p50_us:.0f} µs (half), {self.pacing_error_p99_us:.0f} µs (99 %)"
        )


def measure(_folder: Path, say: Say) -> PacketFigures:
    """Measure all. Raises `InvalidRun`: the stream could not be sent."""
    say("packets")
    stream = rtp.StreamId(97, 1, 0, 0)
    header = np.frombuffer(rtp.template(stream), np.uint8)
    rows, numbers = np.zeros((COUNT, 12), np.uint8), np.arange(COUNT)
    block = rtcp.ReportBlock(1, 0, 0, 0, 0)
    compound: list[rtcp.Packet] = [
        rtcp.SenderReport(1, 0, 0, 0, 0, (block,)),
        rtcp.SourceDescription(1, "mcu"),
    ]
    report = rtcp.pack(compound)
    ends = ("02:00:00:00:00:01", "10.0.0.1", 5004), ("02:00:00:00:00:02", "10.0.0.2", 5006)
    frame = bytes(packets.frame(*ends, 34, bytes(1200)))
    patched_us = _us(
        lambda: rtp.patch_headers(rows, header, numbers, numbers, numbers > 9), times=20
    )
    us = {
        "RTP header": (_us(lambda: bytes(RTP(sequence=7))), patched_us / COUNT),
        "RTCP report, built": (
            _us(lambda: bytes(_report()) + packets.description.__wrapped__("mcu"), times=200),
            _us(lambda: rtcp.pack(compound)),
        ),
        "RTCP report, read": (_us(lambda: RTCP(report)), _us(lambda: rtcp.parse(report))),
        "captured frame, read": (
            _us(lambda: Ether(frame)),
            _us(lambda: udp_of(frame[packets.ETHERNET_BYTES :])),
        ),
    }
    sent = _sent()
    return PacketFigures(
        us, sent["packets_per_s"], sent["pacing_error_p50_us"], sent["pacing_error_p99_us"]
    )


def _report() -> Packet:
    blocks = [ReceptionReport()]
    return RTCP(packet_type=200, count=1, sender_info=SenderInfo(), report_blocks=blocks)


def _us(work: Callable[[], object], times: int = COUNT) -> float:
    """Return the least mean of three series, in µs."""
    series = []
    for _ in range(3):
        began_s = time.perf_counter()
        for _ in range(times):
            work()
        series.append((time.perf_counter() - began_s) / times * 1e6)
    return min(series)


def _sent() -> dict[str, Any]:
    command = [sys.executable, "-m", "giaoban.scenarios.cli.entry", "stream", "send"]
    to = [f"127.0.0.1:{PORT}", "--profile", "720p30-2m", "--calls", str(CALLS)]
    done = subprocess.run(
        [*command, *to, "--seconds", str(SECONDS), "--json"],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    if not done.stdout:
        raise InvalidRun(f"giaoban stream send ended with {done.returncode}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report
