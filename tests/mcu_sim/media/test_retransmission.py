"""Packets of pictures that a bridge or the MCU has not got: asked for by NACK (RFC 4585), sent
again by RTX (RFC 4588), if both can."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.sdp.offer_answer import video
from giaoban.traffic import rtx
from giaoban.traffic.profiles import load_profiles
from giaoban.traffic.rtcp import (
    GenericNack,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    pack,
    parse,
)
from giaoban.traffic.ulpfec import sequence_of
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses

MCU = local_address(117)
MEMBERS = ("chair", "west", "east")
MODEL = load_profiles().retransmission
CAN = (120, 2000.0)
"""Payload type and time of packets that a bridge sends again."""


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, MEMBERS)


@pytest.fixture
def harness(make: Make) -> McuHarness:
    return make(retransmission=MODEL, video_playout_ms=85.0)


def bridge(harness: McuHarness, user: str, number: int, **more: Any) -> Bridge:
    made = Bridge(harness, user, local_address(118, number), **({"retransmission": CAN} | more))
    made.sock("video")
    made.dial("meeting")
    return made


def control(one: Bridge) -> list[Packet]:
    return [p for data in one.received("video", control=True) for p in parse(data)]


def ask(one: Bridge, ssrc: int, *sequences: int) -> None:
    data = pack([ReceiverReport(7), GenericNack(7, ssrc, sequences)])
    if (context := one.srtp.get("video")) is not None:
        data = context.protect_rtcp(data)
    one.sock("video").sendto(data, one.agreed["video"].remote)


def test_what_is_agreed_on(harness: McuHarness) -> None:
    """The offer's number, for the codec that was chosen; who offers nothing of it is answered
    nothing."""
    west, east = bridge(harness, "west", 1), bridge(harness, "east", 2, retransmission=None)
    terms = west.agreed["video"]
    assert (terms.rtx_send_type, terms.rtx_receive_type) == (120, 120)
    assert terms.feedback == {"pli", "fir", "nack"}
    other = east.agreed["video"]
    assert (other.rtx_send_type, other.feedback) == (None, {"pli", "fir"})


def test_a_renewed_offer_keeps_the_pair_of_numbers(harness: McuHarness) -> None:
    west = bridge(harness, "west", 1)
    text = sdp.build(harness.answering.renew(next(iter(harness.participants)))).decode()
    assert "a=rtpmap:120 rtx/90000" in text
    assert "a=fmtp:120 apt=97;rtx-time=1000" in text
    assert "a=rtcp-fb:* nack\r\n" in text
    assert west.agreed["video"].codec.payload_type == 97


@pytest.mark.parametrize("secure", [False, True])
def test_a_viewer_gets_again_what_it_asks_for(harness: McuHarness, secure: bool) -> None:
    """In a stream of its own, and as it was; once within a round trip; another stream's not."""
    west = bridge(harness, "west", 1, secure=secure)
    harness.run(300)
    came = west.received("video")
    ssrc = int.from_bytes(came[-1][8:12], "big")
    assert {packet[1] & 0x7F for packet in came} == {97}
    wanted = [came[5], came[-1]]
    ask(west, ssrc + 1, sequence_of(came[3]))
    ask(west, ssrc, *map(sequence_of, wanted))
    harness.run(10)
    again = [packet for packet in west.received("video") if packet[1] & 0x7F == 120]
    assert [rtx.restore(packet, payload_type=97, ssrc=ssrc) for packet in again] == wanted
    [other] = {int.from_bytes(packet[8:12], "big") for packet in again}
    assert other != ssrc
    assert sequence_of(again[1]) - sequence_of(again[0]) & 0xFFFF == 1
    # it is no part of the stream that reports tell of
    [call] = harness.participants
    counters, outbound = harness.plane.outbound.counters["video"], harness.plane.outbound
    assert outbound.rtp_sent - 2 > counters.packets[call.row] > len(came)


def offered(one: Bridge, **changed: Any) -> sdp.SessionDescription:
    """Its last description, the pictures' section with other fields."""
    media = [
        replace(section, **changed) if section.kind == "video" else section
        for section in one.local.media
    ]
    return replace(one.local, media=tuple(media))


def test_no_number_comes_twice_under_the_keys_of_a_call(harness: McuHarness) -> None:
    """Whatever is offered anew: else the second packet would be encrypted as the first, or, since
    the library refuses it, not at all."""
    west = bridge(harness, "west", 1, secure=True)
    harness.run(300)
    first = west.received("video")
    ssrc = int.from_bytes(first[-1][8:12], "big")

    def asked_for(came: list[bytes]) -> list[int]:
        ask(west, ssrc, *map(sequence_of, came))
        harness.run(10)
        again = [packet for packet in west.received("video") if packet[1] & 0x7F == 120]
        assert [rtx.restore(packet, payload_type=97, ssrc=ssrc) for packet in again] == came
        return [sequence_of(packet) for packet in again]

    numbers = asked_for(first[-4:])
    keys = west.agreed["video"].crypto_send
    whole = offered(west)
    west.reoffer(offered(west, feedback=("* nack pli", "* ccm fir")))
    assert "nack" not in west.agreed["video"].feedback
    assert west.agreed["video"].rtx_receive_type is None
    west.reoffer(whole)
    assert west.agreed["video"].crypto_send == keys
    harness.run(300)
    later = [packet for packet in west.received("video") if packet[1] & 0x7F == 97]
    numbers += asked_for(later[-4:])
    assert len({*numbers}) == 8
    assert harness.plane.outbound.unprotected == 0


def test_what_cannot_be_encrypted_is_not_sent(
    harness: McuHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    west = bridge(harness, "west", 1, secure=True)
    harness.run(300)
    came = west.received("video")
    ssrc = int.from_bytes(came[-1][8:12], "big")
    outbound = harness.plane.outbound
    protect = outbound._protect

    def refused(*words: Any) -> Any:
        lengths, good = protect(*words)
        good[0] = False
        return lengths, good

    monkeypatch.setattr(outbound, "_protect", refused)
    [call] = harness.participants
    now_ns = harness.now_ns
    outbound.retransmit("video", call.row, map(sequence_of, came[-3:]), None, (now_ns, now_ns))
    monkeypatch.undo()
    harness.run(5)
    again = [packet for packet in west.received("video") if packet[1] & 0x7F == 120]
    found = [rtx.restore(packet, payload_type=97, ssrc=ssrc) for packet in again]
    assert found == came[-2:]
    assert outbound.unprotected == 1


def test_nack_alone_is_not_agreed_on_where_packets_are_encrypted(harness: McuHarness) -> None:
    """SRTP has no second packet of one number (RFC 3711 §3.3.2), so nothing would come again."""
    feedback = ("nack", "nack pli")
    west = bridge(harness, "west", 1, retransmission=None, feedback=feedback, secure=True)
    assert west.agreed["video"].feedback == {"pli"}
    [call] = harness.participants
    assert "* nack" not in call.local.media[1].feedback


def test_retransmissions_that_nobody_asks_for_are_not_kept(harness: McuHarness) -> None:
    """A payload type of RTX without NACK is agreed on by nobody; what comes is of no use."""
    west = bridge(harness, "west", 1)
    west.reoffer(offered(west, feedback=("* nack pli",)))
    sent = west.packet("video", bytes([0x41]) + bytes(50))
    for number in range(50):
        again = rtx.encapsulate(sent, payload_type=120, ssrc=99, sequence=number)
        west.sock("video").sendto(again, west.agreed["video"].remote)
    harness.run(40)
    assert harness.plane.inbound.take_repairs() == []
    assert "rtx" not in sdp.build(next(iter(harness.participants)).local).decode()


def test_without_a_stream_of_its_own_packets_are_sent_again_as_they_were(
    harness: McuHarness,
) -> None:
    """NACK alone (RFC 4585)."""
    feedback = ("nack", "nack pli")
    west = bridge(harness, "west", 1, retransmission=None, feedback=feedback)
    assert west.agreed["video"].feedback == {"nack", "pli"}
    harness.run(300)
    came = west.received("video")
    ssrc = int.from_bytes(came[-1][8:12], "big")
    ask(west, ssrc, sequence_of(came[4]))
    harness.run(10)
    assert came[4] in west.received("video")


def camera(
    harness: McuHarness, one: Bridge, frames: int, lost: Collection[int] = (), *, key: bool = True
) -> list[bytes]:
    """A picture of one packet each 35 ms, but those that are lost; all of them. `key`: it begins
    with a key frame."""
    sent = []
    for n in range(frames):
        give = one.packet if n in lost else one.send
        first = 0x65 if key and not n else 0x41
        sent.append(give("video", bytes([first]) + bytes(50), marker=True, step=35 * 90))
        harness.run(35)
    return sent


def nacks(packets: list[Packet]) -> list[tuple[int, ...]]:
    return [packet.sequences for packet in packets if isinstance(packet, GenericNack)]


@pytest.mark.parametrize("secure", [False, True])
def test_a_camera_is_asked_for_what_is_missing(harness: McuHarness, secure: bool) -> None:
    """And for a key frame only when that has not come in time."""
    west = bridge(harness, "west", 1, secure=secure)
    sent = camera(harness, west, 6, {4})
    told = control(west)
    assert nacks(told) == [(sequence_of(sent[4]),)]
    assert [p.target for p in told if isinstance(p, GenericNack)] == [7]
    again = rtx.encapsulate(sent[4], payload_type=120, ssrc=99, sequence=1)
    context = west.srtp.get("video")
    wire = again if context is None else context.protect(again)
    west.sock("video").sendto(wire, west.agreed["video"].remote)
    camera(harness, west, 20, key=False)
    told = control(west)
    assert nacks(told) == []
    assert not [p for p in told if isinstance(p, PictureLossIndication)]
    assert harness.plane.inbound.lost.foreign == 0
    [call] = harness.participants
    counts = harness.plane._repair[call.row].nack.counts
    assert (counts.requested, counts.repaired, counts.lost) == (1, 1, 1)
    # the next one does not come again
    camera(harness, west, 20, {4}, key=False)
    told = control(west)
    assert nacks(told)
    assert [p for p in told if isinstance(p, PictureLossIndication)]


def test_a_camera_that_cannot_is_asked_for_a_key_frame_at_once(harness: McuHarness) -> None:
    west = bridge(harness, "west", 1, retransmission=None)
    camera(harness, west, 8, {4})
    told = control(west)
    assert nacks(told) == []
    assert [p for p in told if isinstance(p, PictureLossIndication)]


def test_the_answer_names_no_retransmission_of_another_codec(harness: McuHarness) -> None:
    """An offer whose `rtx` is for a codec that is not chosen."""
    media = video(5006, 1024, retransmission=CAN)
    other = media.codecs[-1]
    lonely = sdp.Codec(other.payload_type, other.name, other.clock_hz, fmtp="apt=96;rtx-time=200")
    west = Bridge(harness, "west", local_address(118, 1))
    offer = west.offer("audio", "video")
    codecs = (*offer.media[1].codecs, lonely)
    sections = (offer.media[0], sdp.Media(**{**_fields(offer.media[1]), "codecs": codecs}))
    west.sock("video")
    west.dial(
        "meeting", offer=sdp.build(sdp.SessionDescription(**{**_fields(offer), "media": sections}))
    )
    [call] = harness.participants
    assert call.agreed["video"].rtx_send_type is None
    assert "rtx" not in sdp.build(call.local).decode()


def _fields(one: Any) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__dataclass_fields__}
