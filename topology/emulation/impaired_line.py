"""A line that can be impaired: the far end of one direction of a link, made to pass through netem.

What arrives at the link's end is redirected, before anything there has read it, to an `ifb` device
whose queue is the line's netem, and comes back as if it had arrived then. It is not a part of the
sender's queue: Linux refuses a netem that duplicates in one tree with another, and what a line
loses is counted apart from what a queue drops.
"""

from __future__ import annotations

from typing import Any

from pyroute2 import IPRoute

from giaoban.errors import MachineLacks
from giaoban.sentence import N_
from giaoban.topology.emulation import namespace, qdisc
from giaoban.topology.emulation.netlink import INGRESS_HANDLE, interface_index, needed
from giaoban.topology.lines.impairments import (
    GilbertElliott,
    LineImpairment,
    LineJitter,
    changed_seed,
)

CANNOT = N_("this kernel cannot impair a line, it lacks {modules} ({why})")
NEEDED = ("TCA_NETEM_LOSS", "TCA_NETEM_LATENCY64", "TCA_NETEM_JITTER64", "TCA_NETEM_PRNG_SEED")
# what `_check` reads back: every attribute that an older kernel would pass over in silence
TRIAL = LineImpairment(
    loss=GilbertElliott(p=0.0, r=1.0), jitter=LineJitter(offset_ns=1, scale_ns=1, table=[0])
)


class ImpairedLine:
    """One direction of a link where it ends; does nothing to packets until `change`.

    Args:
        fd: the namespace of the node where the direction ends.
        interface: the link's end there.
        seed: with the number of changes before, it settles what happens to which packet.

    Raises:
        MachineLacks: this kernel cannot impair a line.
    """

    def __init__(self, fd: int, interface: str, seed: int) -> None:
        self.interface = interface
        self.ifb = f"ifb-{interface}"
        self._seed = seed
        self._changes = 0
        with namespace.inside(fd):
            self._route = IPRoute()
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        route = self._route
        with needed(CANNOT, "ifb"):
            route.link("add", ifname=self.ifb, kind="ifb")
        self.index = interface_index(route, self.ifb)
        with needed(CANNOT, "sch_netem"):
            route.tc("add", index=self.index, **qdisc.impairment(TRIAL, 0))
        self._check()
        self.change(LineImpairment())
        route.link("set", index=self.index, state="up")
        end = interface_index(route, self.interface)
        with needed(CANNOT, "sch_ingress"):
            route.tc("add", "ingress", index=end)
        redirect = qdisc.redirect(self.index)
        with needed(CANNOT, "cls_matchall act_mirred"):
            route.tc("add-filter", "matchall", index=end, parent=INGRESS_HANDLE, action=[redirect])

    def _check(self) -> None:
        options = self.counted()[0].get_attr("TCA_OPTIONS")
        missing = [name for name in NEEDED if options.get_attr(name) is None]
        if missing:
            raise MachineLacks(
                "this kernel's netem does not know {missing}, without which a line "
                "cannot be impaired as the scenario says",
                N_("a kernel of 6.6 or later, or use --engine sandbox"),
                missing=", ".join(missing),
            )

    def change(self, what: LineImpairment) -> None:
        """From now on the line does this to what arrives, and nothing else; one request."""
        seed = changed_seed(self._seed, self._changes)
        self._changes += 1
        self._route.tc("change", index=self.index, **qdisc.impairment(what, seed))

    def counted(self) -> list[Any]:
        """The netem with its counters, then the ingress of the link's end, once it is there."""
        wanted = {self.index: qdisc.ROOT_HANDLE}
        if ends := self._route.link_lookup(ifname=self.interface):
            wanted[ends[0]] = INGRESS_HANDLE
        found = {
            queue["index"]: queue
            for queue in self._route.get_qdiscs()
            if queue["handle"] == wanted.get(queue["index"])
        }
        return [found[index] for index in wanted if index in found]

    def close(self) -> None:
        """Let the socket go; the line stays as long as its namespace."""
        self._route.close()
