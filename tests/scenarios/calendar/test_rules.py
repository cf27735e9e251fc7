"""Rules of the decision, by hand and by chance, and the meeting that gives way."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from giaoban.regulation import CalendarRules, calendar_rules
from giaoban.results.model.studies.calendar import Finding, Period
from giaoban.results.report.meetings.calendar_summary import what
from giaoban.scenarios.calendar import rules
from giaoban.scenarios.calendar.occupancy import Loads, periods
from giaoban.scenarios.calendar.registration import TIME_ZONE, Registration
from giaoban.translation import translator
from tests.laws import examples
from tests.scenarios.calendar.calendars import ASKED, DISTRICTS, at, booked, world

LIMITS = rules.OccupancyLimits(device_pct=80.0, link_pct=90.0)
HOUR = timedelta(hours=1)


def name(each: Registration) -> str:
    return each.uid


def broken(found: Sequence[Registration]) -> list[Finding]:
    """Every rule but those of months."""
    taken = periods(found, Loads(world()), name) if found else []
    return [
        *rules.late_registrations(found, name, ASKED),
        *rules.unchecked(found, name, ASKED),
        *rules.double_bookings(found, name),
        *rules.overloads(taken, LIMITS),
    ]


def gives_way(found: Sequence[Registration]) -> dict[str, str | None]:
    """Return the meeting that gives way, by the rule that is broken."""
    meetings = {each.uid: each for each in found}
    findings = rules.with_precedence(broken(found), meetings, rules.ranks(world()))
    return {finding.rule: finding.gives_way for finding in findings}


def test_registered_two_days_before_to_the_minute() -> None:
    """Art. 19(2): 48 hours before the meeting, not two dates."""
    kept = booked("2027-03-03 08:00", 1, *DISTRICTS[:2], registered=at("2027-03-01 08:00"))
    late = replace(kept, registered=at("2027-03-01 08:01"))
    assert broken([kept]) == []
    (finding,) = broken([late])
    assert (finding.rule, finding.amount, finding.limit) == ("late-registration", 47.9, 48.0)


@given(st.integers(-86_400, 300_000))
def test_a_moment_too_late_is_told_as_less_than_is_asked(seconds: int) -> None:
    """Or "48 hours before, 48 are asked for" would be no mistake."""
    start = at("2027-03-10 08:00")
    registered = start - timedelta(seconds=seconds)
    one = booked("2027-03-10 08:00", 1, *DISTRICTS[:2], registered=registered)
    found = list(rules.late_registrations([one], name, ASKED))
    assert len(found) == (seconds < 48 * 3600)
    assert all(each.amount < each.limit for each in found)


@given(st.floats(0, 200), st.floats(0, 200))
@example(80.004, 90.0001)
def test_a_hair_too_much_is_told_as_more_than_is_allowed(used: float, link: float) -> None:
    about = {"meetings": ["a"], "start": "", "end": "", "link": "l"}
    period = Period.model_construct(**about, used_pct=used, link_pct=link)
    found = list(rules.overloads([(None, SimpleNamespace(refused=[]), period)], LIMITS))
    assert len(found) == (used > LIMITS.device_pct) + (link > LIMITS.link_pct)
    assert all(each.amount > each.limit for each in found)
    for each in found:
        told, allowed = re.findall(r"([\d.]+) %", what(each, {}, translator("en")))
        assert float(told) > float(allowed)


def test_registered_afterwards() -> None:
    late = booked("2027-03-03 08:00", 1, *DISTRICTS[:2], registered=at("2027-03-04 08:00"))
    (finding,) = broken([late])
    assert finding.amount == 0


def test_what_the_chairman_decides_is_never_late() -> None:
    late = booked("2027-03-03 08:00", 1, *DISTRICTS[:2], registered=at("2027-03-03 07:00"))
    assert broken([replace(late, emergency=True)]) == []
    assert broken([replace(late, registered=None)]) == [], "nobody knows"


def test_another_province_asks_for_other_times() -> None:
    asked = CalendarRules(
        registered_before_h=24,
        check_before_min=30,
    )
    one = booked("2027-03-03 08:00", 1, "cu-jut", "dak-mil", check_before=asked.check_before)
    late = replace(one, registered=at("2027-03-02 09:00"))
    (finding,) = rules.late_registrations([late], name, asked)
    assert (finding.amount, finding.limit) == (23, 24)
    assert one.check_start == at("2027-03-03 07:30")
    two = replace(one, uid="b", start=at("2027-03-03 09:29"), end=at("2027-03-03 10:00"))
    (finding,) = rules.unchecked([one, two], name, asked)
    assert (finding.amount, finding.limit, finding.start) == (29, 30, "2027-03-03T08:59+07:00")


def test_without_a_regulation_no_time_is_asked_for() -> None:
    asked = calendar_rules(None)
    one = booked("2027-03-03 08:00", 1, "cu-jut", "dak-mil", check_before=asked.check_before)
    late = replace(one, registered=at("2027-03-03 07:59"))
    two = replace(one, uid="b", start=one.end, end=at("2027-03-03 10:00"))
    assert list(rules.late_registrations([late], name, asked)) == []
    assert list(rules.unchecked([one, two], name, asked)) == []
    assert late.check_start is None
    (broken_still,) = rules.double_bookings([one, replace(two, start=at("2027-03-03 08:30"))], name)
    assert broken_still.rule == "bridge-in-two-meetings", "nobody sits in two rooms anywhere"


def test_the_check_is_planned_late() -> None:
    each = booked("2027-03-03 08:00", 1, *DISTRICTS[:2], check=at("2027-03-03 07:20"))
    (finding,) = broken([each])
    assert (finding.rule, finding.amount, finding.limit) == ("no-hour-for-check", 40, 60)
    assert broken([replace(each, check=at("2027-03-03 07:00"))]) == []


def test_no_hour_between_two_meetings_of_a_bridge() -> None:
    one = booked("2027-03-03 08:00", 1, "cu-jut", "dak-mil", uid="one")
    two = booked("2027-03-03 09:59", 1, "dak-mil", "krong-no", uid="two")
    (finding,) = broken([one, two])
    assert (finding.rule, finding.bridges, finding.amount) == ("no-hour-for-check", ["dak-mil"], 59)
    assert broken([one, booked("2027-03-03 10:00", 1, "dak-mil", "krong-no")]) == []
    assert broken([one, booked("2027-03-03 09:10", 1, "dak-song", "krong-no")]) == []


def test_a_check_before_the_meetings_that_lie_between_is_in_time() -> None:
    """Art. 19(3) asks for a check at least an hour before the opening, not for a free hour."""
    one = booked("2027-03-03 08:00", 1.5, "cu-jut", "dak-mil", uid="one")
    two = booked("2027-03-03 10:00", 1, "dak-mil", "krong-no", uid="two")
    assert [finding.rule for finding in broken([one, two])] == ["no-hour-for-check"]
    assert broken([one, replace(two, check=at("2027-03-03 07:00"))]) == []
    short = booked("2027-03-03 09:15", 0.5, "cu-jut", "dak-mil", uid="short")
    assert broken([short, two]) == []


def test_a_bridge_in_two_meetings() -> None:
    early, late = at("2027-02-01 08:00"), at("2027-02-02 08:00")
    one = booked("2027-03-03 08:00", 2, "cu-jut", "dak-mil", uid="one", registered=late)
    two = booked("2027-03-03 09:00", 2, "dak-mil", "krong-no", uid="two", registered=early)
    (finding,) = broken([one, two])
    assert finding == Finding(
        rule="bridge-in-two-meetings",
        meetings=["one", "two"],
        start="2027-03-03T09:00+07:00",
        end="2027-03-03T10:00+07:00",
        bridges=["dak-mil"],
    )
    assert gives_way([one, two])["bridge-in-two-meetings"] == "one", "the one registered last"
    unknown = replace(one, registered=None)
    assert gives_way([unknown, two])["bridge-in-two-meetings"] is None
    urgent = replace(one, emergency=True)
    assert gives_way([urgent, two])["bridge-in-two-meetings"] == "two"
    both = [urgent, replace(two, emergency=True)]
    assert gives_way(both)["bridge-in-two-meetings"] is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # each pair shares "cu-jut" or the chair bridge; the first of the pair gives way
        (("cu-jut", "dak-mil"), ("gia-nghia", "cu-jut")),
        (("cu-jut", "dak-mil"), ("so-giao-duc", "cu-jut")),
        (("so-giao-duc", "cu-jut"), ("gia-nghia", "cu-jut")),
        (("gia-nghia", "cu-jut"), ("gia-nghia", "chinh-phu")),
    ],
)
def test_the_meeting_of_the_lower_rank_gives_way(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    """Also if it was registered first."""
    first = booked("2027-03-03 08:00", 2, *one, uid="lower", registered=at("2027-02-01 08:00"))
    second = booked("2027-03-03 09:00", 2, *other, uid="higher", registered=at("2027-02-20 08:00"))
    assert set(gives_way([first, second]).values()) == {"lower"}


def test_a_department_in_the_room_of_the_province_is_a_department() -> None:
    line = booked(
        "2027-03-03 08:00", 2, "gia-nghia", "cu-jut", uid="line", meeting="department-line"
    )
    briefing = replace(
        booked("2027-03-03 09:00", 2, "gia-nghia", "cu-jut", meeting="monthly-briefing"),
        registered=line.start - 3 * HOUR * 24,
    )
    assert set(gives_way([line, briefing]).values()) == {"line"}


def test_one_after_the_other_is_no_double_booking() -> None:
    one = booked("2027-03-03 08:00", 2, "cu-jut", "dak-mil")
    two = booked("2027-03-03 10:00", 2, "dak-mil", "krong-no")
    assert list(rules.double_bookings([one, two], name)) == []


def test_a_room_in_use() -> None:
    one = booked("2027-03-03 08:00", 2, "cu-jut", "dak-mil", uid="one", rooms=("Phòng A",))
    two = booked("2027-03-03 09:00", 2, "tuy-duc", "krong-no", uid="two", rooms=("PHÒNG A",))
    (finding,) = broken([one, two])
    assert (finding.rule, finding.room) == ("room-in-use", "Phòng A")


def test_a_room_of_a_bridge_that_takes_part_elsewhere() -> None:
    one = booked("2027-03-03 08:00", 2, "cu-jut", "dak-mil", uid="one")
    two = booked("2027-03-03 09:00", 2, "tuy-duc", "krong-no", uid="two", rooms=("dak-mil",))
    (finding,) = broken([one, two])
    assert (finding.rule, finding.room) == ("room-in-use", "dak-mil")
    own = replace(one, rooms=("cu-jut",))
    assert broken([own]) == []


def departments() -> list[Registration]:
    """A briefing of eight, two departments of eight and a district of seven: 31 calls."""
    catalogue = world().catalogue
    return [
        booked(
            "2027-03-01 08:00" if ident == "monthly-briefing" else "2027-03-01 09:00",
            2,
            *catalogue[ident].attendance(world().province),
            uid=ident,
            meeting=ident,
            registered=at(f"2027-02-0{number} 08:00"),
        )
        for number, ident in enumerate(
            (
                "monthly-briefing",
                "department-agriculture",
                "department-education",
                "district-and-communes",
            ),
            1,
        )
    ]


def test_more_calls_than_the_device_takes() -> None:
    (finding,) = broken(departments())
    assert (finding.rule, finding.amount, finding.limit) == ("device-full", 31, 30)
    assert finding.bridges == ["xa-thuan-an"], "the last that calls"
    assert (finding.start, finding.end) == ("2027-03-01T09:00+07:00", "2027-03-01T10:00+07:00")
    assert gives_way(departments())["device-full"] == "district-and-communes"
    assert broken(departments()[:3]) == []


def test_more_of_the_device_than_a_check_allows() -> None:
    """25 calls of 30 leave less than what a check of an expansion asks for."""
    three = departments()[:3]
    one_more = booked("2027-03-01 09:00", 1, "xa-dak-lao", "xa-thuan-an", uid="two")
    (finding,) = broken([*three, one_more])
    assert (finding.rule, finding.amount, finding.limit) == ("device-nearly-full", 86.67, 80)
    assert gives_way([*three, one_more])["device-nearly-full"] == "two"


def test_a_briefing_is_missing_in_a_month() -> None:
    catalogue = list(world().catalogue.values())
    held = [
        booked(f"2027-0{month}-05 08:00", 1, *DISTRICTS[:2], meeting="monthly-briefing")
        for month in (1, 2, 5)
    ]
    months = [(2027, month) for month in range(1, 7)]
    (finding,) = rules.missing_briefings(held, catalogue, months, world().province.regulation)
    assert (finding.rule, finding.meetings) == ("briefing-missing", ["monthly-briefing"])
    assert (finding.start[:10], finding.end[:10]) == ("2027-04-01", "2027-05-01")
    assert finding.article.startswith("Art. 5(1)")
    (elsewhere,) = rules.missing_briefings(held, catalogue, months, None)
    assert elsewhere.article == "", "a province without a regulation cites none"
    unnamed = [replace(each, meeting=None) for each in held]
    assert list(rules.missing_briefings(unnamed, catalogue, months)) == [], "any of them may be one"


@st.composite
def calendars(draw: st.DrawFn) -> list[Registration]:
    """Some days on which a few bridges meet again and again."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        who = draw(st.lists(st.sampled_from(DISTRICTS[:5]), min_size=2, max_size=4, unique=True))
        start = datetime(2027, 3, draw(st.integers(1, 3)), tzinfo=TIME_ZONE)
        start += draw(st.integers(14, 36)) * HOUR / 2
        early = draw(st.none() | st.integers(1, 96))
        check = draw(st.none() | st.sampled_from([30, 60, 90]))
        found.append(
            booked(
                start,
                draw(st.integers(1, 8)) / 2,
                *who,
                uid=str(number),
                registered=None if early is None else start - early * HOUR,
                emergency=draw(st.integers(0, 9)) == 0,
                check=None if check is None else start - timedelta(minutes=check),
                rooms=draw(st.sampled_from([(), ("A",), ("dak-mil",)])),
            )
        )
    return found


@settings(max_examples=examples(200), deadline=None)
@given(calendars())
def test_a_double_booking_is_an_overlap_and_the_other_way_round(
    found: list[Registration],
) -> None:
    said = {
        (frozenset(f.meetings), frozenset(f.bridges))
        for f in rules.double_bookings(found, name)
        if f.rule == "bridge-in-two-meetings"
    }
    minutes = timedelta(minutes=30)
    expected = set()
    for one, other in combinations(found, 2):
        both = {*one.participants} & {*other.participants}
        at_once = any(
            one.start <= t < one.end and other.start <= t < other.end
            for k in range(200)
            if (t := datetime(2027, 3, 1, tzinfo=TIME_ZONE) + k * minutes)
        )
        if both and at_once:
            expected.add((frozenset({one.uid, other.uid}), frozenset(both)))
    assert said == expected
