"""A floor participant and our floor control server, on a line that loses datagrams."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from giaoban.mcu_sim.bfcp.floor_participant import (
    MOST_REQUESTS,
    QUERY_AFTER_MS,
    FloorAccess,
    FloorDecision,
    FloorParticipant,
)
from giaoban.mcu_sim.bfcp.floor_server import (
    SENDS,
    T1_MS,
    BfcpDatagram,
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
    floor_requests,
    parse,
)

WEST, EAST = FloorUser(7, 1), FloorUser(7, 2)
SERVER = "10.0.0.9", 5070
WAY_MS = 3.0
GRANTED, DENIED, REVOKED = RequestStatus.GRANTED, RequestStatus.DENIED, RequestStatus.REVOKED


def address(user: FloorUser) -> tuple[str, int]:
    return f"10.0.0.{user.user_id}", 40_006


class Line:
    """A server that grants at once, one participant, and a line; `lost`: whether each datagram is,
    in the order in which they are sent, and those after the last are not."""

    def __init__(self, lost: Iterable[bool] = (), *, grants: bool = True) -> None:
        self.server = FloorServer()
        self.server.enter(WEST, "west", address(WEST), assured=True)
        self.now_ms = 0.0
        self.grants = grants
        self.decisions: list[tuple[float, RequestStatus | None]] = []
        self.sent: list[tuple[float, Message]] = []
        """What the participant sent."""
        self._lost: Iterator[bool] = chain(lost, repeat(False))
        self._under_way: list[tuple[float, int, bool, bytes]] = []
        self._count = 0
        self.participant = FloorParticipant(FloorAccess(SERVER, WEST, 1), 0.0)
        self._flush()

    def wants(self) -> None:
        self.participant.request(self.now_ms)
        self._flush()

    def gives_back(self) -> None:
        self.participant.release(self.now_ms)
        self._flush()

    def run(self, until_ms: float = 200_000.0) -> None:
        """Let time pass."""
        self._flush()
        while True:
            timers = self.participant.next_timeout(), self.server.next_timeout()
            coming = self._under_way[0][0] if self._under_way else None
            at_ms = min((t for t in (*timers, coming) if t is not None), default=None)
            if at_ms is None or at_ms > until_ms:
                self.now_ms = until_ms
                return
            self.now_ms = at_ms
            if at_ms == coming:
                _, _, down, data = heapq.heappop(self._under_way)
                if down:
                    self._decided(self.participant.receive(data, SERVER, at_ms))
                else:
                    self._carry_out(self.server.receive(data, address(WEST), at_ms))
            else:
                self._decided(self.participant.advance(at_ms))
                self._carry_out(self.server.advance(at_ms))
            self._flush()

    def statuses(self) -> list[RequestStatus | None]:
        return [status for _, status in self.decisions]

    def _decided(self, decisions: list[FloorDecision]) -> None:
        self.decisions += [(self.now_ms, each) for each in decisions]

    def _carry_out(self, events: list[FloorRequested | FloorReleased]) -> None:
        for event in events:
            if isinstance(event, FloorReleased):
                self.server.hold(7, None, self.now_ms)
            elif self.grants:
                self.server.hold(7, event.user, self.now_ms)

    def _flush(self) -> None:
        self._send(self.server.outgoing(), down=True)
        out = self.participant.outgoing()
        self.sent += [(self.now_ms, parse(each.data)) for each in out]
        self._send(out, down=False)

    def _send(self, datagrams: list[BfcpDatagram], *, down: bool) -> None:
        for datagram in datagrams:
            if not next(self._lost):
                self._count += 1
                arrival = self.now_ms + WAY_MS, self._count, down, datagram.data
                heapq.heappush(self._under_way, arrival)


def primitives(line: Line) -> list[int]:
    return [message.primitive for _, message in line.sent]


def test_it_is_granted_what_it_asks_for_and_gives_it_back() -> None:
    line = Line()
    line.run(100.0)
    line.wants()
    line.run(1_000.0)
    assert line.decisions == [(100.0 + 2 * WAY_MS, GRANTED)]
    assert line.participant.holds
    line.gives_back()
    line.run()
    assert not line.participant.holds
    assert (line.server.waiting(), line.statuses()) == ([], [GRANTED])
    assert primitives(line) == [
        Primitive.HELLO,
        Primitive.FLOOR_QUERY,
        Primitive.FLOOR_REQUEST,
        Primitive.FLOOR_STATUS_ACK,
        Primitive.FLOOR_REQUEST_STATUS_ACK,
        Primitive.FLOOR_STATUS_ACK,
        Primitive.FLOOR_RELEASE,
        Primitive.FLOOR_STATUS_ACK,
    ]
    requests = [m.transaction_id for _, m in line.sent if not m.responds]
    assert requests == [1, 2, 3, 4]


def test_who_is_told_of_the_floor_acknowledges_it() -> None:
    line = Line()
    line.run(100.0)
    line.server.enter(EAST, "east", address(EAST), assured=True)
    line.server.hold(7, EAST, 100.0)
    line.run(10_000.0)
    assert line.statuses() == []
    acknowledged = [m for _, m in line.sent if m.primitive == Primitive.FLOOR_STATUS_ACK]
    assert len(acknowledged) == 1
    assert acknowledged[0].responds


@pytest.mark.parametrize("losses", range(SENDS))
def test_a_loss_delays_and_does_not_lose(losses: int) -> None:
    """0.5 s, 1 s and 2 s lie between the times a request is sent (RFC 8855 §8.3.1)."""
    line = Line()
    line.run(100.0)
    line._lost = chain([True] * losses, repeat(False))
    line.wants()
    line.run()
    waited_ms = T1_MS * (2**losses - 1)
    assert line.decisions == [(pytest.approx(100.0 + waited_ms + 2 * WAY_MS), GRANTED)]


def test_who_is_not_answered_says_so_and_asks_no_more() -> None:
    line = Line()
    line.run(100.0)
    line._lost = repeat(True)
    line.wants()
    line.run()
    assert line.decisions == [(100.0 + T1_MS * (2**SENDS - 1), None)]
    assert primitives(line)[2:] == [Primitive.FLOOR_REQUEST] * SENDS
    assert line.participant.next_timeout() is None


def test_what_is_granted_after_it_was_given_up_is_given_back() -> None:
    line = Line(grants=False)
    line.run(100.0)
    line._lost = chain([False], repeat(True))
    line.wants()
    line.run(20_000.0)
    assert line.statuses() == [None]
    line._lost = repeat(False)
    line.server.hold(7, WEST, line.now_ms)
    line.run()
    assert line.statuses() == [None]
    assert primitives(line).count(Primitive.FLOOR_RELEASE) == 1
    assert not line.participant.holds


def test_a_grant_whose_word_is_lost_is_asked_for() -> None:
    """All four times at which the server tells it; by then it takes the participant for gone, and
    knows nothing of its request any more."""
    line = Line()
    line.run(100.0)
    line.wants()
    # the request, its response, and then what the server says by itself
    line._lost = chain([False], [True] * (3 * SENDS), repeat(False))
    line.run()
    assert line.statuses() == [GRANTED]
    assert Primitive.FLOOR_REQUEST_QUERY in primitives(line)
    assert primitives(line).count(Primitive.FLOOR_REQUEST) == 2
    assert line.decisions[0][0] > QUERY_AFTER_MS


def test_where_others_decide_it_waits_as_long_as_it_takes() -> None:
    line = Line(grants=False)
    line.wants()
    line.run(60_000.0)
    assert line.statuses() == []
    line.server.hold(7, WEST, line.now_ms)
    line.run()
    assert line.decisions == [(60_000.0 + WAY_MS, GRANTED)]


@pytest.mark.parametrize("denied", [True, False])
def test_what_is_denied_or_revoked_is_said_once(denied: bool) -> None:
    line = Line(grants=not denied)
    line.wants()
    line.run(1_000.0)
    if denied:
        line.server.deny(WEST, line.now_ms)
    else:
        line.server.hold(7, None, line.now_ms)
    line.run()
    assert line.statuses() == ([DENIED] if denied else [GRANTED, REVOKED])
    assert not line.participant.holds
    line.grants = True
    line.wants()
    line.run(400_000.0)
    assert line.statuses()[-1] == GRANTED


def test_an_error_is_a_refusal() -> None:
    line = Line()
    line.run(100.0)
    line.participant.access = FloorAccess(SERVER, WEST, 2)
    line.wants()
    line.run()
    assert line.statuses() == [DENIED]


def test_what_is_no_word_of_its_server_leads_nowhere() -> None:
    line = Line(grants=False)
    line.wants()
    line.run(100.0)
    line.server.hold(7, WEST, 100.0)
    [told, *_] = [d for d in line.server.outgoing() if not parse(d.data).responds]
    elsewhere = ("10.0.0.8", 5070)
    others = parse(told.data)
    another = Message(others.primitive, 7, 9, EAST.user_id, others.attributes).packed()
    for data, source in ((told.data, elsewhere), (another, SERVER), (told.data[:9], SERVER)):
        assert line.participant.receive(data, source, 100.0) == []
    assert line.participant.outgoing() == []
    assert line.participant.receive(told.data, SERVER, 100.0) == [GRANTED]


LOSSES = st.lists(st.booleans(), max_size=60)


@given(losses=LOSSES)
@example(losses=[True] * 60)
@example(losses=[False] * 6 + [True] * 40)
def test_whatever_is_lost_it_is_granted_or_said_not_to_be(losses: list[bool]) -> None:
    """And what it sends has an end."""
    line = Line(losses)
    line.wants()
    line.run()
    assert line.statuses() in ([GRANTED], [None])
    assert line.participant.holds == (line.statuses() == [GRANTED])
    assert line.participant.next_timeout() is None
    asked = [m for _, m in line.sent if not m.responds]
    assert len(asked) <= SENDS * (2 + 2 * MOST_REQUESTS + 1)
    line.gives_back()
    line.run(400_000.0)
    assert line.participant.next_timeout() is None
    assert line.statuses() in ([GRANTED], [None])


@given(data=st.binary(max_size=60), kind=st.sampled_from(list(AttributeType)))
def test_what_cannot_be_read_of_a_request_is_left_out(data: bytes, kind: AttributeType) -> None:
    about = AttributeType.FLOOR_REQUEST_INFORMATION
    inside = Attribute(kind, data).packed()
    whole = Message(4, 7, 1, 1, (Attribute(about, b"\0\1" + inside + data[:3]),))
    assert {number for number, _ in floor_requests(whole)} <= {1}
