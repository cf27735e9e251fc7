"""A meeting as it was registered with the Provincial Office (Art. 19(2), 21(1))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from giaoban.errors import InputError, near_names, several
from giaoban.names import key, slug
from giaoban.regulation import calendar_rules
from giaoban.scenarios.spec.meeting_catalogue import CataloguedMeeting
from giaoban.topology.model import BridgeSpec, Province

TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""Of times without a zone, by the name that iCalendar needs (TZID). Ids of runs need the offset
alone (`results.model.run_ids.VIETNAM`), also on machines without a table of zones."""
LONGEST = timedelta(hours=24)
MOST_BYTES = 20_000_000
"""Of a file of registrations."""
YEARS = range(1971, 2300)
"""Of which calendars are."""
PROVINCE = (
    *("tinh", "tinh-uy", "van-phong-tinh-uy", "vp-tinh-uy"),
    *("hdnd-tinh", "van-phong-hdnd-tinh", "vp-hdnd-tinh", "thuong-truc-hdnd-tinh"),
    *("ubnd-tinh", "van-phong-ubnd-tinh", "vp-ubnd-tinh"),
)
"""Names of the province's chair bridge, without marks: Party Committee, People's Council and
People's Committee chair in the room of the Provincial Office (Art. 4(1), 18(2))."""
OFFICES = ("diem-cau", "van-phong", "vp", "hdnd", "va", "ubnd", "huyen", "thi-xa", "thanh-pho")
"""What stands before a district's name where its bridge is meant (Art. 4(1))."""
NO_ROOMS = frozenset({"online", "tructuyen", "hoptructuyen", "microsoftteamsmeeting"})


@dataclass(frozen=True)
class Registration:
    """One meeting on one day; a recurring one is several.

    Attributes:
        uid: the calendar's own name of it; of a recurring one, of all of them.
        place: where it was read, as `calendar.ics:12`.
        start, end: with a time zone.
        chair, participants: identifiers of bridges; the chair is a participant.
        registered: when it was registered; None: the calendar does not say.
        check: when the check of the system is planned; None: `check_before` the start.
        check_before: how long before the start the province has the system checked.
        emergency: may be registered at any time.
        meeting: the catalogue's, None for one that is not in it.
        rooms: meeting rooms it takes beside those of its bridges, as the calendar names them; the
            identifier of a bridge for the room of that.
    """

    uid: str
    place: str
    title: str
    start: datetime
    end: datetime
    chair: str
    participants: tuple[str, ...]
    registered: datetime | None = None
    check: datetime | None = None
    check_before: timedelta = timedelta(0)
    emergency: bool = False
    meeting: str | None = None
    rooms: tuple[str, ...] = ()

    @property
    def check_start(self) -> datetime | None:
        """When the check of the system begins; None: none is planned, and none asked for."""
        if self.check is None and self.check_before:
            return self.start - self.check_before
        return self.check

    def overlaps(self, other: Registration) -> bool:
        """Whether both are held at some moment; one may begin when the other ends."""
        return self.start < other.end and other.start < self.end


Names = tuple[str, ...]
"""What one bridge or room is called in a calendar: its name, its address."""


@dataclass(frozen=True)
class Raw:
    """What a calendar's entry says, before names are looked up; empty: nothing.

    `people` are those invited, `chair` and `organizer` who runs it: the first must be a bridge, the
    other may be anybody. `places` may be rooms or bridges. `categories` may name the catalogue's
    meeting.
    """

    uid: str
    place: str
    title: str
    start: datetime
    end: datetime
    chair: str = ""
    organizer: Names = ()
    people: tuple[Names, ...] = ()
    registered: datetime | None = None
    check: datetime | None = None
    emergency: bool = False
    meeting: str = ""
    categories: tuple[str, ...] = ()
    places: tuple[Names, ...] = ()
    """Rooms and devices that were invited."""
    rooms: tuple[str, ...] = ()


class Directory:
    """Finds bridges by what calendars call them: identifier, name with or without marks and with
    or without the office before it, or an address of mail or SIP whose first part is one of them.
    """

    def __init__(
        self,
        province: Province,
        more: Sequence[BridgeSpec],
        catalogue: Mapping[str, CataloguedMeeting],
    ) -> None:
        """`more`: bridges that a scenario adds. Those of the catalogue are known, too."""
        rooms = [bridge for meeting in catalogue.values() for bridge in meeting.bridges]
        self._names: dict[str, str] = {}
        self.names: dict[str, str] = {}
        """Identifier → name."""
        for bridge in (*province.bridges, *more, *rooms):
            self.names.setdefault(bridge.id, bridge.name)
            for name in (bridge.id, bridge.name, bridge.name.partition(" (")[0]):
                self._names.setdefault(key(name), bridge.id)
        bare = slug(province.name).removeprefix("tinh-")
        for name in (province.name, *PROVINCE, *(f"{name} {bare}" for name in PROVINCE)):
            self._names.setdefault(key(name), province.chair.id)
        self._more = more
        self._province = province
        self._catalogue = catalogue
        self._meetings = {
            key(name): each.id
            for each in catalogue.values()
            for name in (each.id, each.name, each.name_vi)
        }

    def bridge(self, said: str) -> str | None:
        """The bridge that is meant, None if there is no such."""
        word = said.strip()
        for scheme in ("mailto:", "sip:", "sips:"):
            if word.casefold().startswith(scheme):
                word = word[len(scheme) :]
        for name in (word, word.partition("@")[0], _without_office(word)):
            if (sought := key(name)) and sought in self._names:
                return self._names[sought]
        return None

    def resolve(self, raw: Raw) -> Registration:
        """An entry with its bridges. What it does not say follows from its catalogued meeting.

        Raises:
            InputError: a meeting that is not in the catalogue, a bridge that there is not, nobody
                to meet, a chair that is no participant, or a time that cannot be.
        """
        _check_time(raw)
        known = self._meeting(raw)
        people = [self._known(raw.place, names) for names in raw.people]
        invited = [(names, self._any(names)) for names in raw.places]
        people += [who for _, who in invited if who is not None]
        chair = self._known(raw.place, (raw.chair,)) if raw.chair else ""
        organizer = self._any(raw.organizer) or ""
        usual = [] if known is None else known.attendance(self._province, self._more)
        if not people:
            people, organizer = usual, organizer if organizer in usual else ""
        if not chair and organizer:
            chair, people = organizer, [organizer, *people]  # not every program lists who invites
        elif not chair:
            chair = next((who for who in (*usual[:1], *people) if who in people), "")
        people = list(dict.fromkeys(people))
        if not people:
            raise InputError(
                '{place}: "{title}": names nobody (allowed: two bridges or more)',
                place=raw.place,
                title=raw.title,
            )
        if len(people) < 2:
            raise InputError(
                '{place}: "{title}": only {name} takes part (allowed: two bridges or more)',
                place=raw.place,
                title=raw.title,
                name=people[0],
            )
        if chair not in people:
            raise InputError(
                '{place}: "{title}": chair "{chair}" is no participant (allowed: {people})',
                place=raw.place,
                title=raw.title,
                chair=chair,
                people=", ".join(people),
            )
        rooms = [*raw.rooms, *(names[0] for names, who in invited if who is None)]
        return Registration(
            uid=raw.uid,
            place=raw.place,
            title=raw.title,
            start=raw.start,
            end=raw.end,
            chair=chair,
            participants=(chair, *(who for who in people if who != chair)),
            registered=raw.registered,
            check=raw.check,
            check_before=calendar_rules(self._province.regulation).check_before,
            emergency=raw.emergency or (known is not None and known.emergency),
            meeting=None if known is None else known.id,
            rooms=tuple(dict.fromkeys(self.bridge(r) or r for r in rooms if is_room(r))),
        )

    def _meeting(self, raw: Raw) -> CataloguedMeeting | None:
        if raw.meeting:
            found = self._meetings.get(key(raw.meeting))
            if found is None:
                raise InputError(
                    '{place}: meeting "{meeting}" is not in the catalogue{near}',
                    place=raw.place,
                    meeting=raw.meeting,
                    near=near_names("meeting", raw.meeting, list(self._catalogue)),
                )
            return self._catalogue[found]
        named = (self._meetings.get(key(category)) for category in raw.categories)
        return next((self._catalogue[ident] for ident in named if ident), None)

    def _any(self, names: Names) -> str | None:
        return next((who for name in names if (who := self.bridge(name))), None)

    def _known(self, place: str, names: Names) -> str:
        found = self._any(names)
        if found is None:
            said = names[0]
            raise InputError(
                '{place}: "{said}": unknown bridge{near}',
                place=place,
                said=said,
                near=near_names("bridge", said, sorted(self.names)),
            )
        return found


def is_room(said: str) -> bool:
    """Whether a place is one that people sit in, not a link to a meeting or the word "online"."""
    return bool(key(said)) and "://" not in said and key(said) not in NO_ROOMS


def _without_office(said: str) -> str:
    """ "VP HĐND và UBND huyện Cư Jút" → "cu-jut"."""
    word, before = slug(said), ""
    while word != before:
        before = word
        for office in OFFICES:
            word = word.removeprefix(f"{office}-")
    return word


def _check_time(raw: Raw) -> None:
    what = f'{raw.place}: "{raw.title}"'
    if raw.end <= raw.start:
        raise InputError(
            "{what}: ends {end}, not after it begins", what=what, end=f"{raw.end:%Y-%m-%d %H:%M}"
        )
    if raw.end - raw.start > LONGEST:
        raise InputError(
            "{what}: lasts over {hours:g} hours",
            what=what,
            hours=LONGEST.total_seconds() / 3600,
        )
    if raw.check is not None and raw.check > raw.start:
        raise InputError("{what}: its check begins after the opening", what=what)


def resolve_all(directory: Directory, raws: Sequence[Raw]) -> list[Registration]:
    """All entries in order of time. Raises `InputError` with every mistake."""
    found, mistakes = [], []
    for raw in raws:
        try:
            found.append(directory.resolve(raw))
        except InputError as error:
            mistakes.append(error.said)
    if mistakes:
        raise several(mistakes)
    return sorted(found, key=lambda one: (one.start, one.end, one.uid))
