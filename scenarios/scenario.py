"""A scenario file: which bridges are to be added to which province, and how it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban import tomlfile
from giaoban.tomlfile import StrictModel
from topology.model import BridgeSpec, LinkChange
from traffic.impairments import Jitter, Loss

PhaseSeconds = Annotated[float, Field(ge=2, le=3600)]


class Phases(StrictModel):
    """Length of each phase of the meeting, in seconds (Art. 4(3): before, during, after)."""

    before_s: PhaseSeconds = 30.0
    during_s: PhaseSeconds = 30.0
    after_s: PhaseSeconds = 30.0


class Impairment(StrictModel):
    """Loss or jitter that the injector adds to what a bridge sends (up) or is sent (down)."""

    bridge: str
    direction: Literal["up", "down"] = "up"
    kind: Literal["audio", "video", "both"] = "both"
    loss: Loss | None = None
    jitter: Jitter | None = None

    @model_validator(mode="after")
    def _impairs_something(self) -> Self:
        if self.loss is None and self.jitter is None:
            raise ValueError("impairs nothing (allowed: loss, jitter or both)")
        return self


class Scenario(StrictModel):
    """The file. Paths in it are relative to the file."""

    schema_: Literal["giaoban.scenario/1"] = Field(alias="schema")
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
    question: Annotated[str, Field(min_length=1)]
    question_vi: Annotated[str, Field(min_length=1)]
    province: str = "../topology/province.toml"
    device: str | None = None
    profile: str = "720p30-2m"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1681
    phases: Phases = Phases()
    new_bridges: Annotated[list[BridgeSpec], Field(alias="bridge", min_length=1, max_length=500)]
    link_changes: Annotated[list[LinkChange], Field(alias="link", default_factory=list)]
    impairments: Annotated[list[Impairment], Field(alias="impairment", default_factory=list)]
    thresholds: dict[str, float] = Field(default_factory=dict)


def load_scenario(path: Path) -> Scenario:
    """Read and validate one scenario file. Raises `InputError`."""
    return tomlfile.load(path, Scenario)
