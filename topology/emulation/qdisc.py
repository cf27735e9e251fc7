"""A link's queue, a line's impairment and a sender's pacing, as requests of queueing disciplines.

pyroute2 does not know fq, which is taught to it here, in its own plugin form
(linux/pkt_sched.h); netem is in `netem.py`.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pyroute2.netlink import nla
from pyroute2.netlink.rtnl import TC_H_ROOT
from pyroute2.netlink.rtnl.tcmsg import plugins
from pyroute2.netlink.rtnl.tcmsg.common import stats2

from giaoban.topology.emulation.netem import NETEM, NO_OVERTAKING_RATE
from giaoban.topology.lines.impairments import LineImpairment, RandomLoss
from giaoban.topology.network import NetLink
from giaoban.traffic.fifo import bytes_per_s

ROOT_HANDLE, FIBRE_HANDLE, LINE_HANDLE = 0x10000, 0x20000, 0x30000
MAX_PACKETS = 1_000_000
FRAME_BYTES = 1254  # a full media packet on the wire: 1212 RTP + 28 UDP/IP + 14 Ethernet


class _FqOptions(nla):  # type: ignore[misc]
    nla_map = (
        ("TCA_FQ_UNSPEC", "none"),
        ("TCA_FQ_PLIMIT", "uint32"),
        ("TCA_FQ_FLOW_PLIMIT", "uint32"),
        ("TCA_FQ_QUANTUM", "uint32"),
        ("TCA_FQ_INITIAL_QUANTUM", "uint32"),
        ("TCA_FQ_RATE_ENABLE", "uint32"),
        ("TCA_FQ_FLOW_DEFAULT_RATE", "uint32"),
        ("TCA_FQ_FLOW_MAX_RATE", "uint32"),
        ("TCA_FQ_BUCKETS_LOG", "uint32"),
        ("TCA_FQ_FLOW_REFILL_DELAY", "uint32"),
        ("TCA_FQ_ORPHAN_MASK", "uint32"),
        ("TCA_FQ_LOW_RATE_THRESHOLD", "uint32"),
        ("TCA_FQ_CE_THRESHOLD", "uint32"),
        ("TCA_FQ_TIMER_SLACK", "uint32"),
        ("TCA_FQ_HORIZON", "uint32"),
        ("TCA_FQ_HORIZON_DROP", "uint8"),
    )


def _fq_parameters(request: dict[str, Any]) -> dict[str, Any]:
    return {
        "attrs": [
            ["TCA_FQ_PLIMIT", request["limit"]],
            ["TCA_FQ_FLOW_PLIMIT", request["limit"]],
            ["TCA_FQ_QUANTUM", 1 << 20],
            ["TCA_FQ_INITIAL_QUANTUM", 1 << 20],
            # flows that share a hash (of a random key) would hold up each other's packets: by
            # default only 10 bits of it count, and the MCU sends all calls' media by two sockets
            ["TCA_FQ_ORPHAN_MASK", 0xFFFFFFFF],
            ["TCA_FQ_TIMER_SLACK", 1],
            ["TCA_FQ_HORIZON", 20_000_000],
        ]
    }


plugins["netem"] = NETEM
plugins["fq"] = SimpleNamespace(
    parent=TC_H_ROOT, options=_FqOptions, stats2=stats2, get_parameters=_fq_parameters
)


def line(
    rate_mbps: float,
    delay_us: float,
    buffer_packets: int,
    loss: float,
    seed: int,
    overhead_bytes: int = 0,
) -> list[dict[str, Any]]:
    """The egress of one direction of a link: a queue served at the link's rate, then the fibre.

    netem keeps the packets that are under way in the fibre in the same list as those that wait,
    so its limit is the buffer plus what the fibre holds of full packets. Loss on the line has a
    netem of its own below it, so that what it takes is counted apart from what the queue drops.

    Args:
        loss: probability, 0 to 1, that the line loses a packet.
        overhead_bytes: what the rate counts of each frame beside its own bytes.

    Returns:
        Keyword arguments for `IPRoute.tc("add", ...)`, root first.
    """
    per_s = bytes_per_s(rate_mbps)
    in_flight = round(delay_us * 1e-6 * per_s / (FRAME_BYTES + overhead_bytes))
    queue = {
        "kind": "netem",
        "handle": ROOT_HANDLE,
        "parent": TC_H_ROOT,
        "rate_bytes_per_s": per_s,
        "overhead_bytes": overhead_bytes,
        "delay_ns": round(delay_us * 1000),
        "limit": buffer_packets + in_flight,
        "seed": seed,
    }
    if not loss:
        return [queue]
    fibre = {
        "kind": "netem",
        "handle": FIBRE_HANDLE,
        "parent": 0x10001,
        "limit": MAX_PACKETS,
        "loss": RandomLoss(p=loss),
        "seed": seed + 1,
    }
    return [queue, fibre]


def line_of(link: NetLink, seed: int) -> list[dict[str, Any]]:
    """The same of a link as it is built."""
    return line(
        link.rate_mbps,
        link.delay_us,
        link.buffer_packets,
        link.loss_pct / 100,
        seed,
        link.overhead_bytes,
    )


def below_classifier(queues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same queues with something above them at which filters look at packets first."""
    whole, *losing = queues
    root = {
        "kind": "ets",
        "handle": ROOT_HANDLE,
        "parent": TC_H_ROOT,
        "strict": 1,
        "quanta": (),
    }
    below = [{**fibre, "parent": LINE_HANDLE | 1} for fibre in losing]
    return [root, {**whole, "handle": LINE_HANDLE, "parent": ROOT_HANDLE | 1}, *below]


def impairment(what: LineImpairment, seed: int) -> dict[str, Any]:
    """The netem that does to packets what a line does, as keyword arguments for `IPRoute.tc`.

    With a rate netem counts a packet's delay from now, but lets it leave after the last one in the
    queue at the earliest; without one a packet with less delay overtakes. So the rate, too high to
    delay anything, is what keeps the order, also of what is still delayed when jitter ends.
    """
    jitter = what.jitter
    return {
        "kind": "netem",
        "handle": ROOT_HANDLE,
        "parent": TC_H_ROOT,
        "limit": MAX_PACKETS,
        "rate_bytes_per_s": 0 if jitter and jitter.reorder else NO_OVERTAKING_RATE,
        "delay_ns": jitter.offset_ns if jitter else 0,
        "jitter_ns": jitter.scale_ns if jitter else 0,
        "delays": jitter.table if jitter else (),
        "loss": what.loss,
        "duplicate": what.duplicate,
        "corrupt": what.corrupt,
        "seed": seed,
    }


def redirect(ifindex: int) -> dict[str, Any]:
    """An action: the packet goes to this device instead."""
    return {"kind": "mirred", "direction": "egress", "action": "redirect", "ifindex": ifindex}


def pacer() -> dict[str, Any]:
    """fq on a sender's own loopback-side: releases each packet at its SO_TXTIME. A sender hands
    over whole windows of media at once."""
    return {"kind": "fq", "handle": ROOT_HANDLE, "parent": TC_H_ROOT, "limit": MAX_PACKETS}
