"""Lost packets of pictures that receivers recover, by a share and a delay that are declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from giaoban.provenance import Assumable
from giaoban.traffic.quality.measure import Trace


class Repair(Assumable):
    """How many lost packets of pictures terminals and MCU recover, by whatever means.

    Judged at the receiver; no packet more is sent.
    """

    share_pct: Annotated[float, Field(ge=0, le=100)]
    """Share of lost packets that are recovered, in percent. Like `90.0`."""
    within_ms: Annotated[float, Field(ge=0, le=2000)]
    """A recovered packet arrives so much later than the others, in ms; a packet is not recovered
    if no later one arrives that was sent within this time. Like `100.0`."""


def recovered(found: Trace, repair: Repair, seed: int) -> Trace:
    """Return the trace with a share of the missing packets arriving later than usual.

    Which packets are recovered depends on the seed and on the packet's place alone. A packet is not
    recovered where no packet arrives that was due up to `within_ms` later: in an outage. Counts of
    arrivals are those of the line.
    """
    missing, usable = np.flatnonzero(found.missing), np.flatnonzero(~found.missing)
    if not len(missing) or not len(usable):
        return found
    within_ns = round(repair.within_ms * 1e6)
    drawn = np.random.default_rng(seed).random(len(found.due_ns))[missing]
    follower = np.searchsorted(usable, missing)
    after = found.due_ns[usable[np.minimum(follower, len(usable) - 1)]] - found.due_ns[missing]
    in_time = (follower < len(usable)) & (after <= within_ns)
    back = missing[in_time & (drawn < repair.share_pct / 100)]
    usual_ns = int(np.median(found.arrival_ns[usable] - found.due_ns[usable]))
    arrival, corrupted = found.arrival_ns.copy(), found.corrupted.copy()
    arrival[back] = found.due_ns[back] + usual_ns + within_ns
    corrupted[back] = False
    return replace(found, arrival_ns=arrival, corrupted=corrupted)
