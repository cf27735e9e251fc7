"""The list of a run's documents, and the comparison of a file with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from giaoban.files import write_whole
from giaoban.results.archive.evidence.manifest import sha256
from giaoban.results.model.documents import Documents, DocumentSum


def record_document(folder: Path, data: bytes, *, draft: bool) -> None:
    """Add the sum of a document to the list in a run's folder.

    Raises `InputError`: the list is damaged, or the folder cannot be written to.
    """
    entry = DocumentSum(bytes=len(data), sha256=sha256(data), draft=draft)
    known = Documents.read(folder).documents if (folder / Documents.FILE).is_file() else []
    if entry not in known:
        text = Documents(documents=[*known, entry]).to_json()
        write_whole(folder / Documents.FILE, text.encode())


def find_document(data: bytes, listed: Iterable[DocumentSum]) -> DocumentSum | None:
    """Return the document that the bytes are or begin with; None: none of those listed."""
    fitting = (each for each in listed if each.bytes <= len(data))
    return next((each for each in fitting if sha256(data[: each.bytes]) == each.sha256), None)
