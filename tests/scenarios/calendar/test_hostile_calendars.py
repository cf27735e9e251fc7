"""Whatever a file holds, it is read or refused with what is wrong: never an error of ours."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giaoban.errors import InputError
from giaoban.scenarios.calendar.csv_file import read_csv
from giaoban.scenarios.calendar.icalendar_file import read_ics
from giaoban.scenarios.calendar.registration import resolve_all
from tests.laws import examples
from tests.scenarios.calendar.calendars import FILES, directory
from tests.scenarios.calendar.test_round_trip import ENGLISH

SAMPLES = [path.read_bytes() for path in sorted(FILES.glob("*.ics"))]
PIECES = (
    *(b"", b"\r\n", b"\x00", b"\xff", b":", b";", b'"', b",", b"=", b"0", b"99999999", b"-1"),
    *(b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"END:VCALENDAR\r\n", b"BEGIN:VALARM\r\n"),
    *(b"RRULE:FREQ=DAILY;COUNT=3\r\n", b"RDATE:20270101\r\n", b"EXDATE:20270101T000000Z\r\n"),
    *(b"DTSTART;TZID=Asia/Bangkok:20270101T010101\r\n", b"DURATION:PT1H\r\n", b"UID:x\r\n"),
    *(
        b"DTSTART;VALUE=PERIOD:20270101T000000Z/PT1H\r\n",
        b"RDATE;VALUE=PERIOD:20270101T000000Z/PT1H",
    ),
    *(b"RRULE:FREQ=YEARLY;BYYEARDAY=-366;COUNT=9\r\n", b"ATTENDEE;CN=:\r\n", b"CREATED:x\r\n"),
)


@st.composite
def damaged(draw: st.DrawFn, sound: bytes) -> bytes:
    """A file of which some pieces are cut out or put in."""
    text = sound
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        line = text.find(b"\n", at) + 1 if draw(st.booleans()) else at
        cut = draw(st.sampled_from([0, 0, 1, 5, 40]))
        text = text[:line] + draw(st.sampled_from(PIECES)) + text[line + cut :]
    return text


@settings(max_examples=examples(250), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SAMPLES).flatmap(damaged))
def test_a_damaged_calendar(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.ics"
    path.write_bytes(data)
    try:
        resolve_all(directory(), read_ics(path, date(1971, 1, 1), date(2035, 1, 1)))
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017 - both ends are right


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(damaged(ENGLISH.encode()))
def test_a_damaged_table(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.csv"
    path.write_bytes(data)
    try:
        resolve_all(directory(), read_csv(path))
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017 - both ends are right
