"""Captures → what happened second by second, for plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from results.faults import FaultResult
from results.series import Series
from scenarios import fault_words
from scenarios.captures import Captures
from scenarios.impairment_words import marks
from scenarios.links import utilisation_pct
from scenarios.question import Question
from scenarios.streams import KINDS, Pictures, fixed_delay_ms, speech_codec, streams_of
from traffic.quality.over_time import OverTime, frozen_pct, mos, over_time

Curves = dict[str, NDArray[np.float64]]


def series(
    question: Question,
    captures: Captures,
    pictures: Pictures,
    names: dict[str, str],
    faults: Sequence[FaultResult] = (),
) -> Series:
    """Every stream, link and the MCU in each second of the phases."""
    plan = captures.plan
    start_s = plan.phases[0].start_s
    seconds = int(plan.phases[-1].end_s - start_s)
    start_ns = captures.origin_ns + round(start_s * 1e9)
    figures: dict[str, OverTime] = {}
    frozen: Curves = {}
    speech: Curves = {}
    planned = {
        f"{call.bridge} {kind} {direction}": (kind, direction, index)
        for call in plan.calls
        for kind, direction, index in streams_of(call, KINDS)
    }
    for key, (kind, _, index) in planned.items():
        figures[key] = over_time(captures.traces[index], start_ns, seconds)
        if kind != "audio":
            still = frozen_pct(pictures[index], start_ns, seconds)
            # where no packets were due there was no picture that could stand still
            frozen[key] = np.where(np.isnan(figures[key].missing_pct), np.nan, still)
    codec, fixed_ms = speech_codec(captures), fixed_delay_ms(captures)
    for key, (kind, direction, _) in planned.items():
        if kind == "audio":
            far = [
                figures[other].delay_p95_ms
                for other, (medium, way, _) in planned.items()
                if medium == "audio" and way != direction and other.split()[0] != key.split()[0]
            ]
            further = np.fmax.reduce([np.zeros(seconds), *far])
            score = mos(figures[key], codec, fixed_ms + further)
            if score is not None:
                speech[key] = score
    times_s, percent = utilisation_pct(captures)
    first = int(np.searchsorted(times_s, start_s - 0.01))
    loads = percent[first : first + seconds]
    return Series(
        t_s=np.arange(seconds, dtype=np.float64),
        stream_delay_ms={key: each.delay_p95_ms for key, each in figures.items()},
        stream_lost_pct={key: each.missing_pct for key, each in figures.items()},
        stream_jitter_ms={key: each.jitter_ms for key, each in figures.items()},
        stream_frozen_pct=frozen,
        stream_mos=speech,
        link_utilisation_pct={
            f"{link} {direction}": loads[:, row]
            for row, (link, direction) in enumerate(captures.hops)
        },
        mcu_units=_units(captures, start_s, seconds),
        units_total=plan.device.units_total,
        phases=[(p.name, p.start_s - start_s, p.end_s - start_s) for p in plan.phases],
        names=names,
        impaired=[
            *marks(question.scenario.impairments, names, float(seconds)),
            *fault_words.marks(faults, plan, names),
        ],
    )


def _units(captures: Captures, start_s: float, seconds: int) -> NDArray[np.float64]:
    """(seconds,) units in use at the end of each second."""
    changes = captures.events_of("joined", "left", who="mcu")
    times = np.array([e["t_ms"] / 1000 for e in changes])
    units = np.array([0.0, *(e["units"] for e in changes)])
    result: NDArray[np.float64] = units[
        np.searchsorted(times, start_s + 1 + np.arange(seconds), "right")
    ]
    return result
