"""`python -m scripts.networks`: estimate and emulate generated networks; print a Markdown table.

Networks are drawn from the seeds 1 to 20: 2 to 6 routers in a tree with up to two more links,
3 to 7 bridges and one that joins, one of four call profiles, composed or forwarded pictures. The
access line of the new bridge is thin in one network of three; a line loses packets in one of four.
Each is emulated once. Where packets are lost, the estimate is repeated at 20 seeds, since it draws
other losses than the emulation. The table goes into docs/estimate.md.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from giaoban.results.model.result import NEAR_PCT, Result
from giaoban.results.model.run_ids import now_in_vietnam
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.study.check import check

NETWORKS = range(1, 21)
LOSS_SEEDS = range(1, 21)
PROFILES = {"720p30-2m": 2.2, "720p30-1m": 1.2, "sd30-512k": 0.65, "sd30-256k": 0.36}
"""Profile → about the rate of a call on the wire, in Mb/s."""
SOURCE = 'source = "generated"\n'
PHASE_S = 10.0


@dataclass(frozen=True)
class Comparison:
    """Estimate and emulation of one network.

    Attributes:
        delay_errors_ms: estimate − emulation of median and 95th percentile of each stream's delay
            in each phase.
        mouth_to_ear_error_ms: estimate − emulation of this criterion.
        lost, freeze_ms: of the emulation.
        lost_range, freeze_range_ms: least and greatest value of the estimate over the seeds.
        verdicts: of estimate and emulation.
        margin_pct: of the estimate's binding criterion.
    """

    seed: int
    video: str
    delay_errors_ms: list[float]
    mouth_to_ear_error_ms: float
    lost: int
    lost_range: tuple[int, int]
    freeze_ms: float
    freeze_range_ms: tuple[float, float]
    verdicts: tuple[str, str]
    margin_pct: float | None

    @property
    def row(self) -> str:
        """Return a row of the table."""
        lost, freeze = self.lost_range, self.freeze_range_ms
        cells = [
            f"{self.seed}",
            self.video,
            " / ".join(dict.fromkeys(self.verdicts)),
            "–" if self.margin_pct is None else f"{self.margin_pct:.1f}",
            signed(max(self.delay_errors_ms, key=abs)),
            signed(self.mouth_to_ear_error_ms),
            f"{self.lost}",
            "0" if not lost[1] else f"{lost[0]} … {lost[1]}",
            f"{self.freeze_ms:.0f}",
            "0" if not freeze[1] else f"{freeze[0]:.0f} … {freeze[1]:.0f}",
        ]
        return f"| {' | '.join(cells)} |"


def write_network(seed: int, folder: Path) -> Path:
    """Write the province and the scenario of a seed; return the scenario's path."""
    draw = random.Random(seed)
    routers = draw.randint(2, 6)
    links = [(draw.randrange(n), n) for n in range(1, routers)]
    pairs = [(a, b) for b in range(routers) for a in range(b) if (a, b) not in links]
    links += draw.sample(pairs, min(len(pairs), draw.randint(0, 2)))
    profile, call_mbps = draw.choice(list(PROFILES.items()))
    lines = [
        'schema = "giaoban.province/1"\nid = "generated"\nname = "Generated"',
        f"[fibre]\nus_per_km = 5.0\n{SOURCE}",
        f'[addressing]\nbackbone = "10.1.0.0/24"\naccess = "10.2.0.0/24"\n{SOURCE}',
    ]
    for n in range(routers):
        place = f"lat = {12 + n / 10}\nlon = {107 + n / 10}"
        lines.append(f'[[router]]\nid = "r-{n}"\nname = "R{n}"\n{place}\n{SOURCE}')
    for n, (a, b) in enumerate(links):
        ends = f'id = "l-{n}"\na = "r-{a}"\nb = "r-{b}"\nkm = {draw.uniform(5, 90):.1f}'
        loss = f"loss_pct = {draw.choice((0.02, 0.1, 0.5))}\n" if draw.random() < 0.08 else ""
        lines.append(f"[[link]]\n{ends}\nrate_mbps = 100.0\nbuffer_packets = 1000\n{loss}{SOURCE}")
    lines.append(
        '[mcu]\nid = "mcu"\nname = "MCU"\ndevice = "rmx-1500-mpmx"\nrouter = "r-0"\nkm = 1.0\n'
        f"rate_mbps = {draw.choice((50.0, 100.0))}\nbuffer_packets = 500\n{SOURCE}"
    )
    for n in range(draw.randint(3, 7)):
        head = f'id = "b-{n}"\nname = "B{n}"\nrole = "{"branch" if n else "chair"}"'
        access = f'router = "r-{draw.randrange(routers)}"\nkm = {draw.uniform(1, 40):.1f}'
        rate = f"rate_mbps = {call_mbps * draw.uniform(1.8, 6):.3f}\nbuffer_packets = 200"
        lines.append(f"[[bridge]]\n{head}\n{access}\n{rate}\n{SOURCE}")
    (folder / "province.toml").write_text("\n".join(lines), "utf-8")
    share = draw.uniform(0.85, 1.3) if draw.random() < 0.33 else draw.uniform(1.8, 6)
    phases = "\n".join(f"{name}_s = {PHASE_S}" for name in ("before", "during", "after"))
    scenario = folder / "scenario.toml"
    scenario.write_text(
        f'schema = "giaoban.scenario/1"\nid = "generated-{seed}"\n'
        'question = "Generated?"\nquestion_vi = "Generated?"\nprovince = "province.toml"\n'
        f'profile = "{profile}"\nseed = {seed}\n[phases]\n{phases}\n'
        f'[meeting]\nvideo = "{draw.choice(("presence", "presence", "switched"))}"\n'
        f'[[bridge]]\nid = "new"\nname = "New"\nrouter = "r-{draw.randrange(routers)}"\n'
        f"km = {draw.uniform(1, 40):.1f}\nrate_mbps = {call_mbps * share:.3f}\n"
        f"buffer_packets = {draw.choice((20, 50, 200))}\n{SOURCE}",
        "utf-8",
    )
    return scenario


def compare(seed: int) -> Comparison:
    """Estimate and emulate the network of a seed (boots a guest)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        question = make_question(write_network(seed, folder))
        emulated = check(
            question,
            engine=EngineName.SANDBOX,
            root=folder / "runs",
            now=now_in_vietnam(),
            progress=lambda _text, _share: None,
            seeds=0,
        ).answer
        own = estimate(question).result
        others = [own]
        if lost_packets(emulated) or lost_packets(own):
            others += [estimate(question.at_seed(other)).result for other in LOSS_SEEDS]
    lost = [lost_packets(result) for result in others]
    freezes = [value(result, "longest-freeze") for result in others]
    return Comparison(
        seed=seed,
        video=question.scenario.meeting.video,
        delay_errors_ms=list(delay_errors_ms(own, emulated)),
        mouth_to_ear_error_ms=value(own, "mouth-to-ear") - value(emulated, "mouth-to-ear"),
        lost=lost_packets(emulated),
        lost_range=(min(lost), max(lost)),
        freeze_ms=value(emulated, "longest-freeze"),
        freeze_range_ms=(min(freezes), max(freezes)),
        verdicts=(own.verdict, emulated.verdict),
        margin_pct=own.binding.margin_pct if own.binding else None,
    )


def lost_packets(result: Result) -> int:
    """Return the number of packets that were sent and not received."""
    return sum(stream.packets_sent - stream.packets_received for stream in result.streams)


def value(result: Result, criterion: str) -> float:
    """Return the value of a criterion, 0 if it was not judged."""
    judged = result.criterion(criterion)
    return (judged.value if judged else None) or 0.0


def signed(error_ms: float) -> str:
    """Return an error with its sign and three decimals."""
    return f"{error_ms:+.3f}" if abs(error_ms) >= 0.0005 else "0"


def delay_errors_ms(estimated: Result, emulated: Result) -> Iterator[float]:
    """Yield the difference of the median and the 95th percentile of each stream's delay."""
    for ours, theirs in zip(estimated.streams, emulated.streams, strict=True):
        for name in ("delay_p50_ms", "delay_p95_ms"):
            a, b = getattr(ours, name), getattr(theirs, name)
            if a is not None and b is not None:
                yield a - b


def table(comparisons: Sequence[Comparison]) -> str:
    """Return the table of all networks and the distribution of delay errors below it."""
    lines = [
        "| seed | pictures | verdict | margin, % | delay error, ms | mouth-to-ear, ms "
        "| lost | lost, estimated "
        "| freeze, ms | freeze, estimated, ms |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *(each.row for each in comparisons),
        "",
        "| delay errors, ms | values | median | 95 % | 99 % | largest |",
        "|---|---|---|---|---|---|",
    ]
    lossless = [each for each in comparisons if not each.lost and not each.lost_range[1]]
    lossy = [each for each in comparisons if each not in lossless]
    groups = {
        "no loss, composed pictures": [e for e in lossless if e.video == "presence"],
        "no loss, forwarded pictures": [e for e in lossless if e.video == "switched"],
        "with losses": lossy,
    }
    for name, group in groups.items():
        errors = [abs(error) for each in group for error in each.delay_errors_ms]
        if errors:
            figures = [f"{np.percentile(errors, q):.3f}" for q in (50, 95, 99, 100)]
            lines.append(f"| {name} | {len(errors)} | {' | '.join(figures)} |")
    differing = [
        each.seed
        for each in comparisons
        if each.verdicts[0] != each.verdicts[1] and abs(each.margin_pct or 0.0) > NEAR_PCT
    ]
    seeds = ", ".join(map(str, differing)) or "none"
    return "\n".join(
        [*lines, "", f"Verdicts that differ at a margin over {NEAR_PCT:g} %: {seeds}."]
    )


def main() -> int:
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as workers:
        print(table(list(workers.map(compare, NETWORKS))))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
