"""All that a question is made of, any figure of which may be another: one world of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from giaoban.mcu_sim.device import Device
from giaoban.scenarios.spec.question import Question, question_from
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.tomlfile import StrictModel
from giaoban.topology.model import Province
from giaoban.traffic.profiles import Profiles

Step = str | int
Path = tuple[Step, ...]
"""Where a figure stands: an attribute of a `World`, then attributes of models and numbers in lists.
Of `thresholds` the next step is a criterion's id."""
Value = float | int | str

ROOMS = ("province", "scenario", "device", "profiles")
THRESHOLDS = "thresholds"
IDS = ("id", "link", "resolution", "bridge")
"""By which field a record in a list is told from others."""


@dataclass(frozen=True)
class World:
    """What a question was made of. `base` is the question that is asked with it."""

    base: Question
    scenario: Scenario
    province: Province
    device: Device
    profiles: Profiles

    @classmethod
    def of(cls, question: Question) -> World:
        """The world as assumed."""
        return cls(
            base=question,
            scenario=question.scenario,
            province=question.province,
            device=question.plan.device,
            profiles=question.profiles,
        )

    def put(self, path: Path, value: Value) -> World:
        """The world in which this figure is another.

        Raises `ValueError` (pydantic's `ValidationError` is one): the record cannot hold it.
        """
        room, *rest = path
        if room == THRESHOLDS:
            [criterion] = rest
            thresholds = {**self.scenario.thresholds, str(criterion): float(value)}
            return replace(self, scenario=_with(self.scenario, {"thresholds": thresholds}))
        return replace(self, **{str(room): _put(getattr(self, str(room)), rest, value)})

    def question(self) -> Question:
        """What is asked in this world. Raises `InputError`: nothing can be asked in it."""
        base = self.base
        return question_from(
            self.scenario,
            base.scenario_path,
            self.province,
            base.province_path,
            seed=base.plan.seed,
            on_device=lambda _: self.device,
            profiles=self.profiles,
        )

    def named(self, path: Path) -> str:
        """A path with ids in place of numbers, which stay the same when a file gets longer."""
        at: Any = self
        names = []
        for step in path:
            at = at[step] if isinstance(step, int) else getattr(at, step)
            own = next((str(getattr(at, k)) for k in IDS if hasattr(at, k)), str(step))
            names.append(own if isinstance(step, int) else step)
        return ".".join(names)

    def figures(self) -> Iterator[tuple[str, object, object]]:
        """All fields of all records: the name, the record and the value."""
        for room in ROOMS:
            for path, record in _records(getattr(self, room), (room,)):
                name = self.named(path)
                for field in type(record).model_fields:
                    yield f"{name}.{field}", record, getattr(record, field)

    def find(self, record: object) -> Path | None:
        """Where a record stands (the very one), None if in no file of this world."""
        for room in ROOMS:
            for path, found in _records(getattr(self, room), (room,)):
                if found is record:
                    return path
        return None


def _with(model: Any, changed: dict[str, Any]) -> Any:
    """A copy, checked again: what only holds together may hold no more."""
    whole = {name: getattr(model, name) for name in type(model).model_fields}
    names = {name: field.alias or name for name, field in type(model).model_fields.items()}
    given = {name: whole[name] for name in whole if name in model.model_fields_set}
    return type(model).model_validate({names[n]: v for n, v in {**given, **changed}.items()})


def _put(at: Any, path: Sequence[Step], value: Value) -> Any:
    if not path:
        return value
    step, *rest = path
    if isinstance(step, int):
        return [_put(one, rest, value) if n == step else one for n, one in enumerate(at)]
    return _with(at, {step: _put(getattr(at, step), rest, value)})


def _records(at: object, path: Path) -> Iterator[tuple[Path, StrictModel]]:
    """All models below, each with its path."""
    if isinstance(at, StrictModel):
        yield path, at
        for name in type(at).model_fields:
            yield from _records(getattr(at, name), (*path, name))
    elif isinstance(at, list):
        for number, one in enumerate(at):
            yield from _records(one, (*path, number))
