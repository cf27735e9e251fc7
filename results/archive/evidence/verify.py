"""The comparison of files with what the program wrote: evidences by their own sums, annexes by the
sums that an evidence lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from giaoban.files import MOST_ANSWER, read_file
from giaoban.results.archive.evidence import pack
from giaoban.results.archive.evidence.documents import find_document
from giaoban.results.model.documents import DocumentSum
from giaoban.results.model.manifest import Proof
from giaoban.sentence import N_, Sentence

Kind = Literal["evidence", "pdf", "docx", "page", "unknown"]
_PAGE = N_(
    "a page shows a run, and nothing in it tells whether it was altered: verify the evidence, of "
    "which giaoban view makes the page"
)
_NO_EVIDENCE = N_("its sum is in the evidence of the run: give that file, intact, too")
_NOT_LISTED = N_("its sum is in no evidence given: altered, or written after the evidence")


class VerifiedFile(NamedTuple):
    """The state of one file. `altered`: the differences from the file as it was written.

    `appended`: a PDF begins with the bytes as they were written. `ours` is false where nothing can
    be compared; `foreign` says why. `proof` and `documents` are those of an evidence.
    """

    path: Path
    kind: Kind
    altered: list[str]
    appended: bool = False
    draft: bool = False
    proof: Proof | None = None
    documents: Sequence[DocumentSum] = ()
    ours: bool = True
    foreign: str = ""

    @property
    def intact(self) -> bool:
        """Whether the file was compared, and no byte as it was written differs."""
        return self.ours and not self.altered


def verify(paths: Sequence[Path]) -> list[VerifiedFile]:
    """Compare files, the documents among them with the intact evidences among them.

    Raises `InputError`: a file cannot be read.
    """
    evidences = {path: _evidence(path) for path in paths if _kind(path) == "evidence"}
    intact = [each for each in evidences.values() if each.intact]
    listed = [document for each in intact for document in each.documents]
    return [
        evidences[path] if path in evidences else _compare(path, listed, known=bool(intact))
        for path in paths
    ]


def _kind(path: Path) -> Kind:
    data = read_file(path, most=MOST_ANSWER)
    if data[:4] == b"%PDF" or path.suffix.lower() == ".pdf":
        return "pdf"
    if path.suffix.lower() == ".docx":
        return "docx"
    if pack.is_evidence(data) or path.name.endswith(pack.ENDING):
        return "evidence"
    return "page" if data[:1000].lstrip().lower().startswith(b"<!doctype html") else "unknown"


def _evidence(path: Path) -> VerifiedFile:
    data = read_file(path, most=MOST_ANSWER)
    if not pack.is_evidence(data):
        return _foreign(path, "evidence", Sentence("it is no evidence"))
    opened = pack.open_evidence(data)
    return VerifiedFile(
        path, "evidence", opened.altered, proof=opened.proof, documents=opened.documents
    )


def _compare(path: Path, listed: Sequence[DocumentSum], *, known: bool) -> VerifiedFile:
    """Compare a file with the documents that are listed; `known`: an evidence is there."""
    kind = _kind(path)
    if kind == "page":
        return _foreign(path, kind, Sentence(_PAGE))
    if kind == "unknown":
        return _foreign(path, kind, Sentence("it is no evidence and no annex"))
    if not known:
        return _foreign(path, kind, Sentence(_NO_EVIDENCE))
    data = read_file(path, most=MOST_ANSWER)
    document = find_document(data, listed)
    if document is None or (kind != "pdf" and len(data) > document.bytes):
        return VerifiedFile(path, kind, [Sentence(_NOT_LISTED)])
    return VerifiedFile(path, kind, [], len(data) > document.bytes, document.draft)


def _foreign(path: Path, kind: Kind, why: Sentence) -> VerifiedFile:
    return VerifiedFile(path, kind, [], ours=False, foreign=why)
