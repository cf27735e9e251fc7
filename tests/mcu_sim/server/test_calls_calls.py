"""Calls at the controller: who gets in, who is told apart, and what is left when all is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcu_sim import sdp
from mcu_sim.accounts import load_accounts
from mcu_sim.sdp.h264 import codec_for
from mcu_sim.sip import CallEnded, Peer, Refused
from tests.loopback import local_address
from tests.mcu_sim.desk_bridge import Bridge
from tests.mcu_sim.desk_factory import Make, Office, offices
from tests.mcu_sim.server_factory import MODEL, device, meeting_of, meetings

MCU = local_address(71)
MEMBERS = ("chair", "west", "east", "north")


@pytest.fixture
def make() -> Iterator[Make]:
    yield from offices(MCU, MEMBERS)


def bridge(office: Office, user: str, number: int = 1, **more: Any) -> Bridge:
    return Bridge(office, user, local_address(72, number), **more)


def refusal(one: Bridge) -> tuple[int, int | None]:
    [refused] = one.got(Refused)
    return refused.code, refused.retry_after_s


def test_a_call_comes_and_goes(make: Make) -> None:
    office = make()
    west = bridge(office, "west")
    west.dial("meeting")
    assert set(west.agreed) == {"audio", "video"}
    assert (office.said("joined"), office.capacity.ports_used) == (["west"], 1)
    west.hang_up()
    assert office.said("left") == ["west"]
    assert office.is_empty()
    office.wait(60)
    assert office.agent.idle
    assert west.agent.idle


def test_who_is_no_member_and_what_is_no_meeting(make: Make) -> None:
    office = make()
    stranger, lost = bridge(office, "stranger", 1), bridge(office, "west", 2)
    stranger.dial("meeting")
    lost.dial("no-such-meeting")
    assert (refusal(stranger), refusal(lost)) == ((403, None), (404, None))
    assert {e["code"] for e in office.events} == {403, 404}
    assert office.is_empty()


def test_a_member_of_one_meeting_is_busy_for_another(make: Make) -> None:
    office = make(meetings(meeting_of(MEMBERS), meeting_of(("west", "south"), id="other")))
    west = bridge(office, "west", 1)
    west.dial("meeting")
    again = bridge(office, "west", 2)
    again.dial("other")
    assert refusal(again) == (486, None)
    assert office.said("left") == []


def test_a_lost_line_may_come_back_into_another_meeting(make: Make) -> None:
    """Its place in the first one is given up then (Art. 15(2)b keeps it until it is back)."""
    office = make(meetings(meeting_of(MEMBERS), meeting_of(("west", "south"), id="other")))
    west, east = bridge(office, "west", 1), bridge(office, "east", 3)
    west.dial("meeting")
    east.dial("meeting")
    west.cut = True
    office.now_ns += 2_000_000_000
    again = bridge(office, "west", 2)
    again.dial("other")
    assert set(again.agreed) == {"audio", "video"}
    assert office.controller.rooms["meeting"].live == ("east",)
    assert office.controller.rooms["meeting"].away == ()
    assert office.controller.rooms["other"].live == ("west",)
    assert office.capacity.ports_used == 2


def test_a_full_device_refuses_and_says_when_to_come_again(make: Make) -> None:
    office = make(device=device(capacity={"units_total": 3.0}, when_full={"steps": ["refuse"]}))
    west, east = bridge(office, "west", 1), bridge(office, "east", 2)
    west.dial("meeting")
    east.dial("meeting")
    assert refusal(east) == (503, 60)
    assert (office.capacity.units_used, len(office.ports.held)) == (3.0, 1)
    west.hang_up()
    east.dial("meeting")
    assert set(east.agreed) == {"audio", "video"}


def test_more_guests_than_places(make: Make) -> None:
    office = make(meetings(rooms={}), seats={}, guests=1)
    west, east = bridge(office, "west", 1), bridge(office, "east", 2)
    west.dial("room")
    east.dial("room")
    assert refusal(east) == (503, 60)
    west.hang_up()
    east.dial("room")
    assert office.said("joined") == ["west", "east"]


def test_a_call_is_stepped_down_where_its_resolution_is_full(make: Make) -> None:
    """Fixed ports: of 1080p30 there is one left, and below it there is room."""
    fixed = device("rmx-1500-mpmx-fixed")
    assert fixed.levels is not None
    ports = {**fixed.levels.ports, "1080p30": 1}
    office = make(
        device=device(fixed.id, levels={"ports": ports}),
        video=MODEL.model_copy(update={"kbps": 6000.0}),
    )
    callers = [
        bridge(office, who, n, resolution="1080p30", kbps=6000)
        for n, who in enumerate(("west", "east"), 1)
    ]
    for one in callers:
        one.dial("meeting")
    levels = [one.agreed["video"].codec.parameter("profile-level-id") for one in callers]
    assert [(level or "")[-2:] for level in levels] == ["28", "1F"]
    joined = [e for e in office.events if e["event"] == "joined"]
    assert "given" not in joined[0]
    assert (joined[1]["asked"], joined[1]["given"]) == ("1080p30", "720p30")


def test_where_only_sound_is_left_pictures_are_refused(make: Make) -> None:
    one_of_each = {"units_total": 1.0, "ports_total": 2, "audio_ports": 1}
    office = make(device=device("codian-4220", capacity=one_of_each))
    west, east, north = (bridge(office, who, n) for n, who in enumerate(MEMBERS[1:], 1))
    for one in (west, east, north):
        one.dial("meeting")
    assert set(west.agreed) == {"audio", "video"}
    assert set(east.agreed) == {"audio"}
    answer = sdp.parse(next(e for e in east.events).sdp)  # type: ignore[union-attr, arg-type]
    assert [media.port > 0 for media in answer.media] == [True, False]
    assert refusal(north)[0] == 503
    east.hang_up()
    assert office.capacity.ports_used == 1


def test_two_calls_from_one_address_have_ports_of_their_own(make: Make) -> None:
    """Also when the second one comes before the first one stands."""
    office = make()
    west = bridge(office, "west", 1)
    east = bridge(office, "east", 1, sip_port=5062)
    for one in (west, east):
        uri = f"sip:meeting@{MCU}:5060"
        one.call = one.agent.call(uri, sdp.build(one.local), office.now_ms)
    office.settle()
    remotes = [one.agreed["audio"].remote for one in (west, east)]
    assert remotes[0] != remotes[1]
    assert len(set(office.ports.held.values())) == 2
    for _ in range(10):
        west.send("audio", bytes(160))
        office.run()
    assert office.plane.inbound.lost.stray == 0
    rows = {name: office.book.of(name) for name in ("west", "east")}
    received = office.plane.inbound.statistics["audio"].received
    assert [int(received[call.row]) for call in rows.values() if call] == [10, 0]


def test_guests_give_back_ports_and_shelves(make: Make) -> None:
    office = make(meetings(rooms={}), seats={}, guests=8)
    callers = [bridge(office, "sipp", 1, sip_port=5062 + n) for n in range(4)]
    for one in callers:
        one.dial("room")
    assert len(office.ports.sockets) == 4 * 6
    assert office.said("joined") == ["sipp", "sipp-2", "sipp-3", "sipp-4"]
    for one in callers:
        one.hang_up()
    assert office.ports.held == {}
    assert len(office.ports.sockets) == 6
    assert office.is_empty()


def test_a_lost_line_comes_back_to_its_place(make: Make) -> None:
    """Its call still stands here: as long as media come it is busy, then the new one replaces it,
    and the planned streams go on where they were."""
    office = make()
    west = bridge(office, "west", 1)
    west.dial("meeting")
    west.say(400)
    office.run(100)
    west.cut = True
    again = bridge(office, "west", 2)
    again.sock("audio")
    again.dial("meeting")
    assert refusal(again) == (486, None)
    office.now_ns += 2_000_000_000
    again.dial("meeting")
    assert [e["cause"] for e in office.events if e["event"] == "left"] == ["replaced"]
    assert office.said("joined") == ["west", "west"]
    assert office.controller.rooms["meeting"].live == ("west",)
    office.run(100)
    first = int.from_bytes(again.received("audio")[0][2:4], "big")
    assert first == (65_500 + len(west.received("audio"))) % 65_536
    assert office.capacity.ports_used == 1


def test_who_hung_up_for_want_of_media_has_its_place_still(make: Make) -> None:
    """Its BYE may come through late; it has not left the meeting (Art. 15(2)b)."""
    office = make()
    west = bridge(office, "west", 1)
    west.dial("meeting")
    west.agent.hang_up(west.call, office.now_ms, "Nothing is heard", cause=408)
    office.settle()
    assert [e["cause"] for e in office.events if e["event"] == "left"] == ["media-lost"]
    assert office.controller.rooms["meeting"].away == ("west",)
    west.dial("meeting")
    assert office.controller.rooms["meeting"].live == ("west",)


def test_a_caller_with_an_account_is_who_he_proves_to_be(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(
        'schema = "giaoban.accounts/1"\n[[account]]\nuser = "west"\npassword = "right"\n',
        encoding="utf-8",
    )
    path.chmod(0o600)
    office = make(seats={}, guests=4, accounts=load_accounts(path))
    west, liar = bridge(office, "west", 1, password="right"), bridge(office, "west", 2)
    liar.dial("meeting")
    assert refusal(liar)[0] == 401
    west.dial("meeting")
    assert office.said("joined") == ["west"]
    assert office.is_empty() is False


def test_members_are_taken_at_their_word_without_accounts(make: Make) -> None:
    """A second west is west again, not a stranger called west-2; in a room there are two."""
    office = make(meetings(meeting_of(MEMBERS), rooms={}), seats={}, guests=4)
    callers = [bridge(office, "west", n) for n in (1, 2, 3, 4)]
    callers[0].dial("meeting")
    callers[1].dial("meeting")
    assert refusal(callers[1])[0] == 486
    for one in callers[2:]:
        one.dial("room")
    assert office.said("joined") == ["west", "west-2", "west-3"]


@pytest.mark.parametrize(
    ("offer", "code"),
    [
        (b"v=0\r\n", 488),
        (b"\xff", 488),
        (b"v=0\r\no=- 1 1 IN IP4 127.0.72.1\r\ns=-\r\nc=IN IP4 127.0.72.1\r\nt=0 0\r\n", 488),
        (
            b"v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\n"
            b"m=audio 40000 RTP/AVP 8\r\n",
            488,
        ),
        (
            b"v=0\r\no=- 1 1 IN IP4 127.0.72.1\r\ns=-\r\nc=IN IP4 127.0.72.1\r\nt=0 0\r\n"
            b"m=audio 65535 RTP/AVP 8\r\n",
            488,
        ),
    ],
)
def test_offers_that_cannot_be_answered(make: Make, offer: bytes, code: int) -> None:
    office = make()
    west = bridge(office, "west")
    west.dial("meeting", offer=offer)
    assert refusal(west)[0] == code
    assert office.is_empty()


def test_a_call_that_is_never_acknowledged_holds_nothing_in_the_end(make: Make) -> None:
    office = make()
    west = bridge(office, "west")
    uri = f"sip:meeting@{MCU}:5060"
    west.call = west.agent.call(uri, sdp.build(west.local), office.now_ms)
    for one in west.agent.outgoing():
        office.take(one.data, Peer(*west.sip))
    west.cut = True
    assert office.capacity.ports_used == 1
    office.wait(40)
    assert office.said("joined") == []
    assert office.is_empty()
    assert office.ports.held == {}


def test_an_invite_without_offer_gets_ours(make: Make) -> None:
    """Its answer comes with the ACK; one that is unusable ends the call."""
    office = make()
    for user, answer, joined in (("west", True, ["west"]), ("east", False, ["west"])):
        host = local_address(72, 5)
        invite = (
            f"INVITE sip:meeting@{MCU}:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{user}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{user}@{host}>;tag={user}\r\nTo: <sip:meeting@{MCU}>\r\n"
            f"Call-ID: {user}\r\nCSeq: 1 INVITE\r\nContact: <sip:{user}@{host}:5060>\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        office.sent.clear()
        office.take(invite.encode(), Peer(host, 5060))
        office.settle()
        [success] = [d for d, _ in office.sent if d.startswith(b"SIP/2.0 200")]
        head, _, body = success.partition(b"\r\n\r\n")
        to = next(line for line in head.decode().split("\r\n") if line.startswith("To:"))
        ours = sdp.parse(body)
        theirs = body.replace(MCU.encode(), host.encode()) if answer else b"v=0\r\n"
        ack = (
            f"ACK sip:mcu@{MCU}:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{user}ack\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{user}@{host}>;tag={user}\r\n{to}\r\n"
            f"Call-ID: {user}\r\nCSeq: 1 ACK\r\nContent-Type: application/sdp\r\n"
            f"Content-Length: {len(theirs)}\r\n\r\n"
        )
        office.take(ack.encode() + theirs, Peer(host, 5060))
        office.settle()
        assert ours.media[0].port
        assert office.said("joined") == joined
    assert office.said("turned-away") == ["east"]
    assert any(d.startswith(b"BYE") for d, _ in office.sent)
    assert office.capacity.ports_used == 1


def test_the_end_of_the_device_is_told_to_everybody(make: Make) -> None:
    office = make()
    west = bridge(office, "west")
    west.dial("meeting")
    office.controller.close("The MCU stops", office.now_ns)
    office.settle()
    assert west.got(CallEnded) == [CallEnded(west.call)]
    assert office.is_empty()
    late = bridge(office, "east", 2)
    late.dial("meeting")
    assert refusal(late) == (503, 60)


def test_a_picture_of_less_rate_costs_less(make: Make) -> None:
    """What a re-INVITE asks for is what the call holds from then on."""
    office = make()
    west = bridge(office, "west")
    west.dial("meeting")
    assert office.capacity.units_used == 3.0
    smaller = [codec_for("SD30", 97)]
    west.reoffer(
        sdp.Session(
            west.local.address,
            (west.local.media[0], *(_with(m, smaller) for m in west.local.media[1:])),
            1,
            2,
            origin_address=west.host,
        )
    )
    assert office.capacity.units_used == 1.5
    west.hang_up()
    assert office.is_empty()


def _with(media: sdp.Media, codecs: list[sdp.Codec]) -> sdp.Media:
    return replace(media, codecs=tuple(codecs))
