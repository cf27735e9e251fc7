"""Scenarios by name: those of the project, then those that come with the program."""

from __future__ import annotations

from pathlib import Path

from giaoban.errors import InputError, near_names
from giaoban.scenarios.project.project import BUNDLED, current, scenarios_in


def known() -> dict[str, Path]:
    """Name → file; the project's own takes the place of one of ours."""
    return {path.stem: path for path in (*scenarios_in(BUNDLED), *current().scenario_files())}


def scenario_file(said: Path) -> Path:
    """The file that is meant by a path or a name; a file that exists wins.

    Raises `InputError`: a name that there is not. A path is not looked at: who reads it tells.
    """
    if said.exists() or said.suffix or len(said.parts) != 1:
        return said
    names = known()
    if said.name in names:
        return names[said.name]
    raise InputError(
        'scenario "{name}": there is no such{near}',
        name=said.name,
        near=near_names("scenario", said.name, names),
    )
