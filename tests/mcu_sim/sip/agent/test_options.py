"""OPTIONS of ours (RFC 3261 §11): what comes back, and what is told of silence."""

from __future__ import annotations

from typing import Any

import pytest

from mcu_sim.sip import OptionsAnswered


def test_it_is_told_what_the_other_side_can(wire: Any) -> None:
    wire.client.options("sip:10.67.0.2", 0.0)
    wire.run(1_000.0)
    [answer] = wire.client_events
    assert isinstance(answer, OptionsAnswered)
    assert (answer.code, answer.reason) == (200, "OK")
    assert {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"} <= set(answer.methods)
    assert answer.server == "giaoban"
    [sent] = wire.texts("client", "OPTIONS sip:10.67.0.2 SIP/2.0")
    for header in ("Via", "From", "To", "Call-ID", "CSeq: 1 OPTIONS", "Max-Forwards", "Contact"):
        assert f"\r\n{header}" in sent
    wire.run()
    assert wire.client.idle


def test_lost_ones_are_sent_again_and_silence_is_told_after_32_s(wire: Any) -> None:
    wire.cut = True
    wire.client.options("sip:10.67.0.2", 0.0)
    wire.run()
    assert wire.client_events == [OptionsAnswered(408, "No answer", (), "")]
    assert wire.sent("client", "OPTIONS")[:4] == [0.0, 500.0, 1_500.0, 3_500.0]
    assert wire.now_ms == 32_000.0


def test_an_address_that_is_none_is_refused(wire: Any) -> None:
    with pytest.raises(ValueError, match=r"mcu\.example"):
        wire.client.options("sip:mcu.example", 0.0)
