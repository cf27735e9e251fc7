"""How much of the device and of the lines a calendar takes, from one change to the next.

What is held at one moment is a scenario of meetings at once; its calls are admitted as the device
does, and their rates added up on the lines (`giaoban.scenarios.estimate.static`). The same scenario
is estimated or emulated where a moment is to be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from giaoban.results.model.studies.calendar import Period
from giaoban.scenarios.calendar.registration import Registration
from giaoban.scenarios.estimate.static import StaticLoads, static_loads
from giaoban.scenarios.plan.question import HeldWith
from giaoban.scenarios.spec.meeting_catalogue import CataloguedMeeting
from giaoban.scenarios.spec.scenario import (
    ConcurrentMeeting,
    Content,
    MeetingSettings,
    Phases,
    Scenario,
)
from giaoban.sentence import N_, message
from giaoban.topology.model import BridgeSpec, LinkChange

QUESTION = N_("May the meetings at {time} on {day} be held at once?")
MOMENT_S = 20.0
"""How long a moment is looked at where it is judged."""
BEGINS_S = 4.0
"""Meetings that begin at the moment dial so long after the others' sound and picture are seen."""


@dataclass(frozen=True)
class CalendarContext(HeldWith):
    """What the meetings of a calendar are held with, and the catalogue that they are of."""

    catalogue: Mapping[str, CataloguedMeeting]


@dataclass(frozen=True)
class Moment:
    """Meetings that are held at once from `start` to `end`, those that began first first."""

    start: datetime
    end: datetime
    held: tuple[Registration, ...]


def moments(registrations: Sequence[Registration]) -> Iterator[Moment]:
    """Every time between two changes in which something is held, in order."""
    to_come = sorted(registrations, key=_in_turn, reverse=True)
    times = sorted({t for each in registrations for t in (each.start, each.end)})
    held: list[Registration] = []
    for start, end in pairwise(times):
        held = [each for each in held if each.end > start]
        while to_come and to_come[-1].start <= start:
            held.append(to_come.pop())
        if held:
            yield Moment(start, end, tuple(held))


def _in_turn(each: Registration) -> tuple[datetime, datetime, str]:
    return each.start, each.registered or each.start, each.uid


def scenario_of(world: CalendarContext, moment: Moment) -> Scenario:
    """The meetings of a moment, each bridge in the first that it is registered for.

    With the slides of the first, as a scenario has one content channel, and the profile of its kind
    if it is the only one: several share that of the scenario.
    """
    sits: set[str] = set()
    parts: list[tuple[Registration, list[str]]] = []
    for each in moment.held:
        here = [who for who in each.participants if who not in sits]
        if len(here) > 1:
            sits.update(here)
            parts.append((each, here))
    bridges, links = _rooms(world, parts)
    first, *others = parts
    kinds = [world.catalogue[each.meeting] for each, _ in parts if each.meeting is not None]
    chief = None if first[0].meeting is None else world.catalogue[first[0].meeting]
    content = None
    if chief is not None and chief.slides is not None:
        content = Content(bridge=_chair(*first), kbps=chief.slides.kbps)
    own_profile = None if chief is None or others else chief.profile
    outside = {
        mcu.bridge: mcu
        for mcus in (world.base.outside_mcus, *(kind.outside_mcus for kind in kinds))
        for mcu in mcus
        if mcu.bridge in sits
    }
    settings = _settings(world, first[0])
    asked = message(QUESTION, time=f"{moment.start:%H:%M}", day=f"{moment.start:%Y-%m-%d}")
    return world.base.model_copy(
        update={
            "id": f"moment-{moment.start:%Y%m%d-%H%M}",
            "question": asked.en,
            "question_vi": asked.vi,
            "profile": own_profile or world.base.profile,
            "phases": Phases(course_s=MOMENT_S),
            "meeting": settings.model_copy(
                update={"chair": _chair(*first), "participants": first[1]}
            ),
            "concurrent": [
                ConcurrentMeeting(
                    id=f"meeting-{number}",
                    chair=_chair(each, here),
                    participants=here,
                    floor=_settings(world, each).floor,
                    from_s=BEGINS_S + number if each.start == moment.start else None,
                )
                for number, (each, here) in enumerate(others, 2)
            ],
            "new_bridges": [*world.base.new_bridges, *bridges],
            "outside_mcus": list(outside.values()),
            "link_changes": [*world.base.link_changes, *links],
            "impairments": [],
            "background": [b for b in world.base.background if b.from_s is None and b.to_s is None],
            "faults": [],
            "controls": [],
            "content": content,
            "recordings": [],
            "accepted": [],
        }
    )


def _rooms(
    world: CalendarContext, parts: Sequence[tuple[Registration, Sequence[str]]]
) -> tuple[list[BridgeSpec], list[LinkChange]]:
    """Bridges that only the catalogue's meetings have, if they take part, each once; and lines that
    are otherwise in those meetings."""
    there = {bridge.id for bridge in (*world.province.bridges, *world.base.new_bridges)}
    known = {bridge.id: bridge for m in world.catalogue.values() for bridge in m.bridges}
    missing = [who for _, here in parts for who in here if who not in there]
    links: dict[str, LinkChange] = {}
    for each, _ in parts:
        for link in world.catalogue[each.meeting].links if each.meeting is not None else ():
            links.setdefault(link.link, link)
    return [known[who] for who in dict.fromkeys(missing)], list(links.values())


def _settings(world: CalendarContext, each: Registration) -> MeetingSettings:
    known = world.catalogue.get(each.meeting or "")
    return MeetingSettings() if known is None else known.how


def _chair(each: Registration, here: Sequence[str]) -> str:
    return each.chair if each.chair in here else here[0]


class Loads:
    """What moments take, worked out once for meetings that are held together again and again."""

    def __init__(self, world: CalendarContext) -> None:
        self._world = world
        self._known: dict[tuple[object, ...], StaticLoads] = {}

    def of(self, moment: Moment) -> StaticLoads:
        """Raises `InputError` for what the network has no room for, as a bridge without a path."""
        key = tuple(
            (each.meeting, each.chair, each.participants, each.start == moment.start)
            for each in moment.held
        )
        if key not in self._known:
            scenario = scenario_of(self._world, moment)
            self._known[key] = static_loads(self._world.question(scenario).plan)
        return self._known[key]


def periods(
    registrations: Sequence[Registration],
    loads: Loads,
    name: Callable[[Registration], str],
) -> list[tuple[Moment, StaticLoads, Period]]:
    """Every moment with what it takes; `name`: what a registration is called in the answer."""
    found = []
    for moment in moments(registrations):
        load = loads.of(moment)
        link = load.worst_link()
        found.append(
            (
                moment,
                load,
                Period(
                    start=moment.start.isoformat(timespec="minutes"),
                    end=moment.end.isoformat(timespec="minutes"),
                    meetings=[name(each) for each in moment.held],
                    calls=len(load.joined),
                    used_pct=load.use.pct,
                    used_of=load.use.of,
                    refused=[call.bridge for call in load.refused],
                    link_pct=link.peak_pct,
                    link=f"{link.link} {link.direction}",
                ),
            )
        )
    return found
