"""Registrations as iCalendar (RFC 5545): files of Outlook, Google Calendar, Thunderbird and others.

| what | property |
|---|---|
| title, times | `SUMMARY`, `DTSTART`, `DTEND` or `DURATION` |
| who takes part | `X-GIAOBAN-PARTICIPANTS`, else `ATTENDEE`: `CN` or address |
| who chairs | `X-GIAOBAN-CHAIR`, else `ORGANIZER` if that is a bridge |
| rooms | `LOCATION`, parted by `;`, and an `ATTENDEE` that is a room and no bridge |
| when it was registered | `X-GIAOBAN-REGISTERED`, else `CREATED` |
| an emergency (Art. 19(2)) | a `CATEGORIES` that says `emergency`, `đột xuất` or `khẩn cấp` |
| the catalogue's meeting | `X-GIAOBAN-MEETING`, else a `CATEGORIES` that names it |
| when the check begins | `X-GIAOBAN-CHECK` |
| recurring | `RRULE`, `RDATE`, `EXDATE`, `RECURRENCE-ID` |

`DTSTAMP` is when the file was written, `PRIORITY:1` what Outlook calls important: neither says when
a meeting was registered, nor that the chairman of the province decided on it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import icalendar
import recurring_ical_events

from giaoban.errors import InputError, several
from giaoban.files import read_file
from giaoban.names import key
from giaoban.scenarios.calendar.registration import (
    MOST_BYTES,
    TIME_ZONE,
    YEARS,
    Names,
    Raw,
    Registration,
)
from giaoban.sentence import Sentence
from giaoban.translation import N_, Language, translator

MOST_ENTRIES = 20_000
LONGEST_SERIES = timedelta(days=20 * 366)
"""A rule that recurs for longer is one that somebody forgot to end."""
EMERGENCY = frozenset(map(key, ("emergency", "đột xuất", "khẩn cấp")))
PRODUCT = "-//giaoban//meeting calendar//VI"
CHECK = N_("Check of the system: {title}")
FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
UNTITLED = "?"
_NAME = re.compile(r"[A-Za-z0-9-]+(?=[:;])")
_ONCE = ("UID", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "CREATED", "LOCATION", "SUMMARY")
_READ = frozenset({*_ONCE, "RRULE", "RDATE", "EXDATE", "CATEGORIES", "STATUS"})


@dataclass
class _Entry:
    """Where a VEVENT stands in its file, and each of its properties."""

    path: Path
    begins: int
    lines: dict[str, int] = field(default_factory=dict)

    def at(self, name: str = "") -> str:
        return f"{self.path}:{self.lines.get(name, self.begins)}"


def read_ics(path: Path, from_: date, until: date) -> list[Raw]:
    """Every meeting that begins in `from_` ≤ day < `until`, recurring ones as often as they do.

    Raises:
        InputError: a file that is no iCalendar in UTF-8 (RFC 5545 §3.1.4) or holds no meeting;
            every meeting without a time or with a property that cannot be read, two with one UID,
            one that never ends to recur while `until` is `date.max`.
    """
    text = _text(path)
    try:
        calendar = icalendar.Calendar.from_ical(text)
    except Exception as error:  # what no calendar is fails in many ways
        raise InputError(
            "{path}: is no iCalendar file: {first_line}", path=path, first_line=_first_line(error)
        ) from None
    events = list(calendar.walk("VEVENT"))
    if not events:
        raise InputError("{path}: has no meeting (allowed: one VEVENT or more)", path=path)
    entries = _entries(path, text)
    if len(entries) != len(events):  # folded in the middle of a word
        entries = [_Entry(path, 1)] * len(events)
    mistakes: list[str] = list(_twice(events, entries))
    for event, entry in zip(events, entries, strict=True):
        try:
            _check_event(event, entry, until)
        except InputError as error:
            mistakes += error.said.lines()
    if mistakes:
        raise several(mistakes)
    series: dict[str, _Entry] = {}
    single: dict[tuple[str, datetime | None], _Entry] = {}
    for event, entry in zip(events, entries, strict=True):
        if "RECURRENCE-ID" in event:
            single[_named(event)] = entry
        if "RECURRENCE-ID" not in event or str(event["UID"]) not in series:
            series[str(event["UID"])] = entry
    try:
        found = recurring_ical_events.of(calendar, skip_bad_series=False).between(from_, until)
    except Exception as error:  # what a rule says that cannot be comes out of several libraries
        raise InputError(
            "{path}: a rule of recurrence cannot be read: {first_line}",
            path=path,
            first_line=_first_line(error),
        ) from None
    if len(found) > MOST_ENTRIES:
        raise InputError(
            "{path}: holds {number:,} meetings (allowed: {most_entries:,})",
            path=path,
            number=len(found),
            most_entries=MOST_ENTRIES,
        )
    raws: list[Raw] = []
    for event in found:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            try:
                raws.append(_raw(event, single.get(_named(event)) or series[str(event["UID"])]))
            except InputError as error:
                mistakes.append(error.said)
    if mistakes:
        raise several(mistakes)
    return raws


def write_ics(registrations: Sequence[Registration], path: Path, language: Language) -> None:
    """All of them as one calendar, the check of the system as an alarm at its time."""
    path.write_bytes(to_ics(registrations, language))


def to_ics(registrations: Sequence[Registration], language: Language) -> bytes:
    """The text of the file: UTF-8, lines of 75 octets (RFC 5545 §3.1)."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    times = Counter(each.uid for each in registrations)
    say = translator(language)
    for each in registrations:
        event = icalendar.Event()
        stamp = f"{each.start.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        # each day of a recurring one is a meeting of its own here, as it may be moved alone
        event.add("UID", each.uid if times[each.uid] == 1 else f"{stamp}-{each.uid}")
        event.add("DTSTAMP", (each.registered or each.start).astimezone(UTC))
        if each.registered is not None:
            event.add("CREATED", each.registered.astimezone(UTC))
            event.add("X-GIAOBAN-REGISTERED", each.registered.isoformat())
        event.add("SUMMARY", each.title)
        event.add("DTSTART", each.start)
        event.add("DTEND", each.end)
        if each.rooms:
            event.add("LOCATION", "; ".join(each.rooms))
        if each.emergency:
            event.add("CATEGORIES", ["emergency"])
        if each.meeting is not None:
            event.add("X-GIAOBAN-MEETING", each.meeting)
        event.add("X-GIAOBAN-CHAIR", each.chair)
        event.add("X-GIAOBAN-PARTICIPANTS", ",".join(each.participants))
        if each.check is not None:
            event.add("X-GIAOBAN-CHECK", each.check.isoformat())
        if each.check_start is not None:
            alarm = icalendar.Alarm()
            alarm.add("ACTION", "DISPLAY")
            alarm.add("DESCRIPTION", say.gettext(CHECK, title=each.title))
            alarm.add("TRIGGER", each.check_start - each.start)
            event.add_component(alarm)
        calendar.add_component(event)
    calendar.add_missing_timezones()
    written: bytes = calendar.to_ical()
    return written


def _text(path: Path) -> str:
    data = read_file(path, "iCalendar", MOST_BYTES)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            "{path}:{line}: is not UTF-8 (RFC 5545 §3.1.4); save it as UTF-8", path=path, line=line
        ) from None


def _entries(path: Path, text: str) -> list[_Entry]:
    """Of every VEVENT, but what stands in a part of it, as an alarm."""
    found: list[_Entry] = []
    inside: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        word = line.strip().upper()
        if word.startswith("BEGIN:"):
            inside.append(word[6:])
            if inside[-1] == "VEVENT":
                found.append(_Entry(path, number))
        elif word.startswith("END:"):
            inside = inside[:-1]
        elif inside and inside[-1] == "VEVENT" and (name := _NAME.match(line)):
            found[-1].lines.setdefault(name[0].upper(), number)
    return found


def _named(event: Any) -> tuple[str, datetime | None]:
    """What no two VEVENT of a calendar have in common (RFC 5545 §3.8.4.4)."""
    again = event.get("RECURRENCE-ID")
    moment = getattr(again, "dt", None)
    return str(event.get("UID", "")), None if moment is None else _moment(moment)


def _twice(events: Sequence[Any], entries: Sequence[_Entry]) -> Iterator[Sentence]:
    first: dict[tuple[str, datetime | None], _Entry] = {}
    for event, entry in zip(events, entries, strict=True):
        named = _named(event)
        if named[0] and first.setdefault(named, entry) is not entry:
            yield Sentence(
                '{place}: UID "{uid}" is that of {other}, too (allowed: one meeting, or a '
                "RECURRENCE-ID)",
                place=entry.at("UID"),
                uid=named[0],
                other=first[named].at(),
            )


def _check_event(event: Any, entry: _Entry, until: date) -> None:
    for name, why in event.errors:
        if name is None or name in _READ or name.startswith("X-GIAOBAN-"):
            raise InputError(
                "{place}: {name} cannot be read: {why}",
                place=entry.at(name or ""),
                name=name or "VEVENT",
                why=why,
            )
    for name in _ONCE:
        if isinstance(event.get(name), list):
            raise InputError("{place}: {name} is there twice", place=entry.at(name), name=name)
    if not str(event.get("UID", "")).strip():
        raise InputError("{place}: has no UID", place=entry.at())
    start = event.get("DTSTART")
    if start is None:
        raise InputError("{place}: has no DTSTART", place=entry.at())
    if start.dt.year not in YEARS:
        raise InputError("{place}: is in no year of ours", place=entry.at("DTSTART"))
    if not isinstance(start.dt, datetime):
        raise InputError(
            "{place}: lasts all day (allowed: a meeting with times)", place=entry.at("DTSTART")
        )
    for name in ("DTSTART", "DTEND", "RECURRENCE-ID"):
        zone = "" if name not in event else str(event[name].params.get("TZID", ""))
        if zone and isinstance(event[name].dt, datetime) and event[name].dt.tzinfo is None:
            raise InputError(
                '{place}: TZID "{zone}": unknown time zone (allowed: as Asia/Ho_Chi_Minh, '
                "SE Asia Standard Time, or one that the file describes)",
                place=entry.at(name),
                zone=zone,
            )
    if "DTEND" not in event and "DURATION" not in event:
        raise InputError("{place}: has neither DTEND nor DURATION", place=entry.at())
    end = event["DTEND"].dt if "DTEND" in event else start.dt + event["DURATION"].dt
    if _moment(end) <= _moment(start.dt):  # which the library below would turn round
        raise InputError(
            "{what}: ends {end}, not after it begins",
            what=f'{entry.at()}: "{_text_of(event, "SUMMARY") or UNTITLED}"',
            end=f"{_moment(end):%Y-%m-%d %H:%M}",
        )
    rules = event.get("RRULE")
    for rule in rules if isinstance(rules, list) else [rules] if rules else []:
        _check_rule(rule, start.dt, entry.at("RRULE"), until)


def _check_rule(rule: Any, start: datetime, place: str, until: date) -> None:
    """Raises `InputError`; a rule that ends on a day is made to end with that day."""
    often = str(rule.get("FREQ", [""])[0]).upper()
    if often not in FREQUENCIES:
        allowed = ", ".join(FREQUENCIES)
        raise InputError(
            '{place}: FREQ = "{often}" (allowed: {allowed})',
            place=place,
            often=often,
            allowed=allowed,
        )
    for name, most in (("INTERVAL", 1000), ("COUNT", MOST_ENTRIES)):
        number = rule.get(name, [1])[0]
        if not 1 <= number <= most:
            raise InputError(
                "{place}: {name} = {number} (allowed: 1 to {most:,})",
                place=place,
                name=name,
                number=number,
                most=most,
            )
    last = rule.get("UNTIL", [None])[0]
    if last is not None and not isinstance(last, datetime):
        zone = start.tzinfo or TIME_ZONE
        last = datetime.combine(last, time(23, 59, 59), zone).astimezone(UTC)
        rule["UNTIL"] = [last if start.tzinfo else last.astimezone(zone).replace(tzinfo=None)]
    endless = "COUNT" not in rule and (
        last is None or _moment(last) - _moment(start) > LONGEST_SERIES
    )
    if endless and until == date.max:
        raise InputError(
            "{place}: recurs without end (allowed: COUNT, UNTIL, or --last-day DATE)", place=place
        )


def _raw(event: Any, entry: _Entry) -> Raw:
    start = _moment(event["DTSTART"].dt)
    end = _moment(event["DTEND"].dt) if "DTEND" in event else start + event["DURATION"].dt
    people, places = _people(event)
    named = str(event.get("X-GIAOBAN-PARTICIPANTS", ""))
    registered = _time_in(event, "X-GIAOBAN-REGISTERED", entry)
    if registered is None and "CREATED" in event:
        registered = _moment(event["CREATED"].dt)
    categories = tuple(_categories(event))
    return Raw(
        uid=str(event["UID"]),
        place=entry.at(),
        title=_text_of(event, "SUMMARY") or UNTITLED,
        start=start,
        end=end,
        chair=str(event.get("X-GIAOBAN-CHAIR", "")),
        organizer=_names(event["ORGANIZER"]) if _is_person(event.get("ORGANIZER")) else (),
        people=tuple((part.strip(),) for part in named.split(",")) if named else tuple(people),
        registered=registered,
        check=_time_in(event, "X-GIAOBAN-CHECK", entry),
        emergency=any(key(category) in EMERGENCY for category in categories),
        meeting=str(event.get("X-GIAOBAN-MEETING", "")),
        categories=categories,
        places=() if named else tuple(places),
        rooms=tuple(filter(None, (r.strip() for r in _text_of(event, "LOCATION").split(";")))),
    )


def _text_of(event: Any, name: str) -> str:
    """Letters in one form: some programs write a letter and its marks apart."""
    return unicodedata.normalize("NFC", str(event.get(name, ""))).strip()


def _people(event: Any) -> tuple[list[Names], list[Names]]:
    """Those who take part, and rooms and devices."""
    people: list[Names] = []
    places: list[Names] = []
    found = event.get("ATTENDEE", [])
    for person in found if isinstance(found, list) else [found]:
        if not _is_person(person):
            continue
        asked: Mapping[str, Any] = person.params
        said = {name: str(asked.get(name, "")).upper() for name in ("CUTYPE", "PARTSTAT", "ROLE")}
        if said["PARTSTAT"] == "DECLINED":
            continue
        if said["CUTYPE"] in ("RESOURCE", "ROOM"):
            places.append(_names(person))
        elif said["ROLE"] != "NON-PARTICIPANT":
            people.append(_names(person))
    return people, places


def _is_person(value: Any) -> bool:
    return hasattr(value, "params")


def _names(person: Any) -> Names:
    address = str(person)
    if address.casefold().startswith("mailto:"):
        address = address[len("mailto:") :]
    name = unicodedata.normalize("NFC", str(person.params.get("CN", "")))
    return tuple(filter(None, (name, address)))


def _categories(event: Any) -> Iterator[str]:
    found = event.get("CATEGORIES", [])
    for each in found if isinstance(found, list) else [found]:
        yield from (str(c) for c in getattr(each, "cats", [each]))


def _moment(value: date | datetime) -> datetime:
    """With the province's time zone where it has none, and seen from there."""
    moment = value if isinstance(value, datetime) else datetime.combine(value, time())
    if moment.tzinfo is None:
        return moment.replace(tzinfo=TIME_ZONE)
    return moment.astimezone(TIME_ZONE)


def _time_in(event: Any, name: str, entry: _Entry) -> datetime | None:
    text = str(event.get(name, ""))
    if not text:
        return None
    try:
        return _moment(datetime.fromisoformat(text))
    except ValueError:
        raise InputError(
            '{place}: {name} = "{text}" (allowed: 2026-03-02T07:00)',
            place=entry.at(name),
            name=name,
            text=text,
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
