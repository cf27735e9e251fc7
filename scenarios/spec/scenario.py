"""A scenario file: which bridges are to be added to which province, and how it is tried."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from giaoban import tomlfile
from giaoban.mcu_sim.conference.commands import Command
from giaoban.mcu_sim.conference.floor import FloorMode
from giaoban.mcu_sim.conference.meeting import LayoutChoice, VideoMode
from giaoban.mcu_sim.device import Id
from giaoban.provenance import Assumable, Text
from giaoban.results.judge.criteria import Criterion
from giaoban.scenarios.spec.background import Background
from giaoban.scenarios.spec.faults.kinds import Fault
from giaoban.scenarios.spec.impairment import Impairment
from giaoban.scenarios.spec.outside_mcu import OutsideMcu
from giaoban.sentence import N_, Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.lines.qos import Qos
from giaoban.topology.model import BridgeSpec, LinkChange
from giaoban.topology.usual import known_key, unusual
from giaoban.traffic.profiles import DEFAULT_PROFILE, RecordedEncoder
from giaoban.traffic.quality.recovered import Repair

PhaseSeconds = Annotated[float, Field(ge=2, le=3600)]
PhaseName = Literal["before", "during", "after", "check", "course"]
EXPANSION: tuple[PhaseName, ...] = ("before", "during", "after")


class Phases(StrictModel):
    """Length of each phase of the meeting, in seconds.

    Of an expansion: before, during and after new bridges connect, 30 s each where not
    given. Of a meeting that everybody joins at its beginning: `course_s`, its course, or
    `check_s`, the check of the system an hour before it.
    """

    before_s: PhaseSeconds = 30.0
    """Before the new bridges connect, in seconds."""
    during_s: PhaseSeconds = 30.0
    """While they connect, in seconds; they begin with it."""
    after_s: PhaseSeconds = 30.0
    """After they have connected, in seconds."""
    check_s: PhaseSeconds | None = None
    """In place of the three: length of the check an hour before a meeting, in seconds.
    Like `10.0`."""
    course_s: PhaseSeconds | None = None
    """In place of the three: length of a meeting that all join at its beginning, in seconds. Like
    `60.0`."""

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        given = [key for key in type(self).model_fields if key in self.model_fields_set]
        if len({key if key in ("check_s", "course_s") else "" for key in given}) > 1:
            raise ValueError(
                Sentence(
                    "has {keys} (allowed: check_s alone, or course_s alone, or before_s, "
                    "during_s and after_s)",
                    keys=", ".join(given),
                )
            )
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


AS_ASKED = N_("as the question says it")


class MeetingSettings(Assumable):
    """How the meeting is held."""

    source: Text = AS_ASKED
    """Who says that it is held so: a rule, an order, the meetings of last year; where not given,
    the question does. Like `"minutes of 2026"`."""
    chair: Id | None = None
    """Id of the bridge that leads it; the province's chair bridge where not given. Like
    `"centre"`."""
    participants: Annotated[list[Id], Field(min_length=2, max_length=1000)] | None = None
    """Ids of the bridges that take part, two or more; all bridges where not given. Like
    `["centre", "north"]`."""
    floor: FloorMode = "chair"
    """`chair`: only the chair and whom it calls are heard. `open`: everybody."""
    video: VideoMode = "presence"
    """`presence`: one picture composed for each bridge. `switched`: the speaker's picture forwarded
    as it is."""
    layout: LayoutChoice = "auto"
    """Arrangement of the composed picture; `auto`: the smallest that holds all."""
    dial: Literal["in", "out"] = "in"
    """`in`: bridges call the MCU. `out`: the MCU calls them."""
    encrypted: bool = False
    """Media by SRTP."""
    sound: Literal["tone", "conversation"] = "tone"
    """`tone`: each bridge sends a steady tone. `conversation`: talk spurts and pauses (ITU-T P.59).
    """
    silence_suppression: bool = False
    """Nothing is sent in the pauses; needs `sound = "conversation"`."""
    repair: Repair | None = None
    """How many lost packets of pictures receivers recover: `share_pct`, `within_ms`, `source`; none
    where not given. Like `{share_pct = 90.0, within_ms = 100.0, source = "test call of 2026"}`."""
    length_min: Annotated[float, Field(ge=5, le=24 * 60)] | None = None
    """How long the meeting lasts, in minutes: for so long the number of visible artefacts is given,
    with its interval; for an hour where not given. Like `120.0`."""

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
    """Another meeting that the MCU holds at the same time.

    Its bridges dial `from_s` after the first phase began; not given: before it, as all others do.
    Video, SRTP and who dials are those of `[meeting]`.
    """

    id: Id
    """Name of the meeting: a-z, 0-9 and `-`, a letter first. Like `"department-line"`."""
    chair: Id
    """Id of the bridge that leads it. Like `"east"`."""
    participants: Annotated[list[Id], Field(min_length=2, max_length=1000)]
    """Ids of its bridges, two or more; each sits in one meeting at a time. Like `["east",
    "north"]`."""
    floor: FloorMode = "chair"
    """`chair`: only the chair and whom it calls are heard. `open`: everybody."""
    layout: LayoutChoice = "auto"
    """Arrangement of the composed picture."""
    from_s: Annotated[float, Field(ge=0, le=10_800)] | None = None
    """When its bridges dial, in seconds after the first phase began; not given: before it, as all
    others do. Like `20.0`."""


class Content(StrictModel):
    """A bridge shows slides beside its picture, `from_s` to `to_s` after the first phase began.

    `kbps` is the content channel's rate, the call profile's where it is not given.
    """

    bridge: str
    """Id of the bridge that shows them. Like `"centre"`."""
    from_s: Annotated[float, Field(ge=0, le=10_800)] = 0.0
    """From when, in seconds after the first phase began."""
    to_s: Annotated[float, Field(gt=0, le=10_800)] | None = None
    """Until when, in seconds; to the end where not given. Like `40.0`."""
    kbps: Annotated[float, Field(ge=32, le=20_000)] | None = None
    """Rate of the content channel in kb/s; the call profile's where not given. Like `1024.0`."""

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.to_s is not None and self.to_s <= self.from_s:
            raise ValueError(Sentence("to_s is not after from_s"))
        return self


class Recorded(StrictModel):
    """The pictures that a bridge sends come from a capture of RTP."""

    bridge: str
    """Id of the bridge that sends it. Like `"east"`."""
    file: Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]
    """Path of the file, relative to this one. Like `"recordings/camera.pcapng"`."""
    ssrc: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    """Which stream of a capture that holds several (RFC 3550). Like `305419896`."""


class Control(StrictModel):
    """A command to the meeting at a moment of the run, counted from the first phase.

    `by` is the bridge whose technician gives it, or "operator", the one at the MCU.
    `meeting`: the concurrent meeting that the operator means, if it names no participant.
    """

    at_s: Annotated[float, Field(ge=0, le=10_800)]
    """When, in seconds after the first phase began. Like `15.0`."""
    by: Annotated[str, Field(min_length=1)]
    """Id of the bridge whose technician gives it, or `operator`, the one at the MCU. Like
    `"operator"`."""
    do: Annotated[Command, Field(discriminator="command")]
    """The command."""
    meeting: Id | None = None
    """Id of the concurrent meeting that the operator means, if the command names no participant.
    Like `"department-line"`."""


class Expect(StrictModel):
    """What a check of this scenario is expected to find: for `pytest`, no check looks at it.

    `binding` is the criterion that limits the answer.
    """

    verdict: Literal["pass", "fail", "undecided"] = "pass"
    """The verdict that a check should come to."""
    binding: str | None = None
    """Id of the criterion that should limit the answer (`giaoban.criteria/1`)."""


class Accepted(StrictModel):
    """A single point of failure that is accepted, and why: for `giaoban faults`.

    `failure` is its id, as `cut:access-mcu`; of a cut link the silent failure is meant too.
    """

    failure: str
    """Id of the failure, as `cut:access-mcu`; of a cut link the silent failure is meant too. Like
    `"cut:access-mcu"`."""
    reason: Text
    """Why it is accepted. Like `"a second line costs more than the meetings are worth"`."""
    reason_vi: Text
    """The same in Vietnamese. Like `"tuyến thứ hai tốn kém hơn giá trị các cuộc họp"`."""


class Scenario(StrictModel):
    """Which bridges are to be added to which province, and how it is tried. Paths are relative to
    the file. That named bridges, links, profiles and devices exist is checked by `giaoban` alone.
    """

    schema_: Literal["giaoban.scenario/1"] = Field(alias="schema")
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]
    """Short name, of which run folders are named: a-z, 0-9 and `-`."""
    question: Annotated[str, Field(min_length=1)]
    """The question that the check answers, as one sentence."""
    question_vi: Annotated[str, Field(min_length=1)]
    """The same in Vietnamese."""
    province: str | None = None
    """Path of the province's file; that of the project where it is not given."""
    unusual: list[Annotated[str, AfterValidator(known_key)]] = Field(default_factory=list)
    """Keys whose figures are far from what they usually are, and are meant so. Like `["km"]`."""
    device: str | None = None
    """Id of an MCU in place of the province's (`giaoban list devices`). Like `"rmx-2000-mpmx"`.
    """
    devices: str | None = None
    """Path of a file of MCUs in place of the program's own. Like `"devices.toml"`."""
    profile: str = DEFAULT_PROFILE
    """Id of the call profile of all bridges: resolution, frame and bit rates."""
    encoder: RecordedEncoder | None = None
    """How encoders of bridges and MCU spend their rate, in place of what the program assumes: as
    as measured at an endpoint."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1681
    """Of everything that is drawn at random; the same seed gives the same run."""
    phases: Phases = Phases()
    """Length of each phase."""
    meeting: MeetingSettings = MeetingSettings()
    """How the meeting is held."""
    meetings: Literal["all"] | Annotated[list[str], Field(max_length=200)] = Field(
        default_factory=list
    )
    """Meetings of the catalogue that a check tries it in as well, by name or file; or `"all"`."""
    concurrent: Annotated[
        list[ConcurrentMeeting], Field(alias="concurrent_meeting", default_factory=list)
    ]
    """Another meeting that the MCU holds at the same time."""
    new_bridges: Annotated[
        list[BridgeSpec], Field(alias="bridge", max_length=500, default_factory=list)
    ]
    """A bridge to be added."""
    outside_mcus: Annotated[
        list[OutsideMcu], Field(alias="outside_mcu", max_length=100, default_factory=list)
    ]
    """A bridge that is an MCU of somebody else."""
    link_changes: Annotated[list[LinkChange], Field(alias="link", default_factory=list)]
    """Another figure for a link of the province."""
    impairments: Annotated[list[Impairment], Field(alias="impairment", default_factory=list)]
    """What happens to packets of a bridge or on a link."""
    faults: Annotated[list[Fault], Field(alias="fault", default_factory=list)]
    """What fails, and when."""
    qos: Qos | None = None
    """How routers queue packets, in place of the province's."""
    background: list[Background] = Field(default_factory=list)
    """Traffic on a link that is nobody's meeting."""
    content: Content | None = None
    """Slides that a bridge shows."""
    recordings: Annotated[list[Recorded], Field(alias="recording", default_factory=list)]
    """What a bridge sends, taken from a file."""
    controls: Annotated[list[Control], Field(alias="control", default_factory=list)]
    """A command to the meeting at a moment of the run."""
    criteria: Annotated[list[Criterion], Field(alias="criterion", default_factory=list)]
    """A criterion of one's own."""
    thresholds: dict[str, float] = Field(default_factory=dict)
    """Another threshold for a criterion, by its id, in the criterion's unit."""
    accepted: list[Accepted] = Field(default_factory=list)
    """A single point of failure that is accepted."""
    expect: Expect = Expect()
    """What a check is expected to find, for `pytest`."""


def load_scenario(path: Path) -> Scenario:
    """Read and validate one scenario file. Raises `InputError`."""
    scenario = tomlfile.load(path, Scenario)
    if mistakes := list(unusual(scenario, scenario.unusual)):
        raise tomlfile.mistakes(path, mistakes)
    return scenario
