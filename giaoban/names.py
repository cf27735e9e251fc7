"""Identifiers: of access links, and of Vietnamese names, which are found with or without marks."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

ACCESS_PREFIX: Final = "access-"
"""Access links are named after their hosts, so no backbone link may begin like one."""
_D = str.maketrans("đĐðÐ", "dDdD")
"""Đ is a letter of its own, which no decomposition takes apart; ð is often typed for it."""


def access_link_id(host: str) -> str:
    """The id of the access link of a bridge or of the MCU."""
    return f"{ACCESS_PREFIX}{host}"


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
