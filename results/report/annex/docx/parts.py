"""What python-docx has no words for: fields, watermarks, vectors, borders (ISO/IEC 29500-1)."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

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


def bordered(table: Any, colour: str, eighths: int, *, margin: int = 60) -> None:
    """Lines around all cells, in eighths of a point, and margins within, in twentieths of one."""
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="{eighths}" w:space="0" w:color="{colour}"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    margins = "".join(f'<w:{edge} w:w="{margin}" w:type="dxa"/>' for edge in ("left", "right"))
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


def bare(paper: Any) -> None:
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
