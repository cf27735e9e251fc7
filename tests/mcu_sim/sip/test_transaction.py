"""Transaction state machines: retransmission times as RFC 3261 §17 gives them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sipmessage import URI, CSeq, Request, Response

from giaoban.mcu_sim.sip.message import reply
from giaoban.mcu_sim.sip.transaction import (
    ClientInvite,
    ClientNonInvite,
    OutgoingData,
    Output,
    ReceivedMessage,
    ServerInvite,
    ServerNonInvite,
    TimerQueue,
    Transaction,
    TransactionState,
    TransactionTimeout,
    server_key,
)


def request(method: str, branch: str = "z9hG4bKabc") -> Request:
    message = Request(method, URI.parse("sip:mcu@10.67.0.2"))
    message.headers.set("Via", f"SIP/2.0/UDP 10.68.0.2:5060;branch={branch}")
    message.headers.set("From", "<sip:a@10.68.0.2>;tag=a")
    message.headers.set("To", "<sip:mcu@10.67.0.2>")
    message.headers.set("Call-ID", "c")
    message.headers.set("Max-Forwards", "70")
    message.cseq = CSeq(7, method)
    return message


def answer(to: Request, code: int) -> Response:
    return reply(to, code, to_tag="b")


def begun(kind: type[ClientInvite | ClientNonInvite], *, reliable: bool = False) -> Any:
    """A client's transaction whose request has been sent at 0."""
    transaction = kind(request("INVITE" if kind is ClientInvite else "BYE"), reliable=reliable)
    transaction.start(0.0)
    return transaction


def run_out(transaction: Transaction, until_ms: float = 1e9) -> list[tuple[float, Output]]:
    """Drive the timers alone; what came out, with its time."""
    out: list[tuple[float, Output]] = []
    while (at := transaction.next_timeout()) is not None and at <= until_ms:
        out += [(at, output) for output in transaction.timer(at)]
    return out


def sends(outputs: list[tuple[float, Output]]) -> list[float]:
    return [at for at, output in outputs if isinstance(output, OutgoingData)]


def test_invite_is_sent_at_doubling_intervals_and_given_up_after_64_t1() -> None:
    transaction = ClientInvite(request("INVITE"))
    first = transaction.start(0.0)
    assert [type(output) for output in first] == [OutgoingData]
    out = run_out(transaction)
    assert sends(out) == [500, 1500, 3500, 7500, 15500, 31500]
    assert out[-1] == (32000.0, TransactionTimeout())
    assert transaction.state is TransactionState.TERMINATED


def test_non_invite_is_sent_at_intervals_up_to_t2() -> None:
    transaction = ClientNonInvite(request("BYE"))
    transaction.start(1000.0)
    out = run_out(transaction)
    expected = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
    assert sends(out) == [1000.0 + at for at in expected]
    assert out[-1] == (33000.0, TransactionTimeout())


def test_non_invite_answer_is_delivered_once_and_forgotten_after_t4() -> None:
    transaction = begun(ClientNonInvite)
    ok = answer(transaction.request, 200)
    assert transaction.receive(ok, 50.0) == [ReceivedMessage(ok)]
    assert transaction.receive(ok, 60.0) == []
    assert run_out(transaction) == []
    assert transaction._timers == {}
    assert transaction.state is TransactionState.TERMINATED


def test_a_refusal_is_acknowledged_each_time_it_comes() -> None:
    transaction = begun(ClientInvite)
    busy = answer(transaction.request, 486)
    ack, delivered = transaction.receive(busy, 10.0)
    assert isinstance(ack, OutgoingData)
    text = ack.data.decode()
    assert text.startswith("ACK sip:mcu@10.67.0.2 SIP/2.0\r\n")
    assert "branch=z9hG4bKabc" in text
    assert "CSeq: 7 ACK" in text
    assert "To: <sip:mcu@10.67.0.2>;tag=b" in text
    assert delivered == ReceivedMessage(busy)
    assert transaction.receive(busy, 500.0) == [ack]
    assert transaction._timers == {"D": 32010.0}
    assert transaction.receive(answer(transaction.request, 200), 600.0) == []
    assert run_out(transaction) == []
    assert transaction.state is TransactionState.TERMINATED


def test_invite_server_says_trying_after_200_ms() -> None:
    transaction = ServerInvite(request("INVITE"), 0.0)
    [(at, output)] = run_out(transaction)
    assert at == 200.0
    assert isinstance(output, OutgoingData)
    assert output.data.startswith(b"SIP/2.0 100 Trying")
    assert transaction.receive(transaction.request, 300.0) == [output]


def test_invite_server_repeats_a_refusal_until_the_ack() -> None:
    transaction = ServerInvite(request("INVITE"), 0.0)
    transaction.respond(answer(transaction.request, 503), 0.0)
    out = run_out(transaction)
    expected = [500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]
    assert sends(out) == expected
    assert out[-1] == (32000.0, TransactionTimeout())

    transaction = ServerInvite(request("INVITE"), 0.0)
    transaction.respond(answer(transaction.request, 503), 0.0)
    assert sends(run_out(transaction, 2000.0)) == [500, 1500]
    transaction.receive(request("ACK"), 2000.0)
    assert (transaction.state, transaction._timers) == (TransactionState.CONFIRMED, {"I": 7000.0})
    assert transaction.receive(request("ACK"), 2100.0) == []
    assert run_out(transaction) == []
    assert transaction.state is TransactionState.TERMINATED


def test_non_invite_server_repeats_its_answer_until_timer_j() -> None:
    transaction = ServerNonInvite(request("BYE"))
    assert transaction.receive(transaction.request, 0.0) == []
    [sent] = transaction.respond(answer(transaction.request, 200), 0.0)
    assert transaction.receive(transaction.request, 500.0) == [sent]
    assert transaction._timers == {"J": 32000.0}


def test_over_tcp_nothing_is_repeated_and_nobody_waits_for_repeats() -> None:
    invite = begun(ClientInvite, reliable=True)
    assert invite._timers == {"B": 32_000.0}
    assert run_out(invite) == [(32_000.0, TransactionTimeout())]
    other = begun(ClientNonInvite, reliable=True)
    assert run_out(other) == [(32_000.0, TransactionTimeout())]

    refused = begun(ClientInvite, reliable=True)
    busy = answer(refused.request, 486)
    ack, delivered = refused.receive(busy, 10.0)
    assert (type(ack), delivered, refused.state) == (
        OutgoingData,
        ReceivedMessage(busy),
        TransactionState.TERMINATED,
    )  # D
    ended = begun(ClientNonInvite, reliable=True)
    ended.receive(answer(ended.request, 200), 10.0)
    assert ended.state is TransactionState.TERMINATED  # K

    asked = ServerInvite(request("INVITE"), 0.0, reliable=True)
    asked.respond(answer(asked.request, 486), 0.0)
    assert asked._timers == {"H": 32_000.0}  # no G
    asked.receive(request("ACK"), 10.0)
    assert asked.state is TransactionState.TERMINATED  # I
    simple = ServerNonInvite(request("BYE"), reliable=True)
    simple.respond(answer(simple.request, 200), 0.0)
    assert simple.state is TransactionState.TERMINATED  # J

    # RFC 6026: L and M are the same over every transport
    taken = ServerInvite(request("INVITE"), 0.0, reliable=True)
    taken.respond(answer(taken.request, 200), 0.0)
    assert taken._timers == {"L": 32_000.0}
    agreed = begun(ClientInvite, reliable=True)
    agreed.receive(answer(agreed.request, 200), 0.0)
    assert agreed._timers == {"M": 32_000.0}


def test_matching_is_by_branch_and_sender_or_for_rfc_2543_by_more() -> None:
    assert server_key(request("ACK"), "INVITE") == server_key(request("INVITE"), "INVITE")
    assert server_key(request("BYE"), "BYE") != server_key(request("BYE", "z9hG4bKx"), "BYE")
    old, other = request("BYE", "1"), request("BYE", "1")
    other.headers.set("Call-ID", "d")
    assert server_key(old, "BYE") != server_key(other, "BYE")


@pytest.mark.parametrize("seed", range(60))
def test_any_sequence_of_inputs_ends_terminated_once_it_stops(seed: int) -> None:
    rng = random.Random(seed)
    now = 0.0
    invite, other = request("INVITE"), request("BYE")
    machines = [ClientInvite(invite), ClientNonInvite(other)]
    for machine in machines:
        machine.start(now)
    servers = [ServerInvite(invite, now), ServerNonInvite(other)]
    for _ in range(30):
        now += rng.choice([0.0, 1.0, 499.0, 500.0, 4000.0])
        for client in machines:
            client.receive(answer(client.request, rng.choice([100, 180, 200, 302, 486])), now)
            client.timer(now)
        for server in servers:
            server.receive(rng.choice([server.request, request("ACK")]), now)
            server.timer(now)
    for server in servers:
        server.respond(answer(server.request, rng.choice([200, 486])), now)
    for transaction in [*machines, *servers]:
        run_out(transaction)
        ringing = transaction.state is TransactionState.PROCEEDING and isinstance(
            transaction, ClientInvite
        )
        assert ringing or transaction.state is TransactionState.TERMINATED
        assert transaction._timers == {}


CHANGES = st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.integers(0, 5)), max_size=40)


@given(CHANGES)
def test_the_earliest_comes_first_and_equal_ones_in_the_order_they_were_set(
    changes: list[tuple[str, int | None]],
) -> None:
    agenda: TimerQueue[str] = TimerQueue()
    model: dict[str, tuple[int, int]] = {}
    for count, (key, at) in enumerate(changes):
        agenda.set(key, at)
        if at is None:
            model.pop(key, None)
        elif key not in model or model[key][0] != at:
            model[key] = (at, count)
        assert agenda.next_timeout() == min((at for at, _ in model.values()), default=None)
        assert len(agenda) == len(model)
    taken = []
    while (due := agenda.pop_due(3)) is not None:
        taken.append(due)
    assert taken == sorted((k for k, (at, _) in model.items() if at <= 3), key=model.__getitem__)
    assert all(at > 3 for at in [agenda.next_timeout()] if at is not None)
