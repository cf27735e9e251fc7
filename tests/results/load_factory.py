"""Small answers of load tests: storms and calls."""

from __future__ import annotations

from typing import Any

from giaoban.results.model.result import Assumption
from giaoban.results.model.studies.load import (
    Delay,
    LoadCriterion,
    LoadInputs,
    LoadResult,
    McuView,
    OperationResult,
    Sessions,
    Storm,
)
from tests.results import results_factory

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def delay(p95_ms: float = 12.5) -> Delay:
    return Delay(p50_ms=4.0, p95_ms=p95_ms, p99_ms=p95_ms, max_ms=p95_ms, mean_ms=5.25)


def criterion(ident: str, value: float, threshold: float, unit: str, **more: Any) -> LoadCriterion:
    values: dict[str, Any] = {
        "name_en": f"Name of {ident}",
        "name_vi": f"Tên của {ident}",
        "ok": value <= threshold,
        "source": "our own",
        "source_vi": "tự đặt",
    }
    return LoadCriterion(
        id=ident, value=value, threshold=threshold, unit=unit, **{**values, **more}
    )


def inputs(**changes: Any) -> LoadInputs:
    """Of the device catalogue of `results_factory`'s check."""
    values = {"mcu": results_factory.result().inputs.mcu, "code": "c" * 16, "commit": COMMIT}
    return LoadInputs(**{**values, "committed": True, **changes})


def storm(
    back_off: Any = "none",
    *,
    run_id: str = "load-storm-20261125-090000",
    last_back_s: float | None = 8.525,
    limit_s: float = 60.0,
    set_here: bool = False,
    **changes: Any,
) -> LoadResult:
    """Ten bridges that dial again; None: one did not come back."""
    missing = int(last_back_s is None)
    found = Storm(
        cut_off=10,
        back=10 - missing,
        missing=missing,
        attempts=21,
        refused=11 + missing,
        half_back_s=3.483,
        last_back_s=last_back_s,
        back_off=back_off,
    )
    criteria = [criterion("bridges-missing", float(missing), 0, "bridges")]
    if last_back_s is not None:
        criteria.append(criterion("last-back", last_back_s, limit_s, "s", set_here=set_here))
    values: dict[str, Any] = {
        "run_id": run_id,
        "verdict": "pass" if all(c.ok for c in criteria) else "fail",
        "reasons": [],
        "place": "loopback",
        "what": {
            "shape": "storm",
            "bridges": 10,
            "rate_per_s": 4.0,
            "seconds": 60.0,
            "outage_s": 3.0,
            "media": ["audio"],
            "back_off": back_off,
            "redial_s": 5.0,
            "spread_s": 20.0 if back_off == "random" else 0.0,
        },
        "inputs": inputs(),
        "server": "Polycom RMX 4000",
        "sessions": sessions(31, 20, capacity=11),
        "operations": [operation("invite", 31, 20, {"timeout": 11})],
        "storm": found,
        "criteria": criteria,
        "assumptions": [assumption("khoảng cách giữa hai lần gọi lại")],
    }
    return LoadResult(**{**values, **changes})


def calls(
    shape: str = "steady",
    *,
    run_id: str = "load-steady-20261125-093000",
    failed: dict[str, int] | None = None,
    place: Any = "loopback",
    **changes: Any,
) -> LoadResult:
    """150 calls in real time, at the test's own MCU or at somebody's."""
    bad = sum((failed or {}).values())
    own = place == "loopback"
    criteria = [
        criterion("calls-not-set-up", float(bad), 0, "calls"),
        criterion("setup-p95", 5.068, 6000, "ms"),
    ]
    values: dict[str, Any] = {
        "run_id": run_id,
        "verdict": "fail" if bad else "pass",
        "reasons": [],
        "place": place,
        "what": {
            "shape": shape,
            "bridges": 20,
            "rate_per_s": 5.0,
            "seconds": 30.0,
            "media": ["audio"],
            "accounts": "secret" if own else "file",
        },
        "inputs": inputs() if own else inputs(mcu=None),
        "server": "Polycom RMX 1500, 1 × MPMx" if own else "sip:10.67.0.2:5060",
        "sessions": sessions(150, 150 - bad, capacity=17, p95_ms=5.068),
        "operations": [operation("invite", 150, 150 - bad, failed or {})],
        "criteria": criteria,
    }
    return LoadResult(**{**values, **changes})


def sessions(attempts: int, good: int, *, capacity: int, p95_ms: float = 12.5) -> Sessions:
    return Sessions(
        attempts=attempts,
        established=good,
        refused=attempts - good,
        dropped=0,
        attempt_rate_per_s=5.0,
        established_per_s=5.0 * good / attempts,
        capacity=capacity,
        setup=delay(p95_ms) if good else None,
    )


def operation(name: str, attempts: int, good: int, failed: dict[str, int]) -> OperationResult:
    return OperationResult(
        operation=name,
        attempts=attempts,
        succeeded=good,
        failed=failed,
        answers={},
        delay=delay(),
    )


def assumption(what: str) -> Assumption:
    return Assumption(
        what=f"english of {what}", value="5 s", source="none", settled_by="settings",
        what_vi=what, value_vi="5 s", source_vi="không có", settled_by_vi="cấu hình",
    )  # fmt: skip


def mcu_view(**changes: Any) -> McuView:
    values: dict[str, Any] = {
        "joined": 8, "refused": {}, "left": {}, "units_peak": 24.0, "units_total": 90.0,
        "ports_peak": 8, "calls_left": 0, "sip_received": 99, "sip_dropped": {},
        "media_sent": 1000, "media_late": 0, "media_overflowed": 0,
    }  # fmt: skip
    return McuView(**{**values, **changes})
