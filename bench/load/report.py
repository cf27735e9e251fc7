"""Load tests as tables for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.load.tests import APART, HELD, LoadFigures

NO_RATE = 99.0
"""What stands for a search that found nothing."""


def show(figures: LoadFigures, console: Console) -> None:
    """Rates beside SIPp's, the bridges that were held, the storms."""
    found = ", ".join("none" if r.per_s is None else f"{r.per_s:.1f}/s" for r in figures.rates)
    clean = [step.rate for step in figures.sipp if step.clean]
    first = next((step.rate for step in figures.sipp if not step.clean), None)
    apart = "" if figures.apart is None else f", {100 * (figures.apart - 1):.1f} % apart"
    console.print(f"Session establishment rate by search: {found}{apart}", highlight=False)
    console.print(
        f"SIPp at the same MCU: clean at {max(clean, default=0)}/s, "
        f"{'not at ' + str(first) + '/s' if first else 'and at every rate tried'}",
        highlight=False,
    )
    held = figures.held
    console.print(
        f"{HELD} bridges with sound, five minutes, two workers: {held.verdict}, "
        f"{held.established} established, {held.dropped} dropped, left {held.left}, set-up 95 % "
        f"within {held.setup_p95_ms:g} ms, MCU {held.mcu_cpu_pct_mean:g} % of a core",
        highlight=False,
    )
    table = Table(title="Redial storm in the province", title_justify="left", box=None)
    for name in ("back-off", "cut off", "back", "attempts", "half back s", "last back s", "peak %"):
        table.add_column(name, justify="left" if name == "back-off" else "right")
    for one in figures.storms:
        times = ("never" if t is None else f"{t:.2f}" for t in (one.half_back_s, one.last_back_s))
        counts = (str(one.cut_off), str(one.back), str(one.attempts))
        table.add_row(one.back_off, *counts, *times, f"{one.highest_link_peak_pct:.0f}")
    console.print(table)


def targets(figures: LoadFigures) -> list[tuple[str, float, float]]:
    """(what, measured, at most)."""
    back = [0.0 if storm.back == storm.cut_off else 1.0 for storm in figures.storms]
    return [
        ("session establishment rates apart, times", figures.apart or NO_RATE, APART),
        (f"of {HELD} bridges dropped", float(figures.held.dropped), 0.0),
        ("storms after which somebody is missing", sum(back), 0.0),
    ]
