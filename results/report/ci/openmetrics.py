"""Runs as OpenMetrics text, which Prometheus reads (by node_exporter's textfile collector, a push
gateway, or from any web server), and the Grafana dashboard of these metrics.

https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md, version 1.0.0
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from giaoban.results.judge.cases import Case, JudgedFigure, Report

METRICS: Mapping[str, str] = {
    "giaoban_passed": "Whether a run passes, as its exit code says: 1 or 0",
    "giaoban_valid": "Whether a run can be trusted: 1 or 0",
    "giaoban_finished_timestamp_seconds": "When a run was written down, seconds since 1970",
    "giaoban_case_passed": "Whether one criterion, failure, bridge or rule of a run is met: 1 or 0",
    "giaoban_case_value": "What was found, in the unit that the label names",
    "giaoban_case_limit": "The limit of it, in the same unit",
    "giaoban_case_left_ratio": "The share of what is allowed that is left (negative: none)",
}
"""All gauges: each run is looked at anew, and what it found may rise and fall."""


class KeptReport(NamedTuple):
    """A run's answer, and when it was written (s since 1970)."""

    report: Report
    written_s: float


def openmetrics(runs: Iterable[KeptReport]) -> str:
    """The text, of one run for each command and subject."""
    samples: dict[str, list[str]] = {name: [] for name in METRICS}
    for run in runs:
        for name, labels, value in _samples(run):
            inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            samples[name].append(f"{name}{{{inside}}} {value:.15g}")
    lines = []
    for name, found in samples.items():
        lines.append(f"# TYPE {name} gauge")
        if name.endswith("_seconds"):
            lines.append(f"# UNIT {name} seconds")
        if name.endswith("_ratio"):
            lines.append(f"# UNIT {name} ratio")
        lines += [f"# HELP {name} {_escaped(METRICS[name])}", *found]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _samples(run: KeptReport) -> Iterator[tuple[str, dict[str, str], float]]:
    report = run.report
    of = {"command": report.command, "subject": report.subject}
    yield "giaoban_passed", of, float(report.verdict == "pass")
    yield "giaoban_valid", of, float(report.verdict != "invalid")
    yield "giaoban_finished_timestamp_seconds", of, round(run.written_s, 3)
    for case in _once(report.cases):
        labels = {**of, "case": case.id}
        if case.status in ("pass", "fail"):
            yield "giaoban_case_passed", labels, float(case.status == "pass")
        if (figure := case.figure) is None:
            continue
        units = {**labels, "unit": figure.unit}
        yield "giaoban_case_limit", units, figure.limit
        if figure.value is None:
            continue
        yield "giaoban_case_value", units, figure.value
        if (left := _left(figure, figure.value)) is not None:
            yield "giaoban_case_left_ratio", labels, left


def _left(figure: JudgedFigure, value: float) -> float | None:
    """As the answer has it; else by the limit, where 0 is the best value."""
    if figure.margin_pct is not None:
        return figure.margin_pct / 100
    if figure.sense == "at-least" or not figure.limit:
        return None
    return (figure.limit - value) / abs(figure.limit)


def _once(cases: Sequence[Case]) -> list[Case]:
    """A name has one value."""
    return list({case.id: case for case in cases}.values())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


# -------------------------------------------------------------------------------------- dashboard

SELECTED = '{command=~"$command",subject=~"$subject"}'


def dashboard() -> dict[str, Any]:
    """A Grafana dashboard of a Prometheus that has these metrics."""
    panels = [
        _panel("Verdicts", "stat", ["giaoban_passed"], "{{command}} {{subject}}", (0, 0, 16, 6)),
        _panel("Cases not met", "stat", ["count(giaoban_case_passed == 0) or vector(0)"],
               "not met", (16, 0, 8, 6), whole=True),
        _panel("What is left of what is allowed", "timeseries", ["giaoban_case_left_ratio"],
               "{{subject}} {{case}}", (0, 6, 24, 10), unit="percentunit"),
        _panel("Cases", "state-timeline", ["giaoban_case_passed"],
               "{{subject}} {{case}}", (0, 16, 24, 12)),
        _panel("Age of the run", "timeseries",
               ["time() - giaoban_finished_timestamp_seconds"],
               "{{command}} {{subject}}", (0, 28, 12, 8), unit="s", whole=True),
        _panel("Can be trusted", "state-timeline", ["giaoban_valid"],
               "{{command}} {{subject}}", (12, 28, 12, 8)),
    ]  # fmt: skip
    for number, panel in enumerate(panels, start=1):
        panel["id"] = number
    return {
        "title": "giaoban",
        "uid": "giaoban",
        "tags": ["giaoban"],
        "schemaVersion": 39,
        "editable": True,
        "time": {"from": "now-30d", "to": "now"},
        "refresh": "5m",
        "templating": {
            "list": [
                _datasource(),
                _variable("command", "label_values(giaoban_passed, command)"),
                _variable("subject", 'label_values(giaoban_passed{command=~"$command"}, subject)'),
            ]
        },
        "panels": panels,
    }


_FROM = {"type": "prometheus", "uid": "${datasource}"}


def _panel(
    title: str,
    kind: str,
    queries: Sequence[str],
    legend: str,
    place: tuple[int, int, int, int],
    *,
    unit: str = "none",
    whole: bool = False,
) -> dict[str, Any]:
    """`whole`: a query is an expression, into which the selection is put after each metric."""
    x, y, wide, high = place
    met = [
        {
            "type": "value",
            "options": {
                "0": {"text": "no", "color": "red", "index": 0},
                "1": {"text": "yes", "color": "green", "index": 1},
            },
        }
    ]
    return {
        "title": title,
        "type": kind,
        "datasource": _FROM,
        "gridPos": {"x": x, "y": y, "w": wide, "h": high},
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "mappings": met if kind != "timeseries" and not whole else [],
            },
            "overrides": [],
        },
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": _FROM,
                "expr": _selected(query),
                "legendFormat": legend,
            }
            for number, query in enumerate(queries)
        ],
    }


def _selected(query: str) -> str:
    for name in METRICS:
        if name in query:
            return query.replace(name, name + SELECTED)
    raise ValueError(f"{query} names no metric")


def _datasource() -> dict[str, Any]:
    return {
        "name": "datasource",
        "type": "datasource",
        "query": "prometheus",
        "label": "Prometheus",
    }


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": _FROM,
        "query": {"query": query, "refId": name},
        "includeAll": True,
        "multi": True,
        "refresh": 2,
        "current": {"text": "All", "value": "$__all"},
    }
