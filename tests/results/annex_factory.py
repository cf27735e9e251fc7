"""Annexes of small results: their texts without setting them, or as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from giaoban.files import write_whole
from giaoban.results.archive.evidence.manifest import sha256
from giaoban.results.model.answers import Answer, kind_of
from giaoban.results.model.manifest import Manifest, Proof
from giaoban.results.model.result import Result
from giaoban.results.report.annex.content import Chapter, document
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes
from giaoban.results.report.document import Table
from giaoban.results.report.letter import Letter

VERSIONS = {"kernel": "6.12.57", "python": "3.13.5", "mininet": "2.3.0", "numpy": "2.1.0"}


def proof(answer: Answer) -> Proof:
    """Of an evidence with nothing in it."""
    manifest = Manifest(
        kind=kind_of(answer),
        run_id=answer.run_id,
        verdict=answer.verdict,
        engine="sandbox",
        seed=answer.inputs.seed,
        code=answer.inputs.code,
        commit=answer.inputs.commit,
        committed=answer.inputs.committed,
        versions=VERSIONS,
        inputs=[],
        files=[],
        left_out=[],
    )
    return Proof(manifest, sha256(manifest.to_json().encode()))


def chapter(
    answer: Answer,
    pictures: Mapping[str, Path] | None = None,
    *,
    proved: bool = True,
) -> Chapter:
    """A result as a part of a document."""
    return Chapter(AnswerWithProof(answer, proof(answer) if proved else None), pictures or {})


def annex(*answers: Answer, letter: Letter | None = None) -> Any:
    """The document itself."""
    return document([chapter(a) for a in answers], letter or Letter())


def said(*answers: Answer) -> str:
    """All its texts, a line each, with plain spaces."""
    found = annex(*answers).texts()
    return "\n".join(text for _, text in found).replace("\u00a0", " ")


def rows(*answers: Answer, caption: str) -> list[list[str]]:
    """The cells of the table whose caption begins so; [] if there is none."""
    for block in annex(*answers).blocks:
        if isinstance(block, Table) and block.caption.startswith(caption):
            return [
                ["\n".join(filter(None, (c.text, c.sub))).replace("\u00a0", " ") for c in row]
                for row in block.rows
            ]
    return []


def write_annex(path: Path, chapters: list[Chapter], **options: Any) -> None:
    """Write an annex to a file."""
    write_whole(path, annex_bytes(chapters, **options)[0])


def write(
    answer: Result,
    pictures: Mapping[str, Path],
    path: Path,
    *,
    proved: bool = True,
    **options: Any,
) -> None:
    """Write the annex of one result as a file."""
    write_annex(path, [chapter(answer, pictures, proved=proved)], **options)
