"""Emulations in which hosts lose their line or their power, from plans that are changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from runs import Emulated
from scenario_factory import scenario

from giaoban.scenarios.emulation.engine import EngineName, emulate
from giaoban.scenarios.measure import captures, validity
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.records.events import EventRecord, as_fields
from giaoban.scenarios.spec.faults.plan import FaultPlan
from giaoban.topology.changes import Outage


@dataclass(frozen=True)
class FaultRun(Emulated):
    """One emulation."""

    plan: Plan
    folder: Path

    @cached_property
    def captures(self) -> Captures:
        return captures.load(self.folder, self.plan)

    @cached_property
    def faults(self) -> list[str]:
        """Why the run cannot be trusted."""
        return [str(reason) for reason in validity.reasons(self.captures)]

    def told(self, *names: str, who: str | None = None, bridge: str = "") -> list[dict[str, Any]]:
        """Events as the file has them, with `at_s`."""
        start_s = self.plan.phases[0].start_s
        return [
            {**as_fields(e), "at_s": e.t_ms / 1e3 - start_s}
            for e in self.captures.events_of(EventRecord, who=who)
            if e.event in names and bridge in ("", e.bridge)
        ]


def dead_line(link: str, from_s: float, to_s: float | None, direction: str = "both") -> str:
    """A line of which nothing comes out, as the text of a scenario."""
    until = "" if to_s is None else f"to_s = {to_s}\n"
    return (
        f'\n[[impairment]]\nlink = "{link}"\ndirection = "{direction}"\nfrom_s = {from_s}\n'
        f'{until}loss = {{ model = "bernoulli", p = 1.0 }}\n'
    )


def run_fault(
    folder: Path,
    *,
    more: str = "",
    phases: tuple[float, float, float] = (4.0, 4.0, 32.0),
    profile: str = "sd30-256k",
    outages: Sequence[tuple[str, float, float | None]] = (),
    recovers: bool = True,
    **top: Any,
) -> FaultRun:
    """Emulate the small province; `outages`: (host, from, to) in seconds of the first phase."""
    file = scenario(folder / "scenario.toml", more=more, phases=phases, profile=profile, **top)
    question = make_question(file)
    start_s = question.plan.phases[0].start_s
    given, faults = [], []
    for number, (host, from_s, to_s) in enumerate(outages):
        off_s, on_s = start_s + from_s, None if to_s is None else start_s + to_s
        given.append(Outage(host=host, from_s=off_s, to_s=on_s, fault=number))
        kind: Literal["mcu", "site"] = "mcu" if host == question.plan.network.mcu.id else "site"
        faults.append(
            FaultPlan(
                id=f"{kind}-{number}",
                kind=kind,
                target="mcu" if kind == "mcu" else "bridge",
                target_id=host,
                at_s=off_s,
                to_s=on_s,
                links=[],
                nodes=[host],
            )
        )
    recovery = question.profiles.recovery if recovers else None
    changed = {"outages": given, "faults": faults, "recovery": recovery}
    plan = question.plan.model_copy(update=changed)
    emulate(plan, folder, EngineName.SANDBOX, lambda _what, _done: None)
    return FaultRun(plan, folder)
