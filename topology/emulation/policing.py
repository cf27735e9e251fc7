"""Policers in the kernel: a packet without tokens is dropped (net/sched/act_police.c).

A filter looks at each packet where it comes in at the far end of the line, before a line's
impairment sees it.

pyroute2 knows police without a result, and asks for its rate in text; here it is in its own plugin
form (linux/pkt_cls.h).
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from pyroute2 import IPRoute
from pyroute2.netlink import nla
from pyroute2.netlink.rtnl.tcmsg import common_act

from giaoban.errors import MachineLacks
from giaoban.sentence import N_
from giaoban.topology.emulation import namespace
from giaoban.topology.emulation.netem import RATE_32_BITS
from giaoban.topology.emulation.netlink import INGRESS_HANDLE, add_ingress, needed
from giaoban.topology.emulation.scheduler import LINKLAYER_ETHERNET
from giaoban.topology.lines.bandwidth_profile import LineProfile
from giaoban.topology.lines.token_bucket import BucketSize
from giaoban.traffic.rtp import ETHERNET_BYTES

OK, SHOT, PIPE = 0, 2, 3
BEHIND_FAULTS = 2
"""Behind a failed link's filter, before that of an impaired line and of the classes."""
CANNOT = N_("this kernel cannot police a line, it lacks {modules} ({why})")
MODULES = "act_police cls_matchall sch_ingress"
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
        "action": SHOT,
        "burst": bucket.burst_ticks,
        "mtu": NO_LONGEST,
        "rate_cell_log": ANY_CELL,
        "rate_linklayer": LINKLAYER_ETHERNET,
        "rate_overhead": ETHERNET_BYTES,  # the header is gone by then
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
    """The policer of one direction of a link, at its far end.

    Args:
        fd: the namespace of the node there.
        interface: the link's end there.
        profile: its rate and burst.
        to: an action for packets that pass, if there is any.

    Raises:
        MachineLacks: this kernel has no police, or no filter that sends packets to it.
    """

    def __init__(
        self, fd: int, interface: str, profile: LineProfile, to: dict[str, Any] | None
    ) -> None:
        with namespace.inside(fd):
            self._route = IPRoute()
        self._index = self._route.link_lookup(ifname=interface)[0]
        police = {
            "kind": "police",
            "bucket": profile.bucket,
            "conforming": OK if to is None else PIPE,
        }
        try:
            with needed(CANNOT, MODULES):
                add_ingress(self._route, self._index)
                self._route.tc(
                    "add-filter",
                    "matchall",
                    index=self._index,
                    parent=INGRESS_HANDLE,
                    prio=BEHIND_FAULTS,
                    action=[police] if to is None else [police, to],
                )
        except MachineLacks:
            self.close()
            raise

    @property
    def dropped(self) -> int:
        """Packets for which the bucket had no tokens."""
        filters = self._route.get_filters(index=self._index, parent=INGRESS_HANDLE)
        return sum(_drops(each) for each in filters)

    def close(self) -> None:
        """Close the socket; the policer stays as long as its namespace."""
        self._route.close()


def _drops(of: Any) -> int:
    options = of.get_attr("TCA_OPTIONS")
    acts = options and options.get_attr("TCA_MATCHALL_ACT")
    return sum(_dropped(act) for _, act in acts["attrs"]) if acts else 0


def _dropped(act: Any) -> int:
    if act.get_attr("TCA_ACT_KIND") != "police":
        return 0
    return int(act.get_attr("TCA_ACT_STATS").get_attr("TCA_STATS_QUEUE")["drops"])
