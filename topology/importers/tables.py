"""A network as tables that people keep: `sites.csv` and `links.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from giaoban.errors import InputError, several
from giaoban.names import distinct, identifier, key
from giaoban.table import Row, read_table
from giaoban.topology.carrier_rates import MAY_BE_THOUSANDS
from giaoban.topology.importers.complete import Draft, Kind, Record, Values
from giaoban.topology.model import ID_LENGTH

SITES, LINKS = "sites.csv", "links.csv"
_FIGURES = {
    "km": ("độ dài", "độ dài km", "chiều dài", "chiều dài km", "khoảng cách", "khoảng cách km"),
    "rate_mbps": ("tốc độ", "tốc độ mbps", "tốc độ mb/s", "băng thông", "băng thông mbps", "mbps"),
    "buffer_packets": ("hàng đợi", "bộ đệm", "bộ đệm gói"),
    "loss_pct": ("mất gói", "tỷ lệ mất gói"),
}
_SOURCES = {"source": ("nguồn", "nguồn số liệu", "căn cứ")}
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


def read_csv(path: Path) -> Draft:
    """Read a folder of tables, or a file of sites with `links.csv` beside it.

    Sites without a `kind` are routers, with a bridge at each. Raises `InputError` for every mistake
    with its file and line.
    """
    folder, sites = (path, path / SITES) if path.is_dir() else (path.parent, path)
    site_rows = read_table(sites, SITE_COLUMNS, ("name",))
    link_rows = read_table(folder / LINKS, LINK_COLUMNS, ("a", "b"), may_be_empty=True)
    draft = Draft(sites)
    taken = {row.text("id") for row in site_rows}
    wrong = _duplicates(site_rows) + _duplicates(link_rows)
    for row in site_rows:
        try:
            draft.sites.append(_site(row, f"{row.path}:{row.line}", taken))
        except InputError as error:
            wrong += error.said.lines()
    if wrong:  # links name sites
        raise several(wrong)
    pairs: dict[frozenset[object], str] = {}
    for row in link_rows:
        try:
            link = _link(row, draft)
            pair = frozenset((link.given["a"], link.given["b"]))
            if pairs.setdefault(pair, link.where) != link.where and not link.id:
                raise row.mistake(
                    'a link between "{a}" and "{b}" is there already, {where} '
                    "(allowed: two that run side by side have an id each)",
                    a=link.given["a"],
                    b=link.given["b"],
                    where=pairs[pair],
                )
            draft.links.append(link)
        except InputError as error:
            wrong += error.said.lines()
    if wrong:
        raise several(wrong)
    return draft


def _duplicates(rows: Sequence[Row]) -> list[str]:
    """Return an error for each row whose id another row has."""
    lines: dict[str, int] = {}
    return [
        row.mistake(
            'id "{id}" is that of line {line} (allowed: each once)', id=ident, line=first
        ).said
        for row in rows
        if (ident := row.text("id")) and (first := lines.setdefault(ident, row.line)) != row.line
    ]


def _site(row: Row, where: str, taken: set[str]) -> Record:
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
    given = {"name": name, **_given(row)}
    if (cell := row.cell("role")) is not None:
        if key(cell.text) not in _ROLES:
            raise cell.mistake("is not known (allowed: chair, branch)")
        given["role"] = _ROLES[key(cell.text)]
    return Record(made, where, given, kind)


def _link(row: Row, draft: Draft) -> Record:
    where, ends = f"{row.path}:{row.line}", {}
    for column in ("a", "b"):
        cell = row.cell(column)
        if cell is None:
            raise row.mistake('has no end "{column}"', column=column)
        ends[column] = draft.router(cell.text, f"{where}: column {cell.heading!r}").id
    if ends["a"] == ends["b"]:
        raise row.mistake(
            'joins "{ends}" to itself (allowed: two different routers)', ends=ends["a"]
        )
    return Record(row.text("id"), where, {**ends, **_given(row)})


def _given(row: Row) -> Values:
    given: Values = {}
    for name in ("lat", "lon", "km", "rate_mbps", "loss_pct"):
        value = row.number(name, decimals=MAY_BE_THOUSANDS.get(name))
        if value is not None:
            given[name] = value
    if (cell := row.cell("buffer_packets")) is not None:
        given["buffer_packets"] = cell.whole()
    for name in ("router", "device", "source"):
        if row.text(name):
            given[name] = row.text(name)
    given.setdefault("source", f"{row.path.name}, line {row.line}")
    return given
