"""What was judged before, by all that it depends on: an interrupted analysis goes on from there."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

from giaoban.results.model.places import Binding
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.studies.sensitivity import FlipPoint, TriedValue
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.identity import code_identity
from giaoban.scenarios.study.sensitivity.tried import Asked, Draw, Found, Looked, Side, Tried
from giaoban.scenarios.study.sweep.points import Points
from giaoban.tomlfile import StrictModel


class Kept[T, R](Protocol):
    """What was made before, an interrupted analysis goes on from there."""

    def find(self, given: T) -> R | None:
        """What was made of it; None: nothing yet."""

    def keep(self, made: R) -> None:
        """Write down what was made."""


class _KeptSide(StrictModel):
    key: str
    flip: FlipPoint | None
    estimates: int
    curve: list[TriedValue]


class _KeptWorld(StrictModel):
    key: str
    possible: bool
    verdict: Verdict = "invalid"
    binding: Binding | None = None
    estimated: bool = False


def content_of(asked: Asked) -> bytes:
    """The hash of all that is the same for every figure: the question, criteria, program."""
    world = asked.world
    told = [code_identity(), str(asked.seeds), world.base.plan.to_json()]
    told += [
        model.model_dump_json()
        for model in (world.scenario, world.province, world.device, world.profiles)
    ]
    told.append(criteria_of(world.base).model_dump_json())
    told += [world.base.as_read[path] for path in world.base.files]  # no plan has their content
    return hashlib.sha256("\n".join(told).encode()).digest()


def _key(content: bytes, of: object) -> str:
    return hashlib.sha256(content + repr(of).encode()).hexdigest()


class KeptSides:
    """Sides of figures that were tried, by all that they depend on."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self._content = content
        self._points = Points(folder, _KeptSide.model_validate_json)

    def _key(self, side: Side) -> str:
        figure = side.figure
        scale = None if figure.choices else figure.scale
        return _key(self._content, ("side", figure.path, figure.value, side.end, scale))

    def find(self, given: Side) -> Tried | None:
        """As of `Kept`."""
        known = self._points.find(self._key(given))
        if known is None:
            return None
        return Tried(given, known.flip, known.estimates, known.curve)

    def keep(self, made: Tried) -> None:
        """As of `Kept`."""
        key, estimates, curve = self._key(made.side), made.estimates, made.curve
        self._points.keep(_KeptSide(key=key, flip=made.flip, estimates=estimates, curve=curve))


class KeptWorlds:
    """Drawn worlds that were judged, by all that they depend on."""

    def __init__(self, folder: Path, content: bytes) -> None:
        self._content = content
        self._points = Points(folder, _KeptWorld.model_validate_json)

    def _key(self, draw: Draw) -> str:
        return _key(self._content, ("world", draw.figures))

    def find(self, given: Draw) -> Looked | None:
        """As of `Kept`."""
        known = self._points.find(self._key(given))
        if known is None:
            return None
        found = Found(known.verdict, known.binding, known.estimated)
        return Looked(given, found if known.possible else None)

    def keep(self, made: Looked) -> None:
        """As of `Kept`."""
        key, found = self._key(made.draw), made.found
        self._points.keep(
            _KeptWorld(key=key, possible=False)
            if found is None
            else _KeptWorld(
                key=key,
                possible=True,
                verdict=found.verdict,
                binding=found.binding,
                estimated=found.estimated,
            )
        )
