"""One way to do it: what is added to a scenario, and what is changed in it. Data only.

A variants file holds several of them, to be compared side by side, and what things cost.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.provenance import Name, Sourced, Text
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.model import BridgeSpec, Identifier, Link, LinkChange

MOST_CALLS = 500
"""Of one further meeting."""

MOST_CARDS = 64
"""In one device."""


class OtherMeeting(StrictModel):
    """Another meeting on the same MCU at the same time, of so many bridges.

    They hang on the router `at` (the MCU's own if none is named) and are in their meeting from the
    start. An MCU serves each meeting's calls out of the same units, ports and lines, so they are
    emulated as calls of one conference; each further conference takes the device's reserve.
    """

    calls: Annotated[int, Field(ge=1, le=MOST_CALLS)]
    """How many bridges it has. Like `8`."""
    at: str | None = None
    """Id of the router they hang on; the MCU's own where not given. Like `"r-east"`."""


class Variant(StrictModel):
    """One way to do it: what is different from the scenario; an empty one is it."""

    id: Identifier
    """Short name: a-z, 0-9 and `-`, a letter first. Like `"new-card"`."""
    name: Name | None = None
    """Name in tables and documents. Like `"A second card"`."""
    add: list[Text] = Field(default_factory=list)
    """Bridges: the path of a CSV list, or words for units of the program's catalogue, as
    `giaoban whatif --add` takes them. Like `["communes.csv", "all-2025"]`."""
    bridges: list[BridgeSpec] = Field(alias="bridge", default_factory=list)
    """A bridge to be added."""
    more: Annotated[int, Field(ge=0, le=20_000)] = 0
    """A number of further bridges without a name, at the routers in turn. Like `5`."""
    more_at: str | None = None
    """Id of the router that all of `more` hang on. Like `"r-centre"`."""
    profile: str | None = None
    """Id of another call profile for all. Like `"720p30-1m"`."""
    device: str | None = None
    """Id of another MCU. Like `"rmx-2000-mpmx"`."""
    cards: Annotated[int, Field(ge=1, le=MOST_CARDS)] | None = None
    """The MCU with so many of the same cards. Like `2`."""
    links: list[LinkChange] = Field(alias="link", default_factory=list)
    """Another figure for a link."""
    new_links: list[Link] = Field(alias="new_link", default_factory=list)
    """A link that is built."""
    meetings: list[OtherMeeting] = Field(alias="meeting", default_factory=list)
    """Another meeting on the same MCU at the same time."""
    pace_s: Annotated[float, Field(ge=0.1, le=60)] | None = None
    """How far apart bridges join at least, in seconds. Like `2.0`."""
    without: list[str] = Field(default_factory=list)
    """Ids of links and routers that have failed for good. Like `["north--east"]`."""
    cost: Cost | None = None
    """What the whole variant costs."""

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
    """In millions of đồng. Like `450.0`."""


class Price(Sourced):
    """What one thing costs."""

    what: Literal["device", "bridge", "profile", "link-mbps", "link-km"]
    """`device`: the device `id`, to buy. `bridge`: each bridge added. `profile`: to change all
    calls to another profile (`id`, or any). `link-mbps`: each Mb/s more on a link (`id`, or any).
    `link-km`: each km of a new link."""
    id: str | None = None
    """Id of the device, profile or link. Like `"rmx-2000-mpmx"`."""
    million_vnd: Annotated[float, Field(ge=0, le=10_000_000)]
    """In millions of đồng, for one of it. Like `450.0`."""

    @model_validator(mode="after")
    def _of_one_thing(self) -> Self:
        if self.what == "device" and self.id is None:
            raise ValueError(Sentence('what = "device" needs the id of the device'))
        if self.what in ("bridge", "link-km") and self.id is not None:
            raise ValueError(
                Sentence('what = "{what}" takes no id: it holds for all', what=self.what)
            )
        return self


class UnnamedVariant(Variant):
    """One of options: whoever asked gave it no name, so no mistake is told by its id."""


class Variants(StrictModel):
    """Several ways to do it, to be compared side by side with `giaoban whatif`, and what things
    cost. That units, devices and links exist is checked by the program alone."""

    schema_: Literal["giaoban.variants/1"] = Field(alias="schema")
    scenario: Text
    """Path of the scenario, relative to this file. Like `"scenarios/expansion.toml"`."""
    question: Text
    """The question that the comparison answers. Like `"New card or lower rate?"`."""
    question_vi: Text
    """The same in Vietnamese. Like `"Thêm thẻ hay hạ tốc độ?"`."""
    add: list[Text] = Field(default_factory=list)
    """Words for units that are added in every variant. Like `["all-2025"]`."""
    variants: Annotated[list[Variant], Field(alias="variant", min_length=1, max_length=100)]
    """One way to do it."""
    prices: list[Price] = Field(alias="price", default_factory=list)
    """What one thing costs."""

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
