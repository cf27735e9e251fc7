"""A PDF's seal: an incremental update (ISO 32000-1, 7.5.6) with sums of all that is before it.

The update adds one object that nothing refers to, so every reader shows the file as it was. It
holds the sum of the whole original and one of each part of it. It is computed from the original
alone: whoever checks computes it anew and compares, so a changed byte shows in either.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections import deque
from collections.abc import Iterator
from itertools import islice, pairwise
from typing import Any, NamedTuple

from giaoban.results.model.about import About
from giaoban.sentence import N_, Sentence, said_by

SCHEMA = "giaoban.seal/1"
_HEAD = re.compile(rb"\n(\d+) 0 obj\n<</Type/GiaobanSeal/Length (\d+)>>\nstream\n")
_TRAILER = re.compile(
    rb"trailer\s*<<(?P<dict>.*?)>>\s*startxref\s+(?P<at>\d{1,12})\s+%%EOF\s*$", re.S
)
_SHORT = 16
_STREAM = re.compile(rb"(?:(?!stream).){0,600}?>>\s{0,9}stream\r?\n", re.S)
MOST_FILES = 10
MOST_PARTS, MOST_ATTACHED = 50_000, 8 * 2**20
"""More than that has no document of ours: objects, and bytes of what is attached."""


class PdfPart(NamedTuple):
    """One part of a file: an object of the PDF, and what it is."""

    name: str
    start: int
    end: int


class UnsealedPdf(NamedTuple):
    """A sealed PDF as it was found: `altered` says what is not as it was; `rest` comes after."""

    about: About | None
    base: bytes
    rest: bytes
    altered: list[str]


def sealed(base: bytes) -> bytes:
    """The PDF with its seal. Raises `ValueError` for one that typst would not write."""
    return base + _update(base)


def _update(base: bytes) -> bytes:
    trailer = _TRAILER.match(base, max(base.rfind(b"trailer"), 0))
    if trailer is None:
        raise ValueError(Sentence("a PDF without a cross-reference table at its end"))
    found = re.search(rb"/Size (\d+)", trailer["dict"])
    if found is None:
        raise ValueError(Sentence("a PDF without /Size"))
    number = int(found[1])
    said = json.dumps(
        {
            "schema": SCHEMA,
            "bytes": len(base),
            "sha256": hashlib.sha256(base).hexdigest(),
            "parts": [[p.name, p.start, p.end, _short(base, p)] for p in parts(base)],
        },
        ensure_ascii=True,
        separators=(",", ":"),
    ).encode()
    lead = b"" if base.endswith(b"\n") else b"\n"
    start = len(base) + len(lead)
    body = b"%d 0 obj\n<</Type/GiaobanSeal/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
        number,
        len(said),
        said,
    )
    kept = re.sub(rb"/Prev \d+", b"", trailer["dict"])
    kept = kept.replace(b"/Size %d" % number, b"/Size %d" % (number + 1))
    table = b"xref\n%d 1\n%010d 00000 n\r\ntrailer\n<<%s/Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        number,
        start,
        kept,
        trailer["at"],
        start + len(body),
    )
    return lead + body + table


def unsealed(data: bytes) -> UnsealedPdf | None:
    """Compare a PDF with its seal. None: there is no seal to be found."""
    seals = deque(_HEAD.finditer(data), maxlen=1)
    if not seals:
        return None
    found = seals[0]
    base = data[: found.start()]
    stated = _stated(data, found)
    altered: list[str] = []
    if stated is not None and 0 <= len(base) - int(stated["bytes"]) <= 1:
        base = data[: int(stated["bytes"])]
    try:
        update = _update(base)
    except ValueError as error:
        return UnsealedPdf(None, base, b"", [said_by(error), *_parts_altered(data, stated)])
    end = len(base) + len(update)
    if data[len(base) : end] != update:
        altered = _parts_altered(data, stated) or [Sentence("the seal itself")]
    return UnsealedPdf(attached(base), base, data[end:], altered)


def _stated(data: bytes, found: re.Match[bytes]) -> dict[str, Any] | None:
    """What the seal says, if it can be read at all."""
    try:
        stated = json.loads(data[found.end() : found.end() + int(found[2])])
        if not isinstance(stated["bytes"], int) or not isinstance(stated["parts"], list):
            return None
        if not all(
            len(p) == 4 and isinstance(p[1], int) and isinstance(p[2], int) for p in stated["parts"]
        ):
            return None
        told = sum(min(len(data), abs(p[2] - p[1])) for p in stated["parts"])
        if len(stated["parts"]) > MOST_PARTS or told > 4 * len(data):
            return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return dict(stated)


def _parts_altered(data: bytes, stated: dict[str, Any] | None) -> list[str]:
    if stated is None:
        return [Sentence("the seal itself")]
    found: list[str] = []
    for name, start, end, short in stated["parts"]:
        if _short(data, PdfPart(name, start, end)) != short:
            found.append(
                Sentence("{part} (bytes {start} to {end})", part=_said(name), start=start, end=end)
            )
    return list(dict.fromkeys(found))


def _said(name: object) -> Sentence:
    """A part's name as the seal has it, which is in English."""
    page = re.fullmatch(r"page (\d+)", str(name))
    return Sentence("page {number}", number=int(page[1])) if page else Sentence(str(name))


def _short(data: bytes, part: PdfPart) -> str:
    return hashlib.sha256(data[part.start : part.end]).hexdigest()[:_SHORT]


def parts(base: bytes) -> list[PdfPart]:
    """The whole file in parts, each an object with what it is for, in their order."""
    starts = [m.start() + 1 for m in re.finditer(rb"\n\d+ 0 obj\b", base)]
    table = base.rfind(b"\nxref") + 1
    starts = [start for start in starts if start < table]
    if len(starts) > MOST_PARTS:
        raise ValueError(Sentence("a PDF of more than {most:,} objects", most=MOST_PARTS))
    edges = [0, *starts, table, len(base)]
    kinds = _kinds(base)
    found = []
    for start, end in pairwise(edges):
        head = re.match(rb"(\d+) 0 obj", base[start : start + 20])
        name = N_("the table of objects") if start == table else N_("the head of the file")
        if head:
            name = kinds.get(int(head[1])) or _kind(base[start : min(end, start + 400)])
        found.append(PdfPart(name, start, end))
    return found


def _kinds(base: bytes) -> dict[int, str]:
    """What objects are that pages refer to: `page 3`."""
    found = {}
    number = 0
    for told in base.split(b"endobj")[:-1]:
        head = re.search(rb"\n(\d{1,10}) 0 obj\s*<<", told)
        if head is None or not re.search(rb"/Type/Page\b", told[head.end() :]):
            continue
        number += 1
        found[int(head[1])] = f"page {number}"
        if contents := re.search(rb"/Contents (\d{1,10}) 0 R", told[head.start() :]):
            found[int(contents[1])] = f"page {number}"
    return found


def _kind(head: bytes) -> str:
    for mark, name in (
        (b"/Type/EmbeddedFile", N_("the attached data")),
        (b"/Type/Metadata", N_("the metadata")),
        (b"/Subtype/Image", N_("a picture")),
        (b"/Subtype/Form", N_("a picture")),
        (b"/FontFile", N_("a font")),
        (b"/Type/Font", N_("a font")),
        (b"/Type/StructElem", N_("the structure of the text")),
        (b"/Parent", N_("the table of contents")),
        (b"/Title", N_("the title")),
    ):
        if mark in head:
            return name
    return N_("an inner part")


def attached(base: bytes) -> About | None:
    """What the PDF carries about itself; None: nothing that can be read."""
    for found in _embedded(base):
        try:
            return About.from_json(found)
        except Exception:
            continue
    return None


def _embedded(base: bytes) -> Iterator[bytes]:
    for mark in islice(re.finditer(rb"/Type/EmbeddedFile", base), MOST_FILES):
        begins = max(base.rfind(b" obj", 0, mark.start()), mark.start() - 600)
        found = _STREAM.match(base, mark.end())
        if found is None:
            continue
        head = base[begins : found.end()]
        length = re.search(rb"/Length (\d{1,10})\b", head)
        if length is None:
            continue
        raw = base[found.end() : found.end() + int(length[1])]
        if b"FlateDecode" in head:
            try:
                raw = zlib.decompressobj().decompress(raw, MOST_ATTACHED)
            except zlib.error:
                continue
        yield raw
