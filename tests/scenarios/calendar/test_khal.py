"""Our calendar in a calendar program of other people, and back (khal, by its own store)."""

import subprocess
from pathlib import Path

from giaoban.scenarios.calendar.icalendar_file import write_ics
from tests.scenarios.calendar.calendars import FILES, read
from tests.scenarios.calendar.test_round_trip import told
from tests.scenarios.calendar.year_of_meetings import COUNT, write_year

CONFIG = """
[calendars]
[[office]]
path = {folder}/office
[locale]
timeformat = %H:%M
dateformat = %d/%m/%Y
longdateformat = %d/%m/%Y
datetimeformat = %d/%m/%Y %H:%M
longdatetimeformat = %d/%m/%Y %H:%M
local_timezone = Asia/Ho_Chi_Minh
default_timezone = Asia/Ho_Chi_Minh
[sqlite]
path = {folder}/khal.db
[default]
default_calendar = office
"""


def khal(folder: Path, *words: str) -> str:
    """What it prints."""
    config = folder / "config"
    config.write_text(CONFIG.format(folder=folder))
    (folder / "office").mkdir(exist_ok=True)
    done = subprocess.run(
        ["khal", "-c", str(config), *words],
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_calendar_comes_back_from_khal_as_it_went(tmp_path: Path) -> None:
    found = sorted(
        (each for path in FILES.glob("*.ics") for each in read(path)), key=lambda e: e.start
    )
    write_ics(found, tmp_path / "ours.ics", "vi")
    khal(tmp_path, "import", "--batch", str(tmp_path / "ours.ics"))
    listed = khal(tmp_path, "list", "--format", "{start-long} {title}", "01/01/2027", "365d")
    for each in found:
        assert f"{each.start:%d/%m/%Y %H:%M} {each.title}" in listed
    # its store has an event a file (vdir), which is how it and others are read and written
    kept = sorted((tmp_path / "office").glob("*.ics"))
    assert len(kept) == len(found)
    again = [one for path in kept for one in read(path)]
    assert told(again) == told(found)


def test_a_year_of_recurring_meetings_is_the_same_to_khal(tmp_path: Path) -> None:
    """It works out what recurs by itself; what it keeps is read again as what went in."""
    write_year(tmp_path / "year.ics")
    found = read(tmp_path / "year.ics")
    khal(tmp_path, "import", "--batch", str(tmp_path / "year.ics"))
    listed = khal(
        *(tmp_path, "list", "--day-format", "", "--format", "{start-long} {end-time} {title}"),
        *("01/01/2027", "365d"),
    )
    said = sorted(line.strip() for line in listed.splitlines() if line.strip())
    ours = [f"{e.start:%d/%m/%Y %H:%M} {e.end:%H:%M} {e.title}" for e in found]
    assert said == sorted(ours)
    assert len(said) == COUNT
    again = [one for path in sorted((tmp_path / "office").glob("*.ics")) for one in read(path)]
    assert told(again) == told(found)
