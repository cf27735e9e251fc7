"""The yearly summary as a PDF, laid out as the annex of a run is (Decree 30/2020/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from giaoban.errors import InputError
from giaoban.files import refuse_other_ending, write_whole
from giaoban.processes.ownership import temporary_folder
from giaoban.regulation import Regulation
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.yearly import (
    VERDICTS,
    Ledger,
    by_network,
    pictures,
    regulation_of,
    yearly,
)
from giaoban.results.report.citation import Citation
from giaoban.results.report.document import (
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
    capital,
    numbered,
)
from giaoban.results.report.pdf.write import pdf
from giaoban.results.report.wording import Wording


class _Column(NamedTuple):
    """`cells`: how many texts of a row it has; `made`: the cell of them; `verdict`: of a verdict,
    bold unless it is met."""

    title: str
    width: float
    align: Align = "left"
    cells: int = 1
    made: Callable[..., Cell] = Cell
    verdict: bool = False


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
    _Column("Kết quả", 17, "center", verdict=True),
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
BINDINGS = (
    _Column("Yếu tố giới hạn", 133),
    _Column("Số lần", 30, "center"),
)
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


def write_summary(
    entries: Sequence[HistoryEntry],
    year: int,
    out: Path,
) -> None:
    """Write the summary of a year's runs (oldest first) to `out`, replacing it in one step.

    The same runs give the same bytes. Raises `InputError` (no run; `out` no .pdf, or not
    writable), `MachineLacks` (fonts).
    """
    if not entries:
        raise InputError(
            "--year {year}: no run was kept of that year, so there is no summary", year=year
        )
    refuse_other_ending(out, ".pdf")
    with temporary_folder("summary") as folder:
        made = document(entries, year, folder)
        data = pdf(made, made=entries[-1].at)
    write_whole(out, data)


def document(entries: Sequence[HistoryEntry], year: int, folder: Path) -> Document:
    """The summary; its pictures are drawn in a folder."""
    data, ledger, say = yearly(entries, year), Ledger(entries), Wording("vi")
    parts = [
        (network, _pictures(runs, ledger, folder, say))
        for network, runs in zip(data["networks"], by_network(entries, ledger), strict=True)
    ]
    return Document(
        lang="vi",
        label="Phụ lục",
        title=say.fill(
            "TỔNG HỢP KẾT QUẢ KIỂM TRA\nHỆ THỐNG GIAO BAN ĐIỆN TỬ NĂM {year}", year=year
        ).split("\n"),
        attached="(Kèm theo Báo cáo số …/…-… ngày … tháng … năm … của …)",
        blocks=numbered(_blocks(say, regulation_of(entries, ledger), data, parts)),
        words=Words("Bảng", "Hình"),
    )


def _pictures(
    runs: Sequence[HistoryEntry], ledger: Ledger, folder: Path, say: Wording
) -> list[Picture]:
    from giaoban.results.archive.history.draw_trend import draw_trend

    drawn = []
    for caption, points in pictures(runs, ledger, say):
        file = folder / f"trend-{len(list(folder.iterdir()))}.svg"
        draw_trend(points, file, lang=say.language)
        drawn.append(Picture(file, caption))
    return drawn


def _blocks(
    say: Wording,
    regulation: Regulation | None,
    data: Mapping[str, Any],
    parts: Sequence[tuple[Mapping[str, Any], Sequence[Picture]]],
) -> Iterator[Block]:
    yield Heading("Căn cứ và phạm vi")
    basis = Citation(regulation, say)
    if articles := basis.article("assessment"):
        assessed = say.fill(
            "{articles} Quy định ban hành kèm theo Quyết định số {number} {date} của "
            "{issuer}: hằng năm đánh giá hiệu quả hoạt động của hệ thống và báo cáo Ủy "
            "ban nhân dân tỉnh.",
            articles=capital(articles),
            **basis.decision,
        )
    else:
        assessed = "Hằng năm đánh giá hiệu quả hoạt động của hệ thống."
    rests = "Bản tổng hợp này dựa trên toàn bộ các lần kiểm tra còn lưu trong năm."
    yield Par(f"{assessed} {rests}")
    yield Heading("Đánh giá chung")
    yield from map(Par, data["overview"])
    for network, drawn in parts:
        yield Heading(network["heading"])
        yield from _network(say, basis, network, drawn)
    if data["unused"]:
        yield Heading("Các lần không dùng làm căn cứ")
        yield _table(say, "Các lần không dùng làm căn cứ đánh giá", UNUSED, data["unused"])
    if data["studies"]:
        yield Heading("Các tính toán, khảo sát khác")
        caption = "So sánh phương án, tính dư địa, thử tải và các khảo sát khác"
        yield _table(say, caption, STUDIES, data["studies"])
    yield Heading("Danh mục các lần kiểm tra")
    caption = "Tất cả các lần kiểm tra trong năm, với mã kiểm chứng (SHA-256) của kết quả"
    yield _table(say, caption, RUNS, data["runs"])
    if data["uncommitted"]:
        yield _note(
            "* Lần chạy bằng phần mềm chưa được lưu thành một phiên bản xác định; "
            "phụ lục của lần đó chỉ là bản nháp."
        )


def _network(
    say: Wording,
    basis: Citation,
    n: Mapping[str, Any],
    drawn: Sequence[Picture],
    level: int = 2,
) -> Iterator[Block]:
    """Render the sections of one network's running system, or of its proposals."""
    yield from map(Par, n["overview"])
    yield _table(say, "Số lần kiểm tra và thử sự cố theo tháng", MONTHS, n["months"])
    yield Heading("Các nội dung đã kiểm tra", level)
    if not n["scenarios"]:
        yield Par("Trong năm không có lần kiểm tra kết nối nào được dùng để đánh giá.")
    else:
        caption = "Kịch bản và kết quả của lần kiểm tra cuối cùng"
        yield _table(say, caption, SCENARIOS, n["scenarios"])
        yield _note(
            "Dư địa là phần hạn mức còn chưa dùng của tiêu chí gần ngưỡng nhất: 100 "
            "% là chưa dùng, 0 % là vừa chạm ngưỡng, số âm là vượt ngưỡng. Mã ghi "
            "dưới nội dung là mã kịch bản trong dữ liệu kiểm tra."
        )
    if n["criteria"]:
        yield Heading("Các tiêu chí trong năm", level)
        yield _table(
            say,
            "Giá trị xấu nhất và giá trị mới nhất của từng tiêu chí",
            CRITERIA,
            n["criteria"],
        )
        yield _note(
            "Số lần: số lần tiêu chí được đánh giá. Giá trị mới nhất là của lần kiểm "
            "tra cuối cùng trong năm có đánh giá tiêu chí đó; các lần có thể thuộc "
            "những kịch bản khác nhau."
        )
    yield from drawn
    if n["scenarios"]:
        yield Heading("Thay đổi trong năm", level)
        yield _changes(say, n)
    if n["faults"]:
        yield Heading("Thử sự cố", level)
        yield _table(say, "Các lần thử sự cố của mạng", FAULTS, n["faults"])
        yield _note(
            "Đã thử: số sự cố đơn lẻ đã thử và có kết quả, trên tổng số sự cố đơn lẻ "
            "mà mạng có thể gặp. Điểm lỗi đơn: phần tử mà chỉ riêng nó hỏng đã làm "
            "mất điểm cầu khác khỏi phiên họp."
        )
    if n["bindings"]:
        yield Heading(
            "Yếu tố giới hạn và kiến nghị" if n["advice"] else "Yếu tố giới hạn",
            level,
        )
        caption = "Yếu tố giới hạn của các lần kiểm tra kết nối"
        yield _table(say, caption, BINDINGS, n["bindings"])
        if n["advice"]:
            yield Par(
                say.fill(
                    "Từ các lần không đạt, đề nghị xem xét khi lập kế hoạch bảo trì, "
                    "nâng cấp, mở rộng{cited}:",
                    cited=basis.in_brackets("plans"),
                )
            )
            yield Bullets(n["advice"])


def _changes(say: Wording, n: Mapping[str, Any]) -> Block:
    if not n["repeated"]:
        return Par(
            "Không có kịch bản nào được kiểm tra từ hai lần trở lên, nên chưa có gì để so sánh."
        )
    if not n["changes"]:
        return Par(
            "Không có tiêu chí nào thay đổi giữa lần kiểm tra đầu tiên và lần cuối "
            "cùng của cùng một kịch bản."
        )
    caption = "Cùng một kịch bản: lần đầu tiên và lần cuối cùng trong năm"
    return _table(say, caption, CHANGES, n["changes"])


def _table(
    say: Wording, caption: str, columns: Sequence[_Column], rows: Sequence[Sequence[str]]
) -> Table:
    return Table(
        caption=caption,
        head=[[Head(column.title) for column in columns]],
        rows=[list(_cells(say, columns, row)) for row in rows],
        widths=[column.width for column in columns],
        aligns=[column.align for column in columns],
    )


def _cells(say: Wording, columns: Sequence[_Column], row: Sequence[str]) -> Iterator[Cell]:
    at = 0
    for column in columns:
        cell = column.made(*row[at : at + column.cells])
        if column.verdict:
            cell = replace(cell, bold=cell.text != VERDICTS["pass"])
        yield cell
        at += column.cells
    assert at == len(row)


def _note(text: str) -> Par:
    return Par(text, note=True)
