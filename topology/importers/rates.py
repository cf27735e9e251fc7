"""What people write for the rate of a line, in Mb/s."""

from __future__ import annotations

import re

_UNITS = {"k": 1e-3, "m": 1.0, "g": 1e3, "t": 1e6}
_WRITTEN = re.compile(
    r"(?:(\d+)\s*[x×*]\s*)?(\d+(?:[.,]\d+)?)\s*([kmgt])\s*(?:b(?:it)?s?\s*(?:/\s*s(?:ec)?|ps)?)?\b",
    re.IGNORECASE,
)
_OC = re.compile(r"(?:(\d+)\s*[x×*]\s*)?\b(OC|STM|STS)[-\s]?(\d+)", re.IGNORECASE)
_PER_STEP = {"OC": 51.84, "STS": 51.84, "STM": 155.52}
"""SONET (GR-253) and SDH (ITU-T G.707): the rate of step 1, in Mb/s."""
_CARRIERS = {"T1": 1.544, "DS1": 1.544, "E1": 2.048, "E3": 34.368, "T3": 44.736, "DS3": 44.736}
"""ITU-T G.702, in Mb/s."""
_CARRIER = re.compile(r"(?:(\d+)\s*[x×*]\s*)?\b(T1|DS1|E1|E3|T3|DS3)\b", re.IGNORECASE)
_ETHERNET = (
    (re.compile(r"\b(100|40|25|10)\s*(?:gigabit ethernet|gig-?e\b|gbe\b|ge\b)", re.I), 1e3),
    (re.compile(r"\b(?:gigabit ethernet|gig-?e|gbe)\b", re.I), 1e3),
    (re.compile(r"\bfast ethernet\b", re.I), 100.0),
)


def written_mbps(text: str) -> float | None:
    """The rate that a label states, in Mb/s; None if it states none, or a span or a limit.

    "10 Gbit/s", "2 x 155 Mbps", "OC-192c", "STM-4", "E3", "10GE", "Gigabit Ethernet".
    """
    if re.search(r"[<>≤≥]|\bto\b|\d\s*[kmgt]?\s*[-–]\s*\d", text, re.IGNORECASE):
        return None
    if match := _OC.search(text):
        return _times(match[1]) * _PER_STEP[match[2].upper()] * int(match[3])
    for pattern, mbps in _ETHERNET:
        if match := pattern.search(text):
            return mbps * (int(match[1]) if match.groups() else 1)
    found = _WRITTEN.findall(text)
    if len(found) == 1:
        times, number, unit = found[0]
        return _times(times) * float(number.replace(",", ".")) * _UNITS[unit.lower()]
    if not found and (match := _CARRIER.search(text)):
        return _times(match[1]) * _CARRIERS[match[2].upper()]
    return None


def _times(text: str | None) -> int:
    return int(text) if text else 1
