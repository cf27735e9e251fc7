"""Every header of every table that people get, in both languages, beside what stands below it."""

from __future__ import annotations

import re
from typing import Any

import annex_factory as a
import failures_factory as ff
import load_factory as lf
import pytest
import results_factory as f

from giaoban.results.archive.history import document as year
from giaoban.results.judge.criteria import load_criteria
from giaoban.results.judge.verdict import trial, with_seeds
from giaoban.results.model.result import RefusedCommand, Result
from giaoban.results.model.seeds import others, seeds_of
from giaoban.results.report.document import Table
from giaoban.results.report.summaries.check_summary import summary_md as of_check
from giaoban.results.report.summaries.failures_summary import summary_md as of_failures
from giaoban.results.report.summaries.load_summary import summary_md as of_load
from giaoban.translation import translator
from tests.results import view_factory as v

PHASES = {"vi": ["Trước", "Trong", "Sau"], "en": ["Before", "During", "After"]}


def phased(lang: str, first: str, *of: str) -> list[str]:
    """A column a phase below each of these."""
    return [first, *(f"{name} / {phase}" for name in of for phase in PHASES[lang])]


ANNEX: dict[str, dict[str, list[str]]] = {
    "vi": {
        "Kết quả theo từng tiêu chí": [
            "Tiêu chí", "Giá trị", "Ngưỡng", "Dư địa", "Kết quả", "Căn cứ",
        ],
        "Mức dao động của từng tiêu chí": [
            "Tiêu chí", "Nhỏ nhất", "Trung vị", "Lớn nhất", "Ngưỡng", "Số lần không đạt",
        ],
        "Chất lượng trước, trong và sau": phased(
            "vi", "Điểm cầu", "Miệng đến tai (ms)", "Biến thiên trễ (ms)",
            "Gói không dùng được (%)", "Điểm MOS",
        ),
        "Chất lượng hình ảnh tại các điểm cầu": phased(
            "vi", "Điểm cầu", "Khung hình hỏng", "Số lần dừng hình", "Dừng lâu nhất (ms)",
            "Thời gian dừng (%)",
        ),
        "Năng lực MCU đã dùng và còn lại": [
            "Giai đoạn", "Đã dùng", "Tính theo", "Đơn vị đã dùng / tổng", "Đơn vị còn lại",
            "Cổng đã dùng / tổng", "Cổng còn lại", "Tham gia", "Bị từ chối", "Hạ mức",
        ],
        "10 hướng truyền có tải cao nhất": [
            "Hướng truyền", "Tốc độ (Mb/s)", *phased("vi", "", "Tải cao nhất (%)")[1:],
            "Gói bị loại",
        ],
        "Ảnh hưởng của từng sự cố": [
            "Sự cố", "Điểm cầu", "Mất tiếng (ms)", "Mất hình (ms)", "Do khôi phục (ms)", "Gói mất",
            "Bị ngắt", "Có hình trở lại (ms)", "Kể từ khi khôi phục (ms)", "Cuộc gọi",
        ],
        "Các sự cố đã thử": [
            "Sự cố", "Kết quả", "Gián đoạn dài nhất (ms)", "Tại", "Do khôi phục (ms)", "Gói mất",
            "Điểm cầu bị ngắt", "Tải cao nhất (%)",
        ],
        "Các điểm cầu gọi lại": [
            "Lần thử", "Giãn cách gọi lại", "Điểm cầu bị ngắt", "Kết nối lại được", "Số lần gọi",
            "Một nửa trở lại sau (giây)", "Tất cả trở lại sau (giây)", "Ngưỡng (giây)", "Kết quả",
        ],
        "Kết quả thiết lập cuộc gọi": [
            "Lần thử", "Cuộc gọi đã thử", "Thiết lập được", "Không thiết lập được, nguyên nhân",
            "Thời gian thiết lập (ms)", "Nhiều nhất cùng lúc",
            "Kết quả",
        ],
        "Các giả định": ["Nội dung", "Giá trị", "Cơ sở hiện có", "Sẽ được thay bằng"],
        "Thuật ngữ dùng": ["Thuật ngữ", "Giải thích"],
        "Nhận dạng lần kiểm tra": ["Thông tin", "Giá trị"],
        "Nhận dạng lần thử tải": ["Thông tin", "Giá trị"],
    },
    "en": {
        "Each criterion": ["Criterion", "Value", "Limit", "Margin", "Result", "Source"],
        "How far each criterion goes apart": [
            "Criterion", "Least", "Median", "Largest", "Limit", "Not met at",
        ],
        "Quality before, during and after": phased(
            "en", "Bridge", "Mouth to ear (ms)", "Delay variation (ms)", "Packets missed (%)", "MOS"
        ),
        "Bridges whose pictures stood still": phased(
            "en", "Bridge", "Bad frames", "Freezes", "Longest (ms)", "Time frozen (%)"
        ),
        "MCU capacity used and left": [
            "Phase", "In use", "Most of", "Units used / total", "Units left", "Ports used / total",
            "Ports left", "Joined", "Refused", "Given less",
        ],
        "The 10 most loaded directions": [
            "Direction", "Rate (Mb/s)", *phased("en", "", "Highest load (%)")[1:], "Dropped",
        ],
        "What each failure did": [
            "Failure", "Bridge", "Sound away (ms)", "Picture away (ms)", "By mending (ms)", "Lost",
            "Cut off", "Picture again (ms)", "After mending (ms)", "Call",
        ],
        "The failures tried": [
            "Failure", "Result", "Longest interruption (ms)", "At", "By mending (ms)", "Lost",
            "Bridges cut off", "Highest load (%)",
        ],
        "Bridges dialling again": [
            "Test", "Back-off", "Bridges cut off", "Back again", "Calls made",
            "Half are back after (s)", "All are back after (s)", "Limit (s)", "Result",
        ],
        "Calls under load": [
            "Test", "Calls tried", "Set up", "Not set up, why", "Set-up time (ms)",
            "At the same time", "Result",
        ],
        "The assumptions": ["What", "Value", "Rests on", "Would be replaced by"],
        "Terms used": ["Term", "Meaning"],
        "Identity of the check": ["What", "Value"],
        "Identity of the load test": ["What", "Value"],
    },
}  # fmt: skip
"""By how its caption begins, a table's columns from left to right; below each other with ` / `."""


def everything() -> list[Any]:
    """Return a check with other seeds, a failure, bad pictures and a refused command; failures that
    were tried; a storm; calls."""
    result = v.result()
    own = [trial(seed, f.result()) for seed in others(result.inputs.seed, 20)]
    result = with_seeds(result, load_criteria(), seeds_of(own, "estimate"))
    damaged = f.stream(
        "video", "down", sent=7000, frames_lost=3, frames_undecodable=1, freezes=2,
        freeze_ms_max=200.0, freeze_pct=0.7,
    )  # fmt: skip
    streams = result.phases[2].bridges[1].streams
    result.phases[2].bridges[1] = (
        result.phases[2].bridges[1].model_copy(update={"streams": [*streams[:3], damaged]})
    )
    refused = RefusedCommand(
        by="cu-jut", command="mute", on="dak-mil", code=403, reason="Forbidden"
    )
    result = result.model_copy(update={"refused_commands": [refused]})
    calls = lf.calls(failed={"timeout": 2})
    tried = ff.answer(inputs=result.inputs)
    return [result, tried, lf.storm(), calls]


def columns(table: Table) -> list[str]:
    """The columns of a table, a span over others told before each."""
    found: list[str] = []
    below = [cell.text for cell in table.head[1]] if len(table.head) > 1 else []
    for cell in table.head[0]:
        if cell.columns == 1:
            found.append(cell.text)
            continue
        found += [f"{cell.text} / {below.pop(0)}" for _ in range(cell.columns)]
    assert not below
    return found


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_header_of_an_annex(lang: str) -> None:
    seen = set()
    for block in a.annex(*everything(), lang=lang).blocks:
        if not isinstance(block, Table):
            continue
        [begins] = [key for key in ANNEX[lang] if block.caption.startswith(key)]
        seen.add(begins)
        expected = [name for name in ANNEX[lang][begins] if name]
        assert columns(block) == expected, block.caption
        count = len(expected)
        assert {len(block.widths), len(block.aligns), *map(len, block.rows)} == {count}
    assert seen == set(ANNEX[lang])


def cells(lang: str, begins: str, row: int) -> dict[str, str]:
    """A row of a table by its headers."""
    [table] = [
        block
        for block in a.annex(*everything(), lang=lang).blocks
        if isinstance(block, Table) and block.caption.startswith(begins)
    ]
    texts = (cell.text.replace("\u00a0", " ") for cell in table.rows[row])
    return dict(zip(columns(table), texts, strict=True))


def test_what_stands_below_a_header_is_what_it_says() -> None:
    """Where a figure alone does not tell what it is of."""
    tried = cells("en", "The failures tried", 2)
    assert tried == {
        "Failure": "Link Gia Nghĩa – Cư Jút cut", "Result": "Met",
        "Longest interruption (ms)": "412",
        "At": "Cư Jút", "By mending (ms)": "0", "Lost": "87", "Bridges cut off": "0",
        "Highest load (%)": "20",
    }  # fmt: skip
    own = cells("en", "What each failure did", 0)
    assert own == {
        "Failure": "link Đắk Song – Đắk Mil: link cut", "Bridge": "Đắk Mil",
        "Sound away (ms)": "80", "Picture away (ms)": "0", "By mending (ms)": "0", "Lost": "47",
        "Cut off": "no", "Picture again (ms)": "1,140", "After mending (ms)": "–", "Call": "kept",
    }  # fmt: skip
    storm = cells("en", "Bridges dialling again", 0)
    assert storm == {
        "Test": "Test 1", "Back-off": "no", "Bridges cut off": "10", "Back again": "10",
        "Calls made": "21", "Half are back after (s)": "3.5", "All are back after (s)": "8.5",
        "Limit (s)": "60", "Result": "Met",
    }  # fmt: skip
    calls = cells("en", "Calls under load", 0)
    assert calls == {
        "Test": "Test 2", "Calls tried": "150", "Set up": "148", "Not set up, why": "2",
        "Set-up time (ms)": "5.1", "At the same time": "17",
        "Result": "Not met",
    }  # fmt: skip
    pictures = cells("en", "Bridges whose pictures", 0)
    assert {key: text for key, text in pictures.items() if key.endswith("After")} == {
        "Bad frames / After": "4", "Freezes / After": "2", "Longest (ms) / After": "200",
        "Time frozen (%) / After": "0.7",
    }  # fmt: skip


# --------------------------------------------------------------------------------------- summary.md

SUMMARIES: dict[str, list[list[str]]] = {
    "check": [
        ["criterion", "value", "limit", "margin", "result", "worst at"],
        ["criterion", "least", "median", "largest", "limit", "fails at", "fails first at"],
        ["failure", "bridge", "interrupted, ms", "of", "sound alone, ms", "by the mending, ms",
         "of", "packets lost", "cut off", "picture again, ms", "after mending, ms", "dialled again",
         "call kept"],
        ["stream", "phase", "frames sent", "lost", "undecodable", "late", "not shown, %", "freezes",
         "longest, ms", "frozen, %"],
        ["phase", "in use", "most of", "units", "ports", "in the meeting", "refused", "given less"],
        ["what", "value", "rests on", "would be replaced by"],
    ],
    "faults": [
        ["failure", "verdict", "interruption", "slow case", "by mending", "lost", "load", "cut off",
         "most loaded backbone link"],
        ["failure", "bridge", "interruption", "of the sound", "by the mending", "packets lost",
         "state", "path"],
        ["direction of a link", "worst load", "by"],
    ],
    "load": [
        ["parameter", "value"],
        ["criterion", "value", "limit", "result"],
        ["what", "attempts", "succeeded", "failed", "median", "95 %", "answers"],
    ],
}  # fmt: skip


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a text in Markdown, each as rows of cells, the head first."""
    found = []
    for part in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in part.strip().splitlines()]
        found.append([[cell.strip() for cell in row] for row in rows])
    return found


@pytest.mark.parametrize("kind", sorted(SUMMARIES))
def test_every_header_of_a_summary(kind: str) -> None:
    check, tried, storm, _ = everything()
    assert isinstance(check, Result)
    text = {"check": of_check, "faults": of_failures, "load": of_load}[kind](
        {"check": check, "faults": tried, "load": storm}[kind]
    )
    found = tables(text)
    assert [rows[0] for rows in found] == SUMMARIES[kind]
    for rows in found:
        assert all(rows[0])
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(rows) > 2, f"an empty table: {rows[0]}"


# ---------------------------------------------------------------------------- the summary of a year

YEARLY = [
    ["Tháng", "Số lần", "Đạt", "Không đạt", "Không dùng làm căn cứ"],
    ["Kịch bản", "Nội dung", "Số lần", "Lần cuối", "Kết quả", "Yếu tố giới hạn", "Dư địa"],
    ["Tiêu chí", "Ngưỡng", "Số lần", "Không đạt", "Xấu nhất", "Ngày, nơi ghi nhận", "Mới nhất"],
    ["Kịch bản", "Tiêu chí", "Lần đầu", "Lần cuối", "Dư địa"],
    ["Ngày", "Kịch bản", "Kết quả", "Đã thử", "Gián đoạn dài nhất", "Tải cao nhất", "Điểm lỗi đơn"],
    ["Yếu tố giới hạn", "Số lần"],
    ["Ngày", "Kịch bản", "Lý do", "Mã lần kiểm tra"],
    ["Ngày", "Loại", "Kết quả", "Mã lần chạy"],
    ["Thời gian", "Kịch bản", "Loại", "Kết quả", "Mã lần kiểm tra, SHA-256"],
]


def test_every_header_of_the_summary_of_a_year() -> None:
    tables = (
        year.MONTHS, year.SCENARIOS, year.CRITERIA, year.CHANGES, year.FAULTS, year.BINDINGS,
        year.UNUSED, year.STUDIES, year.RUNS,
    )  # fmt: skip
    say = translator("vi").text
    assert [[say(column.title) for column in columns] for columns in tables] == YEARLY
