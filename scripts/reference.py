"""`python -m scripts.reference [--emulate] [--write] [--table] [SCENARIO ...]`: compare the answers
of the scenario files with those stored in tests/reference/.

Each file there holds, for one scenario at its own seed, by estimate and by emulation: the verdict,
the binding criterion, the value of every criterion and the number of lost packets. Values in ms may
differ by 0.1 ms, all others by 0.01 (rounded figures); lost packets are equal. Exit code 1 if
something differs. `--write` stores the new answers; the commit explains the change. `--table`
prints the stored estimates beside the stored emulations, for docs/estimate.md.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from giaoban.results.model.result import Result
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.estimate.limits import reasons
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.check import check

ROOT = Path(__file__).resolve().parents[1]
SCENARIOS = ROOT / "scenarios"
REFERENCE = ROOT / "tests" / "reference"
TOLERANCE_MS = 0.1
TOLERANCE = 0.01
METHODS = ("estimate", "emulation")
DELAYS = ("mouth-to-ear, ms", "camera-to-screen, ms", "lip-sync, ms")

Answer = dict[str, Any]


def summary(result: Result) -> Answer:
    """Return the verdict, the binding criterion, all criterion values and the lost packets."""
    streams = (s for phase in result.phases for bridge in phase.bridges for s in bridge.streams)
    return {
        "verdict": result.verdict,
        "binding": result.binding.criterion if result.binding else None,
        "lost_packets": sum(s.packets_sent - s.packets_received for s in streams),
        "criteria": {
            f"{c.id}, {c.unit}": None if c.value is None else round(c.value, 4)
            for c in result.criteria
        },
    }


def estimated(path: Path) -> Answer | None:
    """Return the estimated answer at the scenario's seed; None if it can only be emulated."""
    question = make_question(path)
    if reasons(question.plan):
        return None
    return summary(estimate(question).result)


def emulated(path: Path) -> Answer:
    """Return the emulated answer at the scenario's seed (boots a guest, half a minute)."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = check(
            make_question(path),
            engine=EngineName.SANDBOX,
            root=Path(folder),
            now=now_in_vietnam(),
            progress=lambda _text, _share: None,
            seeds=0,
        )
    return summary(outcome.answer)


def differences(expected: Answer | None, actual: Answer | None) -> Iterator[str]:
    """Describe each difference beyond the tolerances, one line each."""
    if expected is None or actual is None:
        if expected is not actual:
            yield f"can be estimated: {expected is not None} → {actual is not None}"
        return
    for key in ("verdict", "binding", "lost_packets"):
        if expected[key] != actual[key]:
            yield f"{key}: {expected[key]} → {actual[key]}"
    before: Mapping[str, Any] = expected["criteria"]
    after: Mapping[str, Any] = actual["criteria"]
    for name in sorted(before.keys() | after.keys()):
        if name not in before or name not in after:
            yield f"{name}: {before.get(name, 'no criterion')} → {after.get(name, 'no criterion')}"
            continue
        old, new = before[name], after[name]
        tolerance = TOLERANCE_MS if name.endswith(", ms") else TOLERANCE
        if old != new and (old is None or new is None or abs(old - new) > tolerance):
            yield f"{name}: {old} → {new}"


def delay_error_ms(estimate: Answer, emulation: Answer) -> float:
    """Return the largest difference of a delay, in ms, over the criteria that both measured."""
    pairs = ((estimate["criteria"].get(name), emulation["criteria"].get(name)) for name in DELAYS)
    known = (abs(ours - theirs) for ours, theirs in pairs if None not in (ours, theirs))
    return max(known, default=0.0)


def table() -> str:
    """Return the stored estimates beside the stored emulations as a Markdown table."""
    lines = [
        "| scenario | verdict | binding | delay error, ms | lost packets | longest freeze, ms |",
        "|---|---|---|---|---|---|",
    ]
    for file in sorted(REFERENCE.glob("*.json")):
        stored: dict[str, Answer] = json.loads(file.read_text("utf-8"))
        ours, theirs = stored["estimate"], stored["emulation"]
        cells = [
            f"`{file.stem}`",
            _pair(ours["verdict"], theirs["verdict"]),
            _pair(ours["binding"], theirs["binding"]),
            f"{delay_error_ms(ours, theirs):.3f}",
            _pair(ours["lost_packets"], theirs["lost_packets"]),
            _pair(*(_rounded(a["criteria"].get("longest-freeze, ms")) for a in (ours, theirs))),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


def _pair(estimate: object, emulation: object) -> str:
    """Return both values as text, or one if they are equal."""
    ours, theirs = ("–" if value is None else f"{value}" for value in (estimate, emulation))
    return ours if ours == theirs else f"{ours} / {theirs}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m scripts.reference")
    parser.add_argument("--emulate", action="store_true", help="emulate as well as estimate")
    parser.add_argument("--write", action="store_true", help="store the new answers")
    parser.add_argument("scenario", nargs="*", type=Path, help="files (default: scenarios/*.toml)")
    parser.add_argument("--table", action="store_true", help="print the stored answers")
    options = parser.parse_args()
    if options.table:
        print(table())  # noqa: T201
        return 0
    changed = False
    for path in options.scenario or sorted(SCENARIOS.glob("*.toml")):
        file = REFERENCE / f"{path.stem}.json"
        reference: Answer = json.loads(file.read_text("utf-8")) if file.exists() else {}
        answers: Answer = {"estimate": estimated(path)}
        if options.emulate:
            answers["emulation"] = emulated(path)
        for method, answer in answers.items():
            for line in differences(reference.get(method), answer):
                changed = True
                print(f"{path.stem}, {method}: {line}", flush=True)  # noqa: T201
        if options.write:
            REFERENCE.mkdir(exist_ok=True)
            merged = {method: answers.get(method, reference.get(method)) for method in METHODS}
            text = json.dumps(merged, ensure_ascii=False, indent=1)
            file.write_text(f"{text}\n", "utf-8")
    return 1 if changed and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
