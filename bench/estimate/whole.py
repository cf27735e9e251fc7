"""What a whole `giaoban check --estimate` of a country costs, against its number of bridges."""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from giaoban.errors import GiaobanError
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec.generated_country import SCENARIO, tree_files
from giaoban.scenarios.study.check import check_by_estimate
from giaoban.traffic.profiles import DEFAULT_PROFILE

SIZES = (8, 71, 300, 1000, 3000, 11_000)
CHILD_WITHIN_S = 7200.0


@dataclass(frozen=True)
class WholeCheck:
    """One country, from files to result, plots and page, in a process of its own.

    `cpu_s`: processor time, reading the files included. `peak_mb`: of the process. `written_mb`: of
    the run's folder.
    """

    bridges: int
    verdict: str
    packets: int
    cpu_s: float
    took_s: float
    peak_mb: float
    written_mb: float

    @property
    def us_a_packet(self) -> float:
        """Processor time for each packet of the meeting, in µs."""
        return self.cpu_s / self.packets * 1e6

    @property
    def ms_by_n_log_n(self) -> float:
        """Processor time over n log2 n, in ms: it does not grow where the cost is n log n."""
        return self.cpu_s / (self.bridges * math.log2(self.bridges)) * 1e3


def check_country(bridges: int) -> WholeCheck:
    """Check one by estimate, here."""
    began, at = time.process_time(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="giaoban-bench-") as name:
        folder = Path(name)
        for file, text in tree_files(bridges, DEFAULT_PROFILE).items():
            (folder / file).write_text(text, encoding="utf-8")
        outcome = check_by_estimate(
            make_question(folder / SCENARIO),
            root=folder / "runs",
            now=now_in_vietnam(),
            progress=lambda _what, _share: None,
            seeds=0,
        )
        written = sum(f.stat().st_size for f in outcome.folder.rglob("*") if f.is_file())
    return WholeCheck(
        bridges=bridges,
        verdict=outcome.answer.verdict,
        packets=outcome.answer.accounting.packets_sent,
        cpu_s=time.process_time() - began,
        took_s=time.monotonic() - at,
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
        written_mb=written / 1e6,
    )


def figures_of(*words: str, within_s: float) -> dict[str, Any]:
    """What `bench.estimate.scale WORDS` says of one country.

    It has a process, and so a peak memory, of its own. Raises `GiaobanError`.
    """
    command = [sys.executable, "-m", "bench.estimate.scale", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=within_s, check=False)
    if done.returncode:
        raise GiaobanError(f"{' '.join(words)} bridges: {done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def here(bridges: int) -> None:
    """One, as JSON."""
    sys.stdout.write(json.dumps(asdict(check_country(bridges))) + "\n")


def table(sizes: Sequence[int]) -> None:
    """A line each as it comes; of the usual sizes if none is named."""
    sys.stdout.write(
        f"{'bridges':>8} {'packets':>12} {'CPU s':>8} {'took s':>8} {'peak MB':>8} "
        f"{'written MB':>10} {'µs/packet':>9} {'ms/(n log n)':>12}  verdict\n"
    )
    for bridges in sizes or SIZES:
        one = WholeCheck(**figures_of("--here", str(bridges), within_s=CHILD_WITHIN_S))
        sys.stdout.write(
            f"{one.bridges:8,} {one.packets:12,} {one.cpu_s:8.1f} {one.took_s:8.1f} "
            f"{one.peak_mb:8.0f} {one.written_mb:10.1f} {one.us_a_packet:9.2f} "
            f"{one.ms_by_n_log_n:12.3f}  {one.verdict}\n"
        )
        sys.stdout.flush()
