"""Every header of every table of the page, as Chromium shows it, in both languages."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import failures_factory as ff
import pytest
from browser import Page

from giaoban.results.judge.baseline import accept
from giaoban.results.judge.baseline_compare import against
from giaoban.results.report.view.page import page
from giaoban.results.report.view.page_data import PageRun, PageSubject
from tests.results import history_factory as h
from tests.results import results_factory as f
from tests.results.report.test_headers import everything

pytestmark = pytest.mark.realtime

VI = {
    "criteria-table": [
        "Tiêu chí", "Giá trị", "Ngưỡng", "Dư địa", "Kết quả", "Nơi xấu nhất", "Căn cứ",
    ],
    "seeds-table": ["Tiêu chí", "Nhỏ nhất", "Trung vị", "Lớn nhất", "Ngưỡng", "Số lần không đạt"],
    "comparison-table": ["Tiêu chí", "A", "B", "Ngưỡng", "Dư địa A", "Dư địa B", "B so với A"],
    "streams-table": [
        "Giai đoạn", "Luồng", "Gói gửi", "Mất (%)", "Người nghe thiếu (%)", "Trễ p50 (ms)",
        "Trễ p95 (ms)", "Trễ p99 (ms)", "Biến thiên trễ (ms)", "Toàn tuyến (ms)", "MOS",
        "Gián đoạn dài nhất (ms)", "Số lần dừng hình", "Dừng hình (%)",
    ],
    "mcu-table": [
        "Giai đoạn", "Đã dùng", "Tính theo", "Đơn vị đã dùng / tổng", "Đơn vị còn lại",
        "Cổng đã dùng / tổng", "Cổng còn lại", "Tham gia", "Bị từ chối", "Hạ mức",
    ],
    "links-table": [
        "Hướng truyền", "Tốc độ (Mb/s)", "Tải cao nhất (%) Trước", "Tải cao nhất (%) Trong",
        "Tải cao nhất (%) Sau", "Gói bị loại",
    ],
    "": [
        "Sự cố", "Điểm cầu", "Mất tiếng (ms)", "Mất hình (ms)", "Do khôi phục (ms)", "Gói mất",
        "Bị ngắt", "Có hình trở lại (ms)", "Kể từ khi khôi phục (ms)", "Cuộc gọi",
    ],
    "failures-table": [
        "Sự cố", "Kết quả", "Gián đoạn dài nhất (ms)", "Tại", "Do khôi phục (ms)", "Gói mất",
        "Điểm cầu bị ngắt", "Tải cao nhất (%)",
    ],
    "assumptions-table": ["Nội dung", "Giá trị", "Cơ sở hiện có", "Sẽ được thay bằng"],
    "evidence-table": ["Thông tin", "Giá trị"],
}  # fmt: skip
EN = {
    "criteria-table": ["Criterion", "Value", "Limit", "Margin", "Result", "Worst at", "Source"],
    "seeds-table": ["Criterion", "Least", "Median", "Largest", "Limit", "Not met at"],
    "comparison-table": ["Criterion", "A", "B", "Limit", "Margin A", "Margin B", "B is"],
    "streams-table": [
        "Phase", "Stream", "Packets sent", "Lost (%)", "Missed by listener (%)", "Delay p50 (ms)",
        "Delay p95 (ms)", "Delay p99 (ms)", "Delay variation (ms)", "End to end (ms)", "MOS",
        "Longest interruption (ms)", "Freezes", "Frozen (%)",
    ],
    "mcu-table": [
        "Phase", "In use", "Most of", "Units used / total", "Units left", "Ports used / total",
        "Ports left", "Joined", "Refused", "Given less",
    ],
    "links-table": [
        "Direction", "Rate (Mb/s)", "Highest load (%) Before", "Highest load (%) During",
        "Highest load (%) After", "Dropped",
    ],
    "": [
        "Failure", "Bridge", "Sound away (ms)", "Picture away (ms)", "By mending (ms)", "Lost",
        "Cut off", "Picture again (ms)", "After mending (ms)", "Call",
    ],
    "failures-table": [
        "Failure", "Result", "Longest interruption (ms)", "At", "By mending (ms)", "Lost",
        "Bridges cut off", "Highest load (%)",
    ],
    "assumptions-table": ["What", "Value", "Rests on", "Would be replaced by"],
    "evidence-table": ["What", "Value"],
}  # fmt: skip
READ = """
    JSON.stringify([...document.querySelectorAll("table")].map((table) => [
      table.id, [...table.tHead.rows[0].cells].map((cell) => cell.textContent),
      [...new Set([...table.tBodies[0].rows].map((row) => row.cells.length))]]))
"""


def opened(browser: Page, tmp_path: Path, text: str) -> Page:
    path = tmp_path / "page.html"
    path.write_text(text, encoding="utf-8")
    browser.wide(1200)
    browser.open(path.as_uri())
    assert browser.trouble == []
    return browser


@pytest.mark.parametrize(("lang", "expected"), [("vi", VI), ("en", EN)])
def test_every_header(
    browser: Page, tmp_path: Path, lang: str, expected: dict[str, list[str]]
) -> None:
    check, tried, *_ = everything()
    other = h.measured(h.JULY, delay_ms=60.0)
    run = PageRun(check, f.series(seconds=90), None)
    text = page(PageSubject(run, PageRun(other, None, None), tried), lang)  # type: ignore[arg-type]
    found = json.loads(opened(browser, tmp_path, text).js(READ))
    assert {ident: head for ident, head, _ in found} == expected
    assert [(ident, counts) for ident, head, counts in found if counts != [len(head)]] == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("vi", "Đạt: không có gì xấu hơn mức đã được chấp nhận “ring”. "
               "Xét riêng theo các tiêu chí: không đạt."),
        ("en", "Pass: nothing is worse than what was accepted as “ring”. "
               "By the criteria alone: fail."),
    ],
)  # fmt: skip
def test_the_head_of_a_comparison(browser: Page, tmp_path: Path, lang: str, said: str) -> None:
    """What the exit code says, and beside it what the criteria do."""
    weak = ff.answer(accepts=())
    same = against(weak, accept(weak, name="ring", reason="known", on=date(2026, 11, 25)))
    shown = opened(browser, tmp_path, page(PageSubject(None, failures=same), lang))  # type: ignore[arg-type]
    assert shown.js('document.querySelector("#verdict h2 + p").textContent') == f"✓ {said}"
