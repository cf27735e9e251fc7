"""The floor control server: who asks, who has the floor, who is told, and what gets lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from giaoban.mcu_sim.bfcp.floor_server import (
    LONGEST,
    MOST_KEPT,
    MOST_REQUESTS,
    REQUESTS_WITHIN_MS,
    SENDS,
    T1_MS,
    T2_MS,
    Event,
    FloorReleased,
    FloorRequested,
    FloorServer,
)
from giaoban.mcu_sim.bfcp.message import (
    Attribute,
    AttributeType,
    FloorUser,
    Message,
    Primitive,
    RequestStatus,
    beneficiary,
    number,
    parse,
)

FLOOR = number(AttributeType.FLOOR_ID, 1)
WEST, EAST = FloorUser(7, 1), FloorUser(7, 2)


@dataclass
class Clients:
    """A server, and clients that acknowledge what it tells them."""

    server: FloorServer = field(default_factory=FloorServer)
    now_ms: float = 0.0
    events: list[Event] = field(default_factory=list)
    silent: bool = False
    transaction: int = 0
    told: list[Message] = field(default_factory=list)
    """What the server said by itself, each once."""

    def __post_init__(self) -> None:
        for user in (WEST, EAST):
            self.server.enter(user, f"user {user.user_id}", address(user), assured=True)

    def ask(
        self, user: FloorUser, primitive: Primitive, *attributes: Attribute, source: str = ""
    ) -> Message | None:
        """The response to a request, if there is one."""
        self.transaction += 1
        message = Message(primitive, *user[:1], self.transaction, user.user_id, attributes)
        host, port = address(user)
        self.events += self.server.receive(message.packed(), (source or host, port), self.now_ms)
        return self.listen()

    def listen(self) -> Message | None:
        """Take in what the server sends; the response among it."""
        response = None
        for datagram in self.server.outgoing():
            message = parse(datagram.data)
            if message.responds:
                response = message
                continue
            assert datagram.target == address(FloorUser(7, message.user_id))
            if message not in self.told:
                self.told.append(message)
            if not self.silent:
                acknowledged = {
                    Primitive.FLOOR_STATUS: Primitive.FLOOR_STATUS_ACK,
                    Primitive.FLOOR_REQUEST_STATUS: Primitive.FLOOR_REQUEST_STATUS_ACK,
                }[Primitive(message.primitive)]
                answer = message.answer(acknowledged).packed()
                assert self.server.receive(answer, datagram.target, self.now_ms) == []
        return response

    def statuses(self, user: FloorUser) -> list[RequestStatus]:
        """What a user was told of its request by itself."""
        mine = [m for m in self.told if m.user_id == user.user_id]
        return [status(m) for m in mine if m.primitive == Primitive.FLOOR_REQUEST_STATUS]


def address(user: FloorUser) -> tuple[str, int]:
    return f"10.0.0.{user.user_id}", 5000 + user.user_id


def inside(attribute: Attribute) -> tuple[int, list[Attribute]]:
    """Number and attributes of a grouped one."""
    group = Message(1, 0, 0, 0, ()).packed()[:2] + (len(attribute.value[2:]) // 4).to_bytes(
        2, "big"
    )
    parsed = parse(group + bytes(8) + attribute.value[2:])
    return int.from_bytes(attribute.value[:2], "big"), list(parsed.attributes)


def requests(message: Message | None) -> list[tuple[int, RequestStatus, int]]:
    """Id, status and place in the queue of each request that a message tells of."""
    found = []
    for attribute in message.attributes:
        if attribute.type != AttributeType.FLOOR_REQUEST_INFORMATION:
            continue
        request_id, [overall, *_] = inside(attribute)
        _, [told] = inside(overall)
        found.append((request_id, RequestStatus(told.value[0]), told.value[1]))
    return found


def status(message: Message | None) -> RequestStatus:
    [(_, found, _)] = requests(message)
    return found


def error_of(message: Message | None) -> int:
    assert message.primitive == Primitive.ERROR
    return message.attributes[0].value[0]


def asked(clients: Clients, user: FloorUser) -> int:
    """The id of a new request."""
    [(request_id, _, _)] = requests(clients.ask(user, Primitive.FLOOR_REQUEST, FLOOR))
    return request_id


@pytest.fixture
def clients() -> Clients:
    return Clients()


def test_who_asks_waits_gets_the_floor_and_gives_it_back(clients: Clients) -> None:
    response = clients.ask(WEST, Primitive.FLOOR_REQUEST, FLOOR)
    [(request_id, first, place)] = requests(response)
    assert (first, place) == (RequestStatus.PENDING, 1)
    assert clients.events == [FloorRequested(WEST)]
    assert requests(clients.ask(EAST, Primitive.FLOOR_REQUEST, FLOOR))[0][2] == 2
    assert clients.server.waiting() == [WEST, EAST]
    clients.server.hold(7, WEST, 0)
    clients.listen()
    assert clients.statuses(WEST) == [RequestStatus.GRANTED]
    assert clients.server.waiting() == [EAST]
    wanted = number(AttributeType.FLOOR_REQUEST_ID, request_id)
    assert status(clients.ask(WEST, Primitive.FLOOR_REQUEST_QUERY, wanted)) == 3
    assert status(clients.ask(WEST, Primitive.FLOOR_RELEASE, wanted)) == RequestStatus.RELEASED
    assert clients.events[2:] == [FloorReleased(WEST)]
    assert error_of(clients.ask(WEST, Primitive.FLOOR_RELEASE, wanted)) == 7


def test_who_waits_may_cancel_and_be_denied(clients: Clients) -> None:
    request_id = asked(clients, WEST)
    wanted = number(AttributeType.FLOOR_REQUEST_ID, request_id)
    assert error_of(clients.ask(EAST, Primitive.FLOOR_RELEASE, wanted)) == 7
    assert status(clients.ask(WEST, Primitive.FLOOR_RELEASE, wanted)) == RequestStatus.CANCELLED
    assert clients.events == [FloorRequested(WEST)]
    assert asked(clients, WEST) != request_id
    clients.server.deny(WEST, 0)
    clients.listen()
    assert clients.statuses(WEST) == [RequestStatus.DENIED]
    assert clients.server.waiting() == []


def test_the_floor_may_be_given_to_who_has_not_asked_and_taken_away(clients: Clients) -> None:
    clients.server.hold(7, WEST, 0)
    clients.server.hold(7, WEST, 0)
    clients.listen()
    assert clients.statuses(WEST) == [RequestStatus.GRANTED]
    assert status(clients.ask(WEST, Primitive.FLOOR_REQUEST, FLOOR)) == RequestStatus.GRANTED
    assert clients.events == []
    clients.server.hold(7, EAST, 0)
    clients.listen()
    assert clients.statuses(WEST)[1:] == [RequestStatus.REVOKED]
    assert clients.statuses(EAST) == [RequestStatus.GRANTED]
    clients.server.hold(7, None, 0)
    clients.listen()
    assert clients.statuses(EAST)[1:] == [RequestStatus.REVOKED]


def test_who_wants_to_know_is_told_until_it_does_not(clients: Clients) -> None:
    assert requests(clients.ask(EAST, Primitive.FLOOR_QUERY, FLOOR)) == []
    asked(clients, WEST)
    clients.server.hold(7, WEST, 0)
    clients.listen()
    told = [m for m in clients.told if m.primitive == Primitive.FLOOR_STATUS]
    assert {m.user_id for m in told} == {EAST.user_id}
    assert [status(m) for m in told] == [RequestStatus.PENDING, RequestStatus.GRANTED]
    clients.ask(EAST, Primitive.FLOOR_QUERY)
    clients.server.hold(7, None, 0)
    clients.listen()
    assert len([m for m in clients.told if m.primitive == Primitive.FLOOR_STATUS]) == 2


def test_what_is_asked_about_oneself_and_the_server(clients: Clients) -> None:
    assert requests(clients.ask(WEST, Primitive.USER_QUERY)) == []
    request_id = asked(clients, WEST)
    assert requests(clients.ask(WEST, Primitive.USER_QUERY)) == [(request_id, 1, 1)]
    # of another one, if it says of whom (RFC 8855 §13.3)
    of_west = number(AttributeType.BENEFICIARY_ID, WEST.user_id)
    assert requests(clients.ask(EAST, Primitive.USER_QUERY)) == []
    assert requests(clients.ask(EAST, Primitive.USER_QUERY, of_west)) == [(request_id, 1, 1)]
    told = clients.ask(EAST, Primitive.USER_QUERY, of_west)
    assert told.attributes[0] == beneficiary(WEST.user_id, "user 1")
    of_east = number(AttributeType.BENEFICIARY_ID, EAST.user_id)
    told = clients.ask(WEST, Primitive.USER_QUERY, of_east)  # who has not asked for the floor
    assert told.attributes == (beneficiary(EAST.user_id, "user 2"),)
    of_nobody = number(AttributeType.BENEFICIARY_ID, 9)
    assert error_of(clients.ask(EAST, Primitive.USER_QUERY, of_nobody)) == 2
    hello = clients.ask(WEST, Primitive.HELLO)
    [primitives, kinds] = hello.attributes
    assert Primitive.FLOOR_REQUEST in primitives.value
    assert Primitive.CHAIR_ACTION not in primitives.value
    assert list(kinds.value) == [kind << 1 for kind in AttributeType]


@pytest.mark.parametrize(
    ("primitive", "attributes", "code"),
    [
        (Primitive.FLOOR_REQUEST, [], 6),
        (Primitive.FLOOR_REQUEST, [number(AttributeType.FLOOR_ID, 2)], 6),
        (Primitive.FLOOR_REQUEST, [FLOOR, FLOOR], 6),
        (Primitive.FLOOR_REQUEST, [FLOOR, number(AttributeType.BENEFICIARY_ID, 2)], 5),
        (Primitive.FLOOR_QUERY, [number(AttributeType.FLOOR_ID, 2)], 6),
        (Primitive.FLOOR_REQUEST_QUERY, [], 7),
        (Primitive.FLOOR_RELEASE, [], 7),
        (Primitive.CHAIR_ACTION, [], 5),
        (Primitive.HELLO_ACK, [], 3),
    ],
)
def test_what_is_refused(
    clients: Clients, primitive: Primitive, attributes: list[Attribute], code: int
) -> None:
    assert error_of(clients.ask(WEST, primitive, *attributes)) == code
    assert clients.events == []


def test_strangers_get_no_answer(clients: Clients) -> None:
    """An answer to a false address would go to somebody who has not asked."""
    assert clients.ask(WEST, Primitive.FLOOR_REQUEST, FLOOR, source="10.0.0.9") is None
    assert clients.ask(FloorUser(7, 3), Primitive.FLOOR_REQUEST, FLOOR) is None
    stranger = clients.ask(FloorUser(8, 1), Primitive.FLOOR_REQUEST, FLOOR, source="10.0.0.9")
    assert stranger is None
    assert clients.server.receive(b"\x40", address(WEST), 0) == []
    long = Message(Primitive.HELLO, 7, 1, WEST.user_id).packed() + bytes(LONGEST)
    assert clients.server.receive(long, address(WEST), 0) == []
    assert clients.server.outgoing() == []
    broken = Message(Primitive.HELLO, 7, 1, WEST.user_id).packed()[:-1] + b"\x01\xff"
    assert clients.server.receive(broken, address(WEST), 0) == []
    assert error_of(clients.listen()) == 13


@pytest.mark.parametrize(("user", "code"), [(FloorUser(8, 1), 1), (FloorUser(7, 3), 2), (EAST, 2)])
def test_a_wrong_number_is_told_to_a_host_that_is_known(
    clients: Clients, user: FloorUser, code: int
) -> None:
    """Another's is as wrong as one that nobody has, and nothing comes of it (RFC 8855 §13)."""
    request = Message(Primitive.FLOOR_REQUEST, *user[:1], 1, user.user_id, (FLOOR,))
    assert clients.server.receive(request.packed(), address(WEST), 0) == []
    [told] = clients.server.outgoing()
    assert told.target == address(WEST)
    assert error_of(parse(told.data)) == code
    assert parse(told.data) == request.answer(Primitive.ERROR, *parse(told.data).attributes)
    # a response has none, or two servers would go on for ever
    clients.server.receive(request.answer(Primitive.ERROR).packed(), address(WEST), 0)
    assert clients.server.outgoing() == []
    assert clients.server.waiting() == []


def test_a_request_that_comes_again_is_done_once(clients: Clients) -> None:
    data = Message(Primitive.FLOOR_REQUEST, 7, 1, WEST.user_id, (FLOOR,)).packed()
    assert clients.server.receive(data, address(WEST), 0) == [FloorRequested(WEST)]
    [first] = clients.server.outgoing()
    assert clients.server.receive(data, address(WEST), T2_MS) == []
    assert clients.server.outgoing() == [first]
    for transaction in range(2, 100):
        query = Message(Primitive.USER_QUERY, 7, transaction, WEST.user_id).packed()
        clients.server.receive(query, address(WEST), T2_MS)
    assert len(clients.server._conferences[7].users[WEST].responses) == MOST_KEPT


def test_what_is_not_acknowledged_is_sent_again_and_then_its_receiver_is_gone() -> None:
    clients = Clients(silent=True)
    asked(clients, WEST)
    clients.server.hold(7, WEST, 0)
    sent = [clients.server.outgoing()]
    moments = []
    while (at_ms := clients.server.next_timeout()) is not None:
        moments.append(at_ms / T1_MS)
        clients.events += clients.server.advance(at_ms)
        sent.append(clients.server.outgoing())
    assert moments == [1, 3, 7, 15]
    assert sent == [sent[0]] * SENDS + [[]]
    assert clients.events == [FloorRequested(WEST), FloorReleased(WEST)]
    clients.silent = False
    assert asked(clients, WEST) > 0  # it may begin anew


def test_who_says_goodbye_or_leaves_wants_nothing_any_more(clients: Clients) -> None:
    for user in (WEST, EAST):
        asked(clients, user)
    clients.server.hold(7, WEST, 0)
    clients.listen()
    answer = clients.ask(WEST, Primitive.GOODBYE)
    assert answer.primitive == Primitive.GOODBYE_ACK
    assert clients.events[-1] == FloorReleased(WEST)
    clients.server.leave(EAST, 0)
    clients.server.leave(EAST, 0)
    assert clients.server.waiting() == []
    assert clients.ask(EAST, Primitive.FLOOR_REQUEST, FLOOR) is None
    clients.server.leave(WEST, 0)
    clients.server.hold(7, WEST, 0)
    clients.server.deny(WEST, 0)
    assert (clients.server.outgoing(), clients.server.next_timeout()) == ([], None)


def test_an_unreachable_user_costs_a_bounded_number_of_notices() -> None:
    clients = Clients(silent=True)
    clients.ask(EAST, Primitive.FLOOR_QUERY, FLOOR)
    for _ in range(100):
        clients.server.hold(7, WEST, 0)
        clients.server.hold(7, None, 0)
    assert len(list(clients.server._notices())) == 2


def test_what_is_not_so_any_more_is_not_sent_again() -> None:
    clients = Clients(silent=True)
    request_id = asked(clients, WEST)
    for holder in (WEST, None):
        clients.server.hold(7, holder, 0)
    clients.listen()
    assert clients.statuses(WEST) == [RequestStatus.GRANTED, RequestStatus.REVOKED]
    clients.server.advance(T1_MS)
    [again] = clients.server.outgoing()
    assert status(parse(again.data)) == RequestStatus.REVOKED
    request_id = asked(clients, WEST)
    clients.server.hold(7, WEST, T1_MS)
    clients.listen()
    clients.ask(WEST, Primitive.FLOOR_RELEASE, number(AttributeType.FLOOR_REQUEST_ID, request_id))
    assert clients.server.next_timeout() is None


def test_who_asks_again_and_again_is_refused_for_a_while(clients: Clients) -> None:
    for _ in range(MOST_REQUESTS):
        wanted = number(AttributeType.FLOOR_REQUEST_ID, asked(clients, WEST))
        clients.ask(WEST, Primitive.FLOOR_RELEASE, wanted)
    assert error_of(clients.ask(WEST, Primitive.FLOOR_REQUEST, FLOOR)) == 8
    assert len(clients.events) == MOST_REQUESTS
    clients.now_ms = REQUESTS_WITHIN_MS
    assert asked(clients, WEST) > 0


def test_a_bridge_that_never_spoke_keeps_the_floor_that_it_was_given() -> None:
    clients = Clients(silent=True)
    clients.server.hold(7, WEST, 0)
    while (at_ms := clients.server.next_timeout()) is not None:
        clients.events += clients.server.advance(at_ms)
    assert clients.events == []
    clients.silent = False
    assert status(clients.ask(WEST, Primitive.FLOOR_REQUEST, FLOOR)) == RequestStatus.GRANTED


def test_nothing_is_told_to_an_address_from_which_nothing_came() -> None:
    """Unless the call's signalling comes from there: anybody can be named in a description."""
    server = FloorServer()
    server.enter(WEST, "west", address(WEST), assured=False)
    server.hold(7, WEST, 0)
    assert server.outgoing() == []
    hello = Message(Primitive.HELLO, 7, 1, WEST.user_id).packed()
    server.receive(hello, address(WEST), 0)
    server.hold(7, None, 0)
    assert [parse(one.data).primitive for one in server.outgoing()] == [
        Primitive.HELLO_ACK,
        Primitive.FLOOR_REQUEST_STATUS,
    ]


def test_a_user_may_move(clients: Clients) -> None:
    clients.server.enter(WEST, "west", (address(WEST)[0], 9), assured=True)
    clients.server.hold(7, WEST, 0)
    assert [one.target[1] for one in clients.server.outgoing()] == [9]


def test_who_has_said_goodbye_begins_anew_with_the_same_numbers(clients: Clients) -> None:
    asked(clients, WEST)
    clients.ask(WEST, Primitive.GOODBYE)
    clients.transaction = 0
    clients.events.clear()
    asked(clients, WEST)
    assert clients.events == [FloorRequested(WEST)]
