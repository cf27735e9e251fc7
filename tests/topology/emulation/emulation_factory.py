"""Small networks, and the boot of a measuring program (`lab_*.py`) in the guest.

Also a program: `python emulation_factory.py KERNEL MODULE FOLDER ARGUMENTS…` boots as whoever
runs it, for the test that does so as another user.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from giaoban.topology.model import Province
from giaoban.topology.network import Network, build
from giaoban.topology.sandbox import boot, kernel

ROOT = Path(__file__).resolve().parents[3]
WIRE_OVERHEAD = 42  # Ethernet, IPv4 and UDP headers, in bytes


def run_lab(
    machine: Path,
    module: str,
    folder: Path,
    *arguments: str,
    console: Path | None = None,
    on_line: Callable[[str], None] = lambda _line: None,
) -> int:
    """Boot, run `tests.topology.emulation.MODULE FOLDER ARGUMENTS…`, return its exit code."""
    return boot.run(
        boot.Guest(machine, memory_mb=1024),
        f"tests.topology.emulation.{module}",
        [str(folder), *arguments],
        writable=folder,
        console=console or folder / "console.log",
        on_line=on_line,
    )


def measured(folder: Path, module: str, *arguments: str, **files: str) -> Path:
    """The folder of one guest's measurements, which it was given with these files (NAME.json)."""
    for name, text in files.items():
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    assert run_lab(kernel.ensure(lambda _what, _done: None), module, folder, *arguments) == 0
    return folder


def flow(
    dscp: int, payload: int, mbps: float, seconds: float, *, poisson: bool = True
) -> dict[str, Any]:
    """Packets of `lab_qos` at this rate, as a Poisson process or evenly."""
    mean_ns = round((payload + WIRE_OVERHEAD) * 8e3 / mbps)
    n = round(seconds * 1e9 / mean_ns)
    return {"dscp": dscp, "payload": payload, "mean_ns": mean_ns, "n": n, "poisson": poisson}


def star(mcu: dict[str, Any], b_0: dict[str, Any], qos: dict[str, Any] | None = None) -> Network:
    """One router with the MCU and a bridge on it: two links in a row, with these figures."""
    return build(small_province([], {"router": "r-0", **mcu}, {"router": "r-0", **b_0}, qos=qos))


def chain(
    loss_pct: float = 0.0, buffer_packets: int = 100, qos: dict[str, Any] | None = None
) -> Network:
    """The MCU, two routers and a bridge in a row: every kind of link once."""
    same = {"buffer_packets": buffer_packets, "loss_pct": loss_pct}
    figures = {"km": 40.0, "rate_mbps": 20.0, "source": "test", **same}
    access = {"km": 10.0, "rate_mbps": 10.0, **same}
    link = {"id": "l-0", "a": "r-0", "b": "r-1", **figures}
    return build(
        small_province([link], {"router": "r-0", **access}, {"router": "r-1", **access}, qos=qos)
    )


def ring(routing: dict[str, Any]) -> Network:
    """Four routers in a ring, the MCU and a bridge opposite each other; by r-1 it is shorter."""
    lengths = {
        ("r-0", "r-1"): 20.0,
        ("r-1", "r-2"): 20.0,
        ("r-2", "r-3"): 30.0,
        ("r-3", "r-0"): 30.0,
    }
    same = {"rate_mbps": 100.0, "buffer_packets": 1000, "source": "test"}
    links = [
        {"id": f"l-{number}", "a": a, "b": b, "km": km, **same}
        for number, ((a, b), km) in enumerate(lengths.items())
    ]
    access = {"km": 1.0, "rate_mbps": 10.0, "buffer_packets": 200}
    hosts = {"router": "r-0", **access}, {"router": "r-2", **access}
    return build(small_province(links, *hosts, {**routing, "source": "test"}))


def small_province(
    links: Sequence[dict[str, Any]],
    mcu: dict[str, Any],
    b_0: dict[str, Any],
    routing: dict[str, Any] | None = None,
    qos: dict[str, Any] | None = None,
) -> Province:
    """Routers are those that the MCU's and the links' figures name."""
    routers = {mcu["router"]} | {link[end] for link in links for end in ("a", "b")}
    return Province.model_validate(
        {
            "schema": "giaoban.province/1",
            "id": "small",
            "name": "Nhỏ",
            "fibre": {"us_per_km": 5.0, "source": "test"},
            **({} if qos is None else {"qos": {"source": "test", **qos}}),
            "addressing": {"backbone": "10.1.0.0/24", "access": "10.2.0.0/24", "source": "test"},
            **({} if routing is None else {"routing": routing}),
            "router": [
                {"id": router, "name": router, "lat": 12.0, "lon": 107.0, "source": "test"}
                for router in sorted(routers)
            ],
            "link": list(links),
            "mcu": {"id": "mcu", "name": "MCU", "device": "d", "source": "test", **mcu},
            "bridge": [{"id": "b-0", "name": "B", "role": "chair", "source": "test", **b_0}],
        }
    )


if __name__ == "__main__":
    sys.exit(run_lab(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), *sys.argv[4:]))
