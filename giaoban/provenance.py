"""Where a figure comes from: every figure of the data files says it, and whether it is assumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_origin

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from giaoban.errors import did_you_mean
from giaoban.sentence import Sentence
from giaoban.text import LONGEST_NAME
from giaoban.tomlfile import StrictModel, said_by_pydantic, schema_keywords

if TYPE_CHECKING:
    from giaoban.translation import Translator


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError(Sentence("is empty (allowed: any text that says it)"))
    return value


_SAYS = schema_keywords(pattern=r"\S")
Text = Annotated[str, AfterValidator(_text), _SAYS]
Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_text), _SAYS]


class Sourced(StrictModel):
    """A record of figures with their source; without one no figure is taken."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {
                "properties": {"assumed": {"const": True}},
                "required": ["assumed"],
                "additionalProperties": True,
            },
            "then": {"required": ["settled_by"], "additionalProperties": True},
        }
    )

    source: Text
    """Where the figures come from: a document with its article or page, a contract, a measurement;
    of an assumption the reasoning."""
    source_vi: str = ""
    """The same in Vietnamese, for documents in Vietnamese. Without it they show `source`."""
    assumed: bool = False
    """Whether the figures are assumed, so that documents list them as assumptions. Then
    `settled_by` says what would replace them."""
    settled_by: str = ""
    """What would replace the assumption: a survey, a data sheet, a written answer. Only where
    `assumed = true`."""
    settled_by_vi: str = ""
    """The same in Vietnamese."""

    @model_validator(mode="after")
    def _an_assumption_can_be_settled(self) -> Self:
        if self.assumed and not self.settled_by.strip():
            raise ValueError(
                Sentence(
                    "assumed = true needs settled_by (allowed: any text that says "
                    "what would replace the assumption)"
                )
            )
        if not self.assumed and self.settled_by.strip():
            raise ValueError(
                Sentence("settled_by is given but assumed is not true (allowed: both or none)")
            )
        return self

    def said(self, say: Translator) -> tuple[str, str]:
        """The source and what settles it, in one language; in English what has no other."""
        texts = self.source, self.settled_by
        given = (self.source_vi, self.settled_by_vi) if say.language == "vi" else ("", "")
        source, settled_by = (own or say.text(text) for own, text in zip(given, texts, strict=True))
        return source, settled_by


class FigureRange(StrictModel):
    """How far one assumed figure may be from what is said: from `low` to `high`, or one of
    `choices` where it is no number."""

    low: int | float | None = None
    """The lowest that it may be, in the figure's own unit. Like `8.0`."""
    high: int | float | None = None
    """The highest that it may be, in the figure's own unit. Like `20.0`."""
    choices: Annotated[list[str], Field(min_length=2)] | None = None
    """All that it may be, the figure itself among them, where it is no number. Like
    `["fifo", "classes"]`."""
    source: Text
    """What says so: an offer, a data sheet, a survey. Like `"offers of two carriers, 2026"`."""
    source_vi: str = ""
    """The same in Vietnamese. Like `"báo giá của hai nhà mạng, năm 2026"`."""

    @model_validator(mode="after")
    def _two_ends_or_choices(self) -> Self:
        ends = (self.low is not None) + (self.high is not None)
        if ends != (0 if self.choices else 2):
            raise ValueError(
                Sentence("needs low and high, or choices (allowed: the two, or the one)")
            )
        return self

    def times(self, factor: float) -> FigureRange:
        """The same of a figure that is so many of this one."""
        if self.low is None or self.high is None:
            return self
        return self.model_copy(update={"low": self.low * factor, "high": self.high * factor})


Ranges = dict[str, FigureRange]
"""How far figures of a record may be from what is said, by their keys."""


def check_ranges(
    ranges: Ranges, figures: Mapping[str, object], other: Callable[[str, Any], object]
) -> None:
    """Whether a record may have these ranges.

    Args:
        figures: its figures by their keys.
        other: makes the record with a figure's other value, which may be refused.

    Raises:
        ValueError: no such figure, one outside of its range, or a range beyond what is allowed.
    """
    for key, of in ranges.items():
        at = f"range.{key}"
        value = figures.get(key)
        if value is None:
            raise ValueError(
                Sentence("{at}: no such figure here{near}", at=at, near=did_you_mean(key, figures))
            )
        if isinstance(value, str) != (of.choices is not None):
            raise ValueError(
                Sentence("{at}: needs choices (allowed: low and high only of numbers)", at=at)
                if isinstance(value, str)
                else Sentence("{at}: needs low and high (allowed: choices only of words)", at=at)
            )
        ends: list[object] = [*(of.choices or ())] or [of.low, of.high]
        if of.choices is None and not (of.low <= value <= of.high and of.low < of.high):  # type: ignore[operator]
            raise ValueError(
                Sentence(
                    "{at}: {low} to {high} is without {key} = {value} (allowed: low and high "
                    "around the figure)",
                    at=at,
                    low=f"{of.low:g}",
                    high=f"{of.high:g}",
                    key=key,
                    value=f"{value:g}",
                )
            )
        if of.choices is not None and value not in of.choices:
            raise ValueError(
                Sentence('{at}: is without {key} = "{value}" itself', at=at, key=key, value=value)
            )
        for end in ends:
            try:
                other(key, end)
            except ValidationError as error:
                what = said_by_pydantic(dict(error.errors(include_url=False)[0]))
                raise ValueError(
                    Sentence("{at}: {end}: {what}", at=at, end=end, what=what)
                ) from None


def needs_assumed(ranges: Ranges | None, *, assumed: bool) -> None:
    """Raises `ValueError`: figures that are no assumptions have a range."""
    if ranges is not None and not assumed:
        raise ValueError(Sentence("range is given but assumed is not true (allowed: both or none)"))


class Assumable(Sourced):
    """A record of figures each of which, where they are assumed, may have a range."""

    range: Ranges | None = None
    """How far assumed figures may be from what is said, by their keys: from `low` to `high` (or
    `choices`), with a source. Only where `assumed = true`. Like
    `{rate_mbps = {low = 8.0, high = 20.0, source = "offers of two carriers, 2026"}}`."""

    @model_validator(mode="after")
    def _ranges_fit(self) -> Self:
        needs_assumed(self.range, assumed=self.assumed)
        if self.range is not None:
            check_ranges(self.range, self.ranged(), self._with)
        return self

    def ranged(self) -> dict[str, object]:
        """The figures that may have a range, by their keys: numbers, and words out of a list."""
        own = {k: f for k, f in type(self).model_fields.items() if k not in Assumable.model_fields}
        values = {key: getattr(self, key) for key in own}
        return {
            key: value
            for key, value in values.items()
            if (isinstance(value, int | float) and not isinstance(value, bool))
            or get_origin(own[key].annotation) is Literal
        }

    def _with(self, key: str, value: Any) -> object:
        """The record with another figure. Raises `ValidationError`."""
        given = {k: getattr(self, k) for k in self.model_fields_set if k != "range"}
        return type(self).model_validate(given | {key: value})
