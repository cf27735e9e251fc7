"""The answer about a calendar, in words and on sheets to print."""

from datetime import date, datetime
from pathlib import Path

import pytest
from pdf_text import overprinted, text_of

from giaoban.results.model.studies.calendar import (
    Booked,
    CalendarAnswer,
    Finding,
    Peak,
    Period,
)
from giaoban.results.report.document import Heading, Par, Table
from giaoban.results.report.markdown import markdown
from giaoban.results.report.meetings.calendar_sheet import (
    day_sheet,
    months,
    sheets,
    sheets_pdf,
    summary_md,
)
from giaoban.results.report.meetings.calendar_summary import brief, what
from giaoban.topology.load import load_province
from giaoban.translation import translator

NAMES = {"cu-jut": "Cư Jút", "dak-mil": "Đắk Mil", "gia-nghia": "Gia Nghĩa"}


def booked(ident: str, start: str, end: str, title: str, *who: str, **more: object) -> Booked:
    day = ident[:10]
    check = f"{int(start[:2]) - 1:02}{start[2:]}"
    return Booked.model_validate(
        {
            "id": ident,
            "title": title,
            "start": f"{day}T{start}+07:00",
            "end": f"{day}T{end}+07:00",
            "chair": who[0],
            "participants": list(who),
            "check": f"{day}T{check}+07:00",
            "registered": f"{day}T01:00+07:00",
            **more,
        }
    )


def answer(**more: object) -> CalendarAnswer:
    """Two meetings that clash on a Monday, an emergency in May, and no briefing in April."""
    one, two = "2027-03-01/1", "2027-03-01/2"
    whole: dict[str, object] = {
        "run_id": "calendar-year-20270101-000000",
        "verdict": "fail",
        "calendar": "year.ics",
        "regulation": load_province().regulation,
        "from_day": "2027-03-01",
        "until_day": "2027-05-03",
        "over": 0,
        "booked": [
            booked(one, "08:00", "10:00", "Giao ban <tháng> 3", "gia-nghia", "cu-jut", rooms=["A"]),
            booked(two, "09:00", "11:00", "Hai huyện", "cu-jut", "dak-mil", registered=None),
            booked("2027-05-03", "14:00", "15:00", "Họp khẩn", "cu-jut", "dak-mil", emergency=True),
        ],
        "findings": [
            Finding(
                rule="bridge-in-two-meetings",
                meetings=[one, two],
                start="2027-03-01T09:00+07:00",
                end="2027-03-01T10:00+07:00",
                article="Art. 21(1)",
                bridges=["cu-jut"],
                gives_way=two,
            ),
            Finding(
                rule="late-registration",
                meetings=[one],
                start="2027-03-01T08:00+07:00",
                end="2027-03-01T10:00+07:00",
                article="Art. 19(2)",
                amount=7.5,
                limit=48,
            ),
            Finding(
                rule="briefing-missing",
                meetings=["monthly-briefing"],
                start="2027-05-01T00:00+07:00",
                end="2027-06-01T00:00+07:00",
                article="Art. 5(1), 3(2)a",
            ),
        ],
        "periods": [
            Period(
                start="2027-03-01T09:00+07:00",
                end="2027-03-01T10:00+07:00",
                meetings=[one, two],
                calls=3,
                used_pct=10,
                used_of="ports",
                refused=["dak-mil"],
                link_pct=33.4,
                link="access-mcu mcu->r-gia-nghia",
            )
        ],
        "peaks": [],
        "names": NAMES,
        "kinds": {"monthly-briefing": {"name": "Monthly briefing", "name_vi": "Giao ban tháng"}},
    }
    return CalendarAnswer.model_validate({**whole, **more})


def test_the_answer_on_a_terminal() -> None:
    said = markdown(brief(answer(), "vi"))
    assert "KHÔNG ĐẠT" in said
    assert "3 cuộc họp, từ 01/03/2027 đến 03/05/2027; 3 vướng mắc" in said
    assert "tối đa 2 cuộc họp" in said
    assert "(khoản 3 Điều 21)" in said
    assert "không ghi ngày đăng ký của 1 cuộc họp" in said
    assert "| Hai huyện |" in said
    assert "thời gian đăng ký trước cuộc họp là 7,5 giờ, quy định ít nhất 48 giờ" in said
    assert "dự hai cuộc họp cùng lúc: Cư Jút" in said


def test_a_peak_says_at_what_it_fails() -> None:
    failed = {
        "id": "mcu-units",
        "name_en": "MCU capacity in use",
        "name_vi": "Năng lực MCU đã sử dụng",
        "value": 100.0,
        "unit": "%",
        "threshold": 80.0,
        "sense": "at-most",
        "ok": False,
        "margin_pct": -25.0,
        "place": {"kind": "mcu", "id": "mcu", "detail": "units", "phase": "course"},
        "worst_at": "mcu units, course",
        "source": "s",
        "source_vi": "s",
    }
    peak = Peak.model_validate(
        {
            "start": "2027-03-01T09:00+07:00",
            "meetings": ["2027-03-01/1", "2027-03-01/2"],
            "engine": "sandbox",
            "verdict": "fail",
            "reasons": [],
            "failed": [failed],
            "refused": ["dak-mil"],
        }
    )
    said = markdown(brief(answer(peaks=[peak]), "vi"))
    assert "| mô phỏng | KHÔNG ĐẠT | Đắk Mil |" in said
    assert "01/03/2027 09:00: Năng lực MCU đã sử dụng" in said
    assert "100\u00a0% (ngưỡng ≤\u00a080\u00a0%)" in said
    assert "| emulation | FAIL | Đắk Mil |" in markdown(brief(answer(peaks=[peak]), "en"))


def test_one_meeting_is_no_meetings() -> None:
    whole = answer()
    [one] = [each for each in whole.booked if each.registered is None]
    said = markdown(brief(whole.model_copy(update={"booked": [one], "findings": []}), "en"))
    assert "1 meeting, 2027-03-01 to 2027-05-03; 0 conflicts" in said
    assert "Of 1 meeting the calendar does not say when it was registered" in said
    assert "3 meetings, 2027-03-01 to 2027-05-03; 3 conflicts" in markdown(brief(whole, "en"))


def test_the_answer_in_english() -> None:
    said = markdown(brief(answer(), "en"))
    assert "| Hai huyện |" in said
    assert "registered 7.5 h before it begins, not 48 h" in said
    assert "Art. 21(1)" in said


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_rule_has_its_words(language: str) -> None:
    for rule in Finding.model_fields["rule"].annotation.__args__:  # type: ignore[union-attr]
        finding = (
            answer()
            .findings[0]
            .model_copy(
                update={"rule": rule, "room": "Phòng A", "link": "l", "amount": 1.5, "limit": 2.0}
            )
        )
        said = what(finding, NAMES, translator(language))
        assert said
        assert "{" not in said


def test_a_full_line_and_a_room_are_called_what_people_call_them() -> None:
    found = (
        answer()
        .findings[0]
        .model_copy(update={"link": "access-cu-jut r-cu-jut->cu-jut", "room": "cu-jut"})
    )
    names = {"cu-jut": "Cư Jút", "r-cu-jut": "Cư Jút"}
    for rule, language, said in (
        ("link-full", "vi", "Đường truy nhập Cư Jút (chiều xuống)"),
        ("link-full", "en", "access line of Cư Jút (down)"),
        ("room-in-use", "en", "Cư Jút"),
    ):
        wrong = what(found.model_copy(update={"rule": rule}), names, translator(language))
        assert said in wrong
        assert "cu-jut" not in wrong


def test_a_month_is_a_table() -> None:
    march, _, may, _, missing = months(answer(), "vi")
    assert isinstance(march, Heading)
    assert march.text == "Tháng 3/2027"
    assert isinstance(may, Heading)
    assert may.text == "Tháng 5/2027"
    assert isinstance(missing, Par)
    assert missing.text == (
        "Giao ban tháng: tháng này chưa có cuộc họp theo quy định "
        "(khoản 1 Điều 5, điểm a khoản 2 Điều 3)"
    )
    table = list(months(answer(), "vi"))[1]
    first, second = table.rows
    assert [cell.text for cell in first[:4]] == [
        "01/03",
        "08:00 – 10:00",
        "Giao ban <tháng> 3",
        "Gia Nghĩa (chủ tọa); Cư Jút",
    ]
    assert (first[0].sub, first[1].sub, first[2].sub) == (
        "Thứ Hai",
        "kiểm tra 07:00",
        "phòng họp: A",
    )
    assert second[0].text == "", "a day is said once"
    assert second[4].text == (
        "dự hai cuộc họp cùng lúc: Cư Jút (khoản 1 Điều 21), với “Giao ban <tháng> 3”; cần nhường"
    )
    assert table.caption == "2 cuộc họp trong tháng", "a number is not that of the month"
    assert second[4].bold, "a conflict is seen without colours"
    assert "cần nhường" not in first[4].text


def test_time_that_another_meeting_takes_from_a_check_is_said_truly_in_both_rows() -> None:
    """The earlier meeting's own check is in time: its row must not say that it is not."""
    whole = answer()
    one, two = whole.findings[0].meetings
    check = Finding(
        rule="no-hour-for-check",
        meetings=[one, two],
        start="2027-03-01T08:00+07:00",
        end="2027-03-01T10:00+07:00",
        article="Art. 19(3)",
        bridges=["cu-jut"],
        amount=20,
        limit=60,
        gives_way=two,
    )
    whole = whole.model_copy(update={"findings": [check, whole.findings[0]]})
    table = list(months(whole, "vi"))[1]
    for row, other in zip(table.rows, ("Hai huyện", "Giao ban <tháng> 3"), strict=True):
        assert "giữa hai cuộc họp còn 20 phút để kiểm tra hệ thống cho cuộc họp sau" in row[4].text
        assert row[4].text.count(f"với “{other}”") == 2
    assert table.rows[1][4].text.count("cần nhường") == 1
    alone = check.model_copy(update={"meetings": [two]})
    assert what(alone, NAMES, translator("en")) == "20 min for the check of the system, not 60 min"


def test_what_is_not_checked_has_no_check_in_its_day_or_month() -> None:
    whole = answer()
    without = [each.model_copy(update={"check": None}) for each in whole.booked]
    whole = whole.model_copy(update={"booked": without})
    _, course, *_ = day_sheet(whole, date(2027, 3, 1), "vi")
    assert [row[0].text for row in course.rows] == ["08:00 – 10:00", "09:00 – 11:00"]
    table = list(months(whole, "vi"))[1]
    assert table.rows[0][1].sub == ""


def test_a_day_is_a_course() -> None:
    heading, course, use, _, _, wrong = day_sheet(answer(), date(2027, 3, 1), "vi")
    assert isinstance(heading, Heading)
    assert heading.text == "Thứ Hai, 01/03/2027"
    assert [(row[0].text, row[1].text) for row in course.rows] == [
        ("07:00", "kiểm tra hệ thống: Giao ban <tháng> 3"),
        ("08:00", "kiểm tra hệ thống: Hai huyện"),
        ("08:00 – 10:00", "Giao ban <tháng> 3"),
        ("09:00 – 11:00", "Hai huyện"),
    ]
    assert [(cell.text, cell.sub) for cell in use.rows[0]] == [
        ("09:00 – 10:00", ""),
        ("Giao ban <tháng> 3; Hai huyện", ""),
        ("4", ""),
        ("10\u00a0%", "bị từ chối: Đắk Mil"),
        ("33\u00a0%", "Đường truy nhập của MCU (chiều đến các điểm cầu)"),
    ]
    assert len(wrong.items) == 2


def test_days_with_a_clash_have_a_sheet_and_those_that_are_asked_for() -> None:
    def days(*asked: date) -> list[str]:
        headings = [b for b in sheets(answer(), "vi", asked).blocks if isinstance(b, Heading)]
        return [heading.text for heading in headings if "," in heading.text]

    assert days() == ["Thứ Hai, 01/03/2027"]
    assert days(date(2027, 5, 3)) == ["Thứ Hai, 01/03/2027", "Thứ Hai, 03/05/2027"]
    assert days(date(2027, 5, 4)) == ["Thứ Hai, 01/03/2027"], "nothing is held then"


@pytest.mark.parametrize(
    ("language", "title"),
    [("vi", "LỊCH HỌP TRỰC TUYẾN"), ("en", "CALENDAR OF VIDEO-CONFERENCE MEETINGS")],
)
def test_sheets_are_printed(language: str, title: str, tmp_path: Path) -> None:
    made = sheets_pdf(answer(), language, (), datetime(2027, 1, 1))  # type: ignore[arg-type]
    path = tmp_path / "calendar.pdf"
    path.write_bytes(made)
    text = text_of(path)
    assert overprinted(path) == []
    assert title in text
    assert "Giao ban <tháng> 3" in text
    assert made == sheets_pdf(answer(), language, (), datetime(2027, 1, 1))  # type: ignore[arg-type]


def test_the_summary_of_a_run() -> None:
    said = summary_md(answer(), "vi")
    assert said.startswith("# Lịch họp trực tuyến year.ics\n")
    assert "## Tháng 3/2027" in said
    assert "Giao ban \\<tháng> 3" in said, "what an office wrote is no markup"


def test_a_month_in_which_nothing_is_held_says_what_is_missing() -> None:
    """On paper, too: there each month stands for itself."""
    without_may = answer().model_copy(update={"booked": answer().booked[:2]})
    printed = "\n".join(text for _, text in sheets(without_may, "vi").texts())
    assert "Tháng 5/2027" in printed
    assert "Giao ban tháng: tháng này chưa có cuộc họp theo quy định" in printed
    said = markdown(brief(without_may, "vi"))
    assert "| Tháng 5/2027 | Giao ban tháng |" in said
    assert "00:00" not in said


@pytest.mark.parametrize("month", range(1, 13))
def test_what_is_missing_is_printed_whatever_else_is_held(month: int) -> None:
    finding = Finding(
        rule="briefing-missing",
        meetings=["monthly-briefing"],
        start=f"2027-{month:02}-01T00:00+07:00",
        end="2028-01-01T00:00+07:00",
    )
    printed = [text for _, text in sheets(answer(findings=[finding]), "vi").texts()]
    assert sum("chưa có cuộc họp theo quy định" in text for text in printed) == 1
    titles = [text for text in printed if text.partition(" ")[2].startswith("Tháng ")]
    assert titles == sorted(titles, key=lambda text: int(text.split()[0].rstrip(".")))
    assert any(f"Tháng {month}/2027" in text for text in titles)


def test_no_peak_is_said_to_pass_where_none_was_judged() -> None:
    kept = answer(verdict="pass", findings=[])
    assert "đều đạt" not in markdown(brief(kept, "vi"))
    peak = Peak(start="2027-03-01T09:00+07:00", meetings=[], engine="estimate", verdict="pass",
                reasons=[])  # fmt: skip
    assert "đều đạt" in markdown(brief(answer(verdict="pass", findings=[], peaks=[peak]), "vi"))


def night(**more: object) -> CalendarAnswer:
    """One meeting over midnight and one just after it, whose check is on the day before."""
    late = booked("2027-05-31", "22:30", "23:00", "Họp đêm", "gia-nghia", "cu-jut")
    early = booked("2027-06-01", "01:30", "02:00", "Họp khẩn", "cu-jut", "dak-mil")
    return answer(
        booked=[
            late.model_copy(update={"end": "2027-06-01T01:00+07:00"}),
            early.model_copy(
                update={"start": "2027-06-01T00:30+07:00", "check": "2027-05-31T23:30+07:00"}
            ),
        ],
        findings=[
            Finding(
                rule="bridge-in-two-meetings",
                meetings=["2027-05-31", "2027-06-01"],
                start="2027-06-01T00:30+07:00",
                end="2027-06-01T01:00+07:00",
                bridges=["cu-jut"],
            )
        ],
        periods=[
            answer()
            .periods[0]
            .model_copy(
                update={
                    "start": "2027-05-31T22:30+07:00",
                    "end": "2027-06-01T00:30+07:00",
                    "meetings": ["2027-05-31"],
                }
            )
        ],
        **more,
    )


def test_what_goes_over_midnight_is_told_with_its_days() -> None:
    table = next(block for block in months(night(), "vi") if isinstance(block, Table))
    assert table.rows[0][1].text == "22:30 – 01:00 (01/06)"
    [early] = [b for b in months(night(), "vi") if isinstance(b, Table)][1].rows
    assert early[1].sub == "kiểm tra 23:30 (31/05)"
    course, use = [b for b in day_sheet(night(), date(2027, 6, 1), "vi") if isinstance(b, Table)]
    assert [row[0].text for row in course.rows] == [
        "21:30 (31/05)",
        "22:30 (31/05) – 01:00",
        "23:30 (31/05)",
        "00:30 – 02:00",
    ]
    assert [row[0].text for row in use.rows] == ["22:30 (31/05) – 00:30"]


def test_where_a_bridge_counts_that_is_in_two_meetings_is_told() -> None:
    """Else a meeting seems to take nothing of the MCU."""
    told = "được tính ở cuộc họp bắt đầu trước"
    made, alone = answer(), answer(findings=[])
    for of, times in ((made, 1), (alone, 0)):
        notes = [b.text for b in day_sheet(of, date(2027, 3, 1), "vi") if isinstance(b, Par)]
        assert sum(told in str(note) for note in notes) == times


def test_what_ends_at_midnight_is_not_on_the_next_day() -> None:
    ends = night().booked[0].model_copy(update={"end": "2027-06-01T00:00+07:00"})
    made = night().model_copy(update={"booked": [ends], "findings": [], "periods": []})
    assert len(sheets(made, "vi", [date(2027, 6, 1)]).blocks) == len(sheets(made, "vi").blocks)


def test_earlier_meetings_and_the_order_of_ranks_are_in_every_document() -> None:
    made = answer(over=3)
    for said in (
        markdown(brief(made, "vi")),
        summary_md(made, "vi"),
        "\n".join(text for _, text in sheets(made, "vi").texts()),
    ):
        assert "Không xét 3 cuộc họp diễn ra trước đó trong tệp." in said
        assert "Tỉnh ủy, HĐND hoặc UBND tỉnh chủ trì" in said
        assert "lãnh đạo UBND tỉnh quyết định (khoản 1 Điều 21)" in said
    assert "trước đó trong tệp" not in markdown(brief(answer(), "vi"))
    assert "Thứ tự giả định" not in markdown(brief(answer(findings=[]), "vi"))
