"""A run's evidence as one file: a ZIP of what the manifest lists, and the sums of its documents.

Its comment ends with two sums: the manifest's, and that of everything before it in the file, so
that there is no byte that could be changed unnoticed.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, NamedTuple, cast

from giaoban.errors import InputError
from giaoban.files import MOST_ANSWER, entries_of, refuse_too_many, write_whole, writing
from giaoban.results.archive.evidence.manifest import contradictions, read_proof, sha256
from giaoban.results.model.documents import Documents, DocumentSum
from giaoban.results.model.manifest import MANIFEST, KeptFile, Manifest, Proof
from giaoban.sentence import Sentence, joined

ENDING = ".evidence.zip"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_COMMENT = b"giaoban.evidence/1 manifest %s file %s"
_SUM = 64
MOST_BYTES = 2**31
"""An evidence that unpacks to more is not read."""


MOST_MANIFEST = 16 * 2**20


class EvidenceFiles(Mapping[str, bytes]):
    """The files of an archive by name, each unpacked when it is asked for."""

    def __init__(self, data: bytes, entries: Sequence[zipfile.ZipInfo]) -> None:
        self._data = data
        self._entries = {entry.filename: entry for entry in entries}

    def __getitem__(self, name: str) -> bytes:
        entry = self._entries[name]
        if entry.file_size > MOST_ANSWER:
            raise InputError(
                "{name}: larger than {most_answer} MiB, not a file of ours",
                name=name,
                most_answer=MOST_ANSWER >> 20,
            )
        with zipfile.ZipFile(io.BytesIO(self._data)) as archive:
            return archive.read(entry)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


class OpenedEvidence(NamedTuple):
    """An evidence as it was found: `altered` says what is not as it was packed."""

    proof: Proof | None
    files: Mapping[str, bytes]
    altered: list[str]
    documents: Sequence[DocumentSum] = ()


def pack(folder: Path, proof: Proof) -> bytes:
    """The evidence of a run whose files were compared with its manifest (`read_proof`)."""
    files = {kept.path: (folder / kept.path).read_bytes() for kept in proof.manifest.files}
    if (folder / Documents.FILE).is_file():
        files[Documents.FILE] = Documents.read(folder).to_json().encode()
    return packed(files, proof.manifest.to_json().encode())


def packed(files: Mapping[str, bytes], manifest: bytes) -> bytes:
    """Return the archive: the manifest, then the files in the order of their names."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in [(MANIFEST, manifest), *sorted(files.items())]:
            entry = zipfile.ZipInfo(path, _EPOCH)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data, compresslevel=9)
        archive.comment = _COMMENT % (sha256(manifest).encode(), b"0" * _SUM)
    body = out.getvalue()[:-_SUM]
    return body + sha256(body).encode()


def write_evidence(folder: Path, out: Path) -> Proof:
    """Pack a finished run into a file, replacing it in one step.

    Raises `InputError` where a file of the run is not what it was when the run was made.
    """
    proof = read_proof(folder)
    write_whole(out, pack(folder, proof))
    return proof


def is_evidence(data: bytes) -> bool:
    """Whether a file says that it is one, damaged or not."""
    marks = MANIFEST.encode() in data[:64] or b"giaoban.ev" in data
    return data[:2] == b"PK" and marks


def open_evidence(data: bytes) -> OpenedEvidence:
    """Read an evidence and compare every byte with its sums."""
    altered: list[str] = []
    stated = data[-_SUM:]
    if stated != sha256(data[:-_SUM]).encode():
        altered.append(Sentence("the file as a whole: its bytes do not give the sum at its end"))
    try:
        entries, sums = _read(data)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError) as error:
        return OpenedEvidence(None, {}, [*altered, unreadable(error)])
    damaged = [name for name, summed in sums.items() if summed is None]
    altered += [Sentence("{path}: cannot be unpacked", path=name) for name in damaged]
    beside = (MANIFEST, Documents.FILE)
    whole = EvidenceFiles(
        data, [e for e in entries if sums[e.filename] and e.filename not in beside]
    )
    size = next((e.file_size for e in entries if e.filename == MANIFEST and sums[MANIFEST]), None)
    if size is None or size > MOST_MANIFEST:
        return OpenedEvidence(
            None, whole, [*altered, Sentence("{path}: is missing, or too large", path=MANIFEST)]
        )
    text = EvidenceFiles(data, entries)[MANIFEST]
    if _COMMENT % (sha256(text).encode(), stated) != data[-len(_COMMENT % (stated, stated)) :]:
        altered.append(
            Sentence("{path}: does not give the sum that the file states", path=MANIFEST)
        )
    try:
        manifest = Manifest.from_json(text)
        documents = _documents(EvidenceFiles(data, entries)) if sums.get(Documents.FILE) else []
    except InputError as error:
        return OpenedEvidence(None, whole, [*altered, error.said])
    altered += _compared(manifest, sums)
    if not altered:
        altered += contradictions(manifest, whole.get(manifest.answer))
    return OpenedEvidence(Proof(manifest, sha256(text)), whole, altered, documents)


def _documents(files: Mapping[str, bytes]) -> list[DocumentSum]:
    return Documents.from_json(files[Documents.FILE]).documents


def unpack(data: bytes, into: Path) -> Path:
    """The run of an evidence as a folder in `into`, with what the evidence has of it.

    Raises `InputError`: it is not as it was packed; `MachineLacks`.
    """
    opened = open_evidence(data)
    if opened.altered or opened.proof is None:
        raise InputError(
            "the evidence is not as it was packed: {what} (giaoban verify says more)",
            what=joined("; ", opened.altered[:3]),
        )
    folder = into / opened.proof.manifest.run_id  # as all names in it, checked by the manifest
    with writing(folder):
        for name, content in opened.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder


def unreadable(error: Exception) -> Sentence:
    """What is wrong with an archive that cannot be read."""
    ours = error.args[0] if error.args and isinstance(error.args[0], Sentence) else None
    why = ours or Sentence("it is no ZIP file, or a damaged one")
    return Sentence("the archive cannot be read: {error}", error=why)


def _read(data: bytes) -> tuple[list[zipfile.ZipInfo], dict[str, str | None]]:
    """The entries, and their sums by name; None: one whose bytes are damaged."""
    refuse_too_many(data)
    found: dict[str, str | None] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = entries_of(archive, len(data), MOST_BYTES)
        for entry in entries:
            try:
                with io.BufferedReader(_raw(archive.open(entry))) as file:
                    found[entry.filename] = hashlib.file_digest(file, "sha256").hexdigest()
            except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
                found[entry.filename] = None
    return entries, found


def _raw(entry: IO[bytes]) -> io.RawIOBase:
    """An open entry, which is one whatever its type says."""
    return cast(io.RawIOBase, entry)


def _compared(manifest: Manifest, sums: Mapping[str, str | None]) -> list[str]:
    listed: dict[str, KeptFile] = {kept.path: kept for kept in manifest.files}
    found: list[str] = [
        Sentence("{path}: is missing", path=path) for path in listed if path not in sums
    ]
    found += [
        Sentence("{path}: was added", path=path)
        for path in sums
        if path not in listed and path not in (MANIFEST, Documents.FILE)
    ]
    found += [
        Sentence("{path}: was altered", path=path)
        for path, summed in sums.items()
        if summed and path in listed and summed != listed[path].sha256
    ]
    return found
