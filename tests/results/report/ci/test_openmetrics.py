"""Runs as OpenMetrics: read by Prometheus's own library; the dashboard names what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from failures_factory import answer
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from results_factory import result

from giaoban.results.judge.cases import Case, JudgedFigure, Report
from giaoban.results.report.ci.answers import of_check, of_faults
from giaoban.results.report.ci.openmetrics import METRICS, KeptReport, dashboard, openmetrics

ODD = Report(
    "check",
    'a "quoted" \\ name\n',
    "fail",
    "FAIL",
    [
        Case("slow", "fail", figure=JudgedFigure(150.0, 100.0, "ms")),
        Case("mos", "pass", figure=JudgedFigure(4.4, 4.0, "MOS", "at-least", 80.0)),
        Case("more", "pass", figure=JudgedFigure(20.0, 1.0, "bridges", "at-least")),
        Case("unmeasured", "fail", figure=JudgedFigure(None, 1.0, "%")),
        Case("zero", "pass", figure=JudgedFigure(0.0, 0.0, "calls")),
        Case("skipped", "not-judged"),
    ],
)


def read(text: str) -> dict[tuple[str, str], float]:
    """Value by name and case ('' of the run)."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation == METRICS[family.name]
        for sample in family.samples:
            found[sample.name, sample.labels.get("case", "")] = sample.value
    return found


def test_another_program_reads_it() -> None:
    found = read(openmetrics([KeptReport(ODD, 1_700_000_000.25)]))
    assert found["giaoban_passed", ""] == 0.0
    assert found["giaoban_valid", ""] == 1.0
    assert found["giaoban_finished_timestamp_seconds", ""] == 1_700_000_000.25
    assert found["giaoban_case_left_ratio", "slow"] == -0.5
    assert found["giaoban_case_left_ratio", "mos"] == 0.8
    assert (
        "giaoban_case_left_ratio",
        "more",
    ) not in found  # there is no most of which it is a share
    assert ("giaoban_case_value", "unmeasured") not in found
    assert ("giaoban_case_left_ratio", "zero") not in found
    assert ("giaoban_case_passed", "skipped") not in found


def test_names_with_quotes_come_back() -> None:
    [family, *_] = text_string_to_metric_families(openmetrics([KeptReport(ODD, 0.0)]))
    assert family.samples[0].labels["subject"] == ODD.subject


def test_several_runs_are_one_family_each() -> None:
    runs = [KeptReport(of_check(result()), 1.0), KeptReport(of_faults(answer()), 2.0)]
    text = openmetrics(runs)
    assert set(re.findall(r"^# TYPE (\S+) gauge$", text, re.M)) == set(METRICS)
    [passed, *_] = text_string_to_metric_families(text)
    assert {s.labels["command"] for s in passed.samples} == {"check", "faults"}


def test_what_is_left_is_the_margin_that_the_answer_has() -> None:
    one = result()
    found = read(openmetrics([KeptReport(of_check(one), 0.0)]))
    margins = {c.id: c.margin_pct for c in one.criteria if c.margin_pct is not None}
    assert "mos" in margins
    for ident, margin_pct in margins.items():
        assert found["giaoban_case_left_ratio", ident] == pytest.approx(margin_pct / 100), ident


def test_the_dashboard_names_only_metrics_that_there_are() -> None:
    shown = json.dumps(dashboard())
    assert set(re.findall(r"giaoban_\w+", shown)) <= set(METRICS)
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(dashboard()["panels"])
    for panel in dashboard()["panels"]:
        for target in panel["targets"]:
            assert re.search(r'giaoban_\w+\{command=~"\$command"', target["expr"])


def test_of_what_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from giaoban.scenarios.cli.commands.documents.metrics import command

    for name, verdict in (("x-1", "pass"), ("x-2", "pass")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "result.json").write_text(result().to_json(), encoding="utf-8")
        assert verdict
    assert command(None, None, False, results=tmp_path) == 0
    found = read(capsys.readouterr().out)
    assert found["giaoban_passed", ""] == 1.0
    assert command(["x-1"], tmp_path / "m.prom", False, results=tmp_path) == 0
    assert (tmp_path / "m.prom").read_text(encoding="utf-8").endswith("# EOF\n")
