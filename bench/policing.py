"""What does a carrier's token bucket take of calls as they are sent? `python -m bench.policing`

The default expansion's calls by estimate, their lines without a profile: every packet as it leaves
its sender, unmoved by its own loss, through a bucket of 10 Mb/s for each bridge and direction.
Printed as a table of Markdown (docs/lines.md).
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.harness import SCENARIO
from giaoban.scenarios.estimate.estimate import estimate_meeting
from giaoban.scenarios.estimate.network.policing import TokenBucket
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.plan.wire import around_bytes
from giaoban.topology.lines.token_bucket import BucketSize

CIR_MBPS = 10.0
CBS_BYTES = (6000, 12_500, 50_000)


class Sent(NamedTuple):
    """All packets of one bridge in one direction, in order of time.

    Attributes:
        at_ns, size: (n,) when each leaves, and its frame's bytes.
        frame: (n,) which picture it is of, -1 for sound.
    """

    at_ns: NDArray[np.int64]
    size: NDArray[np.int32]
    frame: NDArray[np.int64]


def main() -> int:
    """Exit code 0."""
    heads = ["`cbs_bytes`", "up: packets lost", "frames hit", "down: packets lost", "frames hit"]
    rows = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|"]
    sent = calls()
    for cbs in CBS_BYTES:
        cells = [f"{pct:.2f} %" for way in sent for pct in taken(way, cbs)]
        rows.append(f"| {cbs} | {' | '.join(cells)} |")
    sys.stdout.write("\n".join(rows) + "\n")
    return 0


def calls() -> tuple[list[Sent], list[Sent]]:
    """What every bridge sends, and what it is sent."""
    question = make_question(SCENARIO)
    held = estimate_meeting(question, None).estimated
    try:
        around = around_bytes(question.plan)
        ways: tuple[list[Sent], list[Sent]] = ([], [])
        for call in question.plan.calls:
            for way, streams in zip(ways, (call.up, call.down), strict=True):
                way.append(
                    _in_order({kind: held.sent.get(n) for kind, n in streams.items()}, around)
                )
        return ways
    finally:
        held.close()


def taken(way: list[Sent], cbs_bytes: int) -> tuple[float, float]:
    """Packets that have no tokens, and pictures of which one has none, in % of all."""
    lost = packets = hit = frames = 0
    for one in way:
        passes = TokenBucket(BucketSize.of(CIR_MBPS, cbs_bytes)).conform(one.at_ns, one.size)
        lost += int(np.count_nonzero(~passes))
        packets += len(passes)
        hit += len(np.unique(one.frame[~passes & (one.frame >= 0)]))
        frames += len(np.unique(one.frame[one.frame >= 0]))
    return 100 * lost / packets, 100 * hit / frames


def _in_order(logs: dict[str, NDArray[np.void] | None], around: int) -> Sent:
    kept = [(kind, log) for kind, log in logs.items() if log is not None]
    at_ns = np.concatenate([log["due_ns"].astype(np.int64) for _, log in kept])
    size = np.concatenate([log["size"].astype(np.int32) for _, log in kept])
    frame = np.concatenate(
        [
            log["timestamp"].astype(np.int64) if kind == "video" else np.full(len(log), -1)
            for kind, log in kept
        ]
    )
    order = np.argsort(at_ns, kind="stable")
    return Sent(at_ns[order], size[order] + np.int32(around), frame[order])


if __name__ == "__main__":
    sys.exit(main())
