"""Captures → what happened second by second, for plots."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import KINDS
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.series import Series
from giaoban.results.report.wording import Wording
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.links import utilisation_pct
from giaoban.scenarios.measure.streams import FrameAnalyses, encodings_in, speech_codec, streams_of
from giaoban.scenarios.plan.plan import CallPlan
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.spec.impairment_words import marks
from giaoban.traffic.quality.over_time import OverTime, frozen_pct, mos, over_time

Curves = dict[str, NDArray[np.float64]]


class BySecond:
    """Every stream's figures in each second of the phases, found bridge by bridge.

    Attributes:
        figures: by the stream's index.
        frozen: of pictures, the share of each second in which they stood still.
    """

    def __init__(self, captures: Captures, pictures: FrameAnalyses) -> None:
        self._captures, self._pictures = captures, pictures
        phases = captures.plan.phases
        self.start_s = phases[0].start_s
        self.seconds = int(phases[-1].end_s - self.start_s)
        self.figures: dict[int, OverTime] = {}
        self.frozen: dict[int, NDArray[np.float64]] = {}

    def look_at(self, call: CallPlan) -> None:
        """A bridge's turn."""
        start_ns = self._captures.origin_ns + round(self.start_s * 1e9)
        for kind, _, index in streams_of(call, KINDS):
            found = over_time(self._captures.traces[index], start_ns, self.seconds)
            self.figures[index] = found
            if kind != "audio":
                still = frozen_pct(self._pictures[index], start_ns, self.seconds)
                # where no packets were due there was no picture that could stand still
                self.frozen[index] = np.where(np.isnan(found.missing_pct), np.nan, still)


def series(
    question: Question,
    captures: Captures,
    by_second: BySecond,
    names: dict[str, str],
    faults: Sequence[FaultResult] = (),
) -> Series:
    """Every stream, link and the MCU in each second of the phases; `by_second`: when all bridges
    had their turn."""
    plan = captures.plan
    start_s, seconds = by_second.start_s, by_second.seconds
    speech: Curves = {}
    planned = {
        f"{call.bridge} {kind} {direction}": index
        for call in plan.calls
        for kind, direction, index in streams_of(call, KINDS)
    }
    figures = {key: by_second.figures[index] for key, index in planned.items()}
    found = by_second.frozen
    frozen = {key: found[index] for key, index in planned.items() if index in found}
    codec = speech_codec(captures.plan)
    in_phase = [encodings_in(captures, phase) for phase in plan.phases]
    ends_s = [phase.end_s - start_s for phase in plan.phases]
    numbers = np.searchsorted(ends_s[:-1], np.arange(seconds), "right")
    for call in plan.calls:
        for kind, direction, _ in streams_of(call, ("audio",)):
            key = f"{call.bridge} {kind} {direction}"
            encodings = np.array([each[call.bridge] for each in in_phase])[numbers]
            score = mos(figures[key], codec, 0.0, encodings)
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
        mcu_used_pct=_used(captures, start_s, seconds),
        phases=[(p.name, p.start_s - start_s, p.end_s - start_s) for p in plan.phases],
        names=names,
        impaired=[
            *marks(question.scenario.impairments, names, float(seconds)),
            *_fault_marks(faults, names | plan.network.link_names, float(seconds)),
        ],
    )


def _fault_marks(
    faults: Sequence[FaultResult], names: dict[str, str], end_s: float
) -> list[tuple[str, str, float, float]]:
    """(English, Vietnamese, from, to) of each fault, with its place."""
    english, vietnamese = Wording("en"), Wording("vi")
    return [
        (
            english.fault_at(fault, names),
            vietnamese.fault_at(fault, names),
            fault.at_s,
            end_s if fault.restored_s is None else fault.restored_s,
        )
        for fault in faults
    ]


def _used(captures: Captures, start_s: float, seconds: int) -> NDArray[np.float64]:
    """(seconds,) how much of the MCU is in use at the end of each second, in %."""
    changes = captures.held()
    times = np.array([e.t_ms / 1000 for e, _ in changes])
    used = np.array([0.0, *(use.pct for _, use in changes)])
    result: NDArray[np.float64] = used[
        np.searchsorted(times, start_s + 1 + np.arange(seconds), "right")
    ]
    return result
