"""What the page's script needs of a run: what is drawn, and what may be chosen. Pure."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from giaoban.results.judge.criteria import LINK_PEAK, MCU_UNITS, MOS
from giaoban.results.model.map import Map
from giaoban.results.model.result import LinkResult, Phase, Result
from giaoban.results.model.series import Floats, Series
from giaoban.results.model.streams import StreamResult
from giaoban.results.model.studies.sensitivity import Sensitivity, TriedFigure
from giaoban.results.report.annex.wording import AnnexWording
from giaoban.results.report.summaries.sensitivity_summary import name_of
from giaoban.results.report.wording import Wording
from giaoban.sentence import Sentence

Both = dict[str, str]
"""A text in `vi` and `en`."""
LIMITS = (MOS, MCU_UNITS, LINK_PEAK)
"""Criteria whose limit a plot shows."""
_STREAM = (
    "packets_sent",
    "lost_pct",
    "listener_lost_pct",
    "ipdv_ms",
    "delay_p50_ms",
    "delay_p95_ms",
    "delay_p99_ms",
    "mouth_to_ear_ms",
    "camera_to_screen_ms",
    "mos_listening",
    "interruption_ms_max",
    "freezes",
    "freeze_pct",
)


def run_data(result: Result, series: Series | None, network: Map | None) -> dict[str, Any]:
    """Without series there are no curves, without a map no map."""
    vi, en = AnnexWording("vi", result), AnnexWording("en", result)
    missed = [c for c in result.criteria if not c.ok]
    bridges = [b.id for b in [*result.question.existing, *result.question.new]]
    at = [c.place.id for c in missed if c.place is not None and c.place.kind == "bridge"]
    return {
        "run_id": result.run_id,
        "verdict": result.verdict,
        "bridges": [{"id": bridge, "name": vi.of(bridge)} for bridge in bridges],
        "first": next((bridge for bridge in at if bridge in bridges), next(iter(bridges), None)),
        "limits": {
            c.id: {"value": c.threshold, "text": both(vi.limit(c), en.limit(c))}
            for c in result.criteria
            if c.id in LIMITS
        },
        "phases": [
            _phase(phase, start, end)
            for phase, (start, end) in zip(result.phases, spans(result, series), strict=True)
        ],
        "links": _links(result, vi, en),
        "events": events(result, series),
        "curves": None if series is None else curves(series),
        "map": None if network is None else network.model_dump(by_alias=True),
    }


def both(vi: str, en: str) -> Both:
    return {"vi": vi, "en": en}


def spans(result: Result, series: Series | None) -> list[tuple[float, float]]:
    """From when to when each phase lasts, in seconds from the first one's start."""
    if series is not None and len(series.phases) == len(result.phases):
        return [(start, end) for _, start, end in series.phases]
    found, at = [], 0.0
    for phase in result.phases:
        found.append((at, at + phase.seconds))
        at += phase.seconds
    return found


def events(result: Result, series: Series | None) -> list[dict[str, Any]]:
    """What was done on purpose, from when to when, as far as it is within the phases; a run without
    series still knows of failures."""
    end = max((until for _, until in spans(result, series)), default=0.0)
    found = series.impaired if series else _faults_as_events(result, end)
    return [
        {"text": both(vi, en), "from": max(0.0, start), "to": min(end, until)}
        for en, vi, start, until in found
        if until > 0 and start < end
    ]


def _faults_as_events(result: Result, end: float) -> list[tuple[str, str, float, float]]:
    english, vietnamese = Wording("en", result), Wording("vi", result)
    return [
        (
            english.fault_at(fault, result.names),
            vietnamese.fault_at(fault, result.names),
            fault.at_s,
            end if fault.restored_s is None else fault.restored_s,
        )
        for fault in result.faults
    ]


def _phase(phase: Phase, start: float, end: float) -> dict[str, Any]:
    return {
        "name": phase.name,
        "from": start,
        "to": end,
        "bridges": {b.id: [_stream(s) for s in b.streams] for b in phase.bridges},
        "peaks": {f"{link.id} {link.direction}": link.peak_pct for link in phase.links},
    }


def _stream(stream: StreamResult) -> dict[str, Any]:
    figures = {key: getattr(stream, key) for key in _STREAM}
    return {"kind": stream.kind, "direction": stream.direction, **figures}


def _links(result: Result, vi: Wording, en: Wording) -> dict[str, Both]:
    """Names of directions of links, the most loaded first."""
    found: dict[str, list[LinkResult]] = {}
    for phase in result.phases:
        for link in phase.links:
            found.setdefault(f"{link.id} {link.direction}", []).append(link)
    ranked = sorted(found, key=lambda key: (-max(link.peak_pct for link in found[key]), key))
    return {key: both(vi.link(*_named(found[key])), en.link(*_named(found[key]))) for key in ranked}


def _named(links: list[LinkResult]) -> tuple[str, str]:
    return links[0].id, links[0].direction


def curves(series: Series) -> dict[str, Any]:
    """`seconds` long each; `streams[BRIDGE KIND WAY][measure]`, `links[LINK A->B]` and `used` are
    places in `data`."""
    rows: list[Floats] = []

    def place(curve: Floats) -> int:
        rows.append(curve)
        return len(rows) - 1

    streams: dict[str, dict[str, int]] = {}
    groups = series.lines
    of_links = groups.pop("links")
    for measure, of_streams in groups.items():
        for key, curve in of_streams.items():
            streams.setdefault(key, {})[measure] = place(curve)
    links = {key: place(curve) for key, curve in of_links.items()}
    used = place(series.mcu_used_pct)
    packed = np.stack(rows).astype("<f4").tobytes()
    return {
        "seconds": int(series.t_s.size),
        "streams": streams,
        "links": links,
        "used": used,
        "data": base64.b64encode(packed).decode("ascii"),
    }


def assumed_data(answer: Sensitivity) -> dict[str, Any]:
    """`assumed`: figures that move the margin, what can flip the verdict first, then those of
    which every choice was judged; `judged`: what criteria are called."""
    ranked = answer.ranked
    choices = [each for each in answer.of_choices if each not in ranked]
    return {
        "assumed": [_figure(figure) for figure in (*ranked, *choices)],
        "judged": {each.id: both(each.name_vi, each.name_en) for each in answer.criteria},
    }


def _figure(figure: TriedFigure) -> dict[str, Any]:
    name, unit = name_of(figure), Sentence(figure.unit)
    return {
        "name": both(name.vi, name.en),
        "unit": both(unit.vi, unit.en),
        "value": figure.value,
        "scale": figure.scale,
        "whole": figure.whole,
        "choices": bool(figure.choices),
        "curve": [
            {
                "value": each.value,
                "verdict": each.verdict,
                "margin": round(each.held_pct, 2),
                "criterion": each.criterion,
            }
            for each in figure.curve
        ],
    }
