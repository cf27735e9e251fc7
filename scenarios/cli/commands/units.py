"""`giaoban units list`: the units that may become bridges, with the names of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from giaoban.counting import counted
from scenarios.cli.output import print_json
from topology.units import Unit, catalogue, units_from_csv
from topology.units.known import GROUPS, YEARS

app = typer.Typer(help="Look at the units that may become bridges.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Look at the units that may become bridges."""


@app.command("list")
def list_(
    which: Annotated[
        list[str] | None,
        typer.Argument(help="names, ids, districts, all-2013, all-2025 or departments (all)"),
    ] = None,
    district: Annotated[str | None, typer.Option("--district", help="only of a district")] = None,
    year: Annotated[
        int | None, typer.Option("--year", help=f"only of a year: {', '.join(map(str, YEARS))}")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--from", help="a list of one's own (CSV) in place of these")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> int:
    """List units with their ids, districts, and the routers that they would hang on."""
    if year is not None and year not in YEARS:
        raise typer.BadParameter(
            f"{year} (allowed: {', '.join(map(str, YEARS))})", param_hint="--year"
        )
    if file is not None and which:
        raise typer.BadParameter("means nothing with names", param_hint="--from")
    known = catalogue()
    if file is not None:
        units = units_from_csv(file)
    elif which:
        units = [unit for text in which for unit in known.pick(text)]
    else:
        units = list(known.units)
    if district is not None:
        inside = known.in_district(district)[0].district
        units = [unit for unit in units if unit.district == inside]
    units = [unit for unit in units if year is None or unit.year == year]
    if as_json:
        print_json({"units": [unit.model_dump() for unit in units]})
        return 0
    _show(units)
    return 0


def _show(units: list[Unit]) -> None:
    console = Console()
    table = Table("id", "name", "district", "year", "router", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    table.add_column("km", justify="right")
    for unit in units:
        mark = " *" if unit.assumed else ""
        year = "" if unit.year is None else str(unit.year)
        table.add_row(unit.id, unit.name, unit.district, year, unit.router, f"{unit.km:g}{mark}")
    console.print(table, highlight=False, markup=False)
    groups = "; ".join(f"{name} ({what})" for name, what in GROUPS.items())
    console.print(f"{counted(len(units), 'unit')}; * length assumed", style="dim", highlight=False)
    console.print(f"groups: {groups}", style="dim", highlight=False, soft_wrap=True)
