"""Where a figure comes from: every figure of the data files says it, and whether it is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from giaoban.sentence import Sentence
from giaoban.text import LONGEST_NAME
from giaoban.tomlfile import StrictModel

if TYPE_CHECKING:
    from giaoban.translation import Translator


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError(Sentence("is empty (allowed: any text that says it)"))
    return value


Text = Annotated[str, AfterValidator(_text)]
Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_text)]


class Sourced(StrictModel):
    """A record of figures with their source.

    `settled_by` is what would replace an assumption. The `_vi` texts are the same in Vietnamese, as
    files of people's own give them; texts of ours are in the catalogues.
    """

    source: Text
    source_vi: str = ""
    assumed: bool = False
    settled_by: str = ""
    settled_by_vi: str = ""

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
