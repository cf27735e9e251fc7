"""Registrations as iCalendar (RFC 5545): files of Outlook, Google Calendar, Thunderbird and others.

| what | property |
|---|---|
| title, place, times | `SUMMARY`, `LOCATION`, `DTSTART`, `DTEND` or `DURATION` |
| who takes part | `ATTENDEE`: its `CN` or its address; `X-GIAOBAN-PARTICIPANTS`: identifiers |
| who chairs | `X-GIAOBAN-CHAIR`, else `ORGANIZER` if that is a bridge |
| when it was registered | `CREATED`, else `DTSTAMP` of a `METHOD` that has none |
| an emergency (Art. 19(2)) | `CATEGORIES` with `emergency` or `đột xuất`, or `PRIORITY:1` |
| the catalogue's meeting | `X-GIAOBAN-MEETING` |
| when the check begins | `X-GIAOBAN-CHECK` |
| recurring | `RRULE`, `RDATE`, `EXDATE`, `RECURRENCE-ID` |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import icalendar
import recurring_ical_events

from giaoban.errors import InputError
from giaoban.files import read_file
from scenarios.calendar.registration import TIME_ZONE, Raw, Registration

MOST_BYTES = 20_000_000
MOST_ENTRIES = 20_000
EMERGENCY = ("emergency", "đột xuất", "khẩn cấp")
PRODUCT = "-//giaoban//meeting calendar//VI"


def read_ics(path: Path, from_: date, until: date) -> list[Raw]:
    """Every meeting that begins in `from_` ≤ day < `until`, recurring ones as often as they do.

    Raises:
        InputError: a file that is no iCalendar in UTF-8 (RFC 5545 §3.1.4), holds no meeting, one
            without a time, or one that never ends to recur while `until` is `date.max`.
    """
    text = _text(path)
    lines = _lines_of_events(text)
    try:
        calendar = icalendar.Calendar.from_ical(text)
    except (ValueError, IndexError) as error:
        raise InputError(
            "{path}: is no iCalendar file: {first_line}", path=path, first_line=_first_line(error)
        ) from None
    events = list(calendar.walk("VEVENT"))
    if not events:
        raise InputError("{path}: has no meeting (allowed: one VEVENT or more)", path=path)
    place_of: dict[str, str] = {}
    for event, line in zip(events, lines, strict=True):
        _check_event(event, f"{path}:{line}", until)
        place_of.setdefault(str(event.get("UID", "")), f"{path}:{line}")
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
    return [
        _raw(event, place_of.get(str(event.get("UID", "")), str(path)))
        for event in found
        if str(event.get("STATUS", "")).upper() != "CANCELLED"
    ]


def write_ics(registrations: Sequence[Registration], path: Path) -> None:
    """All of them as one calendar, the check of the system as an alarm at its time."""
    path.write_bytes(to_ics(registrations))


def to_ics(registrations: Sequence[Registration]) -> bytes:
    """The text of the file: UTF-8, lines of 75 octets (RFC 5545 §3.1)."""
    calendar = icalendar.Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    for each in registrations:
        event = icalendar.Event()
        event.add("UID", f"{each.start.astimezone(UTC):%Y%m%dT%H%M%SZ}-{each.uid}")
        event.add("DTSTAMP", (each.registered or each.start).astimezone(UTC))
        if each.registered is not None:
            event.add("CREATED", each.registered.astimezone(UTC))
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
        alarm = icalendar.Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("DESCRIPTION", f"Kiểm tra hệ thống: {each.title}")
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


def _lines_of_events(text: str) -> list[int]:
    return [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip().upper() == "BEGIN:VEVENT"
    ]


def _check_event(event: Any, place: str, until: date) -> None:
    start = event.get("DTSTART")
    if start is None:
        raise InputError("{place}: has no DTSTART", place=place)
    if not isinstance(start.dt, datetime):
        raise InputError("{place}: lasts all day (allowed: a meeting with times)", place=place)
    rules = event.get("RRULE")
    for rule in rules if isinstance(rules, list) else [rules] if rules else []:
        if "COUNT" not in rule and "UNTIL" not in rule and until == date.max:
            raise InputError(
                "{place}: recurs without end (allowed: COUNT, UNTIL, or --until DATE)", place=place
            )


def _raw(event: Any, place: str) -> Raw:
    start = _moment(event["DTSTART"].dt)
    if "DTEND" in event:
        end = _moment(event["DTEND"].dt)
    else:
        end = start + event["DURATION"].dt if "DURATION" in event else start
    people = tuple(_people(event))
    named = str(event.get("X-GIAOBAN-PARTICIPANTS", ""))
    chair = str(event.get("X-GIAOBAN-CHAIR", ""))
    check = str(event.get("X-GIAOBAN-CHECK", ""))
    created = event.get("CREATED")
    categories = " ".join(_categories(event)).casefold()
    return Raw(
        uid=str(event.get("UID", "")),
        place=place,
        title=str(event.get("SUMMARY", "")).strip() or "?",
        start=start,
        end=end,
        chair=chair,
        people=tuple(part.strip() for part in named.split(",")) if named else people,
        registered=None if created is None else _moment(created.dt),
        check=_time_in(check, place) if check else None,
        emergency=any(word in categories for word in EMERGENCY)
        or str(event.get("PRIORITY")) == "1",
        meeting=str(event.get("X-GIAOBAN-MEETING", "")),
        rooms=tuple(filter(None, (r.strip() for r in str(event.get("LOCATION", "")).split(";")))),
    )


def _people(event: Any) -> Iterator[str]:
    found = event.get("ATTENDEE", [])
    for person in found if isinstance(found, list) else [found]:
        if str(person.params.get("CUTYPE", "")).upper() in ("RESOURCE", "ROOM"):
            continue
        yield str(person.params.get("CN", "")) or str(person)


def _categories(event: Any) -> Iterator[str]:
    found = event.get("CATEGORIES", [])
    for each in found if isinstance(found, list) else [found]:
        yield from (str(c) for c in getattr(each, "cats", [each]))


def _moment(value: date | datetime) -> datetime:
    """With the province's time zone where it has none, and seen from there."""
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=TIME_ZONE)
    return moment.astimezone(TIME_ZONE)


def _time_in(text: str, place: str) -> datetime:
    try:
        return _moment(datetime.fromisoformat(text))
    except ValueError:
        raise InputError(
            '{place}: X-GIAOBAN-CHECK = "{text}" (allowed: 2026-03-02T07:00)',
            place=place,
            text=text,
        ) from None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
