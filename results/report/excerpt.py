"""The part of a large answer that people look at: its worst bridges and links, said to be a part.

`result.json` and `series.npz` always hold everything.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, NamedTuple

from giaoban.names import ACCESS_PREFIX
from giaoban.results.model.result import Phase, Result
from giaoban.results.model.series import STREAM_GROUPS, Floats, Series
from giaoban.results.model.streams import BridgeResult
from giaoban.sentence import Sentence

MOST_BRIDGES = 300
"""On a page."""
MOST_DIRECTIONS = 600
"""Of links, on a page."""
MOST_ROWS = 40
"""Of a table or a list in `summary.md`."""
MOST_LINES = 300
"""In a plot."""
MOST_MAPPED = 300
"""Nodes on a map: each name is laid out beside all others."""


class Excerpt(NamedTuple):
    """A part of a run, and how many bridges there are in all."""

    result: Result
    series: Series | None
    bridges: int


def excerpt(result: Result, series: Series | None) -> Excerpt | None:
    """The worst bridges and links of a large run; None if all can be shown."""
    asked = [*result.question.existing, *result.question.new]
    if len(asked) <= MOST_BRIDGES:
        return None
    bridges = worst_bridges(result)
    directions = _busiest(result)
    return Excerpt(
        result=result.model_copy(
            update={
                "question": result.question.model_copy(
                    update={
                        "existing": [b for b in result.question.existing if b.id in bridges],
                        "new": [b for b in result.question.new if b.id in bridges],
                    }
                ),
                "phases": [_part(phase, bridges, directions) for phase in result.phases],
            }
        ),
        series=None if series is None else _series(series, bridges, directions),
        bridges=len(asked),
    )


def worst_bridges(result: Result) -> set[str]:
    """Those that a criterion names, then those without a call, then those whose streams fared
    worst: by loss, frozen pictures, speech, delay and its variation."""
    asked = [b.id for b in (*result.question.existing, *result.question.new)]
    named = [c.place.id for c in result.criteria if c.place is not None]
    named += [link.removeprefix(ACCESS_PREFIX) for link in named]
    out: list[str] = []
    badness: dict[str, tuple[float, ...]] = {}
    for phase in result.phases:
        out += [*(r.bridge for r in phase.mcu.refused), *phase.mcu.dropped]
        for bridge in phase.bridges:
            badness[bridge.id] = max(badness.get(bridge.id, ()), _badness(bridge))
    ranked = sorted(badness, key=lambda bridge: badness[bridge], reverse=True)
    known = set(asked)
    chosen = [who for who in dict.fromkeys([*named, *out, *ranked, *asked]) if who in known]
    return set(chosen[:MOST_BRIDGES])


def _badness(bridge: BridgeResult) -> tuple[float, ...]:
    streams = bridge.streams
    return (
        max((s.listener_lost_pct or 0.0 for s in streams), default=0.0),
        max((s.freeze_pct or 0.0 for s in streams), default=0.0),
        -min((s.mos_listening for s in streams if s.mos_listening is not None), default=0.0),
        max((s.delay_p95_ms or 0.0 for s in streams), default=0.0),
        max((s.ipdv_ms or 0.0 for s in streams), default=0.0),
    )


def _busiest(result: Result) -> set[tuple[str, str]]:
    """(link, direction) of those with the highest peaks."""
    peaks = result.link_peaks
    return set(sorted(peaks, key=lambda key: peaks[key], reverse=True)[:MOST_DIRECTIONS])


def _part(phase: Phase, bridges: Collection[str], directions: Collection[tuple[str, str]]) -> Phase:
    mcu = phase.mcu
    return phase.model_copy(
        update={
            "bridges": [b for b in phase.bridges if b.id in bridges],
            "links": [link for link in phase.links if (link.id, link.direction) in directions],
            "mcu": mcu.model_copy(
                update={
                    "joined": [b for b in mcu.joined if b in bridges],
                    "refused": [r for r in mcu.refused if r.bridge in bridges],
                    "downspeeded": [d for d in mcu.downspeeded if d.bridge in bridges],
                    "dropped": [b for b in mcu.dropped if b in bridges],
                    "put_out": [b for b in mcu.put_out if b in bridges],
                }
            ),
        }
    )


def _series(
    series: Series, bridges: Collection[str], directions: Collection[tuple[str, str]]
) -> Series:
    def of_bridges(curves: dict[str, Floats]) -> dict[str, Floats]:
        return {key: curve for key, curve in curves.items() if key.split()[0] in bridges}

    links = {f"{link} {direction}" for link, direction in directions}
    groups: dict[str, Any] = {group: of_bridges(getattr(series, group)) for group in STREAM_GROUPS}
    return replace(
        series,
        **groups,
        link_utilisation_pct={
            key: curve for key, curve in series.link_utilisation_pct.items() if key in links
        },
    )


def left_out(result: Result) -> list[str]:
    """What of a large run is not shown; nothing of others."""
    said: list[str] = []
    bridges = len(result.question.existing) + len(result.question.new)
    if bridges > MOST_BRIDGES:
        said.append(
            Sentence(
                "the page shows the {worst} worst of {bridges:,} bridges and the {busiest} busiest "
                "directions of links, plots the {lines} worst lines; result.json and series.npz "
                "hold all",
                worst=MOST_BRIDGES,
                bridges=bridges,
                busiest=MOST_DIRECTIONS,
                lines=MOST_LINES,
            )
        )
    if (nodes := len(result.names)) > MOST_MAPPED:
        said.append(
            Sentence(
                "there is no map: {nodes:,} nodes (up to {most} are drawn)",
                nodes=nodes,
                most=MOST_MAPPED,
            )
        )
    return said


def and_more(count: int) -> str | None:
    """What stands below a list of which only the first `MOST_ROWS` of `count` are shown."""
    if count <= MOST_ROWS:
        return None
    return Sentence("… and {more:,} more, in result.json", more=count - MOST_ROWS)
