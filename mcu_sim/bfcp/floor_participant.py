"""A floor participant (RFC 8855 §10): it asks for a content channel's floor, and gives it back.

It has no sockets and reads no clock. It has one request of its own under way at a time, which is
sent again as the server's are until it is answered (§8.3). What comes of its floor request is told
in any case, and once: granted, refused, taken away again, or without an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from giaoban.mcu_sim.bfcp.floor_server import LONGEST, MOST_ID, SENDS, T1_MS, BfcpDatagram
from giaoban.mcu_sim.bfcp.message import (
    ACKNOWLEDGED_BY,
    AttributeType,
    BfcpError,
    ErrorCode,
    FloorUser,
    Message,
    Primitive,
    RequestStatus,
    error,
    floor_requests,
    number,
    parse,
)
from giaoban.mcu_sim.sip.message.addresses import HostPort

QUERY_AFTER_MS = T1_MS * (2**SENDS - 1)
"""So long a server sends what is not acknowledged: if nothing was told of a request by then, what
was told is lost, and the participant asks for it (§10.1)."""
MOST_REQUESTS = 3
"""So often the floor is asked for in all, if the server knows nothing of the request any more."""
_ENDED = (
    RequestStatus.DENIED,
    RequestStatus.CANCELLED,
    RequestStatus.RELEASED,
    RequestStatus.REVOKED,
)


FloorDecision = RequestStatus | None
"""What comes of a request: granted, or not, or not any more; None: the server does not answer."""


class FloorAccess(NamedTuple):
    """As whom to ask for which floor, and where."""

    server: HostPort
    user: FloorUser
    floor_id: int


@dataclass(slots=True)
class _Asked:
    """A request that waits for its response."""

    message: Message
    sent: int
    next_ms: float


class FloorParticipant:
    """One user of one conference. Its owner sends what `outgoing` gives after every call."""

    def __init__(self, access: FloorAccess, now_ms: float) -> None:
        """It says Hello, and asks to be told of the floor."""
        self.access = access
        self.holds = False
        """Whether it has the floor that it asked for."""
        self._wanted = self._given_up = False
        self._request_id: int | None = None
        self._ended_id: int | None = None
        """Of the last request that came to its end: what of it is still under way says nothing."""
        self._requests = 0
        self._last_transaction = 0
        self._query_ms: float | None = None
        self._asked: _Asked | None = None
        self._to_ask = [Primitive.HELLO, Primitive.FLOOR_QUERY]
        self._out: list[BfcpDatagram] = []
        self._go_on(now_ms)

    def request(self, now_ms: float) -> None:
        """It wants the floor."""
        self._wanted, self._given_up, self._requests = True, False, 0
        self._ask(Primitive.FLOOR_REQUEST, now_ms)

    def release(self, now_ms: float) -> None:
        """It wants the floor no longer, whether it has it or not."""
        asks = self._asked is not None and self._asked.message.primitive == Primitive.FLOOR_REQUEST
        self._to_ask = [each for each in self._to_ask if each is not Primitive.FLOOR_REQUEST]
        self._wanted = self.holds = False
        self._query_ms = None
        if asks or self._request_id is not None:
            self._ask(Primitive.FLOOR_RELEASE, now_ms)

    def receive(self, data: bytes, source: HostPort, now_ms: float) -> list[FloorDecision]:
        """Take a datagram in. What is not the server's, or about another user, leads nowhere."""
        if source[0] != self.access.server[0] or len(data) > LONGEST:
            return []
        try:
            message = parse(data)
        except BfcpError:
            return []
        if (message.conference_id, message.user_id) != self.access.user:
            return []
        found: list[FloorDecision] = []
        if message.responds:
            if self._asked is not None and self._asked.message.transaction_id == (
                message.transaction_id
            ):
                found = self._responded(message, now_ms)
        else:
            found = self._told(message, now_ms)
        self._go_on(now_ms)
        return found

    def outgoing(self) -> list[BfcpDatagram]:
        """What is to be sent now."""
        out, self._out = self._out, []
        return out

    def next_timeout(self) -> float | None:
        """When `advance` is due next, ms."""
        if self._asked is not None:
            return self._asked.next_ms
        return self._query_ms

    def advance(self, now_ms: float) -> list[FloorDecision]:
        """Send again what was not answered; after the last time its answer is not waited for."""
        asked, found = self._asked, []
        if asked is None:
            if self._query_ms is not None and self._query_ms <= now_ms:
                self._query_ms = None
                self._ask(Primitive.FLOOR_REQUEST_QUERY, now_ms)
        elif asked.next_ms <= now_ms and asked.sent < SENDS:
            asked.sent += 1
            asked.next_ms = now_ms + T1_MS * 2 ** (asked.sent - 1)
            self._send(asked.message)
        elif asked.next_ms <= now_ms:
            self._asked = None
            if asked.message.primitive in (Primitive.FLOOR_REQUEST, Primitive.FLOOR_REQUEST_QUERY):
                found = self._comes_to_nothing(None)
            self._go_on(now_ms)
        return found

    # ------------------------------------------------------------------------------ what comes

    def _responded(self, message: Message, now_ms: float) -> list[FloorDecision]:
        assert self._asked is not None
        asked, self._asked = Primitive(self._asked.message.primitive), None
        if message.primitive != Primitive.ERROR:
            return self._take(message, now_ms)
        code = message.error_code
        unknown = code == ErrorCode.FLOOR_REQUEST_ID_DOES_NOT_EXIST
        if asked is Primitive.FLOOR_REQUEST_QUERY and unknown and self._wanted:
            self._ended_id, self._request_id, self.holds = self._request_id, None, False
            if self._requests < MOST_REQUESTS:
                self._to_ask.append(Primitive.FLOOR_REQUEST)
                return []
            return self._comes_to_nothing(None)
        if asked in (Primitive.FLOOR_REQUEST, Primitive.FLOOR_REQUEST_QUERY):
            return self._comes_to_nothing(RequestStatus.DENIED)
        return []

    def _told(self, message: Message, now_ms: float) -> list[FloorDecision]:
        """What the server says by itself is acknowledged."""
        answer = ACKNOWLEDGED_BY.get(message.primitive)  # type: ignore[call-overload]
        if answer is None:
            refused = message.answer(Primitive.ERROR, error(ErrorCode.UNKNOWN_PRIMITIVE))
            self._send(refused)
            return []
        self._send(message.answer(answer))
        return self._take(message, now_ms)

    def _take(self, message: Message, now_ms: float) -> list[FloorDecision]:
        """How its own request stands, if a message says so; of others' nothing follows."""
        if message.primitive != Primitive.FLOOR_REQUEST_STATUS:
            return []
        for request_id, status in floor_requests(message):
            if request_id == self._ended_id:
                continue
            if status in _ENDED:
                return self._ended(request_id, status)
            if status is RequestStatus.GRANTED:
                return self._granted(request_id)
            if not self.holds and self._wanted:
                self._request_id, self._query_ms = request_id, now_ms + QUERY_AFTER_MS
            elif not self._wanted:
                self._request_id = request_id
        return []

    def _granted(self, request_id: int) -> list[FloorDecision]:
        self._request_id, self._query_ms = request_id, None
        if self._given_up:  # nobody waits for it any more
            self._given_up = False
            self._to_ask.append(Primitive.FLOOR_RELEASE)
        if not self._wanted or self.holds:
            return []
        self.holds = True
        return [RequestStatus.GRANTED]

    def _ended(self, request_id: int, status: RequestStatus) -> list[FloorDecision]:
        if self._request_id not in (None, request_id):
            return []
        self._ended_id, self._request_id = request_id, None
        wanted = self._wanted
        self._wanted = self.holds = False
        self._query_ms = None
        return [status] if wanted else []

    def _comes_to_nothing(self, status: RequestStatus | None) -> list[FloorDecision]:
        if not self._wanted or self.holds:  # the server said more by itself
            return []
        self._wanted, self._given_up, self._query_ms = False, status is None, None
        return [status]

    # ---------------------------------------------------------------------------- what is asked

    def _ask(self, what: Primitive, now_ms: float) -> None:
        self._to_ask.append(what)
        self._go_on(now_ms)

    def _go_on(self, now_ms: float) -> None:
        """Ask for the next thing, if nothing is waited for."""
        while self._asked is None and self._to_ask:
            what = self._to_ask.pop(0)
            attributes = []
            match what:
                case Primitive.FLOOR_QUERY | Primitive.FLOOR_REQUEST:
                    attributes = [number(AttributeType.FLOOR_ID, self.access.floor_id)]
                    self._requests += what is Primitive.FLOOR_REQUEST
                case Primitive.FLOOR_RELEASE | Primitive.FLOOR_REQUEST_QUERY:
                    if self._request_id is None:
                        continue  # it has come to nothing meanwhile
                    attributes = [number(AttributeType.FLOOR_REQUEST_ID, self._request_id)]
            self._last_transaction = self._last_transaction % MOST_ID + 1
            conference_id, user_id = self.access.user
            message = Message(
                what, conference_id, self._last_transaction, user_id, tuple(attributes)
            )
            self._asked = _Asked(message, 1, now_ms + T1_MS)
            self._send(message)

    def _send(self, message: Message) -> None:
        self._out.append(BfcpDatagram(message.packed(), self.access.server))
