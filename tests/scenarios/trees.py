"""Networks of many bridges, 16 at a router, two routers behind another, all in one tree."""

from __future__ import annotations

from pathlib import Path

from scenario_factory import scenario

from giaoban.topology.importers.files import as_toml
from tests.topology.provinces import province_of

PER_ROUTER = 16


def tree_scenario(folder: Path, bridges: int, profile: str, more: str = "") -> Path:
    """Write a province with so many bridges and a meeting of all; return the scenario's path."""
    routers = -(-bridges // PER_ROUTER)
    links = [((router - 1) // 2, router, 20.0 + router) for router in range(1, routers)]
    province = province_of(links, routers, [n % routers for n in range(bridges)])
    mcu = province.mcu.model_copy(update={"device": "rmx-4000-mpmx", "rate_mbps": 10_000.0})
    wide = [link.model_copy(update={"rate_mbps": 10_000.0}) for link in province.links]
    meant = ["buffer_packets", "rate_mbps"]
    plan = province.addressing.model_copy(update={"access": "10.2.0.0/16"})
    changed = province.model_copy(
        update={"mcu": mcu, "links": wide, "unusual": meant, "addressing": plan}
    )
    (folder / "province.toml").write_text(as_toml(changed), encoding="utf-8")
    return scenario(
        folder / "scenario.toml",
        bridges=(),
        province="province.toml",
        profile=profile,
        seed=1681,
        more=more,
    )
