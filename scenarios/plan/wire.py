"""What is around a packet of RTP on the wire."""

from __future__ import annotations

from giaoban.mcu_sim.media.srtp import TAG_BYTES
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.rtp import ETHERNET_BYTES, UDP_IP_BYTES

FRAMING_BYTES = UDP_IP_BYTES + ETHERNET_BYTES
"""Around every datagram."""
SRTCP_BYTES = TAG_BYTES + 4
"""Behind every encrypted report: its tag and its index (RFC 3711 §3.4)."""


def around_bytes(plan: Plan) -> int:
    """Of every packet of RTP: UDP, IP, Ethernet, and SRTP's tag where calls are encrypted."""
    return FRAMING_BYTES + (TAG_BYTES if plan.encrypted else 0)
