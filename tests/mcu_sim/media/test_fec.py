"""Pictures that a bridge or the MCU protects by forward error correction (RFC 5109)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from giaoban.mcu_sim import sdp
from giaoban.traffic.loss_repair import Fec
from giaoban.traffic.receiver.fec import FecDecoder
from giaoban.traffic.rtcp import PictureLossIndication, parse
from giaoban.traffic.sender.fec import FecEncoder
from giaoban.traffic.ulpfec import Protection, sequence_of
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses

MCU = local_address(119)
MODEL = Fec(group_packets=4, group_pictures=2, source="a test")
TYPE = 121


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, ("chair", "west", "east"))


@pytest.fixture
def harness(make: Make) -> McuHarness:
    return make(fec=MODEL, video_playout_ms=85.0)


def bridge(harness: McuHarness, user: str, number: int, **more: Any) -> Bridge:
    made = Bridge(harness, user, local_address(120, number), **({"fec": TYPE} | more))
    made.sock("video")
    made.dial("meeting")
    return made


def parted(packets: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Pictures, and what protects them."""
    is_fec = [packet[1] & 0x7F == TYPE for packet in packets]
    both = list(zip(packets, is_fec, strict=True))
    return [one for one, fec in both if not fec], [one for one, fec in both if fec]


def test_what_is_agreed_on(harness: McuHarness) -> None:
    """The offer's number; who offers nothing of it is answered nothing, and sent nothing."""
    west, east = bridge(harness, "west", 1), bridge(harness, "east", 2, fec=None)
    terms = west.agreed["video"]
    assert (terms.fec_send_type, terms.fec_receive_type) == (TYPE, TYPE)
    assert east.agreed["video"].fec_send_type is None
    text = sdp.build(harness.answering.renew(next(iter(harness.participants)))).decode()
    assert f"a=rtpmap:{TYPE} ulpfec/90000" in text
    harness.run(300)
    assert {packet[1] & 0x7F for packet in east.received("video")} == {97}
    assert parted(west.received("video"))[1]


def test_who_does_not_protect_agrees_on_nothing(make: Make) -> None:
    west = bridge(make(), "west", 1)
    assert west.agreed["video"].fec_send_type is None
    assert west.agreed["video"].codec.payload_type == 97


@pytest.mark.parametrize("secure", [False, True])
def test_a_viewer_restores_what_is_lost(harness: McuHarness, secure: bool) -> None:
    west = bridge(harness, "west", 1, secure=secure)
    harness.run(400)
    pictures, fec = parted(west.received("video"))
    assert len(fec) >= len(pictures) // 4
    ssrc = int.from_bytes(pictures[0][8:12], "big")
    [own] = {int.from_bytes(packet[8:12], "big") for packet in fec}
    assert own != ssrc
    assert [sequence_of(packet) - sequence_of(fec[0]) for packet in fec] == [*range(len(fec))]
    decoder = FecDecoder(ssrc)
    for packet in [*pictures[:5], *pictures[6:]]:
        decoder.came(packet, 0)
    restored = [one.packet for packet in fec for one in decoder.fec_came(packet, 1)]
    assert restored == [pictures[5]]
    # it is no part of the stream that reports tell of, which the pacer holds the end of
    [call] = harness.participants
    counted = harness.plane.outbound.counters["video"].packets[call.row]
    assert len(pictures) <= counted < len(pictures) + len(fec)


def test_no_number_comes_twice_under_the_keys_of_a_call(harness: McuHarness) -> None:
    """Whatever is offered anew."""
    west = bridge(harness, "west", 1, secure=True)
    harness.run(300)
    numbers = [sequence_of(packet) for packet in parted(west.received("video"))[1]]
    keys = west.agreed["video"].crypto_send
    whole = west.local
    media = [replace(one, codecs=one.codecs[:1]) for one in whole.media]
    west.reoffer(replace(whole, media=tuple(media)))
    assert west.agreed["video"].fec_send_type is None
    harness.run(100)  # what was made ahead
    numbers += [sequence_of(packet) for packet in parted(west.received("video"))[1]]
    harness.run(100)
    assert parted(west.received("video"))[1] == []
    west.reoffer(whole)
    assert west.agreed["video"].crypto_send == keys
    harness.run(300)
    numbers += [sequence_of(packet) for packet in parted(west.received("video"))[1]]
    assert len(numbers) > 8
    assert len({*numbers}) == len(numbers)
    assert harness.plane.outbound.unprotected == 0


def test_a_group_goes_on_when_the_same_is_offered_again(harness: McuHarness) -> None:
    """As for a session's refresh (RFC 4028): no packet before the last group is unprotected."""
    west = bridge(harness, "west", 1)
    for _ in range(4):
        harness.run(77)
        west.reoffer(west.local)
    harness.run(200)
    pictures, fec = parted(west.received("video"))
    found = [Protection.parse(packet) for packet in fec]
    named = {number for one in found if one is not None for number in one.sequences}
    assert len(found) > 8
    first = sequence_of(pictures[0])
    ahead = {number - first & 0xFFFF for number in named}
    assert ahead >= {*range(max(ahead))}


@pytest.mark.parametrize(("protected", "asked"), [(True, False), (False, True)])
def test_a_cameras_lost_packet_is_restored(
    harness: McuHarness, protected: bool, asked: bool
) -> None:
    """It is asked for a key frame if it is not."""
    west = bridge(harness, "west", 1)
    encoder = FecEncoder(MODEL, TYPE, 99, 90_000)
    for n in range(12):
        give = west.packet if n == 5 else west.send
        first = 0x41 if n else 0x65
        sent = give("video", bytes([first]) + bytes(50 + n), marker=True, step=35 * 90)
        made = encoder.sent(sent, 0)
        if made is not None and protected:
            west.sock("video").sendto(made.packet, west.agreed["video"].remote)
        harness.run(35)
    told = [p for data in west.received("video", control=True) for p in parse(data)]
    assert bool([p for p in told if isinstance(p, PictureLossIndication)]) is asked
    [call] = harness.participants
    counts = harness.plane._repair[call.row].nack.counts
    assert (counts.repaired, counts.unrepaired) == ((1, 0) if protected else (0, 1))
    assert harness.plane.inbound.lost.foreign == 0
