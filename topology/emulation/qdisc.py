"""Queueing disciplines as netlink requests: netem in whole nanoseconds, and fq.

pyroute2 knows netem without nanosecond delays or seeds, and does not know fq; both are taught
to it here, in its own plugin form (linux/pkt_sched.h).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pyroute2.netlink import nla
from pyroute2.netlink.rtnl import TC_H_ROOT
from pyroute2.netlink.rtnl.tcmsg import plugins
from pyroute2.netlink.rtnl.tcmsg.common import stats2
from pyroute2.netlink.rtnl.tcmsg.sched_netem import options as pyroute2_netem_options

PROBABILITY_ONE = 0xFFFFFFFF
FRAME_BYTES = 1254  # a full media packet on the wire: 1212 RTP + 28 UDP/IP + 14 Ethernet


class _NetemOptions(pyroute2_netem_options):  # type: ignore[misc]
    nla_map = (
        ("TCA_NETEM_UNSPEC", "none"),
        ("TCA_NETEM_CORR", "netem_corr"),
        ("TCA_NETEM_DELAY_DIST", "none"),
        ("TCA_NETEM_REORDER", "netem_reorder"),
        ("TCA_NETEM_CORRUPT", "netem_corrupt"),
        ("TCA_NETEM_LOSS", "none"),
        ("TCA_NETEM_RATE", "netem_rate"),
        ("TCA_NETEM_ECN", "uint32"),
        ("TCA_NETEM_RATE64", "uint64"),
        ("TCA_NETEM_PAD", "none"),
        ("TCA_NETEM_LATENCY64", "int64"),
        ("TCA_NETEM_JITTER64", "int64"),
        ("TCA_NETEM_SLOT", "none"),
        ("TCA_NETEM_SLOT_DIST", "none"),
        ("TCA_NETEM_PRNG_SEED", "uint64"),
    )


def _netem_parameters(request: dict[str, Any]) -> dict[str, Any]:
    attributes: list[list[Any]] = []
    rate = request.get("rate_bytes_per_s")
    if rate is not None:
        fields = {"rate": rate, "packet_overhead": 0, "cell_size": 0, "cell_overhead": 0}
        attributes.append(["TCA_NETEM_RATE", fields])
    if "delay_ns" in request:
        attributes.append(["TCA_NETEM_LATENCY64", request["delay_ns"]])
    if "seed" in request:
        attributes.append(["TCA_NETEM_PRNG_SEED", request["seed"]])
    return {
        "delay": 0,
        "limit": request["limit"],
        "loss": round(request.get("loss", 0.0) * PROBABILITY_ONE),
        "gap": 0,
        "duplicate": 0,
        "jitter": 0,
        "attrs": attributes,
    }


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


plugins["netem"] = SimpleNamespace(
    parent=TC_H_ROOT, options=_NetemOptions, stats2=stats2, get_parameters=_netem_parameters
)
plugins["fq"] = SimpleNamespace(
    parent=TC_H_ROOT, options=_FqOptions, stats2=stats2, get_parameters=_fq_parameters
)


def line(
    rate_mbps: float, delay_us: float, buffer_packets: int, loss: float, seed: int
) -> list[dict[str, Any]]:
    """The egress of one direction of a link: a queue served at the link's rate, then the fibre.

    netem keeps the packets that are under way in the fibre in the same list as those that wait,
    so its limit is the buffer plus what the fibre holds of full packets. Loss on the line has a
    netem of its own below it, so that what it takes is counted apart from what the queue drops.

    Args:
        loss: probability, 0 to 1, that the line loses a packet.

    Returns:
        Keyword arguments for `IPRoute.tc("add", ...)`, root first.
    """
    bytes_per_s = round(rate_mbps * 125_000)
    in_flight = round(delay_us * 1e-6 * bytes_per_s / FRAME_BYTES)
    queue = {
        "kind": "netem",
        "handle": 0x10000,
        "parent": TC_H_ROOT,
        "rate_bytes_per_s": bytes_per_s,
        "delay_ns": round(delay_us * 1000),
        "limit": buffer_packets + in_flight,
        "seed": seed,
    }
    if not loss:
        return [queue]
    fibre = {
        "kind": "netem",
        "handle": 0x20000,
        "parent": 0x10001,
        "limit": 1_000_000,
        "loss": loss,
        "seed": seed + 1,
    }
    return [queue, fibre]


def pacer(limit: int) -> dict[str, Any]:
    """fq on a sender's own loopback-side: releases each packet at its SO_TXTIME."""
    return {"kind": "fq", "handle": 0x10000, "parent": TC_H_ROOT, "limit": limit}
