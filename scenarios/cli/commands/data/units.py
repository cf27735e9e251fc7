"""`giaoban units list`: the units that may become bridges, with the names of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from giaoban.errors import InputError
from giaoban.results.report.document import Par, table
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.sentence import Sentence, joined, number
from giaoban.topology.units import Unit, catalogue, units_from_csv
from giaoban.topology.units.known import GROUPS, YEARS

app = typer.Typer(
    add_completion=False,
    help="Look at the units of giaoban's own province, or at a list of one's own.",
    no_args_is_help=True,
)


@app.callback()
def group() -> None:
    """Look at the units of giaoban's own province, or at a list of one's own."""


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
    as_json: AsJson = False,
) -> int:
    """List units with their ids, districts, and the routers that they would hang on."""
    if year is not None and year not in YEARS:
        raise InputError(
            '{option} = "{value}": is not known (allowed: {allowed})',
            option="--year",
            value=year,
            allowed=", ".join(map(str, YEARS)),
        )
    if file is not None and which:
        raise InputError("--from: means nothing with names (allowed: one of them)")
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
    rows = [
        (
            unit.id,
            unit.name,
            unit.district,
            "" if unit.year is None else str(unit.year),
            unit.router,
            number(unit.km, after=" *" if unit.assumed else ""),
        )
        for unit in units
    ]
    groups = joined(
        "; ",
        (Sentence("{name} ({what})", name=n, what=Sentence(what)) for n, what in GROUPS.items()),
    )
    print_blocks(
        table(
            (
                Sentence("id"),
                Sentence("name"),
                Sentence("district"),
                Sentence("year"),
                Sentence("router"),
                Sentence("km"),
            ),
            rows,
            right=(5,),
            keep=(0,),
        ),
        Par(
            Sentence("{n} {n:unit|units}; * length assumed", n=len(units)),
            tone="quiet",
        ),
        Par(Sentence("groups: {groups}", groups=groups), tone="quiet"),
    )
