"""A DOCX's seal: a part of custom XML with a sum of every other part, and all its texts.

The archive is written in one way only (parts sorted, stored, without times), so whoever checks
writes it again and compares: a changed byte shows. A program that edits the document writes another
archive, but keeps custom XML: what was edited is then found by the texts.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple
from xml.etree import ElementTree

from giaoban.errors import InputError
from giaoban.files import entries_of, refuse_too_many
from giaoban.results.model.about import About
from giaoban.sentence import Sentence

SEAL = "customXml/item1.xml"
_PROPERTIES = "customXml/itemProps1.xml"
_SEAL_RELATIONS = "customXml/_rels/item1.xml.rels"
_BODY = "word/document.xml"
_RELATIONS = "word/_rels/document.xml.rels"
_TYPES = "[Content_Types].xml"
NAMESPACE = "urn:giaoban:seal:1"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_STORE_ID = "{6D1E0C2A-5A0B-4C3E-9E1B-1681CB251013}"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SEALED = re.compile(
    rb'<seal xmlns="urn:giaoban:seal:1" sha256="(?P<sum>[0-9a-f]{64})">'
    rb"<parts>(?P<parts>[^<]*)</parts><about>(?P<about>[A-Za-z0-9+/=\s]*)</about></seal>"
)
MOST_BYTES = 64 * 2**20
MOST_TEXTS = 20_000
MANY = 8
"""More parts than this differ only where another program wrote the whole file anew."""


_NO_ARCHIVE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)


class UnsealedDocx(NamedTuple):
    """A DOCX as it was found: `altered` says what is not as it was made."""

    about: About | None
    altered: list[str]


def sealed(docx: bytes, about: About) -> bytes:
    """The DOCX with its seal. `about.texts` are taken from the document itself."""
    parts = _read(docx)
    parts[_RELATIONS] = parts[_RELATIONS].replace(
        b"</Relationships>",
        b'<Relationship Id="rIdGiaoban" Type="%s/relationships/customXml" '
        b'Target="../%s"/></Relationships>' % (_OFFICE.encode(), SEAL.encode()),
    )
    parts[_TYPES] = parts[_TYPES].replace(
        b"</Types>",
        b'<Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.'
        b'customXmlProperties+xml"/></Types>' % _PROPERTIES.encode(),
    )
    parts[_PROPERTIES] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<ds:datastoreItem ds:itemID="{_STORE_ID}" xmlns:ds="{_OFFICE}/customXml">'
        f'<ds:schemaRefs><ds:schemaRef ds:uri="{NAMESPACE}"/></ds:schemaRefs></ds:datastoreItem>'
    ).encode()
    parts[_SEAL_RELATIONS] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/relationships/customXmlProps" '
        'Target="itemProps1.xml"/></Relationships>'
    ).encode()
    return _written({**parts, SEAL: _seal(parts, about.to_json().encode())})


def _seal(parts: Mapping[str, bytes], about: bytes) -> bytes:
    """The seal of these parts; texts are not XML here, so that nothing rewrites them."""
    sums = " ".join(
        f"{name}={hashlib.sha256(data).hexdigest()}" for name, data in sorted(parts.items())
    )
    said = base64.encodebytes(about).decode()
    total = hashlib.sha256(f"{sums}\n{said}".encode()).hexdigest()
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<seal xmlns="{NAMESPACE}" sha256="{total}"><parts>{sums}</parts>'
        f"<about>{said}</about></seal>"
    ).encode()


def _written(parts: Mapping[str, bytes]) -> bytes:
    """The archive, in the one way it is written; the types first, as readers expect."""
    out = io.BytesIO()
    order = [_TYPES, *sorted(name for name in parts if name != _TYPES)]
    with zipfile.ZipFile(out, "w") as archive:
        for name in order:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = 0, 0
            entry.compress_type = zipfile.ZIP_STORED
            archive.writestr(entry, parts[name])
    return out.getvalue()


def is_docx(data: bytes) -> bool:
    """Whether a file says that it is one, damaged or not."""
    return data[:2] == b"PK" and (b"word/document.xml" in data or NAMESPACE.encode() in data)


def unsealed(data: bytes) -> UnsealedDocx:
    """Compare a DOCX with its seal."""
    try:
        parts = _read(data)
    except (*_NO_ARCHIVE, ValueError, OSError) as error:
        return UnsealedDocx(None, [Sentence("the archive cannot be read: {error}", error=error)])
    sealed_by = next(
        (
            found
            for name, part in parts.items()
            if name.startswith("customXml/") and (found := _SEALED.search(part))
        ),
        None,
    )
    if sealed_by is None:
        return UnsealedDocx(None, [Sentence("the seal: it is missing or damaged")])
    sums = dict(
        pair.rpartition("=")[::2] for pair in sealed_by["parts"].decode(errors="replace").split()
    )
    altered: list[str] = []
    stated = sealed_by["parts"] + b"\n" + sealed_by["about"]
    if hashlib.sha256(stated).hexdigest() != sealed_by["sum"].decode():
        altered.append(Sentence("the seal: it does not give its own sum"))
    try:
        told = base64.b64decode(sealed_by["about"])
        about = About.from_json(told)
    except (InputError, ValueError):
        return UnsealedDocx(None, [*altered, Sentence("the seal: what it says cannot be read")])
    rest = {name: part for name, part in parts.items() if name != SEAL}
    if parts.get(SEAL) == _seal(rest, told) and data == _written(parts):
        return UnsealedDocx(about, altered)
    changed = _parts_altered(rest, sums)
    edits = _edited(about, parts.get(_BODY, b""))
    if len(changed) > MANY:
        saved = Sentence(
            "the archive: saved by another program, {parts} parts differ", parts=len(changed)
        )
        same = Sentence("{saved}; all texts are as they were", saved=saved)
        changed = [saved if edits else same]
    elif edits:
        changed = [item for item in changed if not item.startswith(_BODY)]
    altered += [*edits, *changed]
    return UnsealedDocx(
        about, altered or [Sentence("the archive: written anew by another program")]
    )


def _parts_altered(parts: Mapping[str, bytes], sums: Mapping[str, str]) -> list[str]:
    found: list[str] = [
        Sentence("{path}: was altered", path=name)
        for name, data in parts.items()
        if name in sums and hashlib.sha256(data).hexdigest() != sums[name]
    ]
    found += [Sentence("{path}: was added", path=name) for name in parts if name not in sums]
    found += [Sentence("{path}: is missing", path=name) for name in sums if name not in parts]
    return found


def _edited(about: About, body: bytes) -> list[str]:
    """What was written into the document, text by text."""
    try:
        now = texts_of(body)
    except ElementTree.ParseError as error:
        return [Sentence("{path}: cannot be read: {error}", path=_BODY, error=error)]
    then = [text.text for text in about.texts]
    found: list[str] = []
    if max(len(then), len(now)) > MOST_TEXTS:
        return [] if then == now else [Sentence("{path}: its texts were altered", path=_BODY)]
    matcher = difflib.SequenceMatcher(None, then, now, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            continue
        at = about.texts[min(a, len(then) - 1)].at
        old, new = _quoted(then[a:b]), _quoted(now[c:d])
        if kind == "insert":
            found.append(Sentence("{at}: was added: {new}", at=at, new=new))
        elif kind == "delete":
            found.append(Sentence("{at}: was removed: {old}", at=at, old=old))
        else:
            found.append(Sentence("{at}: {old} became {new}", at=at, old=old, new=new))
    return found


def _quoted(texts: Sequence[str]) -> str:
    shown = " / ".join(f"“{' '.join(text.split())}”" for text in texts[:3])
    return shown + (f" … ({len(texts)})" if len(texts) > 3 else "")


def texts_of(body: bytes) -> list[str]:
    """The texts of `word/document.xml`, a paragraph each, without empty ones."""
    if b"<!ENTITY" in body or b"<!\0E" in body:
        raise ElementTree.ParseError("declares entities")
    root = ElementTree.fromstring(body)
    return [text for par in root.iter(f"{_W}p") if (text := "".join(_runs(par)).strip("\n"))]


def _runs(par: ElementTree.Element) -> Iterator[str]:
    for node in par.iter():
        if node.tag == f"{_W}t":
            yield node.text or ""
        elif node.tag == f"{_W}br":
            yield "\n"


def _read(data: bytes) -> dict[str, bytes]:
    refuse_too_many(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = entries_of(archive, len(data), MOST_BYTES)
        return {entry.filename: archive.read(entry) for entry in entries}
