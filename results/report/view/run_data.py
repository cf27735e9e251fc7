"""One run as the page needs it: its figures as they are in `result.json`, its texts in both
languages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from results.model.faults import FaultImpact, FaultResult
from results.model.result import CriterionResult, LinkResult, Phase, Result
from results.model.series import Series
from results.model.streams import StreamResult
from results.report import criteria_table
from results.report.annex.quality import InWords
from results.report.annex.translator import Tongue
from results.report.excerpt import MOST_DIRECTIONS, Excerpt, excerpt
from results.report.invalid import reasons
from results.report.seed_words import sentence, spreads, tried
from results.report.summary import binds, criteria_notes, headline, place_name
from results.report.view.curves import curves
from results.report.view.map import Map
from results.report.wording import Wording

Both = dict[str, str]
"""A text in `vi` and `en`."""

_DRAWN = ("criterion", "value", "limit", "margin", "result", "worst at", "source")
"""Columns of criteria that the page shows as more than text: `DRAWN` in 50-answer.js."""
_STREAM = (
    "packets_sent",
    "packets_received",
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
_IMPACT = (
    "bridge",
    "behind",
    "interruption_ms",
    "sound_interruption_ms",
    "restored_interruption_ms",
    "packets_lost",
    "cut_off",
    "picture_again_ms",
    "redials",
    "call_kept",
)


def run_data(result: Result, series: Series | None, network: Map | None) -> dict[str, Any]:
    """What the page shows of a run; without series there are no curves, without a map no map.

    Of a large one it shows a part, and says so.
    """
    part = excerpt(result, series)
    if part is not None:
        result, series = part.result, part.series
    names, en = Wording("vi", result), Wording("en", result)
    spans = _spans(result, series)
    return {
        "run_id": result.run_id,
        "verdict": result.verdict,
        "headline": both(names.verdict(result), headline(result)),
        "how_sure": None
        if result.verdict == "invalid"
        else both(sentence(result, names), sentence(result, en)),
        "seeds": _seeds(result),
        "binds": both(names.binding(result.binding, result), binds(result)),
        "question": both(result.question.text_vi, result.question.text_en),
        "meeting": both(
            f"Cách tổ chức phiên họp: {names.meeting(result.meeting)}",
            f"The meeting: {en.meeting(result.meeting)}",
        ),
        "part": None if part is None else _part(part),
        "reasons": [
            both(vi, en) for vi, en in zip(reasons(result, names), result.reasons, strict=True)
        ]
        if result.verdict == "invalid"
        else [],
        "bridges": [
            {"id": b.id, "name": names.of(b.id), "new": new}
            for group, new in ((result.question.existing, False), (result.question.new, True))
            for b in group
        ],
        "device": names.of("mcu"),
        "binding": result.binding.criterion if result.binding else None,
        "columns": _columns(result),
        "criteria": [_criterion(c, result, names) for c in result.criteria],
        "notes": [
            both(vi, en)
            for vi, en in zip(
                [*criteria_notes(result, names), *names.interruptions(result)],
                [*criteria_notes(result), *en.interruptions(result)],
                strict=True,
            )
        ],
        "phases": [
            _phase(phase, start, end, names, en)
            for phase, (start, end) in zip(result.phases, spans, strict=True)
        ],
        "links": _links(result, names, en),
        "events": [
            {"text": both(vi, en), "from": start, "to": end}
            for en, vi, start, end in (series.impaired if series else _faults_as_events(result))
        ],
        "faults": [_fault(fault, result) for fault in result.faults],
        "assumptions": [
            {
                "what": both(a.what_vi or a.what, a.what),
                "value": both(a.value_vi or a.value, a.value),
                "source": both(a.source_vi or a.source, a.source),
                "settled_by": both(a.settled_by_vi or a.settled_by, a.settled_by),
            }
            for a in result.assumptions
        ],
        "evidence": {
            "engine": result.engine.model_dump(),
            "seed": result.inputs.seed,
            "code": result.inputs.code,
            "files": {
                name: getattr(result.inputs, name).sha256
                for name in ("scenario", "province", "mcu", "criteria")
            },
            "packets": {
                "sent": result.accounting.packets_sent,
                "received": result.accounting.packets_received,
                "unaccounted": result.accounting.unaccounted,
            },
        },
        "curves": None if series is None else curves(series),
        "map": None if network is None else network.model_dump(by_alias=True),
    }


def _seeds(result: Result) -> dict[str, Any] | None:
    """What other seeds came to."""
    seeds = tried(result)
    if seeds is None:
        return None
    return {
        **seeds.model_dump(include={"method", "seeds", "passed", "least_pct", "most_pct"}),
        "spread": {
            spread.id: spread.model_dump(include={"least", "median", "largest", "failed"})
            for _, spread in spreads(result)
        },
    }


def both(vi: str, en: str) -> Both:
    """A text in both languages."""
    return {"vi": vi, "en": en}


def _part(part: Excerpt) -> Both:
    shown = len(part.result.question.existing) + len(part.result.question.new)
    return both(
        f"Trang này chỉ hiển thị {shown} điểm cầu có kết quả kém nhất trong số {part.bridges} điểm "
        f"cầu, và {MOST_DIRECTIONS} hướng truyền có tải cao nhất. Toàn bộ kết quả ở tệp "
        "result.json và series.npz.",
        f"This page shows the {shown} worst of {part.bridges} bridges and the {MOST_DIRECTIONS} "
        "busiest directions of links. All of them are in result.json and series.npz.",
    )


def _spans(result: Result, series: Series | None) -> list[tuple[float, float]]:
    """From when to when each phase lasts, in seconds from the first one's start."""
    if series is not None and len(series.phases) == len(result.phases):
        return [(start, end) for _, start, end in series.phases]
    spans, at = [], 0.0
    for phase in result.phases:
        spans.append((at, at + phase.seconds))
        at += phase.seconds
    return spans


def _columns(result: Result) -> list[dict[str, Any]]:
    """The columns of criteria, with the headings of those that the page does not draw itself."""
    vi, en = _voices(result)
    return [
        {
            "key": c.key,
            "align": c.align,
            "title": None if c.key in _DRAWN else both(vi.heading(c.key), en.heading(c.key)),
        }
        for c in criteria_table.COLUMNS
    ]


def _voices(result: Result) -> tuple[InWords, InWords]:
    return InWords(result, Tongue("vi", result)), InWords(result, Tongue("en", result))


def _criterion(c: CriterionResult, result: Result, names: Wording) -> dict[str, Any]:
    vi, en = _voices(result)
    return {
        "told": {
            column.key: both(column.cell(c, vi).text, column.cell(c, en).text)
            for column in criteria_table.COLUMNS
            if column.key not in _DRAWN
        },
        "id": c.id,
        "name": both(c.name_vi, c.name_en),
        "value": c.value,
        "threshold": c.threshold,
        "unit": both(c.unit_vi or names.unit(2, c.unit), c.unit),
        "sense": c.sense,
        "ok": c.ok,
        "margin_pct": c.margin_pct,
        # a count of nought is found nowhere in particular
        "where": both("", "")
        if c.place is None or (c.ok and not c.value)
        else both(names.place(c.place), place_name(c.place, result)),
        "source": both(c.source_vi, c.source),
        "bridge": c.place.id if c.place and c.place.kind == "bridge" else None,
        "link": f"{c.place.id} {c.place.detail}"
        if c.place and c.place.kind == "link" and c.place.detail
        else None,
    }


def _phase(phase: Phase, start: float, end: float, names: Wording, en: Wording) -> dict[str, Any]:
    mcu = phase.mcu
    return {
        "name": phase.name,
        "from": start,
        "to": end,
        "bridges": {b.id: [_stream(s) for s in b.streams] for b in phase.bridges},
        "links": {f"{link.id} {link.direction}": _link(link) for link in phase.links},
        "mcu": {
            "used_pct": mcu.used_pct,
            "used_of": both(names.in_use(mcu), en.in_use(mcu)),
            "units_used": mcu.units_used,
            "units_total": mcu.units_total,
            "ports_used": mcu.ports_used,
            "ports_total": mcu.ports_total,
            "joined": mcu.joined,
            "refused": [
                {"bridge": r.bridge, "text": both(names.refusal(r.code), f"{r.code} {r.reason}")}
                for r in mcu.refused
            ],
            "downspeeded": [d.model_dump(exclude={"reason"}) for d in mcu.downspeeded],
            "dropped": mcu.dropped,
            "put_out": mcu.put_out,
            "setup_network_ms_p95": mcu.setup_network_ms_p95,
        },
    }


def _stream(stream: StreamResult) -> dict[str, Any]:
    figures = {key: getattr(stream, key) for key in _STREAM}
    return {"kind": stream.kind, "direction": stream.direction, **figures}


def _link(link: LinkResult) -> list[float | int | None]:
    """Mean load, worst second (both in %), packets dropped, 99th percentile of waiting (ms)."""
    return [link.utilisation_pct, link.peak_pct, link.drops, link.queue_p99_ms]


def _links(result: Result, names: Wording, en: Wording) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for phase in result.phases:
        for link in phase.links:
            found.setdefault(
                f"{link.id} {link.direction}",
                {
                    "id": link.id,
                    "direction": link.direction,
                    "name": both(
                        names.link(link.id, link.direction), en.link(link.id, link.direction)
                    ),
                    "rate_mbps": link.rate_mbps,
                },
            )
    return list(found.values())


def _faults_as_events(result: Result) -> list[tuple[str, str, float, float]]:
    """What a run without series still knows of its times."""
    end = sum(phase.seconds for phase in result.phases)
    return [
        (
            Wording("en").fault_at(fault, result.names),
            Wording("vi").fault_at(fault, result.names),
            fault.at_s,
            end if fault.restored_s is None else fault.restored_s,
        )
        for fault in result.faults
    ]


def _fault(fault: FaultResult, result: Result) -> dict[str, Any]:
    return {
        "id": fault.id,
        "name": both(*(Wording(lang).fault_at(fault, result.names) for lang in ("vi", "en"))),
        "at_s": fault.at_s,
        "restored_s": fault.restored_s,
        "bridges": _noticed(fault.bridges),
        "untouched": len(fault.bridges) - len(_noticed(fault.bridges)),
    }


def _noticed(impacts: Sequence[FaultImpact]) -> list[dict[str, Any]]:
    return [{key: getattr(hit, key) for key in _IMPACT} for hit in impacts if hit.noticed]
