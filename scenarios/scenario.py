"""A scenario file: which bridges are to be added to which province, and how it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban import tomlfile
from giaoban.tomlfile import StrictModel
from mcu_sim.conference.commands import Command
from mcu_sim.conference.floor import FloorMode
from mcu_sim.conference.meeting import LayoutChoice, VideoMode
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


class MeetingSettings(StrictModel):
    """How the meeting is held.

    `floor`: only the chair and whom it calls are heard (Art. 15(2)a), or everybody. `video`: one
    picture composed for each bridge, or the speaker's forwarded. `dial`: who calls whom.
    `encrypted`: media by SRTP (Art. 25(3)).
    """

    floor: FloorMode = "chair"
    video: VideoMode = "presence"
    layout: LayoutChoice = "auto"
    dial: Literal["in", "out"] = "in"
    encrypted: bool = False

    @model_validator(mode="after")
    def _layout_is_seen(self) -> Self:
        if self.video == "switched" and self.layout != "auto":
            raise ValueError(f'layout = "{self.layout}" means nothing with video = "switched"')
        return self


class Control(StrictModel):
    """A command to the meeting at a moment of the run, counted from the first phase.

    `by` is the bridge whose technician gives it, or "operator", the one at the MCU (Art. 2).
    """

    at_s: Annotated[float, Field(ge=0, le=10_800)]
    by: Annotated[str, Field(min_length=1)]
    do: Annotated[Command, Field(discriminator="command")]


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
    meeting: MeetingSettings = MeetingSettings()
    new_bridges: Annotated[list[BridgeSpec], Field(alias="bridge", min_length=1, max_length=500)]
    link_changes: Annotated[list[LinkChange], Field(alias="link", default_factory=list)]
    impairments: Annotated[list[Impairment], Field(alias="impairment", default_factory=list)]
    controls: Annotated[list[Control], Field(alias="control", default_factory=list)]
    thresholds: dict[str, float] = Field(default_factory=dict)


def load_scenario(path: Path) -> Scenario:
    """Read and validate one scenario file. Raises `InputError`."""
    return tomlfile.load(path, Scenario)
