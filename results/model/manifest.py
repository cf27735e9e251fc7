"""`manifest.json` of a run: every file that the answer rests on or consists of, with its SHA-256.

Its own sum (`Proof.sum`) stands for the whole run: documents carry it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field, field_validator

from giaoban.results.model.answer_files import JsonFile
from giaoban.results.model.answers import ANSWERS, Kind
from giaoban.results.model.quantities import Count, Verdict
from giaoban.results.model.result import RunId, Sha256
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel

MANIFEST = "manifest.json"

RelPath = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9._+-]{0,254}(/[A-Za-z0-9_][A-Za-z0-9._+-]{0,254})*$",
        max_length=1024,
    ),
]
"""A path in the run's folder; it cannot lead out of it, and is as long as a disk takes it."""


class KeptFile(StrictModel):
    """One file's sum."""

    path: RelPath
    bytes: Count
    sha256: Sha256


class InputFile(StrictModel):
    """One file that the run was made from: `name` as it was called, `path` where its copy is."""

    role: Literal["scenario", "province", "devices", "criteria", "meeting", "file"]
    name: str
    path: RelPath


class Manifest(JsonFile):
    """All sums of a run. `left_out` are files that are in the run's folder alone."""

    FILE: ClassVar[str] = MANIFEST
    INDENT: ClassVar[int | None] = 1
    schema_id: Literal["giaoban.evidence/1"] = Field(default="giaoban.evidence/1", alias="schema")
    kind: Kind
    run_id: RunId
    verdict: Verdict
    engine: str
    seed: int
    code: str
    commit: str | None
    committed: bool
    versions: dict[str, str]
    inputs: list[InputFile]
    files: list[KeptFile]
    left_out: list[KeptFile]

    @field_validator("files")
    @classmethod
    def _no_file_is_a_folder(cls, files: list[KeptFile]) -> list[KeptFile]:
        paths = {kept.path for kept in files}
        for path in sorted(paths):
            for parent in PurePosixPath(path).parents:
                if str(parent) in paths:
                    raise ValueError(Sentence("{path} is a file and a folder", path=parent))
        return files

    @property
    def answer(self) -> str:
        """The file with the answer."""
        return ANSWERS[self.kind].FILE


class Proof(NamedTuple):
    """A run's manifest with the sum of its bytes."""

    manifest: Manifest
    sum: str
