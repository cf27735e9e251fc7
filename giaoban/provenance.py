"""Where a figure comes from: every figure of the data files says it, and whether it is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from giaoban.sentence import Sentence
from giaoban.text import LONGEST_NAME
from giaoban.tomlfile import StrictModel, told

if TYPE_CHECKING:
    from giaoban.translation import Translator


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError(Sentence("is empty (allowed: any text that says it)"))
    return value


_SAYS = told(pattern=r"\S")
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
