"""Time the default check as an engineer runs it: from the command to its verdict."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.processes import PeakMemory
from giaoban.errors import InvalidRun

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "scenarios" / "expansion-gia-nghia-quang-son.toml"


@dataclass(frozen=True)
class Command:
    """The default check. `peak_mb`: highest sample of the whole process tree's memory."""

    scenario: str
    meeting_s: float
    verdict: str
    wall_s: float
    peak_mb: float


def measure(folder: Path) -> Command:
    """Run `giaoban check` with its results in a temporary folder.

    Raises:
        InvalidRun: it did not come to a verdict.
    """
    command = [sys.executable, "-m", "scenarios.cli.entry", "check", str(SCENARIO), "--json"]
    started = time.perf_counter()
    with subprocess.Popen(
        [*command, "--results", str(folder / "command")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        try:
            with PeakMemory(process.pid) as memory:
                said, complained = process.communicate()
        except BaseException:
            process.terminate()
            raise
        wall_s = time.perf_counter() - started
    if process.returncode not in (0, 1):
        raise InvalidRun(f"the default check ended with {process.returncode}:\n{complained}")
    result = json.loads(said)
    return Command(
        scenario=SCENARIO.stem,
        meeting_s=sum(phase["seconds"] for phase in result["phases"]),
        verdict=result["verdict"],
        wall_s=wall_s,
        peak_mb=memory.mb,
    )
