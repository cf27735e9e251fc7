"""Identifiers: of access links, and of Vietnamese names, which are found with or without marks;
names of links by their ends."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

ACCESS_PREFIX: Final = "access-"
"""Access links are named after their hosts, so no backbone link may begin like one."""
BETWEEN: Final = " – "
"""Stands between the ends in a link's name."""
_D = str.maketrans("đĐðÐ", "dDdD")
"""Đ is a letter of its own, which no decomposition takes apart; ð is often typed for it."""


def access_link_id(host: str) -> str:
    """The id of the access link of a bridge or of the MCU."""
    return f"{ACCESS_PREFIX}{host}"


def link_names(ends: Mapping[str, tuple[str, str]], names: Mapping[str, str]) -> dict[str, str]:
    """What people call the links between routers: `A – B`, and where others lie beside them, which
    would be called the same, `A – B (ID)`.

    Args:
        ends: the two routers of each link, by its id.
        names: what people call routers.
    """
    called = {link: tuple(names.get(end, end) for end in both) for link, both in ends.items()}
    alike = Counter(frozenset(both) for both in called.values())
    return {
        link: BETWEEN.join(both) + (f" ({link})" if alike[frozenset(both)] > 1 else "")
        for link, both in called.items()
    }


def backbone_ends(directions: Iterable[Iterable[str]]) -> dict[str, tuple[str, str]]:
    """The two routers of each link between routers, of (id, `A->B`) as results name directions."""
    found: dict[str, tuple[str, str]] = {}
    for link, direction in directions:
        if not link.startswith(ACCESS_PREFIX):
            source, _, target = direction.partition("->")
            found.setdefault(link, (source, target))
    return found


def link_tag(link: str, names: Mapping[str, str]) -> str:
    """What tells a link from those beside it in its name by `link_names`: ` (ID)`, or nothing."""
    tag = f" ({link})"
    return tag if names.get(link, "").endswith(tag) else ""


def link_ends(link: str, names: Mapping[str, str]) -> tuple[str, str] | None:
    """What people call the two ends of a link that `names` have as `link_names` made it; None where
    they do not. Only of what is known to be a link: what else there is may be called alike."""
    told = names.get(link, "").removesuffix(f" ({link})")
    if BETWEEN not in told:
        return None
    known, found = set(names.values()), re.finditer(BETWEEN, told)
    both = ((told[: at.start()], told[at.end() :]) for at in found)  # a router's own may have it
    return next((ends for ends in both if known.issuperset(ends)), None)


def plain(name: str) -> str:
    """The name without marks, in lower case: "Đắk R'Lấp" → "dak r'lap"."""
    taken_apart = unicodedata.normalize("NFD", name.translate(_D))
    return "".join(c for c in taken_apart if not unicodedata.combining(c)).lower()


def slug(name: str) -> str:
    """The name in ASCII words joined by "-": "Đắk R'Lấp" → "dak-r-lap". May be empty."""
    return re.sub(r"[^a-z0-9]+", "-", plain(name)).strip("-")


@lru_cache(maxsize=1 << 16)
def key(name: str) -> str:
    """What is left of a name when marks, case, spaces and signs do not count: "dakrlap"."""
    return slug(name).replace("-", "")


def identifier(name: str, longest: int, prefix: str = "") -> str:
    """An identifier made of a name: its slug, with a letter first, of whole words if it is long."""
    made = slug(name)
    if prefix and (not made or not made[0].isalpha()):
        made = f"{prefix}-{made}".strip("-")
    while len(made) > longest and "-" in made:
        made = made.rpartition("-")[0]
    return made[:longest]


def distinct(wanted: str, taken: set[str], longest: int) -> str:
    """`wanted`, or with the first number that makes it new: "x", "x-2", "x-3" …"""
    if wanted not in taken:
        return wanted
    number = 2
    while (made := f"{wanted[: longest - len(str(number)) - 1].rstrip('-')}-{number}") in taken:
        number += 1
    return made
