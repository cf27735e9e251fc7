"""Whether the generator can be trusted: what its processes say of themselves. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from giaoban.mcu_sim.media.plane import MOST_LATE_PCT, late_pct
from giaoban.results.model.reasons import Reason, because
from giaoban.results.model.studies.load import GeneratorView
from giaoban.scenarios.load.locust.outcomes import GeneratorHealth, Record
from giaoban.scenarios.load.measures import nearest_rank

MOST_CPU_PCT = 90.0
"""In the mean over the attempts: a process with less to spare queues what it should send."""
MOST_LATE_MS = 250.0
"""Half of T1 (RFC 3261 §17.1.1.1), after which a caller repeats itself."""
LATE_SECONDS_PCT = 5.0
DIAL_LATE_P99_MS = 100.0
WARM_UP_S = 1.0
SILENT_S = 5.0
"""It says every second how it fares; what it says comes in batches of half a second."""


def view(healths: Sequence[GeneratorHealth], records: Sequence[Record]) -> GeneratorView:
    """The worst of all processes."""
    by_process: defaultdict[str, list[GeneratorHealth]] = defaultdict(list)
    for health in healths:
        by_process[health.generator].append(health)
    sent = sum(h.media_sent for h in healths)
    late = sum(h.media_late for h in healths)
    means = [float(np.mean([h.cpu_pct for h in own])) for own in by_process.values()]
    media = [float(np.mean([h.media_cpu_pct for h in own])) for own in by_process.values()]
    return GeneratorView(
        processes=len(by_process),
        cpu_pct_mean=round(max([*means, *media], default=0.0), 1),
        cpu_pct_max=max((max(h.cpu_pct, h.media_cpu_pct) for h in healths), default=0.0),
        loop_late_max_ms=max((h.late_ms for h in healths), default=0.0),
        missed_timers=sum(h.missed_timers for h in healths),
        dial_late_p99_ms=_dial_late_p99_ms(records),
        media_sent=sent,
        media_late_pct=round(late_pct(late, sent), 3),
        media_worst_late_ms=max((h.media_worst_late_ms for h in healths), default=0.0),
        media_overflowed=sum(h.media_overflowed for h in healths),
    )


def problems(
    healths: Sequence[GeneratorHealth],
    records: Sequence[Record],
    *,
    window_s: tuple[float, float],
    processes: int,
) -> list[Reason]:
    """Why the figures do not hold; empty if they do.

    Args:
        window_s: from when to when attempts were made.
        processes: how many generators there should be.
    """
    begin_s, end_s = window_s
    during = [h for h in healths if begin_s + WARM_UP_S <= h.at_s <= end_s] or list(healths)
    seen = view(during, records)
    wrong: list[Reason] = []
    if seen.processes < processes:
        wrong.append(because("generators-silent", said=seen.processes, generators=processes))
    for generator in sorted({h.generator for h in healths}):
        own = [h for h in healths if h.generator == generator]
        if any(h.media_gone for h in own):
            wrong.append(because("media-process-ended", generator=generator))
        last_s = max(h.at_s for h in own)
        if last_s < end_s - SILENT_S:
            wrong.append(because("generator-silent", generator=generator, since_s=round(last_s)))
    if seen.cpu_pct_mean > MOST_CPU_PCT:
        wrong.append(because("generator-busy", cpu_pct=seen.cpu_pct_mean, limit_pct=MOST_CPU_PCT))
    late = sum(h.late_ms > MOST_LATE_MS for h in during)
    if during and 100 * late / len(during) > LATE_SECONDS_PCT:
        wrong.append(
            because(
                "generator-stood",
                late_ms=MOST_LATE_MS,
                late=late,
                seconds=len(during),
                limit_pct=LATE_SECONDS_PCT,
            )
        )
    if seen.dial_late_p99_ms is not None and seen.dial_late_p99_ms > DIAL_LATE_P99_MS:
        wrong.append(
            because("dialled-late", late_ms=seen.dial_late_p99_ms, limit_ms=DIAL_LATE_P99_MS)
        )
    if seen.media_late_pct > MOST_LATE_PCT:
        wrong.append(
            because("generator-media-late", late_pct=seen.media_late_pct, limit_pct=MOST_LATE_PCT)
        )
    if seen.media_overflowed:
        wrong.append(because("generator-overflowed", packets=seen.media_overflowed))
    return wrong


def _dial_late_p99_ms(records: Sequence[Record]) -> float | None:
    late = sorted(1e3 * (r.at_s - r.due_s) for r in records if r.due_s is not None)
    if not late:
        return None
    return round(max(0.0, nearest_rank(late, 99)), 1)
