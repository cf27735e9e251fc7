"""What is left of a province when links or routers have failed for good, and who is cut off. Pure.

The state after routing has found its new ways: how it gets there is what `giaoban faults` shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.errors import InputError, did_you_mean
from topology.checks import pieces
from topology.model import BridgeSpec, Province


def cut_away(
    province: Province, bridges: Sequence[BridgeSpec], gone: Sequence[str]
) -> tuple[Province, list[BridgeSpec], list[str]]:
    """The part of a province that the MCU is in, its share of new bridges, and those cut off.

    Raises `InputError`: no such link or router; what fails takes the MCU or the chair bridge
    away, or all others.
    """
    links = [link.id for link in province.links]
    routers = [router.id for router in province.routers]
    for name in gone:
        if name not in links and name not in routers:
            near = did_you_mean(name, [*links, *routers])
            raise InputError(f'without "{name}": no such link or router{near}')
    if province.mcu.router in gone:
        raise InputError(f'without "{province.mcu.router}": the MCU hangs on it, nothing is left')
    left = [link for link in province.links if not {link.id, link.a, link.b}.intersection(gone)]
    parts = pieces((r for r in routers if r not in gone), ((link.a, link.b) for link in left))
    kept = next(set(part) for part in parts if province.mcu.router in part)
    if province.chair.router not in kept:
        what = f"the chair bridge {province.chair.name} is cut off, there is no meeting"
        raise InputError(f"without {', '.join(gone)}: {what}")
    everybody = [*province.bridges, *bridges]
    if sum(bridge.router in kept for bridge in everybody) < 2:
        raise InputError(
            f"without {', '.join(gone)}: the chair bridge is alone, there is no meeting"
        )
    remaining = province.model_copy(
        update={
            "routers": [router for router in province.routers if router.id in kept],
            "links": [link for link in left if link.a in kept],
            "bridges": [bridge for bridge in province.bridges if bridge.router in kept],
            "groups": [],
        }
    )
    cut_off = [bridge.id for bridge in everybody if bridge.router not in kept]
    return remaining, [bridge for bridge in bridges if bridge.router in kept], cut_off
