"""A year of 120 meetings, most of them recurring: planned, its peaks judged by estimate."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from giaoban.results.archive.store import Outcome
from giaoban.results.model.studies.calendar import CalendarAnswer
from giaoban.scenarios.calendar import occupancy
from giaoban.scenarios.study.calendar import plan
from tests.scenarios.calendar.calendars import read, world
from tests.scenarios.calendar.test_round_trip import told
from tests.scenarios.calendar.year_of_meetings import COUNT, write_year


@pytest.fixture(scope="module", autouse=True)
def _peaks_are_short() -> Iterator[None]:
    """Who is refused is known as soon as all have called."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(occupancy, "MOMENT_S", 10.0)
        yield


def planned(path: Path, root: Path) -> Outcome[CalendarAnswer]:
    return plan(
        path,
        world(),
        from_day=date(2027, 1, 1),
        until=date(2028, 1, 1),
        most_peaks=3,
        by_estimate=True,
        jobs=1,
        root=root,
        now=datetime(2027, 1, 1),
        language="vi",
        progress=lambda *_: None,
    )


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the year."""
    path = tmp_path_factory.mktemp("year") / "year.ics"
    write_year(path)
    return path


@pytest.fixture(scope="module")
def made(year: Path) -> Outcome[CalendarAnswer]:
    """The year as it is planned."""
    return planned(year, year.parent / "runs")


def test_a_year(year: Path, made: Outcome[CalendarAnswer]) -> None:
    answer = made.answer
    assert (len(answer.booked), answer.verdict) == (COUNT, "fail")
    found = {(f.start[:16], f.rule): f for f in answer.findings}
    full = found["2027-04-06T09:00", "device-full"]
    assert (full.amount, full.limit, full.bridges) == (31, 30, ["xa-thuan-an"])
    assert full.gives_way == next(
        each.id
        for each in answer.booked
        if (each.start[:16], each.meeting) == ("2027-04-06T09:00", "district-and-communes")
    )
    missing = {kind for f in answer.findings if f.rule == "briefing-missing" for kind in f.meetings}
    assert missing <= {"monthly-briefing"}, "Art. 5 names months of no other meeting"
    first, second, third = answer.peaks
    assert (first.start[:16], first.verdict, first.refused) == (
        "2027-04-06T09:00",
        "fail",
        ["xa-thuan-an"],
    )
    # two departments and a district at once, every second Wednesday: one constellation
    assert len(second.meetings) == 3
    assert (second.verdict, second.refused) == ("pass", [])
    assert {*first.meetings} != {*second.meetings} != {*third.meetings}
    assert CalendarAnswer.from_json((made.folder / CalendarAnswer.FILE).read_bytes()) == answer
    # the year as it is written down is the same year
    assert told(read(made.folder / "calendar.ics")) == told(read(year))
    assert (made.folder / "summary.md").read_text(encoding="utf-8").startswith("# Lịch họp")
