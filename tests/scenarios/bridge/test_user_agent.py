"""A bridge's user agent when its line, its MCU or its power fails, in virtual time: when it gives a
call up, dials again, and what it tells of that."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.sdp.offer_answer import PCMA, audio, make_answer, make_offer
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.events import CallEnded, Event, IncomingCall
from giaoban.mcu_sim.sip.message import Peer
from giaoban.scenarios.bridge.recovery import Redialling
from giaoban.scenarios.bridge.user_agent import (
    BridgeEvent,
    BridgeUserAgent,
    Completed,
    MediaLost,
    MediaStarted,
    MediaStopped,
    Redialled,
)
from giaoban.traffic.profiles import Recovery

MCU, OWN = Peer("10.67.0.2", 5060), ("10.68.0.2", 5060)
RECOVERY = Recovery(
    media_timeout_s=10, redial_every_s=5, bridge_boot_s=60, mcu_boot_s=180, source="test"
)
CAN = [audio(40_000, [PCMA])]


def at(seconds: float) -> int:
    return round(seconds * 1e9)


class Meeting:
    """A bridge and its MCU, which takes or refuses each call; no time passes between them."""

    def __init__(self, recovery: Recovery | None = RECOVERY) -> None:
        self.bridge = BridgeUserAgent(
            "cu-jut",
            OWN,
            MCU,
            CAN,
            random.Random(1),
            session_id=lambda: 1,
            room="giao-ban",
            redialling=Redialling(recovery, 0),
        )
        self.mcu = UserAgent((MCU.host, MCU.port), random.Random(2), session_expires_s=None)
        self.refuses: int | None = None
        self.cut = False
        """Nothing comes through."""
        self.calls: list[str] = []
        self.ended: list[CallEnded] = []

    def settle(self, now_ns: int) -> list[BridgeEvent]:
        """Deliver all; what the bridge tells."""
        while sent := [(datagram, True) for datagram in self.bridge.outgoing()] + [
            (datagram, False) for datagram in self.mcu.outgoing()
        ]:
            for datagram, to_mcu in sent:
                if self.cut:
                    continue
                if to_mcu:
                    self._take(self.mcu.receive(datagram.data, Peer(*OWN), now_ns / 1e6), now_ns)
                else:
                    self.bridge.receive(datagram.data, MCU, now_ns)
        return self.bridge.take_events()

    def _take(self, events: Sequence[Event], now_ns: int) -> None:
        for event in events:
            match event:
                case IncomingCall(call) if self.refuses is not None:
                    self.mcu.refuse(call, self.refuses, "No", now_ns / 1e6)
                case IncomingCall(call, sdp=offer):
                    answer, _ = make_answer(
                        sdp.parse(offer or b""), [audio(20_000, [PCMA])], MCU.host, 1
                    )
                    self.calls.append(call)
                    self.mcu.accept(call, sdp.build(answer), now_ns / 1e6)
                case CallEnded():
                    self.ended.append(event)

    def dial(self, now_ns: int) -> list[BridgeEvent]:
        self.bridge.dial(now_ns)
        return self.settle(now_ns)

    def persevere(self, now_ns: int) -> list[BridgeEvent]:
        self.bridge.persevere(now_ns)
        return self.settle(now_ns)


def kinds(told: Sequence[BridgeEvent]) -> list[type]:
    return [type(event) for event in told]


IN = [Completed, MediaStarted]


def test_a_call_of_the_mcu_is_timed_from_its_own_beginning() -> None:
    """Its answer to the one before was lost, and it hung up."""
    meeting = Meeting(None)
    offer = sdp.build(make_offer(MCU.host, [audio(20_000, [PCMA])], 1))
    meeting.mcu.call(f"sip:cu-jut@{OWN[0]}", offer, at(1) / 1e6)
    meeting.bridge.receive(meeting.mcu.outgoing()[0].data, MCU, at(1))
    meeting.bridge.hang_up(at(2))
    meeting.bridge.outgoing()
    meeting.mcu.call(f"sip:cu-jut@{OWN[0]}", offer, at(3) / 1e6)
    told = [event for event in meeting.settle(at(3)) if isinstance(event, Completed)]
    assert [(done.operation, done.ok, done.ms) for done in told] == [("incoming", True, 0.0)]


def test_a_dead_call_is_given_up_and_dialled_anew() -> None:
    """The MCU is told why, when the line is there again."""
    meeting = Meeting()
    assert kinds(meeting.dial(at(1))) == IN
    meeting.bridge.hears(at(3))
    assert meeting.bridge.redial_ns == at(13)
    assert meeting.persevere(at(12.9)) == []
    told = meeting.persevere(at(13))
    assert kinds(told) == [MediaStopped, MediaLost, Completed]
    assert isinstance(told[2], Completed)
    assert (told[2].operation, told[2].ok) == ("bye", True)
    assert [(end.call, end.cause) for end in meeting.ended] == [(meeting.calls[0], "media-lost")]
    assert (meeting.bridge.stands, meeting.bridge.redial_ns) == (False, at(18))
    again = meeting.persevere(at(18))
    assert again[0] == Redialled(1)
    assert kinds(again[1:]) == IN
    assert len(set(meeting.calls)) == 2


def test_a_pending_attempt_is_given_up_for_the_next() -> None:
    meeting = Meeting()
    meeting.dial(at(1))
    meeting.cut = True
    assert kinds(meeting.persevere(at(11))) == [MediaStopped, MediaLost]
    assert meeting.persevere(at(16)) == [Redialled(1)]
    pending = meeting.bridge.call
    assert meeting.persevere(at(21)) == [Redialled(2)]
    assert meeting.bridge.call not in (None, pending)
    meeting.cut = False
    assert kinds(meeting.persevere(at(26))) == [Redialled, *IN]
    assert meeting.bridge.redialling.attempts == 0


@pytest.mark.parametrize(("code", "next_ns"), [(503, at(21)), (403, NEVER_NS)])
def test_what_a_refusal_means_to_who_was_in(code: int, next_ns: int) -> None:
    meeting = Meeting()
    meeting.dial(at(1))
    meeting.persevere(at(11))
    meeting.refuses = code
    told = meeting.persevere(at(16))
    assert kinds(told) == [Redialled, Completed]
    assert isinstance(told[1], Completed)
    assert (told[1].operation, told[1].ok, told[1].code) == ("invite", False, code)
    assert meeting.bridge.redial_ns == next_ns


def test_a_call_that_the_mcu_ends_is_dialled_again_unless_the_meeting_is_over() -> None:
    meeting = Meeting()
    meeting.dial(at(1))
    meeting.mcu.hang_up(meeting.calls[0], 2e3)
    assert kinds(meeting.settle(at(2))) == [MediaStopped, Completed]
    assert meeting.bridge.redial_ns == at(7)
    meeting.bridge.hang_up(at(3))
    assert meeting.bridge.redial_ns == NEVER_NS
    assert meeting.persevere(at(7)) == []


def test_where_nothing_fails_nobody_dials_again() -> None:
    meeting = Meeting(recovery=None)
    meeting.dial(at(1))
    assert meeting.persevere(at(100)) == []
    meeting.mcu.hang_up(meeting.calls[0], 101e3)
    meeting.settle(at(101))
    assert meeting.persevere(at(200)) == []
    assert len(meeting.calls) == 1


def test_without_power_it_neither_speaks_nor_hears() -> None:
    """Not even a BYE: the MCU still holds the call."""
    meeting = Meeting()
    meeting.dial(at(1))
    meeting.bridge.switch_off()
    assert meeting.settle(at(2)) == [MediaStopped()]
    assert meeting.ended == []
    assert (meeting.bridge.next_timeout(), meeting.bridge.redial_ns) == (None, NEVER_NS)
    assert meeting.dial(at(3)) == []
    meeting.mcu.hang_up(meeting.calls[0], 4e3)
    assert meeting.settle(at(4)) == []
    assert len(meeting.calls) == 1


@pytest.mark.parametrize("due", [False, True])
@pytest.mark.parametrize("was_in", [False, True])
def test_with_power_again_it_dials_if_it_was_in_or_should_be(was_in: bool, due: bool) -> None:
    meeting = Meeting()
    if was_in:
        meeting.dial(at(1))
    meeting.bridge.switch_off()
    meeting.settle(at(2))
    meeting.bridge.switch_on(random.Random(3), at(62), due=due)
    told = meeting.settle(at(62))
    assert kinds(told) == ([Redialled, *IN] if was_in or due else [])
    assert meeting.bridge.stands == (was_in or due)
    assert told[:1] == ([Redialled(1)] if was_in or due else [])


def test_with_power_after_the_meeting_it_stays_away() -> None:
    meeting = Meeting()
    meeting.dial(at(1))
    meeting.bridge.switch_off()
    meeting.bridge.hang_up(at(5))
    meeting.settle(at(5))
    meeting.bridge.switch_on(random.Random(3), at(62), due=True)
    assert meeting.settle(at(62)) == []
    assert len(meeting.calls) == 1
