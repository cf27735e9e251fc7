"""Files as Outlook, Google Calendar and Thunderbird write them."""

from giaoban.scenarios.calendar.registration import Registration
from tests.scenarios.calendar.calendars import FILES, at, read


def times(found: list[Registration]) -> list[tuple[str, str]]:
    return [(f"{each.start:%Y-%m-%d %H:%M}", f"{each.end:%H:%M}") for each in found]


def test_outlook() -> None:
    found = read(FILES / "outlook.ics")
    # the second Monday of four months in a zone named as Windows does; March is left out
    assert times(found) == [
        ("2027-01-11 08:00", "09:30"),
        ("2027-02-09 14:00", "15:30"),
        ("2027-04-12 08:00", "09:30"),
    ]
    first, moved, _ = found
    assert first.title == "Họp chuyên môn về cấp giấy chứng nhận quyền sử dụng đất, nhà ở"
    assert first.chair == "gia-nghia"
    assert first.participants == ("gia-nghia", "cu-jut", "dak-mil"), "who declined is not there"
    assert first.registered == at("2026-12-20 09:30"), "CREATED, not DTSTAMP"
    assert first.rooms == ("Phòng họp tầng 3", "Phòng họp tầng 2"), "a link is no room"
    assert not first.emergency, "what Outlook calls important is no emergency"
    assert first.meeting == "specialist", "by its category"
    assert moved.title == "Họp chuyên môn (dời sang chiều thứ Ba)"
    assert (first.place, moved.place) == (
        f"{FILES / 'outlook.ics'}:16",
        f"{FILES / 'outlook.ics'}:52",
    )


def test_google() -> None:
    found = read(FILES / "google.ics")
    # Mondays and Fridays till 26 March, but the 12th (EXDATE) and the 19th (cancelled)
    assert times(found) == [
        ("2027-03-01 14:00", "15:30"),
        ("2027-03-03 08:30", "10:00"),
        ("2027-03-05 14:00", "15:30"),
        ("2027-03-08 14:00", "15:30"),
        ("2027-03-15 14:00", "15:30"),
        ("2027-03-22 14:00", "15:30"),
        ("2027-03-26 14:00", "15:30"),
    ]
    two = found[1]
    assert two.participants == ("dak-song", "tuy-duc"), "one by its name, one by its address"
    assert two.rooms == ()
    assert found[0].participants == ("gia-nghia", "krong-no")


def test_thunderbird() -> None:
    found = read(FILES / "thunderbird.ics")
    assert times(found) == [
        ("2027-04-20 09:00", "10:30"),  # DURATION
        ("2027-04-22 14:00", "15:00"),  # a time without a zone is the province's
        ("2027-04-29 14:00", "15:00"),
    ]
    assert [each.emergency for each in found] == [True, False, False]
    assert found[0].participants == ("gia-nghia", "dak-r-lap")
