"""CoDel, FQ-CoDel and RED as requests of queueing disciplines, in pyroute2's own plugin form.

pyroute2 has no RED, and parameters of the others that it says will change (linux/pkt_sched.h).
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from pyroute2.netlink import nla
from pyroute2.netlink.rtnl import TC_H_ROOT
from pyroute2.netlink.rtnl.tcmsg import plugins, sched_codel, sched_fq_codel
from pyroute2.netlink.rtnl.tcmsg.common import stats2

from giaoban.topology.lines.qos import FULL_FRAME_BYTES
from giaoban.topology.lines.queue_discipline import Codel, FqCodel, Red
from giaoban.topology.network import NetLink
from giaoban.traffic.fifo import bytes_per_s

WEIGHT_LOG = 9
"""RED's average takes a 512th of each new packet's queue: w_q = 0.002 (Floyd, Jacobson 1993)."""
MOST_MEMORY_BYTES = 1 << 31
"""Of FQ-CoDel, which counts what packets take in the kernel: its limit of packets is to hold."""
TABLE, LARGEST_SHIFT = 256, 31


class _RedOptions(nla):  # type: ignore[misc]
    nla_map = (
        ("TCA_RED_UNSPEC", "none"),
        ("TCA_RED_PARMS", "red_parms"),
        ("TCA_RED_STAB", "cdata"),
        ("TCA_RED_MAX_P", "uint32"),
    )

    class red_parms(nla):  # type: ignore[misc]  # noqa: N801 (the name in nla_map)
        fields = (
            *(("limit", "I"), ("qth_min", "I"), ("qth_max", "I")),
            *(("wlog", "B"), ("plog", "B"), ("scell_log", "B"), ("flags", "B")),
        )


def _parameters(request: dict[str, Any]) -> dict[str, Any]:
    return {"attrs": [[name, value] for name, value in request["options"].items()]}


for _kind, _options, _stats in (
    ("codel", sched_codel.options, sched_codel.stats2),
    ("fq_codel", sched_fq_codel.options, sched_fq_codel.stats2),
    ("red", _RedOptions, stats2),
):
    plugins[_kind] = SimpleNamespace(
        parent=TC_H_ROOT, options=_options, stats2=_stats, get_parameters=_parameters
    )


def request(link: NetLink, what: Codel | FqCodel | Red) -> dict[str, Any]:
    """What one end of a line asks the kernel for: keyword arguments for `Rtnetlink.tc`."""
    if isinstance(what, Red):
        options = _red(link, what)
    else:
        of = "FQ_CODEL" if isinstance(what, FqCodel) else "CODEL"
        named = {
            "TARGET": what.target_us,
            "LIMIT": link.buffer_packets,
            "INTERVAL": what.interval_us,
            "ECN": 0,
        }
        if isinstance(what, FqCodel):
            named |= {
                "FLOWS": what.flows,
                "QUANTUM": what.quantum_bytes,
                "MEMORY_LIMIT": MOST_MEMORY_BYTES,
            }
        options = {f"TCA_{of}_{name}": value for name, value in named.items()}
    return {"kind": what.discipline, "options": options}


def _red(link: NetLink, what: Red) -> dict[str, Any]:
    """RED's numbers as the kernel reads them (include/net/red.h): logarithms to the base 2, and by
    how much its average shrinks in an idle time, in a table of 256 cells of so many µs."""
    probability = what.max_drop_pct / 100
    full_us = (FULL_FRAME_BYTES + link.overhead_bytes) / bytes_per_s(link.rate_mbps) * 1e6
    halved_each_us = -math.log2(1 - 2**-WEIGHT_LOG) / full_us
    cell_log = max(0, math.ceil(math.log2(LARGEST_SHIFT / halved_each_us / (TABLE - 1))))
    table = [min(int((cell << cell_log) * halved_each_us), LARGEST_SHIFT) for cell in range(TABLE)]
    span = what.max_bytes - what.min_bytes
    parms = {
        "limit": link.buffer_bytes,
        "qth_min": what.min_bytes,
        "qth_max": what.max_bytes,
        "wlog": WEIGHT_LOG,
        "plog": round(math.log2(span / probability)),  # read where there is no MAX_P
        "scell_log": cell_log,
        "flags": 0,
    }
    return {
        "TCA_RED_PARMS": parms,
        "TCA_RED_STAB": bytes([*table[:-1], LARGEST_SHIFT]),
        "TCA_RED_MAX_P": min(round(probability * 2**32), 2**32 - 1),
    }
