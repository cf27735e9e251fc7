"""telephone-event (RFC 4733): agreed in SDP, each press told once, what keys do in a meeting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.media.audio.telephone_events import DtmfReceiver
from giaoban.mcu_sim.sdp import Codec
from giaoban.mcu_sim.sdp.offer_answer import (
    G722,
    PCMA,
    TONES,
    audio,
    make_answer,
    make_offer,
    read_answer,
)
from giaoban.traffic import rtp
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses

MCU, WEST, EAST = (local_address(108, host) for host in (1, 2, 3))
END = 0x80


def event(
    digit: str, stamp: int, duration: int = 160, *, end: bool = False, sequence: int = 1
) -> bytes:
    """One packet of a press, as RFC 4733 §2.3 draws it, of payload type 101."""
    number = "0123456789*#ABCD".index(digit)
    head = bytes([0x80, 101]) + sequence.to_bytes(2, "big") + stamp.to_bytes(4, "big")
    body = bytes([number, (END if end else 0) | 10]) + duration.to_bytes(2, "big")
    return head + b"\0\0\0\7" + body


def put(reader: DtmfReceiver, *packets: bytes, row: int = 2) -> str:
    data = np.zeros((len(packets), 64), np.uint8)
    for n, packet in enumerate(packets):
        data[n, : len(packet)] = np.frombuffer(packet, np.uint8)
    lengths = np.array([len(packet) for packet in packets], np.int64)
    rows = np.full(len(packets), row, np.intp)
    reader.put(rows, rtp.parse_headers(data, lengths), data, lengths)
    pressed = reader.take()
    assert {one.row for one in pressed} <= {row}
    return "".join(one.digit for one in pressed)


@pytest.fixture
def reader() -> DtmfReceiver:
    made = DtmfReceiver(4)
    made.turn(2, 101)
    return made


def test_a_press_is_told_once_however_many_packets_it_has(reader: DtmfReceiver) -> None:
    press = [event("5", 800, 160 * n) for n in range(1, 6)]
    ends = [event("5", 800, 960, end=True)] * 3  # §2.5.1.4: the end is sent three times
    assert put(reader, *press, *ends) == "5"
    assert put(reader, ends[0]) == ""
    assert put(reader, event("5", 4000)) == "5"


def test_the_first_packets_may_be_lost_and_later_ones_overtaken(reader: DtmfReceiver) -> None:
    assert put(reader, event("1", 800, 960, end=True), event("2", 4000)) == "12"
    assert put(reader, event("1", 800, 960, end=True)) == ""
    assert put(reader, event("#", 2**32 - 100)) == ""  # earlier, around the wrap
    reader.turn(2, None)
    reader.turn(2, 101)
    assert put(reader, event("#", 2**32 - 100), event("*", 60)) == "#*"


def test_another_source_counts_from_anywhere(reader: DtmfReceiver) -> None:
    other = event("2", 800)[:8] + b"\0\0\0\x09" + event("2", 800)[12:]
    assert put(reader, event("1", 4000), other) == "12"


def test_a_long_press_is_one_press(reader: DtmfReceiver) -> None:
    """§2.5.1.3: it goes on in segments of 65535 clock ticks."""
    longest = 0xFFFF
    assert put(reader, event("7", 0, 160), event("7", 0, longest)) == "7"
    assert put(reader, event("7", longest, 160), event("7", 2 * longest, 960, end=True)) == ""
    assert put(reader, event("7", 3 * longest)) == "7"


def test_what_is_no_press(reader: DtmfReceiver) -> None:
    other_type = event("5", 800)[:1] + b"\x08" + event("5", 800)[2:]
    flash = event("5", 1600)[:12] + b"\x10" + event("5", 1600)[13:]  # event 16
    assert put(reader, other_type, event("5", 800)[:15], flash) == ""
    assert put(reader, event("5", 2400), row=1) == ""


@pytest.mark.parametrize(
    ("theirs", "tone_type"),
    [
        ([PCMA, Codec(96, "telephone-event", 8000, fmtp="0-15")], 96),
        ([Codec(96, "TELEPHONE-EVENT", 8000), G722], 96),  # listed first, and no sound
        ([PCMA, Codec(96, "telephone-event", 48_000)], None),  # not the clock of a codec of ours
        ([PCMA], None),
    ],
)
def test_it_is_agreed_beside_a_codec(theirs: list[Codec], tone_type: int | None) -> None:
    offer = make_offer("10.68.0.2", [audio(5004, theirs)], 1)
    ours = [audio(20_000, [G722, PCMA, TONES])]
    answer, [here] = make_answer(offer, ours, "10.67.0.2", 2)
    [there] = read_answer(offer, sdp.parse(sdp.build(answer)))
    assert (here.tone_type, there.tone_type) == (tone_type, tone_type)
    assert here.codec.name in ("PCMA", "G722")
    assert here.codec.name == there.codec.name
    text = sdp.build(answer)
    assert (b"a=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\n" in text) == bool(tone_type)
    _, [without] = make_answer(offer, [audio(20_000, [G722, PCMA])], "10.67.0.2", 2)
    assert without.tone_type is None


def test_it_alone_is_no_sound() -> None:
    offer = make_offer("10.68.0.2", [audio(5004, [TONES])], 1)
    with pytest.raises(sdp.SdpError, match="none of its codecs"):
        make_answer(offer, [audio(20_000, [PCMA, TONES])], "10.67.0.2", 2)


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, ("west", "east"))


def press(harness: McuHarness, one: Bridge, digits: str) -> None:
    for digit in digits:
        harness.now_ns += 100_000_000
        stamp = harness.now_ns // 125_000 % 2**32
        one.sock("audio").sendto(event(digit, stamp), one.agreed["audio"].remote)
        harness.plane._receive_audio()
        harness.controller.controls.pressed(harness.now_ns)
    harness.settle()


def test_keys_do_what_a_branch_may_do_for_itself(make: Make) -> None:
    harness = make()
    west = Bridge(harness, "west", WEST, codecs=(PCMA, TONES))
    east = Bridge(harness, "east", EAST, codecs=(PCMA, TONES))
    for one in (west, east):
        one.dial("meeting")
    assert west.agreed["audio"].tone_type == 101
    press(harness, east, "5*6")
    told = [(e["digit"], e.get("command")) for e in harness.events if e["event"] == "tone"]
    assert told == [("5", None), ("*", None), ("6", "mute")]
    [muted] = [e for e in harness.events if e["event"] == "control"]
    assert (muted["kind"], muted["bridge"], muted["by"]) == ("muted", "east", "east")
    press(harness, east, "*7*99*")
    kinds = [e["kind"] for e in harness.events if e["event"] == "control"]
    assert kinds == ["muted", "unmuted"]
    harness.now_ns += 6_000_000_000
    press(harness, east, "6")  # its star is too long ago
    assert len([e for e in harness.events if e["event"] == "control"]) == 2
    east.hang_up()
    assert harness.said("left") == ["east"]
