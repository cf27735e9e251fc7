"""What of a calendar breaks a rule of the province or a limit, and what had better be moved.

How long before it begins a meeting is registered and the system checked, and when it may be moved
to, is data of the province (`giaoban.regulation.CalendarRules`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from operator import gt
from typing import Any, NamedTuple

from giaoban.regulation import CalendarRules, Regulation
from giaoban.results.model.studies.calendar import Finding, Move, Period, Rule
from giaoban.scenarios.calendar.occupancy import Loads, Moment, moments
from giaoban.scenarios.calendar.registration import TIME_ZONE, Registration
from giaoban.scenarios.estimate.static import StaticLoads
from giaoban.scenarios.spec.meeting_catalogue import CataloguedMeeting

SEARCHED_DAYS = 14
"""So many days on a free time is looked for."""
STEP = timedelta(minutes=30)

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
    """Not the time in which the system is to be checked: the check is planned later, or a bridge is
    in another meeting then."""
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
        bridges, rooms = _common(earlier, later), _rooms(earlier, later)
        if bridges or rooms:
            yield _broken(
                "no-hour-for-check",
                [name(earlier), name(later)],
                (later.start - before, earlier.end),
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


class MovedCalendar:
    """The calendar with meetings moved: where each is, and another time for one of them.

    A free time is within office hours if the meeting fits there, registered in time, with time
    for its check and those of others, when none of its bridges and rooms is taken and device and
    lines have room for all that is held then.
    """

    def __init__(
        self,
        registrations: Mapping[str, Registration],
        loads: Loads,
        limits: OccupancyLimits,
        asked: CalendarRules,
    ) -> None:
        self._asked = asked
        self._now = dict(registrations)
        self._loads = loads
        self._limits = limits
        self.moves: dict[str, Move] = {}

    def __getitem__(self, name: str) -> Registration:
        return self._now[name]

    def move(self, name: str) -> None:
        """To the first free time on its day or one of `SEARCHED_DAYS` after it."""
        at = self._free(self._now[name])
        self.moves[name] = Move(meeting=name, to=None if at is None else _minute(at))
        if at is not None:
            self._now[name] = _moved(self._now[name], at)

    def check_in_time(self, name: str) -> Move:
        """With its check as long before it as is asked for."""
        each = self._now[name] = replace(self._now[name], check=None)
        return Move(meeting=name, what="check", to=_minute(each.start - each.check_before))

    def registrations(self) -> list[Registration]:
        return sorted(self._now.values(), key=lambda each: (each.start, each.end, each.uid))

    def kept(self, finding: Finding) -> bool:
        """Whether the moves so far keep what the finding says is broken."""
        held = [self._now[name] for name in finding.meetings]
        match finding.rule:
            case "late-registration":
                registered = held[0].registered
                before = self._asked.registered_before
                return registered is None or held[0].start - registered >= before
            case "device-full" | "device-nearly-full" | "link-full":
                start = datetime.fromisoformat(finding.start)
                end = datetime.fromisoformat(finding.end)
                still = [each for each in held if each.start < end and start < each.end]
                return self._room_for(still, start, end)
            case "bridge-in-two-meetings" | "room-in-use" | "no-hour-for-check":
                one, other = held
                return _apart(one, other) or not (_common(one, other) or _rooms(one, other))
            case "briefing-missing":
                return False

    def _free(self, each: Registration) -> datetime | None:
        earliest = each.start
        if each.registered is not None and not each.emergency:
            earliest = max(earliest, each.registered + self._asked.registered_before)
        others = [other for other in self._now.values() if other is not each]
        for at in _office_times(each, earliest, self._asked):
            if at != each.start and self._fits(_moved(each, at), others):
                return at
        return None

    def _fits(self, each: Registration, others: Sequence[Registration]) -> bool:
        held = []
        for other in others:
            if not _apart(each, other) and (_common(each, other) or _rooms(each, other)):
                return False
            if each.overlaps(other):
                held.append(other)
        return self._room_for([*held, each], each.start, each.end)

    def _room_for(self, held: Sequence[Registration], start: datetime, end: datetime) -> bool:
        for moment in moments(held):
            if moment.start < end and start < moment.end:
                load = self._loads.of(moment)
                taken = OccupancyLimits(load.use.pct, load.worst_link().peak_pct)
                if load.refused or any(map(gt, taken, self._limits)):
                    return False
        return True


def _office_times(
    each: Registration, earliest: datetime, asked: CalendarRules
) -> Iterator[datetime]:
    """When it could begin, from a time on: within a half day, one that is too long for that within
    a day, and one that is too long for a day when it began before."""
    spans = _spans(length := each.end - each.start, asked.hours)
    day = earliest.astimezone(TIME_ZONE).date()
    own = each.start.astimezone(TIME_ZONE).time()
    for number in range(SEARCHED_DAYS + 1):
        today = day + timedelta(days=number)
        if not asked.is_office_day(today):
            continue
        for begins, ends in spans:
            at = datetime.combine(today, begins or own, TIME_ZONE)
            last = at if ends is None else datetime.combine(today, ends, TIME_ZONE) - length
            while at <= last:
                if at >= earliest:
                    yield at
                at += STEP


def _spans(
    length: timedelta, hours: Sequence[tuple[time, time]]
) -> Sequence[tuple[time | None, time | None]]:
    halves = [span for span in hours if length <= _long(*span)]
    day = (hours[0][0], hours[-1][1])
    return halves or ([day] if length <= _long(*day) else [(None, None)])


def _long(begins: time, ends: time) -> timedelta:
    return timedelta(hours=ends.hour - begins.hour, minutes=ends.minute - begins.minute)


def _moved(each: Registration, at: datetime) -> Registration:
    """With its check as long before it as the rule asks."""
    return replace(each, start=at, end=at + (each.end - each.start), check=None)


def _apart(one: Registration, other: Registration) -> bool:
    """Whether the later one can be checked when the earlier one is over."""
    return one.end <= other.start - other.check_before or other.end <= one.start - one.check_before


def with_moves(findings: Sequence[Finding], plan: MovedCalendar) -> list[Finding]:
    """Each with what had better be moved: the meeting that was registered last, then the one
    before it, till the rule is kept. An emergency stays where it is. The plan moves them."""
    return [
        finding.model_copy(update={"moves": list(_moves(finding, plan))}) for finding in findings
    ]


def _moves(finding: Finding, plan: MovedCalendar) -> Iterator[Move]:
    if finding.rule == "briefing-missing":
        return
    if finding.rule == "no-hour-for-check" and len(finding.meetings) == 1:
        yield plan.check_in_time(finding.meetings[0])
        return
    movable = sorted(
        (name for name in finding.meetings if not plan[name].emergency),
        key=lambda name: _priority(plan[name]),
    )
    for name in reversed(movable):
        if name not in plan.moves and not plan.kept(finding):
            plan.move(name)
        if name in plan.moves:
            yield plan.moves[name]


def _priority(each: Registration) -> tuple[datetime, datetime]:
    return each.registered or each.start, each.start


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
