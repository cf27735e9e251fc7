"""The yearly summary as a PDF, laid out as the annex of a run is (Decree 30/2020/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from giaoban.errors import InputError
from giaoban.ownership import temporary_folder
from results.archive.history.entry import Entry
from results.archive.history.trend import draw_trend
from results.archive.history.yearly import VERDICTS, Ledger, by_network, pictures, yearly
from results.archive.store import write_whole
from results.report.annex.pdf.write import pdf
from results.report.document import (
    Align,
    Block,
    Bullets,
    Cell,
    Document,
    Head,
    Heading,
    Par,
    Picture,
    Table,
    Words,
    numbered,
)

_TITLE = ("TỔNG HỢP KẾT QUẢ KIỂM TRA", "HỆ THỐNG GIAO BAN ĐIỆN TỬ NĂM {}")
_ATTACHED = "(Kèm theo Báo cáo số …/…-… ngày … tháng … năm … của …)"
_BASIS = (
    "Khoản 4 Điều 13 và khoản 2 Điều 22 Quy định ban hành kèm theo Quyết định số 1681/QĐ-UBND ngày "
    "25 tháng 10 năm 2013 của Ủy ban nhân dân tỉnh Đắk Nông: hằng năm đánh giá hiệu quả hoạt động "
    "của hệ thống và báo cáo Ủy ban nhân dân tỉnh. Bản tổng hợp này dựa trên toàn bộ các lần kiểm "
    "tra còn lưu trong năm."
)


class _Column(NamedTuple):
    """`cells`: how many texts of a row it has; `made`: the cell of them."""

    title: str
    width: float
    align: Align = "left"
    cells: int = 1
    made: Callable[..., Cell] = Cell


def _verdict(text: str) -> Cell:
    return Cell(text, bold=text != VERDICTS["pass"])


def _code(text: str, sub: str = "") -> Cell:
    return Cell(text, sub=sub, code=True)


def _named(text: str, ident: str) -> Cell:
    return Cell(text, sub=ident)


MONTHS = (
    _Column("Tháng", 10),
    _Column("Số lần", 10, "center"),
    _Column("Đạt", 10, "center"),
    _Column("Không đạt", 10, "center"),
    _Column("Không dùng làm căn cứ", 14, "center"),
)
SCENARIOS = (
    _Column("Kịch bản", 11, "center"),
    _Column("Nội dung", 45, cells=2, made=_named),
    _Column("Số lần", 11, "center"),
    _Column("Lần cuối", 22, "center"),
    _Column("Kết quả", 17, "center", made=_verdict),
    _Column("Yếu tố giới hạn", 42),
    _Column("Dư địa", 15, "right"),
)
CRITERIA = (
    _Column("Tiêu chí", 43),
    _Column("Ngưỡng", 21, "right"),
    _Column("Số lần", 10, "center"),
    _Column("Không đạt", 13, "center"),
    _Column("Xấu nhất", 20, "right"),
    _Column("Ngày, nơi ghi nhận", 36),
    _Column("Mới nhất", 20, "right"),
)
CHANGES = (
    _Column("Kịch bản", 11, "center"),
    _Column("Tiêu chí", 48),
    _Column("Lần đầu", 35, "right"),
    _Column("Lần cuối", 35, "right"),
    _Column("Dư địa", 35, "right"),
)
FAULTS = (
    _Column("Ngày", 20, "center"),
    _Column("Kịch bản", 11, "center"),
    _Column("Kết quả", 17, "center"),
    _Column("Đã thử", 17, "center"),
    _Column("Gián đoạn dài nhất", 34),
    _Column("Tải cao nhất", 34),
    _Column("Điểm lỗi đơn", 28),
)
BINDINGS = (_Column("Yếu tố giới hạn", 133), _Column("Số lần", 30, "center"))
UNUSED = (
    _Column("Ngày", 20, "center"),
    _Column("Kịch bản", 11, "center"),
    _Column("Lý do", 66),
    _Column("Mã lần kiểm tra", 66, made=_code),
)
STUDIES = (
    _Column("Ngày", 20, "center"),
    _Column("Loại", 51),
    _Column("Kết quả", 20, "center"),
    _Column("Mã lần chạy", 72, made=_code),
)
RUNS = (
    _Column("Thời gian", 20, "center"),
    _Column("Kịch bản", 11, "center"),
    _Column("Loại", 27),
    _Column("Kết quả", 15, "center"),
    _Column("Mã lần kiểm tra, SHA-256", 90, cells=2, made=_code),
)


def write_summary(entries: Sequence[Entry], year: int, out: Path) -> None:
    """Write the summary of a year's runs (oldest first) to `out`, replacing it in one step.

    The same runs give the same bytes. Raises `InputError` (no run; `out` no .pdf, or not
    writable), `MachineLacks` (fonts).
    """
    if not entries:
        raise InputError(
            "--year {year}: no run was kept of that year, so there is no summary", year=year
        )
    if out.suffix.lower() != ".pdf":
        raise InputError(
            '{out}: the summary is a .pdf file, not "{suffix}"', out=out, suffix=out.suffix
        )
    with temporary_folder("summary") as folder:
        made = document(entries, year, folder)
        data = pdf(made, made=entries[-1].at)
    write_whole(out, data)


def document(entries: Sequence[Entry], year: int, folder: Path) -> Document:
    """The summary; its pictures are drawn in a folder."""
    data, ledger = yearly(entries, year), Ledger(entries)
    parts = [
        (network, _pictures(runs, ledger, folder))
        for network, runs in zip(data["networks"], by_network(entries, ledger), strict=True)
    ]
    return Document(
        lang="vi",
        label="Phụ lục",
        title=[line.format(year) for line in _TITLE],
        attached=_ATTACHED,
        blocks=numbered(_blocks(data, parts)),
        words=Words("Bảng", "Hình"),
    )


def _pictures(runs: Sequence[Entry], ledger: Ledger, folder: Path) -> list[Picture]:
    drawn = []
    for caption, points in pictures(runs, ledger):
        file = folder / f"trend-{len(list(folder.iterdir()))}.svg"
        draw_trend(points, file, lang="vi")
        drawn.append(Picture(file, caption))
    return drawn


def _blocks(
    data: Mapping[str, Any], parts: Sequence[tuple[Mapping[str, Any], Sequence[Picture]]]
) -> Iterator[Block]:
    yield Heading("Căn cứ và phạm vi")
    yield Par(_BASIS)
    yield Heading("Đánh giá chung")
    yield from map(Par, data["overview"])
    for network, drawn in parts:
        if len(parts) > 1:
            yield Heading(f"Mạng: {network['name']}")
        yield from _network(network, drawn, level=1 if len(parts) == 1 else 2)
    if data["unused"]:
        yield Heading("Các lần không dùng làm căn cứ")
        yield _table("Các lần không dùng làm căn cứ đánh giá", UNUSED, data["unused"])
    if data["studies"]:
        yield Heading("Các tính toán, khảo sát khác")
        caption = "So sánh phương án, tính dư địa, thử tải và các khảo sát khác"
        yield _table(caption, STUDIES, data["studies"])
    yield Heading("Danh mục các lần kiểm tra")
    caption = (
        "Tất cả các lần kiểm tra trong năm, với mã kiểm tra tính toàn vẹn (SHA-256) của kết quả"
    )
    yield _table(caption, RUNS, data["runs"])
    if data["uncommitted"]:
        yield _note(
            "* Lần chạy bằng phần mềm chưa được lưu thành một phiên bản xác định; phụ lục của lần "
            "đó chỉ là bản nháp."
        )


def _network(n: Mapping[str, Any], drawn: Sequence[Picture], level: int) -> Iterator[Block]:
    """One network: its sections stand for themselves, or below a heading of its own where there
    are more."""
    yield from map(Par, n["overview"])
    yield _table("Số lần kiểm tra và thử sự cố theo tháng", MONTHS, n["months"])
    yield Heading("Các nội dung đã kiểm tra", level)
    if not n["scenarios"]:
        yield Par("Trong năm không có lần kiểm tra kết nối nào được dùng để đánh giá.")
    else:
        caption = "Kịch bản và kết quả của lần kiểm tra cuối cùng"
        yield _table(caption, SCENARIOS, n["scenarios"])
        yield _note(
            "Dư địa là phần hạn mức còn chưa dùng của tiêu chí gần ngưỡng nhất: 100 % là chưa "
            "dùng, 0 % là vừa chạm ngưỡng, số âm là vượt ngưỡng. Mã ghi dưới nội dung là mã kịch "
            "bản trong dữ liệu kiểm tra."
        )
    if n["criteria"]:
        yield Heading("Các tiêu chí trong năm", level)
        yield _table(
            "Giá trị xấu nhất và giá trị mới nhất của từng tiêu chí", CRITERIA, n["criteria"]
        )
        yield _note(
            "Số lần: số lần tiêu chí được đánh giá. Giá trị mới nhất là của lần kiểm tra cuối cùng "
            "trong năm có đánh giá tiêu chí đó; các lần có thể thuộc những kịch bản khác nhau."
        )
    yield from drawn
    if n["scenarios"]:
        yield Heading("Thay đổi trong năm", level)
        yield _changes(n)
    if n["faults"]:
        yield Heading("Thử sự cố", level)
        yield _table("Các lần thử sự cố của mạng", FAULTS, n["faults"])
        yield _note(
            "Đã thử: số sự cố đơn lẻ đã thử và có kết quả, trên tổng số sự cố đơn lẻ mà mạng có "
            "thể gặp. Điểm lỗi đơn: phần tử mà chỉ riêng nó hỏng đã làm mất điểm cầu khác khỏi "
            "phiên họp."
        )
    if n["bindings"]:
        yield Heading(f"Yếu tố giới hạn{' và kiến nghị' if n['advice'] else ''}", level)
        caption = "Yếu tố giới hạn của các lần kiểm tra kết nối"
        yield _table(caption, BINDINGS, n["bindings"])
        if n["advice"]:
            yield Par(
                "Từ các lần không đạt, đề nghị xem xét khi lập kế hoạch bảo trì, nâng cấp, mở rộng "
                "(khoản 3 Điều 22):"
            )
            yield Bullets(n["advice"])


def _changes(n: Mapping[str, Any]) -> Block:
    if not n["repeated"]:
        return Par(
            "Không có kịch bản nào được kiểm tra từ hai lần trở lên, nên chưa có gì để so sánh."
        )
    if not n["changes"]:
        return Par(
            "Không có tiêu chí nào thay đổi giữa lần kiểm tra đầu tiên và lần cuối cùng của cùng "
            "một kịch bản."
        )
    caption = "Cùng một kịch bản: lần đầu tiên và lần cuối cùng trong năm"
    return _table(caption, CHANGES, n["changes"])


def _table(caption: str, columns: Sequence[_Column], rows: Sequence[Sequence[str]]) -> Table:
    return Table(
        caption=caption,
        head=[[Head(column.title) for column in columns]],
        rows=[list(_cells(columns, row)) for row in rows],
        widths=[column.width for column in columns],
        aligns=[column.align for column in columns],
    )


def _cells(columns: Sequence[_Column], row: Sequence[str]) -> Iterator[Cell]:
    at = 0
    for column in columns:
        yield column.made(*row[at : at + column.cells])
        at += column.cells
    assert at == len(row)


def _note(text: str) -> Par:
    return Par(text, note=True)
