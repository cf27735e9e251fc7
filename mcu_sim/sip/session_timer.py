"""Session timers (RFC 4028): the agreement of the two sides, as pure rules. Times are in s."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.message import seconds, tokens

OPTION = "timer"
"""The option tag in Supported and Require (§4)."""
SHORTEST_S = 90
"""No interval may be shorter (§4); a peer that states less gets this."""

_MARGIN_S = 32.0

Role = Literal["uac", "uas"]


@dataclass(frozen=True, slots=True)
class TimerTerms:
    """The timer of a session: interval, whether we refresh, whether the peer knows timers."""

    interval_s: int
    ours: bool
    peer_knows: bool

    @property
    def refresh_after_s(self) -> float:
        """The time of the refresh: half the interval (§7.2)."""
        return self.interval_s / 2

    @property
    def give_up_after_s(self) -> float:
        """The time of a BYE if no refresh went through (§10)."""
        return self.interval_s - min(_MARGIN_S, self.interval_s / 3)


@dataclass(frozen=True, slots=True)
class TimerHeaders:
    """The session timer headers of a message; `min_se_s` is never below 90."""

    interval_s: int | None
    refresher: Role | None
    min_se_s: int
    supported: bool


def read(message: Request | Response) -> TimerHeaders:
    """Return the session timer headers of a message; unreadable ones count as absent."""
    headers = message.headers
    value, _, rest = (headers.get("Session-Expires") or "").partition(";")
    role = rest.replace(" ", "").lower().partition("refresher=")[2][:3]
    refresher: Role | None = "uac" if role == "uac" else "uas" if role == "uas" else None
    known = tokens([*headers.getlist("Supported"), *headers.getlist("Require")])
    return TimerHeaders(
        seconds(value),
        refresher,
        max(SHORTEST_S, seconds(headers.get("Min-SE")) or 0),
        OPTION in (token.lower() for token in known),
    )


def ask(request: Request, own_s: int | None, timer_terms: TimerTerms | None) -> None:
    """Put the session interval on an INVITE.

    `own_s`: the interval that we want (§7.1), None for no timer; `timer_terms`: those that hold
    already, for a re-INVITE (§7.4).
    """
    headers = request.headers
    headers.set("Supported", OPTION)
    interval_s = own_s if timer_terms is None else timer_terms.interval_s
    if interval_s is None:
        return
    role = "" if timer_terms is None else ";refresher=" + ("uac" if timer_terms.ours else "uas")
    headers.set("Session-Expires", f"{interval_s}{role}")


def is_too_small(timer_headers: TimerHeaders) -> bool:
    """Return whether a request has to be refused with 422 (§9): only one that knows timers."""
    interval_s = timer_headers.interval_s
    return timer_headers.supported and interval_s is not None and interval_s < SHORTEST_S


def as_server(
    timer_headers: TimerHeaders, own_s: int | None, timer_terms: TimerTerms | None
) -> TimerTerms | None:
    """Return the terms of the answer to an INVITE (§9), None for no timer.

    `own_s`: the interval that we want, None for no timer but the peer's. `timer_terms`: those so
    far; the refresher stays if the peer leaves it open. At first it is the caller then.
    """
    wanted_s, floor_s = timer_headers.interval_s, timer_headers.min_se_s
    if wanted_s is None:
        if own_s is None:
            return None
        interval_s = max(own_s, floor_s)
    else:
        lowered_s = wanted_s if own_s is None else max(own_s, floor_s)
        interval_s = max(SHORTEST_S, min(wanted_s, lowered_s))
    if not timer_headers.supported:
        return TimerTerms(interval_s, ours=True, peer_knows=False)
    if timer_headers.refresher is not None:
        return TimerTerms(interval_s, timer_headers.refresher == "uas", peer_knows=True)
    return TimerTerms(interval_s, timer_terms is not None and timer_terms.ours, peer_knows=True)


def answer(response: Response, timer_terms: TimerTerms | None) -> None:
    """Put the terms on a 2xx (§9)."""
    response.headers.set("Supported", OPTION)
    if timer_terms is None:
        return
    role = "uas" if timer_terms.ours else "uac"
    response.headers.set("Session-Expires", f"{timer_terms.interval_s};refresher={role}")
    if timer_terms.peer_knows:
        response.headers.set("Require", OPTION)


def as_client(timer_headers: TimerHeaders, own_s: int | None) -> TimerTerms | None:
    """Return the terms after a 2xx to an INVITE of ours (§7.2). A peer without the headers does not
    refresh: if we want timers, we do."""
    if timer_headers.interval_s is None:
        return None if own_s is None else TimerTerms(own_s, ours=True, peer_knows=False)
    interval_s = max(timer_headers.interval_s, SHORTEST_S)
    return TimerTerms(interval_s, timer_headers.refresher != "uas", peer_knows=True)
