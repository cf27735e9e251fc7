"""A pretended emulation of a storm: the meeting of `pretended`, with bridges that come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pretended

from results.model.result import Engine
from scenarios.plan.plan import Plan

SPREAD_MS = 300.0
"""Between one that is back and the next."""


def emulate(plan: Plan, folder: Path, _engine: object, _progress: object) -> Engine:
    """As `scenarios.emulation.engine.emulate`; with back-off the last is back twice as late."""
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    pretended.emulate(plan, folder)
    restored = [fault.to_s for fault in plan.faults if fault.to_s is not None]
    if restored:
        assert plan.recovery is not None
        step_ms = SPREAD_MS * (2 if plan.recovery.redial == "back-off" else 1)
        path = folder / "events.jsonl"
        events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        told = [_told(event) for event in events]
        told += _storm(plan, max(restored) * 1e3, step_ms)
        path.write_text("".join(json.dumps(event) + "\n" for event in told), encoding="utf-8")
    return pretended.engine()


def _told(event: dict[str, Any]) -> dict[str, Any]:
    """What the real MCU says at its end beside what `pretended` says."""
    if "calls_left" not in event:
        return event
    return {"sip_received": 9, "sip_dropped": {}, "rtp_sent": 9, "starved": 0, **event}


def _storm(plan: Plan, back_ms: float, step_ms: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, call in enumerate(plan.calls):
        who = {"who": "bridge", "bridge": call.bridge}
        at_ms = back_ms + step_ms * (number + 1)
        found += [
            {**who, "event": "media-lost", "t_ms": back_ms - 4e3},
            {**who, "event": "redial", "t_ms": at_ms - 10.0, "attempt": 1},
            {**who, "event": "connected", "t_ms": at_ms, "setup_ms": 10.0},
        ]
    return found
