"""One way to do it: what is added to a scenario, and what is changed in it. Data only.

A variants file holds several of them, to be compared side by side, and what things cost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban import tomlfile
from giaoban.provenance import Name, Sourced, Text
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.model import BridgeSpec, Identifier, Link, LinkChange

MOST_CALLS = 500
"""Of one further meeting."""


class OtherMeeting(StrictModel):
    """Another meeting on the same MCU at the same time, of so many bridges.

    They hang on the router `at` (the MCU's own if none is named) and are in their meeting from the
    start. An MCU serves each meeting's calls out of the same units, ports and lines, so they are
    emulated as calls of one conference; each further conference takes the device's reserve.
    """

    calls: Annotated[int, Field(ge=1, le=MOST_CALLS)]
    at: str | None = None


class Variant(StrictModel):
    """What is different from the scenario; an empty one is the scenario as it is.

    `add` are words for units: a name or id of the catalogue, a district, `all-2013`, `all-2025`,
    `departments`, or the path of a CSV list. `more` is a number of further bridges without a name,
    at the routers in turn, or all at the router `more_at`. `cards`: the device with so many of the
    same cards. `pace_s`: bridges join so far apart, at least. `without` are links and routers that
    have failed for good.
    """

    id: Identifier
    name: Name | None = None
    add: list[Text] = Field(default_factory=list)
    bridges: list[BridgeSpec] = Field(alias="bridge", default_factory=list)
    more: Annotated[int, Field(ge=0, le=20_000)] = 0
    more_at: str | None = None
    profile: str | None = None
    device: str | None = None
    cards: Annotated[int, Field(ge=1, le=64)] | None = None
    links: list[LinkChange] = Field(alias="link", default_factory=list)
    new_links: list[Link] = Field(alias="new_link", default_factory=list)
    meetings: list[OtherMeeting] = Field(alias="meeting", default_factory=list)
    pace_s: Annotated[float, Field(ge=0.1, le=60)] | None = None
    without: list[str] = Field(default_factory=list)
    cost: Cost | None = None

    @model_validator(mode="after")
    def _one_device(self) -> Self:
        if self.device is not None and self.cards is not None:
            raise ValueError(Sentence("device and cards are both given (allowed: one of them)"))
        if self.more_at is not None and not self.more:
            raise ValueError(Sentence("more_at means nothing without more"))
        return self


class Cost(Sourced):
    """What a whole variant costs, as somebody offered it, in millions of đồng."""

    million_vnd: Annotated[float, Field(ge=0, le=10_000_000)]


class Price(Sourced):
    """What one thing costs, in millions of đồng.

    `device`: the device `id`, to buy. `bridge`: each bridge added. `profile`: to change all calls
    to another profile (`id`, or any). `link-mbps`: each Mb/s more on a link (`id`, or any).
    `link-km`: each km of a new link.
    """

    what: Literal["device", "bridge", "profile", "link-mbps", "link-km"]
    id: str | None = None
    million_vnd: Annotated[float, Field(ge=0, le=10_000_000)]

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if self.what == "device" and self.id is None:
            raise ValueError(Sentence('what = "device" needs the id of the device'))
        if self.what in ("bridge", "link-km") and self.id is not None:
            raise ValueError(
                Sentence('what = "{what}" takes no id: it holds for all', what=self.what)
            )
        return self


class Variants(StrictModel):
    """A variants file: `whatif A vs B vs C`. The path of the scenario is relative to the file.

    `common` is added to every variant: units, bridges, meetings that all of them are about.
    """

    schema_: Literal["giaoban.variants/1"] = Field(alias="schema")
    scenario: Text
    question: Text
    question_vi: Text
    add: list[Text] = Field(default_factory=list)
    variants: Annotated[list[Variant], Field(alias="variant", min_length=1, max_length=100)]
    prices: list[Price] = Field(alias="price", default_factory=list)

    @model_validator(mode="after")
    def _once(self) -> Self:
        ids = [variant.id for variant in self.variants]
        if twice := sorted({ident for ident in ids if ids.count(ident) > 1}):
            raise ValueError(Sentence('two variants have the id "{twice}"', twice=twice[0]))
        keys = [(price.what, price.id) for price in self.prices]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(
                    Sentence(
                        "two prices are of {key}{value}",
                        key=key[0],
                        value=f" {key[1]}" if key[1] else "",
                    )
                )
        return self


def load_variants(path: Path) -> Variants:
    """Read a variants file. Raises `InputError` naming every mistake with its line."""
    return tomlfile.load(path, Variants)
