"""A year of 120 meetings, most of them recurring, as an iCalendar file."""

from pathlib import Path

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
"""Catalogued meeting, start, minutes, recurrence rule: 120 events. On 6 April a briefing meets two
departments and a district."""
COUNT = 120


def write_year(path: Path) -> None:
    """Write the year as the calendar program of an office exports it (RFC 5545)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//giaoban//tests//VI"]
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
