"""Calendars made to measure, and the province and catalogue that they are read with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from giaoban.regulation import calendar_rules
from giaoban.scenarios.calendar.icalendar_file import read_ics
from giaoban.scenarios.calendar.occupancy import CalendarContext
from giaoban.scenarios.calendar.registration import TIME_ZONE, Directory, Registration, resolve_all
from giaoban.scenarios.plan.question import plain_scenario
from giaoban.scenarios.spec.meeting_catalogue import files, load_meeting
from giaoban.topology.load import DEFAULT_PROVINCE, load_province

FILES = Path(__file__).parent / "files"
DISTRICTS = ("cu-jut", "dak-glong", "dak-mil", "dak-r-lap", "dak-song", "krong-no", "tuy-duc")
FIRST, LAST = date(2020, 1, 1), date(2031, 1, 1)


@cache
def world() -> CalendarContext:
    """The default province, with nothing added."""
    catalogue = {meeting.id: meeting for meeting in map(load_meeting, files())}
    path = DEFAULT_PROVINCE.resolve()
    return CalendarContext(plain_scenario(path), path, load_province(path), path, {}, catalogue)


ASKED = calendar_rules(world().province.regulation)
"""What the default province asks of meetings in a calendar."""


@cache
def directory() -> Directory:
    """Of the default province."""
    return Directory(world().province, [], world().catalogue)


def ics(path: Path, *events: Sequence[str]) -> Path:
    """Write a calendar of events, each the lines between BEGIN and END."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    for event in events:
        lines += ["BEGIN:VEVENT", *event, "END:VEVENT"]
    path.write_bytes("\r\n".join([*lines, "END:VCALENDAR", ""]).encode())
    return path


def read(path: Path, until: date = LAST) -> list[Registration]:
    """The meetings of an iCalendar file."""
    return resolve_all(directory(), read_ics(path, FIRST, until))


def at(text: str) -> datetime:
    """`2027-03-01 08:00` in the province."""
    return datetime.fromisoformat(text).replace(tzinfo=TIME_ZONE)


def booked(start: str | datetime, hours: float, *who: str, **more: Any) -> Registration:
    """A meeting of bridges, the first of whom chairs; registered long before."""
    begins = at(start) if isinstance(start, str) else start
    fields = {"uid": "a", "registered": begins - timedelta(days=30), **more}
    fields.setdefault("check_before", ASKED.check_before)
    return Registration(
        place="calendar.ics:1",
        title="Họp",
        start=begins,
        end=begins + timedelta(hours=hours),
        chair=who[0],
        participants=who,
        **fields,
    )
