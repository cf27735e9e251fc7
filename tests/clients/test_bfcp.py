"""Two bridges ask for the content channel by libre's BFCP, and tshark reads what is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from giaoban.mcu_sim.sdp import SessionDescription
from giaoban.mcu_sim.sdp.floor_control import is_floor_control, user_of
from tests.clients.bfcp import FloorParticipant
from tests.clients.media import MediaPort
from tests.clients.programs import HOST, Mcu, meetings
from tests.phone import Phone

pytestmark = pytest.mark.realtime

OFFER = """v=0
o=- 1 1 IN IP4 {host}
s=-
c=IN IP4 {host}
t=0 0
m=audio {port} RTP/AVP 8
m=video {port} RTP/AVP 97
a=rtpmap:97 H264/90000
a=fmtp:97 profile-level-id=42801F;packetization-mode=1
a=content:main
m=video {port} RTP/AVP 98
a=rtpmap:98 H264/90000
a=fmtp:98 profile-level-id=42801F;packetization-mode=1
a=content:slides
m=application {port} UDP/BFCP *
a=floorctrl:c-only
"""


class Caller(NamedTuple):
    """A bridge in its meeting, and its BFCP."""

    phone: Phone
    floor: FloorParticipant


Call = Callable[[Mcu, str], Caller]


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Call]:
    """Lets a bridge call, and its floor participant begin."""
    with ExitStack() as stack:

        def begin(mcu: Mcu, who: str) -> Caller:
            phone, media = Phone(who), MediaPort()
            stack.callback(phone.close)
            stack.callback(media.close)
            answer = phone.dial(mcu.uri("giao-ban"), OFFER.format(host=HOST, port=media.port))
            floor = FloorParticipant(tmp_path, *asked_at(answer))
            stack.callback(floor.close)
            return Caller(phone, floor)

        yield begin


def asked_at(answer: SessionDescription) -> tuple[int, int, int]:
    """Port, conference and user, as the MCU's answer says them."""
    [control] = [media for media in answer.media if is_floor_control(media)]
    [slides] = [media for media in answer.media if "slides" in media.content]
    terms, user = control.floor_control, user_of(answer)
    assert terms.roles == ("s-only",)
    assert [(floor.floor_id, floor.labels) for floor in terms.floors] == [(1, (slides.label,))]
    return control.port, *user


def presents(mcu: Mcu) -> list[str]:
    """Whom the MCU has let present, in order; "" for nobody."""
    return [event["bridge"] for event in mcu.said("control") if event["kind"] == "present"]


def test_where_nobody_leads_bridges_present_one_after_the_other(
    serve: Callable[..., Mcu], call: Call, tmp_path: Path
) -> None:
    mcu = serve(*meetings(tmp_path, "dak-nong", "cu-jut", more='floor = "open"'))
    first, second = call(mcu, "dak-nong").floor, call(mcu, "cu-jut").floor
    first.command("hello")
    first.wait_for(**{"is": "HelloAck"})
    second.command("query 1")
    second.wait_for(**{"is": "FloorStatus"})
    first.command("request 1")
    assert first.wait_for(**{"is": "FloorRequestStatus"})["status"] == "Pending"
    granted = first.wait_for(status="Granted")
    second.wait_for(**{"is": "FloorStatus"}, status="Granted", request=granted["request"])
    second.command("request 1")
    assert second.wait_for(**{"is": "FloorRequestStatus"})["status"] == "Pending"
    first.command(f"release {granted['request']}")
    first.wait_for(status="Released")
    second.wait_for(**{"is": "FloorRequestStatus"}, status="Granted")
    second.command("goodbye")
    second.wait_for(**{"is": "GoodbyeAck"})
    mcu.wait_for("control", 4, kind="present")
    assert presents(mcu) == ["dak-nong", "", "cu-jut", ""]
    first.command("request 2")
    assert first.wait_for(**{"is": "Error"})["error"] == 6
    mcu.stop()


def test_where_the_chair_leads_its_technician_is_told_and_gives_it(
    serve: Callable[..., Mcu], call: Call, tmp_path: Path
) -> None:
    mcu = serve(*meetings(tmp_path, "dak-nong", "cu-jut", more='floor = "chair"'))
    chair, branch = call(mcu, "dak-nong"), call(mcu, "cu-jut")
    branch.floor.command("request 1")
    branch.floor.wait_for(status="Pending")
    chair.phone.until(lambda: asked(chair.phone), "the request to be told")
    assert asked(chair.phone) == ["cu-jut"]
    for command in ("call-to-speak", "present"):
        assert chair.phone.command(json.dumps({"command": command, "participant": "cu-jut"})) == 200
    branch.floor.wait_for(status="Granted")
    assert chair.phone.command(json.dumps({"command": "present"})) == 200
    branch.floor.wait_for(status="Revoked")
    chair.floor.command("request 1")
    chair.floor.wait_for(status="Granted")
    chair.phone.hang_up()
    mcu.wait_for("left", bridge="dak-nong")
    assert presents(mcu) == ["cu-jut", "", "dak-nong"]
    mcu.stop()


def asked(chair: Phone) -> list[str]:
    """Who the chair's technician was told asks for the content channel."""
    bodies = [json.loads(event.body) for event in chair.infos]
    return [body["content_request"]["participant"] for body in bodies if "content_request" in body]
