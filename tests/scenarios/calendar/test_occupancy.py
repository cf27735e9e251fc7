"""What is held when, and what it takes of device and lines."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from giaoban.scenarios.calendar.occupancy import Loads, moments, periods, scenario_of
from giaoban.scenarios.calendar.registration import TIME_ZONE, Registration
from tests.laws import examples
from tests.scenarios.calendar.calendars import DISTRICTS, booked, world

HOUR = timedelta(hours=1)


def name(each: Registration) -> str:
    return each.uid


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 10)), min_size=1, max_size=8),
)
def test_moments_are_what_the_meetings_cover_and_no_more(spans: list[tuple[int, int]]) -> None:
    first = datetime(2027, 3, 1, tzinfo=TIME_ZONE)
    found = [
        booked(first + begins * HOUR, hours, *DISTRICTS[:2], uid=str(number))
        for number, (begins, hours) in enumerate(spans)
    ]
    covered = {hour for begins, hours in spans for hour in range(begins, begins + hours)}
    seen = set()
    last = None
    for moment in moments(found):
        assert last is None or moment.start >= last, "in order, and none twice"
        last = moment.end
        for hour in range((moment.start - first) // HOUR, (moment.end - first) // HOUR):
            seen.add(hour)
            here = {each.uid for each in moment.held}
            assert here == {
                str(n) for n, (begins, hours) in enumerate(spans) if begins <= hour < begins + hours
            }
    assert seen == covered


def test_a_period_says_what_its_meetings_take() -> None:
    two = booked("2027-03-01 08:00", 2, "cu-jut", "dak-mil", uid="two")
    three = booked("2027-03-01 09:00", 2, "dak-song", "krong-no", "tuy-duc", uid="three")
    found = [period for _, _, period in periods([two, three], Loads(world()), name)]
    assert [(p.start[11:16], p.end[11:16], p.calls, p.meetings) for p in found] == [
        ("08:00", "09:00", 2, ["two"]),
        ("09:00", "10:00", 5, ["two", "three"]),
        ("10:00", "11:00", 3, ["three"]),
    ]
    assert found[1].used_pct > max(found[0].used_pct, found[2].used_pct)
    assert found[1].link_pct >= max(found[0].link_pct, found[2].link_pct) > 0
    assert all(p.link for p in found)


def test_a_bridge_that_is_booked_twice_sits_in_the_first() -> None:
    one = booked("2027-03-01 08:00", 2, "cu-jut", "dak-mil", uid="one")
    two = booked("2027-03-01 09:00", 2, "dak-mil", "krong-no", "tuy-duc", uid="two")
    moment = next(m for m in moments([one, two]) if len(m.held) == 2)
    scenario = scenario_of(world(), moment)
    assert scenario.meeting.participants == ["cu-jut", "dak-mil"]
    (other,) = scenario.concurrent
    assert (other.chair, other.participants) == ("krong-no", ["krong-no", "tuy-duc"])


def test_a_bridge_of_the_catalogue_may_be_in_a_meeting_that_is_not() -> None:
    each = booked("2027-03-01 08:00", 2, "so-giao-duc", "cu-jut")
    (period,) = (period for *_, period in periods([each], Loads(world()), name))
    assert period.calls == 2


def test_a_meeting_alone_has_its_slides() -> None:
    who = world().catalogue["monthly-briefing"].attendance(world().province)
    each = booked("2027-03-01 08:00", 2, *who, meeting="monthly-briefing")
    scenario = scenario_of(world(), next(moments([each])))
    assert (scenario.content.bridge, scenario.content.kbps) == ("gia-nghia", 512)


def test_an_outside_mcu_comes_with_its_meeting() -> None:
    kind = world().catalogue["with-government"]
    who = kind.attendance(world().province)
    each = booked("2027-03-01 08:00", 2, *who, meeting=kind.id)
    other = booked("2027-03-01 08:00", 2, "so-giao-duc", "giao-duc-cu-jut")
    scenario = scenario_of(world(), next(moments([each, other])))
    assert [mcu.bridge for mcu in scenario.outside_mcus] == ["chinh-phu"]
    assert scenario_of(world(), next(moments([other]))).outside_mcus == []


def test_slides_are_those_of_the_meeting_that_began_first() -> None:
    who = world().catalogue["monthly-briefing"].attendance(world().province)
    briefing = booked("2027-03-01 08:00", 2, *who, meeting="monthly-briefing")
    other = booked("2027-03-01 09:00", 2, "so-giao-duc", "giao-duc-cu-jut", uid="other")
    both = next(moment for moment in moments([briefing, other]) if len(moment.held) == 2)
    scenario = scenario_of(world(), both)
    assert scenario.content.bridge == "gia-nghia"
    alone = scenario_of(world(), next(m for m in moments([briefing, other]) if m.held == (other,)))
    assert alone.content is None
