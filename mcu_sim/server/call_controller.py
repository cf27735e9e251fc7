"""The core of the MCU: calls are admitted, put into their meetings, changed, ended, dialled.

It joins signalling, conferences, capacity and media. It has no sockets of its own and reads no
clock: its owner hands in SIP messages and times, and sends the messages of `agent.outgoing()`. The
emulation, `giaoban mcu serve` and the tests use the same core.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from types import MappingProxyType

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.admission import Capacity
from giaoban.mcu_sim.conference.commands import BUSY
from giaoban.mcu_sim.conference.effects import DialOut, JoinAccepted, JoinRefused
from giaoban.mcu_sim.conference.rooms import Rooms
from giaoban.mcu_sim.media.leg import UNLOGGED, Kind, Leg, MediaFlow, Position
from giaoban.mcu_sim.media.plane import MediaPlane
from giaoban.mcu_sim.media.ports import PortPool
from giaoban.mcu_sim.sdp.crypto import key_source
from giaoban.mcu_sim.sdp.offer_answer import LEAST_KBPS, NegotiatedMedia, reoffer
from giaoban.mcu_sim.server.calls import ParticipantCall, ParticipantCalls, identity
from giaoban.mcu_sim.server.conference_control import ConferenceEffects, Controls, Tell
from giaoban.mcu_sim.server.config import McuConfig, PlannedStreams
from giaoban.mcu_sim.server.negotiation import (
    BUSY_HERE,
    SERVICE_UNAVAILABLE,
    MediaNegotiation,
    NegotiationRefusal,
    NegotiationResult,
)
from giaoban.mcu_sim.sip import events
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.digest import Authority
from giaoban.mcu_sim.sip.message import HostPort, Peer
from giaoban.mcu_sim.sip.registration import Registrar
from giaoban.traffic import rtp
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.video_model import VideoModel


def new_call(
    name: str,
    participant: str,
    meeting: str,
    row: int,
    terms: NegotiationResult,
    host: str,
    *,
    offered: bool,
    contact: str | None = None,
    dialled: tuple[str, int] | None = None,
) -> ParticipantCall:
    """A call that has its row and its terms.

    `offered`: our description waits for its answer. `dialled`: the name its capacity is held under
    and when it was dialled, of a call of ours.
    """
    admission = terms.admission
    return ParticipantCall(
        call=name,
        held=name if dialled is None else dialled[0],
        participant=participant,
        meeting=meeting,
        row=row,
        port_group=terms.port_group,
        asked=admission.resolution,
        given=admission.given or "",
        why_less=admission.reason if admission.stepped_down else "",
        host=host,
        contact=contact,
        local=terms.local,
        agreed=terms.agreed,
        offered=offered,
        dialled_ns=None if dialled is None else dialled[1],
        refused=terms.refused,
    )


def flows(
    agreed: Mapping[Kind, NegotiatedMedia],
    planned_streams: PlannedStreams | None,
    participant: str,
    rng: random.Random,
    before: Mapping[Kind, Position],
    now_ns: int,
) -> dict[Kind, MediaFlow]:
    """The flows of a call that begins.

    `before`: how far the planned streams had come when a bridge lost its line. When it comes back
    to its place they go on from there: each is one stream, with a gap.
    """
    found: dict[Kind, MediaFlow] = {}
    for kind, terms in agreed.items():
        planned = None if planned_streams is None else planned_streams.down.get(kind)
        if planned is None:
            down = _new(participant, kind, rng, terms.send_type)
        else:
            down = planned.carrying(terms.send_type)
        from_ns = 0
        if kind in before and planned is not None:
            from_ns = before[kind].at_ns
            sequence, timestamp = before[kind].at(now_ns)
            down = down.model_copy(
                update={"first_sequence": sequence, "first_timestamp": timestamp}
            )
        up = UNLOGGED if planned_streams is None else planned_streams.up.get(kind, UNLOGGED)
        found[kind] = MediaFlow(terms, down, up, from_ns)
    return found


def composed(call: ParticipantCall, model: VideoModel, *, switched: bool) -> VideoModel | None:
    """The encoder of the picture composed for a call: at its rate. None: it has no such."""
    main = call.agreed.get("video")
    if main is None or switched:
        return None
    if main.max_kbps is None or main.max_kbps >= model.kbps:
        return model
    return model.model_copy(update={"kbps": max(LEAST_KBPS, main.max_kbps)})


def _new(participant: str, kind: Kind, rng: random.Random, payload_type: int) -> StreamPlan:
    ssrc = rng.getrandbits(32)
    return StreamPlan(
        index=UNLOGGED,
        bridge=participant,
        kind="audio" if kind == "audio" else "video",
        direction="down",
        header_hex=rtp.template(rtp.StreamId(payload_type, ssrc, 0, 0)).hex(),
        ssrc=ssrc,
        first_sequence=rng.getrandbits(15),
        first_timestamp=rng.getrandbits(32),
        seed=rng.getrandbits(48),
    )


SILENT_NS = 2_000_000_000
"""A bridge that calls again while its call still stands gets its place if its media has been
silent for so long: its line was lost, and this side has not noticed yet (Art. 16(2)d)."""
RETRY_AFTER_S = 60
NO_PLACE = NegotiationRefusal(SERVICE_UNAVAILABLE, "No place is left for a call")
LOST = ("media-lost", "session-expired", "gone", "no-ack", "replaced")
"""Causes of an end by which a bridge's place is kept (Art. 15(2)b)."""


class CallController:
    """One MCU without its loop."""

    def __init__(
        self,
        config: McuConfig,
        signalling: HostPort,
        ports: PortPool,
        plane: MediaPlane,
        rng: random.Random,
        tell: Tell,
        *,
        name: str = "mcu",
        positions: Mapping[str, Mapping[Kind, Position]] = MappingProxyType({}),
    ) -> None:
        """`signalling`: our SIP address. `rng` draws session ids, SSRCs and first numbers. `tell`
        writes events. `name`: purpose of the SRTP keys. `positions`: where the planned streams
        stood at the end of an earlier life of the device."""
        self._config = config
        self._plane = plane
        self._rng = rng
        self._tell = tell
        accounts = config.accounts
        self._registrar = registrar = Registrar()
        self.agent = self._agent = UserAgent(
            signalling,
            random.Random(config.seed),
            authority=None if accounts is None else Authority(accounts.realm, accounts.passwords()),
            registrar=registrar,
            session_expires_s=config.session_expires_s,
            # in an emulation the signalling is planned to the packet and its size
            rings=not config.virtual_time,
        )
        self.capacity = Capacity(config.device)
        self.participants = self._participants = ParticipantCalls(
            config.planned_streams, config.guests
        )
        self._negotiation = negotiation = MediaNegotiation(
            config,
            self.capacity,
            ports,
            rng,
            key_source(config.seed, name),
            signalling,
        )
        self.rooms = Rooms(config.meetings, registrar.uri_of)
        self._effects = ConferenceEffects(
            self.participants, plane, tell, self._dial, self._put_out, negotiation
        )
        self.controls = Controls(
            self.agent, plane, self.participants, self.rooms, self._effects, tell
        )
        self._positions = dict(positions)
        self._stopped: NegotiationRefusal | None = None
        self._anonymous = config.accounts is None and not config.planned_streams

    # ------------------------------------------------------------------------ messages and time

    def receive(self, data: bytes, source: Peer, now_ns: int) -> None:
        """Take one SIP message."""
        for event in self.agent.receive(data, source, now_ns / 1e6):
            self.handle(event, now_ns)

    def advance(self, now_ns: int) -> None:
        """Run every signalling timer whose time has come."""
        for event in self.agent.advance(now_ns / 1e6):
            self.handle(event, now_ns)

    def next_timeout_ns(self) -> int:
        """Return the time at which `advance` is needed."""
        timer_ms = self.agent.next_timeout()
        return NEVER_NS if timer_ms is None else round(timer_ms * 1e6)

    def handle(self, event: events.Event, now_ns: int) -> None:
        """Take an event of the user agent."""
        match event:
            case events.IncomingCall():
                self._incoming(event, now_ns)
            case events.CallEstablished(call, answer) | events.InviteAccepted(call, answer):
                self._established(call, answer, now_ns)
            case events.CallEnded(call, cause):
                self._end(call, cause, now_ns)
            case events.CallFailed(call):
                self._end(call, "failed", now_ns)
            case events.InviteRefused(call, code, reason):
                self._not_answered(call, code, reason, now_ns)
            case events.InviteTimedOut(call):
                self._not_answered(call, 408, "No answer", now_ns)
            case events.Reoffer(call, offer):
                self._reoffered(call, offer, now_ns)
            case events.ReofferAnswered(call, answer):
                self._reanswered(call, answer, now_ns)
            case events.InfoReceived():
                self.controls.informed(event, now_ns)
            case _:
                pass  # an INFO's answer has no consequence

    def start(self, now_ns: int) -> None:
        """Call the members of the meetings that are dialled."""
        self._effects.carry_out(self.rooms.dial(), now_ns)

    def close(self, reason: str, now_ns: int) -> None:
        """Stop the device: hang up every call and refuse new ones."""
        self._stopped = NegotiationRefusal(SERVICE_UNAVAILABLE, reason)
        for conference in list(self.rooms):
            self._effects.carry_out(conference.end(reason), now_ns)
        for call in self._participants:
            self._put_out(call, reason, now_ns)

    def positions(self, now_ns: int) -> dict[str, Mapping[Kind, Position]]:
        """How far the planned streams to each participant have come."""
        found = dict(self._positions)
        for call in self._participants:
            if call.standing and self._participants.has_own_row(call.participant):
                here = self._plane.positions(call.row, now_ns)
                found[call.participant] = {**found.get(call.participant, {}), **here}
        return found

    # ------------------------------------------------------------------------------ calls begin

    def _incoming(self, call: events.IncomingCall, now_ns: int) -> None:
        meeting = identity(call.to_user, self._participants, unique=False)
        participant = self._who(call.verified_user or call.from_user, meeting)
        if self._stopped is not None:
            self._refuse(call, participant, self._stopped, now_ns)
            return
        decision = self.rooms.admits(meeting, participant)
        old = self._participants.of(participant)
        busy = isinstance(decision, JoinRefused) and decision.code == BUSY
        if old is not None and (busy or not old.standing):
            if isinstance(decision, JoinRefused) and not self._is_over(old, now_ns):
                self._refuse(call, participant, decision, now_ns)
                return
            self._agent.hang_up(old.call, now_ns / 1e6, "Replaced by a new call")
            self._end(old.call, "replaced", now_ns)
            decision = self.rooms.admits(meeting, participant)
        if not isinstance(decision, JoinAccepted):
            self._refuse(call, participant, decision, now_ns)
            return
        found = self._room(call, participant, meeting)
        if isinstance(found, NegotiationRefusal):
            self._refuse(call, participant, found, now_ns)
            return
        row, terms = found
        host, port, transport = call.source
        self._keep(
            new_call(
                call.call,
                participant,
                meeting,
                row,
                terms,
                host,
                offered=call.sdp is None,
                contact=f"sip:{participant}@{host}:{port}" if transport == "UDP" else None,
            )
        )
        self._agent.accept(call.call, sdp.build(terms.local), now_ns / 1e6)

    def _room(
        self, call: events.IncomingCall, participant: str, meeting: str
    ) -> tuple[int, NegotiationResult] | NegotiationRefusal:
        """A place and terms for a caller."""
        row = self._take_row(participant)
        if row is None:
            return NO_PLACE
        terms = self._negotiation.take(call.call, meeting, call.sdp)
        if isinstance(terms, NegotiationRefusal):
            self._participants.give_row(row)
            return terms
        return row, terms

    def _who(self, user: str, meeting: str) -> str:
        """Which participant a caller is.

        A meeting with a list of members takes callers at their word where nobody has to prove who
        he is; in a room for anyone, two of one name are two.
        """
        name = identity(user, self._participants, unique=False)
        listed = any(one.meeting.id == meeting and one.meeting.lists(name) for one in self.rooms)
        return identity(user, self._participants, unique=self._anonymous and not listed)

    def _keep(self, call: ParticipantCall) -> None:
        """Remember a call that was given its terms: from now on its addresses are its own."""
        self._participants.add(call)
        remotes = {kind: terms.remote for kind, terms in call.agreed.items()}
        self._plane.hold(call.row, call.port_group, remotes)

    def _is_over(self, call: ParticipantCall, now_ns: int) -> bool:
        """Whether a call that has not ended may be given up for a new one."""
        silent_ns = now_ns - int(self._plane.inbound.heard_ns[call.row])
        return not call.standing or silent_ns >= SILENT_NS

    def _take_row(self, participant: str) -> int | None:
        row = self._participants.take_row(participant)
        if row is not None:
            # its own address may still be there from a call before
            self._plane.forget(row)
        return row

    def _refuse(
        self,
        call: events.IncomingCall,
        participant: str,
        why: NegotiationRefusal | JoinRefused,
        now_ns: int,
    ) -> None:
        after = RETRY_AFTER_S if why.code == SERVICE_UNAVAILABLE else None
        self._agent.refuse(call.call, why.code, why.reason, now_ns / 1e6, after)
        where = self._where(call.source.host)
        self._tell(now_ns, "refused", participant, **where, code=why.code, reason=why.reason)

    def _where(self, host: str) -> dict[str, object]:
        """Return the host of a call's signalling for an event; in an emulation the plan has it."""
        return {} if self._config.virtual_time else {"host": host}

    def _dial(self, wanted: DialOut, now_ns: int) -> None:
        """Call a bridge."""
        failure = self._try_to_dial(wanted, now_ns)
        if failure is None:
            return
        who, why = wanted.participant, failure.reason
        self._tell(now_ns, "dial-failed", who, code=failure.code, reason=why)
        self._effects.carry_out(self.rooms.dial_failed(wanted.meeting, who, why), now_ns)

    def _try_to_dial(self, wanted: DialOut, now_ns: int) -> NegotiationRefusal | None:
        """Send an INVITE to where a bridge has registered or to its meeting's address of it."""
        who, meeting, now_ms = wanted.participant, wanted.meeting, now_ns / 1e6
        binding = self._registrar.contact_of(who, now_ms)
        uri, target = (wanted.uri, None) if binding is None else (binding.uri, binding.peer)
        if self._participants.of(who) is not None:
            return NegotiationRefusal(BUSY_HERE, "It has another call")
        row = self._take_row(who)
        if row is None:
            return NO_PLACE
        held = f"to-{who}"
        terms = self._negotiation.take(held, meeting, None)
        if isinstance(terms, NegotiationResult):
            try:
                name = self._agent.call(uri, sdp.build(terms.local), now_ms, target)
            except ValueError as error:
                self._negotiation.give_back(held, meeting)
                terms = NegotiationRefusal(404, str(error))
        if isinstance(terms, NegotiationRefusal):
            self._participants.give_row(row)
            return terms
        dialled = held, now_ns
        host = self._agent.target_of(name).host
        self._keep(new_call(name, who, meeting, row, terms, host, offered=True, dialled=dialled))
        return None

    def _not_answered(self, name: str, code: int, reason: str, now_ns: int) -> None:
        call = self._participants.get(name)
        if call is None:
            return
        self._tell(now_ns, "dial-failed", call.participant, code=code, reason=reason)
        self._end(name, "failed", now_ns, reason)

    def _established(self, name: str, answer: bytes | None, now_ns: int) -> None:
        call = self._participants.get(name)
        if call is None:
            return
        try:
            if call.offered:
                call.agreed = self._negotiation.answered(call, answer or b"")
                call.offered = False
        except sdp.SdpError as error:
            self._turn_away(call, str(error), now_ns)
            return
        decision, effects = self.rooms.join(call.meeting, call.participant, call.contact)
        if not isinstance(decision, JoinAccepted):
            self._turn_away(call, decision.reason, now_ns)
            return
        self._open(call, now_ns)
        details: dict[str, object] = {"meeting": call.meeting, **self._where(call.host)}
        if call.dialled_ns is not None:
            details["setup_ms"] = round((now_ns - call.dialled_ns) / 1e6, 3)
        if call.given != call.asked:
            details |= {"asked": call.asked, "given": call.given, "reason": call.why_less}
        if call.refused:
            details["refused"] = list(call.refused)
        self._tell(now_ns, "joined", call.participant, **details)
        self._effects.carry_out(effects, now_ns)
        self._effects.show_content(call, now_ns)

    def _turn_away(self, call: ParticipantCall, reason: str, now_ns: int) -> None:
        """End a call that was accepted before it is in its meeting."""
        self._put_out(call, reason, now_ns)
        self._tell(now_ns, "turned-away", call.participant, **self._where(call.host), reason=reason)

    def _open(self, call: ParticipantCall, now_ns: int) -> None:
        planned_streams = self._config.planned_streams.get(call.participant)
        before = self._positions.get(call.participant, {})
        leg = Leg(
            row=call.row,
            meeting=self._negotiation.number(call.meeting),
            port_group=call.port_group,
            flows=flows(call.agreed, planned_streams, call.participant, self._rng, before, now_ns),
            composed=self._model(call),
            heard=False,
            host=call.host,
        )
        self._plane.open(leg, now_ns)
        call.standing, call.since_ns = True, now_ns

    def _model(self, call: ParticipantCall) -> VideoModel | None:
        switched = self.rooms[call.meeting].meeting.video == "switched"
        return composed(call, self._config.video, switched=switched)

    # ------------------------------------------------------------------------------ calls stand

    def _reoffered(self, name: str, offer: bytes | None, now_ns: int) -> None:
        call = self._participants.get(name)
        if call is None:
            return
        if offer is None:  # they ask for an offer of ours (RFC 3261 §14.2)
            call.local = reoffer(call.local)
            self._agent.answer_reoffer(name, sdp.build(call.local), now_ns / 1e6)
            return
        try:
            local, agreed = self._negotiation.turn(call, offer)
        except sdp.SdpError as error:
            self._agent.refuse_reoffer(name, 488, str(error), now_ns / 1e6)
            return
        call.local = local
        self._turn(call, agreed, now_ns)
        self._agent.answer_reoffer(name, sdp.build(local), now_ns / 1e6)

    def _reanswered(self, name: str, answer: bytes | None, now_ns: int) -> None:
        call = self._participants.get(name)
        if call is None or answer is None:
            return
        try:
            agreed = self._negotiation.answered(call, answer)
        except sdp.SdpError:
            return  # the terms before stay in force (RFC 3264 §8)
        self._turn(call, agreed, now_ns)

    def _turn(
        self, call: ParticipantCall, agreed: Mapping[Kind, NegotiatedMedia], now_ns: int
    ) -> None:
        """Apply new terms to an established call."""
        showed = call.may_show
        call.agreed = dict(agreed)
        self._plane.turn(call.row, agreed, self._model(call), now_ns)
        self._effects.show_again(call, now_ns)
        if showed and not call.may_show:
            self.controls.end_presentation(call, now_ns)

    # -------------------------------------------------------------------------------- calls end

    def _put_out(self, call: ParticipantCall, reason: str, now_ns: int) -> None:
        self._agent.hang_up(call.call, now_ns / 1e6, reason)
        self._end(call.call, "put-out", now_ns, reason)

    def _end(self, name: str, cause: str, now_ns: int, reason: str = "") -> None:
        call = self._participants.get(name)
        if call is None:
            return
        self._participants.remove(call)
        own_row = self._participants.has_own_row(call.participant)
        if call.standing:
            positions = self._plane.close(call.row, now_ns)
            if own_row:
                before = self._positions.get(call.participant, {})
                self._positions[call.participant] = {**before, **positions}
        if not (own_row and call.standing):
            self._plane.forget(call.row)
        self._negotiation.give_back(call.held, call.meeting)
        if call.standing:
            self._tell(now_ns, "left", call.participant, **call.left(cause, now_ns))
            leave = self.rooms.lost if cause in LOST else self.rooms.left
            self._effects.carry_out(leave(call.participant), now_ns)
        elif call.dialled_ns is not None:
            effects = self.rooms.dial_failed(call.meeting, call.participant, reason or cause)
            self._effects.carry_out(effects, now_ns)
