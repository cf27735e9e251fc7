"""The emulation's routers on paper: OSPF (RFC 2328) with BFD, event by event.

As BIRD 2 does it under `topology/emulation/routers.py`: a router takes in what has changed at each
tick of its own (`spf_ms`, from a moment that the seed draws), says hello and sends BFD's packets by
its own timers, with the same random numbers. What its packets wait behind media is left out: they
take the time of an idle fibre.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from giaoban.topology.bird import clock_factor, cost, router_id
from giaoban.topology.changes import NetworkChange
from giaoban.topology.convergence.bfd import Control, Session
from giaoban.topology.convergence.chance import Chance
from giaoban.topology.convergence.links import LinkTimes, link_times, within
from giaoban.topology.network import Hop, NetLink, Network
from giaoban.topology.rerouting import MIN_LS_INTERVAL_MS

SECOND_NS = 1_000_000_000
FIRST_TICK_MS = 100
MIN_LS_ARRIVAL_MS = 1_000
"""RFC 2328, appendix B; of a router's own clock, like all here."""
RETRANSMIT_MS = 5_000
STARTED_DRAWS = 9
"""Numbers that BIRD draws before it runs: a seed, and a key of two for each of its four
protocols."""
MASTER_DRAWS = 2
"""For the first sequence number of a database exchange."""
CONTROL_BYTES = 66
"""Of BFD on the wire, with its Ethernet header: as good as any of OSPF's."""
ASKED_MS = 50
"""How long after the routers agree whoever started them sees it: asks every 100 ms."""
MEETING_AFTER_NS = SECOND_NS
"""The run's origin is the first whole second so long after that."""
AGREE_WITHIN = 20
"""Dead intervals, as `giaoban.topology.emulation.routers.CONVERGED_WITHIN`."""

DOWN, INIT, EXSTART, EXCHANGE, LOADING, FULL = range(6)
"""Of a neighbour; two-way is never rested in on a link between two."""


class Lsa(NamedTuple):
    """What a router tells of itself: to whom it is adjacent, by which link, and its hosts."""

    router: str
    number: int
    links: tuple[tuple[str, str, int], ...]
    hosts: frozenset[str]

    def same(self, other: Lsa) -> bool:
        """Whether it says the same."""
        return self.links == other.links and self.hosts == other.hosts


class RouteChange(NamedTuple):
    """From a moment on (ns after the origin) a router sends what is for a host by this link; None:
    it has no way for it."""

    at_ns: int
    router: str
    host: str
    link: str | None


@dataclass
class _Neighbour:
    state: int
    heard_ns: int
    session: Session | None
    missing: bool = False
    """Whether accounts of others were asked for that have not come."""


@dataclass
class _Router:
    id: str
    chance: Chance
    begin_ns: int
    life: int
    lines: list[NetLink]
    """Those that it has with other routers."""
    up: dict[str, bool]
    """Link → whether its interface there has light."""
    neighbours: dict[str, _Neighbour] = field(default_factory=dict)
    database: dict[str, tuple[Lsa, int]] = field(default_factory=dict)
    """Router → its account, and when that was installed."""
    tells: bool = True
    computes: bool = False
    routes: dict[str, str] = field(default_factory=dict)
    """Host → link, as computed; `forwards` those by which it forwards."""
    awake_ns: int = 0
    """When its BFD, a thread of its own, last did anything."""
    forwards: dict[str, str] = field(default_factory=dict)


class RoutedNetwork:
    """All routers of a network, from their start on; `run` goes on until a moment after the
    origin.

    Attributes:
        changes: of routes since the origin, in order of time.
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
        self.changes: list[RouteChange] = []
        for name in self._names:
            chance = random.Random(f"{seed} {name}")
            self._start(name, round(chance.uniform(0, routing.spf_ms) * 1e6))
        self._agree()

    # ------------------------------------------------------------------------------ from outside

    @property
    def routes(self) -> dict[str, dict[str, str]]:
        """Router → host → the link by which packets for it leave, now."""
        return {name: dict(self._forwards(name)) for name in self._names}

    def run(self, changes: Sequence[NetworkChange], until_ns: int) -> list[RouteChange]:
        """What becomes of routes by these changes, all after the origin, until a moment."""
        self._times = link_times(self._network, changes)
        for change in changes:
            if change.do in ("stop-router", "start-router"):
                begins = change.do == "start-router"
                at_ns = self._origin_ns + round(change.at_s * 1e9)
                self._later(at_ns, partial(self._switch, change.router or "", on=begins))
        for link_id, edges in self._times.noticed.items():
            for number, edge_ns in enumerate(edges):
                lit = number % 2 == 1
                self._later(self._origin_ns + edge_ns, partial(self._see, link_id, lit=lit))
        self._until(self._origin_ns + until_ns)
        return self.changes

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
        """Run until packets take the best ways; the origin is soon after that."""
        step_ns, at_ns = self._spf_ns, 0
        while not self._best():
            at_ns += step_ns
            if at_ns > AGREE_WITHIN * self._dead_ns:
                break
            self._until(at_ns)
        seen_ns = at_ns + ASKED_MS * 1_000_000 + MEETING_AFTER_NS
        self._origin_ns = -(-seen_ns // SECOND_NS) * SECOND_NS
        self._until(self._origin_ns)
        self.changes.clear()

    def _best(self) -> bool:
        """Whether packets of every bridge take a way of least cost, both ways."""
        mcu = self._network.mcu.id
        least = self._least(self._hosts[mcu].b)
        for bridge in self._network.bridges:
            start = self._hosts[bridge.id].b
            for source, target, host in (
                (start, self._hosts[mcu].b, mcu),
                (self._hosts[mcu].b, start, bridge.id),
            ):
                at, spent = source, 0
                while at != target:
                    link_id = self._alive[at].forwards.get(host)
                    if link_id is None or spent > least[start]:
                        return False
                    link = self._network.link(link_id)
                    at, spent = link.other(at), spent + cost(link)
                if spent != least[start]:
                    return False
        return True

    def _least(self, goal: str) -> dict[str, int]:
        best: dict[str, int] = {}
        heap = [(0, goal)]
        lines = {name: self._alive[name].lines for name in self._names}
        while heap:
            so_far, name = heapq.heappop(heap)
            if name in best:
                continue
            best[name] = so_far
            for link in lines[name]:
                heapq.heappush(heap, (so_far + cost(link), link.other(name)))
        return best

    # ------------------------------------------------------------------------- routers come and go

    def _start(self, name: str, begin_ns: int) -> None:
        number = self._names.index(name)
        seed = (self._seed << 24 | self._starts << 8 | number) & (2**63 - 1)
        self._starts += 1
        chance = Chance(seed)
        chance.skip(STARTED_DRAWS)
        links = self._network.links_at(name)
        up = {link.id: not self._is_dark(link.id, begin_ns) for link in links}
        lines = [link for link in links if link.kind == "backbone"]
        router = _Router(name, chance, begin_ns, self._starts, lines, up, awake_ns=begin_ns)
        self._alive[name] = router
        for link in lines:
            if up[link.id]:
                self._say_hello(router, link, begin_ns)
        first_ns = begin_ns + FIRST_TICK_MS * 1_000_000 // self._factor
        self._later(first_ns, partial(self._tick, router))

    def _switch(self, name: str, now_ns: int, *, on: bool) -> None:
        """A router's process starts, or dies without a word, and with it its routes."""
        if on:
            self._start(name, -(-now_ns // 1_000_000) * 1_000_000)
            return
        router = self._alive.pop(name)
        for host in router.forwards:
            self.changes.append(RouteChange(now_ns - self._origin_ns, name, host, None))

    def _lives(self, router: _Router) -> bool:
        return self._alive.get(router.id) is router

    def _is_dark(self, link: str, now_ns: int) -> bool:
        return within(self._times.noticed.get(link, ()), now_ns - self._origin_ns)

    def _see(self, link_id: str, now_ns: int, *, lit: bool) -> None:
        """Light goes or comes back, as the routers at both ends see it."""
        link = self._network.link(link_id)
        for name in (link.a, link.b):
            router = self._alive.get(name)
            if router is None or router.begin_ns > now_ns or router.up[link_id] == lit:
                continue
            router.up[link_id] = lit
            router.tells = True
            if link.kind == "access":
                continue
            if lit:
                self._say_hello(router, link, now_ns)
            else:
                self._lose(router, link_id)

    # --------------------------------------------------------------------------------- the wire

    def _send(
        self, router: _Router, link: NetLink, now_ns: int, arrives: Callable[[_Router, int], None]
    ) -> None:
        other = link.other(router.id)
        hop = Hop(link.id, router.id, other)
        takes_ns = round(link.delay_us * 1000 + CONTROL_BYTES * 8e3 / link.rate_mbps)
        self._later(now_ns + takes_ns, partial(self._arrive, hop, arrives))

    def _arrive(self, hop: Hop, arrives: Callable[[_Router, int], None], now_ns: int) -> None:
        router = self._alive.get(hop.target)
        if router is None or now_ns < router.begin_ns or not router.up[hop.link]:
            return
        if self._times.passes(hop, now_ns - self._origin_ns):
            arrives(router, now_ns)

    # -------------------------------------------------------------------------------- neighbours

    def _say_hello(self, router: _Router, link: NetLink, now_ns: int) -> None:
        """Now, and every hello interval, as long as the interface has light."""
        if not self._lives(router) or not router.up[link.id]:
            return
        knows = link.id in router.neighbours
        self._send(router, link, now_ns, partial(self._hear_hello, link, knows))
        self._later(now_ns + self._hello_ns, partial(self._next_hello, router, link, now_ns))

    def _next_hello(self, router: _Router, link: NetLink, since_ns: int, now_ns: int) -> None:
        edges = self._times.noticed.get(link.id, ())
        if any(since_ns < self._origin_ns + edge <= now_ns for edge in edges):
            return  # its light was gone: hellos count from its coming back
        self._say_hello(router, link, now_ns)

    def _hear_hello(self, link: NetLink, knows: bool, router: _Router, now_ns: int) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None:
            neighbour = router.neighbours[link.id] = _Neighbour(INIT, now_ns, None)
            if self._bfd is not None:
                self._open_session(router, link, neighbour, now_ns)
        self._heard(router, link, neighbour, now_ns)
        if not knows:
            self._reset(router, neighbour)
        elif neighbour.state == INIT:
            self._begin_exchange(router, link, neighbour, now_ns)

    def _heard(self, router: _Router, link: NetLink, neighbour: _Neighbour, now_ns: int) -> None:
        neighbour.heard_ns = now_ns
        dead_ns = now_ns + self._dead_ns
        self._later(dead_ns, partial(self._inactive, router, link, neighbour, now_ns))

    def _inactive(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, heard_ns: int, _now_ns: int
    ) -> None:
        if self._knows(router, link, neighbour) and neighbour.heard_ns == heard_ns:
            self._lose(router, link.id)

    def _knows(self, router: _Router, link: NetLink, neighbour: _Neighbour) -> bool:
        return self._lives(router) and router.neighbours.get(link.id) is neighbour

    def _reset(self, router: _Router, neighbour: _Neighbour) -> None:
        """It does not hear this side any more."""
        if neighbour.state == FULL:
            router.tells = True
        neighbour.state = INIT

    def _lose(self, router: _Router, link_id: str) -> None:
        neighbour = router.neighbours.pop(link_id, None)
        if neighbour is not None and neighbour.state == FULL:
            router.tells = True

    # ----------------------------------------------------------------------- databases (§10.6)

    def _begin_exchange(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, now_ns: int
    ) -> None:
        neighbour.state = EXSTART
        router.chance.skip(MASTER_DRAWS)
        self._offer(router, link, neighbour, now_ns)

    def _offer(self, router: _Router, link: NetLink, neighbour: _Neighbour, now_ns: int) -> None:
        """Say that one would be master, until the exchange begins."""
        if not self._knows(router, link, neighbour) or neighbour.state != EXSTART:
            return
        if router.id in router.database:  # it has told of itself
            self._send(router, link, now_ns, partial(self._hear_offer, link))
        again_ns = now_ns + RETRANSMIT_MS * 1_000_000 // self._factor
        self._later(again_ns, partial(self._offer, router, link, neighbour))

    def _hear_offer(self, link: NetLink, router: _Router, now_ns: int) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None:
            return
        self._heard(router, link, neighbour, now_ns)
        if neighbour.state == INIT:
            self._begin_exchange(router, link, neighbour, now_ns)
        if neighbour.state == EXSTART and self._rank[link.other(router.id)] > self._rank[router.id]:
            neighbour.state = EXCHANGE
            self._describe(router, link, now_ns, step=1)

    def _describe(self, router: _Router, link: NetLink, now_ns: int, step: int) -> None:
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
            wanted = [n for n, at in told.items() if n not in own or own[n][0].number < at]
            neighbour.missing = bool(wanted)
            if wanted:
                self._send(router, link, now_ns, partial(self._hear_request, link, wanted))
            self._describe(router, link, now_ns, step + 1)
        if step > 1:
            neighbour.state = LOADING if neighbour.missing else FULL
            router.tells |= neighbour.state == FULL

    def _hear_request(self, link: NetLink, wanted: list[str], router: _Router, now_ns: int) -> None:
        found = [router.database[name][0] for name in wanted if name in router.database]
        self._send(router, link, now_ns, partial(self._hear_accounts, link, found))

    def _hear_accounts(
        self, link: NetLink, accounts: list[Lsa], router: _Router, now_ns: int
    ) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None or neighbour.state < EXCHANGE:
            return
        self._heard(router, link, neighbour, now_ns)
        for lsa in accounts:
            self._take(router, link, lsa, now_ns)
        neighbour.missing = False
        if neighbour.state == LOADING:
            neighbour.state = FULL
            router.tells = True

    # ---------------------------------------------------------------------- flooding (§13)

    def _flood(self, router: _Router, lsa: Lsa, now_ns: int, but: str | None = None) -> None:
        for link in router.lines:
            neighbour = router.neighbours.get(link.id)
            if neighbour is not None and neighbour.state >= EXCHANGE and link.id != but:
                self._update(router, link, neighbour, lsa, now_ns)

    def _update(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, lsa: Lsa, now_ns: int
    ) -> None:
        """Send an account, again and again until the neighbour has it."""
        if not self._knows(router, link, neighbour) or router.database[lsa.router][0] is not lsa:
            return
        other = self._alive.get(link.other(router.id))
        has = None if other is None else other.database.get(lsa.router)
        if has is not None and has[0].number >= lsa.number:
            return
        self._send(router, link, now_ns, partial(self._hear_update, link, lsa))
        again_ns = now_ns + RETRANSMIT_MS * 1_000_000 // self._factor
        self._later(again_ns, partial(self._update, router, link, neighbour, lsa))

    def _hear_update(self, link: NetLink, lsa: Lsa, router: _Router, now_ns: int) -> None:
        neighbour = router.neighbours.get(link.id)
        if neighbour is None or neighbour.state < EXCHANGE:
            return
        self._heard(router, link, neighbour, now_ns)
        self._take(router, link, lsa, now_ns)

    def _take(self, router: _Router, link: NetLink, lsa: Lsa, now_ns: int) -> None:
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
            self._flood(router, newer, now_ns)
            return
        router.database[lsa.router] = lsa, now_ns
        router.computes |= known is None or not known[0].same(lsa)
        self._flood(router, lsa, now_ns, link.id)

    # ----------------------------------------------------------------------------- every tick

    def _tick(self, router: _Router, now_ns: int) -> None:
        if not self._lives(router):
            return
        self._later(now_ns + self._spf_ns, partial(self._tick, router))
        known = router.database.get(router.id)
        least_ns = MIN_LS_INTERVAL_MS * 1_000_000 // self._factor
        if router.tells and (known is None or now_ns - known[1] >= least_ns):
            router.tells = False
            lsa = self._account(router, 1 if known is None else known[0].number + 1)
            if known is None or not known[0].same(lsa):
                router.database[router.id] = lsa, now_ns
                router.computes = True
                self._flood(router, lsa, now_ns)
        if router.computes:
            router.computes = False
            self._compute(router, now_ns)

    def _account(self, router: _Router, number: int) -> Lsa:
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
            self.changes.append(RouteChange(now_ns - self._origin_ns, router.id, host, link))

    def _forwards(self, name: str) -> dict[str, str]:
        router = self._alive.get(name)
        own = {host: self._hosts[host].id for host in self._at.get(name, ())}
        return own if router is None else {**router.forwards, **own}

    def _shortest(self, root: _Router) -> Iterator[tuple[str, str]]:
        """(host, link by which packets for it leave), of all but the router's own hosts (§16.1).

        Of two ways of the same cost BIRD keeps the one that it found first; so does this.
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
        assert self._bfd is not None
        self._sessions += 1
        interval_us, multiplier = self._bfd
        session = neighbour.session = Session(
            self._sessions, interval_us, multiplier, self._factor, router.chance, router.awake_ns
        )
        router.awake_ns = now_ns
        self._wake_sender(router, link, neighbour, session, now_ns)

    def _wake_sender(
        self, router: _Router, link: NetLink, neighbour: _Neighbour, session: Session, now_ns: int
    ) -> None:
        due_ns = session.send_ns
        send = partial(self._send_control, router, link, neighbour, session, due_ns)
        self._later(max(due_ns, now_ns), send)

    def _send_control(
        self,
        router: _Router,
        link: NetLink,
        neighbour: _Neighbour,
        session: Session,
        due_ns: int,
        now_ns: int,
    ) -> None:
        if due_ns != session.send_ns or not self._knows(router, link, neighbour):
            return
        router.awake_ns = now_ns
        packet = session.sends(now_ns)
        self._send(router, link, now_ns, partial(self._hear_control, link, packet))
        self._wake_sender(router, link, neighbour, session, now_ns)

    def _hear_control(self, link: NetLink, packet: Control, router: _Router, now_ns: int) -> None:
        router.awake_ns = now_ns
        neighbour = router.neighbours.get(link.id)
        if neighbour is None or (session := neighbour.session) is None:
            return
        sends_ns = session.send_ns
        answer, fell = session.receives(packet, now_ns)
        if answer is not None:
            self._send(router, link, now_ns, partial(self._hear_control, link, answer))
        if fell:
            self._lose(router, link.id)
            return
        if session.send_ns != sends_ns:
            self._wake_sender(router, link, neighbour, session, now_ns)
        if session.expires_ns is not None:
            ends = partial(self._expire, router, link, neighbour, session, session.expires_ns)
            self._later(session.expires_ns, ends)

    def _expire(
        self,
        router: _Router,
        link: NetLink,
        neighbour: _Neighbour,
        session: Session,
        expires_ns: int,
        now_ns: int,
    ) -> None:
        if session.expires_ns != expires_ns or not self._knows(router, link, neighbour):
            return
        router.awake_ns = now_ns
        was_up = session.expires(now_ns)
        self._send_control(router, link, neighbour, session, now_ns, now_ns)
        if was_up:
            self._lose(router, link.id)
