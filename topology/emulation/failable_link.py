"""A link that can fail: what it discards is counted, and its ends see its carrier go.

Nothing is taken from the queues: what waits there when the link goes down is sent, and lost. At
each end, whatever arrives is redirected to a device that counts and forgets it, before anything has
read it. A router's interface on a link that is down loses its carrier (by `proto_down`, which a
macvlan obeys) as soon as its port has noticed, and what it would still send then goes the same way.
"""

from __future__ import annotations

import time

from pyroute2 import IPRoute

from giaoban.clock import sleep_until
from giaoban.errors import InvalidRun, MachineLacks
from giaoban.sentence import N_
from giaoban.topology.emulation import namespace, qdisc
from giaoban.topology.emulation.netlink import (
    INGRESS_HANDLE,
    add_ingress,
    interface_index,
    needed,
)
from giaoban.topology.network import Hop, NetLink

CANNOT = N_(
    "this kernel cannot let a link fail, it lacks dummy, sch_ingress, cls_matchall or act_mirred "
    "({why})"
)
EGRESS = 0xFFFFFFF3  # linux/pkt_sched.h: of `clsact`
LOOK_AGAIN_NS, CARRIER_WITHIN_NS = 10_000, 2_000_000_000
FIRST = 1
"""Before the filter of an impaired line: what a link that is down discards is not impaired."""


class LinkEnd:
    """Where a link ends in a node.

    Args:
        fd: the node's namespace.
        interface: the link's end there.
        upper: a router's interface on it; None at a host, which takes no notice of carriers.

    Raises:
        MachineLacks: the kernel lacks what counts and forgets.
    """

    def __init__(self, fd: int, interface: str, upper: str | None) -> None:
        self._upper = upper
        with namespace.inside(fd):
            self._route = IPRoute()
        try:
            with needed(CANNOT, "dummy sch_ingress cls_matchall act_mirred"):
                self._in = self._make_sink(f"in-{interface}")
                self._end = interface_index(self._route, interface)
                add_ingress(self._route, self._end)
                if upper is not None:
                    self._out = self._make_sink(f"out-{interface}")
                    self._top = interface_index(self._route, upper)
                    self._route.tc("add", "clsact", index=self._top)
        except MachineLacks:
            self.close()
            raise

    def _make_sink(self, name: str) -> int:
        """A device that counts what it is given and forgets it; its index."""
        self._route.link("add", ifname=name, kind="dummy")
        index = interface_index(self._route, name)
        self._route.link("set", index=index, state="up")
        return index

    def discard(self, *, on: bool) -> None:
        """From now on whatever arrives is discarded, or arrives again."""
        self._redirect(self._end, INGRESS_HANDLE, self._in, on=on)

    def set_down(self, *, on: bool) -> None:
        """The carrier goes, or comes back, as the node sees it."""
        if self._upper is None:
            return
        if on:
            self._redirect(self._top, EGRESS, self._out, on=True)
        self._route.link("set", index=self._top, proto_down=int(on))
        if not on:
            self._wait_for_carrier()
            self._redirect(self._top, EGRESS, self._out, on=False)

    def _wait_for_carrier(self) -> None:
        """Until the kernel's linkwatch has given the interface its queue back: what is sent before
        that is dropped where nobody counts. It does so as soon as it is let."""
        deadline_ns = time.monotonic_ns() + CARRIER_WITHIN_NS
        while not _is_up(self._route, self._top):
            if time.monotonic_ns() > deadline_ns:
                raise InvalidRun("{upper} did not come up again", upper=self._upper)
            sleep_until(time.monotonic_ns() + LOOK_AGAIN_NS)

    def _redirect(self, index: int, parent: int, sink: int, *, on: bool) -> None:
        if on:
            action = [qdisc.redirect(sink)]
            self._route.tc(
                "add-filter", "matchall", index=index, parent=parent, prio=FIRST, action=action
            )
        else:
            self._route.tc("del-filter", "matchall", index=index, parent=parent, prio=FIRST)

    @property
    def discarded(self) -> int:
        """Packets that arrived and were gone."""
        return _sent(self._route, self._in)

    @property
    def unsent(self) -> int:
        """Packets that a router would still have sent on a link that is down."""
        return 0 if self._upper is None else _sent(self._route, self._out)

    def close(self) -> None:
        """Let the socket go; the devices stay as long as their namespace."""
        self._route.close()


class FailableLink:
    """Both ends of a link that can fail; any number of faults may hold it down at once."""

    def __init__(self, link: NetLink, ends: dict[str, LinkEnd]) -> None:
        """`ends`: node id → the link's end there."""
        self.link = link
        self._ends = ends
        self._holders = 0
        self._turn = 0
        self._noticed = False
        self._discarding = dict.fromkeys(ends, 0)

    @property
    def down(self) -> bool:
        """Whether any fault holds it down."""
        return self._holders > 0

    @property
    def carries(self) -> bool:
        """Whether packets cross it in both directions."""
        return not any(self._discarding.values())

    def take_down(self) -> int:
        """One more fault holds it down: nothing arrives any more. The number of this outage,
        for `notice`."""
        if self._holders == 0:
            self._turn += 1
        self._holders += 1
        for node in self._ends:
            self._hold(node, 1)
        return self._turn

    def notice(self, outage: int) -> None:
        """Its ends see that the carrier is gone, unless that outage is over."""
        if self.down and outage == self._turn and not self._noticed:
            self._noticed = True
            for end in self._ends.values():
                end.set_down(on=True)

    def bring_up(self) -> None:
        """One fault less; a carrier that is back is seen at once."""
        self._holders -= 1
        for node, end in self._ends.items():
            if self._noticed and not self.down:
                end.set_down(on=False)
            self._hold(node, -1)
        if not self.down:
            self._noticed = False

    def discard(self, hop: Hop) -> None:
        """One more fault lets nothing arrive that way."""
        self._hold(hop.target, 1)

    def forward(self, hop: Hop) -> None:
        """One fault less."""
        self._hold(hop.target, -1)

    def lost(self, hop: Hop) -> int:
        """Packets that it took on their way in this direction since it was built."""
        return self._ends[hop.target].discarded + self._ends[hop.source].unsent

    def discarded(self, hop: Hop) -> int:
        """Those of them that had been sent."""
        return self._ends[hop.target].discarded

    def _hold(self, node: str, by: int) -> None:
        before = self._discarding[node]
        self._discarding[node] = before + by
        if (before == 0) != (before + by == 0):
            self._ends[node].discard(on=before == 0)

    def close(self) -> None:
        """Let the sockets go."""
        for end in self._ends.values():
            end.close()


def _sent(route: IPRoute, index: int) -> int:
    [device] = route.get_links(index)
    return int(device.get_attr("IFLA_STATS64")["tx_packets"])


def _is_up(route: IPRoute, index: int) -> bool:
    [device] = route.get_links(index)
    return bool(device.get_attr("IFLA_OPERSTATE") == "UP")
