"""What technicians asked for and reported by commands stands in the minutes (Art. 16(2)c, d)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from giaoban.results.report.meetings.minutes import minutes_table
from giaoban.results.report.wording import Wording
from giaoban.scenarios.measure.minutes import _of_events
from giaoban.scenarios.records.events import Controlled


def control(kind: str, by: str, bridge: str, **more: Any) -> Controlled:
    return Controlled(
        t_ms=65_000.0, who="mcu", bridge=bridge, meeting="m", kind=kind, by=by, text="", **more
    )


def test_what_was_asked_for_and_reported_is_told() -> None:
    plan: Any = SimpleNamespace(hang_up_s=100.0)
    said = {"cause": "đứt cáp quang", "remedy": "hàn nối", "expected_min": 30.0}
    events = [
        control("interruption", "cu-jut", "dak-mil", **said),
        control("report-due", "", "krong-no"),
    ]
    entries = list(_of_events(plan, events, 5.0))
    assert [(entry.t_s, entry.code, entry.bridge) for entry in entries] == [
        (60.0, "interruption", "dak-mil"),
        (60.0, "report-due", "krong-no"),
    ]
    table = minutes_table(entries, Wording("vi"), chair="gia-nghia")
    told = [str(row[1].text) for row in table.rows]
    assert "đứt cáp quang" in told[0]
    assert "hàn nối" in told[0]
