"""The MCU's figures as tables for people."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.mcu.loads import Load
from bench.mcu.run import McuFigures

NOTE = """\
The server has one core and the load generator the other. "Cores" are shares of one core, "waited"
is the share of the time in which the server was ready to run and did not have its core. Both go
before the machine's other work where that is allowed (to root). Sound is mixed by no other program
of the distribution's packages (Debian 13 has neither FreeSWITCH nor Asterisk, and its baresip
comes without the mixminus module), so mixing has no yardstick.
"""


def show(figures: McuFigures, console: Console) -> None:
    """Three tables."""
    console.print(_costs(figures))
    console.print(NOTE, highlight=False)
    console.print(_rates(figures))
    console.print(_sustained(figures))


def _costs(figures: McuFigures) -> Table:
    table = _table("What the MCU's work costs, and rtpengine's")
    for name in ("calls", "packets/s in", "out", "cores", "waited", "out per CPU second"):
        table.add_column(name, justify="right")
    table.add_column("what")
    for load in figures.costs:
        table.add_row(*_cost(load), load.what)
    for load in figures.relayed:
        table.add_row(*_cost(load), f"rtpengine {figures.rtpengine}: {load.what}")
    table.add_row(
        *("",) * 5,
        f"× {figures.times_rtpengine:.2f}",
        "this MCU to rtpengine, each picture to one receiver",
    )
    return table


def _cost(load: Load) -> list[str]:
    return [
        str(load.calls),
        f"{load.received_per_s:,.0f}",
        f"{load.sent_per_s:,.0f}",
        f"{load.cpu:.2f}",
        f"{load.waited:.1%}",
        f"{load.sent_per_cpu_s:,.0f}",
    ]


def _rates(figures: McuFigures) -> Table:
    best = figures.highest_rate
    highest = (
        "none was clean"
        if best is None
        else f"the highest with none failed or sent again: {best.rate}"
    )
    table = _table(f"Calls per second, INVITE to BYE, by SIPp ({highest})")
    for name in ("a second", "reached", "calls", "failed", "sent again", "CPU ms a call", "cores"):
        table.add_column(name, justify="right")
    for rate in figures.rates:
        table.add_row(
            str(rate.rate),
            f"{rate.reached:.0f}",
            str(rate.calls),
            str(rate.failed),
            str(rate.repeated),
            f"{rate.cpu_ms_a_call:.2f}",
            f"{rate.cpu:.2f}",
            style="" if rate.clean else "red",
        )
    return table


def _sustained(figures: McuFigures) -> Table:
    table = _table("Calls of G.711 and 2 Mb/s both ways in one meeting: what was late")
    for name in ("calls", "s", "cores", "waited", "late", "worst ms", "heard late", "overflowed"):
        table.add_column(name, justify="right")
    table.add_column("what")
    for load in figures.sustained:
        table.add_row(
            str(load.calls),
            f"{load.seconds:.0f}",
            f"{load.cpu:.2f}",
            f"{load.waited:.1%}",
            str(load.late),
            f"{load.worst_late_ms:.1f}",
            str(load.late_heard),
            str(load.overflowed),
            load.what,
            style="" if load.in_time else "red",
        )
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
