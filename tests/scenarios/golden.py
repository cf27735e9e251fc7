"""What is kept of a result to compare later ones with: `golden/*.json`.

`python tests/scenarios/golden.py RUN_FOLDER > tests/scenarios/golden/NAME.json` renews one, after a
change that is meant to change measures.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from giaoban.results.model.result import Result
from giaoban.results.model.streams import StreamResult

FOLDER = Path(__file__).with_name("golden")
TIME_MS = 0.05
"""Between versions of code or kernel a call may be answered microseconds sooner. What is guarded is
how a voice packet waits behind picture packets, of which each takes 1 ms at 10 Mb/s. (The same code
loses the same packets: `test_runs.py`.)"""
OTHER = 0.002
"""For percentages and MOS, which are rounded to three digits here."""


def figures(result: Result) -> dict[str, Any]:
    """The verdict and every measure: path → value, one line each in the file."""
    found: dict[str, Any] = {"verdict": result.verdict}
    if result.binding is not None:
        binding = result.binding
        found["binding"] = [binding.criterion, binding.cause, binding.place.text]
    for c in result.criteria:
        found[f"criterion {c.id} [{c.unit}]"] = {c.unit: _round(c.value), "ok": c.ok}
    # no golden line has a bandwidth profile
    found["accounting"] = result.accounting.model_dump(exclude={"packets_policed"})
    for phase in result.phases:
        mcu = phase.mcu.model_dump()
        found[f"{phase.name} mcu"] = mcu | {
            "setup_network_ms_p95": _round(phase.mcu.setup_network_ms_p95)
        }
        for bridge in phase.bridges:
            for stream in bridge.streams:
                key = f"{phase.name} {bridge.id} {stream.kind} {stream.direction}"
                found[key] = _stream(stream)
        for link in phase.links:
            found[f"{phase.name} {link.id} {link.direction}"] = {
                "pct": [_round(link.utilisation_pct), _round(link.peak_pct)],
                "drops": link.drops,
                "ms": _round(link.queue_p99_ms),
            }
    return found


def _stream(s: StreamResult) -> dict[str, Any]:
    times = (s.delay_p50_ms, s.delay_p95_ms, s.delay_p99_ms, s.jitter_ms, s.interruption_ms_max)
    whole = (s.ipdv_ms, s.mouth_to_ear_ms, s.camera_to_screen_ms, s.freeze_ms_max)
    found = {
        "packets": [s.packets_sent, s.packets_received, s.packets_impaired, s.loss_burst_max],
        "late": s.packets_late,
        "ms": [_round(t) for t in (*times, *whole)],
        "mos": [_round(s.mos), _round(s.mos_listening)],
    }
    if s.frames_sent is not None:
        found["frames"] = [s.frames_sent, s.frames_lost, s.frames_undecodable, s.frames_late]
    return found


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def differences(golden: Any, found: Any, path: str = "", unit: str = "") -> list[str]:
    """Where two sets of figures differ: times by more than TIME_MS, counts and words at all."""
    if isinstance(golden, dict) and isinstance(found, dict):
        wrong = []
        for key in dict.fromkeys([*golden, *found]):
            if key not in golden or key not in found:
                wrong.append(f"{path} / {key}: only in {'golden' if key in golden else 'found'}")
            else:
                wrong += differences(golden[key], found[key], f"{path} / {key}", key)
        return wrong
    if isinstance(golden, list) and isinstance(found, list) and len(golden) == len(found):
        pairs = zip(golden, found, strict=True)
        return [w for a, b in pairs for w in differences(a, b, path, unit)]
    if isinstance(golden, float) and isinstance(found, float):
        allowed = TIME_MS if "ms" in unit.split("_") else OTHER
        same = abs(golden - found) <= allowed + 1e-9
    else:
        same = golden == found
    return [] if same else [f"{path}: {golden!r} became {found!r}"]


def text(found: dict[str, Any]) -> str:
    """One figure a line, so that a change can be read in a diff."""
    lines = [f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in found.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    result = Result.from_json((Path(sys.argv[1]) / "result.json").read_bytes())
    sys.stdout.write(text(figures(result)))
