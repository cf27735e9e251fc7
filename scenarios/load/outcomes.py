"""Outcomes of what a caller did, and causes of failures. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from giaoban.tomlfile import StrictModel
from giaoban.traffic.media_load.messages import Medium

Cause = Literal["capacity", "timeout", "authentication", "unsupported", "protocol"]
"""Why an operation failed: the MCU is full; no answer in time; the account was not accepted; no
such function; any other answer, or one that cannot be read."""

TIMEOUT = (408, 504)
AUTHENTICATION = (401, 403, 407)
UNSUPPORTED = (405, 415, 416, 420, 488, 501, 505, 606)
"""RFC 3261 §21: method, body, URI scheme, extension, session, functionality, version, session."""
NO_ANSWER = "- no answer"


class Request(StrictModel):
    """One operation of one bridge, as the file of single requests has it.

    Attributes:
        at_s: seconds since 1970 of its end.
        ms: until the final answer; of a `drop` the length of the call.
        code: status code of the final response; 0: none came.
    """

    operation: str
    who: str
    at_s: float
    ms: float
    ok: bool
    code: int = 0
    reason: str = ""


class ReceivedMedia(StrictModel):
    """One medium of one call.

    Attributes:
        lasted_ms: duration of the call; `agreed`: the MCU's answer lets it send this medium.
        withheld: ours was not sent, since it was to go to another host than the target, and no
            packet came from there.
        sent, received, lost: packets; `giaoban.traffic.media_load.messages.Figures` defines them.
        wait_ms: until the first packet; None: none came.
        heard_ms: duration of what can be played of them.
    """

    who: str
    medium: Medium
    lasted_ms: float
    agreed: bool
    withheld: bool = False
    sent: int = 0
    received: int = 0
    lost: int = 0
    wait_ms: float | None = None
    heard_ms: float = 0.0


def cause_of(code: int, capacity_codes: Collection[int]) -> Cause:
    """Return why a request was refused with this status code (RFC 3261 §21); 0: no answer."""
    if code == 0 or code in TIMEOUT:
        return "timeout"
    if code in capacity_codes:
        return "capacity"
    if code in AUTHENTICATION:
        return "authentication"
    return "unsupported" if code in UNSUPPORTED else "protocol"
