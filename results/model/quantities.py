"""Types of the values in `result.json`: identifiers, counts, shares, scores."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from giaoban.text import in_a_line

Verdict = Literal["pass", "fail", "undecided", "invalid"]
Method = Literal["estimate", "sandbox", "native"]
"""How an answer was found: worked out, emulated in virtual time, or emulated in real time."""
FoundBy = Literal[Method, "real-time"]
"""How an accepted answer was found: by one of these, or nothing was emulated and all ran on real
sockets, in real time (a load test, a check at a real MCU)."""
JudgedOnlyWith = Literal["slides", "faults"]
"""What there is not in every run, and some criteria are about."""
Sense = Literal["at-most", "at-least"]
"""On which side of its threshold a figure is met."""
Kind = Literal["audio", "video", "content"]
Direction = Literal["up", "down"]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-+[a-z0-9]+)*$", max_length=80)]
LinkDirection = Annotated[str, Field(pattern=r"^[a-z0-9-]+->[a-z0-9-]+$")]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Percent = Annotated[float, Field(ge=0, le=100)]
Mos = Annotated[float, Field(ge=1, le=5)]


def _in_a_line(value: object) -> object:
    return in_a_line(value) if isinstance(value, str) else value


OneLine = Annotated[str, BeforeValidator(_in_a_line)]
"""Why something is not as it should be: words of ours, or of an error or a program that ended."""
