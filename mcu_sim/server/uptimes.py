"""An MCU from the first to the last time it has power: each time it starts as from its box."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from giaoban.clock import sleep_until
from mcu_sim.media.leg import Kind, Position
from mcu_sim.server.config import McuConfig
from mcu_sim.server.server import McuServer

LIFE = 1_000_003
"""Between the seeds of one life and the next: no tag or Call-ID comes again."""


def serve(
    config: McuConfig,
    captures: Path,
    up_times: Sequence[tuple[int, int]] | None = None,
    host: str = "mcu",
) -> None:
    """Run an MCU; events as JSON lines and packet logs in the folder `captures`.

    The streams of a later life go on with their numbers, so that each is one stream in its logs
    (`mcu-2-sent.bin` and so on). What the technician at its console could not do while it was off
    he does when it is back.

    Args:
        config: `end_ns` is the end of the run.
        up_times: (on, off) in CLOCK_MONOTONIC ns, in order: when it has power. At `off` it stops
            without a word, unless that is the run's end. None: all the time.
        host: what the events of its power are about.
    """
    assert config.end_ns is not None
    with (captures / "mcu.jsonl").open("w", encoding="utf-8") as file:

        def tell(event: dict[str, Any]) -> None:
            file.write(json.dumps(event) + "\n")

        def tell_power(event: str) -> None:
            t_ms = round((time.monotonic_ns() - config.origin_ns) / 1e6, 3)
            tell({"t_ms": t_ms, "who": "mcu", "event": event, "bridge": host})

        times = [(0, config.end_ns)] if up_times is None else up_times
        before: McuServer | None = None
        positions: Mapping[str, Mapping[Kind, Position]] | None = None
        off_ns = config.origin_ns
        for number, (on_ns, next_off_ns) in enumerate(times, 1):
            _wait(before, on_ns)
            if before is not None:
                _close(before, number - 1, tell)
            if on_ns > config.origin_ns:
                tell_power("powered-on")
            life = replace(
                config,
                end_ns=next_off_ns,
                seed=None if config.seed is None else config.seed + (number - 1) * LIFE,
                commands=[c for c in config.commands if number == 1 or c.at_ns >= off_ns],
            )
            name = "mcu" if number == 1 else f"mcu-{number}"
            server = McuServer(life, captures, tell, name, positions)
            sleep_until(config.origin_ns)
            server.run()
            before, off_ns = server, next_off_ns
            if off_ns < config.end_ns:
                positions = server.lose_power()
                tell_power("powered-off")
        _wait(before, config.end_ns)
        if before is not None:
            _close(before, len(times), tell)


def _wait(dead: McuServer | None, until_ns: int) -> None:
    """Let the time without power pass."""
    if dead is not None and not dead.has_power:
        dead.lie_dead(until_ns)
    else:
        sleep_until(until_ns)


def _close(server: McuServer, number: int, tell: Any) -> None:
    server.close()
    tell({**server.health(), "uptime": number})
