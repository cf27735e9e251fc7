"""RTCP of calls: on which port, encrypted or not, what it says, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from giaoban.clock import SECOND_NS
from giaoban.traffic.rtcp import (
    IntraRequest,
    Packet,
    PictureLossIndication,
    ReceiverReport,
    SenderReport,
    SourceDescription,
    pack,
    parse,
)
from tests.loopback import local_address
from tests.mcu_sim.harness_bridge import Bridge
from tests.mcu_sim.mcu_harness import Make, McuHarness, harnesses
from tests.mcu_sim.server_factory import meeting_of, meetings

MCU = local_address(87)
MEMBERS = ("chair", "west", "east")


@pytest.fixture
def make() -> Iterator[Make]:
    yield from harnesses(MCU, MEMBERS)


def bridge(harness: McuHarness, user: str, number: int, **more: Any) -> Bridge:
    made = Bridge(harness, user, local_address(88, number), **more)
    for kind in ("audio", "video"):
        made.sock(kind)
        made.sock(kind, rtcp=True)
    made.dial("meeting")
    return made


def control(one: Bridge, kind: Any = "audio", *, rtcp: bool = False) -> list[Packet]:
    """The packets of all compounds that came."""
    return [p for data in one.received(kind, rtcp=rtcp, control=True) for p in parse(data)]


def of(packets: list[Packet], kind: type[Any]) -> list[Any]:
    return [packet for packet in packets if isinstance(packet, kind)]


def tell(one: Bridge, kind: Any, packets: list[Packet], *, rtcp: bool = False) -> None:
    """RTCP to the MCU."""
    data = pack(packets)
    if (context := one.srtp.get(kind)) is not None:
        data = context.protect_rtcp(data)
    terms = one.agreed[kind]
    to = terms.remote_rtcp if rtcp else terms.remote
    one.sock(kind, rtcp).sendto(data, to)


def our_ssrc(one: Bridge, kind: Any = "audio") -> int:
    """Of what the MCU sends."""
    return int.from_bytes(one.received(kind)[-1][8:12], "big")


@pytest.fixture
def harness(make: Make) -> McuHarness:
    return make()


@pytest.mark.parametrize(
    ("mux", "secure"),
    [
        (True, True),
        (False, False),
        pytest.param(True, False, marks=pytest.mark.nightly),
        pytest.param(False, True, marks=pytest.mark.nightly),
    ],
)
def test_reports_come_on_the_agreed_port(harness: McuHarness, mux: bool, secure: bool) -> None:
    west = bridge(harness, "west", 1, mux=mux, secure=secure)
    for _ in range(500):
        west.say(400)
        harness.run(20)
    there = west.received("audio", rtcp=not mux, control=True)
    assert there
    assert west.received("audio", rtcp=mux, control=True) == []
    packets = [p for data in there for p in parse(data)]
    report = of(packets, SenderReport)[-1]
    assert report.packets > 100
    assert report.octets == 160 * report.packets
    [block] = report.blocks
    assert (block.ssrc, block.fraction_lost, block.cumulative_lost) == (7, 0, 0)
    assert block.highest_sequence >= 100
    names = of(packets, SourceDescription)
    assert {name.cname for name in names} == {"mcu@giaoban"}


def keys(packets: list[bytes]) -> int:
    return sum(p[12] == 0x7C and p[13] & 0x9F == 0x85 for p in packets)


def test_a_picture_that_was_lost_is_begun_anew(harness: McuHarness) -> None:
    """PLI, and FIR once for each of its numbers; one for another stream is passed over."""
    west = bridge(harness, "west", 1)
    harness.run(300)
    ssrc = our_ssrc(west, "video")
    wanted: list[tuple[Packet, int]] = [
        (PictureLossIndication(7, ssrc), 1),
        (PictureLossIndication(7, ssrc + 1), 0),
        (IntraRequest(7, ssrc, 4), 1),
        (IntraRequest(7, ssrc, 4), 0),
        (IntraRequest(7, ssrc, 5), 1),
    ]
    for request, expected in wanted:
        tell(west, "video", [ReceiverReport(7), request])
        harness.run(300)
        assert keys(west.received("video")) == expected, request


def test_a_camera_is_asked_by_rtcp_where_it_understands_it(make: Make) -> None:
    harness = make(meetings(meeting_of(MEMBERS, video="switched", floor="chair")))
    chair = bridge(harness, "chair", 1)
    bridge(harness, "west", 2)
    assert chair.agreed["video"].feedback == {"pli", "fir"}
    chair.received("video")
    chair.show()
    harness.run(100)
    asked = of(control(chair, "video"), PictureLossIndication)
    assert [p.target for p in asked] == [7]
    assert asked[0].sender != 7
    # until it comes it is asked again, but not more than twice a second
    for _ in range(30):
        chair.show()
        harness.run(33)
    again = of(control(chair, "video"), PictureLossIndication)
    assert 1 <= len(again) <= 2 * SECOND_NS // SECOND_NS + 1
