"""Standing calls are changed: hold, other addresses, other codecs and keys, more media."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mcu_sim import sdp
from mcu_sim.media.audio import g711
from mcu_sim.media.leg import Kind
from mcu_sim.sdp import Crypto, CryptoKey, Direction, Suite
from mcu_sim.sdp.crypto import MASTER_BYTES
from mcu_sim.sdp.offer_answer import G722, PCMA, PCMU
from mcu_sim.sip import ReofferAnswered, ReofferRefused
from tests.loopback import local_address
from tests.mcu_sim.desk_bridge import Bridge
from tests.mcu_sim.desk_factory import Make, Office, offices
from tests.mcu_sim.server_factory import loudness, meeting_of, meetings
from traffic.rtcp import ReceiverReport, pack

MCU = local_address(75)
MEMBERS = ("chair", "west", "east")


@pytest.fixture
def make() -> Iterator[Make]:
    yield from offices(MCU, MEMBERS)


def bridge(office: Office, user: str, number: int, **more: Any) -> Bridge:
    made = Bridge(office, user, local_address(76, number), **more)
    made.dial("meeting")
    for media in made.can:
        kind: Kind = "content" if media.content else "audio" if media.kind == "audio" else "video"
        made.sock(kind)
    return made


def numbers(packets: list[bytes]) -> list[int]:
    """Sequence numbers, unwrapped."""
    found = [int.from_bytes(p[2:4], "big") for p in packets]
    return [n + 65_536 * (n < found[0]) for n in found]


def tone(listener: Bridge, hz: int) -> float:
    """How loud a tone is in the last packet that came."""
    last = listener.received("audio")[-1]
    return loudness(g711.a_law_decode(np.frombuffer(last[12:], np.uint8)), hz)


def hear(office: Office, *speakers: tuple[Bridge, int], ms: int = 200) -> None:
    """Let bridges sound for so long."""
    for _ in range(0, ms, 20):
        for speaker, hz in speakers:
            speaker.say(hz)
        office.run(20)


@pytest.mark.parametrize(
    ("direction", "hears", "is_heard"),
    [
        (Direction.SENDONLY, False, True),
        (Direction.RECVONLY, True, False),
        (Direction.INACTIVE, False, False),
    ],
)
def test_hold_and_resume(make: Make, direction: Direction, hears: bool, is_heard: bool) -> None:
    """Media stop that way and come back, and what was not sent is no loss: numbers run on."""
    office = make()
    west, east = bridge(office, "west", 1), bridge(office, "east", 2)
    hear(office, (west, 400), (east, 600))
    before = {kind: west.received(kind) for kind in ("audio", "video")}
    assert all(before.values())
    east.received("audio")
    west.reoffer(direction=direction)
    hear(office, (west, 400), (east, 600), ms=100)  # what was made ahead still leaves
    for kind in before:
        before[kind] += west.received(kind)
    hear(office, (west, 400), (east, 600), ms=400)
    held = {kind: west.received(kind) for kind in ("audio", "video")}
    assert all(bool(packets) is hears for packets in held.values())
    sound = g711.a_law_decode(np.frombuffer(east.received("audio")[-1][12:], np.uint8))
    assert (loudness(sound, 400) > 1000) is is_heard
    west.reoffer(direction=Direction.SENDRECV)
    hear(office, (west, 400), (east, 600), ms=400)
    for kind, packets in before.items():
        after = west.received(kind)
        assert after
        came = numbers(packets + held[kind] + after)
        assert came == list(range(came[0], came[0] + len(came)))
        if not hears:
            stamps = [int.from_bytes(p[4:8], "big") for p in (packets[-1], after[0])]
            clock = 8000 if kind == "audio" else 90_000
            assert (stamps[1] - stamps[0]) % 2**32 > 0.35 * clock
    sound = g711.a_law_decode(np.frombuffer(east.received("audio")[-1][12:], np.uint8))
    assert loudness(sound, 400) > 1000


def test_after_hold_sound_begins_with_a_marker_and_pictures_with_a_key_frame(make: Make) -> None:
    office = make()
    west = bridge(office, "west", 1)
    office.run(200)
    west.reoffer(direction=Direction.INACTIVE)
    office.run(200)
    for kind in ("audio", "video"):
        west.received(kind)
    west.reoffer(direction=Direction.SENDRECV)
    office.run(200)
    assert west.received("audio")[0][1] & 0x80
    first = west.received("video")[0]
    assert (first[12], first[13] & 0x9F) == (0x7C, 0x85)  # FU-A, the start of an IDR slice


def test_old_style_hold(make: Make) -> None:
    """c=0.0.0.0 (RFC 3264 §8.4)."""
    office = make()
    west = bridge(office, "west", 1)
    office.run(100)
    west.reoffer(replace(west.local, address="0.0.0.0", version=9))
    office.run(40)
    west.received("audio")
    office.run(100)
    assert west.received("audio") == []
    assert office.plane.pacer.unsendable == 0


def test_another_port(make: Make) -> None:
    """Media go to it and are taken from it, and no longer from the old one."""
    office = make()
    west, east = bridge(office, "west", 1), bridge(office, "east", 2)
    hear(office, (west, 400))
    moved = [replace(m, port=m.port + 100, rtcp_port=None) for m in west.local.media]
    west.reoffer(replace(west.local, media=tuple(moved), version=9))
    old = west._sockets.copy()
    west._sockets.clear()
    west._port = {kind: port + 100 for kind, port in west._port.items()}
    west.sock("audio")
    stray = office.plane.inbound.lost.stray
    hear(office, (west, 400), ms=400)
    assert west.received("audio")
    assert office.plane.inbound.lost.stray == stray
    sound = g711.a_law_decode(np.frombuffer(east.received("audio")[-1][12:], np.uint8))
    assert loudness(sound, 400) > 1000
    old["audio", False].sendto(bytes([0x80, 8]) + bytes(170), west.agreed["audio"].remote)
    office.run(20)
    assert office.plane.inbound.lost.stray == stray + 1
    for sock in old.values():
        sock.close()


def test_nobody_moves_onto_the_address_of_another_call(make: Make) -> None:
    office = make()
    west, east = bridge(office, "west", 1), bridge(office, "east", 2)
    before = east.local
    east.reoffer(replace(east.local, address=west.host, version=9))
    [refused] = east.got(ReofferRefused)
    assert refused.code == 488
    east.local = before
    for _ in range(5):
        west.say(400)
        office.run(20)
    call = office.book.of("west")
    assert call is not None
    assert int(office.plane.inbound.statistics["audio"].received[call.row]) == 5


def test_a_medium_that_was_dropped_gives_nothing_of_another_call_back(make: Make) -> None:
    """West moves away, east comes to the address that it had, west drops its picture."""
    office = make(meetings(rooms={}), seats={}, guests=4)
    west = Bridge(office, "west", local_address(76))
    west.dial("room")
    moved = [replace(m, port=m.port + 100, rtcp_port=None) for m in west.local.media]
    west.reoffer(replace(west.local, media=tuple(moved), version=9))
    east = Bridge(office, "east", local_address(76), sip_port=5062)
    east.dial("room")
    refused = sdp.Media("video", 0, formats=("97",))
    west.reoffer(replace(west.local, media=(west.local.media[0], refused), version=10))
    east.show(key=True)
    office.run(40)
    calls = {who: office.book.of(who) for who in ("west", "east")}
    received = office.plane.inbound.statistics["video"].received
    assert [int(received[c.row]) for c in calls.values() if c is not None] == [0, 1]


def test_an_invite_without_offer_within_the_call_ends_a_hold(make: Make) -> None:
    """The MCU offers all it can, not the state of the hold (RFC 3261 §14.2)."""
    office = make()
    west = bridge(office, "west", 1)
    west.reoffer(direction=Direction.SENDONLY)
    entry = office.book.of("west")
    assert entry is not None
    assert entry.local.media[0].direction is Direction.RECVONLY
    offer = office.answering.renew(entry)
    assert [m.direction for m in offer.media] == [Direction.SENDRECV] * 2
    assert [m.port for m in offer.media] == [m.port for m in entry.local.media]
    assert offer.version > entry.local.version
    assert {PCMA.payload_type, 97} <= {c.payload_type for m in offer.media for c in m.codecs}


def test_another_codec(make: Make) -> None:
    office = make()
    west = bridge(office, "west", 1, codecs=(G722, PCMA))
    east = bridge(office, "east", 2)
    assert west.agreed["audio"].codec.name == "G722"
    office.run(100)
    assert {p[1] & 0x7F for p in west.received("audio")} == {9}
    narrow = replace(west.local.media[0], codecs=(PCMU,))
    west.reoffer(replace(west.local, media=(narrow, *west.local.media[1:]), version=9))
    office.run(40)
    west.received("audio")
    hear(office, (east, 600))
    last = west.received("audio")[-1]
    assert last[1] & 0x7F == 0
    assert loudness(g711.mu_law_decode(np.frombuffer(last[12:], np.uint8)), 600) > 1000


def test_other_keys(make: Make) -> None:
    """A far end that takes a new key, and one that gives encryption up."""
    office = make()
    west = bridge(office, "west", 1, secure=True)
    hear(office, (west, 400))
    assert west.received("audio")
    renewed = tuple(
        replace(m, crypto=tuple(replace(c, key=replace(c.key, master=bytes(30))) for c in m.crypto))
        for m in west.local.media
    )
    west.reoffer(replace(west.local, media=renewed, version=9))
    office.run(40)
    west.sock("audio").recv(2000)
    received = office.plane.inbound.statistics["audio"].received
    call = office.book.of("west")
    assert call is not None
    before = int(received[call.row])
    hear(office, (west, 400))
    assert office.plane.inbound.lost.unauthentic == 0
    assert int(received[call.row]) == before + 10
    assert west.received("audio")
    plain = tuple(replace(m, crypto=(), protocol="RTP/AVP") for m in west.local.media)
    west.reoffer(replace(west.local, media=plain, version=10))
    west.srtp.clear()
    office.run(40)
    west.received("audio")
    hear(office, (west, 400))
    assert int(received[call.row]) == before + 20
    assert {len(p) for p in west.received("audio")} == {172}


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("mki", [b"", b"\0\0\0\1", bytes(range(16))])
def test_a_far_end_with_any_suite_and_an_mki(make: Make, suite: Suite, mki: bytes) -> None:
    """Sound, pictures of full length and reports, both ways, beside one who does not encrypt."""
    office = make()
    west, east = bridge(office, "west", 1, secure=True), bridge(office, "east", 2)
    line = Crypto(4, CryptoKey(suite, bytes(range(MASTER_BYTES[suite])), mki))
    offered = tuple(replace(m, crypto=(line,)) for m in west.local.media)
    west.reoffer(replace(west.local, media=offered, version=9))
    terms = west.agreed["audio"]
    assert terms.crypto_send == line.key
    assert terms.crypto_receive is not None
    assert (terms.crypto_receive.suite, terms.crypto_receive.mki) == (suite, mki)
    office.run(40)
    west.sock("audio").recv(2000)  # with the old key
    west.received("audio", control=True)
    for payload in (bytes(50), bytes(1400)):
        west.send("video", b"\x65" + payload, marker=True)
        east.send("video", b"\x65" + payload, marker=True)
    hear(office, (west, 400))
    assert tone(east, 400) > 1000
    hear(office, (east, 600))
    assert tone(west, 600) > 1000
    assert west.received("video")
    west.sock("audio").sendto(
        west.srtp["audio"].protect_rtcp(pack([ReceiverReport(7, ())])), west.agreed["audio"].remote
    )
    before = office.plane.inbound.rtcp_received
    office.run(5500)
    assert office.plane.inbound.rtcp_received == before + 1
    assert west.received("audio", control=True)
    assert office.plane.inbound.lost.unauthentic == 0
    assert office.plane.outbound.unprotected == 0


def test_pictures_and_content_may_be_added(make: Make) -> None:
    office = make()
    west = bridge(office, "west", 1, kinds=("audio",))
    assert (set(west.agreed), office.capacity.units_used) == ({"audio"}, 1.0)
    west.reoffer(replace(west.offer("audio", "video", "content"), version=9))
    assert set(west.agreed) == {"audio", "video", "content"}
    assert office.capacity.units_used == 3.0
    west.sock("video")
    office.run(200)
    assert west.received("video")


def test_a_picture_at_another_rate(make: Make) -> None:
    """What a new b= says is what the composed picture keeps to, and then again."""
    office = make()
    west = bridge(office, "west", 1)

    def kbps(limit: int) -> float:
        lower = [replace(m, tias_bps=1000 * limit) for m in west.local.media[1:]]
        media = (west.local.media[0], *lower)
        west.reoffer(replace(west.local, media=media, version=west.local.version + 1))
        office.run(1000)
        west.received("video")
        octets = 0
        for _ in range(40):
            office.run(100)
            octets += sum(len(p) for p in west.received("video"))
        return octets * 8 / 4000

    assert kbps(1024) == pytest.approx(1024, rel=0.15)
    assert kbps(128) == pytest.approx(128, rel=0.25)
    assert kbps(900) == pytest.approx(900, rel=0.15)


def test_a_call_that_gives_its_pictures_up_is_one_with_sound_alone(make: Make) -> None:
    """It costs no more than that, and shows nothing either: content is pictures too."""
    office = make(meetings(meeting_of(MEMBERS, floor="chair")))
    west = bridge(office, "west", 1)
    slides = west.offer("audio", "video", "content")
    gone = replace(sdp.Media("video", 0, formats=("97",)), content=("main",))
    west.reoffer(replace(slides, media=(slides.media[0], gone, slides.media[2]), version=9))
    assert (set(west.agreed), office.capacity.units_used) == ({"audio"}, 1.0)
    office.run(40)
    west.received("video")
    office.run(100)
    assert west.received("video") == []
    west.hang_up()
    assert office.plane._composed._streams == {}
    assert office.is_empty()


def test_an_offer_that_cannot_be_taken_changes_nothing(make: Make) -> None:
    office = make()
    west = bridge(office, "west", 1)
    before = office.capacity.units_used
    west.reoffer(replace(west.local, media=west.local.media[:1], version=9))
    [refused] = west.got(ReofferRefused)
    assert (refused.code, office.capacity.units_used) == (488, before)
    assert west.got(ReofferAnswered) == []
    office.run(100)
    assert west.received("audio")
    call = office.book.of("west")
    assert call is not None
    assert (call.asked, call.given) == ("720p30", "720p30")
    west.hang_up()
    assert office.is_empty()


def test_sound_that_is_added_later_is_heard_as_the_floor_has_it(make: Make) -> None:
    office = make(meetings(meeting_of(MEMBERS, floor="chair")))
    chair, west = bridge(office, "chair", 1, kinds=("video",)), bridge(office, "west", 2)
    chair.reoffer(replace(chair.offer("video", "audio"), version=9))
    assert set(chair.agreed) == {"audio", "video"}
    hear(office, (chair, 400), (west, 600), ms=400)
    sound = g711.a_law_decode(np.frombuffer(west.received("audio")[-1][12:], np.uint8))
    assert loudness(sound, 400) > 1000
