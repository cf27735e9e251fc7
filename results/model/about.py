"""What a document carries about itself: which runs it is of, their sums and inputs, its texts."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import JsonFile
from giaoban.results.model.answers import Kind
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import RunId, Sha256
from giaoban.tomlfile import Lines, StrictModel

ATTACHMENT = "giaoban.json"


class InputSum(StrictModel):
    """One file that a run was made from."""

    role: str
    name: str
    sha256: Sha256


class RunSum(StrictModel):
    """One run; `sum` is its manifest's, null if it has no evidence."""

    run_id: RunId
    kind: Kind
    verdict: Verdict
    seed: int
    code: str
    sum: Sha256 | None
    inputs: list[InputSum]


class Text(StrictModel):
    """One text of the document, and where it is."""

    at: str
    text: Lines


class About(JsonFile):
    """The whole of it; `texts` are in the order of reading."""

    FILE: ClassVar[str] = ATTACHMENT
    INDENT: ClassVar[int | None] = 1
    schema_id: Literal["giaoban.document/1"] = Field(default="giaoban.document/1", alias="schema")
    lang: str
    draft: bool
    attached: str
    runs: list[RunSum]
    texts: list[Text]
