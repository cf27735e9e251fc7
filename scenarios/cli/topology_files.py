"""`giaoban topology import` and `export`: provinces from and to other formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast, get_args

import typer
from rich.console import Console

from giaoban.errors import InputError
from mcu_sim.device import load_devices, pick
from scenarios.cli.output import print_json
from topology.assumptions import assumptions
from topology.exchange.complete import Wishes
from topology.exchange.files import (
    Format,
    export_province,
    guess_format,
    import_province,
    write_toml,
)
from topology.load import DEFAULT_PROVINCE, load_province

Force = Annotated[bool, typer.Option("--force", help="replace files that are there already")]
AsJson = Annotated[bool, typer.Option("--json", help="print one JSON object")]
EXPORTS = ("csv", "graphml")


def add_to(app: typer.Typer) -> None:
    """Make both commands of a group."""
    app.command("import")(import_)
    app.command("export")(export)


def import_(
    file: Annotated[
        Path, typer.Argument(help="GraphML file, or folder with sites.csv and links.csv")
    ],
    out: Annotated[Path, typer.Option("--out", help="province file to write (TOML)")],
    file_format: Annotated[
        str | None, typer.Option("--format", help="csv, graphml or zoo (by the file's name)")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="the province's name")] = None,
    province_id: Annotated[str | None, typer.Option("--id", help="the province's id")] = None,
    mcu_at: Annotated[
        str | None, typer.Option("--mcu-at", help="router that the MCU hangs on (id or name)")
    ] = None,
    device: Annotated[str | None, typer.Option("--device", help="the MCU's device")] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Make a province of a network in another format; what it does not give is assumed."""
    if file_format is not None and file_format not in get_args(Format):
        allowed = ", ".join(get_args(Format))
        raise typer.BadParameter(f"{file_format!r} (allowed: {allowed})", param_hint="--format")
    how = cast(Format, file_format) if file_format else guess_format(file)
    if device is not None:
        pick(load_devices(), device)
    province, draft = import_province(file, how, Wishes(province_id, name, mcu_at, device))
    write_toml(province, out, replace=force)
    load_province(out)  # what was written is what every command reads
    assumed = len(assumptions(province))
    counts = {
        "routers": len(province.routers),
        "links": len(province.links),
        "bridges": len(province.bridges),
    }
    if as_json:
        print_json({"out": str(out), **counts, "assumptions": assumed, "notes": draft.notes})
        return 0
    console = Console()
    said = ", ".join(f"{number} {what}" for what, number in counts.items())
    console.print(f"{province.name}: {said}", highlight=False, markup=False, style="bold")
    for note in draft.notes:
        console.print(f"  {note}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        f"{assumed} records rest on assumptions, marked assumed = true in the file",
        style="dim",
        highlight=False,
    )
    console.print(f"province: {out}", highlight=False, markup=False, soft_wrap=True)
    return 0


def export(
    out: Annotated[Path, typer.Option("--out", help="GraphML file, or folder for CSV files")],
    province: Annotated[
        Path, typer.Option("--province", help="province file (TOML)")
    ] = DEFAULT_PROVINCE,
    file_format: Annotated[str | None, typer.Option("--format", help="graphml or csv")] = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Write a province for other programs; `topology import` reads it back the same."""
    if file_format is None:
        file_format = "graphml" if out.suffix.lower() in (".graphml", ".xml") else "csv"
    if file_format not in EXPORTS:
        raise typer.BadParameter(
            f"{file_format!r} (allowed: {', '.join(EXPORTS)})", param_hint="--format"
        )
    if file_format == "csv" and out.suffix:
        raise InputError(f"{out}: CSV goes to a folder (allowed: a name without ending)")
    wanted = cast(Literal["csv", "graphml"], file_format)
    files = export_province(load_province(province), wanted, out, replace=force)
    if as_json:
        print_json({"files": [str(path) for path in files]})
        return 0
    console = Console()
    for path in files:
        console.print(str(path), highlight=False, markup=False, soft_wrap=True)
    return 0
