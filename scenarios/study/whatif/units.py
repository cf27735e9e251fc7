"""Words for units → bridges: names and groups of the catalogue, or a list of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from giaoban.topology.model import BridgeSpec, Province
from giaoban.topology.units import as_bridges, catalogue, units_from_csv

LIST = ".csv"


def beside(words: Sequence[str], folder: Path) -> list[str]:
    """The same words, with the paths of lists taken from the folder of the file they stand in."""
    return [str(folder / word) if word.lower().endswith(LIST) else word for word in words]


def bridges_of(words: Sequence[str], province: Province) -> list[BridgeSpec]:
    """The bridges that words mean, in their order: what `Catalogue.pick` takes, or a CSV file.

    Raises `InputError`: nothing is called so; a unit is there twice, or has no router here.
    """
    units = [
        unit
        for word in words
        for unit in (
            units_from_csv(Path(word)) if word.lower().endswith(LIST) else catalogue().pick(word)
        )
    ]
    return as_bridges(units, province)
