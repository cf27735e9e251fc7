"""A scenario file: which bridges are to be added to which province, and how it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban import tomlfile
from giaoban.mcu_sim.conference.commands import Command
from giaoban.mcu_sim.conference.floor import FloorMode
from giaoban.mcu_sim.conference.meeting import LayoutChoice, VideoMode
from giaoban.mcu_sim.device import Id
from giaoban.provenance import Text
from giaoban.results.judge.criteria import Criterion
from giaoban.scenarios.faults.kinds import Fault
from giaoban.scenarios.spec.background import Background
from giaoban.scenarios.spec.impairment import Impairment
from giaoban.scenarios.spec.outside_mcu import OutsideMcu
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.model import BridgeSpec, LinkChange
from giaoban.topology.qos import Qos

PhaseSeconds = Annotated[float, Field(ge=2, le=3600)]
PhaseName = Literal["before", "during", "after", "check", "course"]
EXPANSION: tuple[PhaseName, ...] = ("before", "during", "after")


class Phases(StrictModel):
    """Length of each phase of the meeting, in seconds.

    Of an expansion: before, during and after new bridges connect (Art. 4(3)), 30 s each where not
    given. Of a meeting that everybody joins at its beginning: `course_s`, its course, or
    `check_s`, the check of the system an hour before it (Art. 19(3)).
    """

    before_s: PhaseSeconds = 30.0
    during_s: PhaseSeconds = 30.0
    after_s: PhaseSeconds = 30.0
    check_s: PhaseSeconds | None = None
    course_s: PhaseSeconds | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        kinds = {key.removesuffix("_s") for key in self.model_fields_set}
        given: list[str] = [name for name in ("check", "course") if name in kinds]
        given += ["before, during, after"] * bool(kinds.intersection(EXPANSION))
        if len(given) > 1:
            raise ValueError(f"has {' and '.join(given)} (allowed: one of them)")
        return self

    @property
    def of_expansion(self) -> bool:
        """Whether new bridges connect while the meeting goes on."""
        return self.check_s is None and self.course_s is None

    @property
    def parts(self) -> list[tuple[PhaseName, float]]:
        """The phases in order, each with its length in seconds."""
        if self.check_s is not None:
            return [("check", self.check_s)]
        if self.course_s is not None:
            return [("course", self.course_s)]
        lengths = (self.before_s, self.during_s, self.after_s)
        return list(zip(EXPANSION, lengths, strict=True))

    @property
    def total_s(self) -> float:
        """From the first phase's start to the last one's end."""
        return sum(seconds for _, seconds in self.parts)


class MeetingSettings(StrictModel):
    """How the meeting is held.

    `floor`: only the chair and whom it calls are heard (Art. 15(2)a), or everybody. `video`: one
    picture composed for each bridge, or the speaker's forwarded. `dial`: who calls whom.
    `encrypted`: media by SRTP (Art. 25(3)). `sound`: each bridge sends a steady tone, or talk
    spurts and pauses as in a conversation (ITU-T P.59). `silence_suppression`: nothing is sent in
    the pauses. `chair`: the province's chair bridge where not given. `participants`: all bridges
    where not given.
    """

    chair: Id | None = None
    participants: Annotated[list[Id], Field(min_length=2, max_length=1000)] | None = None
    floor: FloorMode = "chair"
    video: VideoMode = "presence"
    layout: LayoutChoice = "auto"
    dial: Literal["in", "out"] = "in"
    encrypted: bool = False
    sound: Literal["tone", "conversation"] = "tone"
    silence_suppression: bool = False

    @model_validator(mode="after")
    def _layout_is_seen(self) -> Self:
        if self.video == "switched" and self.layout != "auto":
            raise ValueError(
                Sentence(
                    'layout = "{layout}" means nothing with video = "switched"', layout=self.layout
                )
            )
        if self.silence_suppression and self.sound == "tone":
            raise ValueError(Sentence('silence_suppression = true needs sound = "conversation"'))
        return self


class ConcurrentMeeting(StrictModel):
    """Another meeting that the MCU holds at the same time (Art. 3(2)).

    Its bridges dial `from_s` after the first phase began; not given: before it, as all others do.
    Video, SRTP and who dials are those of `[meeting]`.
    """

    id: Id
    chair: Id
    participants: Annotated[list[Id], Field(min_length=2, max_length=1000)]
    floor: FloorMode = "chair"
    layout: LayoutChoice = "auto"
    from_s: Annotated[float, Field(ge=0, le=10_800)] | None = None


class Content(StrictModel):
    """A bridge shows slides beside its picture, `from_s` to `to_s` after the first phase began.

    `kbps` is the content channel's rate, the call profile's where it is not given.
    """

    bridge: str
    from_s: Annotated[float, Field(ge=0, le=10_800)] = 0.0
    to_s: Annotated[float, Field(gt=0, le=10_800)] | None = None
    kbps: Annotated[float, Field(ge=32, le=20_000)] | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError(Sentence("to_s is not after from_s"))
        return self


class Recorded(StrictModel):
    """What a bridge sends is taken from a file: an H.264 byte stream, or a capture of RTP.

    `fps` is for a byte stream that does not tell its frame rate; `ssrc` chooses one stream of a
    capture that holds several.
    """

    bridge: str
    file: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]
    fps: Annotated[float, Field(ge=1, le=120)] | None = None
    ssrc: Annotated[int, Field(ge=0, lt=2**32)] | None = None


class Control(StrictModel):
    """A command to the meeting at a moment of the run, counted from the first phase.

    `by` is the bridge whose technician gives it, or "operator", the one at the MCU (Art. 2).
    `meeting`: the concurrent meeting that the operator means, if it names no participant.
    """

    at_s: Annotated[float, Field(ge=0, le=10_800)]
    by: Annotated[str, Field(min_length=1)]
    do: Annotated[Command, Field(discriminator="command")]
    meeting: Id | None = None


class Expect(StrictModel):
    """What a check of this scenario is expected to find: for `pytest`, no check looks at it.

    `binding` is the criterion that limits the answer.
    """

    verdict: Literal["pass", "fail"] = "pass"
    binding: str | None = None


class Accepted(StrictModel):
    """A single point of failure that is accepted, and why: for `giaoban faults`.

    `failure` is its id, as `cut:access-mcu`; of a cut link the silent failure is meant too.
    """

    failure: str
    reason: Text
    reason_vi: Text


class Scenario(StrictModel):
    """The file. Paths in it are relative to the file; `qos` takes the place of the province's.

    `devices` is a file of MCUs in place of the program's own. `meetings` are those of the catalogue
    that a check tries it in as well, by name or file; or "all". `outside_mcu` tables say which
    bridges are MCUs of others.
    """

    schema_: Literal["giaoban.scenario/1"] = Field(alias="schema")
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
    question: Annotated[str, Field(min_length=1)]
    question_vi: Annotated[str, Field(min_length=1)]
    province: str = "../topology/province.toml"
    device: str | None = None
    devices: str | None = None
    profile: str = "720p30-2m"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1681
    phases: Phases = Phases()
    meeting: MeetingSettings = MeetingSettings()
    meetings: Literal["all"] | Annotated[list[str], Field(max_length=200)] = Field(
        default_factory=list
    )
    concurrent: Annotated[
        list[ConcurrentMeeting], Field(alias="concurrent_meeting", default_factory=list)
    ]
    new_bridges: Annotated[
        list[BridgeSpec], Field(alias="bridge", max_length=500, default_factory=list)
    ]
    outside_mcus: Annotated[
        list[OutsideMcu], Field(alias="outside_mcu", max_length=100, default_factory=list)
    ]
    link_changes: Annotated[list[LinkChange], Field(alias="link", default_factory=list)]
    impairments: Annotated[list[Impairment], Field(alias="impairment", default_factory=list)]
    faults: Annotated[list[Fault], Field(alias="fault", default_factory=list)]
    qos: Qos | None = None
    background: list[Background] = Field(default_factory=list)
    content: Content | None = None
    recordings: Annotated[list[Recorded], Field(alias="recording", default_factory=list)]
    controls: Annotated[list[Control], Field(alias="control", default_factory=list)]
    criteria: Annotated[list[Criterion], Field(alias="criterion", default_factory=list)]
    thresholds: dict[str, float] = Field(default_factory=dict)
    accepted: list[Accepted] = Field(default_factory=list)
    expect: Expect = Expect()


def load_scenario(path: Path) -> Scenario:
    """Read and validate one scenario file. Raises `InputError`."""
    return tomlfile.load(path, Scenario)
