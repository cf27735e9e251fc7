"""The catalogue: every commune-level unit of Đắk Nông in 2013 and 2025, and the departments.

Where its figures come from is in README.md beside the tables.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from giaoban.errors import NOTHING, InputError, listed_by, may_hint
from giaoban.names import distinct, identifier, key
from giaoban.sentence import N_, Sentence, either, message
from giaoban.table import Row, read_table
from giaoban.topology.model import ID_LENGTH
from giaoban.topology.units.unit import Unit, bare, spelt_out

HERE = Path(__file__).parent
YEARS = (2013, 2025)
DEPARTMENTS = "departments"
GROUPS: Mapping[str, str] = {
    "all-2013": N_("every commune-level unit of 2013"),
    "all-2025": N_("every commune-level unit of 2025"),
    DEPARTMENTS: N_("the departments of the province"),
}

SEAT_KM, OTHER_KM = 3.0, 20.0
"""Assumed access lines: from a district's router to the unit it stands in, and to any other."""
CENTRE = "Thị xã Gia Nghĩa"
DEPARTMENT = message(
    N_(
        "department under Decree 13/2008/NĐ-CP, Art. 8 (list from memory), in the provincial "
        "capital; access length assumed"
    )
)
SETTLED_BY = N_("a survey of the access line by the telecom company")


@dataclass(frozen=True)
class District:
    """A district-level unit of 2013; `capital` is the commune-level unit that it is led from."""

    code: str
    name: str
    capital: str
    router: str


@dataclass(frozen=True)
class Catalogue:
    """Units in the order of their codes' tables, and the districts they lie in."""

    units: tuple[Unit, ...]
    districts: tuple[District, ...]

    def pick(self, text: str) -> list[Unit]:
        """The units that a text means, in the catalogue's order. Raises `InputError` for none.

        Args:
            text: an id; a name with or without marks, with or without its kind ("xã Quảng Sơn");
                a district, which means all its units; `all-2013`, `all-2025`, `departments`; or
                several of these, with commas between. A year after a name ("Quảng Sơn 2025")
                chooses among the two lists; without it units of 2013 come first. A bare name that
                a district and a commune share means the district.
        """
        try:
            return self._one(text)
        except InputError:
            parts = [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]
            if len(parts) < 2:
                raise
        return [unit for part in parts for unit in self._one(part)]

    def in_district(self, text: str, year: int | None = None) -> list[Unit]:
        """The commune-level units of a district (by name or code), of one year or of both."""
        wanted = self.district(text)
        if wanted is None:
            raise InputError(
                'unknown district "{text}"{near}',
                text=text,
                near=self._near(text, self._district_names()),
            )
        return [
            unit
            for unit in self.units
            if unit.code and unit.district == wanted.name and year in (None, unit.year)
        ]

    def district(self, text: str) -> District | None:
        """The district of a name, with or without its kind, or of a code."""
        wanted = key(spelt_out(text))
        for district in self.districts:
            if text == district.code or wanted in (key(district.name), key(bare(district.name))):
                return district
        return None

    def _one(self, text: str) -> list[Unit]:
        asked = text.strip()
        by_id = [unit for unit in self.units if unit.id == asked]
        if by_id:
            return by_id
        if asked in GROUPS:
            return self._group(asked)
        name, year = _with_year(asked)
        if (district := self.district(name)) is not None:
            return self.in_district(district.name, year or YEARS[0])
        found = self.named(asked)
        if len(found) > 1:
            which = "; ".join(f"{unit.id} ({unit.place})" for unit in found)
            raise InputError(
                '"{asked}" names {number} units: say one by its id: {which}',
                asked=asked,
                number=len(found),
                which=which,
            )
        if not found:
            raise InputError("{missing}", missing=self.missing(name))
        return found

    def named(self, text: str) -> list[Unit]:
        """Units of a name (with or without kind, marks, year) or a code; of the first year."""
        name, year = _with_year(text.strip())
        if not key(name):
            return []
        for one in (year,) if year else YEARS:
            found = [unit for unit in self.units if unit.year == one and _names(unit, name)]
            if found:
                return found
        return []

    def missing(self, name: str) -> str:
        """'no unit "x" in the catalogue', with what may have been meant."""
        names = [*(unit.name for unit in self.units), *self._district_names(), *GROUPS]
        return Sentence(
            'no unit "{name}" in the catalogue{near}', name=name, near=self._near(name, names)
        )

    def _group(self, name: str) -> list[Unit]:
        if name == DEPARTMENTS:
            return [unit for unit in self.units if not unit.code]
        return [unit for unit in self.units if unit.code and unit.year == int(name[-4:])]

    def _district_names(self) -> list[str]:
        return [district.name for district in self.districts]

    def _near(self, text: str, names: Iterable[str]) -> str:
        """Suggestions compared without marks and kinds, shown with them."""
        shown = {key(bare(name)): name for name in names}
        if not may_hint(len(shown)):
            return listed_by("unit", NOTHING)
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


def _names(unit: Unit, text: str) -> bool:
    """Whether a text is a unit's name, or the name without its kind, or its code."""
    wanted = key(spelt_out(text))
    return (unit.code != "" and text == unit.code) or wanted in (
        key(unit.name),
        key(bare(unit.name)),
    )


@functools.cache
def catalogue() -> Catalogue:
    """The catalogue of Đắk Nông."""
    districts = tuple(
        District(row.text("code"), row.text("district"), row.text("capital"), row.text("router"))
        for row in _rows("districts.csv", "code", "district", "capital", "router")
    )
    taken: set[str] = set()
    old = list(_units_2013(districts, taken))
    new = list(_units_2025(districts, old, taken))
    return Catalogue((*old, *new, *_departments(districts, taken)), districts)


def _rows(file: str, *columns: str) -> list[Row]:
    every = ("lat", "lon", "coord_source", *columns) if file == "districts.csv" else columns
    return read_table(HERE / file, dict.fromkeys(every, ()), columns)


def _units_2013(districts: Sequence[District], taken: set[str]) -> Iterator[Unit]:
    by_name = {district.name: district for district in districts}
    rows = _rows("communes-2013.csv", "code", "name", "type", "district")
    full = [f"{row.text('type')} {row.text('name')}" for row in rows]
    doubled = {name for name in full if full.count(name) > 1}
    for row, name in zip(rows, full, strict=True):
        district = by_name[row.text("district")]
        wanted = f"{name} {bare(district.name)}" if name in doubled else name
        at_seat = key(row.text("name")) == key(district.capital) or row.text("type") == "phường"
        code = row.text("code")
        source = message(
            N_("unit {code} of 2013, {district}; access length from its router assumed"),
            code=code,
            district=district.name,
        )
        ident, shown = _taken(wanted, taken), name[0].upper() + name[1:]
        yield _unit(ident, shown, district, 2013, source, at_seat=at_seat, code=code)


def _units_2025(
    districts: Sequence[District], old: Sequence[Unit], taken: set[str]
) -> Iterator[Unit]:
    """A unit of 2025 kept the code of one that it was made of: there its line is taken to end."""
    by_code = {unit.code: unit for unit in old}
    by_name = {district.name: district for district in districts}
    for row in _rows("communes-2025.csv", "new_code", "new_name", "merged_from"):
        code, name = row.text("new_code"), row.text("new_name")
        district = by_name[by_code[code].district]
        parts = [key(bare(part.strip())) for part in row.text("merged_from").split(";")]
        at_seat = key(district.capital) in parts or name.startswith("Phường")
        source = message(
            N_(
                "unit {code} of 2025, formerly in {district}; access length from its router assumed"
            ),
            code=code,
            district=district.name,
        )
        ident = _taken(name, taken, "2025")
        yield _unit(ident, name, district, 2025, source, at_seat=at_seat, code=code)


def _departments(districts: Sequence[District], taken: set[str]) -> Iterator[Unit]:
    centre = next(district for district in districts if district.name == CENTRE)
    for row in _rows("departments.csv", "id", "name"):
        taken.add(row.text("id"))
        yield _unit(row.text("id"), row.text("name"), centre, 2013, DEPARTMENT, at_seat=True)


def _unit(
    ident: str,
    name: str,
    district: District,
    year: int,
    source: Sentence,
    *,
    at_seat: bool,
    code: str = "",
) -> Unit:
    """A unit at its district's router; how long its access line is nobody says."""
    return Unit(
        id=ident,
        name=name,
        district=district.name,
        year=year,
        router=district.router,
        km=SEAT_KM if at_seat else OTHER_KM,
        code=code,
        source=source.en,
        source_vi=source.vi,
        assumed=True,
        settled_by=SETTLED_BY,
    )


def _taken(wanted: str, taken: set[str], suffix: str = "") -> str:
    made = identifier(wanted, ID_LENGTH)
    if made in taken and suffix:
        made = f"{made}-{suffix}"
    made = distinct(made, taken, ID_LENGTH)
    taken.add(made)
    return made
