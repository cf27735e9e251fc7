"""The minutes of a meeting: what each moment says in both languages, and what is one line."""

import meeting_factory as make
import pytest

from giaoban.regulation import cited
from giaoban.results.model.studies.meetings import Entry
from giaoban.results.report.meetings.minutes import (
    SENTENCES,
    MinutesLine,
    lines,
    minutes_table,
    moment,
    sentence_of,
)
from giaoban.results.report.wording import Wording

FAULT = make.power_out()
ANSWER = make.answer(make.part(), make.part("course", faults=[FAULT]))
VI, EN = Wording("vi", ANSWER), Wording("en", ANSWER)
CAUSE = "power is out at the bridge"
REMEDY = "change to backup power, start the devices again and dial the MCU again"
LOST = {"fault": FAULT.id, "cause": CAUSE, "remedy": REMEDY}


def told(*entries: Entry, say: Wording = VI, chair: str = "gia-nghia") -> list[str]:
    return [
        sentence_of(line, say, chair=chair, everybody=set(make.BRIDGES))
        for line in lines(list(entries))
    ]


def test_an_interruption_has_cause_remedy_and_expected_time() -> None:
    """Art. 16(2)d, as an office writes it."""
    entry = make.entry(20.0, "interrupted", "tuy-duc", **LOST, expected_s=28.0)
    assert told(entry) == [
        "Điểm cầu Tuy Đức mất kết nối. Nguyên nhân: mất điện tại điểm cầu. Biện pháp: chuyển sang "
        "nguồn điện dự phòng, khởi động lại thiết bị và gọi lại MCU. Dự kiến khắc phục: lúc 0:28"
    ]
    assert told(entry, say=EN) == [
        "The bridge Tuy Đức lost the connection. Cause: power is out at the bridge. Remedy: change "
        "to backup power, start the devices again and dial the MCU again. Expected to be mended: "
        "at 0:28"
    ]


def test_where_it_failed_is_told_of_other_bridges() -> None:
    [text] = told(make.entry(20.0, "interrupted", "cu-jut", **LOST), say=EN)
    assert "Cause: power is out at the bridge (Tuy Đức)." in text
    assert text.endswith("Expected to be mended: not known yet")


def test_the_end_of_an_interruption_says_how_long_it_was() -> None:
    entry = make.entry(38.7, "back", "tuy-duc", fault=FAULT.id, seconds=18.698)
    assert told(entry) == ["Điểm cầu Tuy Đức đã kết nối lại, gián đoạn 18,7 giây"]
    assert told(entry, say=EN) == ["The bridge Tuy Đức came back, after an interruption of 18.7 s"]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(0.0, "đã khắc phục"), (15.0, "trong 15 phút"), (2.5, "trong 2,5 phút")],
)
def test_a_report_is_told_as_it_was_made(minutes: float, expected: str) -> None:
    entry = make.entry(
        30.0, "interruption", "tuy-duc", by="tuy-duc", cause="máy phát hỏng", remedy="thay máy",
        expected_min=minutes,
    )  # fmt: skip
    assert told(entry) == [
        "Gián đoạn tại điểm cầu Tuy Đức, theo báo cáo của điểm cầu Tuy Đức. Nguyên nhân: máy phát "
        f"hỏng. Biện pháp: thay máy. Dự kiến khắc phục: {expected}"
    ]


def test_what_is_alike_at_one_moment_is_one_line() -> None:
    joining = [make.entry(-3.0 + 0.2 * n, "joined", b) for n, b in enumerate(make.BRIDGES)]
    assert told(*joining) == ["Cả 3 điểm cầu vào họp"]
    assert told(*joining[1:]) == ["2 điểm cầu (Cư Jút, Tuy Đức) vào họp"]
    assert told(*joining, say=EN) == ["All 3 bridges joined the meeting"]
    later = make.entry(5.0, "joined", "dak-mil")
    assert told(*joining[:1], later) == ["Điểm cầu Gia Nghĩa vào họp", "Điểm cầu dak-mil vào họp"]


def test_other_lines_between_do_not_part_them_but_other_causes_do() -> None:
    entries = [
        make.entry(1.0, "interrupted", "tuy-duc", **LOST),
        make.entry(1.1, "request-to-speak", "gia-nghia", by="gia-nghia"),
        make.entry(1.2, "interrupted", "cu-jut", **LOST),
        make.entry(1.3, "interrupted", "dak-mil", **(LOST | {"cause": "a cable is cut"})),
    ]
    found = lines(entries)
    assert [line.bridges for line in found] == [["tuy-duc", "cu-jut"], ["gia-nghia"], ["dak-mil"]]


def test_the_longest_of_several_interruptions_is_told() -> None:
    entries = [
        make.entry(38.0, "back", "tuy-duc", fault="f", seconds=18.0),
        make.entry(38.4, "back", "cu-jut", fault="f", seconds=18.5),
    ]
    assert told(*entries, say=EN) == [
        "2 bridges (Tuy Đức, Cư Jút) came back, after an interruption of 18.5 s"
    ]


def test_of_many_bridges_there_is_the_number() -> None:
    many = [make.entry(0.0, "hung-up", f"b{n}") for n in range(71)]
    assert told(*many) == ["71 điểm cầu ngắt cuộc gọi"]
    assert len(minutes_table(many, VI).rows) == 1


def test_who_did_it() -> None:
    call = make.entry(8.0, "call-to-speak", "cu-jut", by="gia-nghia")
    assert told(call) == ["Chủ tọa mời điểm cầu Cư Jút phát biểu"]
    assert told(call, chair="cu-jut") == ["Điểm cầu Gia Nghĩa mời điểm cầu Cư Jút phát biểu"]
    by_mcu = make.entry(8.0, "muted", "cu-jut", by="operator")
    assert told(by_mcu) == ["Cán bộ kỹ thuật tại MCU tắt micrô của điểm cầu Cư Jút"]
    assert told(make.entry(8.0, "muted", by="operator")) == [
        "Cán bộ kỹ thuật tại MCU tắt micrô của tất cả điểm cầu, trừ điểm cầu chủ tọa"
    ]


@pytest.mark.parametrize("code", SENTENCES)
@pytest.mark.parametrize("say", [VI, EN], ids=["vi", "en"])
def test_every_code_has_words_and_no_field_is_left(code: str, say: Wording) -> None:
    about = {"status": 486, "reason": "Busy", "calls": 1, "units": 2.5, "attempt": 1}
    [text] = told(
        make.entry(1.0, code, "cu-jut", by="gia-nghia", seconds=1.0, **LOST, **about), say=say
    )
    assert text != code
    assert "{" not in text
    assert text[0].isupper()


def test_a_code_of_a_later_version_is_shown_as_it_is() -> None:
    assert told(make.entry(1.0, "teleported", "cu-jut")) == ["teleported"]
    assert sentence_of(MinutesLine(make.entry(1.0, "teleported"), 1.0), EN) == "teleported"


@pytest.mark.parametrize(
    ("t_s", "text"),
    [(0.0, "0:00"), (-0.4, "0:00"), (-2.497, "–0:02"), (59.6, "1:00"), (3725.0, "62:05")],
)
def test_moments(t_s: float, text: str) -> None:
    assert moment(t_s) == text


def test_rows_are_in_order_with_their_moments() -> None:
    entries = [make.entry(0.0, "course-begins"), make.entry(54.0, "course-ends")]
    made = minutes_table(entries, VI)
    assert made.titles() == ["Thời điểm", "Nội dung"]
    assert [[cell.text for cell in row] for row in made.rows] == [
        ["0:00", "Chủ tọa khai mạc cuộc họp"],
        ["0:54", "Chủ tọa bế mạc cuộc họp"],
    ]
    assert minutes_table([], VI).rows == []


@pytest.mark.parametrize(
    ("articles", "said"),
    [
        ("Art. 5(1), 3(2)a", "khoản 1 Điều 5, điểm a khoản 2 Điều 3"),
        ("Art. 26", "Điều 26"),
        ("nghị quyết 7", "nghị quyết 7"),
    ],
)
def test_articles_as_vietnamese_documents_cite_them(articles: str, said: str) -> None:
    assert cited(articles, VI) == said
    assert cited(articles, EN) == articles


def test_of_many_lines_talk_gives_way_and_no_more_are_told_than_asked() -> None:
    talk = [make.entry(float(n), "request-to-speak", f"b{n}", by=f"b{n}") for n in range(40)]
    lost = [make.entry(100.0 + 2 * n, "left", f"b{n}", cause="timeout") for n in range(5)]
    assert len(minutes_table([*talk, *lost], EN).rows) == 45
    rows = minutes_table([*talk, *lost], EN, most=10).rows
    assert [row[0].text for row in rows] == ["1:40", "1:42", "1:44", "1:46", "1:48"]
    assert len(minutes_table([*talk, *lost], EN, most=3).rows) == 3


def test_why_a_call_was_refused_is_told_in_the_language() -> None:
    entry = make.entry(1.0, "call-refused", "cu-jut", status=486, reason="In the meeting already")
    assert told(entry, say=EN) == [
        "The MCU refused the call of the bridge Cư Jút: In the meeting already (code 486)"
    ]
    [text] = told(entry)
    assert text.startswith("MCU từ chối cuộc gọi của điểm cầu Cư Jút: ")
    assert text.endswith("(mã 486)")
    assert "already" not in text
