"""Senders of streams side by side, as a table for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.stream.compare import Sending, StreamFigures

NOTE = """\
Timed by the receiver's kernel over a veth pair. "late": behind a schedule at the asked rate that no
packet is ahead of; "gap": how far the distance of two packets is from the asked one. SIPp's are
each call's own. A CPU second holds the sender's work and, on a veth pair, the receiving kernel's.
"""


def show(figures: StreamFigures, console: Console) -> None:
    """The table, and what was left out and why."""
    if figures.unable is not None:
        console.print(f"Streams over a veth pair: left out: {figures.unable}\n", highlight=False)
        return
    table = Table(
        title="RTP over a veth pair, each sender a process on one core",
        title_justify="left",
        box=None,
        pad_edge=False,
        header_style="bold",
    )
    table.add_column("sender")
    for name in ("bytes", "packets/s", "of the limit", "a CPU s", "late p50 µs", "p99", "gap p99"):
        table.add_column(name, justify="right")
    table.add_column("not received")
    limit = figures.sendings[0].rate_per_s if figures.sendings else 0.0
    for sending in figures.sendings:
        table.add_row(
            sending.what,
            str(sending.size),
            f"{sending.rate_per_s:,.0f}",
            f"{sending.rate_per_s / limit:.0%}",
            f"{sending.per_cpu_s:,.0f}",
            *(_us(v) for v in (sending.late_p50_us, sending.late_p99_us, sending.gap_p99_us)),
            _missing(sending),
        )
    console.print(table)
    console.print(NOTE, highlight=False)
    for what, why in figures.skipped.items():
        console.print(f"left out: {what}: {why}", style="red", highlight=False)


def _us(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"


def _missing(sending: Sending) -> str:
    if sending.sent is None:
        return "it does not say"
    missing = sending.sent - sending.received
    return f"{missing:,}" + (f" ({sending.overflowed:,} overflowed)" if missing else "")
