"""What people get of a meeting: on a terminal, as `summary.md`, the sheet and the minutes."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import meeting_factory as make
import pytest
import results_factory

from giaoban.results.model.studies.meetings import MeetingAnswer
from giaoban.results.report.document import Block, Bullets, Par, Table, plain
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings.meeting_sheet import (
    MINUTES,
    SHEET,
    SUMMARY,
    sheet,
    write_documents,
)
from giaoban.results.report.meetings.meeting_summary import bridges_table, brief
from giaoban.results.report.wording import Wording

WHEN = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
"""Where a machine tells the time of Greenwich; the office’s is 8:00."""


def texts(blocks: list[Block]) -> list[str]:
    found = [plain(block.text) for block in blocks if isinstance(block, Par)]
    return found + [plain(item) for b in blocks if isinstance(b, Bullets) for item in b.items]


def table(blocks: list[Block]) -> Table:
    return next(block for block in blocks if isinstance(block, Table))


# ------------------------------------------------------------------------------------- the answer


def test_a_bridge_that_a_failure_interrupted_is_good_with_the_interruption_beside() -> None:
    """Not a loss of a third beside “good”."""
    part = make.part("course", faults=[make.power_out()], bridges=[make.interrupted()])
    say = Wording("en", make.answer(part))
    told = "Tuy Đức: interrupted, 18.6\u00a0s – site without power (Tuy Đức)"
    assert told in texts(brief(make.answer(part), "en"))
    [row] = bridges_table([make.interrupted()], say).rows
    assert [cell.text for cell in row] == [
        "Tuy Đức", "yes", "good", "good", "good", "good", "18.6\u00a0s", "met",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        ({}, "met"),
        ({"connected": False, "refused": 486}, "not-met"),
        ({"there_at_end": False}, "not-met"),
        ({"hung_up": False}, "not-met"),
        ({"hung_up": None}, "met"),
    ],
)
def test_outcomes(more: dict[str, object], outcome: str) -> None:
    assert make.bridge("cu-jut", **more).outcome == outcome


# ----------------------------------------------------------------------------------- the documents


def test_the_sheet_has_a_row_a_bridge_and_room_to_sign() -> None:
    made = sheet(make.answer(), "vi", WHEN)
    assert made.label == "PHIẾU KIỂM TRA HỆ THỐNG TRƯỚC CUỘC HỌP"
    assert list(made.title) == ["Họp giao ban hằng tháng"]
    assert "khoản 1 Điều 5, điểm a khoản 2 Điều 3" in made.attached
    assert "25/10/2013" in made.attached
    assert "2013-10-25" in sheet(make.answer(), "en", WHEN).attached
    said = texts(list(made.blocks))
    assert said[0] == "Thời gian thực hiện: 27/11/2026 08:00."
    assert "Kết quả: ĐẠT (3 trong 3 điểm cầu)." in said
    assert any("mô phỏng" in text for text in said)
    rows = table(list(made.blocks)).rows
    assert [cell.text.strip() for cell in rows[2]] == [
        "3", "Tuy Đức", "có", "tốt", "tốt", "tốt", "tốt", "0,00", "2,5", "Đạt", "",
    ]  # fmt: skip
    assert len({len(row) for row in rows} | {len(table(list(made.blocks)).titles())}) == 1


def test_a_sheet_of_what_cannot_be_trusted_is_a_draft() -> None:
    answer = make.answer(make.part(verdict="invalid", reasons=["no"]), verdict="invalid")
    assert sheet(answer, "vi", WHEN).draft
    assert not sheet(make.answer(), "vi", WHEN).draft


@pytest.mark.parametrize("only", [None, "course"])
def test_what_is_written(tmp_path: Path, only: str | None) -> None:
    answer = make.answer() if only is None else make.answer(make.part("course"))
    names = {path.name for path in write_documents(answer, tmp_path, "vi", WHEN)}
    assert names == {MINUTES, SUMMARY} | ({SHEET} if only is None else set())
    assert {path.name for path in tmp_path.iterdir()} == names
    text = (tmp_path / SUMMARY).read_text(encoding="utf-8")
    assert text.startswith("# Họp giao ban hằng tháng\n")
    assert (tmp_path / MINUTES).read_bytes().startswith(b"%PDF-")


def pages(path: Path) -> str:
    done = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True)
    found = re.search(r"Pages:\s+(\d+)", done.stdout)
    return found[1]


def test_a_sheet_of_the_province_is_one_page(tmp_path: Path) -> None:
    """The whole province with what the default expansion adds."""
    names = results_factory.EXISTING | results_factory.NEW
    part = make.part(bridges=[make.bridge(ident, name=name) for ident, name in names.items()])
    write_documents(make.answer(part), tmp_path, "vi", WHEN)
    assert pages(tmp_path / SHEET) == "1"


def test_names_that_look_like_markup_stay_names(tmp_path: Path) -> None:
    evil = make.bridge("cu-jut", name="*Cư* #Jút_ $x$ <b>|`")
    answer: MeetingAnswer = make.answer(make.part(bridges=[evil]))
    write_documents(answer, tmp_path, "en", WHEN)
    done = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / SHEET), "-"], capture_output=True, check=True
    )
    assert "#Jút_" in done.stdout.decode().replace("\n", " ")
    assert "<b>" not in re.sub(r"\\<b>", "", markdown(brief(answer, "en")))
