"""Classes in one direction of a link: a router's queues in front of the link's line.

    eth0: ets 1: ── matchall ──▶ cls-eth0: htb 1: ── ets 2: ── pfifo 11: … 14:, one a class
           └─ netem 3: (rate, fibre) ◀── what the classes let go

What leaves by a router's end of a link is redirected, before it has a place in any queue there, to
an `ifb` device. Its htb lets one packet go when the one before it is through: it has as good as no
burst, so a packet leaves when the debt of the last one is paid off at the link's rate. Which one
goes is decided at that moment, by ets. It comes back to the link's end as if sent anew, is
redirected no second time, and passes the line's netem, which takes the time of its own bits and of
the fibre and never makes it wait for another.

It is not all in one tree: netem above the classes would queue in the order of arrival, and htb lets
go of a packet when its first bit may leave, while the far end has it with its last.

pyroute2 does not know ets, and adds a packet and more to an htb's burst; both are taught here in
its own plugin form (linux/pkt_sched.h).
"""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink import NLA_F_NESTED, nla
from pyroute2.netlink.rtnl import TC_H_ROOT
from pyroute2.netlink.rtnl.tcmsg import plugins, sched_htb
from pyroute2.netlink.rtnl.tcmsg.common import stats2

from giaoban.sentence import N_
from giaoban.topology.emulation import namespace, qdisc
from giaoban.topology.emulation.netem import RATE_32_BITS
from giaoban.topology.emulation.netlink import interface_index, needed
from giaoban.topology.emulation.qdisc import LINE_HANDLE, MAX_PACKETS, ROOT_HANDLE
from giaoban.topology.lines.qos import Qos, TrafficClass, traffic_classes
from giaoban.topology.lines.token_bucket import TICK_NS
from giaoban.topology.network import NetLink
from giaoban.traffic.fifo import bytes_per_s

ONLY_CLASS = ROOT_HANDLE | 1
CLASSES_HANDLE = 0x20000
CLASS_HANDLES = 0x110000  # the first class's queue; the others follow
ETH_P_IP = 0x0800
DSCP_KEY = "{:#010x}/0x00fc0000+0"  # in the IPv4 header's first word, for u32
TURN_BYTES = 60_000  # htb wants to know it for classes that share; this one is alone
LINKLAYER_ETHERNET = 1
TCA_STAB_BASE = 1
CREDIT_TICKS = 5120 // TICK_NS
"""What a late timer may cost and is paid back: 5 µs. Without it each packet would leave a little
later than the rate has it; the price is that a packet may be overtaken for 5 µs less."""

BY_CLASS = N_("this kernel cannot queue packets by class, it lacks {modules} ({why})")


class _EtsOptions(nla):  # type: ignore[misc]
    nla_flags = NLA_F_NESTED
    nla_map = (
        ("TCA_ETS_UNSPEC", "none"),
        ("TCA_ETS_NBANDS", "uint8"),
        ("TCA_ETS_NSTRICT", "uint8"),
        ("TCA_ETS_QUANTA", "quanta"),
    )

    class quanta(nla):  # type: ignore[misc]  # noqa: N801 (the name in nla_map)
        nla_flags = NLA_F_NESTED
        nla_map = (
            ("TCA_ETS_UNSPEC", "none"),
            ("TCA_ETS_NBANDS", "none"),
            ("TCA_ETS_NSTRICT", "none"),
            ("TCA_ETS_QUANTA", "none"),
            ("TCA_ETS_QUANTA_BAND", "uint32"),
        )


def _ets_parameters(request: dict[str, Any]) -> dict[str, Any]:
    """Bands before others (`strict`), then those that share; unmatched packets go to the last."""
    quanta = [["TCA_ETS_QUANTA_BAND", quantum] for quantum in request["quanta"]]
    attributes: list[list[Any]] = [
        ["TCA_ETS_NBANDS", request["strict"] + len(quanta)],
        ["TCA_ETS_NSTRICT", request["strict"]],
    ]
    if quanta:
        attributes.append(["TCA_ETS_QUANTA", {"attrs": quanta}])
    return {"attrs": attributes}


def _htb_class_parameters(request: dict[str, Any]) -> dict[str, Any]:
    rate = request["rate_bytes_per_s"]
    parameters = {
        f"{which}_{name}": 0
        for which in ("rate", "ceil")
        for name in ("cell_log", "overhead", "cell_align", "mpu")
    }
    parameters |= {
        "rate___reserved": LINKLAYER_ETHERNET,
        "ceil___reserved": LINKLAYER_ETHERNET,
        "rate": min(rate, RATE_32_BITS),
        "ceil": min(rate, RATE_32_BITS),
        "buffer": CREDIT_TICKS,
        "cbuffer": CREDIT_TICKS,
        "quantum": TURN_BYTES,
        "level": 0,
        "prio": 0,
    }
    attributes: list[list[Any]] = [["TCA_HTB_PARMS", parameters]]
    if rate > RATE_32_BITS:
        attributes += [["TCA_HTB_RATE64", rate], ["TCA_HTB_CEIL64", rate]]
    return {"attrs": attributes}


class _HtbOptions(sched_htb.options):  # type: ignore[misc]
    class htb_parms(nla):  # type: ignore[misc]  # noqa: N801 (the name in nla_map)
        """Without the table of packet times, which kernels since 3.9 work out themselves."""

        fields = sched_htb.options.htb_parms.fields


plugins["ets"] = SimpleNamespace(
    parent=TC_H_ROOT, options=_EtsOptions, stats2=stats2, get_parameters=_ets_parameters
)
plugins["htb"] = SimpleNamespace(
    parent=TC_H_ROOT,
    options=_HtbOptions,
    stats=sched_htb.stats,
    stats2=sched_htb.stats2,
    get_parameters=sched_htb.get_parameters,
    get_class_parameters=_htb_class_parameters,
)


def device(interface: str) -> str:
    """The name of the device that holds the classes of a link's end."""
    return f"cls-{interface}"


def line(link: NetLink, seed: int) -> list[dict[str, Any]]:
    """The egress of a router's end of a link, as `qdisc.line` gives it where all wait in one queue.

    Nothing overflows in this netem: more than what is in the fibre does not come to it.
    """
    whole, *losing = qdisc.line_of(link, seed)
    return qdisc.below_classifier([{**whole, "limit": MAX_PACKETS}, *losing])


def build(fd: int, interface: str, link: NetLink, qos: Qos) -> None:
    """The classes of a link's end that has `line`'s queues: a device of its own, and the way to it.

    Args:
        fd: the namespace of the node.
        qos: which classes.

    Raises:
        MachineLacks: this kernel has no ifb, htb, ets, u32, matchall or mirred.
    """
    with namespace.inside(fd), IPRoute() as route:
        name = device(interface)
        with needed(BY_CLASS, "ifb"):
            route.link("add", ifname=name, kind="ifb")
        index = interface_index(route, name)
        only = {"parent": ROOT_HANDLE, **_rate(link.rate_mbps)}
        queues: dict[str, Any] = {"index": index, "handle": ROOT_HANDLE}
        if link.overhead_bytes:
            queues["stab"] = _sizes(link.overhead_bytes)
        with needed(BY_CLASS, "sch_htb"):
            route.tc("add", "htb", **queues, default=ONLY_CLASS & 0xFFFF)
            route.tc("add-class", "htb", index, ONLY_CLASS, **only)
        _add_classes(route, index, traffic_classes(qos))
        route.link("set", index=index, state="up")
        redirect = qdisc.redirect(index)
        end = {"index": interface_index(route, interface), "parent": ROOT_HANDLE}
        with needed(BY_CLASS, "cls_matchall act_mirred"):
            route.tc("add-filter", "matchall", **end, action=[redirect])


def _add_classes(route: Any, index: int, classes: tuple[TrafficClass, ...]) -> None:
    bands = {
        "handle": CLASSES_HANDLE,
        "parent": ONLY_CLASS,
        "strict": sum(c.strict for c in classes),
        "quanta": [c.quantum_bytes for c in classes if not c.strict],
    }
    with needed(BY_CLASS, "sch_ets"):
        route.tc("add", "ets", index, **bands)
    for number, each in enumerate(classes):
        band = CLASSES_HANDLE | number + 1
        queue = {"handle": CLASS_HANDLES + (number << 16), "parent": band}
        route.tc("add", "pfifo", index, **queue, limit=each.buffer_packets)
        for dscp in each.dscps:
            to_band = {
                "parent": CLASSES_HANDLE,
                "prio": 1,
                "protocol": ETH_P_IP,
                "target": band,
                "keys": [DSCP_KEY.format(dscp << 18)],
            }
            with needed(BY_CLASS, "cls_u32"):
                route.tc("add-filter", "u32", index, **to_band)


def _sizes(overhead_bytes: int) -> bytes:
    """A table of sizes (TCA_STAB) that has only what all packets have more, or fewer, than their
    own bytes. The classes' turns count by it, and htb, which of itself takes none as smaller."""
    spec = struct.pack("=BBhiIIII", 0, 0, 0, overhead_bytes, LINKLAYER_ETHERNET, 0, 0, 0)
    return struct.pack("=HH", 4 + len(spec), TCA_STAB_BASE) + spec


def reshape(route: Any, interface: str, link: NetLink, rate_mbps: float, seed: int) -> None:
    """Another rate for all that leaves from now on, what waits already too; the queues keep their
    room.

    Args:
        route: a netlink socket in the router's namespace.
    """
    [whole] = qdisc.line(rate_mbps, link.delay_us, 0, 0.0, seed, link.overhead_bytes)
    place = {"handle": LINE_HANDLE, "parent": ROOT_HANDLE | 1, "limit": MAX_PACKETS}
    only = {"parent": ROOT_HANDLE, **_rate(rate_mbps)}
    index = interface_index(route, device(interface))
    route.tc("change-class", "htb", index, ONLY_CLASS, **only)
    route.tc("change", index=interface_index(route, interface), **{**whole, **place})


def counted(route: Any, interface: str) -> list[Any]:
    """The kernel's counters of each class of a link's end, in order of precedence."""
    index = interface_index(route, device(interface))
    stats = {
        queue["handle"]: queue.get_attr("TCA_STATS2")
        for queue in route.get_qdiscs(index=index)
        if queue["index"] == index
    }
    return [stats[handle] for handle in sorted(stats) if handle >= CLASS_HANDLES]


def _rate(rate_mbps: float) -> dict[str, int]:
    return {"rate_bytes_per_s": bytes_per_s(rate_mbps)}
