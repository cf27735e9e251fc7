"""Small answers of load tests: storms in the province of `results_factory`, calls at a device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from giaoban.results.archive.evidence.manifest import save_inputs, sha256, write_manifest
from giaoban.results.model.manifest import Proof
from giaoban.results.model.result import Assumption, Engine, FileRef
from giaoban.results.model.studies.load import (
    Delay,
    LoadCriterion,
    LoadInputs,
    LoadResult,
    McuView,
    OperationResult,
    Second,
    Sessions,
    Storm,
)
from tests.results import results_factory

COMMIT = "0123456789abcdef0123456789abcdef01234567"
VERSIONS = {"kernel": "6.12.57", "python": "3.13.5", "locust": "2.47.0"}
QUESTION = "Bao lâu thì điểm cầu cuối cùng trở lại?"


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


def inputs(*, province: bool, **changes: Any) -> LoadInputs:
    """As of the check of `results_factory`, with a scenario of its own."""
    of_check = results_factory.result().inputs
    files: dict[str, Any] = {"mcu": of_check.mcu}
    if province:
        files |= {
            "scenario": FileRef(path="storm.toml", sha256="e" * 64),
            "province": of_check.province,
            "criteria": of_check.criteria,
        }
    values = {"seed": 1681, "code": "c" * 16, "commit": COMMIT, "committed": True}
    return LoadInputs(**{**files, **values, **changes})


def storm(
    back_off: Any = "none",
    *,
    run_id: str = "load-province-20261125-090000",
    last_back_s: float | None = 8.525,
    limit_s: float = 60.0,
    set_here: bool = False,
    **changes: Any,
) -> LoadResult:
    """Ten bridges that dial again in the emulated province; None: one did not come back."""
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
        "place": "province",
        "question_en": "How long until the last bridge is back?",
        "question_vi": QUESTION,
        "what": {
            "scenario": "storm",
            "bridges": 11,
            "back_off": back_off,
            "media_timeout_s": 10.0,
            "redial_s": 5.0,
            "spread_s": 20.0 if back_off == "random" else 0.0,
            "queue_drops": 1234,
            "highest_link_peak_pct": 61.5,
            "highest_link": "access-mcu r-gia-nghia->mcu",
        },
        "engine": Engine(name="sandbox", time="virtual", kernel="6.12.57"),
        "inputs": inputs(province=True),
        "server": "Polycom RMX 4000",
        "sessions": sessions(31, 20, capacity=11),
        "operations": [operation("invite", 31, 20, {"timeout": 11})],
        "storm": found,
        "criteria": criteria,
        "series": [second(t) for t in range(3)],
        "assumptions": [assumption("khoảng cách giữa hai lần gọi lại")],
        "check_assumptions": [assumption("điểm cầu Xã 1")],
        "names": {"r-gia-nghia": "Gia Nghĩa", "mcu": "Polycom RMX 4000"},
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
            "technicians": 0,
            "rate_per_s": 5.0,
            "seconds": 30.0,
            "media": ["audio"],
            "accounts": "secret" if own else "file",
        },
        "inputs": inputs(province=False) if own else inputs(province=False, mcu=None),
        "server": "Polycom RMX 1500, 1 × MPMx" if own else "sip:10.67.0.2:5060",
        "sessions": sessions(150, 150 - bad, capacity=17, p95_ms=5.068),
        "operations": [operation("invite", 150, 150 - bad, failed or {})],
        "criteria": criteria,
        "series": [second(t) for t in range(3)],
    }
    return LoadResult(**{**values, **changes})


def sessions(attempts: int, good: int, *, capacity: int, p95_ms: float = 12.5) -> Sessions:
    return Sessions(
        attempts=attempts,
        established=good,
        refused=attempts - good,
        dropped=0,
        held_up=0,
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
        repeats=0,
        delay=delay(),
    )


def second(t_s: int) -> Second:
    return Second(
        t_s=t_s, attempts=5, established=5, failed=0, standing=4, setup_p95_ms=5.0,
        generator_cpu_pct=10.0,
    )  # fmt: skip


def assumption(what: str) -> Assumption:
    return Assumption(
        what=f"english of {what}", value="5 s", source="none", settled_by="settings",
        what_vi=what, value_vi="5 s", source_vi="không có", settled_by_vi="cấu hình",
    )  # fmt: skip


def kept(root: Path, result: LoadResult, sources: Sequence[str] = ()) -> tuple[Path, Proof]:
    """Its run folder with all that a test leaves, and a manifest; `sources`: roles of inputs.

    What the inputs state is made to be what is there.
    """
    folder = root / result.run_id
    root.mkdir(exist_ok=True)
    inside = folder / "check" / "storm-20261125-090000"
    (inside / "captures").mkdir(parents=True)
    made, refs = [], {}
    for role in sources:
        path = root / f"{role}.toml"
        path.write_text(f"# {role}\n")
        made.append((role, path.name, path))
        ref = FileRef(path=path.name, sha256=sha256(path.read_bytes()))
        refs["mcu" if role == "devices" else role] = ref
    bare = {"scenario": None, "province": None, "mcu": None, "criteria": None, **refs}
    result = result.model_copy(update={"inputs": result.inputs.model_copy(update=bare)})
    (folder / "load.json").write_text(result.to_json(), encoding="utf-8")
    (folder / "journal.jsonl").write_text('{"kind": "begin", "monotonic_s": 1.0}\n')
    (folder / "plan.json").write_text("{}\n")
    (folder / "locust.html").write_text("<html></html>\n")
    (inside / "result.json").write_text("{}\n")
    (inside / "captures" / "mcu-sent.bin").write_bytes(bytes(range(256)))
    proof = write_manifest(folder, result, save_inputs(folder, made), VERSIONS)
    return folder, proof


def mcu_view(**changes: Any) -> McuView:
    values: dict[str, Any] = {
        "joined": 8, "refused": {}, "left": {}, "units_peak": 24.0, "units_total": 90.0,
        "ports_peak": 8, "calls_left": 0, "sip_received": 99, "sip_dropped": {},
        "media_sent": 1000, "media_late": 0, "media_overflowed": 0,
    }  # fmt: skip
    return McuView(**{**values, **changes})
