"""A pretended meeting in a folder, for tests of what is made of captures."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pretended
from pretended import Told
from scenario_factory import NORTH, scenario

from giaoban.results.model.result import Result
from giaoban.scenarios.measure import captures
from giaoban.scenarios.measure.assemble import Answer, assemble
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.records import events
from giaoban.scenarios.records.guest import COUNTERS, Counters


class Meeting:
    """A pretended meeting in a folder, whose files a test may change before they are read.

    `bridges`, `phases` and `more` are the scenario's, the rest is for `pretended.emulate`.
    """

    def __init__(self, folder: Path, **how: Any) -> None:
        self.folder = folder
        bridges = how.pop("bridges", (NORTH,))
        phases, more = how.pop("phases", (2, 3, 4)), how.pop("more", "")
        file = scenario(folder / "s.toml", bridges=bridges, phases=phases, more=more)
        self.question: Question = make_question(file)
        self.told: Told = pretended.emulate(self.question.plan, folder, **how)

    def counters(self, change: Callable[[dict[str, Any]], None]) -> None:
        data = Counters.read(self.folder / "captures").model_dump(mode="json", by_alias=True)
        change(data)
        changed = Counters.model_validate_json(json.dumps(data))
        changed.write(self.folder / "captures" / COUNTERS)

    def events(
        self,
        change: Callable[[dict[str, Any]], None] = lambda _event: None,
        more: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Apply a change to every event and add more; they are in order of time afterwards."""
        told = [events.as_fields(event) for event in events.read(self.folder)]
        for event in told:
            change(event)
        events.write(events.in_order(events.made(**event) for event in [*told, *more]), self.folder)

    def at_ms(self, phase: int, after_s: float) -> float:
        """So many seconds after the start of a phase, as an event's time."""
        return (self.question.plan.phases[phase].start_s + after_s) * 1000

    def load(self) -> Captures:
        return captures.load(self.folder, self.question.plan)

    def answer(self) -> Answer:
        return assemble(self.question, self.load(), pretended.engine(), "run-1")

    def result(self) -> Result:
        return self.answer().result
