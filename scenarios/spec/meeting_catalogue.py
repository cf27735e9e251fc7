"""The meetings of the regulation as data: who meets, how, how long (Art. 3, 5, 6, 18).

One file a meeting, `scenarios/meetings/*.toml`, schema `giaoban.meeting/1`. A meeting becomes two
scenarios: the check of the system an hour before it (Art. 19(3)), and its course: everybody calls,
the chair speaks, others are called one by one, and at the end all hang up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.errors import InputError, near_names, unknown
from giaoban.mcu_sim.conference.commands import CallToSpeak, EndSpeech, RequestToSpeak
from giaoban.mcu_sim.device import Id
from giaoban.provenance import Name, Sourced, Text
from giaoban.regulation import Regulation
from giaoban.scenarios.spec.faults.kinds import Fault
from giaoban.scenarios.spec.outside_mcu import OutsideMcu
from giaoban.scenarios.spec.scenario import (
    Content,
    Control,
    MeetingSettings,
    Phases,
    Scenario,
)
from giaoban.sentence import N_, Sentence, message
from giaoban.tomlfile import Mistake, StrictModel, load
from giaoban.topology.model import BridgeSpec, LinkChange, Province
from giaoban.traffic.sources.audio_encoding import ID as PROFILE_ID

CATALOGUE = Path(__file__).parents[1] / "meetings"
CHECK_S = 10.0
"""How long the check looks at every bridge: several reports of RTCP and key frames."""
ASKS_BEFORE_S = 1.0
"""A branch asks to speak so long before it is called."""

QUESTION = N_("{meeting}: will everybody see and hear everybody?")

Seconds = Annotated[float, Field(ge=1, le=600)]


class Course(Sourced):
    """The course of a meeting, condensed: each kind of moment once."""

    opening_s: Seconds = 6.0
    """How long the chair speaks at the beginning, in seconds."""
    speech_s: Seconds = 4.0
    """How long each one that is called speaks, in seconds."""
    conclusion_s: Seconds = 4.0
    """How long the chair concludes, in seconds."""
    speakers: Annotated[list[Id], Field(max_length=1000)] | None = None
    """Ids of the bridges that are called, in turn; all others where not given. Under an open floor
    nobody is called. Like `["north", "east"]`."""
    requests: bool = True
    """Whether each asks to speak before it is called."""


class Slides(StrictModel):
    """The chair shows slides while it opens the meeting (`kbps`: their rate)."""

    kbps: Annotated[float, Field(ge=32, le=20_000)]
    """Their rate in kb/s."""


class CataloguedMeeting(StrictModel):
    """One meeting of the catalogue: who meets, how, how long. That its bridges exist is checked by
    `giaoban meeting` alone."""

    schema_: Literal["giaoban.meeting/1"] = Field(alias="schema")
    id: Id
    """Short name: a-z, 0-9 and `-`, a letter first."""
    name: Name
    """Name in documents."""
    name_vi: Name
    """The same in Vietnamese."""
    article: Text
    """Where the regulation names it. Cited only in a province that has this regulation."""
    regulation: Name | None = None
    """Number of the decision whose article it is; where not given, that of the province's own. Like
    `"12/QĐ-UBND"`."""
    pattern: Literal["province-districts", "department-line", "any-bridges"]
    """Who meets whom."""
    months: list[Annotated[int, Field(ge=1, le=12)]] = Field(default_factory=list)
    """Months (1 to 12) in which it is held by rule."""
    length_min: Annotated[float, Field(ge=5, le=24 * 60)]
    """How long it usually lasts, in minutes. In a calendar each meeting says when it ends."""
    emergency: bool = False
    """It may be registered at any time."""
    chair: Id | None = None
    """Id of the bridge that leads it; the province's chair bridge where not given."""
    participants: Literal["all"] | Annotated[list[Id], Field(min_length=2, max_length=1000)]
    """`"all"` bridges there are, or the ids of those that take part."""
    profile: Annotated[str, Field(pattern=PROFILE_ID, max_length=32)] | None = None
    """Id of the call profile; the scenario's where not given. Like `"720p30-1m"`."""
    how: Annotated[MeetingSettings, Field(alias="meeting")] = MeetingSettings()
    """How it is held; `chair` and `participants` stand at the top."""
    course: Course
    """Its course."""
    slides: Slides | None = None
    """The chair shows slides while it opens the meeting."""
    bridges: Annotated[
        list[BridgeSpec], Field(alias="bridge", max_length=500, default_factory=list)
    ]
    """A room that takes part and that the province's file does not have: of a department, of the
    Government."""
    outside_mcus: Annotated[
        list[OutsideMcu], Field(alias="outside_mcu", max_length=100, default_factory=list)
    ]
    """A bridge that is an MCU of somebody else."""
    links: Annotated[list[LinkChange], Field(alias="link", max_length=500, default_factory=list)]
    """Another figure for a link of the province."""
    faults: Annotated[list[Fault], Field(alias="fault", max_length=50, default_factory=list)]
    """What happens in its course."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        own = self.how.model_fields_set & {"chair", "participants", "length_min"}
        if own:
            what = Sentence(
                "chair, participants and length_min stand at the top (allowed: not in [meeting])"
            )
            raise ValueError(what)
        if self.participants != "all":
            allowed = ", ".join(self.participants)
            if self.chair is not None and self.chair not in self.participants:
                raise ValueError(
                    Sentence(
                        'chair = "{chair}" is no participant (allowed: {allowed})',
                        chair=self.chair,
                        allowed=allowed,
                    )
                )
            for who in self.course.speakers or ():
                if who not in self.participants:
                    raise ValueError(
                        Sentence(
                            'speakers: "{who}" is no participant (allowed: {allowed})',
                            who=who,
                            allowed=allowed,
                        )
                    )
            for who in self.participants:
                if self.participants.count(who) > 1:
                    raise ValueError(Sentence('participants: "{who}" is there twice', who=who))
            for outside in self.outside_mcus:
                if outside.bridge not in self.participants:
                    raise ValueError(
                        Sentence('outside_mcu: "{bridge}" is no participant', bridge=outside.bridge)
                    )
        if len({each.bridge for each in self.outside_mcus}) < len(self.outside_mcus):
            raise ValueError(Sentence("outside_mcu: one bridge is there twice"))
        return self

    def absent(self, province: Province, more: Sequence[BridgeSpec] = ()) -> Iterator[Mistake]:
        """Whom it names that there is not, with where its file does; `more` as of `attendance`."""
        known = [bridge.id for bridge in (*province.bridges, *more, *self.bridges)]
        named: list[tuple[tuple[str | int, ...], str]] = []
        if self.chair is not None:
            named.append((("chair",), self.chair))
        if self.participants != "all":
            named += [(("participants", n), who) for n, who in enumerate(self.participants)]
        named += [(("course", "speakers", n), w) for n, w in enumerate(self.course.speakers or ())]
        for loc, who in named:
            if who not in known:
                yield loc, who, unknown("bridge", who, known)

    def article_in(self, regulation: Regulation | None) -> str:
        """Its article, as documents of a province with that regulation cite it; "": not at all."""
        has = regulation is not None and self.regulation in (None, regulation.number)
        return self.article if has else ""

    def attendance(self, province: Province, more: Sequence[BridgeSpec] = ()) -> list[str]:
        """Who takes part, the chair first; `more` are bridges that a scenario adds.

        Raises:
            InputError: a participant that there is not.
        """
        known = [bridge.id for bridge in (*province.bridges, *more, *self.bridges)]
        listed = known if self.participants == "all" else self.participants
        chair = self.chair or province.chair.id
        for who in (chair, *listed, *(each.bridge for each in self.outside_mcus)):
            if who not in known:
                raise InputError(
                    'meeting "{id}": "{who}": unknown bridge{near}',
                    id=self.id,
                    who=who,
                    near=near_names("bridge", who, known),
                )
        if chair not in listed:
            raise InputError(
                'meeting "{id}": chair = "{chair}" is no participant (allowed: {listed})',
                id=self.id,
                chair=chair,
                listed=", ".join(listed),
            )
        return [chair, *(who for who in listed if who != chair)]


def load_meeting(path: Path) -> CataloguedMeeting:
    """One file of the catalogue. Raises `InputError`."""
    return load(path, CataloguedMeeting)


def files(folder: Path = CATALOGUE) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def find(name: str, folder: Path = CATALOGUE) -> Path:
    """The file of a meeting: by its name in the catalogue, or a path to a file.

    Raises:
        InputError: there is no such.
    """
    path = Path(name)
    if path.suffix == ".toml":
        return path
    known = [each.stem for each in files(folder)]
    if name not in known:
        raise InputError(
            'meeting "{name}": is not in the catalogue{near}',
            name=name,
            near=near_names("meeting", name, known),
        )
    return folder / f"{name}.toml"


def catalogue(meetings: Literal["all"] | Sequence[str], origin: Path) -> list[Path]:
    """The files that a scenario means with its `meetings`; paths are relative to its own file.

    Raises:
        InputError: there is no such.
    """
    if meetings == "all":
        return files()
    return [origin.parent / find(name) for name in meetings]


def catalogue_mistakes(meetings: Literal["all"] | Sequence[str], origin: Path) -> Iterator[Mistake]:
    """Meetings that there are not, or that are named twice."""
    if meetings == "all":
        return
    known = [each.stem for each in files()]
    for number, name in enumerate(meetings):
        loc = ("meetings", number)
        if name in meetings[:number]:
            yield loc, name, Sentence("is there twice")
        elif not name.endswith(".toml") and name not in known:
            what = Sentence(
                "is not in the catalogue{near}", near=near_names("meeting", name, [*known, "all"])
            )
            yield loc, name, what
        elif name.endswith(".toml") and not (origin.parent / name).is_file():
            yield loc, name, Sentence("there is no such file")


def course_scenario(meeting: CataloguedMeeting, base: Scenario, province: Province) -> Scenario:
    """The meeting's course, held with the bridges, lines, device and criteria of `base`.

    Raises:
        InputError: as `CataloguedMeeting.attendance`.
    """
    chair, *others = meeting.attendance(province, base.new_bridges)
    course = meeting.course
    speakers = others if course.speakers is None else [w for w in course.speakers if w != chair]
    controls: list[Control] = []
    at_s = course.opening_s
    for who in speakers if meeting.how.floor == "chair" else ():
        if course.requests:
            ask = RequestToSpeak(command="request-to-speak")
            controls.append(Control(at_s=at_s - ASKS_BEFORE_S, by=who, do=ask))
        call = CallToSpeak(command="call-to-speak", participant=who)
        controls.append(Control(at_s=at_s, by=chair, do=call))
        at_s += course.speech_s
        end = EndSpeech(command="end-speech", participant=who)
        controls.append(Control(at_s=at_s, by=chair, do=end))
    if meeting.how.floor == "open":
        at_s += course.speech_s * len(speakers)
    content = None
    if meeting.slides is not None:
        slides = meeting.slides.model_dump()
        content = Content(bridge=chair, to_s=course.opening_s, **slides)
    return _held(meeting, base, [chair, *others]).model_copy(
        update={
            "phases": Phases(course_s=at_s + course.conclusion_s),
            "controls": controls,
            "content": content,
            "faults": meeting.faults,
        }
    )


def check_scenario(meeting: CataloguedMeeting, base: Scenario, province: Province) -> Scenario:
    """The check of the system before the meeting (Art. 15(1), 16(1), 19(3)): every bridge calls,
    sends sound and picture and is sent both. Raises as `course_scenario`."""
    held = _held(meeting, base, meeting.attendance(province, base.new_bridges))
    return held.model_copy(
        update={
            "id": f"{held.id[:42]}-check",
            "phases": Phases(check_s=CHECK_S),
            "controls": [],
            "content": None,
            "faults": [],
        }
    )


def _held(meeting: CataloguedMeeting, base: Scenario, attendance: Sequence[str]) -> Scenario:
    """`base` with this meeting in place of its own, without what happens in one."""
    attending: dict[str, object] = {
        "chair": attendance[0],
        "participants": list(attendance),
        "length_min": meeting.length_min,
    }
    if "repair" not in meeting.how.model_fields_set:  # the terminals are those of `base`
        attending["repair"] = base.meeting.repair
    settings = meeting.how.model_copy(update=attending)
    return base.model_copy(
        update={
            "id": meeting.id,
            "question": message(QUESTION, meeting=meeting.name).en,
            "question_vi": message(QUESTION, meeting=meeting.name_vi).vi,
            "profile": meeting.profile or base.profile,
            "meeting": settings,
            "meetings": [],
            "concurrent": [],
            "new_bridges": [*base.new_bridges, *meeting.bridges],
            "outside_mcus": _outside(meeting, base, attendance),
            "link_changes": [*base.link_changes, *meeting.links],
            # seconds of a scenario count in its own phases
            "impairments": [i for i in base.impairments if i.from_s is None and i.to_s is None],
            "background": [b for b in base.background if b.from_s is None and b.to_s is None],
            "recordings": [],
            "accepted": [],
        }
    )


def _outside(
    meeting: CataloguedMeeting, base: Scenario, attendance: Sequence[str]
) -> list[OutsideMcu]:
    """MCUs of others that take part; of a bridge that both name what the meeting says of it."""
    found = {each.bridge: each for each in (*base.outside_mcus, *meeting.outside_mcus)}
    return [each for who, each in found.items() if who in attendance]
