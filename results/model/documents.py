"""The sums of the documents of a run, with which `giaoban verify` compares files."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from giaoban.results.model.answer_files import JsonFile
from giaoban.results.model.result import Sha256
from giaoban.tomlfile import StrictModel


class DocumentSum(StrictModel):
    """The size and the sum of an annex as it was written."""

    bytes: int
    sha256: Sha256
    draft: bool


class Documents(JsonFile):
    """All annexes of a run, the oldest first."""

    FILE: ClassVar[str] = "documents.json"
    schema_id: Literal["giaoban.documents/1"] = Field(default="giaoban.documents/1", alias="schema")
    documents: list[DocumentSum]
