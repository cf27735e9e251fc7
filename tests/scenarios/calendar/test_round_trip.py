"""What is written as iCalendar is read again as it was; CSV in both languages is read alike."""

import unicodedata
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giaoban.scenarios.calendar.csv_file import read_csv
from giaoban.scenarios.calendar.icalendar_file import to_ics, write_ics
from giaoban.scenarios.calendar.registration import TIME_ZONE, Registration, resolve_all
from giaoban.translation import Language
from tests.laws import examples
from tests.scenarios.calendar.calendars import ASKED, DISTRICTS, FILES, at, directory, read

LETTERS = st.characters(
    min_codepoint=0x20, max_codepoint=0x1EFF, exclude_categories=("Cc", "Cs", "Cn", "Mn", "Zl")
)
TITLES = st.text(st.one_of(LETTERS, st.sampled_from("ậếỗữĐđ,;:\\\"'()")), min_size=1, max_size=200)
MINUTES = st.integers(0, 500_000)


def moments(minutes: int) -> datetime:
    return datetime(2027, 1, 1, tzinfo=TIME_ZONE) + timedelta(minutes=minutes)


@st.composite
def registrations(draw: st.DrawFn) -> list[Registration]:
    found = []
    for number in range(draw(st.integers(1, 6))):
        who = draw(st.lists(st.sampled_from(DISTRICTS), min_size=2, unique=True))
        start = moments(draw(MINUTES))
        early = draw(st.none() | st.integers(0, 300))
        title = unicodedata.normalize("NFC", draw(TITLES.map(str.strip).filter(bool)))
        found.append(
            Registration(
                uid=draw(st.sampled_from(["weekly@a", f"{number}@b"])),
                place="",
                title=title,
                start=start,
                end=start + timedelta(minutes=draw(st.integers(1, 24 * 60))),
                chair=who[0],
                participants=tuple(who),
                registered=draw(st.none() | MINUTES.map(moments)),
                check=None if early is None else start - timedelta(minutes=early),
                check_before=ASKED.check_before,
                emergency=draw(st.booleans()),
                meeting=draw(st.sampled_from([None, "specialist", "training"])),
                rooms=draw(st.sampled_from([(), ("Phòng A",), ("Phòng A", "krong-no")])),
            )
        )
    return found


def told(found: list[Registration]) -> list[Registration]:
    """In one order, without what is the file's own."""
    same = [replace(each, uid="", place="") for each in found]
    return sorted(same, key=lambda each: (each.start, each.end, each.title, repr(each)))


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(registrations())
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, found: list[Registration]
) -> None:
    path = tmp_path_factory.mktemp("calendar") / "year.ics"
    distinct = {(each.uid, each.start): each for each in found}
    found = list(distinct.values())
    write_ics(found, path, "vi")
    again = read(path)
    assert told(again) == told(found)
    assert to_ics(again, "vi") == to_ics(read_again(path, again), "vi"), "and written again alike"


def read_again(path: Path, found: list[Registration]) -> list[Registration]:
    write_ics(found, path, "vi")
    return read(path)


@pytest.mark.parametrize("name", ["outlook", "google", "thunderbird"])
def test_what_other_programs_wrote_is_kept(name: str, tmp_path: Path) -> None:
    found = read(FILES / f"{name}.ics")
    write_ics(found, tmp_path / "again.ics", "vi")
    assert told(read(tmp_path / "again.ics")) == told(found)


@pytest.mark.parametrize(
    ("language", "said"), [("vi", "Kiểm tra hệ thống: Họp"), ("en", "Check of the system: Họp")]
)
def test_the_check_is_an_alarm(language: Language, said: str) -> None:
    each = read(FILES / "thunderbird.ics")[0]
    plain = replace(each, title="Họp", check=each.start - timedelta(minutes=90))
    (event,) = icalendar.Calendar.from_ical(to_ics([plain], language)).walk("VEVENT")
    (alarm,) = event.walk("VALARM")
    assert str(alarm["DESCRIPTION"]) == said
    assert alarm["TRIGGER"].dt == timedelta(minutes=-90)


def test_lines_are_folded_at_75_octets() -> None:
    each = replace(read(FILES / "google.ics")[0], title="Giao ban điện tử " * 40)
    lines = to_ics([each], "vi").split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert any(line.startswith(b" ") for line in lines)


ENGLISH = """title,start,end,chair,participants,registered,emergency,meeting,room,check
Giao ban,2027-03-02 08:00,2027-03-02 11:00,,,2027-02-20 08:00,,monthly-briefing,,2027-03-02 06:30
"Bão, lũ",2027-03-03 14:00,2027-03-03 15:00,Đắk Mil,"Cư Jút, Đắk Mil",2027-03-03 13:00,yes,,Phòng A,
"""
VIETNAMESE = """Nội dung;Bắt đầu;Số phút;Chủ trì;Thành phần;Ngày đăng ký;Đột xuất;\
Loại cuộc họp;Phòng họp;Giờ kiểm tra
Giao ban;02/03/2027 08:00;180;;;20/02/2027 08:00;không;monthly-briefing;;02/03/2027 06:30

Bão, lũ;3/3/2027 14:00;60;UBND huyện Đắk Mil;dak mil, CU JUT;03/03/2027 13:00:00;có;;Phòng A;
"""


@pytest.mark.parametrize("text", [ENGLISH, VIETNAMESE, VIETNAMESE.replace(";", "\t")])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv(text: str, mark: str, end: str, tmp_path: Path) -> None:
    path = tmp_path / "year.csv"
    path.write_bytes((mark + text.replace("\n", end)).encode())
    briefing, storm = resolve_all(directory(), read_csv(path))
    assert (briefing.start, briefing.end) == (at("2027-03-02 08:00"), at("2027-03-02 11:00"))
    assert briefing.participants == ("gia-nghia", *DISTRICTS), "all, as the catalogue says"
    assert briefing.check_start == at("2027-03-02 06:30")
    assert (storm.title, storm.chair, storm.participants) == (
        "Bão, lũ",
        "dak-mil",
        ("dak-mil", "cu-jut"),
    )
    assert (storm.emergency, storm.registered) == (True, at("2027-03-03 13:00"))
    assert storm.rooms == ("Phòng A",)
    assert storm.place.startswith(f"{path}:")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("cu-jut", "cu-jut"),
        ("Cư Jút", "cu-jut"),
        ("CU JUT", "cu-jut"),
        ("Cu\u031b Ju\u0301t", "cu-jut"),
        ("Điểm cầu Đắk R'Lấp", "dak-r-lap"),
        ("VP HĐND và UBND huyện Đắk R’Lấp", "dak-r-lap"),
        ("mailto:krong-no@daknong.example", "krong-no"),
        ("sip:tuy-duc@10.68.7.2", "tuy-duc"),
        ("Văn phòng UBND tỉnh", "gia-nghia"),
        ("UBND tỉnh Đắk Nông", "gia-nghia"),
        ("Tỉnh ủy Đắk Nông", "gia-nghia"),
        ("Thường trực HĐND tỉnh", "gia-nghia"),
        ("Gia Nghĩa", "gia-nghia"),
        ("Sở Giáo dục và Đào tạo", "so-giao-duc"),
        ("UBND xã Cư Jút", None),
        ("@", None),
        ("", None),
    ],
)
def test_what_calendars_call_a_bridge(said: str, meant: str | None) -> None:
    assert directory().bridge(said) == meant


def test_a_day_of_a_series_is_a_meeting_of_its_own_when_written(tmp_path: Path) -> None:
    found = read(FILES / "google.ics", date(2028, 1, 1))
    events = icalendar.Calendar.from_ical(to_ics(found, "vi")).walk("VEVENT")
    assert len({str(event["UID"]) for event in events}) == len(found) == 7
