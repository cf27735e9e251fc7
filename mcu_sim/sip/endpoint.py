"""What the two user agents share: datagrams in and out, transactions, simple requests.

No sockets and no clock: the owner hands in datagrams and the time in ms, takes datagrams out with
`outgoing()`, and calls `advance` when `next_timeout()` has come.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass

from sipmessage import Request, Response

from mcu_sim.sip.events import Event
from mcu_sim.sip.message import (
    ALLOW,
    MAGIC_COOKIE,
    SDP_TYPE,
    GarbageError,
    HostPort,
    MalformedError,
    mark_source,
    parameter,
    parse,
    reply,
    reply_target,
    stateless_tag,
    tokens,
)
from mcu_sim.sip.timers import Agenda
from mcu_sim.sip.transaction import (
    ClientInvite,
    ClientNonInvite,
    ClientTransaction,
    Deliver,
    Key,
    NoAnswer,
    Output,
    Send,
    ServerInvite,
    ServerNonInvite,
    ServerTransaction,
    State,
    server_key,
)


@dataclass(frozen=True, slots=True)
class Datagram:
    """Bytes for one UDP datagram and where they go."""

    data: bytes
    target: HostPort


@dataclass(slots=True)
class Slot:
    """A transaction, where its peer is, and the call it belongs to ("" for none)."""

    key: Key
    transaction: ClientTransaction | ServerTransaction
    target: HostPort
    call: str


class Endpoint(ABC):
    """A SIP element with one UDP address.

    `contact` is the address others reach it at; `rng` makes branches, tags and Call-IDs.
    `dropped` counts datagrams that were thrown away, by why.
    """

    def __init__(self, contact: HostPort, user: str, rng: random.Random) -> None:
        self.contact = contact
        self.user = user
        self.dropped: Counter[str] = Counter()
        self._rng = rng
        self._slots: dict[Key, Slot] = {}
        self._agenda: Agenda[Key] = Agenda()
        self._outgoing: list[Datagram] = []
        self._events: list[Event] = []

    def receive(self, data: bytes, source: HostPort, now_ms: float) -> list[Event]:
        """Take one datagram. Never raises, whatever the bytes are."""
        if not data.strip(b"\r\n"):
            self.dropped["keep-alive"] += 1  # RFC 5626 §3.5.1
            return []
        try:
            message = parse(data)
        except MalformedError as fault:
            self.dropped["malformed"] += 1
            self._answer_malformed(fault, source)
        except GarbageError:
            self.dropped["garbage"] += 1
        else:
            if isinstance(message, Response):
                self._receive_response(message, now_ms)
            else:
                self._receive_request(message, source, now_ms)
        return self._take_events()

    def advance(self, now_ms: float) -> list[Event]:
        """Run every timer whose time has come, in order."""
        while (key := self._agenda.pop_due(now_ms)) is not None:
            slot = self._slots.get(key)
            if slot is not None:
                self._run(slot, slot.transaction.timer(now_ms), now_ms)
            else:
                self._on_call_timer(key[1], now_ms)
        return self._take_events()

    def next_timeout(self) -> float | None:
        """When `advance` has something to do, in ms of the owner's clock; None for never."""
        return self._agenda.next_timeout()

    def outgoing(self) -> list[Datagram]:
        """Take out the datagrams to send, in order."""
        datagrams, self._outgoing = self._outgoing, []
        return datagrams

    @property
    def transactions(self) -> int:
        """Transactions that are alive."""
        return len(self._slots)

    # ------------------------------------------------------------------ for the two user agents

    @abstractmethod
    def _on_invite(self, slot: Slot, request: Request, source: HostPort, now_ms: float) -> None:
        """A new INVITE, inside or outside a dialog."""

    @abstractmethod
    def _on_ack(self, request: Request, now_ms: float) -> None:
        """An ACK that is not for a refusal."""

    @abstractmethod
    def _on_bye(self, slot: Slot, request: Request, now_ms: float) -> None:
        """A new BYE."""

    @abstractmethod
    def _on_cancel(self, slot: Slot, request: Request, now_ms: float) -> None:
        """A new CANCEL."""

    @abstractmethod
    def _on_response(self, slot: Slot, response: Response, now_ms: float) -> None:
        """A response to a request of ours."""

    @abstractmethod
    def _on_no_answer(self, slot: Slot, now_ms: float) -> None:
        """A request of ours was never answered, or a refusal of ours never acknowledged."""

    @abstractmethod
    def _on_call_timer(self, call: str, now_ms: float) -> None:
        """The call's own timer (not a transaction's) ran out."""

    @abstractmethod
    def _on_gone(self, slot: Slot) -> None:
        """A transaction ended and is forgotten."""

    def _emit(self, event: Event) -> None:
        self._events.append(event)

    def _send(self, data: bytes, target: HostPort) -> None:
        self._outgoing.append(Datagram(data, target))

    def _set_call_timer(self, call: str, at_ms: float | None) -> None:
        self._agenda.set(("call", call), at_ms)

    def _random_hex(self) -> str:
        return f"{self._rng.getrandbits(64):016x}"

    def _contact_uri(self) -> str:
        return f"<sip:{self.user}@{self.contact[0]}:{self.contact[1]}>"

    def _add_via(self, request: Request) -> str:
        """Put our Via on a request of ours; the new branch is returned."""
        branch = MAGIC_COOKIE + self._random_hex()
        host, port = self.contact
        request.headers.set("Via", f"SIP/2.0/UDP {host}:{port};branch={branch};rport")
        return branch

    def _start(
        self, request: Request, branch: str, target: HostPort, call: str, now_ms: float
    ) -> Slot:
        """Send a request of ours (its Via is on it) in a new client transaction."""
        invite = request.method == "INVITE"
        transaction = ClientInvite(request) if invite else ClientNonInvite(request)
        slot = Slot(("client", branch, request.method), transaction, target, call)
        self._slots[slot.key] = slot
        self._run(slot, transaction.start(now_ms), now_ms)
        return slot

    def _respond(self, slot: Slot, response: Response, now_ms: float) -> None:
        assert isinstance(slot.transaction, ServerTransaction)
        self._run(slot, slot.transaction.respond(response, now_ms), now_ms)

    def _refuse_request(self, slot: Slot, code: int, now_ms: float, phrase: str = "") -> None:
        request = slot.transaction.request
        self._respond(slot, reply(request, code, phrase, self._random_hex()), now_ms)

    def _terminate(self, slot: Slot, now_ms: float) -> None:
        slot.transaction.terminate()
        self._run(slot, [], now_ms)

    # ------------------------------------------------------------------------------ the inside

    def _run(self, slot: Slot, outputs: list[Output], now_ms: float) -> None:
        for output in outputs:
            match output:
                case Send(data):
                    self._send(data, slot.target)
                case Deliver(Response() as response):
                    self._on_response(slot, response, now_ms)
                case Deliver(Request() as request):
                    self._on_ack(request, now_ms)
                case NoAnswer():
                    self._on_no_answer(slot, now_ms)
        if self._slots.get(slot.key) is not slot:
            return
        if slot.transaction.state is State.TERMINATED:
            del self._slots[slot.key]
            self._agenda.set(slot.key, None)
            self._on_gone(slot)
        else:
            self._agenda.set(slot.key, slot.transaction.next_timeout())

    def _receive_response(self, response: Response, now_ms: float) -> None:
        branch = parameter(response.via[0].parameters, "branch") or ""
        slot = self._slots.get(("client", branch, response.cseq.method))
        if slot is None or not isinstance(slot.transaction, ClientTransaction):
            self.dropped["stray response"] += 1
            return
        self._run(slot, slot.transaction.receive(response, now_ms), now_ms)

    def _receive_request(self, request: Request, source: HostPort, now_ms: float) -> None:
        target = reply_target(request, source)
        key = server_key(request, "INVITE" if request.method == "ACK" else request.method)
        slot = self._slots.get(key)
        if slot is not None and isinstance(slot.transaction, ServerTransaction):
            self._run(slot, slot.transaction.receive(request, now_ms), now_ms)
            return
        if request.method == "ACK":
            self._on_ack(request, now_ms)
            return
        mark_source(request, source)
        invite = request.method == "INVITE"
        transaction = ServerInvite(request, now_ms) if invite else ServerNonInvite(request)
        slot = self._slots[key] = Slot(key, transaction, target, "")
        self._agenda.set(key, transaction.next_timeout())
        self._dispatch(slot, request, source, now_ms)

    def _dispatch(self, slot: Slot, request: Request, source: HostPort, now_ms: float) -> None:
        needed = tokens(request.headers.getlist("Require"))
        if request.method == "CANCEL":
            self._on_cancel(slot, request, now_ms)
        elif request.method not in tokens([ALLOW]):
            self._answer_with_abilities(slot, 405, now_ms)
        elif needed:
            response = reply(request, 420, to_tag=self._random_hex())
            response.headers.set("Unsupported", ", ".join(needed))
            self._respond(slot, response, now_ms)
        elif request.method == "INVITE":
            self._on_invite(slot, request, source, now_ms)
        elif request.method == "BYE":
            self._on_bye(slot, request, now_ms)
        else:
            self._answer_with_abilities(slot, 200, now_ms)

    def _answer_with_abilities(self, slot: Slot, code: int, now_ms: float) -> None:
        """The answer to OPTIONS (RFC 3261 §11.2) and to methods that are not allowed."""
        response = reply(slot.transaction.request, code, to_tag=self._random_hex())
        response.headers.set("Allow", ALLOW)
        response.headers.set("Accept", SDP_TYPE)
        self._respond(slot, response, now_ms)

    def _answer_malformed(self, fault: MalformedError, source: HostPort) -> None:
        request = fault.request
        target = reply_target(request, source)
        mark_source(request, source)
        response = reply(request, fault.code, str(fault), stateless_tag(request))
        self._send(bytes(response), target)

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events
