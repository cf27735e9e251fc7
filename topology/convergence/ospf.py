"""The emulation's routers on paper: OSPF (RFC 2328) with BFD, event by event.

As BIRD 2 does it under `topology/emulation/routers.py`: a router takes in what has changed at each
tick of its own (`spf_ms`, from a moment that the seed draws), says hello and sends BFD's packets by
its own timers, with the same random numbers, drawn in the same order by its two threads, OSPF's and
BFD's, which wake when BIRD's do. Left out is what its packets wait behind media, as they take the
time of an idle fibre; and what it says again for want of an answer is said to the nanosecond.
"""

from __future__ import annotations

import copy
import heapq
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from giaoban.clock import SECOND_NS
from giaoban.errors import InvalidRun
from giaoban.topology.bird import (
    clock_factor,
    converged_within_ms,
    cost,
    first_tick_ns,
    next_asked_ns,
    process_seed,
    router_id,
)
from giaoban.topology.changes import NetworkChange
from giaoban.topology.convergence.bfd import BfdSession, ControlPacket
from giaoban.topology.convergence.links import LinkTimes, within
from giaoban.topology.convergence.poll_loop import PollLoop
from giaoban.topology.convergence.splitmix64 import SplitMix64
from giaoban.topology.forwarding import astray, by_prefix
from giaoban.topology.network import Hop, NetLink, Network
from giaoban.topology.rerouting import BIRD_MIN_LS_INTERVAL_MS

FIRST_TICK_MS = 100
FIRST_HELLO_NS, FIRST_POLL_NS = 12_000, 14_000
"""So long after its start BIRD says hello, and waits for what comes: looking at a clock takes its
time in the guest."""
TAKES_NS = 3_000
"""From what a router reads to what it writes of it."""
MIN_LS_ARRIVAL_MS = 1_000
"""RFC 2328, appendix B; of a router's own clock, like all here."""
RETRANSMIT_MS = 5_000
STARTED_DRAWS = 9
"""Numbers that BIRD draws before it runs: a seed, and a key of two for each of its protocols, which
are four with BFD; without it nothing is drawn later."""
MASTER_DRAWS = 2
"""For the first sequence number of a database exchange."""
CONTROL_BYTES = 66
"""Of BFD on the wire, with its Ethernet header: as good as any of OSPF's."""
MEETING_AFTER_NS = SECOND_NS
"""The run's origin is the first whole second so long after it is seen that the routers agree."""

MOST_EVENTS = 1 << 20
"""So many things may happen to links and routers from outside: at one moment they come before what
routers do then."""

DOWN, INIT, EXSTART, EXCHANGE, LOADING, FULL = range(6)
"""Of a neighbour; two-way is never rested in on a link between two."""


class Lsa(NamedTuple):
    """A router's own state (RFC 2328 §12.4.1): to whom it is adjacent by which link, its hosts."""

    router: str
    number: int
    links: tuple[tuple[str, str, int], ...]
    hosts: frozenset[str]

    def __deepcopy__(self, memo: dict[int, object]) -> Lsa:
        """It never changes, and is known by being the very same."""
        return self

    def same(self, other: Lsa) -> bool:
        """Whether it says the same."""
        return self.links == other.links and self.hosts == other.hosts


class RouteChange(NamedTuple):
    """From a moment on (ns after the origin) a router sends what is for a host by this link; None:
    it has no route for it."""

    at_ns: int
    router: str
    host: str
    link: str | None


@dataclass
class _Neighbour:
    state: int
    session: BfdSession | None
    missing: dict[str, int] = field(default_factory=dict)
    """LSAs that were asked for and have not come: router → the number that was told."""


@dataclass
class _Router:
    id: str
    chance: SplitMix64
    begin_ns: int
    main: PollLoop
    bfd: PollLoop
    lines: list[NetLink]
    """Those that it has with other routers."""
    up: dict[str, bool]
    """Link → whether its interface there has light."""
    neighbours: dict[str, _Neighbour] = field(default_factory=dict)
    database: dict[str, tuple[Lsa, int]] = field(default_factory=dict)
    """Router → its LSA, and when that was installed."""
    lsa_due: bool = True
    spf_due: bool = False
    routes: dict[str, str] = field(default_factory=dict)
    """Host → link, as computed; `forwards` those by which it forwards."""
    forwards: dict[str, str] = field(default_factory=dict)


class RoutedNetwork:
    """All routers of a network, from their start on; `run` goes on until a moment after the
    origin.

    Raises `InvalidRun` if they never find the best paths.
    """

    def __init__(self, network: Network, seed: int) -> None:
        routing = network.routing
        assert routing is not None
        assert routing.spf_ms is not None
        assert routing.hello_ms is not None
        assert routing.dead_ms is not None
        self._network, self._seed = network, seed
        self._factor = clock_factor(routing)
        self._spf_ns = routing.spf_ms * 1_000_000
        self._hello_ns = routing.hello_ms * 1_000_000
        self._dead_ns = routing.dead_ms * 1_000_000
        self._within_ns = round(converged_within_ms(routing) * 1e6)
        self._install_ns = routing.installed_after_ms * 1_000_000
        self._bfd = (
            (routing.bfd_interval_ms * 1000 * self._factor, routing.bfd_multiplier)
            if routing.bfd_interval_ms is not None and routing.bfd_multiplier is not None
            else None
        )
        self._agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0
        self._times = LinkTimes({}, {})
        self._origin_ns = 0
        self.agreed_ns = 0
        """When packets took the best paths, after the second in which all routers started."""
        self._hosts = {link.a: link for link in network.links if link.kind == "access"}
        self._at: dict[str, list[str]] = {}
        for host, link in self._hosts.items():
            self._at.setdefault(link.b, []).append(host)
        self._names = sorted(node.id for node in network.routers)
        self._rank = {
            name: tuple(map(int, router_id(network, name).split(".")))
            for name in self._names
            if network.links_at(name)
        }
        self._starts = 0
        self._sessions = 0
        self._alive: dict[str, _Router] = {}
        self._changes: list[RouteChange] = []
        for name in self._names:
            self._start(name, first_tick_ns(seed, name, routing))
        self._agree()
        self.at_first = self.routes
        """`routes` at the origin."""
        self._outside, self._count = self._count, self._count + MOST_EVENTS

    # ------------------------------------------------------------------------------ from outside

    @property
    def routes(self) -> dict[str, dict[str, str]]:
        """Router → host → the link by which packets for it leave, now."""
        return {name: dict(self._forwards(name)) for name in self._names}

    def is_of(self, network: Network, seed: int) -> bool:
        """Whether they would be the same routers."""
        return self._seed == seed and self._network == network

    def calm_until(self, until_ns: int) -> None:
        """Nothing happens to any link or router before a moment after the origin."""
        self._until(self._origin_ns + until_ns)

    def copy(self) -> RoutedNetwork:
        """As they are now, to go on by themselves."""
        network = self._network
        shared = [network, *network.links, *self._hosts.values(), self._hosts, self._at]
        return copy.deepcopy(self, {id(one): one for one in shared})

    def run(
        self, changes: Sequence[NetworkChange], times: LinkTimes, until_ns: int
    ) -> list[RouteChange]:
        """What becomes of routes by these changes, all after the origin, until a moment.

        `times`: what they do to links.
        """
        self._times = times
        told, self._count = self._count, self._outside
        for change in changes:
            if change.do in ("stop-router", "start-router"):
                begins = change.do == "start-router"
                at_ns = self._origin_ns + round(change.at_s * 1e9)
                self._later(at_ns, partial(self._switch, change.router or "", on=begins))
        for link_id, edges in self._times.carrier_down.items():
            for number, edge_ns in enumerate(edges):
                up = number % 2 == 1
                self._later(
                    self._origin_ns + edge_ns, partial(self._carrier_changed, link_id, up=up)
                )
        self._count = told
        self._until(self._origin_ns + until_ns)
        return self._changes

    # ------------------------------------------------------------------------------------- time

    def _later(self, at_ns: int, action: Callable[[int], None]) -> None:
        heapq.heappush(self._agenda, (at_ns, self._count, action))
        self._count += 1

    def _until(self, until_ns: int) -> None:
        agenda = self._agenda
        while agenda and agenda[0][0] < until_ns:
            at_ns, _, action = heapq.heappop(agenda)
            action(at_ns)

    def _agree(self) -> None:
        """Run until packets take the best paths; the origin is soon after that. Raises `InvalidRun`
        as `giaoban.topology.emulation.routers.converge`."""
        while wrong := astray(self._network, by_prefix(self._network, self.routes)):
            told = len(self._changes)
            while len(self._changes) == told:
                self.agreed_ns = self._agenda[0][0]
                if self.agreed_ns > self._within_ns:
                    raise InvalidRun(
                        "the routers did not find the best ways: {wrong}", wrong=", ".join(wrong)
                    )
                self._until(self.agreed_ns + 1)
        begins_ns = next_asked_ns(self.agreed_ns) + MEETING_AFTER_NS
        self._origin_ns = -(-begins_ns // SECOND_NS) * SECOND_NS
        self._until(self._origin_ns)
        self._changes.clear()

    # ------------------------------------------------------------------------- routers come and go

    def _start(self, name: str, begin_ns: int) -> None:
        chance = SplitMix64(process_seed(self._seed, self._starts, self._names.index(name)))
        self._starts += 1
        chance.skip(STARTED_DRAWS)
        links = self._network.links_at(name)
        up = {link.id: not self._is_down(link.id, begin_ns) for link in links}
        lines = [link for link in links if link.kind == "backbone"]
        main, bfd = (
            PollLoop(1_000_000 // self._factor, begin_ns + FIRST_POLL_NS) for _ in range(2)
        )
        router = _Router(name, chance, begin_ns, main, bfd, lines, up)
        self._alive[name] = router
        for link in lines:
            if up[link.id]:
                self._later(begin_ns + FIRST_HELLO_NS, partial(self._say_hello, router, link))
        first_ns = begin_ns + FIRST_TICK_MS * 1_000_000 // self._factor
        router.main.start("tick", first_ns, partial(self._tick, router), self._spf_ns)
        self._wait(router, router.main)

    def _switch(self, name: str, now_ns: int, *, on: bool) -> None:
        """A router's process starts, or dies without a word, and with it its routes."""
        if on:
            self._start(name, -(-now_ns // 1_000_000) * 1_000_000)
            return
        router = self._alive.pop(name)
        for host in router.forwards:
            self._changes.append(RouteChange(now_ns - self._origin_ns, name, host, None))

    def _lives(self, router: _Router) -> bool:
        return self._alive.get(router.id) is router

    def _is_down(self, link: str, now_ns: int) -> bool:
        return within(self._times.carrier_down.get(link, ()), now_ns - self._origin_ns)

    def _carrier_changed(self, link_id: str, now_ns: int, *, up: bool) -> None:
        """Light goes or comes back, as the routers at both ends see it."""
        link = self._network.link(link_id)
        for name in (link.a, link.b):
            router = self._alive.get(name)
            if router is None or router.begin_ns > now_ns or router.up[link_id] == up:
                continue
            router.up[link_id] = up
            router.lsa_due = True
            if link.kind == "access":
                continue
            if up:
                self._say_hello(router, link, now_ns)
            else:
                router.main.stop(("hello", link_id))
                self._kill_neighbour(router, link_id)
            self._wake(router, router.main, now_ns)

    # ---------------------------------------------------------------------------------- threads

    def _wake(self, router: _Router, thread: PollLoop, now_ns: int) -> None:
        """Something came for it, or its time has come."""
        thread.wake(now_ns)
        self._wait(router, thread)

    def _wait(self, router: _Router, thread: PollLoop) -> None:
        before_ns, wakes_ns = thread.wakes_ns, thread.waits()
        if wakes_ns is not None and wakes_ns != before_ns:
            self._later(wakes_ns, partial(self._wakes, router, thread))

    def _wakes(self, router: _Router, thread: PollLoop, now_ns: int) -> None:
        if thread.wakes_ns == now_ns and self._lives(router):
            thread.wakes_ns = None
            self._wake(router, thread, now_ns)

    # --------------------------------------------------------------------------------- the wire

    def _send(
        self,
        router: _Router,
        link: NetLink,
        now_ns: int,
        arrives: Callable[[_Router, int], None],
        *,
        for_bfd: bool = False,
    ) -> None:
        other = link.other(router.id)
        hop = Hop(link.id, router.id, other)
        wire_bytes = CONTROL_BYTES + link.overhead_bytes
        takes_ns = TAKES_NS + round(link.delay_us * 1000 + wire_bytes * 8e3 / link.rate_mbps)
        self._later(now_ns + takes_ns, partial(self._arrive, hop, arrives, for_bfd))

    def _arrive(
        self, hop: Hop, arrives: Callable[[_Router, int], None], for_bfd: bool, now_ns: int
    ) -> None:
        router = self._alive.get(hop.target)
        if router is None or now_ns < router.begin_ns or not router.up[hop.link]:
            return
        if self._times.passes(hop, now_ns - self._origin_ns):
            arrives(router, now_ns)
            self._wake(router, router.bfd if for_bfd else router.main, now_ns)

    # -------------------------------------------------------------------------------- neighbours

    def _say_hello(self, router: _Router, link: NetLink, now_ns: int) -> None:
        """Now, and every hello interval, as long as the interface has light."""
        if not self._lives(router) or not router.up[link.id]:
            return
        again = partial(self._send_hello, router, link)
        router.main.start(("hello", link.id), now_ns + self._hello_ns, again, self._hello_ns)
        self._send_hello(router, link, now_ns)

    def _send_hello(self, router: _Router, link: NetLink, now_ns: int) -> None:
        knows = link.id in router.neighbours
        self._send(router, link, now_ns, partial(self._hear_hello, link, knows))

    def _hear_hello(self, link: NetLink, knows: bool, router: _Router, now_ns: int) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None:
            neighbour = router.neighbours[link.id] = _Neighbour(INIT, None)
            if self._bfd is not None:
                self._open_session(router, link, neighbour, now_ns)
        self._heard(router, link, neighbour, now_ns)
        if not knows:
            self._reset(router, neighbour)
        elif neighbour.state == INIT:
            self._begin_exchange(router, link, neighbour, now_ns)

    def _heard(self, router: _Router, link: NetLink, neighbour: _Neighbour, now_ns: int) -> None:
        dies = partial(self._inactive, router, link, neighbour)
        router.main.start(("inactive", link.id), now_ns + self._dead_ns, dies)

    def _inactive(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, _now_ns: int
    ) -> None:
        if self._knows(router, link, neighbour):
            self._kill_neighbour(router, link.id)

    def _knows(self, router: _Router, link: NetLink, neighbour: _Neighbour) -> bool:
        return self._lives(router) and router.neighbours.get(link.id) is neighbour

    def _reset(self, router: _Router, neighbour: _Neighbour) -> None:
        """It does not hear this side any more."""
        if neighbour.state == FULL:
            router.lsa_due = True
        neighbour.state, neighbour.missing = INIT, {}

    def _kill_neighbour(self, router: _Router, link_id: str) -> None:
        neighbour = router.neighbours.pop(link_id, None)
        router.main.stop(("inactive", link_id))
        router.bfd.stop(("send", link_id))
        router.bfd.stop(("expire", link_id))
        if neighbour is not None and neighbour.state == FULL:
            router.lsa_due = True

    # ----------------------------------------------------------------------- databases (§10.6)

    def _begin_exchange(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, now_ns: int
    ) -> None:
        neighbour.state = EXSTART
        router.chance.skip(MASTER_DRAWS)
        self._negotiate(router, link, neighbour, now_ns)

    def _negotiate(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, now_ns: int
    ) -> None:
        """Say that one would be master, until the exchange begins."""
        if not self._knows(router, link, neighbour) or neighbour.state != EXSTART:
            return
        if router.id in router.database:  # it has told of itself
            self._send(router, link, now_ns, partial(self._hear_negotiation, link))
        again_ns = now_ns + RETRANSMIT_MS * 1_000_000 // self._factor
        self._later(again_ns, partial(self._negotiate, router, link, neighbour))

    def _hear_negotiation(self, link: NetLink, router: _Router, now_ns: int) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None:
            return
        self._heard(router, link, neighbour, now_ns)
        if neighbour.state == INIT:
            self._begin_exchange(router, link, neighbour, now_ns)
        if neighbour.state == EXSTART and self._rank[link.other(router.id)] > self._rank[router.id]:
            neighbour.state = EXCHANGE
            self._exchange(router, link, now_ns, step=1)

    def _exchange(self, router: _Router, link: NetLink, now_ns: int, step: int) -> None:
        """The slave's description (1), the master's (2), and the slave's answer to it (3)."""
        told = {name: lsa.number for name, (lsa, _) in router.database.items()}
        self._send(router, link, now_ns, partial(self._hear_description, link, step, told))

    def _hear_description(
        self, link: NetLink, step: int, told: dict[str, int], router: _Router, now_ns: int
    ) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None or neighbour.state not in (EXSTART, EXCHANGE):
            return
        self._heard(router, link, neighbour, now_ns)
        if step < 3:
            neighbour.state = EXCHANGE
            own = router.database
            neighbour.missing = {
                n: at for n, at in told.items() if n not in own or own[n][0].number < at
            }
            self._request(router, link, neighbour, neighbour.missing, now_ns)
            self._exchange(router, link, now_ns, step + 1)
        if step > 1:
            neighbour.state = LOADING if neighbour.missing else FULL
            router.lsa_due |= neighbour.state == FULL

    def _request(
        self,
        router: _Router,
        link: NetLink,
        neighbour: _Neighbour,
        missing: dict[str, int],
        now_ns: int,
    ) -> None:
        """Ask for LSAs, again and again until they have come: one that comes too soon after another
        of the same router is not taken."""
        if not self._knows(router, link, neighbour) or neighbour.missing is not missing:
            return
        if not missing:
            return
        self._send(router, link, now_ns, partial(self._hear_request, link, list(missing)))
        again_ns = now_ns + RETRANSMIT_MS * 1_000_000 // self._factor
        self._later(again_ns, partial(self._request, router, link, neighbour, missing))

    def _hear_request(self, link: NetLink, wanted: list[str], router: _Router, now_ns: int) -> None:
        found = [router.database[name][0] for name in wanted if name in router.database]
        self._send(router, link, now_ns, partial(self._hear_update, link, found))

    def _hear_update(self, link: NetLink, lsas: list[Lsa], router: _Router, now_ns: int) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None or neighbour.state < EXCHANGE:
            return
        self._heard(router, link, neighbour, now_ns)
        for lsa in lsas:
            self._install_lsa(router, link, lsa, now_ns)

    def _loaded(self, router: _Router, lsa: Lsa) -> None:
        """An LSA is there, whoever sent it: nobody needs to be asked for it any more."""
        for neighbour in router.neighbours.values():
            if neighbour.missing.get(lsa.router, lsa.number + 1) <= lsa.number:
                del neighbour.missing[lsa.router]
                if neighbour.state == LOADING and not neighbour.missing:
                    neighbour.state = FULL
                    router.lsa_due = True

    # ---------------------------------------------------------------------- flooding (§13)

    def _flood(self, router: _Router, lsa: Lsa, now_ns: int, but: str | None = None) -> None:
        for link in router.lines:
            neighbour = router.neighbours.get(link.id)
            if neighbour is not None and neighbour.state >= EXCHANGE and link.id != but:
                self._update(router, link, neighbour, lsa, now_ns)

    def _update(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, lsa: Lsa, now_ns: int
    ) -> None:
        """Send an LSA, again and again until the neighbour has it."""
        if not self._knows(router, link, neighbour) or router.database[lsa.router][0] is not lsa:
            return
        other = self._alive.get(link.other(router.id))
        has = None if other is None else other.database.get(lsa.router)
        if has is not None and has[0].number >= lsa.number:
            return
        self._send(router, link, now_ns, partial(self._hear_update, link, [lsa]))
        again_ns = now_ns + RETRANSMIT_MS * 1_000_000 // self._factor
        self._later(again_ns, partial(self._update, router, link, neighbour, lsa))

    def _install_lsa(self, router: _Router, link: NetLink, lsa: Lsa, now_ns: int) -> None:
        known = router.database.get(lsa.router)
        if known is not None:
            if lsa.number <= known[0].number:
                return
            if now_ns - known[1] < MIN_LS_ARRIVAL_MS * 1_000_000 // self._factor:
                return
        if lsa.router == router.id:
            # from before it started anew: what it says now is newer (§13.4)
            own = known[0] if known is not None else lsa
            newer = own._replace(number=lsa.number + 1)
            router.database[router.id] = newer, now_ns
            self._loaded(router, newer)
            self._flood(router, newer, now_ns)
            return
        router.database[lsa.router] = lsa, now_ns
        self._loaded(router, lsa)
        router.spf_due |= known is None or not known[0].same(lsa)
        self._flood(router, lsa, now_ns, link.id)

    # ----------------------------------------------------------------------------- every tick

    def _tick(self, router: _Router, now_ns: int) -> None:
        known = router.database.get(router.id)
        least_ns = BIRD_MIN_LS_INTERVAL_MS * 1_000_000 // self._factor
        if router.lsa_due and (known is None or now_ns - known[1] >= least_ns):
            router.lsa_due = False
            lsa = self._originate_lsa(router, 1 if known is None else known[0].number + 1)
            if known is None or not known[0].same(lsa):
                router.database[router.id] = lsa, now_ns
                router.spf_due = True
                self._flood(router, lsa, now_ns)
        if router.spf_due:
            router.spf_due = False
            self._compute(router, now_ns)

    def _originate_lsa(self, router: _Router, number: int) -> Lsa:
        links = tuple(
            (link.other(router.id), link.id, cost(link))
            for link in router.lines
            if link.id in router.neighbours and router.neighbours[link.id].state == FULL
        )
        hosts = (h for h in self._at.get(router.id, ()) if router.up[self._hosts[h].id])
        return Lsa(router.id, number, links, frozenset(hosts))

    def _compute(self, router: _Router, now_ns: int) -> None:
        found = dict(self._shortest(router))
        changed = {
            host: found.get(host)
            for host in {**router.routes, **found}
            if router.routes.get(host) != found.get(host)
        }
        router.routes = found
        if changed:
            self._later(now_ns + self._install_ns, partial(self._install, router, changed))

    def _install(self, router: _Router, changed: dict[str, str | None], now_ns: int) -> None:
        if not self._lives(router):
            return
        for host, link in changed.items():
            if link is None:
                router.forwards.pop(host, None)
            else:
                router.forwards[host] = link
            self._changes.append(RouteChange(now_ns - self._origin_ns, router.id, host, link))

    def _forwards(self, name: str) -> dict[str, str]:
        router = self._alive.get(name)
        own = {host: self._hosts[host].id for host in self._at.get(name, ())}
        return own if router is None else {**router.forwards, **own}

    def _shortest(self, root: _Router) -> Iterator[tuple[str, str]]:
        """(host, link by which packets for it leave), of all but the router's own hosts (§16.1).

        Of two paths of the same cost BIRD keeps the one that it found first; so does this.
        """
        database = {name: lsa for name, (lsa, _) in root.database.items()}
        if root.id not in database:
            return
        distance: dict[str, int] = {root.id: 0}
        leaves: dict[str, str] = {}
        done: set[str] = set()
        waiting: list[tuple[int, str]] = [(0, root.id)]
        while waiting:
            so_far, name = waiting.pop(0)
            done.add(name)
            if name != root.id:
                for host in database[name].hosts:
                    yield host, leaves[name]
            for other, link, more in database[name].links:
                if other in done or other not in database:
                    continue
                if distance.get(other, so_far + more + 1) <= so_far + more:
                    continue
                if not any(back == name for back, _, _ in database[other].links):
                    continue
                if name == root.id:
                    neighbour = root.neighbours.get(link)
                    if neighbour is None or neighbour.state != FULL:
                        continue
                if other in distance:
                    waiting.remove((distance[other], other))
                distance[other] = so_far + more
                leaves[other] = link if name == root.id else leaves[name]
                at = bisect_left(waiting, so_far + more, key=lambda each: each[0])
                waiting.insert(at, (so_far + more, other))

    # ----------------------------------------------------------------------------------- BFD

    def _open_session(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, now_ns: int
    ) -> None:
        """By the main thread, which has BFD's begin at once when it has done what else it has to:
        to that one it is still the moment in which it was last awake."""
        assert self._bfd is not None
        self._sessions += 1
        interval_us, multiplier = self._bfd
        neighbour.session = BfdSession(
            self._sessions,
            interval_us,
            multiplier,
            self._factor,
            router.chance,
            router.bfd.awake_ns,
        )
        self._time_session(router, link, neighbour, neighbour.session)
        router.bfd.wakes_ns = now_ns
        self._later(now_ns, partial(self._wakes, router, router.bfd))

    def _time_session(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, session: BfdSession
    ) -> None:
        """Its timers are due when it says."""
        sends = partial(self._send_control, router, link, neighbour, session)
        router.bfd.start(("send", link.id), session.send_ns, sends)
        if session.expires_ns is None:
            router.bfd.stop(("expire", link.id))
        else:
            expires = partial(self._expire, router, link, neighbour, session)
            router.bfd.start(("expire", link.id), session.expires_ns, expires)

    def _send_control(
        self,
        router: _Router,
        link: NetLink,
        neighbour: _Neighbour,
        session: BfdSession,
        now_ns: int,
    ) -> None:
        packet = session.sends(now_ns)
        self._send(router, link, now_ns, partial(self._hear_control, link, packet), for_bfd=True)
        self._time_session(router, link, neighbour, session)

    def _hear_control(
        self, link: NetLink, packet: ControlPacket, router: _Router, now_ns: int
    ) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None or (session := neighbour.session) is None:
            return
        before = session.state
        answer, fell = session.receives(packet, now_ns)
        if answer is not None:
            hears = partial(self._hear_control, link, answer)
            self._send(router, link, now_ns, hears, for_bfd=True)
        self._time_session(router, link, neighbour, session)
        if session.state != before:
            self._later(now_ns, partial(self._hear_of_session, router, link, neighbour, fell))

    def _expire(
        self,
        router: _Router,
        link: NetLink,
        neighbour: _Neighbour,
        session: BfdSession,
        now_ns: int,
    ) -> None:
        before = session.state
        was_up = session.expires(now_ns)
        self._time_session(router, link, neighbour, session)
        if session.state != before:
            self._later(now_ns, partial(self._hear_of_session, router, link, neighbour, was_up))

    def _hear_of_session(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, fell: bool, now_ns: int
    ) -> None:
        """The main thread, of what has become of a session, when BFD's has done."""
        if self._knows(router, link, neighbour):
            if fell:
                self._kill_neighbour(router, link.id)
            self._wake(router, router.main, now_ns)
