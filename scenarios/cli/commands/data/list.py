"""`giaoban list KIND [NAME…]`: scenarios, meetings, criteria, profiles, devices, units, network,
schemas and baselines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from giaoban.errors import InputError
from giaoban.files import read_file, writing
from giaoban.results.judge import baseline
from giaoban.results.judge.criteria import load_criteria
from giaoban.results.report.document import Block, Par, pars, table
from giaoban.scenarios.cli import folders
from giaoban.scenarios.cli.commands.data import device
from giaoban.scenarios.cli.output import AsJson, print_blocks, print_json
from giaoban.scenarios.schemas.make import answer_names, input_names, text_of
from giaoban.scenarios.spec.meeting_catalogue import files as catalogue_files
from giaoban.scenarios.spec.meeting_catalogue import load_meeting
from giaoban.scenarios.spec.project import BUNDLED, current, known
from giaoban.scenarios.spec.scenario import load_scenario
from giaoban.topology.assumptions import assumptions
from giaoban.topology.importers.files import export_graphml
from giaoban.topology.listing import address_rows, path_rows
from giaoban.topology.load import load_province
from giaoban.topology.network import build
from giaoban.topology.routing import shortest_paths
from giaoban.topology.units import catalogue, units_from_csv
from giaoban.topology.units.known import GROUPS
from giaoban.traffic.profiles import load_profiles

MAPS = (".png", ".svg", ".pdf")
ASSUMED = Par("* assumed", tone="quiet")


class Kind(StrEnum):
    """Kinds of records that have names."""

    SCENARIOS = "scenarios"
    MEETINGS = "meetings"
    CRITERIA = "criteria"
    PROFILES = "profiles"
    DEVICES = "devices"
    UNITS = "units"
    NETWORK = "network"
    SCHEMAS = "schemas"
    BASELINES = "baselines"


def command(
    kind: Annotated[Kind, typer.Argument(help="records to list")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME…]",
            help="a device, a schema or a baseline to show; units by name, id, district, "
            "all-2013, all-2025 or departments, or a CSV file of units",
        ),
    ] = None,
    calls: Annotated[
        str | None,
        typer.Option(
            "--calls", help="of a device: whether 8x720p30,3x1080p30 fit; exit code 1 if not"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", help="of the network: its map (.png, .svg, .pdf), or the province as .graphml"
        ),
    ] = None,
    *,
    province: folders.Province,
    as_json: AsJson = False,
) -> int:
    """List names: scenarios, meetings, criteria, profiles, devices, units, the network, schemas.

    A device is shown with its costs and sources, a schema and a baseline as a file.
    """
    given = names or []
    if calls is not None and (kind is not Kind.DEVICES or len(given) != 1):
        raise InputError("--calls: needs one device (allowed: giaoban list devices ID --calls …)")
    if out is not None and kind is not Kind.NETWORK:
        raise InputError("--out: is for the network (allowed: giaoban list network --out FILE)")
    match kind:
        case Kind.UNITS:
            return _units(given, as_json=as_json)
        case Kind.NETWORK if not given:
            return _network(province, out, as_json=as_json)
        case Kind.DEVICES if len(given) == 1:
            return device.show(given[0], calls, as_json=as_json)
        case Kind.SCHEMAS if len(given) == 1:
            sys.stdout.write(text_of(given[0]))
            return 0
        case Kind.BASELINES if len(given) == 1:
            path = baseline.path_of(given[0], current().baselines)
            sys.stdout.write(read_file(path, "TOML").decode())
            return 0
    if given:
        raise InputError("{kind}: takes no names (allowed: giaoban list {kind})", kind=kind.value)
    return LISTS[kind](as_json)


def _listed(
    key: str,
    records: Sequence[Mapping[str, Any]],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    *more: Block,
    as_json: bool,
    right: Sequence[int] = (),
) -> int:
    """Print one JSON object, or a table and the blocks that follow it."""
    if as_json:
        print_json({key: list(records)})
    else:
        print_blocks(table(head, rows, right=right, keep=(0,)), *more)
    return 0


def _scenarios(as_json: bool) -> int:
    """List the project's scenarios, then those of the program."""
    own = {path.stem for path in current().scenario_files()}
    found = [(name, path, load_scenario(path)) for name, path in known().items()]
    found.sort(key=lambda each: each[0] not in own)
    return _listed(
        "scenarios",
        [
            {
                "name": name,
                "file": str(path),
                "bundled": path.resolve().parent == BUNDLED,
                "question_en": of.question,
                "question_vi": of.question_vi,
            }
            for name, path, of in found
        ],
        ("name", "question"),
        [(name, of.question) for name, _, of in found],
        as_json=as_json,
    )


def _meetings(as_json: bool) -> int:
    found = [(path.stem, load_meeting(path)) for path in catalogue_files()]
    return _listed(
        "meetings",
        [{"name": n, "name_en": m.name, "name_vi": m.name_vi} for n, m in found],
        ("name", "meeting"),
        [(name, meeting.name) for name, meeting in found],
        as_json=as_json,
    )


def _criteria(as_json: bool) -> int:
    of = current()
    regulation = load_province(of.province).regulation
    found = load_criteria(of.criteria, regulation=regulation, province=str(of.province)).criterion
    rows = [
        (
            c.id,
            c.name_en,
            f"{'≤' if c.sense == 'at-most' else '≥'} {c.threshold:g} {c.unit}"
            f"{' *' if c.assumed else ''}",
            c.source_en,
        )
        for c in found
    ]
    return _listed(
        "criteria",
        [criterion.model_dump(mode="json") for criterion in found],
        ("id", "criterion", "limit", "source"),
        rows,
        *([ASSUMED] if any(c.assumed for c in found) else []),
        as_json=as_json,
        right=(2,),
    )


def _profiles(as_json: bool) -> int:
    found = load_profiles().profile
    rows = [
        (
            p.id,
            p.resolution,
            str(p.fps),
            f"{p.video_kbps}{' *' if p.assumed else ''}",
            p.audio,
            "–" if p.content_kbps is None else str(p.content_kbps),
        )
        for p in found
    ]
    return _listed(
        "profiles",
        [profile.model_dump() for profile in found],
        ("id", "resolution", "frames/s", "video kb/s", "audio", "content kb/s"),
        rows,
        *([ASSUMED] if any(p.assumed for p in found) else []),
        as_json=as_json,
        right=(2, 3, 5),
    )


def _schemas(as_json: bool) -> int:
    inputs, answers = input_names(), answer_names()
    if as_json:
        print_json({"inputs": inputs, "answers": answers})
        return 0
    rows = [(name, "TOML, written by people") for name in inputs]
    rows += [(name, "JSON, an answer of the program") for name in answers]
    print_blocks(table(("name", "file"), rows))
    return 0


def _baselines(as_json: bool) -> int:
    folder = current().baselines
    names = baseline.names(folder)
    if as_json:
        print_json({"baselines": names})
    else:
        print_blocks(*(pars(names) if names else [Par(f"none in {folder}")]))
    return 0


LISTS: Mapping[Kind, Callable[[bool], int]] = {
    Kind.SCENARIOS: _scenarios,
    Kind.MEETINGS: _meetings,
    Kind.CRITERIA: _criteria,
    Kind.PROFILES: _profiles,
    Kind.DEVICES: device.list_all,
    Kind.SCHEMAS: _schemas,
    Kind.BASELINES: _baselines,
}
"""Lists that take no names."""


def _units(which: Sequence[str], *, as_json: bool) -> int:
    """List units with ids, districts, and the routers that they would hang on."""
    known = catalogue()
    if len(which) == 1 and Path(which[0]).suffix == ".csv":
        units = units_from_csv(Path(which[0]))
    else:
        units = [u for text in which for u in known.pick(text)] if which else list(known.units)
    groups = "; ".join(f"{name} ({what})" for name, what in GROUPS.items())
    return _listed(
        "units",
        [unit.model_dump() for unit in units],
        ("id", "name", "district", "year", "router", "km"),
        [
            (
                *(u.id, u.name, u.district, "" if u.year is None else str(u.year), u.router),
                f"{u.km:g}{' *' if u.assumed else ''}",
            )
            for u in units
        ],
        Par(f"units: {len(units)}; * length assumed", tone="quiet"),
        Par(f"groups: {groups}", tone="quiet"),
        as_json=as_json,
        right=(5,),
    )


def _network(province: Path, out: Path | None, *, as_json: bool) -> int:
    """List addresses and the path from each bridge to the MCU; draw or export the network."""
    loaded = load_province(province)
    network = build(loaded)
    if out is not None:
        _write(loaded, network, out)
    addresses, paths = address_rows(network), path_rows(network, shortest_paths(network))
    if as_json:
        print_json(
            {
                "out": None if out is None else str(out),
                "addresses": [asdict(row) for row in addresses],
                "paths": [asdict(row) for row in paths],
                "assumptions": [a.model_dump() for a in assumptions(loaded)],
            }
        )
        return 0
    print_blocks(
        table(
            ("node", "link", "address", "peer", "peer's address"),
            [(a.node, a.link, a.address, a.peer, a.peer_address) for a in addresses],
        ),
        table(
            ("bridge", "path to the MCU", "km", "propagation ms", "bottleneck Mb/s"),
            [
                (
                    *(p.name, " → ".join(p.nodes), f"{p.km:g}{' *' if p.assumed else ''}"),
                    f"{p.propagation_ms:.3f}",
                    f"{p.bottleneck_mbps:g} ({p.bottleneck_link})",
                )
                for p in paths
            ],
            right=(2, 3, 4),
        ),
        Par("* rests on assumptions (all with --json)", tone="quiet"),
        *([] if out is None else [Par(str(out))]),
    )
    return 0


def _write(province: Any, network: Any, out: Path) -> None:
    if out.suffix.lower() == ".graphml":
        export_graphml(province, out)
        return
    if out.suffix.lower() not in MAPS:
        raise InputError(
            "--out {path}: ends otherwise (allowed: .png, .svg, .pdf, .graphml)", path=out
        )
    from giaoban.topology.map.draw import draw  # loads slowly

    with writing(out):
        draw(network, out, title=province.name)
