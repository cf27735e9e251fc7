"""The minutes of a check in its annex and on its page."""

from pathlib import Path

import annex_factory as annexes
import meeting_factory as make
import pytest
import results_factory
import view_factory

from giaoban.errors import InputError
from giaoban.results.archive.page import page_of
from giaoban.results.model.studies.meetings import Minutes
from giaoban.results.report.annex.content import MOST_MINUTES, document
from giaoban.results.report.document import Document, Heading, Table
from giaoban.results.report.letter import Letter

ENTRIES = [
    *(make.entry(-2.0 + 0.1 * n, "joined", b) for n, b in enumerate(results_factory.EXISTING)),
    make.entry(0.0, "before-begins"),
    make.entry(30.0, "during-begins"),
    make.entry(31.0, "joined", "quang-son"),
    make.entry(90.0, "after-ends"),
]


def annex(entries: list[object]) -> Document:
    chapter = annexes.chapter(results_factory.result())._replace(minutes=entries)
    return document([chapter], Letter())


def minutes_in(made: Document) -> list[Table]:
    return [
        block
        for block in made.blocks
        if isinstance(block, Table) and block.caption.startswith(("Diễn biến khi", "Time line of"))
    ]


def test_the_annex_tells_them_with_a_number_of_their_own() -> None:
    [table] = minutes_in(annex(ENTRIES))
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["–0:02", "8 điểm cầu (Gia Nghĩa, Cư Jút, Đắk Glong, Đắk Mil, Đắk R'Lấp, Đắk Song, Krông "
         "Nô, Tuy Đức) vào họp"],
        ["0:00", "Bắt đầu giai đoạn trước khi kết nối điểm cầu mới"],
        ["0:30", "Bắt đầu giai đoạn kết nối điểm cầu mới"],
        ["0:31", "Điểm cầu xã Quảng Sơn vào họp"],
        ["1:30", "Cuộc họp kết thúc"],
    ]  # fmt: skip
    [heading] = [
        b
        for b in annex(ENTRIES).blocks
        if isinstance(b, Heading) and "Nhật ký mô" in b.text
        for b in annex(ENTRIES).blocks
        if isinstance(b, Heading) and b.text.endswith("Nhật ký mô phỏng")
    ]
    assert heading.number


def test_sections_that_others_point_to_keep_their_numbers() -> None:
    """“Section N” of the assumptions is right with and without minutes."""

    def number(made: Document) -> str:
        [found] = [b.number for b in made.blocks if isinstance(b, Heading) and "Giả định" in b.text]
        return found

    assert number(annex(ENTRIES)) == number(annex([]))


def test_without_minutes_there_is_no_section_and_of_many_lines_not_all() -> None:
    assert minutes_in(annex([])) == []
    many = [make.entry(2.0 * n, "left", f"b{n}", cause="timeout") for n in range(500)]
    [table] = minutes_in(annex(many))
    assert len(table.rows) == MOST_MINUTES


def test_damaged_minutes_are_told(tmp_path: Path) -> None:
    folder = view_factory.folder(tmp_path, results_factory.result())
    (folder / Minutes.FILE).write_text('{"schema": "giaoban.minutes/9"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"minutes\.json"):
        page_of(folder, lang="vi")
