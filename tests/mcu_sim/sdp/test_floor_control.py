"""Who controls the floor of the content channel, in offers and answers (RFC 8856)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from giaoban.mcu_sim import sdp
from giaoban.mcu_sim.bfcp.floor_participant import FloorAccess
from giaoban.mcu_sim.bfcp.message import FloorUser
from giaoban.mcu_sim.sdp.description import FloorControl, FloorOfStreams
from giaoban.mcu_sim.sdp.floor_control import (
    CONTENT_LABEL,
    access_of,
    asking_for_floors,
    client_of,
    floor_control,
    is_floor_control,
    user_of,
)
from giaoban.mcu_sim.sdp.offer_answer import (
    audio,
    content,
    make_answer,
    make_offer,
    make_reoffer,
    not_taken,
    read_answer,
    refusals,
    video,
    without_video,
)

MCU, BRIDGE = "10.0.0.1", "10.0.0.2"
USER = FloorUser(7, 3)
CAN = [
    audio(20_000),
    video(20_002, 2000),
    replace(content(20_004, 2000), label=CONTENT_LABEL),
    floor_control(5070, USER, 1),
]
CLIENT = sdp.Media(
    "application",
    6000,
    protocol="UDP/BFCP",
    formats=("*",),
    floor_control=FloorControl(("c-only",)),
)


def offer_of(control: sdp.Media) -> sdp.SessionDescription:
    media = [audio(5004), video(5006, 2000), content(5008, 2000), control]
    return sdp.parse(sdp.build(make_offer(BRIDGE, media, 1)))


@pytest.mark.parametrize("roles", [("c-only",), ("c-s",), ("c-only", "s-only"), ()])
def test_who_may_be_a_client_is_told_where_and_as_whom_to_ask(roles: tuple[str, ...]) -> None:
    offer = offer_of(replace(CLIENT, floor_control=FloorControl(roles)))
    answer, agreed = make_answer(offer, CAN, MCU, 2)
    assert [terms is not None for terms in agreed] == [True, True, True, False]
    assert sdp.build(answer).decode().splitlines()[-5:] == [
        "m=application 5070 UDP/BFCP *",
        "a=floorctrl:s-only",
        "a=confid:7",
        "a=userid:3",
        f"a=floorid:1 mstrm:{CONTENT_LABEL}",
    ]
    read = sdp.parse(sdp.build(answer))
    assert read.media[2].label == CONTENT_LABEL
    assert user_of(read) == USER
    assert client_of(answer, offer) == (BRIDGE, 6000)
    assert refusals(offer, CAN) == []
    assert [terms is not None for terms in read_answer(offer, read)] == [True, True, True, False]


ACCESS = FloorAccess((MCU, 5070), USER, 1)
OURS = [audio(5004), video(5006, 2000), content(5008, 2000), asking_for_floors(6000)]


def test_a_client_that_calls_learns_as_whom_to_ask() -> None:
    offer = make_offer(BRIDGE, OURS, 1)
    assert sdp.build(offer).decode().splitlines()[-2:] == [
        "m=application 6000 UDP/BFCP *",
        "a=floorctrl:c-only",
    ]
    answer, _ = make_answer(sdp.parse(sdp.build(offer)), CAN, MCU, 2)
    assert access_of(offer, sdp.parse(sdp.build(answer))) == ACCESS
    without, _ = make_answer(sdp.parse(sdp.build(offer)), CAN[:3], MCU, 2)
    assert access_of(offer, without) is None


def test_a_client_that_is_called_answers_as_one() -> None:
    offer = sdp.parse(sdp.build(make_offer(MCU, CAN, 2)))
    answer, _ = make_answer(offer, OURS, BRIDGE, 1)
    assert sdp.build(answer).decode().splitlines()[-2:] == [
        "m=application 6000 UDP/BFCP *",
        "a=floorctrl:c-only",
    ]
    assert access_of(answer, offer) == ACCESS
    assert client_of(offer, sdp.parse(sdp.build(answer))) == (BRIDGE, 6000)


@pytest.mark.parametrize(
    "terms",
    [
        FloorControl(("s-only",), None, 3, (FloorOfStreams(1, (CONTENT_LABEL,)),)),
        FloorControl(("s-only",), 7, None, (FloorOfStreams(1, (CONTENT_LABEL,)),)),
        FloorControl(("s-only",), 7, 3, (FloorOfStreams(1, ("12",)),)),
        FloorControl(("s-only",), 7, 3),
        None,
    ],
)
def test_a_server_that_does_not_say_all_of_it_cannot_be_asked(terms: FloorControl | None) -> None:
    theirs = [*CAN[:3], replace(CAN[3], floor_control=terms)]
    assert access_of(make_offer(BRIDGE, OURS, 1), make_offer(MCU, theirs, 2)) is None


def test_two_clients_have_no_floor_to_ask_for() -> None:
    answer, _ = make_answer(offer_of(CLIENT), OURS, MCU, 2)
    assert answer.media[3].port == 0


@pytest.mark.parametrize(
    "control",
    [
        replace(CLIENT, floor_control=FloorControl(("s-only",))),
        replace(CLIENT, port=0),
        replace(CLIENT, protocol="TCP/BFCP"),
        replace(CLIENT, protocol="UDP/TLS/BFCP"),
        sdp.Media("application", 6000, protocol="UDP/TLS/UDPTL", formats=("t38",)),
    ],
)
def test_what_is_no_client_over_udp_is_refused(control: sdp.Media) -> None:
    offer = offer_of(control)
    answer, _ = make_answer(offer, CAN, MCU, 2)
    assert (answer.media[3].kind, answer.media[3].port) == ("application", 0)
    assert user_of(answer) is None
    assert client_of(answer, offer) is None
    assert len(refusals(offer, CAN)) == (control.port != 0)


def test_without_a_content_channel_there_is_no_floor() -> None:
    media = [CLIENT, audio(5004), video(5006, 2000)]
    answer, _ = make_answer(make_offer(BRIDGE, media, 1), CAN, MCU, 2)
    assert [one.port > 0 for one in answer.media] == [False, True, True]


def test_of_two_sections_one_is_taken() -> None:
    media = [audio(5004), content(5008, 2000), video(5006, 2000), CLIENT, replace(CLIENT, port=7)]
    offer = make_offer(BRIDGE, media, 1)
    answer, _ = make_answer(offer, CAN, MCU, 2)
    assert [one.port > 0 for one in answer.media] == [True, True, True, True, False]
    [why] = refusals(offer, CAN)
    assert why.text == "application: there is none here, or not so many"


def test_another_application_is_no_floor() -> None:
    camera = sdp.Media("application", 6000, (sdp.Codec(100, "H224", 4800),))
    [why] = refusals(offer_of(camera), CAN)
    assert why.text == "application: there is none here, or not so many"


def test_a_call_without_pictures_has_no_floor() -> None:
    answer, _ = make_answer(offer_of(CLIENT), without_video(CAN), MCU, 2)
    assert [media.port > 0 for media in answer.media] == [True, False, False, False]


@pytest.mark.parametrize("port", [6000, 0])
def test_what_is_offered_may_be_taken_or_not(port: int) -> None:
    offer = sdp.parse(sdp.build(make_offer(MCU, CAN, 1)))
    theirs = [audio(5004), video(5006, 2000), content(5008, 2000)]
    answer, _ = make_answer(offer, theirs, BRIDGE, 2)
    assert answer.media[3].port == 0  # it asks for nothing
    answer = replace(answer, media=(*answer.media[:3], replace(CLIENT, port=port)))
    assert read_answer(offer, answer)[3] is None
    assert client_of(offer, answer) == ((BRIDGE, port) if port else None)
    assert not_taken(offer, answer) == []


def test_an_answer_has_bfcp_where_it_was_offered() -> None:
    offer = make_offer(MCU, CAN, 1)
    answer, _ = make_answer(offer, CAN[:3], BRIDGE, 2)
    other = sdp.Media("application", 6000, protocol="TCP/BFCP", formats=("*",))
    with pytest.raises(sdp.SdpError, match="TCP/BFCP where the offer has BFCP"):
        read_answer(offer, replace(answer, media=(*answer.media[:3], other)))


def test_a_new_offer_within_the_call_goes_on_with_it() -> None:
    offer = make_offer(MCU, CAN, 1)
    again = make_reoffer(offer, CAN)
    assert again.media[3] == offer.media[3]
    assert not make_reoffer(offer, without_video(CAN)).media[3].port


def test_floors_of_devices_that_speak_as_before() -> None:
    """RFC 4583 had `m-stream`; a line that cannot be read costs itself alone."""
    lines = "a=floorctrl:C-ONLY s-only\r\na=confid:x\r\na=floorid:2 m-stream:10 11\r\n"
    text = sdp.build(offer_of(CLIENT)).decode().replace("a=floorctrl:c-only\r\n", lines)
    media = sdp.parse(text.encode()).media[3]
    floors = (FloorOfStreams(2, ("10", "11")),)
    assert media.floor_control == FloorControl(("c-only", "s-only"), None, None, floors)
    assert len(media.problems) == 1
    assert is_floor_control(media)
