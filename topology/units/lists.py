"""One's own list of units, from a spreadsheet saved as CSV."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from giaoban.errors import InputError, several
from giaoban.names import distinct, identifier
from giaoban.sentence import N_, Sentence, message
from giaoban.table import Row, read_table
from giaoban.tomlfile import said_by_pydantic
from giaoban.topology.carrier_rates import MAY_BE_THOUSANDS
from giaoban.topology.model import ID_LENGTH
from giaoban.topology.units.known import (
    OTHER_KM,
    SETTLED_BY,
    YEARS,
    catalogue,
)
from giaoban.topology.units.unit import Unit

COLUMNS: dict[str, tuple[str, ...]] = {
    "id": ("mã điểm cầu", "định danh"),
    "name": ("tên", "tên đơn vị", "đơn vị", "điểm cầu", "tên điểm cầu", "xã", "xã phường", "unit"),
    "district": ("huyện", "quận huyện", "tên huyện", "thuộc huyện"),
    "year": ("năm",),
    "code": ("mã", "mã đơn vị", "mã xã", "mã đơn vị hành chính"),
    "router": ("bộ định tuyến", "nút", "nút mạng"),
    "km": ("độ dài", "độ dài km", "chiều dài", "chiều dài km", "khoảng cách", "khoảng cách km"),
    "rate_mbps": ("tốc độ", "tốc độ mbps", "tốc độ mb/s", "băng thông", "băng thông mbps", "mbps"),
    "buffer_packets": ("hàng đợi", "bộ đệm", "bộ đệm gói"),
    "source": ("nguồn", "nguồn số liệu", "căn cứ"),
    "number": ("stt", "tt", "số thứ tự", "no"),
    "note": ("ghi chú", "notes", "remark"),
}
"""Columns of a list with the headings that mean them; `number` and `note` are not used."""
_FIGURES = ("km", "rate_mbps", "buffer_packets")


def units_from_csv(path: Path) -> list[Unit]:
    """The units of a list, in its order.

    A line with a name (or code) of the catalogue takes from there what it does not give itself;
    any other needs a router, or a district of the catalogue whose router it then hangs on. What a
    line gives is a figure of the list; what it does not is an assumption. Lines of the same name in
    two districts get ids of their own.

    Raises:
        InputError: every mistake, with file, line and, where it is one cell, the column.
    """
    rows = read_table(path, COLUMNS, ("name",))
    named: dict[str, set[str]] = {}
    for row in rows:
        wanted = identifier(row.text("name"), ID_LENGTH, "u")
        named.setdefault(wanted, set()).add(_place(row))
    units: list[Unit] = []
    taken: dict[str, int] = {}
    wrong: list[str] = []
    for row in rows:
        try:
            unit = _unit(row, named)
            if unit.id in taken:
                raise row.mistake(
                    '"{unit}" ({name}) is in the list already, line {taken} (allowed: '
                    "each once; a column district or id tells namesakes apart)",
                    unit=unit.id,
                    name=unit.name,
                    taken=taken[unit.id],
                )
            taken[unit.id] = row.line
            units.append(unit)
        except InputError as error:
            wrong += error.said.lines()
    if wrong:
        raise several(wrong)
    return units


def _place(row: Row) -> str:
    district = catalogue().district(row.text("district"))
    return district.name if district is not None else row.text("district")


def _unit(row: Row, named: dict[str, set[str]]) -> Unit:
    name = row.text("name")
    if not name:
        raise row.mistake("has no name")
    found = _in_catalogue(row)
    given: dict[str, object] = {
        figure: row.number(figure, decimals=MAY_BE_THOUSANDS.get(figure)) for figure in _FIGURES
    }
    if (packets := row.cells.get("buffer_packets")) and packets.text:
        given["buffer_packets"] = packets.whole()
    figures: dict[str, object] = {n: v for n, v in given.items() if v is not None}
    here = message(N_("{file}, line {line}"), file=row.path.name, line=row.line)
    if row.text("source"):
        here = message("{text}", text=row.text("source"))
    texts = {"source": here.en, "source_vi": here.vi}
    if found is not None:
        if row.text("router"):
            figures["router"] = row.text("router")
        if "km" in figures:  # the length was what the catalogue assumes
            figures |= {**texts, "assumed": False, "settled_by": "", "settled_by_vi": ""}
        elif row.text("source"):
            figures |= texts
        return _checked(row, {**found.model_dump(), **figures, **_id(row, found.id)})
    place = catalogue().district(row.text("district"))
    router = row.text("router") or (place.router if place is not None else "")
    if not router:
        raise row.mistake(_no_router(row))
    if "km" not in figures:
        figures["km"] = OTHER_KM
        source = message(N_("{source}; access length from its router assumed"), source=here)
        texts = {"source": source.en, "source_vi": source.vi, "settled_by": SETTLED_BY}
    wanted = identifier(name, ID_LENGTH, "u")
    if len(named[wanted]) > 1 and row.text("district"):
        wanted = identifier(f"{name} {_place(row)}", ID_LENGTH, "u")
        if wanted == identifier(name, ID_LENGTH, "u"):  # too long to hold both
            places = sorted(named[wanted])
            others = {f"{wanted}-{n}" for n in range(2, places.index(_place(row)) + 1)}
            wanted = distinct(wanted, {wanted, *others}, ID_LENGTH)
    return _checked(
        row,
        {
            "name": name,
            "district": _place(row),
            "year": None,
            "router": router,
            "code": row.text("code"),
            "assumed": "settled_by" in texts,
            **figures,
            **texts,
            **_id(row, wanted),
        },
    )


def _in_catalogue(row: Row) -> Unit | None:
    """The unit that a line means, by its code, or by its name within its district."""
    district = catalogue().district(row.text("district"))
    year = row.cell("year")
    if year is not None and year.text not in map(str, YEARS):
        raise year.mistake(
            "is no year of the catalogue (allowed: {years})", years=", ".join(map(str, YEARS))
        )
    for text in (row.text("code"), row.text("name")):
        asked = f"{text} {year.text}" if year is not None and text else text
        found = [
            unit
            for unit in catalogue().named(asked)
            if not row.text("district") or (district and unit.district == district.name)
        ]
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            which = ", ".join(f"{unit.name} ({unit.place})" for unit in found)
            raise row.mistake(
                '"{asked}" names {number} units of the catalogue: {which}',
                asked=asked,
                number=len(found),
                which=which,
            )
    return None


def _no_router(row: Row) -> str:
    name, district = row.text("name"), row.text("district")
    if district and catalogue().district(district) is None:
        return Sentence(
            'district "{district}" is not in the catalogue, so the line needs a router and km',
            district=district,
        )
    return Sentence(
        "{missing}; a unit that is not in it needs a router and km",
        missing=catalogue().missing(name),
    )


def _id(row: Row, otherwise: str) -> dict[str, str]:
    return {"id": row.text("id") or otherwise}


def _checked(row: Row, fields: dict[str, object]) -> Unit:
    try:
        return Unit.model_validate(fields)
    except ValidationError as error:
        wrong = []
        for one in error.errors():
            column = str(one["loc"][0]) if one["loc"] else ""
            what = said_by_pydantic(dict(one))
            cell = row.cell(column)
            at_row = row.mistake("{column}: {what}", column=column, what=what)
            wrong.append(cell.mistake(what).said if cell else at_row.said)
        raise several(wrong) from None
