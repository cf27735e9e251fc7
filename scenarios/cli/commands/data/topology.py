"""`giaoban topology show`: the province as a map, its addresses and paths."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from giaoban.files import refuse_other_ending, writing
from giaoban.mcu_sim.device import load_devices, pick
from giaoban.results.report.document import Par, pars, table
from giaoban.scenarios.cli import folders, language
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.spec.project import current
from giaoban.sentence import Sentence, number
from giaoban.topology.assumptions import assumptions
from giaoban.topology.importers.complete import ImportOptions
from giaoban.topology.importers.files import (
    Format,
    export_graphml,
    guess_format,
    import_province,
    write_toml,
)
from giaoban.topology.listing import PathRow, address_rows, path_rows
from giaoban.topology.load import load_province
from giaoban.topology.network import build
from giaoban.topology.routing import shortest_paths

Force = Annotated[bool, typer.Option("--force", help="replace files that are there already")]


BRIDGE = "bridge"
"""A heading; catalogues have it with its plural."""

app = typer.Typer(
    add_completion=False, help="Look at the province's network.", no_args_is_help=True
)


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="GraphML file, or folder with sites.csv and links.csv")
    ],
    out: Annotated[Path, typer.Option("--out", help="province file to write (TOML)")],
    file_format: Annotated[
        Format | None, typer.Option("--format", help="its format (by its name)")
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
    how = file_format or guess_format(file)
    if device is not None:
        pick(load_devices(current().devices), device)
    province, draft = import_province(file, how, ImportOptions(province_id, name, mcu_at, device))
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
    said = Sentence(
        "{province}: {routers} {routers:router|routers}, {links} {links:link|links}, {bridges} "
        "{bridges:bridge|bridges}",
        province=province.name,
        **counts,
    )
    resting = Sentence(
        "{n} {n:record rests|records rest} on assumptions, marked assumed = true in the file",
        n=assumed,
    )
    print_blocks(
        Par(said, bold=True),
        *pars(Sentence("  {note}", note=note) for note in draft.notes),
        Par(resting, tone="quiet"),
        Par(Sentence("province: {out}", out=out)),
    )
    return 0


@app.command("export")
def export(
    out: Annotated[Path, typer.Option("--out", help="the .graphml file")],
    *,
    province: folders.Province,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Write a province for other programs; `topology import` reads it back the same."""
    refuse_other_ending(out, ".graphml", ".xml")
    export_graphml(load_province(province), out, replace=force)
    if as_json:
        print_json({"files": [str(out)]})
        return 0
    print_blocks(Par(str(out)))
    return 0


@app.command("show")
def show(
    *,
    province: folders.Province,
    picture: Annotated[
        Path | None, typer.Option("--map", help="draw its map, here (.png, .svg or .pdf)")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List addresses and the paths from each bridge to the MCU, and draw the map."""
    loaded = load_province(province)
    network = build(loaded)
    if picture is not None:
        from giaoban.topology.map.draw import draw  # what draws takes longer to load than the rest

        with writing(picture):
            draw(network, picture, title=loaded.name, lang=language.chosen())
    addresses, paths = address_rows(network), path_rows(network, shortest_paths(network))
    assumed = assumptions(loaded, lang=language.chosen())
    if as_json:
        print_json(
            {
                "map": None if picture is None else str(picture),
                "addresses": [asdict(row) for row in addresses],
                "paths": [asdict(row) for row in paths],
                "assumptions": [a.model_dump() for a in assumed],
            }
        )
        return 0
    print_blocks(
        table(
            (
                Sentence("node"),
                Sentence("link"),
                Sentence("address"),
                Sentence("peer"),
                Sentence("peer's address"),
            ),
            [(a.node, a.link, a.address, a.peer, a.peer_address) for a in addresses],
        ),
        table(
            (
                Sentence(BRIDGE),
                Sentence("path to the MCU"),
                Sentence("km"),
                Sentence("propagation ms"),
                Sentence("bottleneck Mb/s"),
            ),
            map(_path_row, paths),
            right=(2, 3, 4),
        ),
        Par(
            Sentence("* rests on assumptions ({number} in all, see --json)", number=len(assumed)),
            tone="quiet",
        ),
        *([] if picture is None else [Par(Sentence("map: {picture}", picture=picture))]),
    )
    return 0


def _path_row(path: PathRow) -> tuple[str, ...]:
    mark = " *" if path.assumed else ""
    return (
        path.name,
        " → ".join(path.nodes),
        number(path.km, after=mark),
        number(path.propagation_ms, ".3f", mark),
        number(path.bottleneck_mbps, after=f"{mark} ({path.bottleneck_link})"),
    )
