"""Load tests in the annex: what an office reads of them, in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import annex_factory as annexes
import load_factory as loads
import pytest
import results_factory as make
from docx import Document
from pdf_text import pages_of, text_of

from giaoban.errors import InputError
from giaoban.results.model.reasons import because
from giaoban.results.model.result import FileRef
from giaoban.results.model.studies.load import LoadInputs, LoadResult, McuView, MediaResult
from giaoban.results.model.unmodelled import Unmodelled
from giaoban.results.report.annex.content import Chapter
from giaoban.results.report.annex.draft import AnswerWithProof
from giaoban.results.report.annex.make import annex_bytes
from giaoban.results.report.annex.words import WORDS
from giaoban.results.report.summaries.load_summary import CAUSES, mcu_lines, session_lines
from giaoban.results.report.wording import Wording, reasons
from giaoban.scenarios.load import generators, load_test
from giaoban.scenarios.load.locust.outcomes import GeneratorHealth, Record
from giaoban.scenarios.measure.unmodelled import left_out
from giaoban.translation import translator

VI = Wording("vi")
VI_SCREEN = translator("vi")
WITHOUT = loads.storm("none")
WITH = loads.storm("random", run_id="load-province-20261125-091500", last_back_s=14.04)


def said(*answers: LoadResult, lang: Any = "vi") -> str:
    return annexes.said(make.result(), *answers, lang=lang)


def rows(*answers: LoadResult, caption: str, lang: Any = "vi") -> list[list[str]]:
    return annexes.rows(make.result(), *answers, caption=caption, lang=lang)


def test_two_storms_are_two_rows_with_decimal_commas() -> None:
    assert rows(WITHOUT, WITH, caption="Các điểm cầu gọi lại") == [
        ["Lần thử 1", "không", "10", "10", "21", "3,5", "8,5", "60", "Đạt"],
        ["Lần thử 2", "có", "10", "10", "21", "3,5", "14", "60", "Đạt"],
    ]
    english = rows(WITHOUT, WITH, caption="Bridges dialling again", lang="en")
    assert english[0] == ["Test 1", "no", "10", "10", "21", "3.5", "8.5", "60", "Met"]


def test_a_storm_that_cut_nobody_off_says_nothing_of_coming_back() -> None:
    nobody = {"cut_off": 0, "back": 0, "attempts": 0, "half_back_s": None, "last_back_s": None}
    storm = WITHOUT.storm.model_copy(update=nobody)
    lone = WITHOUT.model_copy(update={"storm": storm})
    for text in (said(lone), VI_SCREEN.say(session_lines(lone)[-1])):
        assert "không điểm cầu nào coi cuộc gọi đã mất" in text
        assert "Bảng 7: Các điểm cầu gọi lại" not in text
        assert "không bao giờ" not in text
    assert "0/0" not in " ".join(session_lines(lone))
    both = rows(lone, WITH, caption="Các điểm cầu gọi lại")
    assert [row[0] for row in both] == ["Lần thử 2"]


NOBODY = {
    "cut_off": 0,
    "back": 0,
    "missing": 0,
    "attempts": 0,
    "half_back_s": None,
    "last_back_s": None,
}
NONE_LOST, NONE_BEFORE = "no bridge took its call for dead", "no bridge had got a call before"
REAL_TIME = {"shape": "storm", "bridges": 10, "rate_per_s": 4.0, "seconds": 60.0, "outage_s": 3.0}


@pytest.mark.parametrize(
    ("changes", "told", "never"),
    [
        ({}, NONE_LOST, NONE_BEFORE),
        ({"place": "loopback", "what": REAL_TIME}, NONE_BEFORE, NONE_LOST),
        ({"place": "target", "what": REAL_TIME}, NONE_BEFORE, NONE_LOST),
        # calls of the whole test: whether one stood when the lines went away, they do not tell
        ({"established": 0}, NONE_LOST, NONE_BEFORE),
        ({}, NONE_LOST, "no line was away for so long"),
        # technicians' calls may stand
        ({"place": "loopback", "what": REAL_TIME}, NONE_BEFORE, "no call stood"),
        ({"verdict": "invalid"}, "", "nothing is known of dialling again"),
        (
            {"verdict": "invalid", "place": "target", "what": REAL_TIME},
            "",
            "nothing is known of dialling again",
        ),
    ],
)
def test_why_nobody_dialled_again_is_said_only_where_it_is_true(
    changes: dict[str, Any], told: str, never: str
) -> None:
    established = changes.pop("established", WITHOUT.sessions.established)
    lone = WITHOUT.model_copy(
        update={
            "storm": WITHOUT.storm.model_copy(update=NOBODY),
            "sessions": WITHOUT.sessions.model_copy(update={"established": established}),
            **changes,
        }
    )
    for text in (said(lone, lang="en"), " ".join(session_lines(lone))):
        assert told in text
        assert never not in text
        assert "0 of 0" not in text


@pytest.mark.parametrize("cause", sorted(CAUSES))
def test_how_calls_ended_is_said_in_vietnamese(cause: str) -> None:
    seen = McuView(
        joined=3, refused={}, left={cause: 3}, units_peak=3, units_total=90, ports_peak=3,
        calls_left=0, sip_received=9, sip_dropped={}, media_sent=0, media_late=0,
        media_overflowed=0, wrong_passwords=0,
    )  # fmt: skip
    told = VI_SCREEN.say(mcu_lines(loads.calls(mcu=seen))[0])
    assert f" {cause}" not in told
    assert "rời họp 3 do " in told


def test_they_are_told_once_if_they_were_asked_the_same() -> None:
    text = said(WITHOUT, WITH)
    [told] = [line for line in text.splitlines() if loads.QUESTION in line]
    assert told.startswith(f"Lần thử 1, lần thử 2: {loads.QUESTION} Phiên họp có 11 điểm cầu.")
    assert "trong mạng mô phỏng của tỉnh: mọi cuộc gọi đi qua các đường truyền mô phỏng" in told
    assert "Kịch bản “storm.toml” của lần thử khác kịch bản của lần kiểm tra" in told
    for answer in (WITHOUT, WITH):
        assert f"({answer.run_id}): đạt cả 2 tiêu chí thử tải" in text
    assert "61,5 %, trên đường truy nhập của MCU (chiều từ các điểm cầu)" in text
    assert "bị loại do hàng đợi đầy: 1.234" in text


def test_the_scenario_of_the_check_needs_no_word() -> None:
    own = make.result().inputs.scenario
    same = WITHOUT.model_copy(
        update={"inputs": WITHOUT.inputs.model_copy(update={"scenario": own})}
    )
    assert "khác kịch bản của lần kiểm tra" not in said(same)


@pytest.mark.parametrize(
    ("place", "vi", "en"),
    [
        ("loopback", "với riêng MCU mô phỏng trên một máy tính", "simulated MCU alone"),
        ("target", "với thiết bị thật tại địa chỉ 10.67.0.2:5060", "real device at 10.67.0.2:5060"),
    ],
)
def test_each_says_where_it_was_made(place: str, vi: str, en: str) -> None:
    answer = loads.calls(place=place)
    assert vi in said(answer)
    assert en in said(answer, lang="en")
    [told] = [line for line in said(answer).splitlines() if line.startswith("Lần thử 1: ")]
    assert ("Thiết bị: Polycom RMX 1500, 1 × MPMx." in told) == (place == "loopback")


def test_a_storm_that_is_not_over_fails_and_makes_a_condition() -> None:
    late = loads.storm(last_back_s=None)
    [row] = rows(late, caption="Các điểm cầu gọi lại")
    assert row[3] == "9"
    assert row[6:] == ["–", "–", "Không đạt"]
    text = said(late)
    assert "không đạt 1 trong 1 tiêu chí thử tải: tên của bridges-missing: 1 điểm cầu" in text
    [number] = re.findall(r"tiêu chí thử tải không đạt nêu tại mục (\d+)", text)
    document = annexes.annex(make.result(), late)
    headings = {b.number: b.text for b in document.blocks if hasattr(b, "level")}
    assert headings[f"{number}."] == VI.text(WORDS["load"])
    assert "tiêu chí thử tải không đạt nêu" not in said(WITHOUT)


def test_a_limit_that_was_set_is_told_and_one_that_was_not_is_an_assumption() -> None:
    chosen = loads.storm(limit_s=5.0, set_here=True)
    text = said(chosen)
    assert "do người yêu cầu thử đặt – Lần thử 1: tên của last-back: 8,53 giây" in text
    assert "(ngưỡng ≤ 5 giây)" in text
    assert "là giả định nêu tại mục" not in text
    text = said(WITHOUT)
    [number] = re.findall(r"thời gian trở lại là giả định nêu tại mục (\d+)", text)
    document = annexes.annex(make.result(), WITHOUT)
    headings = {b.number: b.text for b in document.blocks if hasattr(b, "level")}
    assert headings[f"{number}."] == VI.text(WORDS["assumptions"])
    assert "do người yêu cầu thử đặt" not in text


def test_what_the_model_leaves_out_of_it_is_told() -> None:
    left = left_out()[0]
    assert left.what_vi in said(
        loads.storm(
            unmodelled=[
                Unmodelled.model_validate(left.model_dump(include=set(Unmodelled.model_fields)))
            ]
        )
    )
    assert left.what_vi not in said(loads.storm())


def test_its_assumptions_are_listed_and_many_of_its_scenario_are_counted() -> None:
    listed = [row[0] for row in rows(WITHOUT, caption="Các giả định")]
    assert {"Khoảng cách giữa hai lần gọi lại", "Điểm cầu Xã 1"} <= set(listed)
    many = [loads.assumption(f"điểm cầu Xã {number}") for number in range(63)]
    answer = loads.storm(check_assumptions=many)
    listed = [row[0] for row in rows(answer, caption="Các giả định")]
    assert "Khoảng cách giữa hai lần gọi lại" in listed
    assert "Điểm cầu Xã 1" not in listed
    assert "còn dựa trên 63 giả định khác" in said(answer)
    [count] = re.findall(r"(\d+) giả định nêu tại mục", said(answer))
    assert int(count) == len(listed)


def test_calls_are_told_with_why_they_failed() -> None:
    full = loads.calls(shape="hold", failed={"capacity": 5, "timeout": 2})
    assert rows(full, caption="Kết quả thiết lập") == [
        ["Lần thử 1", "150", "143", "7\nMCU hết năng lực: 5; MCU không trả lời kịp thời: 2", "5,1",
         "17", "Không đạt"]
    ]  # fmt: skip
    assert "20 điểm cầu gọi đến, 5 cuộc gọi mỗi giây, rồi giữ cuộc gọi trong 30 giây" in said(full)


def test_what_came_of_calls_and_what_the_device_lacks_are_told() -> None:
    sound = MediaResult(
        medium="audio", calls=150, too_short=0, missed={"nothing": 3, "late": 1},
        packets_sent=9000, packets_received=8000, packets_lost=0, expected_s=180.0, heard_s=160.0,
        worst_pct=0.0,
    )  # fmt: skip
    answer = loads.calls(place="target", media=[sound], lacking=["options", "register", "guess"])
    text = said(answer)
    assert "âm thanh đầy đủ trong 146 trên 150 cuộc gọi" in text
    for words_of in ("không trả lời câu hỏi về khả năng", "không nhận đăng ký", "dò mật khẩu"):
        assert words_of in text
    invalid = said(loads.calls(verdict="invalid", reasons=["nothing was done: x"], media=[sound]))
    assert "146" not in invalid


def test_the_establishment_rate_has_a_column_if_it_was_looked_for() -> None:
    plain = loads.calls()
    found = plain.sessions.model_copy(update={"establishment_rate_per_s": 188.43})
    searched = loads.calls(run_id="load-steady-2", sessions=found)
    table = rows(plain, searched, caption="Kết quả thiết lập")
    assert [row[6] for row in table] == ["–", "188,4"]
    assert len(rows(plain, caption="Kết quả thiết lập")[0]) == 7


@pytest.mark.parametrize("shape", ["steady", "ramp", "hold", "guess", "malformed"])
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_shape_has_its_sentence(shape: str, lang: str) -> None:
    assert re.search(r"\b30 (giây|s);", said(loads.calls(shape=shape), lang=lang))


def test_storms_outside_of_the_province_say_for_how_long_lines_were_away() -> None:
    what = {**loads.calls().what, "shape": "storm", "outage_s": 2.5}
    storm = loads.calls(shape="storm", what=what, storm=WITHOUT.storm)
    assert "20 điểm cầu cùng mất đường truyền trong 2,5 giây" in said(storm)


def test_no_section_without_a_load_test() -> None:
    assert VI.text(WORDS["load"]) not in annexes.said(make.result())
    headings = [b for b in annexes.annex(make.result(), WITHOUT).blocks if hasattr(b, "level")]
    assert sum(b.text == VI.text(WORDS["load"]) for b in headings) == 1


def test_what_failed_in_a_storm_is_not_called_untried() -> None:
    assert "Chưa thử sự cố nào; " in annexes.said(make.result())
    assert "ngoài việc các điểm cầu gọi lại sau sự cố, nêu tại mục 8." in said(WITHOUT)
    assert "Chưa thử sự cố nào; " in said(loads.calls())


# ---------------------------------------------------------------------- which belong, drafts


def test_a_test_in_another_province_is_refused() -> None:
    other = FileRef(path="other.toml", sha256="f" * 64)
    inputs = WITHOUT.inputs.model_copy(update={"province": other})
    with pytest.raises(InputError, match="a load test in another province than was checked"):
        said(WITHOUT.model_copy(update={"inputs": inputs}))


def test_load_tests_alone_are_no_annex() -> None:
    with pytest.raises(InputError, match="an annex is of a check"):
        annexes.said(WITHOUT)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"committed": False}, "phần mềm đã sửa đổi so với phiên bản lưu trữ"),
        ({"commit": None}, "không rõ phiên bản"),
    ],
)
def test_one_of_uncommitted_code_makes_a_draft(changes: dict[str, Any], why: str) -> None:
    inputs: LoadInputs = WITHOUT.inputs.model_copy(update=changes)
    document = annexes.annex(make.result(), WITHOUT.model_copy(update={"inputs": inputs}))
    assert document.draft
    assert any(f"lần thử tải {WITHOUT.run_id}" in n and why in n for n in document.notices)
    assert not annexes.annex(make.result(), WITHOUT).draft


def test_one_without_evidence_makes_a_draft() -> None:
    chapters = [annexes.chapter(make.result()), Chapter(AnswerWithProof(WITHOUT, None), {})]
    assert annex_bytes(chapters, form="docx")[1]


def test_an_invalid_one_makes_a_draft_without_its_figures() -> None:
    code = because("not-dialled", dialled=7, calls=35)
    why = str(code)
    answer = loads.storm(verdict="invalid", reasons=[why], reason_codes=[code])
    document = annexes.annex(make.result(), answer)
    assert document.draft
    assert "– chỉ gọi 7 trong 35 cuộc gọi theo lịch" in document.notices
    [row] = rows(answer, caption="Các điểm cầu gọi lại")
    assert row == ["Lần thử 1", "không", *["–"] * 6, "Không hợp lệ"]
    [row] = rows(loads.calls(verdict="invalid", reasons=[why]), caption="Kết quả thiết lập")
    assert row == ["Lần thử 1", *["–"] * 5, "Không hợp lệ"]
    assert "61,5" not in said(answer)
    assert "không hợp lệ, số liệu không đủ tin cậy nên không được sử dụng" in said(answer)


def test_every_reason_of_an_invalid_test_has_its_vietnamese() -> None:
    """Those that the generator really gives, all at once."""
    bad = {"cpu_pct": 99.0, "late_ms": 300.0, "missed_timers": 0, "standing": 0, "media_sent": 100}
    bad |= {"media_late": 50, "media_overflowed": 3, "media_gone": True}
    healths = [
        GeneratorHealth.model_validate({"generator": "a", "at_s": float(t), **bad})
        for t in range(9)
    ]
    late = Record(operation="invite", who="x", at_s=3.5, due_s=3.0, ms=1.0, ok=True)
    found = generators.problems(healths, [late], window_s=(0.0, 30.0), processes=2)
    mcu = loads.mcu_view(media_sent=100, media_late=50, media_overflowed=2)
    found += load_test.mcu_problems(mcu)
    found += [because("nothing-done")]
    assert len(found) == 10, found
    answer = WITHOUT.model_copy(update={"verdict": "invalid", "reason_codes": found})
    for told in reasons(answer, Wording("vi", answer)):
        assert not re.search(r"\b(the|generator|of|late|media)\b", told), told


# ------------------------------------------------------------------------- languages, files


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_word_of_the_other_language(lang: str) -> None:
    lacking = loads.calls(place="target", lacking=["options", "register", "guess"])
    every = (WITHOUT, WITH, loads.calls(failed={"capacity": 1}), lacking)
    section, inside = [], False
    for block in annexes.annex(make.result(), *every, lang=lang).blocks:
        if hasattr(block, "level"):
            inside = block.text == Wording(lang).text(WORDS["load"])  # type: ignore[arg-type]
        elif inside:
            section.append(str(block))
    text = "\n".join(section)
    assert len(text) > 2000
    for answer in every:  # ids and names are nobody's language
        text = text.replace(answer.run_id, "")
    if lang == "en":
        assert re.findall(r"\S*[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệịỉĩọỏốồổỗộớờởỡợụủũứừửữựỳỵỷỹ]\S*",
                          text.replace("Gia Nghĩa", "")) == []  # fmt: skip
    else:
        shown = re.findall(r"(?:text|caption)='([^']*)'", text.replace('"', "'"))
        assert len(shown) > 40
        for word in ("bridge", "call", "back", "test", "storm ", "loopback", "invite", "seconds"):
            assert not any(word in each.lower() for each in shown), word


def test_pdf_and_docx_carry_it_with_its_sum(tmp_path: Path) -> None:
    chapters = [annexes.chapter(answer) for answer in (make.result(), WITHOUT, WITH)]
    total = annexes.proof(WITHOUT).sum
    for name in ("x.pdf", "x.docx"):
        path = tmp_path / name
        annexes.write_annex(path, chapters, form=path.suffix[1:])
    text = re.sub(r"\s+", " ", text_of(tmp_path / "x.pdf"))
    assert "8. Thử tải hệ thống điều khiển đa điểm (MCU)" in text
    assert total[:32] in text
    assert f"Mã kiểm chứng của lần thử tải {WITHOUT.run_id}" in text.replace("- ", "-")
    assert all("NHÁP" not in page for page in pages_of(tmp_path / "x.pdf"))
    tables = Document(str(tmp_path / "x.docx")).tables
    [storms] = [t for t in tables if t.rows[0].cells[1].text == "Giãn cách gọi lại"]
    assert [cell.text for cell in storms.rows[2].cells][6] == "14"
