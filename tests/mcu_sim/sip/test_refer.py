"""REFER of the peer (RFC 3515) in a standing call: whom to call, and the NOTIFYs after it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any

import pytest

from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.digest import Authority, Credentials
from giaoban.mcu_sim.sip.events import (
    CallEnded,
    CallEstablished,
    Event,
    IncomingCall,
    ReferReceived,
)
from giaoban.mcu_sim.sip.message.addresses import Peer

URI = "sip:mcu@10.67.0.2"
HOME = Peer("10.68.0.2", 5062)
WEST = "Refer-To: <sip:west@10.68.0.9>\r\n"


@dataclass
class Technician:
    """A peer whose messages are written by hand, in a call with an agent."""

    agent: UserAgent
    call: str = ""

    def request(self, method: str, sequence: int, more: str = "", tag: bool = True) -> bytes:
        to_tag = f";tag={self.call}" if tag and self.call else ""
        return (
            f"{method} {URI} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 10.68.0.2:5062;branch=z9hG4bKhand{method}{sequence}\r\n"
            "From: <sip:chair@10.68.0.2>;tag=hand\r\n"
            f"To: <{URI}>{to_tag}\r\n"
            "Call-ID: hand\r\n"
            f"CSeq: {sequence} {method}\r\n"
            "Contact: <sip:chair@10.68.0.2:5062>\r\n"
            f"{more}Content-Length: 0\r\n\r\n"
        ).encode()

    def send(self, data: bytes, now_ms: float = 100.0, source: Peer = HOME) -> list[Event]:
        return self.agent.receive(data, source, now_ms)

    def begin(self, *, acknowledged: bool = True) -> None:
        [incoming] = self.send(self.request("INVITE", 1), 0.0)
        assert isinstance(incoming, IncomingCall)
        self.call = incoming.call
        self.agent.accept(incoming.call, b"v=0", 0.0)
        if acknowledged:
            assert self.send(self.request("ACK", 1), 0.0) == [CallEstablished(self.call, None)]
        self.agent.outgoing()

    def refer(self, sequence: int = 2, more: str = WEST, now_ms: float = 100.0) -> str:
        """A REFER that reaches the owner; its key."""
        [event] = self.send(self.request("REFER", sequence, more), now_ms)
        assert isinstance(event, ReferReceived)
        return event.key

    def code(self, data: bytes, source: Peer = HOME) -> int:
        """What a request is answered at once, without an event."""
        assert self.send(data, source=source) == []
        return int(self.told().split(" ")[1])

    def told(self) -> str:
        """The one message that the agent has to send."""
        [sent] = self.agent.outgoing()
        return sent.data.decode()

    def answer(self, notify: str, code: int, now_ms: float, more: str = "") -> list[Event]:
        """Answer a NOTIFY."""
        kept = re.findall(r"(?m)^(?:Via|From|To|Call-ID|CSeq): .*\r\n", notify)
        text = f"SIP/2.0 {code} Said\r\n{''.join(kept)}{more}Content-Length: 0\r\n\r\n"
        return self.send(text.encode(), now_ms)


def in_a_call(*, acknowledged: bool = True, **agent: Any) -> Technician:
    """A technician in a call with an agent of these settings."""
    usual: dict[str, Any] = {"session_expires_s": None, "real_time": True}
    one = Technician(UserAgent(("10.67.0.2", 5060), random.Random(1), **usual | agent))
    one.begin(acknowledged=acknowledged)
    return one


@pytest.fixture
def chair() -> Technician:
    return in_a_call()


def has(text: str, *lines: str) -> None:
    for line in lines:
        assert f"\r\n{line}\r\n" in text, text


def test_it_is_told_that_we_try_and_then_what_came_of_it(chair: Technician) -> None:
    request = chair.request("REFER", 2, WEST)
    assert chair.send(request) == [
        ReferReceived(chair.call, f"{chair.call}/2", "sip:west@10.68.0.9", "west", False)
    ]
    chair.agent.refers.accept(f"{chair.call}/2", 100.0)
    accepted, notify = (one.data.decode() for one in chair.agent.outgoing())
    assert accepted.startswith("SIP/2.0 202 Accepted\r\n")
    has(accepted, "CSeq: 2 REFER", "Contact: <sip:mcu@10.67.0.2:5060>")
    assert notify.startswith("NOTIFY sip:chair@10.68.0.2:5062 SIP/2.0\r\n")
    has(notify, "Event: refer;id=2", "Subscription-State: active;expires=240", "Call-ID: hand")
    has(notify, "Content-Type: message/sipfrag;version=2.0", "CSeq: 1 NOTIFY")
    assert notify.endswith("\r\n\r\nSIP/2.0 100 Trying\r\n")
    # what came of it waits until the first is heard: over UDP it could come before that
    chair.agent.refers.tell(f"{chair.call}/2", 486, "Busy\r\nHere", 200.0)
    chair.agent.refers.tell(f"{chair.call}/2", 200, "OK", 210.0)
    assert chair.agent.outgoing() == []
    assert chair.answer(notify, 200, 300.0) == []
    last = chair.told()
    has(last, "Event: refer;id=2", "Subscription-State: terminated;reason=noresource")
    has(last, "CSeq: 2 NOTIFY")
    assert last.endswith("\r\n\r\nSIP/2.0 486 Busy\\r\\nHere\r\n")
    # until that is heard it is open, and then another may come
    assert chair.code(chair.request("REFER", 3, WEST)) == 491
    assert chair.answer(last, 200, 400.0) == []
    chair.agent.refers.tell(f"{chair.call}/2", 200, "OK", 410.0)
    assert chair.agent.outgoing() == []
    chair.refer(4)


def test_a_refer_that_comes_again_is_answered_again_and_nobody_is_called_twice(
    chair: Technician,
) -> None:
    chair.agent.refers.accept(chair.refer(), 100.0)
    accepted, notify = chair.agent.outgoing()
    assert chair.send(chair.request("REFER", 2, WEST), 200.0) == []
    assert chair.agent.outgoing() == [accepted]
    # the NOTIFY is repeated as any request, and nothing else
    assert chair.agent.advance(600.0) == []
    assert [one.data for one in chair.agent.outgoing()] == [notify.data]


def test_a_refusal_leaves_nothing(chair: Technician) -> None:
    chair.agent.refers.refuse(chair.refer(), 403, "Not you", 100.0)
    assert chair.told().startswith("SIP/2.0 403 Not you\r\n")
    chair.agent.refers.accept(f"{chair.call}/2", 110.0)
    chair.agent.refers.tell(f"{chair.call}/2", 200, "OK", 110.0)
    assert chair.agent.outgoing() == []
    chair.refer(3)


@pytest.mark.parametrize("more", ["Refer-Sub: false\r\n", "Require: norefersub\r\n"])
def test_who_wants_no_notify_gets_none(chair: Technician, more: str) -> None:
    key = chair.refer(more=WEST + more)
    chair.agent.refers.accept(key, 100.0)
    has(chair.told(), "Refer-Sub: false")
    chair.agent.refers.tell(key, 200, "OK", 200.0)
    assert chair.agent.outgoing() == []
    chair.refer(3)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("", 400),
        (WEST + WEST, 400),
        ("Refer-To: <sip:west@10.68.0.9>, <sip:east@10.68.0.9>\r\n", 400),
        (WEST + "r: <sip:east@10.68.0.9>\r\n", 400),
        ("Refer-To: <sip:west@>\r\n", 400),
        ("Refer-To: \r\n", 400),
        ("Refer-To: <tel:+84123>\r\n", 416),
        ("Refer-To: <http://10.68.0.9/>\r\n", 416),
        ("Refer-To: <sip:west@10.68.0.9?Replaces=a%3Bto-tag%3Db>\r\n", 488),
        ("Refer-To: <sip:west@10.68.0.9;method=BYE>\r\n", 488),
        ("Refer-To: <sip:10.67.0.2>\r\n", 488),
        ("Refer-To: <sip:10.67.0.2:5060;transport=tcp>\r\n", 488),
        ("Refer-To: <sips:west@10.67.0.2>\r\n", 488),
        (WEST + "Require: replaces\r\n", 420),
    ],
)
def test_what_is_not_to_be_called(chair: Technician, more: str, code: int) -> None:
    assert chair.code(chair.request("REFER", 2, more)) == code
    chair.refer(3)


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("<sip:west@10.67.0.2>", ("sip:west@10.67.0.2", "west", True)),
        ("West <sip:west@10.67.0.2:5060>", ("sip:west@10.67.0.2:5060", "west", True)),
        ("<sip:west@10.67.0.2:5070>", ("sip:west@10.67.0.2:5070", "west", False)),
        ("sip:west@10.68.0.9;method=INVITE", ("sip:west@10.68.0.9", "west", False)),
        ("<sip:west@10.68.0.9;method=INVITE>", ("sip:west@10.68.0.9", "west", False)),
        ("<sip:10.68.0.9;transport=tcp>", ("sip:10.68.0.9;transport=tcp", "", False)),
    ],
)
def test_whom_it_means(chair: Technician, to: str, said: tuple[str, str, bool]) -> None:
    events = chair.send(chair.request("REFER", 2, f"Refer-To: {to}\r\n"))
    assert events == [ReferReceived(chair.call, f"{chair.call}/2", *said)]


def test_only_inside_a_call_that_stands(chair: Technician) -> None:
    assert chair.code(chair.request("REFER", 2, WEST, tag=False)) == 403
    assert chair.code(chair.request("REFER", 3, WEST).replace(b"tag=hand", b"tag=x")) == 481
    assert chair.code(chair.request("REFER", 0, WEST)) == 500
    early = in_a_call(acknowledged=False)
    assert early.code(early.request("REFER", 2, WEST)) == 491


@pytest.mark.parametrize("code", [400, 401, 403, 481, 489, 503])
def test_who_does_not_want_to_know_is_told_no_more(chair: Technician, code: int) -> None:
    key = chair.refer()
    chair.agent.refers.accept(key, 100.0)
    notify = chair.agent.outgoing()[1].data.decode()
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n"\r\n' if code == 401 else ""
    assert chair.answer(notify, code, 200.0, challenge) == []
    chair.agent.refers.tell(key, 200, "OK", 300.0)
    assert chair.agent.outgoing() == []
    # its call stands; and what came of the first is not told as that of the next
    other = chair.refer(3)
    chair.agent.refers.accept(other, 400.0)
    chair.agent.outgoing()
    chair.agent.refers.tell(key, 404, "Gone", 500.0)
    assert chair.agent.outgoing() == []


def test_who_hears_no_notify_is_told_no_more(chair: Technician) -> None:
    key = chair.refer()
    chair.agent.refers.accept(key, 100.0)
    for now_ms in range(200, 40_000, 100):
        assert chair.agent.advance(float(now_ms)) == []
    notifies = [one.data for one in chair.agent.outgoing() if one.data.startswith(b"NOTIFY")]
    assert len(notifies) > 5  # timers E and F (RFC 3261 §17.1.2)
    chair.agent.refers.tell(key, 200, "OK", 41_000.0)
    assert chair.agent.outgoing() == []
    chair.refer(3, now_ms=42_000.0)


def test_a_notify_is_proved_where_that_is_asked() -> None:
    chair = in_a_call(credentials=Credentials("mcu", "secret"))
    key = chair.refer()
    chair.agent.refers.accept(key, 100.0)
    notify = chair.agent.outgoing()[1].data.decode()
    chair.agent.refers.tell(key, 200, "OK", 150.0)
    challenge = 'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\n'
    assert chair.answer(notify, 401, 200.0, challenge) == []
    proved = chair.told()
    has(proved, "CSeq: 2 NOTIFY")
    assert 'Authorization: Digest username="mcu"' in proved
    assert proved.endswith("SIP/2.0 100 Trying\r\n")
    assert chair.answer(proved, 200, 300.0) == []
    last = chair.told()
    has(last, "CSeq: 3 NOTIFY")
    assert last.endswith("SIP/2.0 200 OK\r\n")
    assert chair.answer(last, 401, 400.0, challenge) == []
    again = chair.told()
    assert chair.answer(again, 401, 500.0, challenge) == []  # not for ever
    assert chair.agent.outgoing() == []
    chair.refer(3)


def test_a_bye_ends_it(chair: Technician) -> None:
    key = chair.refer()
    assert chair.send(chair.request("BYE", 3), 200.0) == [CallEnded(chair.call, "bye")]
    assert [one.data[:11] for one in chair.agent.outgoing()] == [b"SIP/2.0 200", b"SIP/2.0 487"]
    chair.agent.refers.accept(key, 210.0)
    chair.agent.refers.tell(key, 200, "OK", 220.0)
    assert chair.agent.outgoing() == []
    assert chair.agent.advance(200_000.0) == []
    assert chair.agent.idle


def test_a_bye_while_we_call_ends_it_too(chair: Technician) -> None:
    key = chair.refer()
    chair.agent.refers.accept(key, 100.0)
    notify = chair.agent.outgoing()[1].data.decode()
    assert chair.send(chair.request("BYE", 3), 200.0) == [CallEnded(chair.call, "bye")]
    assert [one.data[:11] for one in chair.agent.outgoing()] == [b"SIP/2.0 200"]
    assert chair.answer(notify, 200, 300.0) == []
    chair.agent.refers.tell(key, 200, "OK", 400.0)
    assert chair.agent.outgoing() == []
    assert chair.agent.advance(200_000.0) == []
    assert chair.agent.idle


def test_from_elsewhere_it_wants_proof(chair: Technician) -> None:
    chair.agent._authenticator._authority = Authority("r", {"chair": "secret"}, b"k" * 32)
    data = chair.request("REFER", 2, WEST)
    assert chair.code(data, source=Peer("10.9.9.9", 5062)) == 401


def test_options_inside_a_call_say_whether_it_stands(chair: Technician) -> None:
    """RFC 3261 §12.2.2: in order they are answered, else 500; of a call that is over there is none.
    They are what gateways ask by whether a call is still known."""
    assert chair.code(chair.request("OPTIONS", 9)) == 200
    assert chair.code(chair.request("OPTIONS", 8)) == 500
    chair.send(chair.request("BYE", 10))
    chair.agent.outgoing()
    assert chair.code(chair.request("OPTIONS", 11)) == 481
    assert chair.code(chair.request("OPTIONS", 1, tag=False)) == 200


def test_only_who_takes_it_says_so(chair: Technician) -> None:
    assert chair.send(chair.request("OPTIONS", 9, tag=False)) == []
    text = chair.told()
    has(text, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, REFER")
    has(text, "Supported: timer, norefersub")
    emulated = in_a_call(real_time=False)
    assert emulated.code(emulated.request("REFER", 2, WEST)) == 405
    norefersub = emulated.request("INFO", 3, "Require: norefersub\r\n")
    assert emulated.code(norefersub) == 420
