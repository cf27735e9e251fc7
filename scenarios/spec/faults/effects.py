"""What faults do to parts of the network, and several of them together: changes and outages.

Two faults may need the same at the same time: a link is down as long as any of them holds it down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from giaoban.topology.changes import NetworkChange, Outage

FOREVER_S = math.inf
DIGITS = 6  # of a second

Do = Literal["down", "discard", "stop", "off"]
_ORDER = {
    "start-router": 0,
    "link-up": 1,
    "forward": 1,
    "discard": 2,
    "link-down": 2,
    "stop-router": 3,
}
"""Of changes at the same moment: what comes back comes first; a router is up before its links."""


class Effect(NamedTuple):
    """A link is down, a direction of it discards, a router is stopped or a host is off.

    `place` is (link,), (link, source, target), (router,) or (host,). By the scenario's times.
    """

    do: Do
    place: tuple[str, ...]
    from_s: float
    to_s: float


def compose(
    effects: Sequence[Sequence[Effect]], start_s: float
) -> tuple[list[NetworkChange], list[Outage]]:
    """The changes and outages of all faults, in order of time, `start_s` later.

    What several do is begun in the name of the first, and ended in that of the last.
    """
    changes: list[NetworkChange] = []
    outages: list[Outage] = []
    for (do, place), spans in sorted(_by_place(enumerate(effects)).items()):
        for from_s, to_s, first, last in _merged(spans):
            begin, end = _at(start_s, from_s), _at(start_s, to_s)
            if do == "off":
                assert begin is not None
                outages.append(Outage(host=place[0], from_s=begin, to_s=end, fault=first))
                continue
            for at_s, fault, starts in ((begin, first, True), (end, last, False)):
                if at_s is not None:
                    changes.append(_change(do, place, at_s, fault, starts=starts))
    changes.sort(key=lambda change: (change.at_s, _ORDER[change.do]))
    return changes, sorted(outages, key=lambda outage: outage.from_s)


def idle(effects: Sequence[Sequence[Effect]]) -> list[int]:
    """The numbers of the faults that do nothing which others do not do anyway, the later of two."""
    kept = dict(enumerate(effects))
    found = []
    for number in sorted(kept, reverse=True):
        others = _by_place((n, its) for n, its in kept.items() if n != number)
        if effects[number] and all(_covered(effect, others) for effect in effects[number]):
            del kept[number]
            found.append(number)
    return sorted(found)


Spans = list[tuple[float, float, int]]
"""(from, to, number of the fault)."""


def _by_place(
    numbered: Iterable[tuple[int, Sequence[Effect]]],
) -> dict[tuple[Do, tuple[str, ...]], Spans]:
    spans: dict[tuple[Do, tuple[str, ...]], Spans] = {}
    for number, effects in numbered:
        for effect in effects:
            key = effect.do, effect.place
            spans.setdefault(key, []).append((effect.from_s, effect.to_s, number))
    return spans


def _merged(spans: Spans) -> list[tuple[float, float, int, int]]:
    """(from, to, whose begin, whose end) of what overlaps or touches."""
    found: list[tuple[float, float, int, int]] = []
    for from_s, to_s, number in sorted(spans):
        if found and from_s <= found[-1][1]:
            begin_s, end_s, first, last = found[-1]
            if to_s > end_s:
                end_s, last = to_s, number
            found[-1] = begin_s, end_s, first, last
        else:
            found.append((from_s, to_s, number, number))
    return found


def _covered(effect: Effect, others: Mapping[tuple[Do, tuple[str, ...]], Spans]) -> bool:
    """Whether it is done by others all the time; a direction of a link that is down does not."""
    spans = list(others.get((effect.do, effect.place), []))
    if effect.do == "discard":
        spans += others.get(("down", effect.place[:1]), [])
    return any(a <= effect.from_s and effect.to_s <= b for a, b, _, _ in _merged(spans))


def _change(
    do: Do, place: tuple[str, ...], at_s: float, fault: int, *, starts: bool
) -> NetworkChange:
    if do == "stop":
        word = "stop-router" if starts else "start-router"
        named = {"router": place[0]}
    elif do == "down":
        word = "link-down" if starts else "link-up"
        named = {"link": place[0]}
    else:
        word = "discard" if starts else "forward"
        named = dict(zip(("link", "source", "target"), place, strict=True))
    return NetworkChange.model_validate({"at_s": at_s, "fault": fault, "do": word, **named})


def _at(start_s: float, at_s: float) -> float | None:
    return None if math.isinf(at_s) else round(start_s + at_s, DIGITS)
