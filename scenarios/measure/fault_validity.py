"""Whether everything failed that should have, when it should have: else the run is invalid."""

from __future__ import annotations

from collections.abc import Iterator

from giaoban.results.model.reasons import Reason, because
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.fault_impact import mine
from giaoban.scenarios.records.events import PoweredOff, PoweredOn
from giaoban.scenarios.records.guest import ChangeMade
from giaoban.topology.changes import NetworkChange

LATE_MS = 5.0
"""A change that comes later than this is not the one asked for."""


def faults_in_vain(captures: Captures) -> list[Reason]:
    """What was planned to fail or to come back, and did not, or not in time."""
    return [*_changes(captures), *_outages(captures)]


def _changes(captures: Captures) -> Iterator[Reason]:
    plan = captures.plan
    made = {change.key: change for change in captures.counters.changes}
    for change in plan.changes:
        due_ms = change.at_s * 1000
        done = made.get(ChangeMade.of(change, due_ms, due_ms).key)
        where = {"fault": plan.faults[change.fault].id, **_where(change)}
        if done is None:
            yield because(f"not-{change.do}", **where)
        elif (late_ms := done.t_ms - done.due_ms) > LATE_MS:
            yield because(f"late-{change.do}", **where, late_ms=round(late_ms, 1))


def _outages(captures: Captures) -> Iterator[Reason]:
    plan = captures.plan
    for outage in plan.outages:
        where = {"fault": plan.faults[outage.fault].id, "who": outage.host}
        for at_s, kind, event in (
            (outage.from_s, PoweredOff, "powered-off"),
            (outage.to_s, PoweredOn, "powered-on"),
        ):
            if at_s is None:
                continue
            told = [e.t_ms - at_s * 1000 for e in mine(captures, outage.host, kind)]
            late_ms = min(told, key=abs, default=None)
            if late_ms is None:
                yield because(f"not-{event}", **where)
            elif abs(late_ms) > LATE_MS:
                yield because(f"late-{event}", **where, late_ms=round(late_ms, 1))


def _where(change: NetworkChange) -> dict[str, str]:
    if change.router is not None:
        return {"router": change.router}
    if change.source is not None:
        return {"line": f"{change.link} {change.hop.direction}"}
    return {"line": str(change.link)}
