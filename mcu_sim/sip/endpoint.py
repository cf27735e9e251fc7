"""The parts that a user agent has in common: messages, transactions, timers, events.

No sockets and no clock: the owner hands in messages and the time in ms. A `TransactionUser` goes
with each transaction and acts on its requests and responses.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.events import Event
from giaoban.mcu_sim.sip.message import (
    MAGIC_COOKIE,
    HostPort,
    MalformedError,
    Peer,
    Transport,
    cseq_of,
    mark_source,
    parameter,
    parse,
    reply,
    reply_target,
    top_via,
)
from giaoban.mcu_sim.sip.transaction import (
    ClientInvite,
    ClientNonInvite,
    ClientTransaction,
    Key,
    OutgoingData,
    Output,
    ReceivedMessage,
    ServerInvite,
    ServerNonInvite,
    ServerTransaction,
    TimerQueue,
    TransactionState,
    TransactionTimeout,
    server_key,
)

MAX_TRANSACTIONS = 32_768
"""Transactions at the same time: 500 calls/s begun and ended, 32 s each (timers J and L). Further
requests are dropped."""


@dataclass(frozen=True, slots=True)
class SipDatagram:
    """Bytes to send and where to: one UDP datagram, or one message on a TCP connection."""

    data: bytes
    target: Peer


class TransactionUser:
    """The user of a transaction (RFC 3261 §17). This one ignores its results."""

    def on_response(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        """Take a response to a request of ours."""

    def on_no_answer(self, slot: TransactionSlot, now_ms: float) -> None:
        """Take the end of a request of ours without an answer, or of a refusal without an ACK."""

    def on_gone(self, slot: TransactionSlot) -> None:
        """Take the end of the transaction, which is forgotten."""


NO_TRANSACTION_USER = TransactionUser()


@dataclass(slots=True, eq=False)
class TransactionSlot:
    """A transaction, its peer, its user, and the call it belongs to ("": none)."""

    key: Key
    transaction: ClientTransaction | ServerTransaction
    target: Peer
    tu: TransactionUser = NO_TRANSACTION_USER
    call: str = ""

    @property
    def request(self) -> Request:
        """The request of the transaction."""
        return self.transaction.request


class Endpoint:
    """A SIP element with one address. `on_timer` has a function for each kind of timer.

    `contact` is the address that peers reach it at; `rng` makes branches, tags and Call-IDs.
    `dropped` counts dropped messages by reason.
    """

    def __init__(
        self,
        contact: HostPort,
        user: str,
        rng: random.Random,
        on_request: Callable[[TransactionSlot, Request, Peer, float], None],
        on_ack: Callable[[Request, float], None],
    ) -> None:
        self.contact = contact
        self.user = user
        self.rng = rng
        self.dropped: Counter[str] = Counter()
        self.slots: dict[Key, TransactionSlot] = {}
        self.on_timer: dict[str, Callable[[str, float], None]] = {}
        self._on_request = on_request
        self._on_ack = on_ack
        self._timers: TimerQueue[Key] = TimerQueue()
        self._outgoing: list[SipDatagram] = []
        self._events: list[Event] = []

    # ------------------------------------------------------------------------- from the owner

    def receive(self, data: bytes, source: Peer, now_ms: float) -> list[Event]:
        """Take one message of any bytes."""
        if not data.strip(b"\r\n"):
            return []  # a keep-alive (RFC 5626 §3.5.1)
        try:
            message = parse(data, stream=source.reliable)
        except MalformedError:
            self.dropped["malformed"] += 1
        else:
            if isinstance(message, Response):
                self._receive_response(message, now_ms)
            else:
                self._receive_request(message, source, now_ms)
        return self.take_events()

    def advance(self, now_ms: float) -> list[Event]:
        """Run every timer whose time has come, in order."""
        while (key := self._timers.pop_due(now_ms)) is not None:
            slot = self.slots.get(key)
            if slot is not None:
                self._run(slot, slot.transaction.timer(now_ms), now_ms)
            else:
                kind, name = key
                self.on_timer[kind](name, now_ms)
        return self.take_events()

    def transport_failed(self, target: Peer, now_ms: float) -> list[Event]:
        """End our requests to `target` that had no response: the network reports that they do not
        arrive (RFC 3261 §18.4)."""
        for slot in list(self.slots.values()):
            transaction = slot.transaction
            if slot.target == target and isinstance(transaction, ClientTransaction):
                self._run(slot, transaction.transport_failed(), now_ms)
        return self.take_events()

    def next_timeout(self) -> float | None:
        """Return the time at which `advance` is needed, None for never."""
        return self._timers.next_timeout()

    def take_outgoing(self) -> list[SipDatagram]:
        """Take out the messages to send, in order."""
        datagrams, self._outgoing = self._outgoing, []
        return datagrams

    def take_events(self) -> list[Event]:
        """Take out the events, in order."""
        events, self._events = self._events, []
        return events

    # ------------------------------------------------------------------------- from the parts

    def emit(self, event: Event) -> None:
        """Give an event to the owner."""
        self._events.append(event)

    def send(self, data: bytes, target: Peer) -> None:
        """Send bytes outside any transaction."""
        self._outgoing.append(SipDatagram(data, target))

    def set_timer(self, kind: str, name: str, at_ms: float | None) -> None:
        """Set, move or (None) stop the timer of this kind and name; see `on_timer`."""
        self._timers.set((kind, name), at_ms)

    def random_hex(self) -> str:
        """Return 64 random bits for a tag, branch or name."""
        return f"{self.rng.getrandbits(64):016x}"

    def contact_uri(self, transport: Transport) -> str:
        """Return our Contact, for a dialog over this transport."""
        host, port = self.contact
        tail = "" if transport == "UDP" else f";transport={transport.lower()}"
        return f"<sip:{self.user}@{host}:{port}{tail}>"

    def add_via(self, request: Request, target: Peer) -> str:
        """Put our Via on a request of ours and return the new branch."""
        branch = MAGIC_COOKIE + self.random_hex()
        host, port = self.contact
        tail = "" if target.reliable else ";rport"
        via = f"SIP/2.0/{target.transport} {host}:{port};branch={branch}{tail}"
        request.headers.set("Via", via)
        return branch

    def start(
        self,
        request: Request,
        target: Peer,
        now_ms: float,
        tu: TransactionUser = NO_TRANSACTION_USER,
        *,
        branch: str = "",
    ) -> TransactionSlot:
        """Send a request of ours in a new client transaction.

        `branch` is given if the request has its Via already, as a CANCEL has its INVITE's.
        """
        branch = branch or self.add_via(request, target)
        kind = ClientInvite if request.method == "INVITE" else ClientNonInvite
        transaction = kind(request, target.reliable)
        slot = TransactionSlot(("client", branch, request.method), transaction, target, tu)
        self.slots[slot.key] = slot
        self._run(slot, transaction.start(now_ms), now_ms)
        return slot

    def limit(self, slot: TransactionSlot, at_ms: float) -> None:
        """Give up an INVITE of ours that has no final response by `at_ms`."""
        assert isinstance(slot.transaction, ClientInvite)
        slot.transaction.limit(at_ms)
        if slot.key in self.slots:
            self._timers.set(slot.key, slot.transaction.next_timeout())

    def drop(self, slot: TransactionSlot) -> None:
        """Forget a transaction: its request is not repeated, its responses are stray."""
        if self.slots.pop(slot.key, None) is not None:
            self._timers.set(slot.key, None)

    def respond(self, slot: TransactionSlot, response: Response, now_ms: float) -> None:
        """Answer a request in its server transaction."""
        assert isinstance(slot.transaction, ServerTransaction)
        self._run(slot, slot.transaction.respond(response, now_ms), now_ms)

    def refuse(
        self,
        slot: TransactionSlot,
        code: int,
        now_ms: float,
        phrase: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer a request without body."""
        response = reply(slot.request, code, phrase, self.random_hex())
        for name, value in (headers or {}).items():
            response.headers.set(name, value)
        self.respond(slot, response, now_ms)

    # ------------------------------------------------------------------------------ the inside

    def _run(self, slot: TransactionSlot, outputs: list[Output], now_ms: float) -> None:
        for output in outputs:
            match output:
                case OutgoingData(data):
                    self.send(data, slot.target)
                case ReceivedMessage(Response() as response):
                    slot.tu.on_response(slot, response, now_ms)
                case ReceivedMessage(Request() as request):
                    self._on_ack(request, now_ms)
                case TransactionTimeout():
                    slot.tu.on_no_answer(slot, now_ms)
        if self.slots.get(slot.key) is not slot:
            return
        transaction = slot.transaction
        if transaction.state is TransactionState.TERMINATED:
            del self.slots[slot.key]
            self._timers.set(slot.key, None)
            slot.tu.on_gone(slot)
        else:
            self._timers.set(slot.key, transaction.next_timeout())

    def _receive_response(self, response: Response, now_ms: float) -> None:
        branch = parameter(top_via(response).parameters, "branch") or ""
        slot = self.slots.get(("client", branch, cseq_of(response).method))
        if slot is None or not isinstance(slot.transaction, ClientTransaction):
            self.dropped["stray response"] += 1
            return
        self._run(slot, slot.transaction.receive(response, now_ms), now_ms)

    def _receive_request(self, request: Request, source: Peer, now_ms: float) -> None:
        method = request.method
        key = server_key(request, "INVITE" if method == "ACK" else method)
        slot = self.slots.get(key)
        if slot is not None and isinstance(slot.transaction, ServerTransaction):
            self._run(slot, slot.transaction.receive(request, now_ms), now_ms)
            return
        if method == "ACK":
            self._on_ack(request, now_ms)
            return
        if len(self.slots) >= MAX_TRANSACTIONS and method not in ("BYE", "CANCEL"):
            self.dropped["overload"] += 1
            return
        target = reply_target(request, source)
        mark_source(request, source)
        transaction: ServerTransaction
        if method == "INVITE":
            transaction = ServerInvite(request, now_ms, source.reliable)
        else:
            transaction = ServerNonInvite(request, source.reliable)
        slot = self.slots[key] = TransactionSlot(key, transaction, target)
        self._timers.set(key, transaction.next_timeout())
        self._on_request(slot, request, source, now_ms)
