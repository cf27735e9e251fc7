"""A ring of three routers with a bridge each: the least province in which a cut has a way round.
And two of them joined twice, where routers have three neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scenario_factory import scenario

from giaoban.scenarios.plan.question import Question, make_question

HEAD = """
schema = "giaoban.province/1"
id = "ring"
name = "Tỉnh Vòng"
[fibre]
us_per_km = 5.0
source = "test"
[addressing]
backbone = "10.1.0.0/24"
access = "10.2.0.0/24"
source = "test"
"""
OSPF = """
[routing]
protocol = "ospf{bfd}"
hello_ms = 1000
dead_ms = {dead_ms}
spf_ms = 100
{timers}
source = "test"
"""
BFD = "bfd_interval_ms = 100\nbfd_multiplier = 3"
DEAD_MS = 4000
ACCESS = 'km = 1.0\nrate_mbps = 20.0\nbuffer_packets = 300\nsource = "test"\n'
RING = ("a--b", "b--c", "c--a")
TWO_RINGS = (*RING, "d--e", "e--f", "f--d", "a--d", "b--e")


def ring_province(path: Path, links: tuple[str, ...] = RING, *, bfd: bool = True) -> Path:
    """A ring of three routers, or two, with a bridge each, the MCU at r-a; some links may be
    missing."""
    routers = "abc" if set(links) <= set(RING) else "abcdef"
    text = HEAD + OSPF.format(bfd="-bfd" if bfd else "", dead_ms=DEAD_MS, timers=BFD if bfd else "")
    for number, name in enumerate(routers):
        place = f'name = "{name.upper()}"\nlat = {12 + number / 10}\nlon = {107 + number % 2 / 10}'
        text += f'[[router]]\nid = "r-{name}"\n{place}\nsource = "test"\n'
    for name in links:
        a, b = (f"r-{router}" for router in name.split("--"))
        figures = "km = 20.0\nrate_mbps = 100.0\nbuffer_packets = 1000\n"
        text += f'[[link]]\nid = "{name}"\na = "{a}"\nb = "{b}"\n{figures}source = "test"\n'
    mcu = 'id = "mcu"\nname = "MCU"\ndevice = "rmx-1500-mpmx"\nrouter = "r-a"\n'
    text += f"[mcu]\n{mcu}{ACCESS}"
    for name in routers:
        role = "chair" if name == "a" else "branch"
        head = f'id = "{name}"\nname = "{name.upper()}"\nrole = "{role}"\nrouter = "r-{name}"\n'
        text += f"[[bridge]]\n{head}{ACCESS}"
    path.write_text(text, encoding="utf-8")
    return path


def ring_scenario(folder: Path, **words: Any) -> Path:
    """A meeting of the ring's three bridges; `words` as of `scenario`."""
    ring = ring_province(folder / "ring.toml")
    given = {"province": ring, "bridges": (), "profile": "sd30-256k"} | words
    return scenario(folder / "s.toml", **given)


def failing_ring(folder: Path, *, faults: bool = True) -> Question:
    """A ring whose routing is assumed, and says nothing of how soon light is missed."""
    text = ring_province(folder / "ring.toml").read_text(encoding="utf-8")
    assumed = 'bfd_multiplier = 3\nassumed = true\nsettled_by = "ask"\n'
    (folder / "ring.toml").write_text(text.replace("bfd_multiplier = 3\n", assumed), "utf-8")
    fault = '[[fault]]\nkind = "silent"\nlink = "a--b"\nat_s = 3.0\nto_s = 6.0\n'
    return make_question(
        scenario(
            folder / "s.toml",
            province=folder / "ring.toml",
            bridges=(),
            profile="sd30-256k",
            phases=(2.0, 5.0, 3.0),
            more=fault if faults else "",
        )
    )


MEETINGS = {
    "switched": '[meeting]\nvideo = "switched"\n',
    "slides": '[content]\nbridge = "a"\nfrom_s = 1.0\nto_s = 5.0\nkbps = 400.0\n',
    "open": '[meeting]\nvideo = "switched"\nfloor = "open"\nsound = "conversation"\n',
}
