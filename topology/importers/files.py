"""Reading and writing provinces in files of other formats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from giaoban import tomlfile
from giaoban.errors import InputError
from giaoban.files import read_file, write_whole
from giaoban.provenance import Assumable
from giaoban.sentence import Sentence
from giaoban.topology.importers.complete import Draft, ImportOptions, complete
from giaoban.topology.importers.graphml import graphml, read_graphml
from giaoban.topology.importers.tables import SITES, read_csv
from giaoban.topology.model import Access, Link, Province

Format = Literal["csv", "graphml"]


def import_province(
    path: Path, file_format: Format, options: ImportOptions | None = None
) -> tuple[Province, Draft]:
    """Return the province that a file describes, and its draft with notes. Raises `InputError`."""
    draft = read_csv(path) if file_format == "csv" else read_graphml(path)
    return complete(draft, options), draft


def guess_format(path: Path) -> Format:
    """Return the format by the file's name; a folder holds tables. Raises `InputError`."""
    if not os.path.exists(path):  # `Path.exists` raises for a name that is too long
        read_file(path, "CSV")  # raises the error, with the names of similar files
    if path.is_dir() and (path / SITES).exists():
        return "csv"
    match path.suffix.lower():
        case ".csv":
            return "csv"
        case ".graphml" | ".xml":
            return "graphml"
    raise InputError(
        "{path}: its name does not tell the format (allowed: .csv, .graphml, a folder "
        "with {sites})",
        path=path,
        sites=SITES,
    )


def as_toml(province: Province) -> str:
    """Return the text of the province's TOML file, without keys at their default."""
    data = province.model_dump(by_alias=True, exclude_defaults=True, exclude_none=True)
    return tomlfile.dumps({"schema": province.schema_, **_sources_last(data)})


def _sources_last(value: Any) -> Any:
    """Return the same with the sources of each record after its figures."""
    if isinstance(value, list):
        return [_sources_last(item) for item in value]
    if not isinstance(value, dict):
        return value
    first = {k: _sources_last(v) for k, v in value.items() if k not in Assumable.model_fields}
    return {**first, **{k: v for k, v in value.items() if k in Assumable.model_fields}}


def export_graphml(province: Province, out: Path) -> None:
    """Write a GraphML file. Raises `InputError`.

    Its edges hold figures only: bandwidth profiles, framing and buffers not in packets are refused.
    """
    lines: list[Link | Access] = [*province.links, province.mcu, *province.bridges]
    framed = [province.id] if province.framing else [each.id for each in lines if each.framing]
    for which, what in (
        (framed, Sentence("what a rate counts (framing)")),
        (
            [each.id for each in lines if each.buffer_packets is None],
            Sentence("a buffer in bytes or milliseconds"),
        ),
        ([each.id for each in lines if each.profile], Sentence("a bandwidth profile")),
    ):
        if which:
            raise InputError(
                "{which}: {what} has no place in {format} (allowed: the province's TOML file)",
                which=", ".join(which),
                what=what,
                format="graphml",
            )
    write_whole(out, graphml(province).encode())
