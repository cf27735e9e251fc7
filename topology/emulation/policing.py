"""Bandwidth profiles in the kernel: what has no tokens is dropped (net/sched/act_police.c).

At the sending end filters look at a packet before it has a place in the line's queue; at the far
end they do where it comes in, before a line's impairment sees it. A packet without tokens in the
committed bucket is tried in the excess one, if there is one: the kernel takes nothing out of a
bucket that has too little, so a chain of two is RFC 4115.

pyroute2 knows police without a result, and asks for its rate in text; here it is in its own plugin
form (linux/pkt_cls.h).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from pyroute2.netlink import nla
from pyroute2.netlink.rtnl.tcmsg import common_act

from giaoban.errors import MachineLacks
from giaoban.sentence import N_
from giaoban.topology.emulation import namespace
from giaoban.topology.emulation.netem import RATE_32_BITS
from giaoban.topology.emulation.netlink import INGRESS_HANDLE, add_ingress, needed
from giaoban.topology.emulation.qdisc import ROOT_HANDLE
from giaoban.topology.emulation.rtnetlink import Rtnetlink
from giaoban.topology.emulation.scheduler import DSCP_KEY, ETH_P_IP, LINKLAYER_ETHERNET
from giaoban.topology.lines.bandwidth_profile import LineProfile
from giaoban.topology.lines.qos import TrafficClass
from giaoban.topology.lines.token_bucket import BucketSize
from giaoban.traffic.rtp import ETHERNET_BYTES

OK, SHOT, PIPE, JUMP = 0, 2, 3, 1 << 28
FIRST = 2
"""Behind a failed link's filter, before that of an impaired line and of the classes."""
CANNOT = N_("this kernel cannot police a line, it lacks {modules} ({why})")
MODULES = "act_police cls_matchall cls_u32 sch_ets sch_ingress"
ANY_CELL = 3  # the table of packet times is not used, but has to be there
TABLE = bytes(1024)
NO_LONGEST = 0xFFFFFFFF
_RATE_SPEC = (
    ("cell_log", "B"),
    ("linklayer", "B"),
    ("overhead", "H"),
    ("cell_align", "h"),
    ("mpu", "H"),
    ("rate", "I"),
)


def _rate_fields(of: str) -> list[tuple[str, str]]:
    return [(f"{of}_{name}", form) for name, form in _RATE_SPEC]


class _PoliceOptions(nla):  # type: ignore[misc]
    nla_map = (
        ("TCA_POLICE_UNSPEC", "none"),
        ("TCA_POLICE_TBF", "police_tbf"),
        ("TCA_POLICE_RATE", "cdata"),
        ("TCA_POLICE_PEAKRATE", "cdata"),
        ("TCA_POLICE_AVRATE", "uint32"),
        ("TCA_POLICE_RESULT", "uint32"),
        ("TCA_POLICE_TM", "hex"),
        ("TCA_POLICE_PAD", "none"),
        ("TCA_POLICE_RATE64", "uint64"),
    )

    class police_tbf(nla):  # type: ignore[misc]  # noqa: N801 (the name in nla_map)
        fields = (
            ("index", "I"),
            ("action", "i"),
            ("limit", "I"),
            ("burst", "I"),
            ("mtu", "I"),
            *_rate_fields("rate"),
            *_rate_fields("peak"),
            ("refcnt", "i"),
            ("bindcnt", "i"),
            ("capab", "I"),
        )


def _police_parameters(request: dict[str, Any]) -> dict[str, Any]:
    bucket: BucketSize = request["bucket"]
    rate = bucket.bytes_per_s
    parameters = dict.fromkeys((name for name, _ in _PoliceOptions.police_tbf.fields), 0)
    parameters |= {
        "action": request["exceeding"],
        "burst": bucket.burst_ticks,
        "mtu": NO_LONGEST,
        "rate_cell_log": ANY_CELL,
        "rate_linklayer": LINKLAYER_ETHERNET,
        "rate_overhead": request["overhead"],
        "rate_rate": min(rate, RATE_32_BITS),
    }
    attributes = [
        ["TCA_POLICE_TBF", parameters],
        ["TCA_POLICE_RATE", TABLE],
        ["TCA_POLICE_RESULT", request["conforming"]],
    ]
    if rate > RATE_32_BITS:
        attributes.append(["TCA_POLICE_RATE64", rate])
    return {"attrs": attributes}


common_act.plugins["police"] = SimpleNamespace(
    options=_PoliceOptions, get_parameters=_police_parameters
)


class Policer:
    """The profiles of one direction of a link at one of its ends.

    Args:
        fd: the namespace of the node where they are held to.
        interface: the link's end there.
        profiles: at least one.
        classes: in order of precedence, where packets are told apart.
        to: what else becomes of a packet there that passes: an action, if any.

    Raises:
        MachineLacks: this kernel has no police, or nothing that sends packets to it.
    """

    def __init__(
        self,
        fd: int,
        interface: str,
        profiles: Sequence[LineProfile],
        classes: Sequence[TrafficClass],
        to: dict[str, Any] | None,
        *,
        incoming: bool,
    ) -> None:
        with namespace.inside(fd):
            self._route = Rtnetlink()
        self._index = self._route.link_lookup(ifname=interface)[0]
        self._parent = INGRESS_HANDLE if incoming else ROOT_HANDLE
        # what comes in has lost its Ethernet header by then
        overhead = ETHERNET_BYTES if incoming else 0
        place = {"index": self._index, "parent": self._parent}
        try:
            with needed(CANNOT, MODULES):
                if incoming:
                    add_ingress(self._route, self._index)
                for number, request in enumerate(_filters(profiles, classes, to, overhead)):
                    self._route.tc("add-filter", **place, prio=FIRST + number, **request)
        except MachineLacks:
            self.close()
            raise

    @property
    def dropped(self) -> int:
        """Packets that had no tokens in the last bucket that they were tried in."""
        filters = self._route.get_filters(index=self._index, parent=self._parent)
        return sum(_drops(each) for each in filters)

    def close(self) -> None:
        """Let the socket go; the profiles stay as long as their namespace."""
        self._route.close()


def _filters(
    profiles: Sequence[LineProfile],
    classes: Sequence[TrafficClass],
    to: dict[str, Any] | None,
    overhead: int,
) -> Iterator[dict[str, Any]]:
    """Each packet meets one of them."""
    of: dict[str | None, LineProfile] = {each.traffic_class: each for each in profiles}
    if None not in of:
        for each in classes[:-1]:
            actions = _actions(of.get(each.name), to, overhead)
            for dscp in each.dscps:
                yield {
                    "kind": "u32",
                    "protocol": ETH_P_IP,
                    "target": ROOT_HANDLE | 1,
                    "keys": [DSCP_KEY.format(dscp << 18)],
                    "action": actions,
                }
    if (rest := of.get(None, of.get(classes[-1].name) if classes else None)) is not None:
        yield {"kind": "matchall", "action": _actions(rest, to, overhead)}


def _actions(
    profile: LineProfile | None, to: dict[str, Any] | None, overhead: int
) -> list[dict[str, Any]]:
    buckets = [] if profile is None else profile.buckets
    through = OK if to is None else JUMP | len(buckets)
    found: list[dict[str, Any]] = [
        {
            "kind": "police",
            "bucket": bucket,
            "conforming": through,
            "exceeding": SHOT if bucket is buckets[-1] else PIPE,
            "overhead": overhead,
        }
        for bucket in buckets
    ]
    return found if to is None else [*found, to]


def _drops(of: Any) -> int:
    options = of.get_attr("TCA_OPTIONS")
    acts = options and (options.get_attr("TCA_MATCHALL_ACT") or options.get_attr("TCA_U32_ACT"))
    return sum(_dropped(act) for _, act in acts["attrs"]) if acts else 0


def _dropped(act: Any) -> int:
    if act.get_attr("TCA_ACT_KIND") != "police":
        return 0
    told = act.get_attr("TCA_ACT_OPTIONS").get_attr("TCA_POLICE_TBF")
    if told["action"] != SHOT:
        return 0
    return int(act.get_attr("TCA_ACT_STATS").get_attr("TCA_STATS_QUEUE")["drops"])
