"""The networks that are timed: a province whose meeting has so many bridges, as TOML files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from giaoban.names import access_link_id
from giaoban.topology.load import load_province
from giaoban.traffic.profiles import DEFAULT_PROFILE

PROVINCE = Path(__file__).resolve().parents[1] / "topology" / "province.toml"
BIG_DEVICE = "rmx-4000-mpmx"  # 120 calls of 720p30
TRUNK_MBPS = 1000.0
TRUNK_PACKETS = 5000
SOURCE = 'source = "made up to time the program"\nassumed = true\nsettled_by = "nothing"\n'


@dataclass(frozen=True)
class Size:
    """A meeting to time: `bridges` are in it during the phase `timed`, `seconds` long."""

    bridges: int
    timed: str
    seconds: float


SIZES = (Size(8, "before", 30.0), Size(71, "after", 10.0))
"""The province of 2013, and one bridge for each of its 71 communes, wards and towns."""
SHORTEST_PHASE_S = 2.0


def write_scenario(size: Size, folder: Path) -> Path:
    """A scenario of so many bridges in a folder; its path.

    A scenario adds one bridge at the least, so eight bridges are those of the phase before it.
    For more, the missing ones are added on access lines of 10 Mb/s, shared out among the routers,
    with trunks that can carry them all.
    """
    province = load_province(PROVINCE)
    lines = heading(
        f"bench-{size.bridges}-bridges",
        "How fast is the emulation?",
        "Tốc độ mô phỏng là bao nhiêu?",
    )
    for name in ("before", "during", "after"):
        seconds = size.seconds if name == size.timed else SHORTEST_PHASE_S
        if name == "during" and size.bridges > len(province.bridges):
            seconds = size.seconds  # many calls are set up in it
        lines.append(f"{name}_s = {seconds}")
    routers = [router.id for router in province.routers]
    for number in range(max(1, size.bridges - len(province.bridges))):
        lines += new_bridge(number, routers[number % len(routers)])
    if size.bridges > len(province.bridges):
        for link in [*(link.id for link in province.links), access_link_id("mcu")]:
            lines += link_figures(link, TRUNK_MBPS, TRUNK_PACKETS)
    path = folder / f"bench-{size.bridges}.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def heading(ident: str, question: str, question_vi: str) -> list[str]:
    """What a scenario of the province begins with, `[phases]` without its figures the last."""
    return [
        'schema = "giaoban.scenario/1"',
        f'id = "{ident}"',
        f'question = "{question}"',
        f'question_vi = "{question_vi}"',
        f'province = "{PROVINCE}"',
        f'device = "{BIG_DEVICE}"',
        f'profile = "{DEFAULT_PROFILE}"',
        "[phases]",
    ]


def new_bridge(number: int, router: str) -> list[str]:
    """A commune's bridge; they count from 0."""
    return [
        "[[bridge]]",
        f'id = "commune-{number + 1}"',
        f'name = "Xã {number + 1}"',
        f'router = "{router}"',
        f"km = {5.0 + number % 20}\nrate_mbps = 10.0\nbuffer_packets = 200\n{SOURCE}",
    ]


def link_figures(link: str, mbps: float, packets: int) -> list[str]:
    """Another rate and buffer of a link that is there."""
    return [
        "[[link]]",
        f'link = "{link}"',
        f"rate_mbps = {mbps}\nbuffer_packets = {packets}\n{SOURCE}",
    ]
