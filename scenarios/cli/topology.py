"""`giaoban topology show`: the province as a map, its addresses and paths."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table

from results.store import writing
from scenarios.cli import topology_files, topology_tree
from scenarios.cli.output import print_json
from topology.assumptions import assumptions
from topology.listing import address_rows, path_rows
from topology.load import DEFAULT_PROVINCE, load_province
from topology.map import draw
from topology.network import build
from topology.routing import shortest_paths

app = typer.Typer(help="Look at the province's network.", no_args_is_help=True)


topology_files.add_to(app)
topology_tree.add_to(app)


@app.callback()
def group() -> None:
    """Look at the province's network."""


@app.command("show")
def show(
    province: Annotated[
        Path, typer.Option("--province", help="province file (TOML)")
    ] = DEFAULT_PROVINCE,
    picture: Annotated[
        Path, typer.Option("--map", help="where the map goes (.png, .svg or .pdf)")
    ] = Path("topology-map.png"),
    lang: Annotated[str, typer.Option("--lang", help="en or vi")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> int:
    """Draw the map, list addresses and the paths from each bridge to the MCU."""
    language: Literal["en", "vi"] = "vi" if lang == "vi" else "en"
    if lang not in ("en", "vi"):
        raise typer.BadParameter(f"{lang!r} (allowed: en, vi)", param_hint="--lang")
    loaded = load_province(province)
    network = build(loaded)
    with writing(picture):
        draw(network, picture, title=loaded.name, lang=language)
    addresses, paths = address_rows(network), path_rows(network, shortest_paths(network))
    assumed = assumptions(loaded, lang=language)
    if as_json:
        print_json(
            {
                "map": str(picture),
                "addresses": [asdict(row) for row in addresses],
                "paths": [asdict(row) for row in paths],
                "assumptions": [a.model_dump() for a in assumed],
            }
        )
        return 0
    console = Console()
    table = Table("node", "link", "address", "peer", "peer's address", box=None, pad_edge=False)
    for a in addresses:
        table.add_row(a.node, a.link, a.address, a.peer, a.peer_address)
    console.print(table)
    table = Table("bridge", "path to the MCU", box=None, pad_edge=False)
    for name in ("km", "propagation ms", "bottleneck Mb/s"):
        table.add_column(name, justify="right")
    for p in paths:
        mark = " *" if p.assumed else ""
        table.add_row(
            p.name,
            " → ".join(p.nodes),
            f"{p.km:g}{mark}",
            f"{p.propagation_ms:.3f}{mark}",
            f"{p.bottleneck_mbps:g}{mark} ({p.bottleneck_link})",
        )
    console.print(table)
    console.print(f"* rests on assumptions ({len(assumed)} in all, see --json)", style="dim")
    console.print(f"map: {picture}", highlight=False)
    return 0
