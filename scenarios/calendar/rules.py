"""Rules of the province and limits of device and lines that a calendar breaks, and the meeting that
gives way.

The least times of registration and of the check of the system are data of the province
(`giaoban.regulation.CalendarRules`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from functools import partial
from typing import Any, NamedTuple

from giaoban.regulation import CalendarRules, Regulation
from giaoban.results.model.studies.calendar import Finding, Period, Rule
from giaoban.scenarios.calendar.occupancy import CalendarContext, Moment
from giaoban.scenarios.calendar.registration import TIME_ZONE, Registration
from giaoban.scenarios.estimate.static import StaticLoads
from giaoban.scenarios.spec.meeting_catalogue import CataloguedMeeting

Name = Callable[[Registration], str]


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _broken(
    rule: Rule, meetings: list[str], span: tuple[datetime, datetime], **more: Any
) -> Finding:
    start, end = map(_minute, span)
    return Finding(rule=rule, meetings=meetings, start=start, end=end, **more)


def _tenths(span: timedelta, unit: timedelta) -> float:
    """In whole tenths of a unit that have passed: what is too short by a moment is not told as
    what is asked for."""
    return span // (unit / 10) / 10


def late_registrations(
    registrations: Sequence[Registration], name: Name, asked: CalendarRules
) -> Iterator[Finding]:
    """Registered later than is asked for, and no emergency."""
    for each in registrations:
        if not asked.registered_before or each.registered is None or each.emergency:
            continue
        before = each.start - each.registered
        if before < asked.registered_before:
            yield _broken(
                "late-registration",
                [name(each)],
                (each.start, each.end),
                amount=max(0.0, _tenths(before, timedelta(hours=1))),
                limit=asked.registered_before_h,
            )


def unchecked(
    registrations: Sequence[Registration], name: Name, asked: CalendarRules
) -> Iterator[Finding]:
    """Yield meetings without a check of the system as early as the province asks (Art. 19(3)).

    The check is planned later, or a bridge or room is in another meeting when it begins. A check
    that is planned earlier, or a meeting that lies between check and opening, breaks no rule.
    """
    before = asked.check_before
    for each in registrations:
        if each.check is not None and each.start - each.check < before:
            yield _broken(
                "no-hour-for-check",
                [name(each)],
                (each.check, each.start),
                amount=_tenths(each.start - each.check, timedelta(minutes=1)),
                limit=asked.check_before_min,
            )
    for earlier, later in _pairs(registrations, before):
        if earlier.overlaps(later) or later.start - earlier.end >= before:
            continue
        check = later.check_start
        if check is None or not earlier.start <= check < earlier.end:
            continue
        bridges, rooms = _common(earlier, later), _rooms(earlier, later)
        if bridges or rooms:
            yield _broken(
                "no-hour-for-check",
                [name(earlier), name(later)],
                (check, earlier.end),
                bridges=bridges,
                room=rooms[0] if rooms else None,
                amount=_tenths(later.start - earlier.end, timedelta(minutes=1)),
                limit=asked.check_before_min,
            )


def double_bookings(registrations: Sequence[Registration], name: Name) -> Iterator[Finding]:
    """A bridge in two meetings, or a room in use: one that both name, or a bridge's own."""
    for one, other in _pairs(registrations):
        if not one.overlaps(other):
            continue
        both = max(one.start, other.start), min(one.end, other.end)
        meetings = [name(one), name(other)]
        if bridges := _common(one, other):
            yield _broken("bridge-in-two-meetings", meetings, both, bridges=bridges)
        for room in _rooms(one, other):
            yield _broken("room-in-use", meetings, both, room=room)


class OccupancyLimits(NamedTuple):
    """How much may be taken of the device and of a line, in percent: what a check allows."""

    device_pct: float
    link_pct: float


def overloads(
    found: Sequence[tuple[Moment, StaticLoads, Period]], limits: OccupancyLimits
) -> Iterator[Finding]:
    """More than the device has, or more of it or of a line than a check allows (Art. 4(3), 25)."""
    for _, load, period in found:
        made = partial(Finding, meetings=period.meetings, start=period.start, end=period.end)
        if load.refused:
            yield made(
                rule="device-full",
                bridges=period.refused,
                amount=len(load.joined) + len(load.refused),
                limit=len(load.joined),
            )
        elif period.used_pct > limits.device_pct:
            yield made(
                rule="device-nearly-full",
                amount=_above(period.used_pct, limits.device_pct),
                limit=limits.device_pct,
            )
        if period.link_pct > limits.link_pct:
            yield made(
                rule="link-full",
                link=period.link,
                amount=_above(period.link_pct, limits.link_pct),
                limit=limits.link_pct,
            )


def _above(pct: float, limit_pct: float) -> float:
    """In hundredths, but never as the limit that it is above."""
    told = round(pct, 2)
    return told if told > limit_pct else round(limit_pct + 0.01, 2)


def missing_briefings(
    registrations: Sequence[Registration],
    catalogue: Sequence[CataloguedMeeting],
    months: Sequence[tuple[int, int]],
    regulation: Regulation | None = None,
) -> Iterator[Finding]:
    """A meeting that the decision has in a month, without one in the calendar (Art. 5(1)).

    Only of kinds that the calendar names: in one that names none, any may be a briefing.
    `months`: (year, month) that the calendar covers as a whole.
    """
    held = {(e.meeting, e.start.year, e.start.month) for e in registrations}
    named = {e.meeting for e in registrations}
    for each in catalogue:
        if each.id not in named:
            continue
        for year, month in months:
            if month in each.months and (each.id, year, month) not in held:
                first = datetime(year, month, 1, tzinfo=TIME_ZONE)
                whole = first, (first + timedelta(days=31)).replace(day=1)
                article = each.article_in(regulation)
                yield _broken("briefing-missing", [each.id], whole, article=article)


class Rank(IntEnum):
    """Level of the body that chairs a meeting; the lower one gives way.

    The order is an assumption of the program: the decision leaves the calendar to the leadership of
    the Provincial People's Committee (Art. 21(1))."""

    LOCAL = 0
    """A district, a commune, or a bridge of which no level is known."""
    DEPARTMENT = 1
    PROVINCE = 2
    """Party Committee, People's Council or People's Committee of the province (Art. 18(2))."""
    GOVERNMENT = 3
    """The Government or a ministry takes part (Art. 5(5)): the province cannot move it alone."""


def ranks(world: CalendarContext) -> Callable[[Registration], Rank]:
    """Return the function that ranks a meeting by its chair, with the catalogue of `world`.

    A department that chairs in the room of the province (Art. 18(2)) is known by its catalogued
    meeting alone.
    """
    kinds = world.catalogue.values()
    lines = {kind.id: kind.chair for kind in kinds if kind.pattern == "department-line"}
    departments = {*lines.values()}
    outside = {
        mcu.bridge
        for mcus in (world.base.outside_mcus, *(kind.outside_mcus for kind in kinds))
        for mcu in mcus
    }

    def rank(each: Registration) -> Rank:
        if not outside.isdisjoint(each.participants):
            return Rank.GOVERNMENT
        if each.meeting in lines or each.chair in departments:
            return Rank.DEPARTMENT
        return Rank.PROVINCE if each.chair == world.province.chair.id else Rank.LOCAL

    return rank


def with_precedence(
    findings: Sequence[Finding],
    meetings: Mapping[str, Registration],
    rank: Callable[[Registration], Rank],
) -> list[Finding]:
    """Return the findings, each with the meeting that gives way; `meetings` by `Booked.id`."""
    return [
        finding.model_copy(update={"gives_way": _giving_way(finding.meetings, meetings, rank)})
        for finding in findings
    ]


def _giving_way(
    names: Collection[str],
    meetings: Mapping[str, Registration],
    rank: Callable[[Registration], Rank],
) -> str | None:
    """Return the meeting of the lowest rank; of equals the one that was registered last.

    None: one meeting alone, emergencies alone (Art. 6(3), 19(2)), or equals of which the calendar
    does not show which was registered last.
    """
    movable = [name for name in names if name in meetings and not meetings[name].emergency]
    if len(names) < 2 or not movable:
        return None
    lowest = min(rank(meetings[name]) for name in movable)
    equals = [name for name in movable if rank(meetings[name]) == lowest]
    if len(equals) == 1:
        return equals[0]
    registered = {name: at for name in equals if (at := meetings[name].registered) is not None}
    if len(registered) < len(equals):
        return None
    last = [name for name in equals if registered[name] == max(registered.values())]
    return last[0] if len(last) == 1 else None


def _common(one: Registration, other: Registration) -> list[str]:
    there = set(other.participants)
    return [who for who in one.participants if who in there]


def _rooms(one: Registration, other: Registration) -> list[str]:
    """Rooms that both take, a bridge's own where only one of them names it, but none of a bridge
    that is in both."""
    there = {room.casefold() for room in other.rooms}
    found = [r for r in one.rooms if r.casefold() in there or r in other.participants]
    found += [r for r in other.rooms if r in one.participants]
    both = _common(one, other)
    return [room for room in dict.fromkeys(found) if room not in both]


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
