"""The paths that the network had: what the guest wrote down of its routers' tables.

`captures/routes.json` is a list of `{"t_ms", "paths": {bridge: {"up": [link ids], "down": …}}}`, or
null where there is no way, taken at the start of the first phase and at the end of each. Here the
way up stands for both: a link's figures are the same in both directions, so is the best way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Snapshot(NamedTuple):
    """The links from each bridge to the MCU at a moment (ms after the run's origin); None: none."""

    t_ms: float
    paths: Mapping[str, list[str] | None]


def read_routes(captures: Path) -> list[Snapshot]:
    """In order of time; nothing if the guest did not write them down."""
    path = captures / "routes.json"
    if not path.is_file():
        return []
    found = json.loads(path.read_text(encoding="utf-8"))
    snapshots = [
        Snapshot(e["t_ms"], {bridge: ways["up"] for bridge, ways in e["paths"].items()})
        for e in found
    ]
    return sorted(snapshots, key=lambda s: s.t_ms)


def before_and_after(
    routes: Sequence[Snapshot], bridge: str, *, failed_ms: float, restored_ms: float
) -> tuple[list[str] | None, list[str] | None]:
    """A bridge's path before a failure, and the last one seen while it lasted.

    Args:
        failed_ms, restored_ms: from when to when it lasted. A table that was read at the very
            moment of restoration is still one of the failure.
    """
    earlier = [s for s in routes if s.t_ms < failed_ms]
    during = [s for s in routes if failed_ms <= s.t_ms <= restored_ms]
    before = earlier[-1].paths.get(bridge) if earlier else None
    after = during[-1].paths.get(bridge) if during else None
    return before, after
