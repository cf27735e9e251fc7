"""A year's calendar of 120 meetings, recurring ones among them, from the command to its answer."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.harness import Say, Target, time_answers

RUNS = 3
AT_MOST_S = 10.0
YEAR = (
    ("monthly-briefing", "20270105T080000", 180, "BYMONTH=1,2,4,5,7,8,10,11;BYDAY=1TU;COUNT=8"),
    ("traffic-safety-board", "20270121T080000", 120, "INTERVAL=3;BYDAY=3TH;COUNT=4"),
    ("department-agriculture", "20270113T090000", 90, "BYDAY=2WE;COUNT=12"),
    ("department-education", "20270113T090000", 90, "BYDAY=2WE;COUNT=12"),
    ("district-and-communes", "20270113T093000", 60, "BYDAY=2WE;COUNT=12"),
    ("department-line", "20270101T140000", 120, "BYDAY=1FR;COUNT=12"),
    ("specialist", "20270122T080000", 120, "BYDAY=4FR;COUNT=12"),
    ("training", "20270216T080000", 210, "INTERVAL=3;BYDAY=3TU;COUNT=4"),
    ("with-government", "20270127T080000", 210, "INTERVAL=2;BYDAY=4WE;COUNT=6"),
    ("district-to-district", "20270104T140000", 90, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;COUNT=26"),
    ("resolution-review", "20270715T080000", 180, ""),
    ("resolution-review", "20271216T080000", 180, ""),
    ("specialist", "20270617T140000", 90, ""),
    ("flood-board-emergency", "20270803T140000", 60, ""),
    ("flood-board-emergency", "20270819T140000", 60, ""),
    ("flood-board-emergency", "20270914T080000", 60, ""),
    ("flood-board-emergency", "20271007T140000", 60, ""),
    ("flood-board-emergency", "20271020T140000", 60, ""),
    ("flood-board-emergency", "20271109T140000", 60, ""),
    ("department-agriculture", "20270406T090000", 90, ""),
    ("department-education", "20270406T090000", 90, ""),
    ("district-and-communes", "20270406T090000", 90, ""),
)
"""Catalogued meeting, when, minutes, how often: 120 in all. In April a briefing meets two
departments and a district."""
COUNT = 120


def write_year(path: Path) -> None:
    """The year as an office's calendar exports it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//giaoban//bench//VI"]
    for number, (meeting, start, minutes, rule) in enumerate(YEAR):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}@year",
            f"SUMMARY:{meeting}",
            f"DTSTART;TZID=SE Asia Standard Time:{start}",
            f"DURATION:PT{minutes}M",
            f"X-GIAOBAN-MEETING:{meeting}",
            "CREATED:20261215T010000Z",
        ]
        if rule:
            lines.append(f"RRULE:{'' if rule.startswith('FREQ') else 'FREQ=MONTHLY;'}{rule}")
        lines.append("END:VEVENT")
    path.write_text("\r\n".join([*lines, "END:VCALENDAR", ""]), encoding="utf-8")


@dataclass(frozen=True)
class CalendarFigures:
    """Seconds of every run, with the sheets to print and the peaks by estimate."""

    meetings: int
    seconds: list[float]

    def targets(self) -> list[Target]:
        """Of several runs the one in the middle."""
        what = f"giaoban calendar of {self.meetings} meetings, s"
        return [Target(what, statistics.median(self.seconds), at_most=AT_MOST_S)]

    def to_json(self) -> dict[str, Any]:
        """`calendar`."""
        return {"calendar": asdict(self)}

    def show(self, console: Console) -> None:
        """Seconds of each run."""
        taken = ", ".join(f"{s:.2f}" for s in self.seconds)
        console.print(f"giaoban calendar, {self.meetings} meetings: {taken} s", highlight=False)


def measure(folder: Path, say: Say) -> CalendarFigures:
    """All figures.

    Raises:
        InvalidRun: the command came to no answer.
    """
    path = folder / "year.ics"
    write_year(path)
    words = ("calendar", str(path), "--from", "2027-01-01", "--estimate")
    seconds, told = time_answers(folder / "calendar", *words, runs=RUNS, say=say)
    return CalendarFigures(len(told["booked"]), seconds)
