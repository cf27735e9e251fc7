"""The catalogue: the commune-level units of Đắk Nông in 2013 and 2025, and the departments.

README.md beside `units.csv` states the sources of its figures.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import NOTHING, InputError, listed_by, may_hint
from giaoban.names import key
from giaoban.provenance import Name, Sourced
from giaoban.sentence import N_, Sentence, either, message
from giaoban.table import Row, read_table
from giaoban.topology.model import Identifier, Km, Packets, RateMbps

YEARS = (2013, 2025)
DEPARTMENTS = "departments"
GROUPS: Mapping[str, str] = {
    "all-2013": N_("every commune-level unit of 2013"),
    "all-2025": N_("every commune-level unit of 2025"),
    DEPARTMENTS: N_("the departments of the province"),
}
OTHER_KM = 20.0
"""Assumed access line of a unit that is not at the seat of its district; at the seat it is 3 km."""
SETTLED_BY = N_("a survey of the access line by the telecom company")
_COLUMNS = ("id", "name", "district", "year", "router", "km", "code", "merged_from")
_KINDS = ("huyện", "thị xã", "thành phố", "phường", "thị trấn", "xã")
"""Words before the name of a district or of a commune-level unit."""


class Unit(Sourced):
    """A commune-level unit, a department, or a line of an own list.

    `name` is the full one ("Xã Quảng Sơn"), `district` the one of its access line, `year` that of
    the list of units (None: an own list). The access line would run `km` from `router`; `source`
    and `assumed` are about that length.
    """

    id: Identifier
    name: Name
    district: str
    year: int | None
    router: str
    km: Km
    code: str = ""
    rate_mbps: RateMbps | None = None
    buffer_packets: Packets | None = None

    @property
    def place(self) -> str:
        """Return what distinguishes it from others of its name: "Huyện Đắk Glong, 2013"."""
        return ", ".join(str(part) for part in (self.district, self.year) if part)


@dataclass(frozen=True)
class Catalogue:
    """Units in the order of the file; `districts` has the router of each."""

    units: tuple[Unit, ...]
    districts: Mapping[str, str]

    def pick(self, text: str) -> list[Unit]:
        """Return the units that a text means, in the catalogue's order.

        `text` is an id, a code, a name with or without marks and kind ("xã Quảng Sơn"), a district
        (all its units), one of `GROUPS`, or several of these, separated by commas. A year after a
        name ("Quảng Sơn 2025") chooses the list; without it units of 2013 come first. A bare name
        that a district and a commune share means the district. Raises `InputError`.
        """
        try:
            return self._one(text.strip())
        except InputError:
            parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
            if len(parts) < 2:
                raise
        return [unit for part in parts for unit in self._one(part)]

    def district(self, text: str) -> str | None:
        """Return the full name of a district."""
        return self._districts_by_key.get(key(text))

    def in_district(self, text: str, year: int | None = None) -> list[Unit]:
        """Return the commune-level units of a district. Raises `InputError`."""
        wanted = self.district(text)
        if wanted is None:
            near = _near(text, self.districts)
            raise InputError('unknown district "{text}"{near}', text=text, near=near)
        communes = [unit for unit in self.units if unit.code and unit.district == wanted]
        return [unit for unit in communes if year in (None, unit.year)]

    def named(self, text: str) -> list[Unit]:
        """Return the units of a name or a code, of the first year that has any."""
        name, year = _with_year(text.strip())
        for one in (year,) if year else YEARS:
            if found := self._units_by_key.get((one, key(name))):
                return found
        return []

    @functools.cached_property
    def _districts_by_key(self) -> dict[str, str]:
        return {word: name for name in self.districts for word in _keys(name)}

    @functools.cached_property
    def _units_by_key(self) -> dict[tuple[int | None, str], list[Unit]]:
        found: dict[tuple[int | None, str], list[Unit]] = {}
        for unit in self.units:
            for word in {*_keys(unit.name), unit.code} - {""}:
                found.setdefault((unit.year, word), []).append(unit)
        return found

    def missing(self, name: str) -> Sentence:
        """Return 'no unit "x" in the catalogue', with similar names."""
        near = _near(name, (*(unit.name for unit in self.units), *self.districts, *GROUPS))
        return Sentence('no unit "{name}" in the catalogue{near}', name=name, near=near)

    def _one(self, text: str) -> list[Unit]:
        if by_id := [unit for unit in self.units if unit.id == text]:
            return by_id
        if text == DEPARTMENTS:
            return [unit for unit in self.units if not unit.code]
        if text in GROUPS:
            return [unit for unit in self.units if unit.code and unit.year == int(text[-4:])]
        name, year = _with_year(text)
        if self.district(name) is not None:
            return self.in_district(name, year or YEARS[0])
        found = self.named(text)
        if len(found) > 1:
            which = "; ".join(f"{unit.id} ({unit.place})" for unit in found)
            raise InputError(
                '"{asked}" names {number} units: say one by its id: {which}',
                asked=text,
                number=len(found),
                which=which,
            )
        if not found:
            raise InputError("{missing}", missing=self.missing(name))
        return found


def bare(name: str) -> str:
    """Return the name without the word for its kind: "Xã Quảng Sơn" → "Quảng Sơn"."""
    for kind in _KINDS:
        words = name.split()
        number = len(kind.split())
        if len(words) > number and key(" ".join(words[:number])) == key(kind):
            return " ".join(words[number:])
    return name


def _keys(name: str) -> set[str]:
    """Return a name with and without its kind; marks and case do not count."""
    return {key(name), key(bare(name))}


def _near(text: str, names: Iterable[str]) -> object:
    """Return similar names, compared without marks and kinds."""
    shown = {key(bare(name)): name for name in names}
    near: list[str] = []
    if may_hint(len(shown)):  # comparing takes long in a table of many wrong lines
        near = difflib.get_close_matches(key(bare(text)), list(shown), n=3, cutoff=0.6)
    if not near:
        return listed_by("unit", NOTHING)
    which = either(f'"{shown[word]}"' for word in near)
    return listed_by("unit", Sentence(" (did you mean {which}?)", which=which))


def _with_year(text: str) -> tuple[str, int | None]:
    """ "Quảng Sơn 2025" → ("Quảng Sơn", 2025); a name alone has no year."""
    match = re.fullmatch(r"(.*\S)[\s,(@-]+(\d{4})\)?", text)
    if match is None or int(match[2]) not in YEARS:
        return text, None
    return match[1], int(match[2])


@functools.cache
def catalogue() -> Catalogue:
    """Return the catalogue of Đắk Nông."""
    rows = read_table(Path(__file__).with_name("units.csv"), dict.fromkeys(_COLUMNS, ()), _COLUMNS)
    units = tuple(map(_unit, rows))
    return Catalogue(units, {unit.district: unit.router for unit in units})


def _unit(row: Row) -> Unit:
    code, district, year = row.text("code"), row.text("district"), int(row.text("year"))
    if not code:
        source = message(
            N_(
                "department under Decree 13/2008/NĐ-CP, Art. 8 (list from memory), in the "
                "provincial capital; access length assumed"
            )
        )
    elif year == YEARS[0]:
        source = message(
            N_("unit {code} of 2013, {district}; access length from its router assumed"),
            code=code,
            district=district,
        )
    else:
        source = message(
            N_(
                "unit {code} of 2025, formerly in {district}; access length from its router assumed"
            ),
            code=code,
            district=district,
        )
    return Unit(
        id=row.text("id"),
        name=row.text("name"),
        district=district,
        year=year,
        router=row.text("router"),
        km=float(row.text("km")),
        code=code,
        source=source.en,
        source_vi=source.vi,
        assumed=True,
        settled_by=SETTLED_BY,
    )
