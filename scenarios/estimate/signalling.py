"""A meeting's signalling: calls, conferences, capacity and the control room, without media.

The bridges' user agents, the MCU's, its call controller, its admission and its conferences are the
real ones. Between them lies, in place of sockets, the time that a datagram takes on its way through
an idle network: signalling that waits behind media, or is lost in a full queue, is not estimated.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from functools import partial
from typing import cast

from giaoban.mcu_sim.admission import Capacity
from giaoban.mcu_sim.conference.commands import Command
from giaoban.mcu_sim.conference.effects import OPERATOR
from giaoban.mcu_sim.conference.meeting import Meetings
from giaoban.mcu_sim.media.plane import MediaPlane
from giaoban.mcu_sim.media.ports import Ports
from giaoban.mcu_sim.secret_source import drawn_from
from giaoban.mcu_sim.server.call_controller import CallController
from giaoban.mcu_sim.server.calls import ParticipantCalls
from giaoban.mcu_sim.server.config import McuConfig, PlannedStreams
from giaoban.mcu_sim.server.negotiation import MediaNegotiation
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.endpoint import Datagram
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.mcu_sim.sip.registration import Registrar
from giaoban.scenarios.bridge.planned import logged, planned_agent
from giaoban.scenarios.bridge.user_agent import MediaStarted, MediaStopped
from giaoban.scenarios.estimate.media.talker_powers import TalkerPowers
from giaoban.scenarios.estimate.network.paths import Paths, find_paths
from giaoban.scenarios.estimate.null_media_plane import NullMediaPlane, NullPorts
from giaoban.scenarios.estimate.timeline import BridgeLeg, SipDatagram, Timeline
from giaoban.scenarios.plan.plan import SIP_PORT, Plan
from giaoban.scenarios.plan.wire import FRAMING_BYTES
from giaoban.scenarios.records.events import CommandWithoutCall, made, of_bridge
from giaoban.scenarios.spec.scenario import Control

HEAR_EVERY_NS = 200_000_000
"""As the server's loop: how often the MCU looks who speaks."""
COMMANDED, DELIVERED, RUNG = range(3)
"""Of what happens at one moment: commands and dialling first, then what comes, then timers."""


def signal(plan: Plan, paths: Paths | None = None) -> Timeline:
    """All that is said in a meeting until the plan's end, and what it settles."""
    signalling = _Signalling(plan, paths or find_paths(plan))
    timeline = signalling.run()
    # its parts know it: without this all agents would stay until they are looked for
    vars(signalling).clear()
    return timeline


class _Signalling:
    """The agents of all bridges and of the MCU, and the datagrams between them."""

    def __init__(self, plan: Plan, paths: Paths) -> None:
        self._plan = plan
        self.timeline = Timeline()
        self._agenda: list[tuple[int, int, int, Callable[[int], None]]] = []
        self._count = 0
        self._end_ns = round(plan.end_s * 1e9)
        self._idle = [_Idle(paths, way) for way in range(2 * len(plan.calls))]
        self._bridges = [planned_agent(plan, number, 0) for number in range(len(plan.calls))]
        self._bridge_legs: dict[int, BridgeLeg] = {}
        self._number_of = {bridge.contact[0]: n for n, bridge in enumerate(self._bridges)}
        self._by_id = {bridge.user: n for n, bridge in enumerate(self._bridges)}
        self._rung: dict[int, float | None] = {}
        self._talker_powers = TalkerPowers(plan, paths, self.timeline)
        self._make_mcu(plan)

    def _make_mcu(self, plan: Plan) -> None:
        rng, secrets = drawn_from(plan.seed, plan.network.mcu.id)
        mcu = plan.network.mcu.id
        self._address = plan.network.address(mcu)
        config = McuConfig(
            address=self._address,
            device=plan.device,
            meetings=Meetings(schema="giaoban.meetings/1", meeting=plan.meetings),
            playout_ms=plan.terminal.playout_ms,
            video=plan.video,
            seed=plan.seed,
            origin_ns=0,
            planned_streams={
                call.bridge: PlannedStreams(
                    up=call.up, down={kind: plan.streams[i] for kind, i in call.down.items()}
                )
                for call in plan.calls
            },
            encrypted=plan.encrypted,
            dialled_resolution=plan.profile.resolution,
            dialled_profile=plan.profile.video_profile,
        )
        participants = ParticipantCalls(config.planned_streams, config.guests)
        self._participants = participants
        self._capacity = Capacity(plan.device)
        registrar = Registrar()
        self._agent = UserAgent(
            (self._address, SIP_PORT),
            drawn_from(plan.seed, mcu)[0],
            registrar=registrar,
            session_expires_s=config.session_expires_s,
        )
        self._plane = NullMediaPlane(participants.capacity, rng, self.timeline)
        answering = MediaNegotiation(
            config.address,
            self._capacity,
            cast(Ports, NullPorts()),
            config.video.kbps,
            rng,
            secrets,
            encrypted=config.encrypted,
            dialled=config.dialled_resolution,
            dialled_profile=config.dialled_profile,
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
                self._at(round(call.dial_s * 1e9), COMMANDED, partial(self._dial, number))
        for control in plan.controls:
            at_ns = round(control.at_s * 1e9)
            if control.by == OPERATOR.value:
                self._at(at_ns, COMMANDED, partial(self._at_console, control))
            else:
                self._at(at_ns, COMMANDED, partial(self._command, control.by, control.do))
        self._at(round(plan.hang_up_s * 1e9), COMMANDED, self._hang_up)
        if any(meeting.floor == "open" for meeting in plan.meetings):
            self._at(0, RUNG, self._hear)
        while self._agenda and self._agenda[0][0] < self._end_ns:
            at_ns, _, _, action = heapq.heappop(self._agenda)
            action(at_ns)
        self.timeline.calls_left = len(self._participants)
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

    def _at_console(self, control: Control, now_ns: int) -> None:
        self._plane.at(now_ns)
        meeting = self._plan.meeting_of_control(control)
        self._controller.controls.at_console(control.do, meeting, now_ns)
        self._flush_mcu(now_ns)

    def _hear(self, now_ns: int) -> None:
        self._plane.at(now_ns)
        self._talker_powers.write(self._plane.bank.power, now_ns)
        self._controller.controls.hear(now_ns)
        self._flush_mcu(now_ns)
        if now_ns + HEAR_EVERY_NS < round(self._plan.hang_up_s * 1e9):
            self._at(now_ns + HEAR_EVERY_NS, RUNG, self._hear)

    def _to_bridge(self, number: int, data: bytes, now_ns: int) -> None:
        self._bridges[number].receive(data, Peer(self._address, SIP_PORT), now_ns)
        self._flush_bridge(number, now_ns)

    def _to_mcu(self, number: int, data: bytes, now_ns: int) -> None:
        self._plane.at(now_ns)
        peer = Peer(*self._bridges[number].contact)
        for event in self._agent.receive(data, peer, now_ns / 1e6):
            self._controller.handle(event, now_ns)
        self._flush_mcu(now_ns)

    def _ring(self, who: int, now_ns: int) -> None:
        """A timer of a bridge's agent, or (-1) of the MCU's."""
        self._rung[who] = None
        if who >= 0:
            self._bridges[who].advance(now_ns)
            self._flush_bridge(who, now_ns)
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
            elif isinstance(event, MediaStopped):
                self._bridge_legs.pop(number).to_ns = now_ns
            if (told := logged(bridge.user, event, now_ns / 1e6)) is not None:
                self.timeline.events.append(told)
        for datagram in bridge.outgoing():
            self._send(2 * number, datagram, now_ns, partial(self._to_mcu, number, datagram.data))
        self._wake(number, bridge.next_timeout())

    def _flush_mcu(self, now_ns: int) -> None:
        self.timeline.mcu_woken.append(now_ns)
        for datagram in self._agent.outgoing():
            number = self._number_of[datagram.target.host]
            arrives = partial(self._to_bridge, number, datagram.data)
            self._send(2 * number + 1, datagram, now_ns, arrives)
        self._wake(-1, self._agent.next_timeout())

    def _send(
        self, way: int, datagram: Datagram, now_ns: int, arrives: Callable[[int], None]
    ) -> None:
        size = len(datagram.data) + FRAMING_BYTES
        self.timeline.messages.append(SipDatagram(now_ns, size, way))
        self._at(self._idle[way].arrival_ns(now_ns, size), DELIVERED, arrives)

    def _wake(self, who: int, due_ms: float | None) -> None:
        known = self._rung.get(who)
        if due_ms is None or (known is not None and known <= due_ms):
            return
        self._rung[who] = due_ms
        # a nanosecond later, or a rounded time could be before the timer's
        self._at(math.ceil(due_ms * 1e6) + 1, RUNG, partial(self._ring, who))

    def _at(self, at_ns: int, order: int, action: Callable[[int], None]) -> None:
        heapq.heappush(self._agenda, (at_ns, order, self._count, action))
        self._count += 1

    # -------------------------------------------------------------------------------- what is told

    def _tell_of_mcu(self, now_ns: int, event: str, bridge: str, **details: object) -> None:
        held = self._capacity
        state = {"units": held.units_used, "ports": held.ports_used, "use": held.use.told()}
        told = {"t_ms": round(now_ns / 1e6, 3), "who": "mcu", "event": event, "bridge": bridge}
        self.timeline.events.append(made(**told, **details, **state))


class _Idle:
    """A way through a network in which nothing else is under way."""

    def __init__(self, paths: Paths, way: int) -> None:
        links = [paths.links[hop] for hop in paths.of(way)]
        self._ns_a_byte = sum(8e3 / link.rate_mbps for link in links)
        self._propagation_ns = sum(round(link.delay_us * 1000) for link in links)
        self._last_ns = 0

    def arrival_ns(self, now_ns: int, size: int) -> int:
        """When a datagram of so many bytes on the wire is there; none overtakes another."""
        found = now_ns + self._propagation_ns + round(size * self._ns_a_byte)
        self._last_ns = max(found, self._last_ns + 1)
        return self._last_ns
