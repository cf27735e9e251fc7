"""Documents as PDF: PDF/A-3a and PDF/UA-1 (ISO 19005-3, ISO 14289-1) by typst.

Everything said is prepared as a `Document`; `annex.typ` only lays it out. Fonts come from named
folders, not from whatever the machine has: the same document and pictures give the same bytes.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Mapping
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import segno
import typst

from giaoban.errors import GiaobanError, InputError, MachineLacks, strerror
from giaoban.processes.ownership import temporary_folder
from giaoban.results.model.run_ids import begun, in_utc
from giaoban.results.report.decimals import room
from giaoban.results.report.document import (
    Block,
    Bullets,
    Document,
    Heading,
    Par,
    Picture,
    Sum,
    Table,
    plain,
)

TEMPLATE = Path(__file__).with_name("annex.typ")
FONTS = Path("/usr/share/fonts/truetype/liberation")
STANDARDS: list[Any] = ["a-3a", "ua-1"]
DECIDED = datetime(2013, 10, 25)
"""The day of the decision: the date of a document whose run does not tell its own."""


def made_at(run_id: str) -> datetime:
    """When a run was made, which is in its id."""
    told = begun(run_id)
    return told.at if told else DECIDED


def check_fonts(fonts: Path = FONTS) -> None:
    """Raises `MachineLacks`: a PDF could not be written."""
    if not any(fonts.glob("LiberationSerif-*.ttf")):
        raise MachineLacks(
            "the font Liberation Serif is not in {fonts}",
            "sudo apt-get install fonts-liberation",
            fonts=fonts,
        )


def pdf(document: Document, made: datetime, *, fonts: Path = FONTS) -> bytes:
    """Return the bytes of a PDF of the time `made`. A time without a zone is that of Việt Nam.

    Raises `InputError` (a picture is not there), `MachineLacks` (fonts).
    """
    check_fonts(fonts)
    with temporary_folder("annex") as root:
        # typst reads only below its root, so everything it needs is put into one folder
        data: dict[str, Any] = {
            "lang": document.lang,
            "name": " – ".join([document.label, *document.title]),
            "subject": document.subject,
            "label": document.label,
            "title": list(document.title),
            "attached": document.attached,
            "mark": document.mark,
            "footer": document.footer,
            "notices": list(document.notices),
            "words": {"table": document.words.table, "picture": document.words.picture},
            "made": list(in_utc(made).timetuple()[:6]),  # typst writes it as UTC
            "blocks": [
                _block(block, root, document.lang, leads=isinstance(following, Bullets))
                for block, following in zip_longest(document.blocks, document.blocks[1:])
            ],
        }
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        shutil.copyfile(TEMPLATE, root / TEMPLATE.name)
        return _compile(root, fonts)


def _block(block: Block, root: Path, lang: str, *, leads: bool) -> Mapping[str, Any]:
    """`leads`: a list follows."""
    match block:
        case Heading():
            return {"kind": "heading", **vars(block)}
        case Par():
            return {"kind": "par", **vars(block), "text": plain(block.text), "leads": leads}
        case Bullets():
            items = [f"{mark} {plain(item)}" for mark, item in block.marked()]
            return {"kind": "bullets", "items": items}
        case Picture():
            return {
                "kind": "picture",
                "file": copied(block.file, root, f"picture-{block.number}"),
                "caption": block.caption,
                "alone": block.alone,
            }
        case Sum():
            file = f"qr-{block.text[:16]}.svg"
            (root / file).write_bytes(qr_svg(block.payload))
            alt = f"QR: {block.payload}"
            return {
                "kind": "sum",
                "label": block.label,
                "text": block.text,
                "file": file,
                "alt": alt,
            }
        case Table():
            return {
                "kind": "table",
                "caption": block.caption,
                "head": [[vars(cell) for cell in row] for row in block.head],
                "rows": [
                    [{**vars(cell), "room": room} for cell, room in zip(*each, strict=True)]
                    for each in zip(block.rows, room(block, lang), strict=True)
                ],
                "widths": list(block.widths),
                "aligns": list(block.aligns),
                "whole": block.whole,
                "small": block.small,
            }


def copied(picture: Path, root: Path, name: str) -> str:
    """A picture put into a folder under another name. Raises `InputError`."""
    target = root / f"{name}{picture.suffix}"
    try:
        shutil.copyfile(picture, target)
    except OSError as error:
        raise InputError(
            "{picture}: picture: {why}", picture=picture, why=strerror(error)
        ) from None
    return target.name


def qr_svg(payload: str) -> bytes:
    """A QR code as vectors (ISO/IEC 18004, error correction M)."""
    out = io.BytesIO()
    segno.make_qr(payload, error="m").save(out, kind="svg", border=4, xmldecl=True, svgns=True)
    return out.getvalue()


def _compile(root: Path, fonts: Path) -> bytes:
    import matplotlib as mpl

    fallback = Path(mpl.get_data_path()) / "fonts" / "ttf"
    try:
        made = typst.compile(
            str(root / TEMPLATE.name),
            root=str(root),
            font_paths=[str(fonts), str(fallback)],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=STANDARDS,
        )
    except RuntimeError as error:
        raise GiaobanError("the document could not be set: {error}", error=error) from error
    if not isinstance(made, bytes):
        raise GiaobanError("the document could not be set: typst gave no PDF")
    return made
