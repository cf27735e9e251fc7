"""Whether everything failed that should have, when it should have: else the run is invalid."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.measure.captures import Captures
from topology.changes import NetworkChange

LATE_MS = 5.0
"""A change that comes later than this is not the one asked for."""
_SAID = {
    "darken": "did not go dark",
    "lighten": "was not lit again",
    "swallow": "did not fail silently",
    "pass": "did not carry again",
    "stop-router": "did not stop",
    "start-router": "did not start again",
}


def faults_in_vain(captures: Captures) -> list[str]:
    """What was planned to fail or to come back, and did not, or not in time."""
    return [*_changes(captures), *_outages(captures)]


def _changes(captures: Captures) -> Iterator[str]:
    plan = captures.plan
    keys = ("fault", "do", "link", "source", "target", "router")
    made = {
        (*(change[key] for key in keys), round(change["due_ms"])): change
        for change in captures.counters["changes"]
    }
    for change in plan.changes:
        what = (*(getattr(change, key) for key in keys), round(change.at_s * 1000))
        done = made.get(what)
        name = f"fault {plan.faults[change.fault].id}: {_where(change)}"
        if done is None:
            yield f"{name} {_SAID[change.do]}"
        elif (late_ms := done["t_ms"] - done["due_ms"]) > LATE_MS:
            yield f"{name}: {change.do} came {late_ms:.1f} ms late"


def _outages(captures: Captures) -> Iterator[str]:
    plan = captures.plan
    for outage in plan.outages:
        name = f"fault {plan.faults[outage.fault].id}: {outage.host}"
        for at_s, event, what in (
            (outage.from_s, "powered-off", "did not lose its power"),
            (outage.to_s, "powered-on", "did not start again"),
        ):
            if at_s is None:
                continue
            told = [
                e["t_ms"] - at_s * 1000
                for e in captures.events_of(event)
                if e["bridge"] == outage.host
            ]
            late_ms = min(told, key=abs, default=None)
            if late_ms is None:
                yield f"{name} {what}"
            elif abs(late_ms) > LATE_MS:
                yield f"{name}: {event} came {late_ms:.1f} ms late"


def _where(change: NetworkChange) -> str:
    if change.router is not None:
        return f"router {change.router}"
    if change.source is not None:
        return f"link {change.link} {change.hop.direction}"
    return f"link {change.link}"
