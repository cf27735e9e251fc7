"""A line of the terminal for each event of the MCU; names are those of the file of events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from giaoban.sentence import Sentence

ELSEWHERE = {"t_ms", "who", "event", "bridge", "units", "ports", "use"}
"""Fields that stand at another place of the line, or only in the file."""


def line_of(event: Mapping[str, Any]) -> Sentence:
    """Return `0.100 s  joined cu-jut: units 4 (…)`."""
    details = ", ".join(
        f"{key} {_value(value)}"
        for key, value in event.items()
        if key not in ELSEWHERE and value != ""
    )
    what = " ".join(filter(None, (event["event"], event["bridge"])))
    return Sentence(
        "{at:9.3f} s  {what} ({units:g} {units:unit|units}, {ports} {ports:port|ports} in use)",
        at=event["t_ms"] / 1000,
        what=f"{what}: {details}" if details else what,
        units=event["units"],
        ports=event["ports"],
    )


def _value(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
