"""An office's own list of units from a spreadsheet (CSV), and units as bridges of a province."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from giaoban.errors import InputError, several
from giaoban.names import identifier
from giaoban.sentence import N_, Sentence, message
from giaoban.table import Row, read_table
from giaoban.tomlfile import said_by_pydantic
from giaoban.topology.carrier_rates import MAY_BE_THOUSANDS
from giaoban.topology.model import ID_LENGTH, BridgeSpec, Province
from giaoban.topology.units.known import OTHER_KM, SETTLED_BY, YEARS, Unit, catalogue
from giaoban.topology.validate import bridge_mistakes

ACCESS_MBPS, BUFFER_PACKETS = 10.0, 200
"""The access lines of the default province's bridges; its queues hold a burst of key frames."""
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


def units_from_csv(path: Path) -> list[Unit]:
    """Return the units of a list, in its order.

    A line with a name or code of the catalogue takes from there what it does not give itself; any
    other needs a router, or a district of the catalogue. What a line does not give is an
    assumption. Raises `InputError` for every mistake, with file, line and column.
    """
    units: dict[str, tuple[Unit, int]] = {}
    wrong: list[str] = []
    rows = read_table(path, COLUMNS, ("name",))
    places = {(row.text("name"), _district(row)) for row in rows}
    namesakes = Counter(name for name, _ in places)
    for row in rows:
        try:
            unit = _unit(row, namesakes)
            if unit.id in units:
                raise row.mistake(
                    '"{unit}" ({name}) is in the list already, line {taken} (allowed: '
                    "each once; a column district or id tells namesakes apart)",
                    unit=unit.id,
                    name=unit.name,
                    taken=units[unit.id][1],
                )
            units[unit.id] = unit, row.line
        except InputError as error:
            wrong += error.said.lines()
    if wrong:
        raise several(wrong)
    return [unit for unit, _ in units.values()]


def _unit(row: Row, namesakes: Mapping[str, int]) -> Unit:
    name, district = row.text("name"), _district(row)
    if not name:
        raise row.mistake("has no name")
    known = _in_catalogue(row)
    fields: dict[str, object] = {} if known is None else known.model_dump()
    given = {f: row.number(f, decimals=MAY_BE_THOUSANDS.get(f)) for f in ("km", "rate_mbps")}
    fields |= {figure: value for figure, value in given.items() if value is not None}
    if (packets := row.cell("buffer_packets")) is not None:
        fields["buffer_packets"] = packets.whole()
    here = message(N_("{file}, line {line}"), file=row.path.name, line=row.line)
    if row.text("source"):
        here = message("{text}", text=row.text("source"))
    texts = {"source": here.en, "source_vi": here.vi}
    if given["km"] is not None:
        fields |= {**texts, "assumed": False, "settled_by": "", "settled_by_vi": ""}
    elif known is None:
        source = message(N_("{source}; access length from its router assumed"), source=here)
        fields |= {"km": OTHER_KM, "source": source.en, "source_vi": source.vi}
        fields |= {"assumed": True, "settled_by": SETTLED_BY}
    elif row.text("source"):
        fields |= texts
    if known is None:
        full = f"{name} {district}" if namesakes[name] > 1 else name
        fields |= {"id": identifier(full, ID_LENGTH, "u"), "name": name, "district": district}
        fields |= {"year": None, "code": row.text("code")}
    router = row.text("router") or fields.get("router") or catalogue().districts.get(district)
    if not router:
        raise row.mistake(_no_router(row))
    return _checked(row, {**fields, "router": router, "id": row.text("id") or fields["id"]})


def _district(row: Row) -> str:
    return catalogue().district(row.text("district")) or row.text("district")


def _in_catalogue(row: Row) -> Unit | None:
    """Return the unit that a line means, by its code, or by its name within its district."""
    year = row.cell("year")
    if year is not None and year.text not in map(str, YEARS):
        raise year.mistake(
            "is no year of the catalogue (allowed: {years})", years=", ".join(map(str, YEARS))
        )
    for text in (row.text("code"), row.text("name")):
        asked = f"{text} {year.text}" if year is not None and text else text
        district = _district(row)
        found = [u for u in catalogue().named(asked) if not district or u.district == district]
        if len(found) > 1:
            which = ", ".join(f"{unit.name} ({unit.place})" for unit in found)
            raise row.mistake(
                '"{asked}" names {number} units of the catalogue: {which}',
                asked=asked,
                number=len(found),
                which=which,
            )
        if found:
            return found[0]
    return None


def _no_router(row: Row) -> Sentence:
    if district := row.text("district"):
        return Sentence(
            'district "{district}" is not in the catalogue, so the line needs a router and km',
            district=district,
        )
    return Sentence(
        "{missing}; a unit that is not in it needs a router and km",
        missing=catalogue().missing(row.text("name")),
    )


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


def as_bridges(units: Sequence[Unit], province: Province) -> list[BridgeSpec]:
    """Return a branch bridge for each unit, as a scenario's `[[bridge]]` would add it.

    Raises `InputError` for units that are there twice, are a node of the province already, or
    hang on a router that the province does not have.
    """
    bridges = [_bridge(unit) for unit in units]
    if mistakes := bridge_mistakes(province, bridges):
        raise several(
            Sentence("{name}: {what}", name=units[index].name, what=each._replace(loc=loc).said)
            for each in mistakes
            for index, loc in ((each.loc[0], each.loc[1:]),)
            if isinstance(index, int)
        )
    return bridges


def _bridge(unit: Unit) -> BridgeSpec:
    """Return a bridge; the line's rate and queue are assumed where the unit gives none."""
    chosen = unit.rate_mbps is None or unit.buffer_packets is None
    settled = unit.settled_by, unit.settled_by_vi
    if chosen and not unit.assumed:
        settled = N_("the access contract with the telecom company"), ""
    more = message(N_("; rate and queue as of other access lines"))
    return BridgeSpec(
        id=unit.id,
        name=unit.name,
        router=unit.router,
        km=unit.km,
        rate_mbps=ACCESS_MBPS if unit.rate_mbps is None else unit.rate_mbps,
        buffer_packets=BUFFER_PACKETS if unit.buffer_packets is None else unit.buffer_packets,
        source=unit.source + (more.en if chosen else ""),
        source_vi=unit.source_vi + (more.vi if chosen and unit.source_vi else ""),
        assumed=unit.assumed or chosen,
        settled_by=settled[0],
        settled_by_vi=settled[1],
    )
