"""A pretended emulation of a storm: the meeting of `pretended`, with bridges that come back."""

from __future__ import annotations

from pathlib import Path

import pretended

from giaoban.results.model.result import Engine
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records import events

SPREAD_MS = 300.0
"""Between one that is back and the next."""


def emulate(plan: Plan, folder: Path, _engine: object, _progress: object) -> Engine:
    """As `giaoban.scenarios.emulation.engine.emulate`; with back-off the last is back twice as
    late."""
    (folder / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    pretended.emulate_once(plan, folder)
    restored = [fault.to_s for fault in plan.faults if fault.to_s is not None]
    if restored:
        step_ms = SPREAD_MS * (2 if plan.recovery.redial == "back-off" else 1)
        told = events.read(folder)
        events.write([*told, *_storm(plan, max(restored) * 1e3, step_ms)], folder)
    return pretended.engine()


def _storm(plan: Plan, back_ms: float, step_ms: float) -> list[events.Event]:
    found: list[events.Event] = []
    for number, call in enumerate(plan.calls):
        who, at_ms = call.bridge, back_ms + step_ms * (number + 1)
        found += [
            events.MediaLost(who="bridge", bridge=who, t_ms=back_ms - 4e3),
            events.Redialled(who="bridge", bridge=who, t_ms=at_ms - 10.0, attempt=1),
            events.Connected(who="bridge", bridge=who, t_ms=at_ms, setup_ms=10.0),
        ]
    return found
