"""A bridge's signalling: its SIP user agent, what it agrees on, and how it comes back. No sockets.

The owner of a `BridgeUserAgent` hands in the time (ns of one clock) and what came, sends what
`outgoing` gives after every call of a method, and does what `take_events` tells: it has the media,
which this only negotiates. An emulation, an estimate, a load test and the MCU's tests own one each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.conference.commands import CONTROL_TYPE, Command
from giaoban.mcu_sim.media.leg import Kind, by_kind
from giaoban.mcu_sim.sdp.crypto import KeySource
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia, make_answer, make_offer, read_answer
from giaoban.mcu_sim.sip.agent import ANSWER_WITHIN_MS, UserAgent
from giaoban.mcu_sim.sip.call import CallState
from giaoban.mcu_sim.sip.digest import Credentials
from giaoban.mcu_sim.sip.endpoint import SipDatagram
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    CallEstablished,
    CallFailed,
    Event,
    IncomingCall,
    InfoAnswered,
    InfoReceived,
    InviteAccepted,
    InviteRefused,
    InviteTimedOut,
    OptionsAnswered,
    Registered,
    RegistrationFailed,
    Reoffer,
)
from giaoban.mcu_sim.sip.info import wants_full_picture
from giaoban.mcu_sim.sip.message import HostPort, Peer
from giaoban.mcu_sim.sip.session import MEDIA_LOST
from giaoban.scenarios.bridge.recovery import Redialling

Operation = Literal[
    "options", "register", "unregister", "invite", "bye", "info", "incoming", "drop"
]
"""`incoming`: a call that the MCU made, `drop`: a standing call that ended without its bridge's
will; the others are what was asked for."""
NO_ANSWER = "no answer"
OK, BUSY_HERE, NOT_ACCEPTABLE = 200, 486, 488
REMEMBERED = 8
"""Requests among which one that is sent again is looked for."""


@dataclass(frozen=True)
class Completed:
    """An operation has its final answer; `code` 0: none came.

    Attributes:
        ms: since it was asked for; of a `drop` the length of the call.
        repeats: requests that were sent again since no answer came (RFC 3261 §17.1).
    """

    operation: Operation
    ok: bool
    ms: float
    code: int
    reason: str
    repeats: int = 0


@dataclass(frozen=True)
class Unreadable:
    """A session description of the MCU is none: the call is refused, or ended with 488."""

    what: Literal["offer", "answer"]
    why: str


@dataclass(frozen=True)
class MediaStarted:
    """A call stands, on these terms."""

    terms: Mapping[Kind, NegotiatedMedia]


@dataclass(frozen=True)
class MediaStopped:
    """The call that stood is over."""


@dataclass(frozen=True)
class FastUpdateWanted:
    """The MCU asks for a key frame (RFC 5168)."""


@dataclass(frozen=True)
class MediaLost:
    """Nothing is heard any more: the call has been given up."""


@dataclass(frozen=True)
class Redialled:
    """It dials again, for the `attempt`th time since its call was lost."""

    attempt: int


BridgeEvent = (
    Completed | Unreadable | MediaStarted | MediaStopped | FastUpdateWanted | MediaLost | Redialled
)


@dataclass(slots=True)
class _Pending:
    began_ns: int
    repeats: int = 0


class BridgeUserAgent:
    """One bridge's signalling. It is in one call at most."""

    def __init__(
        self,
        user: str,
        contact: HostPort,
        mcu: Peer,
        can: Sequence[sdp.Media],
        rng: random.Random,
        *,
        session_id: Callable[[], int],
        keys: KeySource | None = None,
        credentials: Credentials | None = None,
        answer_within_ms: float = ANSWER_WITHIN_MS,
        session_expires_s: int | None = 1_800,
        room: str = "",
        replaces_calls: bool = True,
        redialling: Redialling | None = None,
    ) -> None:
        """Args:
        can: its media; `keys` of those that are encrypted.
        session_id: gives the id of each description that begins a session (RFC 8866 §5.2).
        room: which it dials by itself.
        replaces_calls: whether a call of the MCU takes the place of one that stands, which the
            MCU has lost then; else it is refused, as while this side is calling.
        redialling: None: where nothing fails nobody dials again.
        """
        self.user = user
        self.contact = contact
        self.redialling = Redialling(None, 0) if redialling is None else redialling
        self.can = list(can)
        self._mcu = mcu
        self._session_id = session_id
        self._keys = keys
        self.credentials = credentials
        self._answer_within_ms = answer_within_ms
        self._session_expires_s = session_expires_s
        self._replaces_calls = replaces_calls
        self._room = room
        self._wanted = True
        """Whether the meeting goes on."""
        self.restart(rng)

    def restart(self, rng: random.Random) -> None:
        """Begin anew, and know nothing of before."""
        self.agent = UserAgent(
            self.contact,
            rng,
            user=self.user,
            display_name=self.user,
            answer_within_ms=self._answer_within_ms,
            session_expires_s=self._session_expires_s,
            credentials=self.credentials,
        )
        self.is_on = True
        self.registered = False
        self._may_be_registered = False
        """Whether a REGISTER was given up that the MCU may have granted."""
        self.stands = False
        """Whether a call is up."""
        self.call: str | None = None
        self.local: sdp.SessionDescription | None = None
        """Our description in force: an offer of ours, or an answer."""
        self.agreed: dict[Kind, NegotiatedMedia] = {}
        self._since_ns = 0
        self._pending: dict[Operation, list[_Pending]] = {}
        self._sent_lately: dict[bytes, None] = {}
        self._events: list[BridgeEvent] = []

    # ---------------------------------------------------------------------------- what it does

    def options(self, now_ns: int) -> None:
        """Ask the MCU what it can."""
        self._ask("options", now_ns)
        self.agent.options(self._uri(""), now_ns / 1e6, self._mcu)

    def register(self, now_ns: int, expires_s: int = 3600) -> None:
        """Register, for longer than any test lasts."""
        self._ask("register", now_ns)
        self.agent.register(self._uri(""), now_ns / 1e6, expires_s, self._mcu)

    def unregister(self, now_ns: int) -> None:
        """Take the registration back."""
        self._ask("unregister", now_ns)
        self.agent.unregister(now_ns / 1e6)

    def dial(self, now_ns: int, room: str | None = None, offer: bytes | None = None) -> None:
        """Call a room; `offer`: what to send instead of an honest session description."""
        if not self.is_on:
            return
        self.local = make_offer(self.contact[0], self.can, self._session_id(), keys=self._keys)
        body = sdp.build(self.local) if offer is None else offer
        self._ask("invite", now_ns)
        self.call = self.agent.call(self._uri(room or self._room), body, now_ns / 1e6, self._mcu)
        self.redialling.calls(now_ns)

    def command(self, command: Command, now_ns: int) -> bool:
        """Give the MCU a command (Art. 15, 16); False: no call stands in which to do it."""
        if not self.stands or self.call is None:
            return False
        self._ask("info", now_ns)
        body = command.model_dump_json(by_alias=True, exclude_none=True).encode()
        self.agent.info(self.call, CONTROL_TYPE, body, now_ns / 1e6)
        return True

    def give_up(self, operation: Operation, now_ns: int) -> Completed:
        """Wait for an answer no longer; what that comes to. One that comes all the same is not
        told, but a registration that it grants is known."""
        self._may_be_registered |= operation == "register"
        asked = self._take(operation) or _Pending(now_ns)
        ms = (now_ns - asked.began_ns) / 1e6
        return Completed(operation, False, ms, 0, NO_ANSWER, asked.repeats)

    def hang_up(self, now_ns: int) -> None:
        """End the call, in whatever state it is, and do not dial again."""
        self._wanted = False
        self.redialling.stop()
        self._drop_call(now_ns)

    # ------------------------------------------------------------------- what fails, and comes back

    @property
    def redial_ns(self) -> int:
        """When `persevere` has something to do."""
        return self.redialling.next_ns

    def hears(self, at_ns: int) -> None:
        """Something came from the MCU: RTP or RTCP."""
        self.redialling.hears(at_ns)

    def persevere(self, now_ns: int) -> None:
        """Give up a call in which nothing is heard any more; dial again if it is time to."""
        match self.redialling.due(now_ns):
            case "lost":
                self._drop_call(now_ns, "Nothing is heard", MEDIA_LOST)
                self.redialling.ends(now_ns)
                self._events.append(MediaLost())
            case "dial":
                self._drop_call(now_ns)
                self._redial(now_ns)

    def switch_off(self) -> None:
        """Its power is gone: it stops without a word."""
        self.is_on, self.call = False, None
        self._stop_media()
        self.redialling.stop()

    def switch_on(self, rng: random.Random, now_ns: int, *, due: bool) -> None:
        """It has started again. It dials if it was in the meeting, or should have dialled in the
        meantime (`due`)."""
        self.restart(rng)
        if self._wanted and (due or self.redialling.was_in):
            self.redialling.attempts += 1
            self._redial(now_ns)

    # ------------------------------------------------------------------------ the wire, time

    def receive(self, data: bytes, source: Peer, now_ns: int) -> None:
        """A datagram came."""
        if self.is_on:
            self._handle(self.agent.receive(data, source, now_ns / 1e6), now_ns)
            self._complete_bye(OK, "", now_ns)

    def advance(self, now_ns: int) -> None:
        """Run every timer whose time has come."""
        if self.is_on:
            self._handle(self.agent.advance(now_ns / 1e6), now_ns)
            self._complete_bye(0, NO_ANSWER, now_ns)

    def transport_failed(self, now_ns: int) -> None:
        """Nothing arrives at the MCU, as the network says: there is no answer to wait for."""
        if self.is_on:
            self._handle(self.agent.transport_failed(self._mcu, now_ns / 1e6), now_ns)
            self._complete_bye(0, NO_ANSWER, now_ns)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do, in ms as `UserAgent` has it; None for never."""
        return self.agent.next_timeout() if self.is_on else None

    def outgoing(self) -> list[SipDatagram]:
        """Take out what is to be sent, in order."""
        datagrams = self.agent.outgoing()
        for datagram in datagrams:
            self._count_repeats(datagram.data)
        return datagrams

    def take_events(self) -> list[BridgeEvent]:
        """Take out what has happened since the last time, in order."""
        events, self._events = self._events, []
        return events

    @property
    def busy(self) -> bool:
        """Whether there is a call in any state, or a request without its answer."""
        return self.call is not None or self.agent.waits

    @property
    def may_be_registered(self) -> bool:
        """Whether the MCU may have a binding of ours: known, or asked for and not yet answered."""
        return self.registered or self._may_be_registered or "register" in self._pending

    # ------------------------------------------------------------------------------ the inside

    def _uri(self, user: str) -> str:
        host, port, _ = self._mcu
        return f"sip:{user}@{host}:{port}" if user else f"sip:{host}:{port}"

    def _handle(self, events: Sequence[Event], now_ns: int) -> None:
        for event in events:
            self.handle(event, now_ns)

    def handle(self, event: Event, now_ns: int) -> None:
        """Carry out what the user agent tells. Of a call that is given up nothing is."""
        match event:
            case InviteAccepted(call, answer) if call == self.call:
                self._answered(answer or b"", now_ns)
            case InviteRefused(call, code, reason) if call == self.call:
                self.call = None
                self.redialling.refused(code)
                self._complete("invite", False, code, reason, now_ns)
            case InviteTimedOut(call) if call == self.call:
                self.call = None
                self.redialling.refused(None)
                self._complete("invite", False, 0, NO_ANSWER, now_ns)
            case IncomingCall():
                self._incoming(event, now_ns)
            case CallEstablished(call) if call == self.call:
                self._complete("incoming", True, OK, "", now_ns)
                self._start_media(now_ns)
            case CallFailed(call, code, reason) if call == self.call:
                self.call = None
                self.redialling.ends(now_ns)
                self._complete("incoming", False, code, reason, now_ns)
            case CallEnded(call, cause) if call == self.call:
                self.call = None
                self._stop_media()
                self.redialling.ends(now_ns)
                length_ms = (now_ns - self._since_ns) / 1e6
                self._events.append(Completed("drop", False, length_ms, 0, cause))
                if self._pending.pop("info", None) is not None:
                    self._events.append(Completed("info", False, 0.0, 0, "the call ended"))
            case Reoffer(call, offer):
                self._reoffered(call, offer, now_ns)
            case InfoReceived(_, key, content_type, body):
                if wants_full_picture(content_type, body):
                    self._events.append(FastUpdateWanted())
                self.agent.answer_info(key, OK, "OK", now_ns / 1e6)
            case InfoAnswered(_, code):
                self._complete("info", code == OK, code, "", now_ns)
            case OptionsAnswered(code, reason):
                self._complete("options", code == OK, code, reason, now_ns)
            case Registered(expires_s):
                self.registered, self._may_be_registered = expires_s > 0, False
                done: Operation = "register" if self.registered else "unregister"
                self._complete(done, True, OK, "", now_ns)
            case RegistrationFailed(code, reason):
                done = "unregister" if "unregister" in self._pending else "register"
                self._complete(done, False, code, reason, now_ns)

    def _answered(self, answer: bytes, now_ns: int) -> None:
        assert self.local is not None
        assert self.call is not None
        try:
            self.agreed = by_kind(read_answer(self.local, sdp.parse(answer)))
        except sdp.SdpError as error:
            self.agent.hang_up(self.call, now_ns / 1e6, cause=NOT_ACCEPTABLE)
            self.call = None
            self._events.append(Unreadable("answer", str(error)))
            self._complete("invite", False, OK, f"its answer cannot be read: {error}", now_ns)
            return
        self._complete("invite", True, OK, "", now_ns)
        self._start_media(now_ns)

    def _incoming(self, call: IncomingCall, now_ns: int) -> None:
        if self.call is not None and (
            not self._replaces_calls or self.agent.state(self.call) is CallState.CALLING
        ):
            self.agent.refuse(call.call, BUSY_HERE, "Busy here", now_ns / 1e6)
            return
        self._drop_call(now_ns)
        answer = self._answer(call.sdp)
        if answer is None:
            self.agent.refuse(call.call, NOT_ACCEPTABLE, "Not acceptable here", now_ns / 1e6)
            return
        self.call = call.call
        self._ask("incoming", now_ns)
        self.redialling.calls(now_ns)
        self.agent.accept(call.call, answer, now_ns / 1e6)

    def _reoffered(self, call: str, offer: bytes | None, now_ns: int) -> None:
        """The MCU shows that the call still stands (RFC 4028): nothing changes in it."""
        answer = self._answer(offer)
        if answer is None:
            self.agent.refuse_reoffer(call, NOT_ACCEPTABLE, "Not acceptable here", now_ns / 1e6)
        else:
            self.agent.answer_reoffer(call, answer, now_ns / 1e6)

    def _answer(self, offer: bytes | None) -> bytes | None:
        """Our answer to an offer, None if that cannot be read; our offer if there is none."""
        previous = self.local if self.stands else None
        if offer is None:
            if previous is None:
                previous = make_offer(
                    self.contact[0], self.can, self._session_id(), keys=self._keys
                )
            self.local = previous
            return sdp.build(previous)
        try:
            self.local, terms = make_answer(
                sdp.parse(offer),
                self.can,
                self.contact[0],
                self._session_id(),
                previous=previous,
                keys=self._keys,
            )
        except sdp.SdpError as error:
            self._events.append(Unreadable("offer", str(error)))
            return None
        self.agreed = by_kind(terms)
        return sdp.build(self.local)

    def _start_media(self, now_ns: int) -> None:
        self.stands, self._since_ns = True, now_ns
        self._events.append(MediaStarted(self.agreed))
        self.redialling.stands(now_ns)

    def _stop_media(self) -> None:
        if self.stands:
            self.stands = False
            self._events.append(MediaStopped())

    def _redial(self, now_ns: int) -> None:
        self._events.append(Redialled(self.redialling.attempts))
        self.dial(now_ns)

    def _drop_call(self, now_ns: int, reason: str | None = None, cause: int = OK) -> None:
        """End the call on this side, in whatever state it is."""
        if self.call is None:
            return
        if self.redialling.dials_again:
            self.agent.abandon(self.call, now_ns / 1e6)
        self.agent.hang_up(self.call, now_ns / 1e6, reason, cause=cause)
        if self.stands:
            self._ask("bye", now_ns)
        self.call = None
        self._pending.pop("invite", None)
        self._pending.pop("incoming", None)
        self._stop_media()

    def _ask(self, operation: Operation, now_ns: int) -> None:
        self._pending.setdefault(operation, []).append(_Pending(now_ns))

    def _take(self, operation: Operation) -> _Pending | None:
        """The one that was asked for first is no longer waited for."""
        asked = self._pending.get(operation)
        if asked is None:
            return None
        first = asked.pop(0)
        if not asked:
            del self._pending[operation]
        return first

    def _complete(
        self, operation: Operation, ok: bool, code: int, reason: str, now_ns: int
    ) -> None:
        if (asked := self._take(operation)) is not None:
            ms = (now_ns - asked.began_ns) / 1e6
            self._events.append(Completed(operation, ok, ms, code, reason, asked.repeats))

    def _complete_bye(self, code: int, reason: str, now_ns: int) -> None:
        """A BYE that waits no longer has been answered by what came, or by nothing in time."""
        while "bye" in self._pending and "BYE" not in self.agent.unanswered:
            self._complete("bye", code == OK, code, reason, now_ns)

    def _count_repeats(self, data: bytes) -> None:
        """Notice a request that is sent again: over UDP that means that no answer has come."""
        if data.startswith(b"SIP/2.0"):
            return
        if data in self._sent_lately:
            method = data.partition(b" ")[0].decode("ascii", "replace").lower()
            for asked in self._pending.get(method, ())[:1]:  # type: ignore[call-overload]
                asked.repeats += 1
            return
        self._sent_lately[data] = None
        if len(self._sent_lately) > REMEMBERED:
            del self._sent_lately[next(iter(self._sent_lately))]
