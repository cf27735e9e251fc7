"""The annex as DOCX (ISO/IEC 29500), for offices that edit: the same blocks as the PDF's.

Pictures are vectors (SVG) with pixels behind them for programs that cannot show those. No time is
written but the run's, so that the same document gives the same bytes.
"""

from __future__ import annotations

import io
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import docx
import docx.image.exceptions
import docx.image.image
import segno
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm, Pt, RGBColor

from giaoban.errors import InputError
from giaoban.results.model.run_ids import in_utc
from giaoban.results.report.decimals import room
from giaoban.results.report.document import (
    Block,
    Bullets,
    Cell,
    Document,
    Heading,
    Par,
    Picture,
    Sum,
    Table,
    plain,
)

SVG_TYPE = "image/svg+xml"
_SVG_EXTENSION = "{96DAC541-7B7A-43D3-8B79-37D633B846F1}"
_SVG_NAMESPACE = "http://schemas.microsoft.com/office/drawing/2016/SVG/main"


def page_number_field(par: Any) -> None:
    """The page's number, which the program that shows it counts."""
    for kind, text in (
        ("begin", None),
        (None, "PAGE"),
        ("separate", None),
        (None, "2"),
        ("end", None),
    ):
        run = par.add_run()
        if kind is not None:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._element.append(mark)
        elif text == "PAGE":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = text
            run._element.append(code)
        else:
            run.text = text


def watermark(par: Any, text: str) -> None:
    """Large faint letters behind the page's text, as Word itself makes them (VML in a header)."""
    shape = (
        f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office"><w:pict>'
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
        'path="m@7,l@8,m@5,21600l@6,21600e"><v:formulas><v:f eqn="sum #0 0 10800"/>'
        '<v:f eqn="prod #0 2 1"/><v:f eqn="sum 21600 0 @1"/><v:f eqn="sum 0 0 @2"/>'
        '<v:f eqn="sum 21600 0 @3"/><v:f eqn="if @0 @3 0"/><v:f eqn="if @0 21600 @1"/>'
        '<v:f eqn="if @0 0 @2"/><v:f eqn="if @0 @4 21600"/></v:formulas>'
        '<v:path textpathok="t" o:connecttype="rect"/><v:textpath on="t" fitshape="t"/>'
        '</v:shapetype><v:shape id="giaoban-mark" type="#_x0000_t136" '
        'style="position:absolute;margin-left:0;margin-top:0;width:440pt;height:110pt;'
        "rotation:308;z-index:-251658752;mso-position-horizontal:center;"
        "mso-position-horizontal-relative:margin;mso-position-vertical:center;"
        'mso-position-vertical-relative:margin" fillcolor="#e3c4c4" stroked="f">'
        '<v:fill opacity=".5"/><v:textpath style="font-family:&quot;Times New Roman&quot;;'
        f'font-size:1pt;font-weight:bold" string={quoteattr(text)}/></v:shape></w:pict></w:r>'
    )
    par._element.append(parse_xml(shape))


def add_svg(paper: Any, shape: Any, vectors: bytes, name: str, alt: str) -> None:
    """Vectors for a picture whose pixels are there, and what it shows in words."""
    part = Part(PackURI(name), SVG_TYPE, vectors, paper.part.package)
    ident = paper.part.relate_to(part, RELATIONSHIP_TYPE.IMAGE)
    blip = shape._inline.graphic.graphicData.pic.blipFill.blip
    blip.append(
        parse_xml(
            f'<a:extLst {nsdecls("a")}><a:ext uri="{_SVG_EXTENSION}">'
            f'<asvg:svgBlip xmlns:asvg="{_SVG_NAMESPACE}" {nsdecls("r")} r:embed="{ident}"/>'
            "</a:ext></a:extLst>"
        )
    )
    said = shape._inline.docPr
    said.set("descr", alt)
    said.set("name", name.rpartition("/")[2].removesuffix(".svg"))


def bordered(table: Any, colour: str, eighths: int, *, margin: int = 60, above: int = 0) -> None:
    """Lines around all cells, in eighths of a point, and margins within, in twentieths of one: at
    the sides, and above and below."""
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="{eighths}" w:space="0" w:color="{colour}"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    sides = {"top": above, "left": margin, "bottom": above, "right": margin}
    margins = "".join(f'<w:{edge} w:w="{w}" w:type="dxa"/>' for edge, w in sides.items() if w)
    properties = table._tbl.tblPr
    properties.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{edges}</w:tblBorders>"))
    layout = properties.find(qn("w:tblLayout"))
    if layout is not None:
        properties.remove(layout)
        properties.append(layout)
    properties.append(parse_xml(f"<w:tblCellMar {nsdecls('w')}>{margins}</w:tblCellMar>"))


def shaded(cell: Any, colour: str) -> None:
    """A cell's ground."""
    cell._tc.get_or_add_tcPr().append(
        parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{colour}"/>')
    )


def header_row(row: Any) -> None:
    """A row that is repeated on every page of the table."""
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def undivided(row: Any, *, with_next: bool) -> None:
    """A row that stays on one page, and with the next one if asked for."""
    row._tr.get_or_add_trPr().insert(0, OxmlElement("w:cantSplit"))
    if with_next:
        for cell in row.cells:
            for par in cell.paragraphs:
                par.paragraph_format.keep_with_next = True


def outline_level(par: Any, level: int) -> None:
    """The level by which readers find their way."""
    mark = OxmlElement("w:outlineLvl")
    mark.set(qn("w:val"), str(level - 1))
    par._element.get_or_add_pPr().append(mark)


def _strip_template(paper: Any) -> None:
    """Without what the library's template brings along: a thumbnail, custom XML, table styles."""
    unwanted = ("/thumbnail", "/stylesWithEffects", "/customXml")
    for owner in (paper.part.package, paper.part):
        for ident, relation in list(owner.rels.items()):
            if relation.reltype.endswith(unwanted):
                del owner.rels[ident]
    styles = paper.styles.element
    for style in styles.findall(qn("w:style")):
        if style.get(qn("w:type")) == "table" and style.get(qn("w:default")) != "1":
            styles.remove(style)


FONT, MONO = "Times New Roman", "Courier New"
TEXT_MM = 163.0
"""The width of a line: A4 less the margins of 30 and 17 mm (Decree 30/2020/NĐ-CP, Annex I)."""
BROAD_MM = TEXT_MM + 297.0 - 210.0
WARNING = RGBColor(0x8B, 0x1A, 0x1A)
_SIDES = {
    "left": WD_ALIGN_PARAGRAPH.LEFT,
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
}


def docx_bytes(document: Document, made: datetime) -> bytes:
    """The bytes of a DOCX. Raises `InputError` for a picture that is not there."""
    paper = docx.Document()
    _styles(paper, document.lang)
    _page(paper, document)
    _properties(paper, document, made)
    _title(paper, document)
    broad = False
    for block, following in pairwise([*document.blocks, Par("")]):
        alone = isinstance(block, Picture) and block.alone
        if alone or broad:  # two broad pages in a row have none between them
            _section(paper, broad=alone)
        broad = alone
        _block(paper, block, document)
        if isinstance(block, Heading) and isinstance(following, Picture) and not following.alone:
            # LibreOffice leaves a heading behind that is kept with a picture
            paper.paragraphs[-1].paragraph_format.page_break_before = True
    out = io.BytesIO()
    paper.save(out)
    return out.getvalue()


def _styles(paper: Any, lang: str) -> None:
    """Headings and captions have those that a program makes contents and lists of tables of."""
    normal = paper.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(13)
    fonts = normal.element.rPr.rFonts
    for kind in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(kind), FONT)
    code = OxmlElement("w:lang")
    code.set(qn("w:val"), "vi-VN" if lang == "vi" else "en-GB")
    normal.element.rPr.append(code)
    layout = normal.paragraph_format
    layout.space_before, layout.space_after, layout.line_spacing = Pt(0), Pt(6), 1.05
    for level in (1, 2):
        heading = paper.styles[f"Heading {level}"]
        _plain(heading, size_pt=13)
        heading.font.bold = True
        heading.paragraph_format.space_before = Pt(12)
        heading.paragraph_format.space_after = Pt(6)
        heading.paragraph_format.keep_with_next = True
    caption = paper.styles["Caption"]
    _plain(caption, size_pt=11.5)
    caption.font.bold, caption.font.italic = False, True
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(6)
    caption.paragraph_format.space_after = Pt(6)
    caption.paragraph_format.line_spacing = layout.line_spacing


def _plain(style: Any, *, size_pt: float) -> None:
    """In black, and in the document's own type, where the template has its own."""
    style.font.name, style.font.size = FONT, Pt(size_pt)
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.rPr.rFonts
    fonts.attrib.clear()
    fonts.set(qn("w:ascii"), FONT)
    fonts.set(qn("w:hAnsi"), FONT)


def _page(paper: Any, document: Document) -> None:
    section = paper.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(17)
    section.header_distance, section.footer_distance = Mm(11), Mm(10)
    section.different_first_page_header_footer = True
    number = section.header.paragraphs[0]
    number.alignment = WD_ALIGN_PARAGRAPH.CENTER
    page_number_field(number)
    first = section.first_page_header.paragraphs[0]
    first.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if document.draft:
        for place in (number, first):
            watermark(place, document.mark)
        for footer in (section.footer, section.first_page_footer):
            line = footer.paragraphs[0]
            line.alignment = WD_ALIGN_PARAGRAPH.CENTER
            run = line.add_run(document.footer)
            run.bold, run.font.size, run.font.color.rgb = True, Pt(11), WARNING


def _section(paper: Any, *, broad: bool) -> None:
    """A page of its own begins, broad or not; its number stands where it stood."""
    section = paper.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE if broad else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Mm(297), Mm(210)) if broad else (Mm(210), Mm(297))
    section.different_first_page_header_footer = False


def _properties(paper: Any, document: Document, made: datetime) -> None:
    said = paper.core_properties
    said.author = said.last_modified_by = said.comments = said.keywords = ""
    said.title = " – ".join([document.label, *document.title])
    said.subject = document.subject[:250]
    said.language = document.lang
    said.created = said.modified = in_utc(made)  # written as UTC, whatever its zone
    said.revision = 1
    _strip_template(paper)


def _title(paper: Any, document: Document) -> None:
    lines = [(document.label, True, False)]
    lines += [(line, True, False) for line in document.title]
    lines.append((document.attached, False, True))
    for text, bold, italic in lines:
        par = paper.add_paragraph()
        par.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = par.add_run(text)
        run.bold, run.italic, run.font.size = bold, italic, Pt(14 if bold else 13)
    if document.notices:
        table = paper.add_table(rows=1, cols=1)
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
        bordered(table, "8B1A1A", 12, margin=120, above=80)
        table.columns[0].width = table.cell(0, 0).width = Mm(TEXT_MM)
        place = table.cell(0, 0)
        for index, notice in enumerate(document.notices):
            par = place.paragraphs[0] if index == 0 else place.add_paragraph()
            par.add_run(notice).bold = index == 0
        par.paragraph_format.space_after = Pt(0)
        below = paper.add_paragraph().paragraph_format  # the next heading has room of its own
        below.space_after, below.line_spacing = Pt(0), Pt(1)


def _block(paper: Any, block: Block, document: Document) -> None:
    match block:
        case Heading():
            par = paper.add_paragraph(style=f"Heading {block.level}")
            par.add_run(f"{block.number} {block.text}".strip())
            par.paragraph_format.keep_with_next = True
            outline_level(par, block.level)
        case Par():
            _paragraph(paper, plain(block.text), bold=block.bold, note=block.note)
        case Bullets():
            for mark, item in block.marked():
                _paragraph(paper, f"{mark} {plain(item)}")
        case Table():
            _table(paper, block, document.words.table, document.lang)
        case Picture():
            _picture(paper, block, document.words.picture)
        case Sum():
            _sum(paper, block)


def _paragraph(paper: Any, text: str, *, bold: bool = False, note: bool = False) -> None:
    par = paper.add_paragraph()
    par.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    run = par.add_run(text)
    run.bold = bold or None
    if note:
        run.font.size = Pt(11)
    else:
        par.paragraph_format.first_line_indent = Mm(10)


def _table(paper: Any, block: Table, word: str, lang: str) -> None:
    paper.add_paragraph(f"{word} {block.number}: {block.caption}", style="Caption")
    total = sum(block.widths)
    widths = [Mm(TEXT_MM * width / total) for width in block.widths]
    table = paper.add_table(rows=len(block.head) + len(block.rows), cols=len(widths))
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    bordered(table, "444444", 4, margin=30 if block.small else 60)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    size = Pt(9.5 if block.small else 10.5)
    cells = [list(row.cells) for row in table.rows]
    for row in cells:
        for cell, width in zip(row, widths, strict=True):
            cell.width = width
    _head(block, cells, size)
    for index in range(len(block.head)):
        header_row(table.rows[index])
    for row, said, rooms in zip(
        cells[len(block.head) :], block.rows, room(block, lang), strict=True
    ):
        for place, cell, side, free in zip(row, said, block.aligns, rooms, strict=True):
            _cell(place, cell, side, size)
            if free:
                place.paragraphs[0].paragraph_format.right_indent = Pt(free * size.pt)
    for index, row in enumerate(table.rows):
        last = index == len(table.rows) - 1
        undivided(row, with_next=(block.whole or index < len(block.head)) and not last)
    gap = paper.add_paragraph()
    gap.paragraph_format.space_after, gap.paragraph_format.line_spacing = Pt(0), Pt(6)


def _head(block: Table, cells: list[list[Any]], size: Length) -> None:
    """Cells of the head, those spanned merged."""
    for y, x, cell in block.head_cells():
        place = cells[y][x]
        if cell.columns > 1 or cell.rows > 1:
            place = place.merge(cells[y + cell.rows - 1][x + cell.columns - 1])
        size_there = Pt(size.pt - 1.5) if block.small else size
        _cell(place, Cell(cell.text, bold=True), "center", size_there)
        shaded(place, "EEEEEE")


def _cell(place: Any, cell: Cell, side: str, size: Length) -> None:
    par = place.paragraphs[0]
    par.alignment = _SIDES[side]
    layout = par.paragraph_format
    layout.space_after, layout.line_spacing = Pt(1), 1.0
    run = par.add_run(cell.text)
    run.font.size = Pt(7.5) if cell.code else size
    run.bold = cell.bold or None
    if cell.code:
        _mono(run)
    if cell.sub:
        run.add_break()
        sub = par.add_run(cell.sub)
        sub.italic, sub.font.size = True, Pt(9.5)
    place.vertical_alignment = 1  # the middle


def _mono(run: Any) -> None:
    run.font.name = MONO
    run._element.rPr.rFonts.set(qn("w:cs"), MONO)


def _picture(paper: Any, block: Picture, word: str) -> None:
    par = paper.add_paragraph()
    par.alignment = WD_ALIGN_PARAGRAPH.CENTER
    par.paragraph_format.line_spacing = 1.0
    pixels = block.file.with_suffix(".png")
    try:
        size = _size_mm(pixels, alone=block.alone)
        shape = par.add_run().add_picture(str(pixels), width=Mm(size[0]), height=Mm(size[1]))
        vectors = block.file.read_bytes()
    except (OSError, docx.image.exceptions.UnrecognizedImageError) as error:
        raise InputError("{file}: picture: {error}", file=block.file, error=error) from None
    caption = f"{word} {block.number}: {block.caption}"
    add_svg(paper, shape, vectors, f"/word/media/picture{block.number}.svg", caption)
    # in one paragraph, which is what keeps picture and caption on a page in every program
    run = par.add_run()
    run.add_break()
    run.add_text(caption)
    run.italic, run.font.size = True, Pt(11.5)


def _size_mm(pixels: Path, *, alone: bool) -> tuple[float, float]:
    """As wide as three plots a page allow, but a tall one no higher than its page lets it be."""
    image = docx.image.image.Image.from_file(str(pixels))
    share = image.px_height / image.px_width
    width = BROAD_MM if alone else TEXT_MM * (1.0 if share > 0.6 else 0.86)
    height = min(width * share, 150.0 if alone else 140.0)
    return height / share, height


def _sum(paper: Any, block: Sum) -> None:
    table = paper.add_table(rows=1, cols=2)
    table.autofit = False
    bordered(table, "444444", 4)
    left, right = table.rows[0].cells
    left.width, right.width = Mm(TEXT_MM - 38), Mm(38)
    table.columns[0].width, table.columns[1].width = left.width, right.width
    left.paragraphs[0].add_run(block.label)
    run = left.add_paragraph().add_run(block.text)
    run.font.size = Pt(10)
    _mono(run)
    left.vertical_alignment = right.vertical_alignment = 1
    pixels, vectors = io.BytesIO(), io.BytesIO()
    code = segno.make_qr(block.payload, error="m")
    code.save(pixels, kind="png", border=4, scale=8)
    code.save(vectors, kind="svg", border=4, xmldecl=True, svgns=True)
    pixels.seek(0)
    shape = right.paragraphs[0].add_run().add_picture(pixels, width=Mm(32))
    name = f"/word/media/qr-{block.text[:16]}.svg"
    add_svg(paper, shape, vectors.getvalue(), name, f"QR: {block.payload}")
    undivided(table.rows[0], with_next=False)
    paper.add_paragraph()
