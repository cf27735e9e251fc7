"""`map.json`: where everything of a network stands on the page's map, in pixels; y points down."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from giaoban.files import read_file
from giaoban.tomlfile import StrictModel, read_json

SCHEMA = "giaoban.map/1"
FILE = "map.json"


class Router(StrictModel):
    """A router; `name_x`, `name_y` is the middle of its name. `assumed`: its place is."""

    id: str
    name: str
    x: float
    y: float
    name_x: float
    name_y: float
    assumed: bool


class Host(StrictModel):
    """A bridge or the MCU: its dot, and on which side of it its name stands."""

    id: str
    kind: Literal["bridge", "mcu"]
    name: str
    router: str
    x: float
    y: float
    side: Literal["left", "right"]
    chair: bool
    new: bool


class MapLink(StrictModel):
    """A link as a line; `figure_x`, `figure_y` is where a figure may stand (backbone only)."""

    id: str
    kind: Literal["backbone", "access"]
    a: str
    b: str
    x1: float
    y1: float
    x2: float
    y2: float
    figure_x: float | None = None
    figure_y: float | None = None
    rate_mbps: float
    km: float
    assumed: bool


class Map(StrictModel):
    """The whole map; links name their ends as `results` do (`A->B`)."""

    schema_id: Literal["giaoban.map/1"] = Field(default="giaoban.map/1", alias="schema")
    width: float
    height: float
    routers: list[Router]
    hosts: list[Host]
    links: list[MapLink]

    def to_json(self) -> str:
        """The text of `map.json`."""
        return self.model_dump_json(by_alias=True) + "\n"

    @classmethod
    def read(cls, path: Path) -> Map:
        """Raises `InputError` if there is none, or it is none."""
        return read_json(cls, read_file(path), str(path), SCHEMA)
