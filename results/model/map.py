"""`map.json`: where everything of a network stands on the page's map, in pixels; y points down."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import JsonFile
from giaoban.tomlfile import StrictModel


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


class Map(JsonFile):
    """The whole map; links name their ends as `results` do (`A->B`)."""

    FILE: ClassVar[str] = "map.json"
    INDENT: ClassVar[int | None] = None
    schema_id: Literal["giaoban.map/1"] = Field(default="giaoban.map/1", alias="schema")
    width: float
    height: float
    routers: list[Router]
    hosts: list[Host]
    links: list[MapLink]
