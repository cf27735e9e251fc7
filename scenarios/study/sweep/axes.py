"""A sweep file: the values on each axis, and the points that they make."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from giaoban import tomlfile
from giaoban.errors import near_names
from giaoban.mcu_sim.device import DeviceCatalogue, load_devices
from giaoban.results.model.seeds import OTHER_SEEDS
from giaoban.scenarios.spec.faults.kinds.cut import Cut
from giaoban.scenarios.spec.faults.kinds.router import RouterDown
from giaoban.scenarios.study.whatif.apply import Base, beside, bridges_of
from giaoban.scenarios.study.whatif.variant import UnnamedVariant
from giaoban.sentence import Sentence
from giaoban.tomlfile import Mistake, StrictModel
from giaoban.topology.model import Province
from giaoban.traffic.profiles import load_profiles

NONE, EVERY_CUT, EVERY_ROUTER = "none", "every-cut", "every-router"
MOST_POINTS = 100_000


class Axes(StrictModel):
    """Values on each axis; an axis that is left out has the scenario's own value alone."""

    bridges: list[int | str] = Field(default=[0])
    """Numbers of further bridges, or words for units, several with commas between (see `giaoban
    whatif --add`)."""
    profiles: list[str] = Field(default_factory=list)
    """Ids of call profiles."""
    devices: list[str] = Field(default_factory=list)
    """Ids of devices."""
    failures: list[str] = Field(default=[NONE])
    """`none`, `cut:LINK`, `router:ROUTER`, `every-cut` (each link of the backbone), `every-router`.
    """
    seeds: list[Annotated[int, Field(ge=0, lt=2**31)]] = Field(default_factory=list)
    """Seeds in place of the scenario's. Like `[1, 2, 3]`."""


class Sweep(StrictModel):
    """A sweep: a scenario tried at all points of some axes. That profiles, devices and links exist
    is checked by `giaoban whatif` alone."""

    schema_: Literal["giaoban.sweep/1"] = Field(alias="schema")
    scenario: Annotated[str, Field(min_length=1)]
    """Path of the scenario, relative to this file."""
    question: Annotated[str, Field(min_length=1)]
    """The question that the sweep answers."""
    question_vi: Annotated[str, Field(min_length=1)]
    """The same in Vietnamese."""
    method: Literal["estimate", "arithmetic"] = "estimate"
    """`estimate` judges packet by packet what arithmetic does not rule out; `arithmetic` leaves
    delays and losses aside and is hundreds of times faster."""
    phase_s: Annotated[float, Field(ge=2, le=3600)] | None = None
    """Another length of each phase, in seconds. Like `10.0`."""
    pace_s: Annotated[float, Field(gt=0, le=60)] | None = None
    """How far apart bridges join at least, in seconds. Like `1.0`."""
    seeds: Annotated[int, Field(ge=OTHER_SEEDS, le=1000)] = OTHER_SEEDS
    """A point that passes at its own seed is tried at so many others, and passes if it does at
    each."""
    axes: Axes = Axes()
    """The values on each axis."""


class GridPoint(NamedTuple):
    """A point's place on each axis; "" for the scenario's own value."""

    bridges: str
    profile: str
    device: str
    failure: str
    seed: int | None

    @property
    def variant(self) -> UnnamedVariant:
        count = int(self.bridges) if self.bridges.isdecimal() else 0
        words = [] if self.bridges.isdecimal() else [self.bridges]
        return UnnamedVariant(
            id="point",
            add=words,
            more=count,
            profile=self.profile or None,
            device=self.device or None,
            without=[] if self.failure == NONE else [self.failure.partition(":")[2]],
        )


def spots(sweep: Sweep, path: Path, base: Base) -> list[GridPoint]:
    """All points, in the order of the axes. Raises `InputError` for values that do not exist."""
    axes, province = sweep.axes, base.province
    if found := _mistakes(axes, path, province, load_devices(base.devices_path)):
        raise tomlfile.mistakes(path, found)
    failures: list[str] = []
    for failure in axes.failures:
        if failure == EVERY_CUT:
            failures += [Cut.case_id(link.id) for link in province.links]
        elif failure == EVERY_ROUTER:
            failures += [
                RouterDown.case_id(router.id)
                for router in province.routers
                if router.id not in (province.mcu.router, province.chair.router)
            ]
        else:
            failures.append(failure)
    seeds: list[int | None] = [*axes.seeds] or [None]
    made = [
        GridPoint(beside([str(bridges)], path.parent)[0], profile, device, failure, seed)
        for bridges, profile, device, failure, seed in product(
            dict.fromkeys(axes.bridges),
            dict.fromkeys(axes.profiles or [""]),
            dict.fromkeys(axes.devices or [""]),
            dict.fromkeys(failures),
            dict.fromkeys(seeds),
        )
    ]
    if len(made) > MOST_POINTS:
        what = Sentence(
            "are {number} points (allowed: up to {most_points})",
            number=len(made),
            most_points=MOST_POINTS,
        )
        raise tomlfile.mistakes(path, [(("axes",), None, what)])
    return made


def _mistakes(
    axes: Axes, path: Path, province: Province, devices: DeviceCatalogue
) -> list[Mistake]:
    found: list[Mistake] = []
    for axis, values in axes:
        if values == [] and axis in axes.model_fields_set:
            found.append((("axes", axis), None, Sentence("is empty (allowed: at least one value)")))
    known = {
        "profiles": [profile.id for profile in load_profiles().profile],
        "devices": [device.id for device in devices.device],
    }
    for axis, ids in known.items():
        for number, value in enumerate(getattr(axes, axis)):
            if value not in ids:
                what = Sentence(
                    "is not known{near}", near=near_names(axis.removesuffix("s"), value, ids)
                )
                found.append((("axes", axis, number), value, what))
    for number, bridges in enumerate(axes.bridges):
        if isinstance(bridges, int):
            if not 0 <= bridges <= 20_000:
                what = Sentence("is out of range (allowed: 0 to 20000)")
                found.append((("axes", "bridges", number), bridges, what))
        else:
            bridges_of(beside([bridges], path.parent), province)
    links = [Cut.case_id(link.id) for link in province.links]
    routers = [RouterDown.case_id(router.id) for router in province.routers]
    able = [NONE, EVERY_CUT, EVERY_ROUTER, *links, *routers]
    for number, failure in enumerate(axes.failures):
        if failure not in able:
            what = Sentence("is not known{near}", near=near_names("failure", failure, able))
            found.append((("axes", "failures", number), failure, what))
    return found
