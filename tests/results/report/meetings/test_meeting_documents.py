"""What people get of a meeting: on a terminal, as `summary.md`, the sheet and the minutes."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import meeting_factory as make
import pytest
import results_factory

from giaoban.results.judge.verdict import judge
from giaoban.results.model.result import Assumption, CriterionResult
from giaoban.results.model.studies.meetings import Closing, MeetingAnswer, Opening
from giaoban.results.report.document import Block, Bullets, Par, Table, plain
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings.meeting_sheet import (
    MINUTES,
    SHEET,
    SUMMARY,
    minutes_document,
    sheet,
    write_documents,
)
from giaoban.results.report.meetings.meeting_summary import bridges_table, brief
from giaoban.results.report.wording import Wording, in_words

WHEN = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
"""Where a machine tells the time of Greenwich; the office’s is 8:00."""


def texts(blocks: list[Block]) -> list[str]:
    found = [plain(block.text) for block in blocks if isinstance(block, Par)]
    return found + [plain(item) for b in blocks if isinstance(b, Bullets) for item in b.items]


def table(blocks: list[Block]) -> Table:
    return next(block for block in blocks if isinstance(block, Table))


def failed_loss(bridge: str) -> CriterionResult:
    """What a bad stream of that bridge comes to."""
    phases = [
        results_factory.phase(
            "check",
            [
                results_factory.bridge(
                    bridge,
                    None,
                    results_factory.stream("audio", "up"),
                    results_factory.stream("audio", "down", received=1200),
                )
            ],
        )
    ]
    found = judge(phases, results_factory.criteria(), existing=[bridge], new=[], invalid=[])
    return next(c for c in found.criteria if not c.ok and c.place and c.place.kind == "bridge")


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


def test_a_bridge_that_a_failure_holds_to_the_end_is_cut_off() -> None:
    held = make.interrupted(back_s=None)
    assert held.outcome == "cut-off"
    assert not held.ok
    say = Wording("vi", make.answer(make.part("course", faults=[make.power_out(None)])))
    [row] = bridges_table([held], say).rows
    assert [cell.text for cell in row[-2:]] == ["đến hết cuộc họp", "mất kết nối do sự cố"]


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


def test_what_is_lost_without_a_failure_is_shown() -> None:
    bad = make.bridge("cu-jut", ways=[make.way(lost_pct=12.345, ok=False)])
    none = make.bridge("tuy-duc", ways=[make.way("video", "down", packets_received=0, ok=False)])
    rows = bridges_table([bad, none], Wording("vi")).rows
    assert [cell.text for cell in rows[0][2:6]] == ["kém (12,35\u00a0%)", "–", "–", "–"]
    assert [cell.text for cell in rows[1][2:6]] == ["–", "–", "–", "không có"]


def test_a_verdict_that_passes_claims_no_more_than_was_held_and_seen() -> None:
    """Neither of a part that was not held, nor of bridges while they were cut off."""
    course = make.part("course", bridges=[make.bridge("gia-nghia"), make.interrupted()])
    for parts, said in (
        ((), "ĐẠT – mọi điểm cầu đều nghe và nhìn thấy nhau, khi kiểm tra và trong cuộc họp"),
        (
            (make.part("check"),),
            "ĐẠT – mọi điểm cầu đều nghe và nhìn thấy nhau khi kiểm tra hệ thống",
        ),
        (
            (course,),
            "ĐẠT – mọi điểm cầu đều nghe và nhìn thấy nhau trong cuộc họp, trừ thời gian bị gián "
            "đoạn do sự cố",
        ),
    ):
        assert texts(brief(make.answer(*parts), "vi"))[0] == said


def test_a_verdict_that_fails_says_what_fails_where() -> None:
    bad = failed_loss("cu-jut")
    refused = make.bridge("tuy-duc", connected=False, refused=486, ways=[])
    answer = make.answer(
        make.part(
            verdict="fail",
            failed=[bad],
            bridges=[make.bridge("gia-nghia"), make.bridge("cu-jut", failed=[bad]), refused],
            opening=Opening(calls=3, connected=2, seconds=0.6),
        ),
        verdict="fail",
    )
    said = texts(brief(answer, "vi"))
    assert said[0] == "KHÔNG ĐẠT – cuộc họp không đạt các tiêu chí"
    assert "Kết nối: 2 trong 3 điểm cầu đã kết nối, điểm cầu cuối cùng sau 0,6 giây." in said
    [told] = [text for text in said if text.startswith(bad.name_vi)]
    assert "Cư Jút" in told
    assert "(ngưỡng " in told
    [told] = [text for text in said if text.startswith("Tuy Đức: ")]
    assert told.startswith("Tuy Đức: không kết nối được – ")
    assert told.endswith("(mã 486)")


def test_what_was_left_when_all_hung_up_is_said() -> None:
    left = Closing(standing=3, hung_up=2, calls_left=1, units_left=2.0)
    assert not left.ok
    said = texts(brief(make.answer(make.part(closing=left, verdict="fail")), "en"))
    assert "Hung up: 2 of 3 calls; the MCU still has 1 call and holds 2 units." in said
    nobody = Opening(calls=3, connected=0, seconds=None)
    said = texts(brief(make.answer(make.part(opening=nobody, verdict="fail")), "en"))
    assert "Set up: none of 3 bridges connected." in said


def test_an_invalid_part_says_why_in_the_language() -> None:
    reason = results_factory.unaccounted(3)
    part = make.part(verdict="invalid", reasons=[str(reason)], reason_codes=[reason])
    answer = make.answer(part, verdict="invalid")
    assert str(reason) in texts(brief(answer, "en"))
    [told] = in_words(part.reasons, [reason], Wording("vi"))
    assert told in texts(brief(answer, "vi"))
    assert told != str(reason)


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


def test_a_sheet_of_a_real_device_says_which_and_of_no_emulation() -> None:
    said = texts(list(sheet(make.answer(device="sip:10.67.0.2:5060"), "en", WHEN).blocks))
    assert "Checked at the device sip:10.67.0.2:5060." in said
    assert not any("emulation" in text for text in said)


def test_a_sheet_of_what_cannot_be_trusted_is_a_draft() -> None:
    answer = make.answer(make.part(verdict="invalid", reasons=["no"]), verdict="invalid")
    assert sheet(answer, "vi", WHEN).draft
    assert not sheet(make.answer(), "vi", WHEN).draft


def test_minutes_have_both_parts() -> None:
    made = minutes_document(make.answer(), "en", WHEN)
    tables = [b for b in made.blocks if isinstance(b, Table) and b.caption]
    assert [table.number for table in tables] == [1, 2]
    assert made.label == "LOG OF THE SIMULATED MEETING"
    assert tables[1].rows[0][1].text == "The chair opened the meeting"


def test_a_course_that_is_condensed_and_what_is_assumed_are_told() -> None:
    """Minutes of some seconds stand below a planned length of hours."""
    held = make.part("course", seconds=21.9)
    assumed = Assumption(
        what="a", what_vi="a", value="1", value_vi="1", source="s", source_vi="s", settled_by="b",
        settled_by_vi="b",
    )  # fmt: skip
    answer = make.answer(make.part(), held).model_copy(update={"assumptions": [assumed]})
    for made in (minutes_document(answer, "vi", WHEN), sheet(answer, "vi", WHEN)):
        said = "\n".join(text for _, text in made.texts()).replace("\u00a0", " ")
        assert "Diễn biến được rút gọn còn 22 giây." in said
        assert "1 giả định (xem summary.md)" in said


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
