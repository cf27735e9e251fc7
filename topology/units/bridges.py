"""Units as bridges of a province."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.errors import near_names, several
from giaoban.sentence import N_, Sentence, message
from giaoban.topology.model import BridgeSpec, Province
from giaoban.topology.units.unit import Unit

ACCESS_MBPS = 10.0
BUFFER_PACKETS = 200
"""The access lines of the default province's bridges; its queues hold a burst of key frames."""


def as_bridges(units: Sequence[Unit], province: Province) -> list[BridgeSpec]:
    """A branch bridge for each unit, as a scenario's `[[bridge]]` would add it.

    Raises:
        InputError: a unit is there twice, is a node of the province already, or hangs on a router
            that the province does not have; all such units are named.
    """
    taken = {province.mcu.id: Sentence("the MCU of the province")}
    taken |= {router.id: Sentence("a router of the province") for router in province.routers}
    taken |= {bridge.id: Sentence("a bridge of the province") for bridge in province.bridges}
    routers = {router.id for router in province.routers}
    first: dict[str, Unit] = {}
    wrong: list[str] = []
    for unit in units:
        what = (
            Sentence("{unit} ({place})", unit=unit.name, place=unit.place)
            if unit.place
            else unit.name
        )
        if unit.id in first:
            wrong.append(
                Sentence(
                    '{what}: bridge "{unit}" is asked for twice (allowed: once)',
                    what=what,
                    unit=unit.id,
                )
            )
        elif unit.id in taken:
            wrong.append(
                Sentence(
                    '{what}: "{unit}" is {taken} already (allowed: an id not in use)',
                    what=what,
                    unit=unit.id,
                    taken=taken[unit.id],
                )
            )
        if unit.router not in routers:
            near = near_names("router", unit.router, routers)
            wrong.append(
                Sentence(
                    '{what}: hangs on router "{router}", which province '
                    '"{province}" does not have{near}',
                    what=what,
                    router=unit.router,
                    province=province.id,
                    near=near,
                )
            )
        first.setdefault(unit.id, unit)
    if wrong:
        raise several(wrong)
    return [_bridge(unit) for unit in units]


def _bridge(unit: Unit) -> BridgeSpec:
    """The line's rate and queue are assumed wherever the unit gives none."""
    chosen = unit.rate_mbps is None or unit.buffer_packets is None
    settled = unit.settled_by, unit.settled_by_vi
    if chosen and not unit.assumed:
        settled = N_("the access contract with the telecom company"), ""
    more = message(N_("; rate and queue as of other access lines"))
    return BridgeSpec(
        id=unit.id,
        name=unit.name,
        router=unit.router,
        km=unit.km,
        rate_mbps=ACCESS_MBPS if unit.rate_mbps is None else unit.rate_mbps,
        buffer_packets=BUFFER_PACKETS if unit.buffer_packets is None else unit.buffer_packets,
        source=unit.source + (more.en if chosen else ""),
        source_vi=unit.source_vi + (more.vi if chosen and unit.source_vi else ""),
        assumed=unit.assumed or chosen,
        settled_by=settled[0],
        settled_by_vi=settled[1],
    )
