"""Media flow only to where something has come from: nobody can have the MCU flood another."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from giaoban.mcu_sim.accounts import Accounts
from giaoban.mcu_sim.media import consent as consent_of_media
from giaoban.mcu_sim.media.consent import GRACE_NS, Consent
from giaoban.mcu_sim.media.leg import Leg, MediaFlow
from giaoban.mcu_sim.sdp.offer_answer import PCMA, NegotiatedMedia
from giaoban.mcu_sim.server.negotiation import why_no_media_at
from giaoban.mcu_sim.sip.agent import UserAgent
from giaoban.mcu_sim.sip.events import InviteAccepted, InviteRefused
from giaoban.mcu_sim.sip.message.addresses import Peer
from giaoban.traffic.batch import sockaddr
from giaoban.traffic.hosts import CONSENT_NS, UNSPECIFIED
from tests.loopback import local_address, udp_socket
from tests.mcu_sim.harness_bridge import PORT, Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses
from tests.mcu_sim.server_factory import meetings, stream

MCU, VICTIM = local_address(152), local_address(152, 99)
ROOMS = meetings(rooms={"prefix": ""})
STEP_MS = 20


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, ())


@pytest.fixture
def victim() -> Iterator[list[socket.socket]]:
    """Somebody who never sends a packet: ports of media and of their RTCP."""
    ports = range(PORT["audio"], PORT["audio"] + 4)
    socks = [udp_socket(VICTIM, port, timeout_s=0) for port in ports]
    yield socks
    for sock in socks:
        sock.close()


def harness_of(make: Make, **more: Any) -> McuHarness:
    return make(ROOMS, **({"guests": 40} | more))


def count(socks: list[socket.socket]) -> int:
    found = 0
    for sock in socks:
        while True:
            try:
                sock.recv(65_535)
            except BlockingIOError:
                break
            found += 1
    return found


def caller(harness: McuHarness, number: int, **more: Any) -> Bridge:
    return Bridge(harness, f"b-{number}", local_address(152, number + 1), **more)


def dial_for(bridge: Bridge, host: str, room: str = "phong") -> None:
    """Call and name another host for one's media."""
    bridge.local = replace(bridge.local, address=host)
    bridge.dial(room)
    assert bridge.got(InviteAccepted)


@pytest.mark.parametrize("mux", [True, False])
def test_who_never_sent_a_packet_gets_none(
    make: Make, victim: list[socket.socket], mux: bool
) -> None:
    """Anonymous callers that name its address, some of which send media from their own."""
    harness = harness_of(make)
    callers = [caller(harness, number, mux=mux) for number in range(1, 4)]
    for bridge in callers:
        dial_for(bridge, VICTIM)
    for _ in range(8_000 // STEP_MS):
        callers[0].say(440)
        callers[0].show(key=True)
        harness.run(STEP_MS)
    assert count(victim) == 0
    assert not any(bridge.got(InviteRefused) for bridge in callers)


def test_a_host_with_several_addresses_is_sent_to_where_it_sends_from(make: Make) -> None:
    harness = harness_of(make)
    bridge, other = caller(harness, 1), caller(harness, 2)
    dial_for(bridge, VICTIM)
    other.dial("phong")
    for _ in range(10):
        bridge.say(440)
        other.say(1000)
        harness.run(STEP_MS)
    bridge.received("audio")
    harness.run(100)
    assert len(bridge.received("audio")) >= 3


def test_who_says_nothing_gets_media_for_seconds(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent_of_media, "GRACE_NS", 5_000_000_000)
    harness = harness_of(make)
    silent, speaker = caller(harness, 1), caller(harness, 2)
    for bridge in (silent, speaker):
        bridge.sock("audio")
        bridge.dial("phong")
    got = []
    for _ in range(8):
        for _ in range(1_000 // STEP_MS):
            speaker.say(440)
            harness.run(STEP_MS)
        got.append((len(silent.received("audio")), len(speaker.received("audio"))))
    assert all(mine > 40 for mine, _ in got[:4])
    assert [mine for mine, _ in got[6:]] == [0, 0]
    assert all(theirs > 40 for _, theirs in got)
    silent.say(440)  # it shows itself
    harness.run(200)
    assert silent.received("audio")


def test_an_account_may_say_where_its_media_go(make: Make, victim: list[socket.socket]) -> None:
    accounts = Accounts.model_validate(
        {
            "schema": "giaoban.accounts/1",
            "account": [
                {"user": "b-1", "password": "x", "media": [VICTIM]},
                {"user": "b-2", "password": "x"},
            ],
        }
    )
    harness = harness_of(make, accounts=accounts)
    for number, expected in ((2, False), (1, True)):
        dial_for(caller(harness, number, password="x"), VICTIM, f"phong-{number}")
        harness.run(500)
        assert (count(victim) > 0) is expected


def test_a_contact_elsewhere_is_not_asked_again_before_it_has_answered(make: Make) -> None:
    """For a key frame by INFO: each is repeated for 32 s, to whatever Contact the caller named."""
    harness = make(meetings(rooms={"prefix": "", "video": "switched"}), guests=9)
    camera, viewer = caller(harness, 1), caller(harness, 2)
    plain = tuple(replace(media, feedback=()) for media in camera.local.media)
    camera.local = replace(camera.local, media=plain)
    camera.dial("phong")
    viewer.dial("phong")
    camera.cut = True  # it answers nothing any more
    for _ in range(5_000 // STEP_MS):
        camera.say(440, loud=9_000)
        camera.show()
        viewer.show()
        harness.run(STEP_MS)
    asked = [data for data, _ in harness.sent if data.startswith(b"INFO ") and b"b-1@" in data]
    assert len({data.partition(b"CSeq")[2][:20] for data in asked}) == 1


def test_the_mcu_does_not_call_itself() -> None:
    agent = UserAgent((MCU, 5060), random.Random(1))
    with pytest.raises(ValueError, match="our own address"):
        agent.call(f"sip:room@{MCU}", b"v=0", 0.0)
    with pytest.raises(ValueError, match="our own address"):
        agent.call("sip:room@example.org", b"v=0", 0.0, Peer(MCU, 5060))
    assert agent.outgoing() == []


# ----------------------------------------------------------------------- addresses in descriptions

OWN = [f"{MCU} 5060", f"{MCU} 20000", f"{MCU} 20001", f"{MCU} 20003", f"{MCU} 19999"]
"""SIP, RTP and RTCP; the last one's RTCP is the MCU's RTP."""


def described(address: str, port: int) -> bytes:
    return (
        f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 8\r\n"
    ).encode()


@pytest.mark.parametrize(
    "where",
    [
        "224.0.0.1 40000",
        "239.255.255.250 40000",
        "255.255.255.255 40000",
        "240.0.0.1 40000",
        "0.0.0.0 40000",
        "0.1.2.3 40000",
        *OWN,
    ],
)
def test_addresses_that_are_no_peers_are_refused(make: Make, where: str) -> None:
    address, port = where.split()
    harness = harness_of(make)
    caller(harness, 9).dial("phong")  # its sockets are open
    bridge = caller(harness, 1)
    bridge.dial("phong", offer=described(address, int(port)))
    [refused] = bridge.got(InviteRefused)
    assert refused.code == 488
    assert address in refused.reason


def test_such_an_address_costs_its_medium_and_not_the_call(make: Make) -> None:
    harness = harness_of(make)
    bridge = caller(harness, 1)
    sound, picture = bridge.local.media
    bridge.local = replace(bridge.local, media=(sound, replace(picture, address="224.0.0.1")))
    bridge.dial("phong")
    assert set(bridge.agreed) == {"audio"}
    [joined] = [event for event in harness.events if event["event"] == "joined"]
    assert "224.0.0.1" in str(joined)  # and it is told
    own = replace(bridge.local.media[0], port=20_000)
    bridge.reoffer(replace(bridge.local, address=MCU, media=(own, bridge.local.media[1])))
    assert bridge.codes() == [488]


def test_the_loopback_is_the_mcus_own_where_the_mcu_is_not_on_it() -> None:
    assert why_no_media_at("127.0.0.1", from_loopback=True) is None
    assert "own" in (why_no_media_at("127.0.0.1", from_loopback=False) or "")
    assert why_no_media_at("10.68.0.2", from_loopback=False) is None


# -------------------------------------------------------------------------------- consent by itself

HOST, ELSEWHERE = "10.68.0.2", "10.68.0.3"


def leg(remote: str, *, assured: frozenset[str] | None = frozenset()) -> Leg:
    terms = NegotiatedMedia(
        kind="audio",
        codec=PCMA,
        send_type=8,
        receive_type=8,
        remote=(remote, PORT["audio"]),
        remote_rtcp=(remote, PORT["audio"]),
        sends=True,
        receives=True,
        max_kbps=None,
    )
    flow = MediaFlow(terms, stream(0, "b", "audio", "down"))
    return Leg(0, 0, 0, {"audio": flow}, None, heard=True, host=HOST, assured=assured)


def hear(consent: Consent, host: str, at_ns: int) -> None:
    sources = sockaddr(host, PORT["audio"])[np.newaxis]
    consent.heard("audio", np.array([0]), sources, np.array([at_ns]))


def to(consent: Consent, now_ns: int) -> str | None:
    consent.look(now_ns)
    where = consent.to("audio", 0)
    return None if where is None else where[0]


def test_consent_is_fresh_for_thirty_seconds() -> None:
    consent = Consent(1)
    consent.begin(leg(ELSEWHERE), "audio", 0)
    assert to(consent, 1) is None
    hear(consent, ELSEWHERE, 10)
    assert to(consent, 11) == ELSEWHERE
    assert to(consent, 9 + CONSENT_NS) == ELSEWHERE
    assert to(consent, 10 + CONSENT_NS) is None
    hear(consent, ELSEWHERE, 2 * CONSENT_NS)
    assert to(consent, 2 * CONSENT_NS + 1) == ELSEWHERE


def test_who_is_heard_from_elsewhere_has_not_consented_for_another() -> None:
    consent = Consent(1)
    consent.begin(leg(ELSEWHERE), "audio", 0)
    hear(consent, HOST, 10)
    assert to(consent, 11) == HOST
    hear(consent, ELSEWHERE, 20)
    assert to(consent, 21) == ELSEWHERE


def test_the_host_of_the_call_gets_some_seconds_once() -> None:
    consent = Consent(1)
    consent.begin(leg(HOST), "audio", 100)
    assert to(consent, 101) == HOST
    assert to(consent, 99 + GRACE_NS) == HOST
    assert to(consent, 100 + GRACE_NS) is None
    consent.begin(leg(HOST), "audio", 2 * GRACE_NS)  # a re-INVITE with the same address
    assert to(consent, 2 * GRACE_NS + 1) is None
    [held] = consent.take_withheld()
    assert (held.row, held.kind, held.remote[0]) == (0, "audio", HOST)
    assert consent.take_withheld() == []


def test_of_a_call_that_is_held_nothing_is_withheld() -> None:
    """It asked for silence (RFC 3264 §8.4), which is nothing to look after."""
    consent = Consent(1)
    consent.begin(leg(HOST), "audio", 0)
    consent.begin(leg(UNSPECIFIED), "audio", 10)
    assert to(consent, 11) is None
    assert consent.take_withheld() == []
    consent.begin(leg(ELSEWHERE), "audio", 20)  # it goes on, at another host
    assert to(consent, 21) is None
    assert [held.remote[0] for held in consent.take_withheld()] == [ELSEWHERE]


@pytest.mark.parametrize("assured", [None, frozenset({ELSEWHERE})])
def test_who_is_assured_need_not_be_heard(assured: frozenset[str] | None) -> None:
    consent = Consent(1)
    consent.begin(leg(ELSEWHERE, assured=assured), "audio", 0)
    assert to(consent, 10 * CONSENT_NS) == ELSEWHERE
    assert consent.take_withheld() == []
    consent.close(0)
    assert to(consent, 11 * CONSENT_NS) is None
