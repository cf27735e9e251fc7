"""Emulations of the points that matter, side by side, each in a process and a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban.children import Ended, Job, module, run_all
from giaoban.errors import InvalidRun
from results.archive import store
from results.model.result import Result
from scenarios.emulation.engine import EngineName
from scenarios.study.emulation_process import Going, Progress, failed
from scenarios.study.whatif.apply import Base
from scenarios.study.whatif.one import Order
from scenarios.study.whatif.variant import Variant
from topology.sandbox import kernel

CONFIRMED = "confirmed"
"""The folder of the emulations, within an answer's own."""
ORDER = "order.json"
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Point:
    """What is to be emulated; `name` is its folder's. `failure` fails while everybody is in."""

    name: str
    variant: Variant
    failure: str | None = None


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

    def take(ended: Ended) -> Result | InvalidRun:
        at = Path(orders[ended.name].folder)
        return failed(at, ended) if ended.code else store.read_result(at)

    going = Going(len(orders), progress, "emulating: {} of {}".format, take)
    run_all(
        [
            Job(name, module("scenarios.study.whatif.one", str(Path(order.folder) / ORDER)))
            for name, order in orders.items()
        ],
        at_once=jobs,
        on_line=going.on_line,
        on_end=going.on_end,
        cwd=ROOT,
    )
    return going.found
