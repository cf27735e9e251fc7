"""netem for pyroute2, which knows it without nanoseconds, seeds, loss models and delay tables.

In pyroute2's own plugin form, after linux/pkt_sched.h and net/sched/sch_netem.c. A request names
everything each time: what a change leaves out, netem in part keeps and in part resets.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from pyroute2.netlink import nla
from pyroute2.netlink.rtnl import TC_H_ROOT
from pyroute2.netlink.rtnl.tcmsg.common import stats2
from pyroute2.netlink.rtnl.tcmsg.sched_netem import options as pyroute2_netem_options

from giaoban.topology.lines.impairments import (
    PROBABILITY_ONE,
    GilbertElliott,
    RandomLoss,
    scaled,
)

RATE_32_BITS = 0xFFFFFFFF
NO_OVERTAKING_RATE = 1 << 62  # bytes/s: a packet takes 0 ns


class _NetemOptions(pyroute2_netem_options):  # type: ignore[misc]
    nla_map = (
        ("TCA_NETEM_UNSPEC", "none"),
        ("TCA_NETEM_CORR", "netem_corr"),
        ("TCA_NETEM_DELAY_DIST", "cdata"),
        ("TCA_NETEM_REORDER", "netem_reorder"),
        ("TCA_NETEM_CORRUPT", "netem_corrupt"),
        ("TCA_NETEM_LOSS", "netem_loss"),
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

    class netem_loss(nla):  # type: ignore[misc]  # noqa: N801 (the name in nla_map)
        nla_map = (
            ("NETEM_LOSS_UNSPEC", "none"),
            ("NETEM_LOSS_GI", "gimodel"),
            ("NETEM_LOSS_GE", "gemodel"),
        )

        class gimodel(nla):  # type: ignore[misc]  # noqa: N801
            fields = (("p13", "I"), ("p31", "I"), ("p32", "I"), ("p14", "I"), ("p23", "I"))

        class gemodel(nla):  # type: ignore[misc]  # noqa: N801
            fields = (("p", "I"), ("r", "I"), ("h", "I"), ("k1", "I"))


def _parameters(request: dict[str, Any]) -> dict[str, Any]:
    attributes: list[list[Any]] = []
    rate = request.get("rate_bytes_per_s")
    if rate is not None:
        overhead = request.get("overhead_bytes", 0)
        fields = {"packet_overhead": overhead, "cell_size": 0, "cell_overhead": 0}
        attributes.append(["TCA_NETEM_RATE", {"rate": min(rate, RATE_32_BITS), **fields}])
        if rate > RATE_32_BITS:
            attributes.append(["TCA_NETEM_RATE64", rate])
    if request.get("delays"):
        table = np.array(request["delays"], "=i2").tobytes()
        attributes.append(["TCA_NETEM_DELAY_DIST", table])
    if "corrupt" in request:
        probability = scaled(request["corrupt"])
        fields = {"prob_corrupt": probability, "corr_corrupt": 0}
        attributes.append(["TCA_NETEM_CORRUPT", fields])
    loss = request.get("loss")
    if isinstance(loss, GilbertElliott):
        attributes.append(["TCA_NETEM_LOSS", {"attrs": [_model(loss)]}])
    for name, key in (
        ("TCA_NETEM_LATENCY64", "delay_ns"),
        ("TCA_NETEM_JITTER64", "jitter_ns"),
        ("TCA_NETEM_PRNG_SEED", "seed"),
    ):
        if key in request:
            attributes.append([name, request[key]])
    return {
        "delay": 0,
        "limit": request["limit"],
        "loss": scaled(loss.p) if isinstance(loss, RandomLoss) else 0,
        "gap": 0,
        "duplicate": scaled(request.get("duplicate", 0.0)),
        "jitter": 0,
        "attrs": attributes,
    }


def _model(loss: GilbertElliott) -> list[Any]:
    # h is the probability that the bad state does not lose, k1 that the good one does
    h = PROBABILITY_ONE - scaled(loss.loss_bad)
    fields = {"p": scaled(loss.p), "r": scaled(loss.r), "h": h, "k1": scaled(loss.loss_good)}
    return ["NETEM_LOSS_GE", fields]


NETEM = SimpleNamespace(
    parent=TC_H_ROOT, options=_NetemOptions, stats2=stats2, get_parameters=_parameters
)
