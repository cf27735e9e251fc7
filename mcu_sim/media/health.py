"""What a media plane says of itself: what would make its measures worthless, and its counts."""

from __future__ import annotations

from typing import Any

from mcu_sim.media.inbound import Inbound
from mcu_sim.media.outbound import Outbound
from mcu_sim.media.reports import Reports
from traffic.sender.pacing import Pacer

MOST_LATE_PCT = 1.0
"""Of the packets that were sent, 20 ms late or more; it is also the loss that a meeting may have.
With more, what was measured at the calls is the machine's doing."""


def late_pct(late: int, sent: int) -> float:
    """The share of packets that left late, in %."""
    return 100 * late / sent if sent else 0.0


def health_of(
    inbound: Inbound, outbound: Outbound, reports: Reports, pacer: Pacer
) -> dict[str, Any]:
    """The part of the health event that is about media."""
    lost, clock = inbound.lost, inbound.clock
    return {
        "starved": pacer.late,
        "worst_late_ms": round(pacer.worst_late_ns / 1e6, 3),
        "unsendable": pacer.unsendable + outbound.unprotected,
        "stray": lost.stray,
        "not_rtp": lost.not_rtp,
        "foreign": lost.foreign,
        "unauthentic": lost.unauthentic,
        "overflowed": sum(inbound.overflowed.values()),
        "rtp_sent": outbound.rtp_sent,
        "rtp_received": inbound.rtp_received,
        "rtcp_sent": reports.sent,
        "rtcp_received": inbound.rtcp_received,
        "clock_steps": clock.steps,
        "clock_step_ms": round(clock.largest_step_ns / 1e6, 3),
    }
