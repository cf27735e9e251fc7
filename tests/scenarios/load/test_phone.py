"""A load test's phone against an MCU's user agent, in virtual time: what it says of each thing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.conference.commands import RequestToSpeak
from giaoban.mcu_sim.sdp.offer_answer import PCMA, audio, make_answer
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.digest import Authority
from giaoban.mcu_sim.sip.events import Event, IncomingCall, InfoReceived
from giaoban.mcu_sim.sip.message import Peer
from giaoban.mcu_sim.sip.registration import Registrar
from giaoban.scenarios.bridge.user_agent import BridgeEvent, Completed, MediaStarted, MediaStopped
from giaoban.scenarios.load.passwords import PhoneAccount
from giaoban.scenarios.load.phone import Phone
from giaoban.traffic.profiles import load_profiles

MCU = Peer("10.67.0.2", 5060)
OWN = ("10.68.0.2", 5062)
DELAY_MS = 5.0
PASSWORD = "right"


@dataclass
class Line:
    """A phone, an MCU's agent, and the datagrams between them, `DELAY_MS` each way."""

    phone: Phone
    mcu: UserAgent
    registrar: Registrar = field(default_factory=Registrar)
    on_mcu: Callable[[Event, float], None] = lambda event, now_ms: None
    now_ms: float = 0.0
    deaf: bool = False
    happened: list[BridgeEvent] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    _flight: list[tuple[float, bool, bytes]] = field(default_factory=list)

    @property
    def now_ns(self) -> int:
        return round(self.now_ms * 1e6)

    def run(self, for_ms: float) -> list[BridgeEvent]:
        """What happened at the phone in that time."""
        until_ms, self.happened = self.now_ms + for_ms, []
        while True:
            self._send()
            timers = (self.phone.next_timeout(), self.mcu.next_timeout())
            times = [t for t in timers if t is not None] + [at for at, _, _ in self._flight]
            at_ms = max(self.now_ms, min(times, default=until_ms + 1))
            if at_ms > until_ms:
                self.now_ms = until_ms
                return self.happened
            self.now_ms = at_ms
            self._step()

    def _send(self) -> None:
        for datagram in self.phone.outgoing():
            self.said.append(datagram.data)
            if not self.deaf:
                self._flight.append((self.now_ms + DELAY_MS, True, datagram.data))
        for datagram in self.mcu.outgoing():
            self._flight.append((self.now_ms + DELAY_MS, False, datagram.data))
        self.happened += self.phone.take_events()

    def _step(self) -> None:
        due = [item for item in self._flight if item[0] <= self.now_ms]
        self._flight = [item for item in self._flight if item[0] > self.now_ms]
        for _, to_mcu, data in due:
            if to_mcu:
                for event in self.mcu.receive(data, Peer(*OWN), self.now_ms):
                    self.on_mcu(event, self.now_ms)
            else:
                self.phone.receive(data, MCU, self.now_ns)
        for event in self.mcu.advance(self.now_ms):
            self.on_mcu(event, self.now_ms)
        self.phone.advance(self.now_ns)


@pytest.fixture
def line() -> Line:
    """An MCU that takes every call after 100 ms, and wants passwords."""
    profile = load_profiles().profile[0]
    phone = Phone(
        PhoneAccount("cu-jut", PASSWORD), OWN, MCU, random.Random(1),
        ports={"audio": 40_000}, profile=profile, answer_within_s=10.0,
    )  # fmt: skip
    authority = Authority("mcu", {"cu-jut": PASSWORD})
    registrar = Registrar()
    mcu = UserAgent(
        (MCU.host, MCU.port), random.Random(2), authority=authority, registrar=registrar,
        session_expires_s=None,
    )  # fmt: skip
    made = Line(phone, mcu, registrar)

    def take(event: Event, now_ms: float) -> None:
        match event:
            case IncomingCall(call, sdp=offer):
                assert offer is not None
                can = [audio(20_000, [PCMA])]
                answer, _ = make_answer(sdp.parse(offer), can, MCU.host, 1)
                mcu.accept(call, sdp.build(answer), now_ms)
            case InfoReceived(_, key):
                mcu.answer_info(key, 200, "OK", now_ms)

    made.on_mcu = take
    return made


def done(happened: list[BridgeEvent]) -> Completed:
    [found] = [event for event in happened if isinstance(event, Completed)]
    return found


def test_it_asks_registers_and_calls_with_its_password(line: Line) -> None:
    line.phone.options(0)
    asked = done(line.run(1_000))
    assert (asked.operation, asked.ok, asked.ms) == ("options", True, 2 * DELAY_MS)
    line.phone.register(line.now_ns)
    registered = done(line.run(1_000))
    assert (registered.operation, registered.ok, registered.ms) == ("register", True, 4 * DELAY_MS)
    line.phone.dial(line.now_ns, "giao-ban")
    happened = line.run(1_000)
    called = done(happened)
    assert (called.operation, called.ok, called.ms) == ("invite", True, 4 * DELAY_MS)
    [talks] = [event for event in happened if isinstance(event, MediaStarted)]
    where = talks.terms["audio"]
    assert where.remote == (MCU.host, 20_000)
    assert (where.send_type, where.rtcp_mux, where.sends) == (8, True, True)
    assert line.phone.stands


def test_a_command_and_the_end_are_told_when_they_are_answered(line: Line) -> None:
    line.phone.dial(0, "giao-ban")
    line.run(1_000)
    line.phone.command(RequestToSpeak(command="request-to-speak"), line.now_ns)
    assert done(line.run(1_000)).ms == 2 * DELAY_MS
    line.phone.hang_up(line.now_ns)
    happened = line.run(1_000)
    assert MediaStopped() in happened
    ended = done(happened)
    assert (ended.operation, ended.ok, ended.ms) == ("bye", True, 2 * DELAY_MS)
    assert not line.phone.busy
    assert line.mcu.calls == []


def test_a_hang_up_without_an_answer_has_failed(line: Line) -> None:
    """Whatever else waits for its answer."""
    line.phone.dial(0, "giao-ban")
    line.run(1_000)
    line.deaf = True
    line.phone.options(line.now_ns)
    line.phone.hang_up(line.now_ns)
    ended = [event for event in line.run(40_000) if isinstance(event, Completed)]
    assert {(one.operation, one.ok) for one in ended} == {("options", False), ("bye", False)}
    line.deaf = False
    line.phone.dial(line.now_ns, "giao-ban")
    line.run(1_000)
    line.deaf = True
    line.phone.options(line.now_ns)
    line.run(10)
    line.deaf = False
    line.phone.hang_up(line.now_ns)
    ended = [event for event in line.run(100) if isinstance(event, Completed)]
    assert [(one.operation, one.ok, one.ms) for one in ended] == [("bye", True, 2 * DELAY_MS)]


def test_a_registration_is_taken_back(line: Line) -> None:
    line.phone.register(0)
    line.run(1_000)
    assert line.phone.registered
    line.phone.unregister(line.now_ns)
    gone = done(line.run(1_000))
    assert (gone.operation, gone.ok) == ("unregister", True)
    assert not line.phone.registered


def test_a_wrong_password_is_refused(line: Line) -> None:
    line.phone.account.password = "wrong"
    line.phone.lose_line()  # begins anew, with what it believes to be its password
    line.phone.register(0)
    refused = done(line.run(1_000))
    assert (refused.operation, refused.ok, refused.code) == ("register", False, 403)


def test_an_mcu_that_is_not_there_is_a_timeout_after_the_threshold(line: Line) -> None:
    line.deaf = True
    line.phone.dial(0, "giao-ban")
    missed = done(line.run(60_000))
    assert (missed.operation, missed.ok, missed.code, missed.ms) == ("invite", False, 0, 10_000)
    assert missed.repeats == 4  # after 0.5, 1.5, 3.5 and 7.5 s (RFC 3261 §17.1.1.2)
    assert not line.phone.busy


def test_an_mcu_that_cannot_be_reached_is_not_waited_for(line: Line) -> None:
    """RFC 3261 §8.1.3.1, §17.1.4; it is asked again as if nothing had been."""
    line.deaf = True
    line.phone.options(0)
    line.phone.register(0)
    line.phone.dial(0, "giao-ban")
    assert line.run(600) == []
    line.phone.transport_failed(line.now_ns)
    told = {each.operation: each for each in line.run(60_000) if isinstance(each, Completed)}
    assert {name: (each.ok, each.ms) for name, each in told.items()} == dict.fromkeys(
        ("options", "register", "invite"), (False, 600.0)
    )
    assert (told["invite"].code, told["invite"].repeats) == (0, 1)
    assert not line.phone.busy
    assert line.phone.next_timeout() is None
    assert not line.phone.may_be_registered
    line.deaf = False
    line.phone.dial(line.now_ns, "giao-ban")
    assert done(line.run(1_000)).ok


def test_a_call_that_rings_is_waited_for_whatever_the_network_says(line: Line) -> None:
    """A forged or late ICMP ends no call: what had a response has arrived."""
    line.on_mcu = lambda event, now_ms: None
    line.phone.dial(0, "giao-ban")
    line.run(400)  # 100 Trying came
    line.phone.transport_failed(line.now_ns)
    assert line.run(100) == []
    assert line.phone.busy


def test_an_answer_that_cannot_be_read_is_a_failure_and_its_call_is_ended(line: Line) -> None:
    def take(event: Event, now_ms: float) -> None:
        if isinstance(event, IncomingCall):
            line.mcu.accept(event.call, b"nonsense", now_ms)

    line.on_mcu = take
    line.phone.dial(0, "giao-ban")
    broken = done(line.run(1_000))
    assert (broken.ok, broken.code) == (False, 200)
    assert line.mcu.calls == []


def test_a_call_that_the_mcu_ends_is_told_with_its_length(line: Line) -> None:
    line.phone.dial(0, "giao-ban")
    line.run(5_000)
    began_ms = 4 * DELAY_MS
    line.mcu.hang_up(line.mcu.calls[0], line.now_ms)
    happened = line.run(1_000)
    assert MediaStopped() in happened
    dropped = done(happened)
    assert dropped.operation == "drop"
    assert dropped.ms == pytest.approx(5_000 + DELAY_MS - began_ms)


def test_who_is_cut_off_says_nothing_and_can_call_again(line: Line) -> None:
    line.phone.dial(0, "giao-ban")
    line.run(1_000)
    line.said.clear()
    line.phone.lose_line()
    line.run(1_000)
    assert line.said == []
    line.phone.dial(line.now_ns, "giao-ban")
    assert done(line.run(1_000)).ok
    ids = {data.split(b"Call-ID: ")[1].split(b"\r\n")[0] for data in line.said}
    assert len(ids) == 1


def cut_off(line: Line) -> None:
    """A registered bridge in a call, whose line has been away for a minute."""
    line.phone.register(0)
    line.run(1_000)
    line.phone.dial(line.now_ns, "giao-ban")
    line.run(1_000)
    assert len(line.mcu.calls) == 1
    line.phone.lose_line()
    line.run(60_000)
    line.said.clear()


def requests(line: Line) -> Counter[bytes]:
    """What the phone has sent, by method, without answers."""
    words = Counter(data.split(b" ")[0] for data in line.said)
    words.pop(b"SIP/2.0", None)
    return words


def test_who_never_came_back_is_hung_up_and_unregistered_at_the_end(line: Line) -> None:
    cut_off(line)
    assert line.phone.pending
    assert len(line.mcu.calls) == 1
    line.phone.leave(line.now_ns)
    assert line.phone.busy
    line.run(1_000)
    assert line.mcu.calls == []
    assert requests(line) == {b"BYE": 1, b"REGISTER": 2}  # the second with its password
    assert b"Expires: 0" in line.said[-1]
    assert not line.phone.pending


def test_a_goodbye_that_is_lost_is_sent_again(line: Line) -> None:
    cut_off(line)
    line.deaf = True
    line.phone.leave(line.now_ns)
    line.run(300)
    line.deaf = False
    line.run(2_000)
    assert line.mcu.calls == []
    assert not line.phone.pending


def test_a_call_of_before_the_cut_is_ended_even_if_the_bridge_is_back(line: Line) -> None:
    """An MCU may keep both: only ours replaces the old call."""
    cut_off(line)
    line.phone.dial(line.now_ns, "giao-ban")
    line.run(1_000)
    line.phone.register(line.now_ns)
    line.run(1_000)
    assert len(line.mcu.calls) == 2
    line.said.clear()
    line.phone.leave(line.now_ns)
    line.run(1_000)
    assert line.mcu.calls == []
    # one registration is there to be taken back: the same Contact, registered anew
    assert requests(line) == {b"BYE": 2, b"REGISTER": 2}
    assert not line.phone.pending


def test_what_the_mcu_has_ended_itself_is_not_hung_up_again(line: Line) -> None:
    cut_off(line)
    line.phone.dial(line.now_ns, "giao-ban")
    line.run(1_000)
    line.mcu.hang_up(line.mcu.calls[0], line.now_ms)  # the old one is replaced
    line.run(1_000)
    line.said.clear()
    line.phone.hang_up(line.now_ns)
    line.run(1_000)
    line.phone.leave(line.now_ns)
    line.run(1_000)
    assert requests(line)[b"BYE"] == 1


def test_a_phone_without_media_asks_for_none_and_has_an_address_of_its_own() -> None:
    profile = load_profiles().profile[0]
    ports = set()
    for port in (5062, 5064):
        phone = Phone(
            PhoneAccount("a"), ("10.68.0.2", port), MCU, random.Random(port),
            ports={}, profile=profile, answer_within_s=10.0,
        )  # fmt: skip
        phone.dial(0, "giao-ban")
        [datagram] = phone.outgoing()
        offer = sdp.parse(datagram.data.partition(b"\r\n\r\n")[2])
        assert offer.media[0].direction is sdp.Direction.INACTIVE
        ports.add(offer.media[0].port)
    assert len(ports) == 2


@pytest.mark.parametrize("after_ms", [DELAY_MS / 2, 1.5 * DELAY_MS, 2.5 * DELAY_MS, 3.5 * DELAY_MS])
def test_a_register_that_is_under_way_when_the_test_ends_is_taken_back(
    line: Line, after_ms: float
) -> None:
    """On its way, challenged, answered with a password, accepted: the MCU has no binding left."""
    line.phone.register(0)
    line.run(after_ms)
    assert not line.phone.registered
    line.phone.leave(line.now_ns)
    assert line.phone.busy
    gone = done(line.run(1_000))
    assert (gone.operation, gone.ok) == ("unregister", True)
    assert not line.phone.pending
    assert line.registrar.bindings("cu-jut", line.now_ms) == []


def test_nor_is_one_that_was_under_way_when_the_line_was_cut(line: Line) -> None:
    line.phone.register(0)
    line.run(2.5 * DELAY_MS)  # the second REGISTER has gone, which the MCU accepts
    line.phone.lose_line()
    line.run(60_000)
    assert len(line.registrar.bindings("cu-jut", line.now_ms)) == 1
    assert line.phone.pending
    line.phone.leave(line.now_ns)
    line.run(5_000)
    assert line.registrar.bindings("cu-jut", line.now_ms) == []
    assert not line.phone.pending


def test_a_device_that_never_answers_a_register_is_not_waited_for_for_ever(line: Line) -> None:
    line.deaf = True
    line.phone.register(0)
    line.run(1_000)
    line.phone.leave(line.now_ns)
    line.run(64_000)  # timer F of both (RFC 3261 §17.1.2.2)
    assert not line.phone.busy
