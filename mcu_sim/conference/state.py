"""What is remembered of one running meeting."""

from __future__ import annotations

from dataclasses import dataclass, field

from giaoban.mcu_sim.conference.floor import Floor, Speakers
from giaoban.mcu_sim.conference.meeting import LayoutChoice, Meeting


@dataclass(slots=True)
class Place:
    """One participant's place: it stays while a lost line is away (Art. 15(2)b, 16(2)d).

    Attributes:
        number: places are numbered in the order they were taken; the cells of a picture follow it.
    """

    number: int
    live: bool = True


@dataclass(slots=True)
class ConferenceState:
    """One meeting from its first participant to its last.

    Attributes:
        places: by participant, in the order they came.
        dialling: those the MCU is calling.
        dropped: those the chair put out; calling in does not bring them back.
        presenter: whom the chair gave the content channel; it presents while its line stands.
        layout: of every viewer.
        taken: how many places have been taken so far.
        unreported: whose line was lost and who has not said why (Art. 16(2)d).
    """

    meeting: Meeting
    floor: Floor = field(init=False)
    speakers: Speakers = field(init=False)
    layout: LayoutChoice = field(init=False)
    places: dict[str, Place] = field(default_factory=dict)
    dialling: set[str] = field(default_factory=set)
    dropped: set[str] = field(default_factory=set)
    addresses: dict[str, str] = field(default_factory=dict)
    presenter: str | None = None
    unreported: dict[str, None] = field(default_factory=dict)
    ended: bool = False
    taken: int = 0

    def __post_init__(self) -> None:
        self.floor = Floor(self.meeting.floor, self.meeting.chair)
        self.speakers = Speakers(self.meeting.chair)
        self.layout = self.meeting.layout
        self.addresses |= self.meeting.addresses

    @property
    def live(self) -> list[str]:
        """Connected participants, in the order they came."""
        return [who for who, place in self.places.items() if place.live]

    @property
    def is_waiting(self) -> bool:
        """Whether no participant is connected."""
        return not self.live

    def is_live(self, participant: str) -> bool:
        """Whether the participant sits here and its line stands."""
        place = self.places.get(participant)
        return place is not None and place.live

    @property
    def presenting(self) -> str | None:
        """Who has the content channel now."""
        who = self.presenter
        return who if who is not None and self.is_live(who) else None

    def enter(self, participant: str, contact: str | None) -> None:
        """A participant's line stands, at its old place if it has one."""
        if participant in self.places:
            self.places[participant].live = True
        else:
            self.places[participant] = Place(self.taken)
            self.taken += 1
        self.dialling.discard(participant)
        if contact is not None and participant not in self.meeting.addresses:
            self.addresses[participant] = contact

    def lose(self, participant: str) -> None:
        """A participant's line is away; its place stays."""
        self.places[participant].live = False
        self.unreported[participant] = None

    def vacate(self, participant: str) -> None:
        """Take a participant's place away, with all that goes with it."""
        del self.places[participant]
        self.unreported.pop(participant, None)
        self.floor.forget(participant)
        self.speakers.forget(participant)
        self.settle_presenter()

    def settle_presenter(self) -> None:
        """Take the content channel from one who has lost the floor or its place."""
        who = self.presenter
        if who is not None and not (who in self.places and self.floor.has_floor(who)):
            self.presenter = None
