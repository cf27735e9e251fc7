"""All that a question is made of, any figure of which may be another: one world of many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from giaoban.mcu_sim.device import Device
from giaoban.provenance import Assumable
from giaoban.scenarios.plan.question import Question, question_from
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.tomlfile import StrictModel
from giaoban.topology.model import UNSAID, Province, Routing
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
        """The world in which this figure is another. Raises as `put_all`."""
        return self.put_all([(path, value)])

    def put_all(self, figures: Iterable[tuple[Path, Value]]) -> World:
        """The world in which these figures are others, those of one record at once.

        Raises `ValueError` (pydantic's `ValidationError` is one): a record cannot hold them.
        """
        records: dict[Path, dict[str, Any]] = {}
        for (*record, field), value in figures:
            records.setdefault(tuple(record), {})[str(field)] = value
        world = self
        for (room, *rest), changed in records.items():
            if room == THRESHOLDS:
                limits = {name: float(value) for name, value in changed.items()}
                room, rest = "scenario", []
                changed = {"thresholds": {**world.scenario.thresholds, **limits}}
            there = _put(getattr(world, str(room)), rest, changed)
            world = replace(world, **{str(room): there})
        return world

    def at(self, path: Path) -> Any:
        """What stands there."""
        found: Any = self
        for step in path:
            found = found[step] if isinstance(step, int) else getattr(found, step)
        return found

    def chosen_at(self, record: object, field: str) -> Path | None:
        """Where a record of a catalogue is chosen by this field of it, its id; None: nowhere."""
        profile = self.base.plan.profile
        if field != "id":
            return None
        if record is profile:
            return ("scenario", "profile")
        if record is self.base.plan.audio and (at := self.find(profile)) is not None:
            return (*at, "audio")
        return None

    def question(self) -> Question:
        """What is asked in this world, for the answer about `base`.

        Raises `InputError`: nothing can be asked in it.
        """
        base = self.base
        asked = question_from(
            self.scenario,
            base.scenario_path,
            self.province,
            base.province_path,
            seed=base.plan.seed,
            on_device=lambda _: self.device,
            profiles=self.profiles,
            as_read=base.as_read,
        )
        return replace(asked, of_another=True)

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
        """Where a record stands (the very one), or would stand if somebody said it; None if in no
        file of this world."""
        if record is UNSAID:
            return ("province", "routing")
        for room in ROOMS:
            for path, found in _records(getattr(self, room), (room,)):
                if found is record:
                    return path
        return None


def told_value(value: object) -> Value | None:
    """What stands in a record as results tell it: a number or a text, of a list its words; None:
    neither."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, int | float | str) else None


def _held(value: Value, like: object) -> object:
    """What was told as `told_value` does, as a record holds it in the place of `like`."""
    if isinstance(like, bool):
        return value == "true"
    return str(value).split(", ") if isinstance(like, list) else value


def _with(model: Any, changed: Mapping[str, Any]) -> Any:
    """A copy, checked again: what only holds together may hold no more."""
    whole = {name: getattr(model, name) for name in type(model).model_fields}
    if isinstance(model, Assumable):
        whole.pop("range")  # how far its figures may be is said of them as they are assumed
    names = {name: field.alias or name for name, field in type(model).model_fields.items()}
    given = {name: whole[name] for name in whole if name in model.model_fields_set}
    return type(model).model_validate({names[n]: v for n, v in {**given, **changed}.items()})


def _put(at: Any, path: Sequence[Step], changed: Mapping[str, Any]) -> Any:
    if not path:
        as_held = {name: _held(value, getattr(at, name, None)) for name, value in changed.items()}
        return _with(at, at.fitted(as_held) if isinstance(at, Routing) else as_held)
    step, *rest = path
    if isinstance(step, int):
        return [_put(one, rest, changed) if n == step else one for n, one in enumerate(at)]
    return _with(at, {step: _put(getattr(at, step), rest, changed)})


def _records(at: object, path: Path) -> Iterator[tuple[Path, StrictModel]]:
    """All models below, each with its path."""
    if isinstance(at, StrictModel):
        yield path, at
        for name in type(at).model_fields:
            yield from _records(getattr(at, name), (*path, name))
    elif isinstance(at, list):
        for number, one in enumerate(at):
            yield from _records(one, (*path, number))
