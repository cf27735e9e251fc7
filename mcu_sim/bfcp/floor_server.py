"""A floor control server (RFC 8855) for the content channels of any number of conferences.

It has no sockets and reads no clock. Each conference has one floor. A request is answered "pending"
at once and told to the owner, who decides (`hold`, `deny`); what it decides is told to whoever
asked and to all who asked to be told. Everything that it tells by itself is sent again until it is
acknowledged (§8.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from giaoban.mcu_sim.bfcp.message import (
    ACKNOWLEDGED_BY,
    Attribute,
    AttributeType,
    BfcpError,
    ErrorCode,
    FloorUser,
    Message,
    Primitive,
    RequestStatus,
    beneficiary,
    error,
    floor_request_information,
    header_of,
    number,
    octets,
    parse,
)
from giaoban.mcu_sim.sip.message.addresses import HostPort

FLOOR_ID = 1
"""Of the one floor of a conference: its content channel."""
T1_MS, SENDS = 500.0, 4
"""What is not acknowledged is sent again after 0.5 s, 1 s and 2 s; 4 s later its receiver is taken
to be gone (§8.3.1)."""
T2_MS = 10_000.0
"""So long a response is kept for a request that comes again (§8.3.2)."""
MOST_KEPT = 16
"""Responses to a user that are kept."""
MOST_TOLD = 12
"""So many requests of a floor are told of at most: a message is one datagram."""
MOST_REQUESTS, REQUESTS_WITHIN_MS = 10, 10_000.0
"""So many floor requests of a user within such a time are taken; each is an event to somebody."""
LONGEST = 1500
"""Bytes of a datagram that is looked at: no request has as many."""
MOST_ID = 0xFFFF
_CHAIRS = (Primitive.CHAIR_ACTION, Primitive.CHAIR_ACTION_ACK)
_UNDERSTOOD = [primitive for primitive in Primitive if primitive not in _CHAIRS]


class FloorRequested(NamedTuple):
    """Somebody wants the floor."""

    user: FloorUser


class FloorReleased(NamedTuple):
    """Whoever had the floor gives it back, or cannot be reached any more."""

    user: FloorUser


Event = FloorRequested | FloorReleased


class BfcpDatagram(NamedTuple):
    """What is to be sent."""

    data: bytes
    target: HostPort


@dataclass(slots=True)
class _Request:
    user: FloorUser
    status: RequestStatus = RequestStatus.PENDING


@dataclass(slots=True)
class _Notice:
    """What waits for an acknowledgement."""

    message: Message
    sent: int
    next_ms: float


class _Response(NamedTuple):
    data: bytes
    until_ms: float


@dataclass(slots=True)
class _User:
    """`remote` is what its call says, `target` where it is; `heard`: something came from there."""

    name: str
    remote: HostPort
    target: HostPort
    assured: bool
    heard: bool = False
    wants_to_know: bool = False
    requested_ms: list[float] = field(default_factory=list)
    notices: dict[int, _Notice] = field(default_factory=dict)
    """By transaction."""
    responses: dict[tuple[int, int], _Response] = field(default_factory=dict)
    """By transaction and primitive of the request."""


@dataclass(slots=True)
class _Conference:
    users: dict[FloorUser, _User] = field(default_factory=dict)
    requests: dict[int, _Request] = field(default_factory=dict)
    """By id, in the order in which they came; one a user."""
    last_request: int = 0


class FloorServer:
    """All conferences' floors."""

    def __init__(self) -> None:
        self._conferences: dict[int, _Conference] = {}
        self._out: list[BfcpDatagram] = []
        self._last_transaction = 0

    def enter(self, user: FloorUser, name: str, remote: HostPort, *, assured: bool) -> None:
        """A user may ask from now on, from its host alone; `remote`: where it is reached until it
        has said something. One that is there already has another address from now on.

        `assured`: it is told of what happens before it has said anything. Else the address may be
        somebody's who wants to hear nothing.
        """
        conference = self._conferences.setdefault(user.conference_id, _Conference())
        known = conference.users.get(user)
        if known is None or known.remote != remote:
            conference.users[user] = _User(name, remote, remote, assured)

    def leave(self, user: FloorUser, now_ms: float) -> None:
        """A user's call is over: its requests are gone. The floor that it had is its owner's to
        give to another one."""
        conference = self._conferences.get(user.conference_id)
        if conference is None or conference.users.pop(user, None) is None:
            return
        if self._withdraw(conference, user):
            self._tell_all(conference, now_ms)
        if not conference.users:
            del self._conferences[user.conference_id]

    def waiting(self) -> list[FloorUser]:
        """Who wants the floor of a conference and has it not; of each the first first."""
        requests = [each for c in self._conferences.values() for each in c.requests.values()]
        return [each.user for each in requests if each.status is RequestStatus.PENDING]

    def hold(self, conference_id: int, holder: FloorUser | None, now_ms: float) -> None:
        """From now on `holder` has the floor, whether it has asked for it or not; None: nobody."""
        conference = self._conferences.get(conference_id)
        if conference is None:
            return
        changed = False
        for request_id, request in list(conference.requests.items()):
            if request.status is RequestStatus.GRANTED and request.user != holder:
                self._end(conference, request_id, RequestStatus.REVOKED, now_ms)
                changed = True
        if holder is not None and holder in conference.users:
            request_id = self._request_of(conference, holder) or self._add(conference, holder)
            request = conference.requests[request_id]
            if request.status is not RequestStatus.GRANTED:
                request.status = RequestStatus.GRANTED
                self._tell_status(conference, request_id, now_ms)
                changed = True
        if changed:
            self._tell_all(conference, now_ms)

    def deny(self, user: FloorUser, now_ms: float) -> None:
        """A request comes to nothing."""
        conference = self._conferences.get(user.conference_id)
        request_id = None if conference is None else self._request_of(conference, user)
        if conference is None or request_id is None:
            return
        self._end(conference, request_id, RequestStatus.DENIED, now_ms)
        self._tell_all(conference, now_ms)

    def receive(self, data: bytes, source: HostPort, now_ms: float) -> list[Event]:
        """Take a datagram in. What comes from a host at which nobody has entered is not answered:
        it may be somebody else's address. To a host another's user does not exist."""
        header = header_of(data) if len(data) <= LONGEST else None
        if header is None or not self._is_known(source[0]):
            return []
        user = self._user(header, source)
        if user is None:
            if not header.responds:
                there = header.conference_id in self._conferences
                missing = (
                    ErrorCode.USER_DOES_NOT_EXIST if there else ErrorCode.CONFERENCE_DOES_NOT_EXIST
                )
                answer = header.answer(Primitive.ERROR, error(missing))
                self._out.append(BfcpDatagram(answer.packed(), source))
            return []
        try:
            message = parse(data)
        except BfcpError as wrong:
            if not header.responds:
                answer = header.answer(Primitive.ERROR, error(wrong.code, wrong.details))
                self._out.append(BfcpDatagram(answer.packed(), source))
            return []
        if message.responds:
            notice = user.notices.get(message.transaction_id)
            if notice is not None and message.primitive in (
                ACKNOWLEDGED_BY[Primitive(notice.message.primitive)],
                Primitive.ERROR,
            ):
                del user.notices[message.transaction_id]
                user.target, user.heard = source, True
            return []
        user.target, user.heard = source, True
        key = message.transaction_id, message.primitive
        known = user.responses.get(key)
        if known is not None and now_ms <= known.until_ms:
            self._out.append(BfcpDatagram(known.data, source))
            return []
        before = len(self._out)
        answer, events = self._do(message, user, now_ms)
        data = answer.packed()
        user.responses.pop(key, None)
        user.responses[key] = _Response(data, now_ms + T2_MS)
        while len(user.responses) > MOST_KEPT:
            del user.responses[next(iter(user.responses))]
        self._out.insert(
            before, BfcpDatagram(data, source)
        )  # before what is told of its consequences
        return events

    def outgoing(self) -> list[BfcpDatagram]:
        """What is to be sent now."""
        out, self._out = self._out, []
        return out

    def next_timeout(self) -> float | None:
        """When `advance` is due next, ms."""
        return min((notice.next_ms for _, notice in self._notices()), default=None)

    def advance(self, now_ms: float) -> list[Event]:
        """Send again what was not acknowledged; who acknowledges nothing is taken to be gone."""
        events: list[Event] = []
        for user, notice in list(self._notices()):
            if notice.next_ms > now_ms:
                continue
            conference = self._conferences[user.conference_id]
            if user not in conference.users or not conference.users[user].notices:
                continue  # given up since
            if notice.sent == SENDS:
                events += self._give_up(conference, user, now_ms)
                continue
            notice.sent += 1
            notice.next_ms = now_ms + T1_MS * 2 ** (notice.sent - 1)
            target = conference.users[user].target
            self._out.append(BfcpDatagram(notice.message.packed(), target))
        return events

    def _is_known(self, host: str) -> bool:
        conferences = self._conferences.values()
        return any(user.remote[0] == host for one in conferences for user in one.users.values())

    def _user(self, message: Message, source: HostPort) -> _User | None:
        conference = self._conferences.get(message.conference_id)
        key = FloorUser(message.conference_id, message.user_id)
        user = None if conference is None else conference.users.get(key)
        return user if user is not None and user.remote[0] == source[0] else None

    def _do(self, message: Message, user: _User, now_ms: float) -> tuple[Message, list[Event]]:
        """The answer to a request, and what the owner has to know."""
        key = FloorUser(message.conference_id, message.user_id)
        conference = self._conferences[key.conference_id]
        match message.primitive:
            case Primitive.FLOOR_REQUEST:
                return self._requested(message, conference, user, now_ms)
            case Primitive.FLOOR_RELEASE:
                return self._released(message, conference, user, now_ms)
            case Primitive.FLOOR_REQUEST_QUERY:
                request_id = message.number(AttributeType.FLOOR_REQUEST_ID)
                if request_id not in conference.requests:
                    return _refused(message, ErrorCode.FLOOR_REQUEST_ID_DOES_NOT_EXIST)
                told = self._information(conference, request_id)
                return message.answer(Primitive.FLOOR_REQUEST_STATUS, told), []
            case Primitive.USER_QUERY:
                about = message.number(AttributeType.BENEFICIARY_ID)
                asked_for = key if about is None else key._replace(user_id=about)
                if asked_for not in conference.users:
                    return _refused(message, ErrorCode.USER_DOES_NOT_EXIST)
                request_id = self._request_of(conference, asked_for)
                told_of = [] if request_id is None else [self._information(conference, request_id)]
                if about is not None:  # the answer says of whom it is (§13.3)
                    told_of.insert(0, beneficiary(about, conference.users[asked_for].name))
                return message.answer(Primitive.USER_STATUS, *told_of), []
            case Primitive.FLOOR_QUERY:
                asked = message.numbers(AttributeType.FLOOR_ID)
                if any(one != FLOOR_ID for one in asked):
                    return _refused(message, ErrorCode.INVALID_FLOOR_ID)
                user.wants_to_know = bool(asked)  # a query for no floor ends it
                told_of = self._floor_status(conference) if asked else []
                return message.answer(Primitive.FLOOR_STATUS, *told_of), []
            case Primitive.HELLO:
                primitives = octets(AttributeType.SUPPORTED_PRIMITIVES, _UNDERSTOOD)
                kinds = octets(
                    AttributeType.SUPPORTED_ATTRIBUTES, (kind << 1 for kind in AttributeType)
                )
                return message.answer(Primitive.HELLO_ACK, primitives, kinds), []
            case Primitive.GOODBYE:
                user.responses.clear()  # it may begin anew, by the same numbers
                answer = message.answer(Primitive.GOODBYE_ACK)
                return answer, self._give_up(conference, key, now_ms)
            case Primitive.CHAIR_ACTION:  # the chair commands by other means
                return _refused(message, ErrorCode.UNAUTHORIZED_OPERATION)
            case _:
                return _refused(message, ErrorCode.UNKNOWN_PRIMITIVE)

    def _requested(
        self, message: Message, conference: _Conference, user: _User, now_ms: float
    ) -> tuple[Message, list[Event]]:
        key = FloorUser(message.conference_id, message.user_id)
        if message.numbers(AttributeType.FLOOR_ID) != [FLOOR_ID]:
            return _refused(message, ErrorCode.INVALID_FLOOR_ID)
        if message.number(AttributeType.BENEFICIARY_ID) not in (None, key.user_id):
            return _refused(message, ErrorCode.UNAUTHORIZED_OPERATION)
        known = self._request_of(conference, key)
        if known is not None:  # the floor may have been given to it before it asked
            told = self._information(conference, known)
            return message.answer(Primitive.FLOOR_REQUEST_STATUS, told), []
        recent = [at_ms for at_ms in user.requested_ms if now_ms - at_ms < REQUESTS_WITHIN_MS]
        if len(recent) >= MOST_REQUESTS:
            return _refused(message, ErrorCode.MAX_FLOOR_REQUESTS_REACHED)
        user.requested_ms = [*recent, now_ms]
        request_id = self._add(conference, key)
        self._tell_all(conference, now_ms)
        told = self._information(conference, request_id)
        return message.answer(Primitive.FLOOR_REQUEST_STATUS, told), [FloorRequested(key)]

    def _released(
        self, message: Message, conference: _Conference, user: _User, now_ms: float
    ) -> tuple[Message, list[Event]]:
        key = FloorUser(message.conference_id, message.user_id)
        request_id = message.number(AttributeType.FLOOR_REQUEST_ID)
        request = None if request_id is None else conference.requests.get(request_id)
        if request_id is None or request is None or request.user != key:
            return _refused(message, ErrorCode.FLOOR_REQUEST_ID_DOES_NOT_EXIST)
        had = request.status is RequestStatus.GRANTED
        request.status = RequestStatus.RELEASED if had else RequestStatus.CANCELLED
        told = self._information(conference, request_id)
        del conference.requests[request_id]
        _forget(user, Primitive.FLOOR_REQUEST_STATUS)
        self._tell_all(conference, now_ms)
        answer = message.answer(Primitive.FLOOR_REQUEST_STATUS, told)
        return answer, [FloorReleased(key)] if had else []

    def _give_up(self, conference: _Conference, key: FloorUser, now_ms: float) -> list[Event]:
        """A user is there, but says nothing any more: nothing is told to it, and it wants nothing;
        it may begin anew."""
        user = conference.users[key]
        user.wants_to_know = False
        user.notices.clear()
        if not user.heard:  # it speaks no BFCP, and may have been given the floor nevertheless
            return []
        request_id = self._request_of(conference, key)
        had = (
            request_id is not None
            and conference.requests[request_id].status is RequestStatus.GRANTED
        )
        if self._withdraw(conference, key):
            self._tell_all(conference, now_ms)
        return [FloorReleased(key)] if had else []

    def _request_of(self, conference: _Conference, key: FloorUser) -> int | None:
        return next((i for i, each in conference.requests.items() if each.user == key), None)

    def _add(self, conference: _Conference, key: FloorUser) -> int:
        while True:  # there are fewer requests than ids: one a user
            conference.last_request = conference.last_request % MOST_ID + 1
            if conference.last_request not in conference.requests:
                break
        conference.requests[conference.last_request] = _Request(key)
        return conference.last_request

    def _withdraw(self, conference: _Conference, key: FloorUser) -> bool:
        request_id = self._request_of(conference, key)
        return conference.requests.pop(request_id or 0, None) is not None

    def _end(
        self, conference: _Conference, request_id: int, status: RequestStatus, now_ms: float
    ) -> None:
        conference.requests[request_id].status = status
        self._tell_status(conference, request_id, now_ms)
        del conference.requests[request_id]

    def _information(self, conference: _Conference, request_id: int) -> Attribute:
        request = conference.requests[request_id]
        waiting = [
            i for i, each in conference.requests.items() if each.status is RequestStatus.PENDING
        ]
        position = waiting.index(request_id) + 1 if request_id in waiting else 0
        user = request.user
        name = conference.users[user].name if user in conference.users else ""
        return floor_request_information(
            request_id, FLOOR_ID, request.status, position, user.user_id, name
        )

    def _floor_status(self, conference: _Conference) -> list[Attribute]:
        granted_first = sorted(
            conference.requests,
            key=lambda i: conference.requests[i].status is not RequestStatus.GRANTED,
        )
        told = [self._information(conference, each) for each in granted_first[:MOST_TOLD]]
        return [number(AttributeType.FLOOR_ID, FLOOR_ID), *told]

    def _tell_status(self, conference: _Conference, request_id: int, now_ms: float) -> None:
        key = conference.requests[request_id].user
        told = self._information(conference, request_id)
        self._notify(conference, key, Primitive.FLOOR_REQUEST_STATUS, [told], now_ms)

    def _tell_all(self, conference: _Conference, now_ms: float) -> None:
        for key, user in conference.users.items():
            if user.wants_to_know:
                told = self._floor_status(conference)
                self._notify(conference, key, Primitive.FLOOR_STATUS, told, now_ms)

    def _notify(
        self,
        conference: _Conference,
        key: FloorUser,
        primitive: Primitive,
        attributes: list[Attribute],
        now_ms: float,
    ) -> None:
        user = conference.users.get(key)
        if user is None or not (user.heard or user.assured):
            return
        _forget(user, primitive)  # what it tells is not so any more
        self._last_transaction = self._last_transaction % MOST_ID + 1
        transaction_id = self._last_transaction
        message = Message(
            primitive, key.conference_id, transaction_id, key.user_id, tuple(attributes)
        )
        user.notices[transaction_id] = _Notice(message, 1, now_ms + T1_MS)
        self._out.append(BfcpDatagram(message.packed(), user.target))

    def _notices(self) -> Iterator[tuple[FloorUser, _Notice]]:
        for conference in self._conferences.values():
            for key, user in conference.users.items():
                for notice in user.notices.values():
                    yield key, notice


def _forget(user: _User, primitive: Primitive) -> None:
    """Notices of a kind that wait for an acknowledgement are not sent again."""
    for transaction_id, notice in list(user.notices.items()):
        if notice.message.primitive == primitive:
            del user.notices[transaction_id]


def _refused(message: Message, code: ErrorCode) -> tuple[Message, list[Event]]:
    return message.answer(Primitive.ERROR, error(code)), []
