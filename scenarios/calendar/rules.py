"""What of a calendar breaks a rule of the decision or a limit, and what had better be moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from results.model.calendar import Finding, Period
from scenarios.calendar.occupancy import Loads, Moment
from scenarios.calendar.registration import (
    CHECK_BEFORE,
    REGISTERED_BEFORE,
    TIME_ZONE,
    Registration,
)
from scenarios.estimate.static import StaticLoads
from scenarios.spec.meeting_catalogue import CataloguedMeeting

SEARCHED_DAYS = 10
"""So many days on a free time is looked for."""
WORKING = ((time(8, 0), time(11, 30)), (time(13, 30), time(17, 0)))
"""Half days of an office."""
STEP = timedelta(minutes=30)

Name = Callable[[Registration], str]


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def late_registrations(registrations: Sequence[Registration], name: Name) -> Iterator[Finding]:
    """Registered less than two days before, and no emergency (Art. 19(2))."""
    for each in registrations:
        if each.registered is None or each.emergency:
            continue
        hours = (each.start - each.registered) / timedelta(hours=1)
        if each.start - each.registered < REGISTERED_BEFORE:
            yield Finding(
                rule="late-registration",
                meetings=[name(each)],
                start=_minute(each.start),
                end=_minute(each.end),
                article="Art. 19(2)",
                amount=max(0.0, round(hours, 1)),
                limit=REGISTERED_BEFORE / timedelta(hours=1),
                move=name(each),
                to=_minute(each.registered + REGISTERED_BEFORE),
            )


def unchecked(registrations: Sequence[Registration], name: Name) -> Iterator[Finding]:
    """No hour in which the system can be checked (Art. 19(3)): the check is planned later, or a
    bridge is in another meeting then."""
    for each in registrations:
        if each.check is not None and each.start - each.check < CHECK_BEFORE:
            yield Finding(
                rule="no-hour-for-check",
                meetings=[name(each)],
                start=_minute(each.check),
                end=_minute(each.start),
                article="Art. 19(3)",
                amount=round((each.start - each.check) / timedelta(minutes=1), 1),
                limit=CHECK_BEFORE / timedelta(minutes=1),
            )
    for one, other in _pairs(registrations, CHECK_BEFORE):
        later, earlier = (one, other) if one.start >= other.start else (other, one)
        bridges = _common(one, other)
        if bridges and not one.overlaps(other) and earlier.end > later.check_start:
            yield Finding(
                rule="no-hour-for-check",
                meetings=[name(earlier), name(later)],
                start=_minute(later.check_start),
                end=_minute(earlier.end),
                article="Art. 19(3)",
                bridges=bridges,
                amount=round((later.start - earlier.end) / timedelta(minutes=1), 1),
                limit=CHECK_BEFORE / timedelta(minutes=1),
            )


def double_bookings(registrations: Sequence[Registration], name: Name) -> Iterator[Finding]:
    """A bridge in two meetings, or a room in use."""
    for one, other in _pairs(registrations):
        if not one.overlaps(other):
            continue
        start, end = max(one.start, other.start), min(one.end, other.end)
        meetings = [name(one), name(other)]
        if bridges := _common(one, other):
            yield Finding(
                rule="bridge-in-two-meetings",
                meetings=meetings,
                start=_minute(start),
                end=_minute(end),
                article="Art. 21(1)",
                bridges=bridges,
            )
        for room in one.rooms:
            if room.casefold() in {r.casefold() for r in other.rooms}:
                yield Finding(
                    rule="room-in-use",
                    meetings=meetings,
                    start=_minute(start),
                    end=_minute(end),
                    article="Art. 18(1)",
                    room=room,
                )


def overloads(
    found: Sequence[tuple[Moment, StaticLoads, Period]], most_pct: float
) -> Iterator[Finding]:
    """More than the device has, or more of a line than the criterion allows (Art. 4(3), 25)."""
    for _, load, period in found:
        if load.refused:
            yield Finding(
                rule="device-full",
                meetings=period.meetings,
                start=period.start,
                end=period.end,
                article="Art. 4(3)",
                bridges=period.refused,
                amount=len(load.joined) + len(load.refused),
                limit=len(load.joined),
            )
        if period.link_pct > most_pct:
            yield Finding(
                rule="link-full",
                meetings=period.meetings,
                start=period.start,
                end=period.end,
                article="Art. 25",
                link=period.link,
                amount=round(period.link_pct, 2),
                limit=most_pct,
            )


def missing_briefings(
    registrations: Sequence[Registration],
    catalogue: Sequence[CataloguedMeeting],
    months: Sequence[tuple[int, int]],
) -> Iterator[Finding]:
    """A meeting that the decision has in a month, without one in the calendar (Art. 5(1)).

    `months`: (year, month) that the calendar covers as a whole.
    """
    held = {(e.meeting, e.start.year, e.start.month) for e in registrations}
    for each in catalogue:
        for year, month in months:
            if month in each.months and (each.id, year, month) not in held:
                first = datetime(year, month, 1, tzinfo=TIME_ZONE)
                yield Finding(
                    rule="briefing-missing",
                    meetings=[each.id],
                    start=_minute(first),
                    end=_minute((first + timedelta(days=31)).replace(day=1)),
                    article=each.article,
                )


class Free:
    """Finds another time for a meeting: within office hours, with an hour for its check, when none
    of its bridges and rooms is taken and the device has room for its calls."""

    def __init__(self, registrations: Sequence[Registration], loads: Loads) -> None:
        self._all = registrations
        self._loads = loads

    def after(self, each: Registration) -> datetime | None:
        """The first free time on its day or later; None: not within `SEARCHED_DAYS`."""
        length = each.end - each.start
        others = [o for o in self._all if o is not each]
        day = each.start.astimezone(TIME_ZONE).date()
        for number in range(SEARCHED_DAYS + 1):
            today = day + timedelta(days=number)
            if today.weekday() >= 5:
                continue
            for begins, ends in WORKING:
                at = datetime.combine(today, begins, TIME_ZONE)
                last = datetime.combine(today, ends, TIME_ZONE) - length
                while at <= last:
                    if at > each.start and self._fits(each, at, length, others):
                        return at
                    at += STEP
        return None

    def _fits(
        self, each: Registration, at: datetime, length: timedelta, others: Sequence[Registration]
    ) -> bool:
        held = []
        for other in others:
            apart = other.end <= at - CHECK_BEFORE or at + length <= other.start - CHECK_BEFORE
            if not apart and (_common(each, other) or _rooms(each) & _rooms(other)):
                return False
            if other.start < at + length and at < other.end:
                held.append(other)
        if not held:
            return True
        moved = replace(each, start=at, end=at + length, check=None)
        together = Moment(at, at + length, (*sorted(held, key=lambda o: o.start), moved))
        return not self._loads.of(together).refused


def with_moves(
    findings: Sequence[Finding], by_name: dict[str, Registration], free: Free
) -> list[Finding]:
    """For each conflict the meeting that was registered last, and when it could be held."""
    found = []
    known: dict[str, str | None] = {}
    for finding in findings:
        if finding.move is None and finding.rule not in ("briefing-missing", "no-hour-for-check"):
            movable = [m for m in finding.meetings if not by_name[m].emergency]
            if movable:
                last = max(movable, key=lambda m: _priority(by_name[m]))
                if last not in known:
                    at = free.after(by_name[last])
                    known[last] = None if at is None else _minute(at)
                finding = finding.model_copy(update={"move": last, "to": known[last]})
        found.append(finding)
    return found


def _priority(each: Registration) -> tuple[datetime, datetime]:
    return each.registered or each.start, each.start


def _common(one: Registration, other: Registration) -> list[str]:
    there = set(other.participants)
    return [who for who in one.participants if who in there]


def _rooms(each: Registration) -> set[str]:
    return {room.casefold() for room in each.rooms}


def _pairs(
    registrations: Sequence[Registration], near: timedelta = timedelta(0)
) -> Iterator[tuple[Registration, Registration]]:
    """Pairs whose times are no further apart than `near`; the earlier one first."""
    in_order = sorted(registrations, key=lambda each: (each.start, each.end))
    active: list[Registration] = []
    for each in in_order:
        active = [other for other in active if other.end + near > each.start]
        for other in active:
            yield other, each
        active.append(each)
