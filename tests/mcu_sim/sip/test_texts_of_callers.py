"""What callers write into names and reasons cannot steer a terminal or fill a log."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from sipmessage import Response

from giaoban.text import fault
from mcu_sim.server.server import McuServer
from mcu_sim.sip.message.responses import phrase_of

HOSTILE = [
    "\x1b]0;owned\x07",
    "\u202etxt.exe",
    "a\r\nb",
    "\ud800",
    "\u2066x",
    "x" * 100_000,
    "\x9b31m",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:8]))
def test_a_reason_is_one_printable_line(text: str) -> None:
    told = phrase_of(Response(code=486, phrase=f"Busy {text}"))
    assert fault(told, 200) is None
    assert told.startswith("Busy ")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:8]))
def test_no_event_carries_what_steers_a_terminal(text: str) -> None:
    events: list[dict[str, Any]] = []
    capacity = SimpleNamespace(units_used=0, ports_used=0, use=SimpleNamespace(told=dict))
    config = SimpleNamespace(origin_ns=0)
    server = SimpleNamespace(_on_event=events.append, _config=config, _capacity=capacity)
    McuServer._tell(server, 0, "refused", text, reason=text, asked=[text], more={"of": text})  # type: ignore[arg-type]
    [event] = events
    for told in (event["bridge"], event["reason"], event["asked"][0], event["more"]["of"]):
        assert fault(told, 300) is None
    assert len(json.dumps(event)) < 10_000
