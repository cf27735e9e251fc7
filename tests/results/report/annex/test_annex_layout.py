"""The annex's layout: Decree 30/2020/NĐ-CP, Annex I."""

import io
import json
import re
import subprocess
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import annex_factory as annexes
import docx
import pytest
import results_factory as make

from giaoban.results.report.decimals import room
from giaoban.results.report.document import Par, Picture, table
from giaoban.results.report.docx.write import docx_bytes
from giaoban.results.report.letter import Letter
from giaoban.results.report.pdf.write import pdf
from giaoban.topology.map.draw import BROAD_IN, draw
from tests.results.view_factory import network

AT = datetime(2026, 2, 5, 8, 30, 59)
LETTER = Letter(number="15/STTTT-CNTT")


@pytest.fixture(scope="module")
def map_(tmp_path_factory):
    path = tmp_path_factory.mktemp("map") / "map.vi.svg"
    draw(network(), path, path.with_suffix(".png"), title="Đắk Nông", lang="vi", high=BROAD_IN)
    return path


def document(map_, letter=LETTER):
    made = annexes.annex(make.result(), letter=letter)
    blocks = [b for b in made.blocks if not isinstance(b, Picture)]
    picture = Picture(map_, "Bản đồ", 1, alone=True)
    return replace(made, blocks=[*blocks[:4], picture, *blocks[4:]])


@pytest.fixture(scope="module")
def written(map_, tmp_path_factory):
    path = tmp_path_factory.mktemp("annex") / "phu-luc.pdf"
    path.write_bytes(pdf(document(map_), AT))
    return path


def boxes(path):
    """Of each page its size and its words with their boxes, in points."""
    told = subprocess.run(
        ["pdftotext", "-bbox", str(path), "-"], check=True, capture_output=True, text=True
    ).stdout
    found = []
    for page in told.split("<page ")[1:]:
        width, height = map(float, re.findall(r'(?:width|height)="(.+?)"', page)[:2])
        words = re.findall(
            r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>', page
        )
        found.append(((width, height), [(*map(float, word[:4]), word[4]) for word in words]))
    return found


def test_the_head_of_the_first_page_is_free_for_a_signature(map_, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf(document(map_), AT))
    _, words = boxes(path)[0]
    assert min(word[1] for word in words) > 20 / 25.4 * 72, "room for who signs later"


def test_the_map_has_a_broad_page_to_itself(written):
    pages = boxes(written)
    broad = [number for number, ((width, height), _) in enumerate(pages) if width > height]
    assert len(broad) == 1
    (number,) = broad
    said = " ".join(word[4] for word in pages[number][1])
    assert said.startswith(f"{number + 1} Hình 1: Bản đồ"), "its number, its caption, and no more"


def test_paragraphs_stand_6_pt_apart_or_more(map_, tmp_path):
    """Between the lines of two paragraphs is 6 pt more than between lines of one."""
    long = "lời " * 60
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf(replace(document(map_), blocks=[Par(f"a{long}"), Par(f"b{long}")]), AT))
    _, words = boxes(path)[0]
    rows = sorted({round(word[1], 1) for word in words if word[4].endswith("lời")})
    gaps = sorted(round(b - a, 1) for a, b in pairwise(rows))
    assert gaps[-1] - gaps[0] == pytest.approx(6, abs=0.2)
    paper = docx.Document(io.BytesIO(docx_bytes(document(map_), AT)))
    assert paper.styles["Normal"].paragraph_format.space_after.pt == 6


def test_a_docx_has_the_same_pages(map_):
    paper = docx.Document(io.BytesIO(docx_bytes(document(map_), AT)))
    sizes = [(round(s.page_width.mm), round(s.page_height.mm)) for s in paper.sections]
    assert sizes == [(210, 297), (297, 210), (210, 297)]
    assert [s.different_first_page_header_footer for s in paper.sections] == [True, False, False]
    [shape] = [s for s in paper.inline_shapes if s.width.mm > 163]
    assert shape.height.mm <= 150


def test_a_list_of_tables_can_be_made_of_a_docx(map_):
    """By the style of their captions, which nothing else has; each stands on its table's page."""
    made = document(map_)
    tables = [table(["a"], [["x"]], caption=name) for name in ("Một", "Hai")]
    tables = [replace(each, number=number) for number, each in enumerate(tables, 1)]
    made = replace(made, blocks=[Par("lời"), *tables, Par("hết")])
    paper = docx.Document(io.BytesIO(docx_bytes(made, AT)))
    captions = [par.text for par in paper.paragraphs if par.style.name == "Caption"]
    assert captions == ["Bảng 1: Một", "Bảng 2: Hai"]
    style = paper.styles["Caption"]
    assert style.paragraph_format.keep_with_next
    assert (style.font.size.pt, style.font.italic, style.font.bold) == (11.5, True, False)
    assert str(style.font.color.rgb) == "000000"


def test_two_broad_pages_of_a_docx_have_none_between_them(map_, tmp_path):
    made = document(map_)
    [at] = [n for n, block in enumerate(made.blocks) if isinstance(block, Picture)]
    other = tmp_path / "failures.vi.svg"
    for suffix in (".svg", ".png"):
        other.with_suffix(suffix).write_bytes(map_.with_suffix(suffix).read_bytes())
    blocks = [*made.blocks]
    blocks.insert(at, replace(blocks[at], file=other, number=2))
    paper = docx.Document(io.BytesIO(docx_bytes(replace(made, blocks=blocks), AT)))
    sizes = [(round(s.page_width.mm), round(s.page_height.mm)) for s in paper.sections]
    assert sizes == [(210, 297), (297, 210), (297, 210), (210, 297)]


@pytest.mark.parametrize(
    ("lang", "texts", "expected"),
    [
        ("vi", ["12,8", "15", "9,25", "–"], [0.5, 1.25, 0, 0]),
        ("vi", ["1.234", "5,5"], [0.75, 0]),
        ("vi", ["33,33\u00a0%", "0\u00a0%"], [0, 1.25]),
        ("vi", ["3", "15"], [0, 0]),
        ("en", ["1,234", "5.5"], [0.75, 0]),
        ("vi", ["33,3\u00a0%", "5\u00a0ms"], [0, 0]),
        ("vi", ["33,3", "chưa rõ"], [0, 0]),
    ],
)
def test_numbers_of_a_column_stand_under_each_other(lang, texts, expected):
    made = table(["a", "b"], [["x", text] for text in texts], right=[1])
    assert [row[1] for row in room(made, lang)] == expected
    assert {row[0] for row in room(made, lang)} == {0}


def test_decimal_signs_are_in_one_line_in_the_pdf(map_, tmp_path):
    numbers = ["12,75", "115", "9,5", "0,25"]
    made = table(["a", "b"], [["x", n] for n in numbers], right=[1], caption="c")
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf(replace(document(map_), blocks=[made]), AT))
    _, words = boxes(path)[0]
    ends = {}
    for left, _, right, _, text in words:
        if text in numbers:
            each = (right - left) / (len(text) - ("," in text) / 2)
            ends[text] = right - (len(text.partition(",")[2]) + ("," in text) / 2) * each
    assert len(ends) == 4
    assert max(ends.values()) - min(ends.values()) < 0.3, json.dumps(ends)


FIGURES = (
    *("100,5 %", "−5.949 %", "15.540,25 %", "100,5 Mb/s", "299.792 km/s", "1.234 kb/s"),
    *("85 ms", "101,5 km", "1,5\u00a0%", "360,91\u00a0ms", "07/TB-STTTT", "≤\u00a080,5 %"),
    *("Quyết định số 1681/QĐ-UBND", "Công văn số 15/STTTT-CNTT", "ngày 25/10/2013"),
)


def test_no_line_ends_within_a_figure(map_, tmp_path):
    """Wherever in a line it comes to stand."""
    said = [Par(f"{'a' * n} {figure}, " * 20) for figure in FIGURES for n in range(1, 30)]
    path = tmp_path / "figures.pdf"
    path.write_bytes(pdf(replace(document(map_), blocks=said), AT))
    text = subprocess.run(
        ["pdftotext", "-raw", str(path), "-"], check=True, capture_output=True, text=True
    ).stdout
    lines = text.replace("\u00a0", " ").split("\n")
    for figure in FIGURES:
        there = sum(line.count(f" {figure.replace('\u00a0', ' ')},") for line in lines)
        at_the_start = sum(line.startswith(figure.replace("\u00a0", " ")) for line in lines)
        assert there + at_the_start == 29 * 20, figure
