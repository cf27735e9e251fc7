"""A bridge as its MCU sees it: one SIP user agent, its calls and what came of them. No sockets.

The owner hands in datagrams and the time in ms, sends what `outgoing` gives, and does what is
`happened`: it has the media, which this module only negotiates.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mcu_sim import sdp
from mcu_sim.conference.commands import Command
from mcu_sim.sdp.offer_answer import make_answer, make_offer, read_answer
from mcu_sim.server.conference_control import CONTROL_TYPE
from mcu_sim.sip import (
    Answered,
    CallEnded,
    CallEstablished,
    CallFailed,
    CallState,
    Datagram,
    Event,
    IncomingCall,
    InfoAnswered,
    InfoReceived,
    OptionsAnswered,
    Peer,
    Refused,
    Registered,
    RegistrationFailed,
    Reoffer,
    TimedOut,
    UserAgent,
)
from mcu_sim.sip.info import wants_full_picture
from mcu_sim.sip.message.addresses import HostPort
from scenarios.load.locust.lost_line import LostLine
from scenarios.load.locust.outcomes import Operation
from scenarios.load.passwords import Account
from scenarios.load.terms import offered, where_to
from traffic.media_load.messages import Medium, Where
from traffic.profiles import Profile

NO_ANSWER = "no answer"
OK, BUSY_HERE, NOT_ACCEPTABLE = 200, 486, 488
REMEMBERED = 8


@dataclass(frozen=True)
class Done:
    """Something that was asked for has its final answer; `code` 0: none came."""

    operation: Operation
    ok: bool
    ms: float
    code: int
    reason: str
    repeats: int = 0


@dataclass(frozen=True)
class Talks:
    """A call stands: these media go there."""

    media: Mapping[Medium, Where]


@dataclass(frozen=True)
class Silent:
    """The call is over."""


@dataclass(frozen=True)
class KeyFrameWanted:
    """The MCU asks for a key frame (RFC 5168)."""


Happened = Done | Talks | Silent | KeyFrameWanted


@dataclass(slots=True)
class _Asked:
    began_ms: float
    repeats: int = 0


class Phone:
    """One bridge's signalling. At most one of each operation is going on at a time."""

    def __init__(
        self,
        account: Account,
        contact: HostPort,
        server: Peer,
        rng: random.Random,
        *,
        ports: Mapping[Medium, int],
        profile: Profile,
        answer_within_s: float,
    ) -> None:
        """`ports`: local RTP ports of the media it has, empty for signalling alone."""
        self.account = account
        self._contact = contact
        self._server = server
        self._rng = rng
        self._ports = dict(ports)
        self._profile = profile
        self._answer_within_ms = answer_within_s * 1e3
        self._lost: list[LostLine] = []
        self._begin()

    def _begin(self) -> None:
        self.agent = UserAgent(
            self._contact,
            self._rng,
            user=self.account.name,
            display_name=self.account.name,
            answer_within_ms=self._answer_within_ms,
            session_expires_s=None,
            credentials=self.account.credentials,
        )
        self._can = offered(self._ports, self._contact, self._profile)
        self.registered = False
        self._unsure = False
        self._call: str | None = None
        self._since_ms = 0.0
        self._local: sdp.Session | None = None
        self._agreed: dict[Medium, Where] = {}
        self._asked: dict[Operation, _Asked] = {}
        self._lately: dict[bytes, None] = {}
        self._events: list[Happened] = []

    # ---------------------------------------------------------------------------- what it does

    def options(self, now_ms: float) -> None:
        """Ask the MCU what it can."""
        self._asked["options"] = _Asked(now_ms)
        self.agent.options(self._uri(""), now_ms, self._server)

    def register(self, now_ms: float, expires_s: int = 3600) -> None:
        """Register, for longer than any test lasts."""
        self._asked["register"] = _Asked(now_ms)
        self.agent.register(self._uri(""), now_ms, expires_s, self._server)

    def unregister(self, now_ms: float) -> None:
        """Take the registration back."""
        self._asked["unregister"] = _Asked(now_ms)
        self.agent.unregister(now_ms)

    def dial(self, room: str, now_ms: float, offer: bytes | None = None) -> None:
        """Call a room; `offer`: what to send instead of an honest session description."""
        self._local = make_offer(self._contact[0], self._can, self._rng.getrandbits(31))
        body = sdp.build(self._local) if offer is None else offer
        self._asked["invite"] = _Asked(now_ms)
        self._call = self.agent.call(self._uri(room), body, now_ms, self._server)

    def give_up(self, operation: Operation, now_ms: float) -> Done:
        """Wait for the answer no longer; what that comes to. If it comes all the same it is not
        told, but a registration that it grants is known, and one that it may grant taken back."""
        asked = self._asked.pop(operation, None)
        self._unsure |= operation == "register"
        if asked is None:
            return Done(operation, False, 0.0, 0, NO_ANSWER)
        return Done(operation, False, now_ms - asked.began_ms, 0, NO_ANSWER, asked.repeats)

    def say(self, command: Command, now_ms: float) -> None:
        """Give the MCU a command in the call that stands."""
        assert self._call is not None
        self._asked["info"] = _Asked(now_ms)
        body = command.model_dump_json(by_alias=True, exclude_none=True).encode()
        self.agent.info(self._call, CONTROL_TYPE, body, now_ms)

    def hang_up(self, now_ms: float) -> None:
        """End the call, in whatever state it is."""
        if self._call is None:
            return
        stands = self.agent.state(self._call) is CallState.ESTABLISHED
        self.agent.hang_up(self._call, now_ms)
        self._call = None
        if stands:
            self._asked["bye"] = _Asked(now_ms)
        if self._asked.pop("invite", None) is None:
            self._events.append(Silent())

    def lose_line(self) -> None:
        """Forget everything without a word, as who is cut off and begins anew."""
        if self._call is not None or self._may_be_registered:
            lost = LostLine(self.agent, self._call, registered=self._may_be_registered)
            self._lost.append(lost)
        self._begin()

    def leave(self, now_ms: float) -> None:
        """Hang up and unregister, also what the MCU still holds since a line was cut."""
        self.hang_up(now_ms)
        if self._may_be_registered:  # once a REGISTER that is under way has its answer
            self.unregister(now_ms)
        for lost in self._lost:
            lost.leave(now_ms)

    @property
    def _may_be_registered(self) -> bool:
        """Whether the MCU may have a binding of ours: known, or asked for and not yet answered."""
        return self.registered or self._unsure or "register" in self._asked

    # ------------------------------------------------------------------------ the wire, time

    def receive(self, data: bytes, source: Peer, now_ms: float) -> None:
        """A datagram came."""
        if any(lost.receive(data, source, now_ms) for lost in self._lost):
            return
        self._handle(self.agent.receive(data, source, now_ms), now_ms)
        self._end_bye(now_ms, OK, "")

    def advance(self, now_ms: float) -> None:
        """Timers are due."""
        for lost in self._lost:
            lost.advance(now_ms)
        self._handle(self.agent.advance(now_ms), now_ms)
        self._end_bye(now_ms, 0, NO_ANSWER)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do, None for never."""
        timers = [self.agent.next_timeout(), *(lost.next_timeout() for lost in self._lost)]
        return min((timer for timer in timers if timer is not None), default=None)

    def outgoing(self) -> list[Datagram]:
        """What is to be sent, in order."""
        datagrams = self.agent.outgoing()
        for datagram in datagrams:
            self._count(datagram.data)
        return datagrams + [datagram for lost in self._lost for datagram in lost.outgoing()]

    def happened(self) -> list[Happened]:
        """What there is to tell since the last time."""
        events, self._events = self._events, []
        return events

    @property
    def stands(self) -> bool:
        """Whether a call is up."""
        return self._call is not None and self.agent.state(self._call) is CallState.ESTABLISHED

    @property
    def busy(self) -> bool:
        """Whether there is a call in any state, or a request without its answer."""
        return self._call is not None or self.agent.waits or any(one.waits for one in self._lost)

    @property
    def owes(self) -> bool:
        """Whether there is something that `leave` has to end or wait for."""
        return self.busy or self.registered or any(lost.owes for lost in self._lost)

    # ------------------------------------------------------------------------------ the inside

    def _uri(self, user: str) -> str:
        host, port, _ = self._server
        return f"sip:{user}@{host}:{port}" if user else f"sip:{host}:{port}"

    def _handle(self, events: Sequence[Event], now_ms: float) -> None:
        for event in events:
            self._handle_one(event, now_ms)

    def _end_bye(self, now_ms: float, code: int, reason: str) -> None:
        """A BYE that waits no longer has been answered by what came, or by nothing in time."""
        if "bye" in self._asked and "BYE" not in self.agent.unanswered:
            self._done("bye", code == OK, code, reason, now_ms)

    def _handle_one(self, event: Event, now_ms: float) -> None:
        match event:
            case OptionsAnswered(code, reason):
                self._done("options", code == OK, code, reason, now_ms)
            case Registered(expires_s):
                self.registered, self._unsure = expires_s > 0, False
                for lost in self._lost:
                    lost.renewed()
                self._done("register" if self.registered else "unregister", True, OK, "", now_ms)
            case RegistrationFailed(code, reason):
                gone = "unregister" in self._asked
                self._done("unregister" if gone else "register", False, code, reason, now_ms)
            case InfoAnswered(_, code):
                self._done("info", code == OK, code, "", now_ms)
            case Answered(call, answer) if call == self._call:
                self._answered(answer or b"", now_ms)
            case Refused(call, code, reason) if call == self._call:
                self._call = None
                self._done("invite", False, code, reason, now_ms)
            case TimedOut(call) if call == self._call:
                self._call = None
                self._done("invite", False, 0, NO_ANSWER, now_ms)
            case IncomingCall():
                self._called(event, now_ms)
            case CallEstablished(call) if call == self._call:
                self._done("incoming", True, OK, "", now_ms)
                self._stands(now_ms)
            case CallFailed(call, code, reason) if call == self._call:
                self._call = None
                self._done("incoming", False, code, reason, now_ms)
            case CallEnded(call, cause) if call == self._call:
                self._call = None
                self._events.append(Silent())
                length_ms = now_ms - self._since_ms
                self._events.append(Done("drop", False, length_ms, 0, cause))
                if self._asked.pop("info", None) is not None:
                    self._events.append(Done("info", False, 0.0, 0, "the call ended"))
            case Reoffer(call, offer):
                self._reoffered(call, offer, now_ms)
            case InfoReceived(_, key, content_type, body):
                if wants_full_picture(content_type, body):
                    self._events.append(KeyFrameWanted())
                self.agent.answer_info(key, OK, "OK", now_ms)
            case _:
                pass  # of a call that is given up already

    def _answered(self, answer: bytes, now_ms: float) -> None:
        assert self._local is not None
        try:
            terms = read_answer(self._local, sdp.parse(answer))
        except sdp.SdpError as error:
            assert self._call is not None
            self.agent.hang_up(self._call, now_ms, cause=NOT_ACCEPTABLE)
            self._call = None
            self._done("invite", False, OK, f"its answer cannot be read: {error}", now_ms)
            return
        self._agreed = where_to(terms, self._server.host)
        self._done("invite", True, OK, "", now_ms)
        self._stands(now_ms)

    def _stands(self, now_ms: float) -> None:
        self._since_ms = now_ms
        self._events.append(Talks(self._agreed))

    def _called(self, call: IncomingCall, now_ms: float) -> None:
        if self._call is not None:
            self.agent.refuse(call.call, BUSY_HERE, "Busy here", now_ms)
            return
        answer = self._answer(call.sdp)
        if answer is None:
            self.agent.refuse(call.call, NOT_ACCEPTABLE, "Not acceptable here", now_ms)
            return
        self._call = call.call
        self._asked["incoming"] = _Asked(now_ms)
        self.agent.accept(call.call, answer, now_ms)

    def _reoffered(self, call: str, offer: bytes | None, now_ms: float) -> None:
        """A session is refreshed (RFC 4028); nothing else changes in these calls."""
        answer = self._answer(offer)
        if answer is None:
            self.agent.refuse_reoffer(call, NOT_ACCEPTABLE, "Not acceptable here", now_ms)
        else:
            self.agent.answer_reoffer(call, answer, now_ms)

    def _answer(self, offer: bytes | None) -> bytes | None:
        if offer is None:
            if self._local is None:
                self._local = make_offer(self._contact[0], self._can, self._rng.getrandbits(31))
            return sdp.build(self._local)
        try:
            self._local, terms = make_answer(
                sdp.parse(offer),
                self._can,
                self._contact[0],
                self._rng.getrandbits(31),
                previous=self._local if self.stands else None,
            )
        except sdp.SdpError:
            return None
        self._agreed = where_to(terms, self._server.host)
        return sdp.build(self._local)

    def _done(self, operation: Operation, ok: bool, code: int, reason: str, now_ms: float) -> None:
        asked = self._asked.pop(operation, None)
        if asked is not None:
            ms = now_ms - asked.began_ms
            self._events.append(Done(operation, ok, ms, code, reason, asked.repeats))

    def _count(self, data: bytes) -> None:
        """Notice a request that is sent again: over UDP that means that no answer has come."""
        if data.startswith(b"SIP/2.0"):
            return
        if data in self._lately:
            word = data.partition(b" ")[0].decode("ascii", "replace").lower()
            asked = self._asked.get(word)  # type: ignore[call-overload]  # any method's name
            if asked is not None:
                asked.repeats += 1
            return
        self._lately[data] = None
        if len(self._lately) > REMEMBERED:
            del self._lately[next(iter(self._lately))]
