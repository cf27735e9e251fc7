"""A unit that may become a bridge."""

from __future__ import annotations

from functools import lru_cache

from giaoban.names import key
from giaoban.provenance import Name, Sourced
from giaoban.topology.model import Identifier, Km, Packets, RateMbps

KINDS = ("phường", "thị trấn", "xã")
"""Commune-level units (ward, township, commune), as their names begin."""
DISTRICT_KINDS = ("huyện", "thị xã", "thành phố")
SHORT = {
    "tx": "thị xã",
    "tp": "thành phố",
    "tt": "thị trấn",
    "p": "phường",
    "x": "xã",
    "h": "huyện",
}


class Unit(Sourced):
    """A commune-level unit, a department, or a line of somebody's own list.

    `name` is the full one ("Xã Quảng Sơn"), `district` the one of its access line, `year` that of
    the list of units it belongs to (None: of one's own list). The access line would run `km` from
    `router`; the record's `source` and `assumed` are about that. Without `rate_mbps` and
    `buffer_packets` the line's figures are chosen where bridges are made (`as_bridges`).
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
        """What tells it from others of its name: "Huyện Đắk Glong, 2013"."""
        return ", ".join(str(part) for part in (self.district, self.year) if part)


@lru_cache(maxsize=1 << 16)
def bare(name: str) -> str:
    """The name without the word for its kind: "Xã Quảng Sơn" → "Quảng Sơn", "Tx. X" → "X".

    Single letters count as kinds only before a full stop, as people write "P. Nghĩa Đức".
    """
    for kind in (*KINDS, *DISTRICT_KINDS):
        words = len(kind.split())
        first = name.split()[:words]
        if len(name.split()) > words and key(" ".join(first)) == key(kind):
            return " ".join(name.split()[words:])
    short, dot, rest = name.partition(".")
    if dot and rest.strip() and key(short) in SHORT:
        return rest.strip()
    return name


@lru_cache(maxsize=1 << 16)
def spelt_out(name: str) -> str:
    """The name with the word for its kind in full: "P. Nghĩa Đức" → "phường Nghĩa Đức"."""
    short, dot, rest = name.partition(".")
    if dot and rest.strip() and key(short) in SHORT:
        return f"{SHORT[key(short)]} {rest.strip()}"
    return name
