"""INFO inside calls (RFC 6086), and the reason of a BYE (RFC 3326)."""

from __future__ import annotations

from typing import Any

import pytest

from giaoban.mcu_sim.sip.events import CallEnded, InfoAnswered, InfoReceived, OptionsAnswered
from giaoban.mcu_sim.sip.info import FULL_PICTURE, MEDIA_CONTROL_TYPE, wants_full_picture
from tests.mcu_sim.agent_calls import URIS, establish


@pytest.fixture(params=URIS)
def talk(request, wire, offer, answer) -> tuple[Any, str, str]:  # type: ignore[no-untyped-def]
    """The wire, and both names of a call that stands."""
    return wire, *establish(wire, offer, answer, URIS[request.param])


def test_a_picture_is_asked_for_and_the_answer_told(talk: tuple[Any, str, str]) -> None:
    wire, at_client, at_server = talk
    wire.server.info(at_server, MEDIA_CONTROL_TYPE, FULL_PICTURE, wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    info = wire.client_events[-1]
    assert isinstance(info, InfoReceived)
    assert (info.call, info.content_type) == (at_client, MEDIA_CONTROL_TYPE)
    assert wants_full_picture(info.content_type, info.body)
    wire.client.answer_info(info.request_key, 200, "OK", wire.now_ms)
    wire.client.answer_info(info.request_key, 200, "OK", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.server_events[-1] == InfoAnswered(at_server, 200)
    wire.client.hang_up(at_client, wire.now_ms)
    wire.run()
    assert wire.idle


def test_481_to_an_info_ends_the_call(talk: tuple[Any, str, str]) -> None:
    wire, at_client, _ = talk
    wire.client.info(at_client, "text/plain", b"hello", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    wire.server.answer_info(wire.server_events[-1].request_key, 481, "Gone", wire.now_ms)
    wire.run(wire.now_ms + 20.0)
    assert wire.client_events[-2:] == [InfoAnswered(at_client, 481), CallEnded(at_client, "gone")]


def test_media_control_asks_for_a_full_picture_or_not() -> None:
    error = b"<media_control><general_error>Unable to parse</general_error></media_control>"
    assert wants_full_picture(" Application/Media_Control+XML; charset=utf-8", FULL_PICTURE) is True
    assert wants_full_picture(MEDIA_CONTROL_TYPE, error) is False
    assert wants_full_picture("text/xml", FULL_PICTURE) is None


def test_lost_ones_are_sent_again_and_silence_is_told_after_32_s(wire: Any) -> None:
    wire.cut = True
    wire.client.options("sip:10.67.0.2", 0.0)
    wire.run()
    assert wire.client_events == [OptionsAnswered(408, "No answer")]
    assert wire.sent("client", "OPTIONS")[:4] == [0.0, 500.0, 1_500.0, 3_500.0]
    assert wire.now_ms == 32_000.0
