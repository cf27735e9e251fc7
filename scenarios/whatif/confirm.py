"""Emulations of the points that matter, side by side, each in a process and a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from giaoban.children import Ended, Job, module, run_all
from giaoban.errors import InvalidRun
from results import store
from results.model import Result
from scenarios.child_work import failed
from scenarios.emulation.engine import EngineName
from scenarios.whatif.apply import Base
from scenarios.whatif.one import Order
from scenarios.whatif.variant import Variant
from topology.sandbox import kernel

Progress = Callable[[str, float], None]

CONFIRMED = "confirmed"
"""The folder of the emulations, within an answer's own."""
ORDER = "order.json"
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Point:
    """What is to be emulated; `name` is its folder's. `failure` fails while everybody is in."""

    name: str
    variant: Variant
    failure: str | None = None


@dataclass
class _Going:
    orders: dict[str, Order]
    progress: Progress
    found: dict[str, Result | InvalidRun] = field(default_factory=dict)
    done: dict[str, float] = field(default_factory=dict)

    def on_line(self, name: str, line: str) -> None:
        if line.startswith("{"):
            said = json.loads(line)
            if said["what"] == "meeting":
                self.done[name] = said["done"]
        self._tell()

    def on_end(self, ended: Ended) -> None:
        folder = Path(self.orders[ended.name].folder)
        self.found[ended.name] = failed(folder, ended) if ended.code else store.read_result(folder)
        self.done[ended.name] = 1.0
        self._tell()

    def _tell(self) -> None:
        count = len(self.orders)
        what = f"emulating: {len(self.found)} of {count}"
        self.progress(what, sum(self.done.values()) / count)


def confirm(
    base: Base,
    points: Sequence[Point],
    *,
    folder: Path,
    engine: EngineName,
    jobs: int,
    progress: Progress,
) -> dict[str, Result | InvalidRun]:
    """What the emulation says of each point, by its name; `InvalidRun`: it came to no result.

    Each has its folder `confirmed/NAME` under `folder`.

    Raises:
        InputError, MachineLacks: as the emulation; then nothing is of use.
    """
    if engine is EngineName.SANDBOX:
        kernel.ensure(progress)  # once, before several would wait for it
    orders = {}
    for point in points:
        place = folder / CONFIRMED / point.name
        place.mkdir(parents=True)
        orders[point.name] = Order(
            name=point.name,
            scenario=str(base.scenario_path.resolve()),
            province=str(base.province_path.resolve()),
            seed=base.seed,
            phase_s=base.phase_s,
            pace_s=base.pace_s,
            engine=engine.value,
            variant=point.variant,
            failure=point.failure,
            folder=str(place.resolve()),
        )
        (place / "order.json").write_text(
            orders[point.name].model_dump_json(by_alias=True, indent=1)
        )
    going = _Going(orders, progress)
    run_all(
        [
            Job(name, module("scenarios.whatif.one", str(Path(order.folder) / ORDER)))
            for name, order in orders.items()
        ],
        at_once=jobs,
        on_line=going.on_line,
        on_end=going.on_end,
        cwd=ROOT,
    )
    return going.found
