"""The minutes of a meeting: what each moment says in both languages, and what is one line."""

import meeting_factory as make
import pytest

from giaoban.results.model.studies.meetings import Entry
from giaoban.results.report.meetings.minutes import (
    SENTENCES,
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


def test_of_many_lines_talk_gives_way_and_no_more_are_told_than_asked() -> None:
    talk = [make.entry(float(n), "request-to-speak", f"b{n}", by=f"b{n}") for n in range(40)]
    lost = [make.entry(100.0 + 2 * n, "left", f"b{n}", cause="timeout") for n in range(5)]
    assert len(minutes_table([*talk, *lost], EN).rows) == 45
    rows = minutes_table([*talk, *lost], EN, most=10).rows
    assert [row[0].text for row in rows] == ["1:40", "1:42", "1:44", "1:46", "1:48"]
    assert len(minutes_table([*talk, *lost], EN, most=3).rows) == 3
