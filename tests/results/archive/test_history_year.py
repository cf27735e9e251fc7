"""The yearly summary."""

from __future__ import annotations

import hashlib
import shutil
from datetime import datetime
from pathlib import Path

import history_factory as h
import pytest
from pdf_text import text_of

from giaoban.errors import InputError
from giaoban.results.archive.history.choose import RunFilter, choose
from giaoban.results.archive.history.document import write_summary
from giaoban.results.archive.history.entry import HistoryEntry
from giaoban.results.archive.history.index import opened
from giaoban.results.archive.history.yearly import KINDS, Ledger, pictures, yearly
from giaoban.results.archive.store import note_rerun
from giaoban.results.report.wording import Wording
from giaoban.scenarios.schemas.make import answer_names
from giaoban.schemas import COMMANDS

NOW = datetime(2026, 12, 31, 12)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return h.year(tmp_path / "runs")


def of_year(root: Path, year: int = 2026) -> list[HistoryEntry]:
    with opened(root) as index:
        return choose(index, RunFilter.of_year(year))


def test_every_kind_of_answer_is_named() -> None:
    assert set(KINDS) == {COMMANDS.get(name, name) for name in answer_names()}


def test_what_the_year_says(root: Path) -> None:
    data = yearly(of_year(root), 2026)
    assert data["overview"][0].startswith(
        "Năm 2026 còn lưu 5 lần chạy (từ ngày 15/01/2026 đến ngày 05/07/2026), trong đó "
        "3 lần kiểm tra kết nối và 1 lần thử sự cố"
    )
    [network] = data["networks"]
    assert network["name"] == "topology/province.toml (bbbbbbbb)"  # no run kept its copy
    checked, least, tried = network["overview"]
    assert "1 lần đạt, 2 lần không đạt, trên 2 kịch bản" in checked
    assert least.startswith("Dư địa nhỏ nhất tính được trong năm là −100\u00a0% (")
    assert tried == (
        "Thử sự cố: đã thử mọi sự cố đơn lẻ mà mạng có thể gặp, phát hiện 1 điểm lỗi đơn (đường "
        "truyền Gia Nghĩa – Đắk Glong)."
    )
    assert network["months"] == [
        ["Tháng 1", "1", "1", "0", "0"],
        ["Tháng 2", "1", "0", "0", "1"],
        ["Tháng 4", "1", "0", "1", "0"],
        ["Tháng 7", "2", "1", "1", "0"],
    ]
    assert [row[3:6] for row in network["scenarios"]] == [
        ["2", "01/07/2026", "Không đạt"],
        ["1", "20/04/2026", "Không đạt"],
    ]
    [delay] = [row for row in network["criteria"] if row[0].startswith("Âm thanh: độ trễ từ miệng")]
    # of the year's worst, 416 ms in July; the invalid run of February does not count
    assert delay[1:5] == ["≤\u00a0400\u00a0ms", "3", "1", "416\u00a0ms"]
    heard = "âm thanh chiều xuống, với Gia Nghĩa (điểm cầu chủ tọa)"
    assert delay[5] == f"01/07/2026, Đắk Mil, {heard}, sau khi kết nối"
    [change] = [row for row in network["changes"] if row[1].startswith("Âm thanh: độ trễ từ miệng")]
    assert change[2:4] == ["260\u00a0ms (15/01/2026)", "416\u00a0ms (01/07/2026)"]
    [february] = data["unused"]
    why = (
        "không hợp lệ: 3 gói tin không rõ nguyên nhân (1 gói đến nơi không còn nhận, 0 gói gặp bộ "
        "đệm đầy, 2 gói còn trong hàng đợi)"
    )
    assert february[2:] == [why, h.FEBRUARY]
    assert not data["uncommitted"]
    loose = of_year(root)[0].model_copy(update={"committed": False})
    marked = yearly([loose], 2026)
    assert (marked["uncommitted"], marked["runs"][0][3]) == (True, "Đạt\u00a0*")
    assert [row[4] for row in data["runs"]] == [h.JANUARY, h.FEBRUARY, h.APRIL, h.JULY, h.FAULTS]
    january = (root / h.JANUARY / "result.json").read_bytes()
    assert data["runs"][0][5] == hashlib.sha256(january).hexdigest()


def test_pictures_only_of_what_has_a_course(root: Path) -> None:
    found = of_year(root)
    drawn = pictures(found, Ledger(found), Wording("vi"))
    assert drawn[0][0].startswith("Dư địa nhỏ nhất")
    assert all(len(points) > 1 for _, points in drawn)
    later = of_year(root, 2027)
    assert pictures(later, Ledger(later), Wording("vi")) == []


def test_the_document(root: Path, tmp_path: Path) -> None:
    out = tmp_path / "nam.pdf"
    write_summary(of_year(root), 2026, out)
    text = text_of(out)
    for words in ("GIAO BAN ĐIỆN TỬ NĂM 2026", "Khoản 4 Điều 13", "Đắk Mil", "416 ms"):
        assert words in text
    january = hashlib.sha256((root / h.JANUARY / "result.json").read_bytes()).hexdigest()
    assert january in text  # whole, to be copied and compared
    first = out.read_bytes()
    write_summary(of_year(root), 2026, out)
    assert out.read_bytes() == first
    with pytest.raises(InputError, match="no run was kept of that year"):
        write_summary([], 2031, out)
    with pytest.raises(InputError, match=r"ends with \.pdf"):
        write_summary(of_year(root), 2026, tmp_path / "nam.doc")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A whole run, in a results folder of its own."""
    return h.proven(tmp_path / "own", h.measured(h.JANUARY), tmp_path / "sources")


def test_a_run_of_its_own_is_no_copy_of_one_made_again(run: Path) -> None:
    shutil.copytree(run, run.parent / "0-again")
    note_rerun(run.parent / "0-again", h.APRIL)
    with opened(run.parent) as index:
        assert [each.folder for each in index.entries()] == [run.name]
        assert [each.folder for each in index.skipped()] == ["0-again"]
        assert len(index.every_folder()) == 2


def test_a_worst_value_stands_beside_the_limit_that_it_had(root: Path) -> None:
    """What one scenario allows is not what the others do: 416 ms are no fault of 400 ms there."""
    found = of_year(root)
    eased = []
    for entry in found:
        criteria = [
            each.model_copy(update={"threshold": 500.0, "ok": True})
            if each.id == "mouth-to-ear" and (each.value or 0.0) > 400.0
            else each
            for each in entry.criteria
        ]
        eased.append(entry.model_copy(update={"criteria": criteria}))
    [network] = yearly(eased, 2026)["networks"]
    [delay] = [row for row in network["criteria"] if row[0].startswith("Âm thanh: độ trễ từ miệng")]
    assert sorted(delay[1].split("; ")) == ["≤\u00a0400\u00a0ms", "≤\u00a0500\u00a0ms"]
    assert delay[3:5] == ["0", "416\u00a0ms"]
    assert delay[5].endswith("; ngưỡng của lần đó ≤\u00a0500\u00a0ms")
