"""Reading a province file."""

from __future__ import annotations

from pathlib import Path

from giaoban import tomlfile
from giaoban.topology.model import Province
from giaoban.topology.usual import unusual
from giaoban.topology.validate import province_mistakes

DEFAULT_PROVINCE = Path(__file__).with_name("province.toml")
"""Đắk Nông as the decision of 2013 describes it."""


def load_province(path: Path = DEFAULT_PROVINCE) -> Province:
    """Read a province and check it whole.

    Raises `InputError` naming file, line, key, value and what is allowed, for every mistake.
    """
    province = tomlfile.load(path, Province)
    if mistakes := [*province_mistakes(province), *unusual(province, province.unusual)]:
        raise tomlfile.mistakes(path, mistakes)
    return province
