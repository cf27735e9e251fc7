"""A redial storm in the emulated province: a ring cut, and then 71 bridges that dial at once."""

from __future__ import annotations

from pathlib import Path

from bench.inputs import (
    PROVINCE,
    TRUNK_MBPS,
    TRUNK_PACKETS,
    heading,
    link_figures,
    new_bridge,
)
from giaoban.topology.load import load_province

CUT_OFF = 71
CUT_S, BACK_S = 10.0, 30.0
PHASES_S = (5.0, 30.0, 65.0)
MCU_ACCESS_MBPS, MCU_ACCESS_PACKETS = 200.0, 2000
"""Room for the meeting's 144 Mb/s of pictures, and not for all their key frames at once."""


def write_scenario(folder: Path) -> Path:
    """71 bridges at the routers of the ring and loop, and the chair; all cables at the MCU's router
    are cut at the same moment and come back 20 s later."""
    province = load_province(PROVINCE)
    home = province.mcu.router
    lines = heading(
        "redial-storm",
        "How long is it after a ring cut until the last of 71 bridges is back?",
        "Sau sự cố đứt vòng cáp, bao lâu thì điểm cầu cuối cùng trong 71 điểm cầu kết nối lại?",
    )
    names = ("before", "during", "after")
    lines += [f"{name}_s = {s}" for name, s in zip(names, PHASES_S, strict=True)]
    others = [router.id for router in province.routers if router.id != home]
    there = sum(bridge.router != home for bridge in province.bridges)
    for number in range(CUT_OFF - there):
        lines += new_bridge(number, others[number % len(others)])
    sizes = {link.id: (TRUNK_MBPS, TRUNK_PACKETS) for link in province.links}
    sizes["access-mcu"] = (MCU_ACCESS_MBPS, MCU_ACCESS_PACKETS)
    for link, (mbps, packets) in sizes.items():
        lines += link_figures(link, mbps, packets)
    for cable in province.links:
        if home in (cable.a, cable.b):
            lines += [
                f'[[fault]]\nkind = "cut"\nlink = "{cable.id}"',
                f"at_s = {CUT_S}\nto_s = {BACK_S}",
            ]
    path = folder / "redial-storm.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
