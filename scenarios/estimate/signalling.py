"""A meeting's signalling: calls, conferences, capacity and the control room, without media.

The bridges' user agents, the MCU's, its call controller, its admission and its conferences are the
real ones. Between them lies, in place of sockets, the time that a datagram takes on its way through
an idle network, by the routes of its moment: signalling that waits behind media, or is lost in a
full queue, is not estimated. Jitter of a bridge's own line is, as the line's generator has it until
media flow. An MCU that loses its power loses all that it knew, and starts as from
its box (`giaoban.mcu_sim.server.server.serve`).

Where links fail, a bridge has to know whether it hears anything: that hangs on whether a packet of
the MCU's sound, which never ceases in a call, would get through.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import cast

from giaoban.clock import NEVER_NS
from giaoban.lru_cache import LruCache
from giaoban.mcu_sim.admission import Capacity
from giaoban.mcu_sim.conference.commands import Command
from giaoban.mcu_sim.conference.effects import OPERATOR
from giaoban.mcu_sim.media.audio.bank import TICK_NS
from giaoban.mcu_sim.media.plane import MediaPlane
from giaoban.mcu_sim.media.ports import PortPool
from giaoban.mcu_sim.sdp.crypto import key_source
from giaoban.mcu_sim.server.call_controller import CallController
from giaoban.mcu_sim.server.calls import ParticipantCalls
from giaoban.mcu_sim.server.config import HEAR_EVERY_NS
from giaoban.mcu_sim.server.negotiation import MediaNegotiation
from giaoban.mcu_sim.server.server import LIFE
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.endpoint import SipDatagram
from giaoban.mcu_sim.sip.message import SIP_PORT, Peer
from giaoban.mcu_sim.sip.registration import Registrar
from giaoban.scenarios.bridge.planned import logged, planned_agent, rng
from giaoban.scenarios.bridge.power import Power
from giaoban.scenarios.bridge.user_agent import (
    MediaLost,
    MediaStarted,
    MediaStopped,
)
from giaoban.scenarios.estimate.media.talker_powers import TalkerPowers
from giaoban.scenarios.estimate.network.failing import FailingPaths
from giaoban.scenarios.estimate.network.hops import lines_of
from giaoban.scenarios.estimate.network.idle import FailingRoute, IdleRoute
from giaoban.scenarios.estimate.network.netem import LineEnd
from giaoban.scenarios.estimate.network.paths import Paths, find_paths
from giaoban.scenarios.estimate.null_media_plane import NullMediaPlane, NullPorts
from giaoban.scenarios.estimate.timeline import (
    BridgeLeg,
    McuLeg,
    SignallingDatagram,
    Timeline,
)
from giaoban.scenarios.plan.mcu import mcu_config
from giaoban.scenarios.plan.plan import GRACE_S, Plan
from giaoban.scenarios.plan.wire import FRAMING_BYTES, around_bytes
from giaoban.scenarios.records.events import (
    CommandWithoutCall,
    OfHost,
    PoweredOff,
    PoweredOn,
    made,
    of_bridge,
)
from giaoban.scenarios.spec.scenario import Control
from giaoban.traffic.rtp import AUDIO_PACKET_MS, HEADER_BYTES

MOST_TIMELINES = 16
"""Of so many meetings the signalling is remembered."""
COMMAND, ARRIVAL, TIMER = range(3)
"""Of what happens at one moment: commands and dialling first, then what comes, then timers."""


def signal(plan: Plan, failing: FailingPaths | None = None) -> Timeline:
    """All that is said in a meeting until the plan's end, and what it settles.

    `failing`: the paths of a plan in which links fail, if the caller has them already.
    """
    if plan.changes and failing is None:
        failing = FailingPaths(plan)
    paths = find_paths(plan) if failing is None else failing.paths
    signalling = _Signalling(plan, paths, failing)
    timeline = signalling.run()
    # its parts know it: without this all agents would stay until they are looked for
    vars(signalling).clear()
    return timeline


class TimelineCache:
    """The signalling of the meetings that were looked at last: no datagram of it waits for losses,
    buffers or pictures."""

    def __init__(self) -> None:
        self._known: LruCache[str, Timeline] = LruCache(MOST_TIMELINES, lambda _: 1)

    def get(self, plan: Plan, failing: FailingPaths | None = None) -> Timeline:
        """As `signal`; what it gives is not to be changed."""
        if plan.changes or plan.lines:
            return signal(plan, failing)
        links = [
            link.model_copy(update={"loss_pct": 0.0, "buffer_packets": 1})
            for link in plan.network.links
        ]
        composing = plan.device.compose_delay.model_copy(update={"delay_ms": 0.0})
        device = plan.device.model_copy(update={"compose_delay": composing})
        update = {
            "network": plan.network.model_copy(update={"links": links}),
            "device": device,
            "loses": False,
        }
        key = plan.model_copy(update=update).to_json()
        return self._known.get(key, lambda _: signal(plan, failing))


def _own_lines(plan: Plan, paths: Paths) -> dict[int, LineEnd]:
    """Path → what impairments make of the bridge's own line: its jitter meets a call's first
    datagrams before any media."""
    ends = lines_of(plan, paths) if plan.lines else {}
    own = {path: paths.of(path)[-1 if path % 2 else 0] for path in range(2 * len(plan.calls))}
    found = {path: [end for end in ends.get(hop, []) if not end.own] for path, hop in own.items()}
    return {path: end for path, [end] in ((p, e) for p, e in found.items() if e)}


class _Signalling:
    """The agents of all bridges and of the MCU, and the datagrams between them."""

    def __init__(self, plan: Plan, paths: Paths, failing: FailingPaths | None) -> None:
        self._plan = plan
        self.timeline = Timeline()
        self._agenda: list[tuple[int, int, int, Callable[[int], None]]] = []
        self._count = 0
        self._end_ns = round(plan.end_s * 1e9)
        lines = _own_lines(plan, paths)
        self._routes: list[IdleRoute | FailingRoute] = [
            IdleRoute(paths, path, lines.get(path))
            if failing is None
            else FailingRoute(failing, path, lines.get(path))
            for path in range(2 * len(plan.calls))
        ]
        self._around = around_bytes(plan)
        self._restarts = dict.fromkeys(range(len(plan.calls)), 0)
        self._not_receiving: dict[int, int] = {}
        """Path → since when who is at its end pays no heed to what comes: a bridge, or the MCU."""
        self._starts = 0
        """How often the MCU has started anew."""
        self._mcu_off_ns: int | None = None
        """Since when it has no power."""
        self._mcu_legs_seen = 0
        self._until_power: list[Callable[[int], None]] = []
        """What the technician at its console could not do while it was off."""
        self._watched: dict[int, int] = {}
        """When a bridge is to look whether its call is dead, or to dial again."""
        self._bridges = [planned_agent(plan, number, 0) for number in range(len(plan.calls))]
        self._bridge_legs: dict[int, BridgeLeg] = {}
        self._number_of = {bridge.contact[0]: n for n, bridge in enumerate(self._bridges)}
        self._by_id = {bridge.user: n for n, bridge in enumerate(self._bridges)}
        self._timers: dict[int, float | None] = {}
        self._talker_powers = TalkerPowers(plan, self._routes, self.timeline)
        self._make_mcu(plan)

    def _make_mcu(self, plan: Plan) -> None:
        mcu, seed = plan.network.mcu.id, plan.seed + self._starts * LIFE
        rng = random.Random(seed)
        config = replace(mcu_config(plan, 0), seed=seed)
        self._address = config.address
        participants = ParticipantCalls(config.planned_streams, config.guests)
        self._participants = participants
        self._capacity = Capacity(plan.device)
        registrar = Registrar()
        self._agent = UserAgent(
            (self._address, SIP_PORT),
            random.Random(seed),
            registrar=registrar,
            session_expires_s=config.session_expires_s,
        )
        self._plane = NullMediaPlane(participants.capacity, rng, self.timeline)
        answering = MediaNegotiation(
            config.address,
            self._capacity,
            cast(PortPool, NullPorts()),
            config.video.kbps,
            rng,
            key_source(seed, mcu),
            encrypted=config.encrypted,
            dialled=config.dialled_resolution,
            dialled_profile=config.dialled_profile,
            sound=config.sound,
        )
        self._controller = CallController(
            config,
            self._agent,
            cast(MediaPlane, self._plane),
            participants,
            answering,
            registrar,
            rng,
            self._tell_of_mcu,
        )

    def run(self) -> Timeline:
        """From the origin to the plan's end."""
        plan = self._plan
        for number, call in enumerate(plan.calls):
            if plan.dial == "in":
                self._at(round(call.dial_s * 1e9), COMMAND, partial(self._dial, number))
        for control in plan.controls:
            at_ns = round(control.at_s * 1e9)
            if control.by == OPERATOR.value:
                self._at(at_ns, COMMAND, partial(self._operator_command, control))
            else:
                self._at(at_ns, COMMAND, partial(self._command, control.by, control.do))
        for number, call in enumerate(plan.calls):
            for off_ns, on_ns in Power.of(call.bridge, plan.outages, 0).gaps:
                self._at(off_ns, COMMAND, partial(self._switch_off, number))
                self._at(on_ns, COMMAND, partial(self._switch_on, number))
        for off_ns, on_ns in Power.of(plan.network.mcu.id, plan.outages, 0).gaps:
            self._at(off_ns, COMMAND, self._switch_mcu_off)
            self._at(on_ns, COMMAND, self._switch_mcu_on)
        self._at(round(plan.hang_up_s * 1e9), COMMAND, self._hang_up)
        if plan.recovery is not None:
            self._at(round((plan.hang_up_s + GRACE_S) * 1e9), COMMAND, self._close)
        if self._floor_is_open:
            self._at(0, TIMER, partial(self._ask_who_speaks, self._starts))
        while self._agenda and self._agenda[0][0] < self._end_ns:
            at_ns, _, _, action = heapq.heappop(self._agenda)
            action(at_ns)
        for path, since_ns in self._not_receiving.items():
            self.timeline.unheard.append((path, since_ns, self._end_ns))
        self.timeline.calls_left = len(self._participants) if self._mcu_off_ns is None else 0
        self.timeline.units_left = self._capacity.units_used
        return self.timeline

    # ------------------------------------------------------------------------------- what happens

    def _dial(self, number: int, now_ns: int) -> None:
        self._bridges[number].dial(now_ns)
        self._flush_bridge(number, now_ns)

    def _command(self, bridge: str, command: Command, now_ns: int) -> None:
        number = self._by_id[bridge]
        if not self._bridges[number].command(command, now_ns):
            told = of_bridge(bridge, now_ns / 1e6)
            self.timeline.events.append(CommandWithoutCall(**told, command=command.command))
        self._flush_bridge(number, now_ns)

    def _hang_up(self, now_ns: int) -> None:
        for number, bridge in enumerate(self._bridges):
            bridge.hang_up(now_ns)
            self._flush_bridge(number, now_ns)

    def _close(self, now_ns: int) -> None:
        """Some bridges cannot hang up."""
        if self._mcu_off_ns is not None:
            self._until_power.append(self._close)
            return
        self._plane.at(now_ns)
        for mcu_leg in self.timeline.mcu_legs:
            mcu_leg.meeting_over = mcu_leg.to_ns is None
        self._controller.close("The meeting is over", now_ns)
        self._flush_mcu(now_ns)

    # ------------------------------------------------------------------ what fails, and comes back

    def _switch_off(self, number: int, now_ns: int) -> None:
        bridge_leg = self._bridge_legs.get(number)
        if bridge_leg is not None:
            bridge_leg.power_gone = True
        self._bridges[number].switch_off()
        self._not_receiving.setdefault(2 * number + 1, now_ns)
        self._flush_bridge(number, now_ns)
        told = of_bridge(self._bridges[number].user, now_ns / 1e6)
        self.timeline.events.append(PoweredOff(**told))

    def _switch_on(self, number: int, now_ns: int) -> None:
        plan, bridge = self._plan, self._bridges[number]
        self.timeline.events.append(PoweredOn(**of_bridge(bridge.user, now_ns / 1e6)))
        self._restarts[number] += 1
        due = plan.dial == "in" and now_ns >= round(plan.calls[number].dial_s * 1e9)
        bridge.switch_on(rng(plan, number, self._restarts[number]), now_ns, due=due)
        self._flush_bridge(number, now_ns)

    def _switch_mcu_off(self, now_ns: int) -> None:
        self._mcu_off_ns = now_ns
        self._plane.halt(now_ns)
        self._capacity = Capacity(self._plan.device)
        for call in self._participants:
            if call.standing:
                told = call.left("power-lost", now_ns)
                self._tell_of_mcu(now_ns, "left", call.participant, **told)
        for number in range(len(self._plan.calls)):
            self._not_receiving.setdefault(2 * number, now_ns)
        self.timeline.events.append(PoweredOff(**self._of_mcu(now_ns)))

    def _switch_mcu_on(self, now_ns: int) -> None:
        assert self._mcu_off_ns is not None
        self.timeline.mcu_gaps.append((self._mcu_off_ns, now_ns))
        self.timeline.events.append(PoweredOn(**self._of_mcu(now_ns)))
        self._mcu_off_ns = None
        self._starts += 1
        self._timers.pop(-1, None)
        self._make_mcu(self._plan)
        waiting, self._until_power = self._until_power, []
        for action in waiting:
            action(now_ns)
        if self._floor_is_open:
            self._ask_who_speaks(self._starts, now_ns)

    def _of_mcu(self, now_ns: int) -> OfHost:
        host = self._plan.network.mcu.id
        return {"t_ms": round(now_ns / 1e6, 3), "who": "mcu", "bridge": host}

    @property
    def _floor_is_open(self) -> bool:
        return any(meeting.floor == "open" for meeting in self._plan.meetings)

    def _watch(self, number: int, now_ns: int) -> None:
        """Have a bridge persevere when it is to."""
        next_ns = self._bridges[number].redial_ns
        if next_ns < NEVER_NS and self._watched.get(number) != next_ns:
            self._watched[number] = next_ns
            self._at(max(next_ns, now_ns), TIMER, partial(self._look_after_call, number, next_ns))

    def _look_after_call(self, number: int, due_ns: int, now_ns: int) -> None:
        if self._watched.get(number) != due_ns:
            return
        del self._watched[number]
        bridge = self._bridges[number]
        if bridge.stands and number in self._bridge_legs:
            began_ns = self._bridge_legs[number].from_ns
            bridge.hears(self._heard_ns(2 * number + 1, began_ns, now_ns))
        bridge.persevere(now_ns)
        self._flush_bridge(number, now_ns)

    def _heard_ns(self, path: int, since_ns: int, now_ns: int) -> int:
        """When the last packet of sound came on a path; 0: none since a moment."""
        number, down = divmod(path, 2)
        plan, through = self._plan, self._routes[path]
        if down:
            every_ns, after_ns = TICK_NS, round(plan.device.audio_mix_delay_ms * 1e6)
            size = plan.audio.octets(AUDIO_PACKET_MS)
        else:
            every_ns, after_ns = plan.audio.packet_ms * 1_000_000, 0
            size = plan.audio.packet_bytes
        size += HEADER_BYTES + self._around
        legs: Sequence[McuLeg | BridgeLeg] = (
            [leg for leg in self.timeline.mcu_legs if leg.leg.row == number]
            if down
            else [leg for leg in self.timeline.bridge_legs if leg.number == number]
        )
        at_ns = now_ns - now_ns % every_ns + after_ns
        while at_ns >= since_ns:
            if any(leg.from_ns <= at_ns and (leg.to_ns or now_ns) >= at_ns for leg in legs):
                came_ns = through.transit_end_ns(at_ns, size)
                if came_ns is not None and since_ns <= came_ns <= now_ns:
                    return came_ns
            at_ns -= every_ns
        return 0

    def _operator_command(self, control: Control, now_ns: int) -> None:
        if self._mcu_off_ns is not None:
            self._until_power.append(partial(self._operator_command, control))
            return
        self._plane.at(now_ns)
        meeting = self._plan.meeting_of_control(control)
        self._controller.controls.at_console(control.do, meeting, now_ns)
        self._flush_mcu(now_ns)

    def _ask_who_speaks(self, start: int, now_ns: int) -> None:
        if start != self._starts or self._mcu_off_ns is not None:
            return
        self._plane.at(now_ns)
        self._talker_powers.write(self._plane.bank.power, now_ns)
        self._controller.controls.hear(now_ns)
        self._flush_mcu(now_ns)
        if now_ns + HEAR_EVERY_NS < round(self._plan.hang_up_s * 1e9):
            self._at(now_ns + HEAR_EVERY_NS, TIMER, partial(self._ask_who_speaks, start))

    def _to_bridge(self, number: int, data: bytes, now_ns: int) -> None:
        self._bridges[number].receive(data, Peer(self._address, SIP_PORT), now_ns)
        self._flush_bridge(number, now_ns)

    def _to_mcu(self, number: int, data: bytes, now_ns: int) -> None:
        if self._mcu_off_ns is not None:
            return
        self._plane.at(now_ns)
        if self._plan.changes:
            legs = [
                leg.from_ns
                for leg in self.timeline.mcu_legs
                if leg.leg.row == number and not leg.power_gone
            ]
            if legs:
                heard_ns = self._heard_ns(2 * number, max(legs), now_ns)
                self._plane.inbound.heard_ns[number] = max(heard_ns, max(legs))
        peer = Peer(*self._bridges[number].contact)
        for event in self._agent.receive(data, peer, now_ns / 1e6):
            self._controller.handle(event, now_ns)
        self._flush_mcu(now_ns)

    def _timer_due(self, who: int, start: int, now_ns: int) -> None:
        """A timer of a bridge's agent, or (-1) of the MCU's since one of its starts."""
        if who < 0 and (start != self._starts or self._mcu_off_ns is not None):
            return
        self._timers[who] = None
        if who >= 0:
            self._bridges[who].advance(now_ns)
            self._flush_bridge(who, now_ns)
            return
        due_ms = self._agent.next_timeout()
        if due_ms is None or due_ms > now_ns / 1e6:  # the one that was due was taken back
            self._wake(-1, due_ms)
            return
        self._plane.at(now_ns)
        for event in self._agent.advance(now_ns / 1e6):
            self._controller.handle(event, now_ns)
        self._flush_mcu(now_ns)

    # --------------------------------------------------------------------------------- the wire

    def _flush_bridge(self, number: int, now_ns: int) -> None:
        bridge = self._bridges[number]
        for event in bridge.take_events():
            if isinstance(event, MediaStarted):
                bridge_leg = self._bridge_legs[number] = BridgeLeg(
                    number, dict(event.terms), now_ns
                )
                self.timeline.bridge_legs.append(bridge_leg)
                self._receives_again(2 * number + 1, now_ns)
            elif isinstance(event, MediaStopped):
                self._bridge_legs.pop(number).to_ns = now_ns
            elif isinstance(event, MediaLost):
                self._not_receiving.setdefault(2 * number + 1, now_ns)
            if (told := logged(bridge.user, event, now_ns / 1e6)) is not None:
                self.timeline.events.append(told)
        for datagram in bridge.outgoing():
            self._send(2 * number, datagram, now_ns, partial(self._to_mcu, number, datagram.data))
        self._wake(number, bridge.next_timeout())
        self._watch(number, now_ns)

    def _flush_mcu(self, now_ns: int) -> None:
        self.timeline.mcu_woken.append(now_ns)
        for mcu_leg in self.timeline.mcu_legs[self._mcu_legs_seen :]:
            self._receives_again(2 * mcu_leg.leg.row, now_ns)
        self._mcu_legs_seen = len(self.timeline.mcu_legs)
        for datagram in self._agent.outgoing():
            number = self._number_of[datagram.target.host]
            arrives = partial(self._to_bridge, number, datagram.data)
            self._send(2 * number + 1, datagram, now_ns, arrives)
        self._wake(-1, self._agent.next_timeout())

    def _receives_again(self, path: int, now_ns: int) -> None:
        if (since_ns := self._not_receiving.pop(path, None)) is not None:
            self.timeline.unheard.append((path, since_ns, now_ns))

    def _send(
        self, path: int, datagram: SipDatagram, now_ns: int, arrives: Callable[[int], None]
    ) -> None:
        size = len(datagram.data) + FRAMING_BYTES
        self.timeline.messages.append(SignallingDatagram(now_ns, size, path))
        if (arrival_ns := self._routes[path].arrival_ns(now_ns, size)) is not None:
            self._at(arrival_ns, ARRIVAL, arrives)

    def _wake(self, who: int, due_ms: float | None) -> None:
        known = self._timers.get(who)
        if due_ms is None or (known is not None and known <= due_ms):
            return
        self._timers[who] = due_ms
        # a nanosecond later, or a rounded time could be before the timer's
        self._at(math.ceil(due_ms * 1e6) + 1, TIMER, partial(self._timer_due, who, self._starts))

    def _at(self, at_ns: int, order: int, action: Callable[[int], None]) -> None:
        heapq.heappush(self._agenda, (at_ns, order, self._count, action))
        self._count += 1

    # -------------------------------------------------------------------------------- what is told

    def _tell_of_mcu(self, now_ns: int, event: str, bridge: str, **details: object) -> None:
        held = self._capacity
        state = {"units": held.units_used, "ports": held.ports_used, "use": asdict(held.use)}
        told = {"t_ms": round(now_ns / 1e6, 3), "who": "mcu", "event": event, "bridge": bridge}
        self.timeline.events.append(made(**told, **details, **state))
