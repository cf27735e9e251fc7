"""A meeting as it was registered with the Provincial Office (Art. 19(2), 21(1))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from giaoban.errors import InputError, did_you_mean, several
from scenarios.spec.meeting_catalogue import CataloguedMeeting
from topology.model import Province

TIME_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""Of times without a zone."""
CHECK_BEFORE = timedelta(hours=1)
"""The system is checked at least so long before the opening (Art. 19(3))."""
REGISTERED_BEFORE = timedelta(days=2)
"""A meeting is registered at least so long before it begins (Art. 19(2))."""
LONGEST = timedelta(hours=24)


@dataclass(frozen=True)
class Registration:
    """One meeting on one day; a recurring one is several.

    Attributes:
        uid: the calendar's own name of it; of a recurring one, of all of them.
        place: where it was read, as `calendar.ics:12`.
        start, end: with a time zone.
        chair, participants: identifiers of bridges; the chair is a participant.
        registered: when it was registered; None: the calendar does not say.
        check: when the check of the system begins; None: `CHECK_BEFORE` the start.
        emergency: may be registered at any time (Art. 19(2)).
        meeting: the catalogue's, None for one that is not in it.
        rooms: meeting rooms it takes, as the calendar names them.
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
    emergency: bool = False
    meeting: str | None = None
    rooms: tuple[str, ...] = ()

    @property
    def check_start(self) -> datetime:
        """When its bridges are needed for the first time."""
        return self.start - CHECK_BEFORE if self.check is None else self.check

    def overlaps(self, other: Registration) -> bool:
        """Whether both are held at some moment; one may begin when the other ends."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class Raw:
    """What a calendar's entry says, before names are looked up; empty: nothing.

    `people` are names, identifiers or addresses of those invited.
    """

    uid: str
    place: str
    title: str
    start: datetime
    end: datetime
    chair: str = ""
    people: tuple[str, ...] = ()
    registered: datetime | None = None
    check: datetime | None = None
    emergency: bool = False
    meeting: str = ""
    rooms: tuple[str, ...] = ()


class Directory:
    """Finds bridges by what calendars call them: identifier, name, or an address of mail or SIP
    whose first part is one of them."""

    def __init__(
        self,
        province: Province,
        more: Iterable[tuple[str, str]],
        catalogue: Mapping[str, CataloguedMeeting],
    ) -> None:
        """`more`: identifier and name of bridges beside the province's."""
        named = [(bridge.id, bridge.name) for bridge in province.bridges]
        self._names: dict[str, str] = {}
        for ident, name in (*named, *more):
            self._names[ident.casefold()] = ident
            self._names[name.casefold()] = ident
            self._names[name.partition(" (")[0].casefold()] = ident
        self._all = [ident for ident, _ in named]
        self._province = province
        self._catalogue = catalogue

    def bridge(self, said: str) -> str | None:
        """The bridge that is meant, None if there is no such."""
        word = said.strip().casefold()
        for prefix in ("mailto:", "sip:", "sips:"):
            word = word.removeprefix(prefix)
        return self._names.get(word) or self._names.get(word.partition("@")[0])

    def resolve(self, raw: Raw) -> Registration:
        """An entry with its bridges. What it does not say follows from its catalogued meeting.

        Raises:
            InputError: a meeting that is not in the catalogue, a bridge that there is not, nobody
                to meet, a chair that is no participant, or a time that cannot be.
        """
        self._check_time(raw)
        known = self._catalogue.get(raw.meeting) if raw.meeting else None
        if raw.meeting and known is None:
            raise InputError(
                '{place}: meeting "{meeting}" is not in the catalogue{near}',
                place=raw.place,
                meeting=raw.meeting,
                near=did_you_mean(raw.meeting, list(self._catalogue)),
            )
        people = [self._known(raw.place, said) for said in raw.people]
        chair = self._known(raw.place, raw.chair) if raw.chair else ""
        if known is not None:
            listed = self._all if known.participants == "all" else known.participants
            people = people or list(listed)
            chair = chair or known.chair or self._province.chair.id
        people = list(dict.fromkeys(people))
        chair = chair or (people[0] if people else "")
        if len(people) < 2:
            names = ", ".join(people) or "nobody"
            raise InputError(
                '{place}: "{title}": names {names} (allowed: two bridges or more)',
                place=raw.place,
                title=raw.title,
                names=names,
            )
        if chair not in people:
            raise InputError(
                '{place}: "{title}": chair "{chair}" is no participant (allowed: {people})',
                place=raw.place,
                title=raw.title,
                chair=chair,
                people=", ".join(people),
            )
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
            emergency=raw.emergency or (known is not None and known.emergency),
            meeting=raw.meeting or None,
            rooms=raw.rooms,
        )

    def _known(self, place: str, said: str) -> str:
        found = self.bridge(said)
        if found is None:
            raise InputError(
                '{place}: "{said}": unknown bridge{near}',
                place=place,
                said=said,
                near=did_you_mean(said, sorted(self._names)),
            )
        return found

    def _check_time(self, raw: Raw) -> None:
        what = f'{raw.place}: "{raw.title}"'
        if raw.end <= raw.start:
            raise InputError(
                "{what}: ends {end}, not after it begins",
                what=what,
                end=f"{raw.end:%Y-%m-%d %H:%M}",
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
