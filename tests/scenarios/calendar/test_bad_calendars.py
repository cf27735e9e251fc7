"""What a calendar may not say: each mistake with its file and line, and all of them at once."""

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from giaoban.errors import InputError
from giaoban.scenarios.calendar.csv_file import read_csv
from giaoban.scenarios.calendar.icalendar_file import read_ics
from giaoban.scenarios.calendar.registration import resolve_all
from giaoban.scenarios.study.calendar import read_calendar
from tests.scenarios.calendar.calendars import FIRST, directory, ics, read, world

TIME = ("DTSTART:20270301T010000Z", "DTEND:20270301T020000Z")
WHO = ("ATTENDEE:mailto:cu-jut@a.example", "ATTENDEE:mailto:dak-mil@a.example")
GOOD = ("UID:1", *TIME, *WHO)

BAD: dict[str, tuple[Sequence[str], str]] = {
    "all day": (
        ("UID:1", "DTSTART;VALUE=DATE:20270301", "DTEND;VALUE=DATE:20270302", *WHO),
        ":6: lasts all day (allowed: a meeting with times)",
    ),
    "ends before": (
        ("UID:1", "DTSTART:20270301T010000Z", "DTEND:20270301T000000Z", *WHO),
        ':4: "?": ends 2027-03-01 07:00, not after it begins',
    ),
    "no end": (("UID:1", TIME[0], *WHO), ":4: has neither DTEND nor DURATION"),
    "no start": (("UID:1", "DURATION:PT1H", *WHO), ":4: has no DTSTART"),
    "start twice": ((TIME[0], *GOOD), ":5: DTSTART is there twice"),
    "too long": (
        ("UID:1", TIME[0], "DURATION:P2D", *WHO),
        ':4: "?": lasts over 24 hours',
    ),
    "broken start": (
        ("UID:1", "DTSTART:2027-03-01", TIME[1], *WHO),
        ":6: DTSTART cannot be read: Expected datetime",
    ),
    "broken end": (
        ("UID:1", TIME[0], "DTEND:later", *WHO),
        ":7: DTEND cannot be read: Expected datetime",
    ),
    "broken line": (
        (*GOOD, "what is this"),
        ":4: VEVENT cannot be read: Content line could not be parsed",
    ),
    "ages ago": (("UID:1", "DTSTART:00010101T010000Z", *WHO), ":6: is in no year of ours"),
    "unknown zone": (
        ("UID:1", "DTSTART;TZID=Mars/Olympus:20270301T080000", "DURATION:PT1H", *WHO),
        ':6: TZID "Mars/Olympus": unknown time zone (allowed: as Asia/Ho_Chi_Minh, ',
    ),
    "no uid": ((*TIME, *WHO), ":4: has no UID"),
    "nobody": (("UID:1", *TIME), ':4: "?": names nobody (allowed: two bridges or more)'),
    "one alone": (
        ("UID:1", *TIME, WHO[0]),
        ':4: "?": only cu-jut takes part (allowed: two bridges or more)',
    ),
    "unknown bridge": (
        ("UID:1", *TIME, WHO[0], "ATTENDEE;CN=Cư Jít:mailto:x@a.example"),
        ':4: "Cư Jít": unknown bridge',
    ),
    "chair elsewhere": (
        (*GOOD, "X-GIAOBAN-CHAIR:tuy-duc"),
        ':4: "?": chair "tuy-duc" is no participant (allowed: cu-jut, dak-mil)',
    ),
    "unknown meeting": (
        (*GOOD, "X-GIAOBAN-MEETING:monthly-breifing"),
        ':4: meeting "monthly-breifing" is not in the catalogue',
    ),
    "check too late": (
        (*GOOD, "X-GIAOBAN-CHECK:2027-03-01T09:00"),
        ':4: "?": its check begins after the opening',
    ),
    "check no time": (
        (*GOOD, "X-GIAOBAN-CHECK:early"),
        ':10: X-GIAOBAN-CHECK = "early" (allowed: 2026-03-02T07:00)',
    ),
    "broken rule": ((*GOOD, "RRULE:FREQ=FORTNIGHTLY"), ":10: RRULE cannot be read: Expected"),
    "broken day": (
        (*GOOD, "RRULE:FREQ=WEEKLY;BYDAY=XX;COUNT=2"),
        ":10: RRULE cannot be read: Expected weekday",
    ),
    "no frequency": (
        (*GOOD, "RRULE:COUNT=2"),
        ':10: FREQ = "" (allowed: DAILY, WEEKLY, MONTHLY, YEARLY)',
    ),
    "every second": (
        (*GOOD, "RRULE:FREQ=SECONDLY;COUNT=100000000"),
        ':10: FREQ = "SECONDLY" (allowed: DAILY, WEEKLY, MONTHLY, YEARLY)',
    ),
    "no interval": (
        (*GOOD, "RRULE:FREQ=DAILY;INTERVAL=0;COUNT=3"),
        ":10: INTERVAL = 0 (allowed: 1 to 1,000)",
    ),
    "too often": (
        (*GOOD, "RRULE:FREQ=DAILY;COUNT=1000000"),
        ":10: COUNT = 1000000 (allowed: 1 to 20,000)",
    ),
    "endless": (
        (*GOOD, "RRULE:FREQ=WEEKLY"),
        ":10: recurs without end (allowed: COUNT, UNTIL, or --last-day DATE)",
    ),
    "as good as endless": (
        (*GOOD, "RRULE:FREQ=DAILY;UNTIL=99991231T000000Z"),
        ":10: recurs without end (allowed: COUNT, UNTIL, or --last-day DATE)",
    ),
    "broken exception": (
        (*GOOD, "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:x"),
        ":11: EXDATE cannot be read: Expected",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_meeting_is_named_by_file_and_line(case: str, tmp_path: Path) -> None:
    lines, said = BAD[case]
    path = ics(tmp_path / "year.ics", lines)
    with pytest.raises(InputError, match="^" + re.escape(f"{path}{said}")):
        read(path, date.max)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = ics(tmp_path / "year.ics", *(lines for lines, _ in (BAD["no end"], BAD["no uid"])))
    with pytest.raises(InputError) as raised:
        read(path)
    assert str(raised.value).splitlines() == [
        f"{path}:4: has neither DTEND nor DURATION",
        f"{path}:10: has no UID",
    ]


def test_an_endless_series_is_read_up_to_a_day(tmp_path: Path) -> None:
    path = ics(tmp_path / "year.ics", (*GOOD, "RRULE:FREQ=WEEKLY"))
    assert len(read(path, date(2027, 4, 1))) == 5


def test_a_series_till_a_day_is_held_on_that_day(tmp_path: Path) -> None:
    """RFC 5545 §3.3.10 asks for a time there, which some programs do not give."""
    path = ics(tmp_path / "year.ics", (*GOOD, "RRULE:FREQ=DAILY;UNTIL=20270305"))
    assert len(read(path, date.max)) == 5


def test_two_meetings_with_one_uid(tmp_path: Path) -> None:
    path = ics(tmp_path / "year.ics", GOOD, GOOD)
    said = f'{path}:12: UID "1" is that of {path}:4, too (allowed: one meeting, or a RECURRENCE-ID)'
    with pytest.raises(InputError, match=re.escape(said)):
        read(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "{path}: is no iCalendar file: "),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "{path}: has no meeting"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\n", "{path}: is no iCalendar file: "),
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Họp\r\n".encode("utf-16"),
            "{path}:1: is not UTF-8 (RFC 5545 §3.1.4); save it as UTF-8",
        ),
        (
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:đưa\r\n".encode("cp1258"),
            "{path}:3: is not UTF-8 (RFC 5545 §3.1.4); save it as UTF-8",
        ),
        ("BEGIN:VCALENDAR\r\n".encode("utf-16-le"), "{path}: is no iCalendar file: "),
        (b"\x00" * 100, "{path}: is no iCalendar file: "),
        (b"title,start\r\na,b\r\n", "{path}: is no iCalendar file: "),
    ],
    ids=["empty", "no meeting", "cut", "utf-16", "windows-1258", "utf-16 bare", "noughts", "csv"],
)
def test_what_is_no_calendar(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "year.ics"
    path.write_bytes(data)
    with pytest.raises(InputError, match="^" + re.escape(said.format(path=path))):
        read_ics(path, FIRST, date.max)


TITLES = "title,start,minutes,participants"
ROWS: dict[str, tuple[str, str]] = {
    "unknown column": (
        "title,start,minutes,participants,colour\n",
        ':1: column "colour" is not known (allowed: title, nội dung, start',
    ),
    "column twice": (f"{TITLES},start\n", ':1: column "start" is there twice'),
    "no start": ("title,participants\n", ':1: has no column "start"'),
    "no one": (
        "title,start\n",
        ':1: has no column "participants" (a title that means it: participants, thành phần)',
    ),
    "no line": (f"{TITLES}\n", ": has no meeting (allowed: a line of titles and one line or more)"),
    "empty": ("", ':1: has no column "start"'),
    "no day": (f"{TITLES}\nA,tomorrow,60,x\n", ':2: start = "tomorrow" (allowed: '),
    "year nought": (f"{TITLES}\nA,0001-01-01 08:00,60,x\n", ':2: start = "0001-01-01 08:00"'),
    "no length, of one that has a usual one": (
        "title,start,minutes,meeting\nA,2027-03-01 08:00,,monthly-briefing\n",
        ":2: has neither an end nor minutes",
    ),
    "no length": (f"{TITLES}\nA,2027-03-01 08:00,,x\n", ":2: has neither an end nor minutes"),
    "half a minute": (f"{TITLES}\nA,2027-03-01 08:00,0.5,x\n", ":2: has neither an end nor min"),
    "endless": (f"{TITLES}\nA,2027-03-01 08:00,{'9' * 400},x\n", ":2: has neither an end nor min"),
    "names without quotes": (
        f"{TITLES}\nA,2027-03-01 08:00,60,Cư Jút,Đắk Mil\n",
        ':2: "Đắk Mil" stands in no column (allowed: names in quotes, "Cư Jút, Đắk Mil")',
    ),
    "perhaps": (
        "start,minutes,participants,emergency\n2027-03-01 08:00,60,x,maybe\n",
        ':2: emergency = "maybe" (allowed: yes, no)',
    ),
    "unknown bridge": (f"{TITLES}\nA,2027-03-01 08:00,60,Cư Jút;Huế\n", ':2: "Huế": unknown brid'),
    "open quotes": (f'{TITLES}\nA,2027-03-01 08:00,60,"Cư Jút\n', ":2: unexpected end of data"),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_bad_line_is_named_by_file_and_number(case: str, tmp_path: Path) -> None:
    text, said = ROWS[case]
    path = tmp_path / "year.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="^" + re.escape(f"{path}{said}")):
        resolve_all(directory(), read_csv(path))


def test_a_csv_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "year.csv"
    path.write_bytes(f"{TITLES}\nHọp\n".encode("utf-16"))
    with pytest.raises(InputError, match=r":1: is not UTF-8; save it as CSV UTF-8$"):
        read_csv(path)


def test_a_calendar_of_which_all_is_over(tmp_path: Path) -> None:
    path = ics(tmp_path / "year.ics", GOOD)
    said = f"{path}: its meeting ends before 2027-03-02 (allowed: one on that day or later"
    with pytest.raises(InputError, match=re.escape(said)):
        read_calendar(path, world(), date(2027, 3, 2), None)


def test_a_calendar_with_nothing_before_the_end(tmp_path: Path) -> None:
    path = ics(tmp_path / "year.ics", GOOD)
    with pytest.raises(InputError, match="has no meeting from 2027-02-01 to 2027-03-01 "):
        read_calendar(path, world(), date(2027, 2, 1), date(2027, 3, 1))


def test_what_is_over_may_name_a_bridge_that_there_is_no_longer(tmp_path: Path) -> None:
    old = (
        "UID:0",
        "DTSTART:20260301T010000Z",
        "DURATION:PT1H",
        "ATTENDEE;CN=Gone:mailto:g@a",
        *WHO,
    )
    path = ics(tmp_path / "year.ics", old, GOOD)
    found, over = read_calendar(path, world(), date(2027, 1, 1), None)
    assert (len(found), over) == (1, 1)


@pytest.mark.parametrize(("day", "held"), [(1, 1), (2, 1), (3, 0)])
def test_a_meeting_over_midnight_is_held_on_both_days(tmp_path: Path, day: int, held: int) -> None:
    night = ("UID:0", "DTSTART:20270301T160000Z", "DURATION:PT2H", *WHO)  # from 23:00 in Việt Nam
    ends = ("UID:1", "DTSTART:20270301T160000Z", "DURATION:PT1H", *WHO)
    later = ("UID:2", "DTSTART:20270401T010000Z", "DURATION:PT1H", *WHO)
    path = ics(tmp_path / "year.ics", night, ends, later)
    found, over = read_calendar(path, world(), date(2027, 3, day), None)
    uids = [each.uid for each in found]
    assert ("0" in uids, "1" in uids, over) == (bool(held), day == 1, 3 - len(uids))


def test_another_kind_of_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no calendar \(allowed: \.ics, \.csv\)"):
        read_calendar(tmp_path / "year.xlsx", world(), date(2027, 1, 1), None)
