"""Whether media may flow to where a call wants it (the consent of RFC 7675, by plain means).

A session description names any address it likes; who is called from a forged one, or names a third
party's, would have it flooded (the "voice hammer" of RFC 8445 §19.5.1). So media flows to an
address that something of the call has come from lately. When a call begins that is the host which
its signalling comes from: it has shown that it can be reached, for it has our tag.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS, Kind, Leg
from giaoban.mcu_sim.sip.message.addresses import HostPort
from giaoban.traffic.batch import sockaddr
from giaoban.traffic.hosts import CONSENT_NS, UNSPECIFIED
from giaoban.traffic.receiver.feedback import LONG_AGO_NS

GRACE_NS = CONSENT_NS
"""The same for the host that the call's signalling comes from: that is heard from when it begins. A
screen that says nothing sees as much."""


@dataclass(frozen=True)
class Withheld:
    """A medium of a call that gets nothing: nothing has come from where it is to go."""

    row: int
    kind: Kind
    remote: HostPort


@dataclass
class _Flow:
    """One medium of one call: where it is to go, the same port of the host of its signalling if
    that is another one, and where it goes now."""

    remote: HostPort
    assured: bool
    grace_until_ns: int
    at_signalling: HostPort | None
    to: HostPort | None
    told: bool = False


class Consent:
    """What has been heard of each row's media, by (kind, row), and what may flow because of it."""

    def __init__(self, capacity: int) -> None:
        self._flows: dict[tuple[Kind, int], _Flow] = {}
        self._to_tell = False
        """Whether of a flow something may be told that has not been."""
        self._announced = {kind: np.zeros(capacity, np.uint32) for kind in KINDS}
        self._heard_ns = {kind: np.full(capacity, LONG_AGO_NS, np.int64) for kind in KINDS}
        self._signalling_ns = {kind: np.full(capacity, LONG_AGO_NS, np.int64) for kind in KINDS}

    def begin(self, leg: Leg, kind: Kind, now_ns: int) -> None:
        """A medium of a call begins, or goes elsewhere from now on: nothing has been heard."""
        row, remote = leg.row, leg.flows[kind].terms.remote
        before = self._flows.get((kind, row))
        if before is not None and before.remote == remote:
            return
        self._announced[kind][row] = sockaddr(*remote)["address"]
        self._heard_ns[kind][row] = self._signalling_ns[kind][row] = LONG_AGO_NS
        same_host = remote[0] == leg.host
        assured = leg.assured is None or remote[0] in leg.assured
        self._to_tell = True
        self._flows[kind, row] = _Flow(
            remote=remote,
            assured=assured,
            grace_until_ns=now_ns + GRACE_NS if same_host else LONG_AGO_NS,
            at_signalling=(leg.host, remote[1]) if leg.host and not same_host else None,
            to=remote if assured or same_host else None,
        )

    def close(self, row: int) -> None:
        """The call is over."""
        for kind in KINDS:
            self._flows.pop((kind, row), None)

    def heard(
        self,
        kind: Kind,
        rows: NDArray[np.intp],
        sources: NDArray[np.void],
        arrival_ns: NDArray[np.int64],
    ) -> None:
        """Packets of these calls came, (n,) each, from the address that was announced or from the
        one their signalling comes from."""
        announced = sources["address"] == self._announced[kind][rows]
        if announced.all():
            self._heard_ns[kind][rows] = arrival_ns
            return
        self._heard_ns[kind][rows[announced]] = arrival_ns[announced]
        self._signalling_ns[kind][rows[~announced]] = arrival_ns[~announced]

    def to(self, kind: Kind, row: int) -> HostPort | None:
        """Where a medium may flow by the last look, None for nowhere."""
        flow = self._flows.get((kind, row))
        return None if flow is None else flow.to

    def look(self, now_ns: int) -> list[tuple[Kind, int, HostPort | None]]:
        """Media that may flow to another address than before, or (None) to none any more."""
        changed: list[tuple[Kind, int, HostPort | None]] = []
        for (kind, row), flow in self._flows.items():
            if flow.assured:
                continue
            since_ns = now_ns - CONSENT_NS
            to: HostPort | None = None
            if self._heard_ns[kind][row] > since_ns or now_ns < flow.grace_until_ns:
                to = flow.remote
            elif flow.at_signalling is not None and self._signalling_ns[kind][row] > since_ns:
                to = flow.at_signalling  # a host with several addresses sends from this one
            if to != flow.to:
                flow.to = to
                self._to_tell = True
                changed.append((kind, row, to))
        return changed

    def take_withheld(self) -> list[Withheld]:
        """Media that may not flow and of which that has not been told; who holds a call asked for
        it."""
        found: list[Withheld] = []
        if not self._to_tell:
            return found
        self._to_tell = False
        for (kind, row), flow in self._flows.items():
            if flow.to is None and not flow.told and flow.remote[0] != UNSPECIFIED:
                flow.told = True
                found.append(Withheld(row, kind, flow.remote))
        return found
