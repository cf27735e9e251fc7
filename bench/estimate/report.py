"""The estimate's figures as tables."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.estimate.compare import EstimateFigures


def show(figures: EstimateFigures, console: Console) -> None:
    """Speed and agreement beside ns-3, then cost against bridges."""
    table = _table("The estimate beside ns-3: million packets × hops a second of one core")
    for name in ("packets", "estimate", "ns-3 static", "ns-3 nix", "× ns-3", "whole estimate, s"):
        table.add_column(name, justify="right")
    for one in figures.compared:
        table.add_row(
            one.what,
            f"{one.packets:,}",
            f"{one.estimate_per_s / 1e6:.2f}",
            *(f"{speed / 1e6:.3f}" for speed in one.ns3_per_s.values()),
            f"{one.times_ns3:.0f}",
            f"{one.whole_s:.2f}",
        )
    console.print(table)
    table = _table(f"The same packets in both (ns-3 {figures.version}, static routing)")
    for name in ("delay ms", "off median ms", "off p99 ms", "p95 of a stream off ms"):
        table.add_column(name, justify="right")
    for name in ("lost %", "ns-3 lost %"):
        table.add_column(name, justify="right")
    for one in figures.compared:
        table.add_row(
            one.what,
            f"{one.delay_ms:.3f}",
            f"{one.delay_off_median_ms:.4f}",
            f"{one.delay_off_p99_ms:.4f}",
            f"{one.delay_p95_off_ms:.4f}",
            f"{one.lost_pct:.3f}",
            f"{one.lost_ns3_pct:.3f}",
        )
    console.print(table)
    table = _table("A country of so many bridges: seconds of one core")
    for name in ("plan", "loads", "1 s of packets", "packets", "peak MB"):
        table.add_column(name, justify="right")
    for each in figures.scaled:
        table.add_row(
            str(each.bridges),
            f"{each.plan_s:.2f}",
            f"{each.loads_s:.3f}",
            f"{each.network_s:.2f}",
            f"{each.packets:,}",
            f"{each.peak_mb:.0f}",
        )
    console.print(table)
    powers = ", ".join(f"{name} {power:.2f}" for name, power in figures.exponents().items())
    console.print(f"powers of the number of bridges from 71 on: {powers}\n", highlight=False)


def _table(title: str) -> Table:
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    made.add_column("")
    return made
