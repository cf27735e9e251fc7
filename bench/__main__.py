"""`python -m bench [PART] [--json] [--runs N]`: measure everything in one run and print it."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import emulation, machine, packets, startup
from bench.estimate import compare as estimate
from bench.faults import trials as faults
from bench.harness import Figures, Say, targets_table
from bench.load import tests as load
from bench.machine import Machine
from giaoban.errors import GiaobanError

SCHEMA = "giaoban.bench/1"
RUNS = 3
ALL = "all"
Measure = Callable[[Path, Say], Figures]
PARTS: dict[str, Measure] = {
    "faults": faults.measure,
    "load": load.measure,
    "estimate": estimate.measure,
    "startup": startup.measure,
    "packets": packets.measure,
}
"""Beside `emulation`, which comes first."""
LEFT_OUT: dict[str, Any] = {
    "sizes": [],
    **dict.fromkeys(
        ("command", "trials", "repetitions", "loads", "estimate", "startup", "packets")
    ),
}
"""What stands in the JSON object for parts that were not measured."""
WIDTH = 120  # of tables that go to a file


def main() -> int:
    """Exit code 0, or a `GiaobanError`'s. A missed target is shown, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    choices = (ALL, "emulation", *PARTS)
    parser.add_argument("part", nargs="?", choices=choices, default=ALL, help=f"what ({ALL})")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each size ({RUNS})")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs is 1 or more")
    emulated: Measure = partial(emulation.measure, runs=options.runs)
    parts = {"emulation": emulated, **PARTS}
    wanted = parts if options.part == ALL else {options.part: parts[options.part]}
    # who uses the program has what Python compiled of it
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        # a folder of our own: nothing is left in the results folder
        with tempfile.TemporaryDirectory(prefix="giaoban-bench-") as name:
            folder = Path(name)
            _say("the machine")
            about = machine.measure(folder)
            found = [measure(folder, _say) for measure in wanted.values()]
    except GiaobanError as error:
        sys.stderr.write(f"bench: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    if options.json:
        sys.stdout.write(json.dumps(_to_json(about, found), indent=2, allow_nan=False) + "\n")
    else:
        _show(about, found, Console(width=None if sys.stdout.isatty() else WIDTH))
    return 0


def _to_json(about: Machine, found: list[Figures]) -> dict[str, Any]:
    told = {"schema": SCHEMA, "machine": asdict(about), **LEFT_OUT}
    for figures in found:
        told |= figures.to_json()
    return {**told, "targets": [t.to_json() for figures in found for t in figures.targets()]}


def _show(about: Machine, found: list[Figures], console: Console) -> None:
    console.print(
        f"{about.cores} cores, {about.cpu}, Linux {about.kernel}, "
        f"Python {about.python}, load {about.load_1m} at the start\n"
        f"one system call: {about.host_call_us:.2f} µs on this machine, "
        f"{about.guest_call_us:.0f} µs in the guest; "
        f"guest boots to Python in {about.guest_boot_s:.2f} s\n",
        highlight=False,
    )
    for figures in found:
        figures.show(console)
    if targets := [target for figures in found for target in figures.targets()]:
        console.print(targets_table(targets))


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
