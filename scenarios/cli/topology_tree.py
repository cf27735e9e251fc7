"""`giaoban topology generate-tree`: a made-up country, for questions of scale."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scenarios.cli.output import print_json
from scenarios.tree import SCENARIO, tree_files
from topology.country import BRIDGES
from topology.exchange.files import write_texts
from traffic.profiles import load_profiles

ESTIMATED = 100
"""Up to so many bridges the packets of the scenario's phases are within what an estimate keeps."""


def add_to(app: typer.Typer) -> None:
    """Make the command of a group."""
    app.command("generate-tree")(generate)


def generate(
    out: Annotated[Path, typer.Option("--out", help="folder for the three files")],
    bridges: Annotated[int, typer.Option("--bridges", help="how many")] = BRIDGES,
    profile: Annotated[str, typer.Option("--profile", help="call profile")] = "720p30-2m",
    force: Annotated[bool, typer.Option("--force", help="replace files that are there")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> int:
    """Write a country of communes, districts and provinces, with a device and a scenario."""
    load_profiles().pick(profile)
    texts = tree_files(bridges, profile)
    files = write_texts({out / name: text for name, text in texts.items()}, replace=force)
    if as_json:
        print_json({"files": [str(path) for path in files]})
        return 0
    console = Console()
    for path in files:
        console.print(str(path), highlight=False, markup=False, soft_wrap=True)
    following = f"; next: giaoban check {out / SCENARIO} --estimate"
    console.print(
        f"all figures are made up{following if bridges <= ESTIMATED else ''}",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )
    return 0
