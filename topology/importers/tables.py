"""A province as tables: `sites.csv`, `links.csv`, and `settings.toml` for the other keys."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from giaoban import tomlfile
from giaoban.errors import InputError, several
from giaoban.names import distinct, identifier, key
from giaoban.table import Row, perhaps_thousands, read_table, written
from giaoban.topology.carrier_rates import MAY_BE_THOUSANDS
from giaoban.topology.importers.draft import Draft, Kind, Line, Site, Values
from giaoban.topology.model import ID_LENGTH, Province

SITES, LINKS, SETTINGS = "sites.csv", "links.csv", "settings.toml"
_FIGURES = {
    "km": ("độ dài", "độ dài km", "chiều dài", "chiều dài km", "khoảng cách", "khoảng cách km"),
    "rate_mbps": ("tốc độ", "tốc độ mbps", "tốc độ mb/s", "băng thông", "băng thông mbps", "mbps"),
    "buffer_packets": ("hàng đợi", "bộ đệm", "bộ đệm gói"),
    "loss_pct": ("mất gói", "tỷ lệ mất gói"),
}
_SOURCES = {
    "source": ("nguồn", "nguồn số liệu", "căn cứ"),
    "source_vi": (),
    "assumed": ("giả định",),
    "settled_by": ("thay bằng",),
    "settled_by_vi": (),
}
_NOT_READ = {"number": ("stt", "tt", "số thứ tự", "no"), "note": ("ghi chú", "notes", "remark")}
SITE_COLUMNS: dict[str, tuple[str, ...]] = {
    "kind": ("loại", "loại nút"),
    "id": ("mã", "định danh"),
    "name": ("tên", "tên nút", "địa điểm", "điểm", "site"),
    "router": ("bộ định tuyến", "nút"),
    "role": ("vai trò",),
    "device": ("thiết bị",),
    "lat": ("latitude", "vĩ độ"),
    "lon": ("longitude", "lng", "kinh độ"),
    **_FIGURES,
    **_SOURCES,
    **_NOT_READ,
}
LINK_COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("mã", "mã tuyến", "định danh"),
    "a": ("từ", "đầu a", "điểm đầu", "from", "source site"),
    "b": ("đến", "đầu b", "điểm cuối", "to", "target site"),
    **_FIGURES,
    **_SOURCES,
    **_NOT_READ,
}
_KINDS: dict[str, Kind] = {
    "router": "router",
    "bodinhtuyen": "router",
    "nut": "router",
    "bridge": "bridge",
    "diemcau": "bridge",
    "mcu": "mcu",
}
_ROLES = {"chair": "chair", "chutoa": "chair", "branch": "branch", "nhanh": "branch"}
_YES, _NO = ("true", "1", "yes", "x", "co"), ("false", "0", "no", "khong")


def read_csv(path: Path) -> Draft:
    """Read a folder of tables, or a file of sites with `links.csv` beside it.

    Sites without a `kind` are routers, with a bridge at each. Raises `InputError` for every mistake
    with its file and line.
    """
    folder, sites = (path, path / SITES) if path.is_dir() else (path.parent, path)
    site_rows = read_table(sites, SITE_COLUMNS, ("name",))
    link_rows = read_table(folder / LINKS, LINK_COLUMNS, ("a", "b"), may_be_empty=True)
    draft = Draft(sites)
    if (folder / SETTINGS).exists():
        draft.settings = tomlfile.parse(
            folder / SETTINGS, tomlfile.read_text(folder / SETTINGS, "TOML")
        )
    wrong: list[str] = []
    taken = {row.text("id") for row in site_rows}
    for row in site_rows:
        try:
            draft.sites.append(_site(row, taken))
        except InputError as error:
            wrong += error.said.lines()
    first: dict[frozenset[str], Line] = {}
    for row in link_rows:
        try:
            line = _link(row, draft)
            twin = first.setdefault(frozenset((line.a, line.b)), line)
            if twin is not line and not line.id:
                raise row.mistake(
                    'a link between "{a}" and "{b}" is there already, {where} '
                    "(allowed: two that run side by side have an id each)",
                    a=line.a,
                    b=line.b,
                    where=twin.where,
                )
            draft.lines.append(line)
        except InputError as error:
            wrong += error.said.lines()
    if wrong:
        raise several(wrong)
    return draft


def tables(province: Province) -> dict[str, str]:
    """Return the text of each file by its name."""
    data = province.model_dump(by_alias=True, exclude_defaults=True, exclude_none=True)
    sites = [{"kind": "router", **router} for router in data.pop("router")]
    sites.append({"kind": "mcu", **data.pop("mcu")})
    sites += [{"kind": "bridge", **bridge} for bridge in data.pop("bridge")]
    links = data.pop("link", [])
    return {
        SITES: _csv(SITE_COLUMNS, sites),
        LINKS: _csv(LINK_COLUMNS, links),
        SETTINGS: tomlfile.dumps(data),
    }


def _csv(columns: Iterable[str], rows: Sequence[dict[str, Any]]) -> str:
    """Return CSV text with a byte-order mark: spreadsheets need it to read Vietnamese letters."""
    used = [name for name in columns if any(name in row for row in rows)] or list(columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(used)
    writer.writerows([[_cell(name, row.get(name)) for name in used] for row in rows])
    return "\ufeff" + text.getvalue()


def _cell(column: str, value: object) -> str:
    """Return the text of a cell; a number that could mean thousands (1.024) gets one more zero."""
    text = written(value)
    return f"{text}0" if column in MAY_BE_THOUSANDS and perhaps_thousands(text) else text


def _site(row: Row, taken: set[str]) -> Site:
    name = row.text("name")
    if not name:
        raise row.mistake("has no name")
    kind: Kind = "router"
    if (cell := row.cell("kind")) is not None:
        if key(cell.text) not in _KINDS:
            raise cell.mistake("is not known (allowed: router, bridge, mcu)")
        kind = _KINDS[key(cell.text)]
    made = row.text("id")
    if not made:
        prefix = "r-" if kind == "router" else ""
        made = distinct(identifier(f"{prefix}{name}", ID_LENGTH, "n"), taken, ID_LENGTH)
        taken.add(made)
    given = _given(row, ("lat", "lon"))
    if (cell := row.cell("role")) is not None:
        if key(cell.text) not in _ROLES:
            raise cell.mistake("is not known (allowed: chair, branch)")
        given["role"] = _ROLES[key(cell.text)]
    given |= {name: row.text(name) for name in ("router", "device") if row.text(name)}
    return Site(kind, made, name, f"{row.path}:{row.line}", given)


def _link(row: Row, draft: Draft) -> Line:
    ends = []
    for column in ("a", "b"):
        cell = row.cell(column)
        if cell is None:
            raise row.mistake('has no end "{column}"', column=column)
        where = f"{row.path}:{row.line}: column {cell.heading!r}"
        ends.append(draft.router(cell.text, where).id)
    if ends[0] == ends[1]:
        raise row.mistake('joins "{ends}" to itself (allowed: two different routers)', ends=ends[0])
    return Line(row.text("id"), ends[0], ends[1], f"{row.path}:{row.line}", _given(row, ()))


def _given(row: Row, numbers: Sequence[str]) -> Values:
    given: Values = {}
    for name in (*numbers, "km", "rate_mbps", "loss_pct"):
        value = row.number(name, decimals=MAY_BE_THOUSANDS.get(name))
        if value is not None:
            given[name] = value
    if (cell := row.cell("buffer_packets")) is not None:
        given["buffer_packets"] = cell.whole()
    for name in ("source", "source_vi", "settled_by", "settled_by_vi"):
        if row.text(name):
            given[name] = row.text(name)
    given.setdefault("source", f"{row.path.name}, line {row.line}")
    if (cell := row.cell("assumed")) is not None:
        word = key(cell.text)
        if word not in (*_YES, *_NO):
            raise cell.mistake("is not known (allowed: true, false)")
        given["assumed"] = word in _YES
    return given
