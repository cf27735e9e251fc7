"""A figure over all that has it: the worst, a mean, a percentile; and where it is worst.

A stream that should have been heard and was not (nothing received) has no delay, jitter or MOS: it
is the worst there can be, and the value is null whatever the statistic. An up stream that sent
nothing was muted and is left out; a down stream that sent nothing is a fault of the MCU and stays
in. Ties go to the first place in the order of phases, bridges and streams.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np

from giaoban.results.judge.metrics import (
    ABSENT_IS_LEFT_OUT,
    ABSENT_IS_ZERO,
    Measure,
    kinds_of,
    partner,
    reader,
)
from giaoban.results.model.places import Cause, Place, WorstValue
from giaoban.results.model.quantities import Sense
from giaoban.results.model.result import Phase
from giaoban.results.model.streams import StreamResult

Statistic = Literal["worst", "mean", "median", "p5", "p95", "min", "max"]
Value = tuple[float | None, Place]

_CAUSE: dict[str, Cause] = {"stream": "stream", "bridge": "stream", "link": "link", "mcu": "mcu"}
_PERCENTILE: dict[Statistic, float] = {"median": 50, "p5": 5, "p95": 95, "min": 0, "max": 100}


def aggregate(
    measure: Measure, statistic: Statistic, sense: Sense, phases: Sequence[Phase]
) -> WorstValue:
    """The statistic of a measure over `phases`, which must not be empty."""
    cause = _CAUSE[measure.on]
    # there may have been streams: all of them in an interruption by a fault, which is not judged
    what = f"measured {measure.text}"
    return pick(_values(measure, phases), phases, sense, statistic, cause, what)


def pick(
    values: Iterable[Value],
    phases: Sequence[Phase],
    sense: Sense = "at-most",
    statistic: Statistic = "worst",
    cause: Cause = "stream",
    what: str = "",
) -> WorstValue:
    """The statistic of values, at the first place that has the worst; missing is worse than any.

    `what` are the values, in case there are none.
    """
    seen: list[tuple[float, Place]] = []
    for value, place in values:
        if value is None:
            return WorstValue(None, place, cause)
        seen.append((value, place))
    if not seen:
        return WorstValue(None, Place(kind="mcu", id="mcu", phase=phases[-1].name), cause, what)
    sign = 1.0 if sense == "at-most" else -1.0
    worst = max(seen, key=lambda pair: sign * pair[0])  # the first of equal ones
    return WorstValue(_statistic([v for v, _ in seen], statistic, worst[0]), worst[1], cause)


def stream_place(
    bridge: str, stream: StreamResult, phase: Phase, other: str | None = None
) -> Place:
    """E.g. `cu-jut audio down, during`."""
    return _stream_place(bridge, stream.kind, stream.direction, phase.name, other)


@lru_cache(maxsize=65536)
def _stream_place(bridge: str, kind: str, direction: str, phase: str, other: str | None) -> Place:
    """Of each stream every criterion asks, and every world of an analysis."""
    detail = f"{kind} {direction}"
    return Place(kind="bridge", id=bridge, detail=detail, other=other, phase=phase)


def heard_streams(phase: Phase) -> Iterator[tuple[str, StreamResult]]:
    """(bridge, stream) of all that something was to be heard of."""
    for bridge in phase.bridges:
        for stream in bridge.streams:
            if stream.packets_sent or stream.direction == "down":
                yield bridge.id, stream


def _statistic(values: list[float], statistic: Statistic, worst: float) -> float:
    if statistic == "worst":
        return worst
    if statistic == "mean":
        return float(np.mean(values))
    return float(np.percentile(values, _PERCENTILE[statistic]))


def _values(measure: Measure, phases: Sequence[Phase]) -> Iterator[Value]:
    for phase in phases:
        if measure.phases is None or phase.name in measure.phases:
            yield from _of_phase(measure, phase)


def _of_phase(measure: Measure, phase: Phase) -> Iterator[Value]:
    read, other = reader(measure.metric), partner(measure.metric)
    absent = measure.metric in ABSENT_IS_LEFT_OUT
    match measure.on:
        case "stream":
            for bridge, stream in heard_streams(phase):
                if _chosen(measure, bridge, stream):
                    value = read(stream)
                    if value is None and stream.packets_received:
                        if absent:
                            continue
                        value = 0.0 if measure.metric in ABSENT_IS_ZERO else None
                    yield value, stream_place(bridge, stream, phase, other(stream))
        case "bridge":
            for item in phase.bridges:
                if measure.bridges is None or item.id in measure.bridges:
                    value = read(item)
                    if value is not None or not absent:
                        yield (
                            value,
                            Place(kind="bridge", id=item.id, other=other(item), phase=phase.name),
                        )
        case "link":
            for link in phase.links:
                wanted = measure.links is None or link.id in measure.links
                if wanted and measure.direction in (None, link.direction):
                    value = read(link)
                    if value is not None or not absent:
                        detail = link.direction
                        yield value, Place(kind="link", id=link.id, detail=detail, phase=phase.name)
        case "mcu":
            value = read(phase.mcu)
            if value is not None or not absent:
                yield value, Place(kind="mcu", id="mcu", phase=phase.name)


def _chosen(measure: Measure, bridge: str, stream: StreamResult) -> bool:
    return (
        stream.kind in kinds_of(measure.metric)
        and (measure.kinds is None or stream.kind in measure.kinds)
        and measure.direction in (None, stream.direction)
        and (measure.bridges is None or bridge in measure.bridges)
    )
