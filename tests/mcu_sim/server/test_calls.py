"""Calls at the controller: who gets in, who is told apart, and what is left when all is over."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.accounts import load_accounts
from giaoban.mcu_sim.media.audio import g711
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp import Direction
from giaoban.mcu_sim.sdp.offer_answer import PCMA, codec_of
from giaoban.mcu_sim.sip.events import InviteRefused
from giaoban.mcu_sim.sip.message import Peer
from giaoban.traffic.profiles import load_profiles
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses
from tests.mcu_sim.server_factory import MODEL, device
from tests.phone import loudness

MCU = local_address(71)
MEMBERS = ("chair", "west", "east", "north")


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, MEMBERS)


def bridge(harness: McuHarness, user: str, number: int = 1, **more: Any) -> Bridge:
    return Bridge(harness, user, local_address(72, number), **more)


def refusal(one: Bridge) -> int:
    [refused] = one.got(InviteRefused)
    code: int = refused.code
    return code


def came(harness: McuHarness, who: str, kind: Kind = "audio") -> int:
    """Packets of a medium that came from a bridge in its call."""
    call = harness.participants.of(who)
    return int(harness.plane.inbound.statistics[kind].received[call.row])


def test_a_call_comes_and_goes(harness: McuHarness) -> None:
    west = bridge(harness, "west")
    west.dial("meeting")
    assert set(west.agreed) == {"audio", "video"}
    assert (harness.said("joined"), harness.capacity.ports_used) == (["west"], 1)
    harness.wait(3)
    west.hang_up()
    assert harness.said("left") == ["west"]
    joined, left = (e for e in harness.events if e["event"] in ("joined", "left"))
    assert left["meeting"] == joined["meeting"] == "meeting"
    assert 3.0 <= left["lasted_s"] < 4.0
    assert harness.is_empty()
    harness.wait(60)
    assert harness.agent.idle
    assert west.agent.idle


def test_who_is_no_member_and_what_is_no_meeting(harness: McuHarness) -> None:
    stranger, lost = bridge(harness, "stranger", 1), bridge(harness, "west", 2)
    stranger.dial("meeting")
    lost.dial("no-such-meeting")
    assert (refusal(stranger), refusal(lost)) == (403, 404)
    assert {e["code"] for e in harness.events} == {403, 404}
    assert harness.is_empty()


def test_a_full_device_refuses_and_says_when_to_come_again(make: Make) -> None:
    harness = make(device=device(capacity={"units_total": 3.0}, when_full={"steps": ["refuse"]}))
    west, east = bridge(harness, "west", 1), bridge(harness, "east", 2)
    west.dial("meeting")
    east.dial("meeting")
    assert refusal(east) == 503
    assert (harness.capacity.units_used, len(harness.ports.held)) == (3.0, 1)
    west.hang_up()
    east.dial("meeting")
    assert set(east.agreed) == {"audio", "video"}


def test_a_call_is_stepped_down_where_its_resolution_is_full(make: Make) -> None:
    """Fixed ports: of 1080p30 there is one left, and below it there is room."""
    fixed = device("rmx-1500-mpmx-fixed")
    ports = {**fixed.levels.ports, "1080p30": 1}
    harness = make(
        device=device(fixed.id, levels={"ports": ports}),
        video=MODEL.model_copy(update={"kbps": 6000.0}),
    )
    callers = [
        bridge(harness, who, n, resolution="1080p30", kbps=6000)
        for n, who in enumerate(("west", "east"), 1)
    ]
    for one in callers:
        one.dial("meeting")
    levels = [one.agreed["video"].codec.parameter("profile-level-id") for one in callers]
    assert [(level or "")[-2:] for level in levels] == ["28", "1F"]
    joined = [e for e in harness.events if e["event"] == "joined"]
    assert "given" not in joined[0]
    assert (joined[1]["asked"], joined[1]["given"]) == ("1080p30", "720p30")


def test_two_calls_from_one_address_have_ports_of_their_own(harness: McuHarness) -> None:
    """Also when the second one comes before the first one stands."""
    west = bridge(harness, "west", 1)
    east = bridge(harness, "east", 1, sip_port=5062)
    for one in (west, east):
        uri = f"sip:meeting@{MCU}:5060"
        one.call = one.agent.call(uri, sdp.build(one.local), harness.now_ms)
    harness.settle()
    remotes = [one.agreed["audio"].remote for one in (west, east)]
    assert remotes[0] != remotes[1]
    assert len(set(harness.ports.held.values())) == 2
    for _ in range(10):
        west.send("audio", bytes(160))
        harness.run()
    assert harness.plane.inbound.lost.stray == 0
    assert [came(harness, who) for who in ("west", "east")] == [10, 0]


def test_a_lost_line_comes_back_to_its_place(harness: McuHarness) -> None:
    """Its call still stands here: as long as media come it is busy, then the new one replaces it,
    and the planned streams go on where they were."""
    west = bridge(harness, "west", 1)
    west.dial("meeting")
    west.say(400)
    harness.run(100)
    west.cut = True
    again = bridge(harness, "west", 2)
    again.sock("audio")
    again.dial("meeting")
    assert refusal(again) == 486
    harness.now_ns += 2_000_000_000
    again.dial("meeting")
    assert [e["cause"] for e in harness.events if e["event"] == "left"] == ["replaced"]
    assert harness.said("joined") == ["west", "west"]
    assert harness.controller.rooms["meeting"].live == ("west",)
    harness.run(100)
    first = int.from_bytes(again.received("audio")[0][2:4], "big")
    assert first == (65_500 + len(west.received("audio"))) % 65_536
    assert harness.capacity.ports_used == 1


def test_a_caller_with_an_account_is_who_he_proves_to_be(make: Make, tmp_path: Path) -> None:
    path = tmp_path / "accounts.toml"
    path.write_text(
        'schema = "giaoban.accounts/1"\n[[account]]\nuser = "west"\npassword = "right"\n',
        encoding="utf-8",
    )
    path.chmod(0o600)
    harness = make(planned_streams={}, guests=4, accounts=load_accounts(path))
    west, liar = bridge(harness, "west", 1, password="right"), bridge(harness, "west", 2)
    liar.dial("meeting")
    assert refusal(liar) == 401
    west.dial("meeting")
    assert harness.said("joined") == ["west"]
    assert harness.is_empty() is False


def test_an_invite_without_offer_gets_ours(harness: McuHarness) -> None:
    """Its answer comes with the ACK; one that is unusable ends the call."""
    for user, answer, joined in (("west", True, ["west"]), ("east", False, ["west"])):
        host = local_address(72, 5)
        invite = (
            f"INVITE sip:meeting@{MCU}:5060 SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:5060;branch=z9hG4bK{user}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{user}@{host}>;tag={user}\r\nTo: <sip:meeting@{MCU}>\r\n"
            f"Call-ID: {user}\r\nCSeq: 1 INVITE\r\nContact: <sip:{user}@{host}:5060>\r\n"
            "Content-Length: 0\r\n\r\n"
        )
        harness.sent.clear()
        harness.take(invite.encode(), Peer(host, 5060))
        harness.settle()
        [success] = [d for d, _ in harness.sent if d.startswith(b"SIP/2.0 200")]
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
        harness.take(ack.encode() + theirs, Peer(host, 5060))
        harness.settle()
        assert ours.media[0].port
        assert harness.said("joined") == joined
    assert harness.said("turned-away") == ["east"]
    assert any(d.startswith(b"BYE") for d, _ in harness.sent)
    assert harness.capacity.ports_used == 1


WEST = local_address(107)
HEAD = f"v=0\r\no=- 1 1 IN IP4 {WEST}\r\ns=-\r\nc=IN IP4 {WEST}\r\nt=0 0\r\n"
SOUND = "m=audio 40000 RTP/AVP 8\r\n"
H264 = "a=rtpmap:97 H264/90000\r\na=fmtp:97 profile-level-id=42801F;packetization-mode=1\r\n"
PICTURES = f"m=video 40002 RTP/AVP 97\r\n{H264}"
BROWSER = f"m=video 40002 UDP/TLS/RTP/SAVPF 97\r\n{H264}"


@pytest.fixture
def harness(make: Make) -> McuHarness:
    return make()


def call(harness: McuHarness, media: str) -> Bridge:
    west = Bridge(harness, "west", WEST)
    offer = (HEAD + media).encode()
    west.local = sdp.parse(offer)
    west.dial("meeting", offer=offer)
    return west


@pytest.mark.parametrize(
    ("media", "refused"),
    [
        (SOUND + PICTURES, None),
        (SOUND, None),
        (SOUND + BROWSER, ["video: the protocol UDP/TLS/RTP/SAVPF is not supported"]),
    ],
)
def test_the_event_of_a_call_tells_what_is_not_taken(
    harness: McuHarness, media: str, refused: list[str] | None
) -> None:
    call(harness, media)
    [joined] = [one for one in harness.events if one["event"] == "joined"]
    assert joined.get("refused") == refused


@pytest.mark.parametrize(
    ("media", "text"),
    [
        ("m=audio 40000 RTP/AVP 96\r\na=rtpmap:96 opus/48000/2\r\n", "opus"),
        ("", "no audio or video"),
        (SOUND + "c=IN IP4 224.0.0.1\r\n", "media at an address that this device cannot send"),
        (SOUND + "c=IN IP6 ::1\r\n", "media at an address that this device cannot send"),
    ],
)
def test_a_488_says_why(harness: McuHarness, media: str, text: str) -> None:
    west = call(harness, media)
    assert refusal(west) == 488
    [told] = [one for one in harness.events if one["event"] == "refused"]
    assert text in told["reason"]
    assert harness.is_empty()


def dialled(harness: McuHarness, user: str, number: int, **more: Any) -> Bridge:
    made = Bridge(harness, user, local_address(72, number), **more)
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


def hear(harness: McuHarness, *speakers: tuple[Bridge, int], ms: int = 200) -> None:
    """Let bridges sound for so long."""
    for _ in range(0, ms, 20):
        for speaker, hz in speakers:
            speaker.say(hz)
        harness.run(20)


@pytest.mark.parametrize(
    ("direction", "hears", "is_heard"),
    [
        (Direction.SENDONLY, False, True),
        (Direction.RECVONLY, True, False),
        (Direction.INACTIVE, False, False),
    ],
)
def test_hold_and_resume(
    harness: McuHarness, direction: Direction, hears: bool, is_heard: bool
) -> None:
    """Media stop that way and come back, and what was not sent is no loss: numbers run on."""
    west, east = dialled(harness, "west", 1), dialled(harness, "east", 2)
    hear(harness, (west, 400), (east, 600))
    before = {kind: west.received(kind) for kind in ("audio", "video")}
    assert all(before.values())
    east.received("audio")
    west.reoffer(direction=direction)
    hear(harness, (west, 400), (east, 600), ms=100)  # what was made ahead still leaves
    for kind in before:
        before[kind] += west.received(kind)
    hear(harness, (west, 400), (east, 600), ms=400)
    held = {kind: west.received(kind) for kind in ("audio", "video")}
    assert all(bool(packets) is hears for packets in held.values())
    assert (tone(east, 400) > 1000) is is_heard
    west.reoffer(direction=Direction.SENDRECV)
    hear(harness, (west, 400), (east, 600), ms=400)
    for kind, packets in before.items():
        after = west.received(kind)
        assert after
        came = numbers(packets + held[kind] + after)
        assert came == list(range(came[0], came[0] + len(came)))
        if not hears:
            stamps = [int.from_bytes(p[4:8], "big") for p in (packets[-1], after[0])]
            clock = 8000 if kind == "audio" else 90_000
            assert (stamps[1] - stamps[0]) % 2**32 > 0.35 * clock
    assert tone(east, 400) > 1000


@pytest.mark.parametrize("encoding_id", ["g722-1c-24", "aac-ld"])
def test_the_mcu_of_an_emulation_takes_sound_of_which_it_has_the_frames(
    make: Make, encoding_id: str
) -> None:
    sound = load_profiles().encoding(encoding_id)
    harness = make(sound=sound)
    wanted = codec_of(sound)
    west = dialled(harness, "west", 1, codecs=(wanted, PCMA))
    entry = harness.participants.of("west")
    assert entry.local.media[0].codecs == (wanted,)
    assert west.agreed["audio"].codec == wanted
    harness.run(100)
    packets = west.received("audio")
    assert {p[1] & 0x7F for p in packets} == {sound.payload_type}
    assert {len(p) for p in packets} == {12 + sound.octets(20)}
    stamps = [int.from_bytes(p[4:8], "big") for p in packets]
    assert {(b - a) % 2**32 for a, b in pairwise(stamps)} == {sound.ticks(20)}
