"""Meetings as data: who may sit in one, who chairs it, how it is heard and seen.

The file's schema is `giaoban.meetings/1`: `[[meeting]]` tables, and `[open_rooms]` if a bridge may
open a room by calling a name of its own. Patterns are those of Art. 3(2).
"""

from __future__ import annotations

import functools
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from giaoban.mcu_sim.conference.floor import FloorMode
from giaoban.mcu_sim.device import Id
from giaoban.provenance import Name
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, load

LayoutId = Literal["1x1", "1+1", "2x2", "1+5", "3x3", "1+7", "4x4"]
LayoutChoice = Literal["auto", LayoutId]
VideoMode = Literal["presence", "switched"]
Uri = Annotated[str, StringConstraints(pattern=r"^sip:[!-;=?-~]+$", max_length=255)]

MOST_MEMBERS = 100_000
"""More than every commune of a country."""

LONGEST_ID = 32
_ID: TypeAdapter[str] = TypeAdapter(Id)


def is_id(name: str) -> bool:
    """Whether a name from the network has the form of a meeting's or a participant's id."""
    return len(name) <= LONGEST_ID and _is_id(name)


@functools.lru_cache(maxsize=1024)
def _is_id(name: str) -> bool:
    try:
        _ID.validate_python(name)
    except ValidationError:
        return False
    return True


class Member(StrictModel):
    """A participant of a meeting."""

    id: Id
    """Id of the bridge. Like `"north"`."""
    uri: Uri | None = None
    """Where the MCU calls it. Like `"sip:north@10.68.0.10"`."""


class Meeting(StrictModel):
    """One meeting. Members are listed by id, or as tables with an address; none: open to anyone."""

    id: Id
    """Name that bridges call: a-z, 0-9 and `-`, a letter first. Like `"giao-ban"`."""
    name: Name
    """Name in lists. Like `"Monthly briefing"`."""
    pattern: Literal["province-districts", "department-line", "any-bridges"]
    """Who meets whom."""
    chair: Id
    """Id of the bridge that leads it; a member whether it is listed or not. Like `"centre"`."""
    members: list[Id] = Field(default=[], max_length=MOST_MEMBERS)
    """Ids of its bridges. Like `["north", "east"]`."""
    member: list[Member] = Field(default=[], max_length=MOST_MEMBERS)
    """A bridge with its address, in place of `members`."""
    floor: FloorMode = "chair"
    """`chair`: only the chair and whom it calls are heard. `open`: everybody."""
    video: VideoMode = "presence"
    """`presence`: one picture composed for each bridge. `switched`: the speaker's picture forwarded
    as it is."""
    layout: LayoutChoice = "auto"
    """Arrangement of the composed picture; `auto`: the smallest that holds all."""
    dial: Literal["in", "out"] = "in"
    """`in`: bridges call the MCU. `out`: the MCU calls them."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.members and self.member:
            raise ValueError(
                Sentence("has both members and [[meeting.member]] (allowed: one of them)")
            )
        listed = [*self.members, *(member.id for member in self.member)]
        for who, times in Counter(listed).items():
            if times > 1:
                raise ValueError(Sentence('member "{who}" is there twice', who=who))
        if listed and not set(listed) - {self.chair}:
            raise ValueError(Sentence("has no member but the chair (allowed: two bridges or more)"))
        if self.dial == "out":
            reached = self.addresses
            for who in self.roster or (self.chair,):
                if who not in reached:
                    raise ValueError(
                        Sentence(
                            'dial = "out" needs [[meeting.member]] "{who}" with a uri', who=who
                        )
                    )
        if self.video == "switched" and self.layout != "auto":
            raise ValueError(
                Sentence(
                    'layout = "{layout}" means nothing with video = "switched"', layout=self.layout
                )
            )
        return self

    @cached_property
    def roster(self) -> tuple[str, ...]:
        """All members, the chair first; empty if anyone may come."""
        listed = [*self.members, *(member.id for member in self.member)]
        return (self.chair, *(who for who in listed if who != self.chair)) if listed else ()

    @cached_property
    def addresses(self) -> dict[str, str]:
        """Member → address, of those that have one; not to be changed."""
        return {member.id: member.uri for member in self.member if member.uri is not None}

    def lists(self, participant: str) -> bool:
        """Whether a participant is among the members."""
        return participant in self._sits

    def admits(self, participant: str) -> bool:
        """Whether a participant may sit in this meeting."""
        return is_id(participant) and (not self.roster or self.lists(participant))

    @cached_property
    def _sits(self) -> frozenset[str]:
        return frozenset(self.roster)


class OpenRooms(StrictModel):
    """Rooms that any bridge may open by calling their name.

    The name has the form of a meeting's id and begins with `prefix`. Whoever opens a room is its
    chair until it is empty.
    """

    prefix: Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9-]{0,30})?$")] = ""
    """What names of rooms begin with. Like `"phong-"`."""
    floor: FloorMode = "open"
    """`chair`: only the chair and whom it calls are heard. `open`: everybody."""
    video: VideoMode = "presence"
    """`presence`: one picture composed for each bridge. `switched`: the speaker's picture forwarded
    as it is."""

    def meeting(self, name: str, opener: str) -> Meeting | None:
        """The meeting a call to `name` opens, or None if it opens none."""
        if not (is_id(name) and is_id(opener) and name.startswith(self.prefix)):
            return None
        return Meeting(
            id=name,
            name=name,
            pattern="any-bridges",
            chair=opener,
            floor=self.floor,
            video=self.video,
        )


class Meetings(StrictModel):
    """The meetings that an MCU holds (`giaoban mcu serve`)."""

    schema_: Literal["giaoban.meetings/1"] = Field(alias="schema")
    meeting: list[Meeting] = Field(default=[], max_length=1000)
    """One meeting."""
    open_rooms: OpenRooms | None = None
    """Rooms that bridges open by calling a name of their own."""

    @model_validator(mode="after")
    def _one_meeting_an_id(self) -> Self:
        ids = [meeting.id for meeting in self.meeting]
        for name in ids:
            if ids.count(name) > 1:
                raise ValueError(Sentence('meeting "{name}" is there twice', name=name))
        if not self.meeting and self.open_rooms is None:
            raise ValueError(Sentence("has neither a [[meeting]] nor [open_rooms]"))
        return self


def load_meetings(path: Path) -> Meetings:
    """The meetings in a TOML file. Raises `InputError` listing every mistake with its line."""
    return load(path, Meetings)
