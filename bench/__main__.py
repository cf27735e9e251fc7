"""`python -m bench [PART] [--json] [--runs N]`: measure everything in one run and print it."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from bench import command, machine, meeting, ns3, whatif
from bench.encodings import study as encodings
from bench.estimate import compare as estimate
from bench.faults import repetitions, trials
from bench.inputs import SIZES, Size
from bench.load import tests as load
from bench.mcu import run as mcu
from bench.report import Report, Timed
from bench.stream import compare as stream
from giaoban.errors import GiaobanError

RUNS = 3
ALL, EMULATION, MCU, ENCODINGS = "all", "emulation", "mcu", "encodings"
STREAM, FAULTS, LOAD, ESTIMATE, WHATIF = "stream", "faults", "load", "estimate", "whatif"
WIDTH = 120  # of tables that go to a file


def main() -> int:
    """Exit code 0, or a `GiaobanError`'s. A missed target is shown, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "part",
        nargs="?",
        choices=(ALL, EMULATION, MCU, ENCODINGS, STREAM, FAULTS, LOAD, ESTIMATE, WHATIF),
        default=ALL,
        help=f"what ({ALL})",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"runs of each size ({RUNS})")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs is 1 or more")
    try:
        # a folder of our own: nothing is left in the results folder
        with tempfile.TemporaryDirectory(prefix="giaoban-bench-") as folder:
            report = _measure(Path(folder), options.runs, options.part)
    except GiaobanError as error:
        sys.stderr.write(f"bench: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    if options.json:
        sys.stdout.write(json.dumps(report.to_json(), indent=2, allow_nan=False) + "\n")
    else:
        report.show(Console(width=None if sys.stdout.isatty() else WIDTH))
    return 0


def _measure(folder: Path, runs: int, part: str) -> Report:
    _say("the machine")
    about = machine.measure(folder)
    sizes, check = [], None
    if part in (ALL, EMULATION):
        sizes = [_time(size, folder, runs) for size in SIZES]
        _say("the default check")
        check = command.measure(folder)
    calls = mcu.measure(folder, _say) if part in (ALL, MCU) else None
    study = encodings.measure(folder, _say) if part in (ALL, ENCODINGS) else None
    streams = stream.measure(folder, _say) if part in (ALL, STREAM) else None
    again = repetitions.measure(folder, _say) if part in (ALL, FAULTS) else None
    tried = trials.measure(_say) if part in (ALL, FAULTS) else None
    loads = load.measure(folder, _say) if part in (ALL, LOAD) else None
    estimated = estimate.measure(folder, _say) if part in (ALL, ESTIMATE) else None
    asked = whatif.measure(folder, _say) if part in (ALL, WHATIF) else None
    return Report(about, sizes, check, calls, study, streams, tried, again, loads, estimated, asked)


def _time(size: Size, folder: Path, runs: int) -> Timed:
    """Emulation and ns-3 in turn, so that other work on the machine meets both."""
    timed = Timed(size.bridges, [], {routing: [] for routing in ns3.ROUTINGS})
    for number in range(runs):
        run = folder / f"{size.bridges}-{number}"
        run.mkdir()
        _say(f"{size.bridges} bridges, run {number + 1} of {runs}: emulation")
        speed, plan = meeting.measure(size, run)
        timed.emulation.append(speed)
        _say(f"{size.bridges} bridges, run {number + 1} of {runs}: ns-3")
        for routing, simulations in timed.ns3.items():
            simulations.append(ns3.measure(plan, size, folder, routing))
    return timed


def _say(what: str) -> None:
    sys.stderr.write(f"bench: {what}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
