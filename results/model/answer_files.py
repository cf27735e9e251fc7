"""The file that makes a folder a run, by the command that judges in it."""

from __future__ import annotations

from collections.abc import Mapping

RESULT, FAULTS, LOAD = "result.json", "faults.json", "load.json"
MEETING, CALENDAR, COMPARE = "meeting.json", "calendar.json", "compare.json"
WHATIF, HEADROOM, SENSITIVITY, SWEEP = (
    "whatif.json",
    "headroom.json",
    "sensitivity.json",
    "sweep.json",
)

ANSWER_FILES: Mapping[str, str] = {
    "check": RESULT,
    "faults": FAULTS,
    "load": LOAD,
    "meeting": MEETING,
    "calendar": CALENDAR,
    "whatif": WHATIF,
    "headroom": HEADROOM,
    "compare": COMPARE,
    "sensitivity": SENSITIVITY,
    "sweep": SWEEP,
}
"""A folder that holds several is a run of the first of them: `giaoban check` leaves an analysis
beside its answer."""
