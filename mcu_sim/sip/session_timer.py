"""Session timers (RFC 4028): what the two sides agree on, as pure rules.

Times are in s, as in the headers. A session that nobody refreshes within its interval is over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sipmessage import Request, Response

from giaoban.mcu_sim.sip.message.headers import seconds, tokens

OPTION = "timer"
"""The option tag in Supported and Require (§4)."""
SHORTEST_S = 90
"""No interval may be shorter (§4); a peer that says less gets this."""

_MARGIN_S = 32.0

Role = Literal["uac", "uas"]


@dataclass(frozen=True, slots=True)
class TimerPolicy:
    """What one side wants: `expires_s` None for no timers but those the peer asks for."""

    expires_s: int | None
    min_se_s: int


@dataclass(frozen=True, slots=True)
class TimerTerms:
    """What holds for a session: its interval, who refreshes, whether the peer knows timers."""

    interval_s: int
    ours: bool
    peer_knows: bool

    @property
    def refresh_after_s(self) -> float:
        """When the one who refreshes does so: at half the interval (§7.2)."""
        return self.interval_s / 2

    @property
    def give_up_after_s(self) -> float:
        """When to send BYE if no refresh went through (§10)."""
        return self.interval_s - min(_MARGIN_S, self.interval_s / 3)


@dataclass(frozen=True, slots=True)
class TimerHeaders:
    """What a message says about session timers; `min_se_s` is never below 90."""

    interval_s: int | None
    refresher: Role | None
    min_se_s: int
    supported: bool


_READ = ("Supported", "Session-Expires", "Require", "Min-SE")
_SAYS_NOTHING = TimerHeaders(None, None, SHORTEST_S, supported=False)


def read(message: Request | Response) -> TimerHeaders:
    """The session timer headers of a message; what cannot be read counts as absent."""
    headers = message.headers
    if not any(map(headers.getlist, _READ)):
        return _SAYS_NOTHING
    value, _, rest = (headers.get("Session-Expires") or "").partition(";")
    refresher: Role | None = None
    for part in rest.split(";"):
        name, _, role = (text.strip().lower() for text in part.partition("="))
        if name == "refresher" and role in ("uac", "uas"):
            refresher = "uac" if role == "uac" else "uas"
    known = tokens([*headers.getlist("Supported"), *headers.getlist("Require")])
    return TimerHeaders(
        seconds(value),
        refresher,
        max(SHORTEST_S, seconds(headers.get("Min-SE")) or 0),
        OPTION in (token.lower() for token in known),
    )


def ask(
    request: Request, rules: TimerPolicy, timer_terms: TimerTerms | None, min_se_s: int = 0
) -> None:
    """Put our wishes on an INVITE (§7.1) or, if `timer_terms` hold already, a re-INVITE (§7.4).

    `min_se_s` is what a 422 asked for.
    """
    headers = request.headers
    headers.set("Supported", OPTION)
    interval_s = rules.expires_s if timer_terms is None else timer_terms.interval_s
    if interval_s is None:
        return
    role = "" if timer_terms is None else ";refresher=" + ("uac" if timer_terms.ours else "uas")
    headers.set("Session-Expires", f"{max(interval_s, min_se_s)}{role}")
    floor_s = max(rules.min_se_s, min_se_s)
    if floor_s > SHORTEST_S:
        headers.set("Min-SE", str(floor_s))


def is_too_small(timer_headers: TimerHeaders, rules: TimerPolicy) -> bool:
    """Whether a request has to be refused with 422 (§9); only who knows timers may be."""
    interval_s = timer_headers.interval_s
    return timer_headers.supported and interval_s is not None and interval_s < rules.min_se_s


def as_server(
    timer_headers: TimerHeaders, rules: TimerPolicy, timer_terms: TimerTerms | None
) -> TimerTerms | None:
    """What the answer to an INVITE says (§9), None for no timer.

    `timer_terms` are those that hold so far: who refreshed goes on if the peer leaves it open. At
    first it is the caller then.
    """
    asked_s, own_s = timer_headers.interval_s, rules.expires_s
    floor_s = max(timer_headers.min_se_s, rules.min_se_s)
    if asked_s is None:
        if own_s is None:
            return None
        interval_s = max(own_s, floor_s)
    else:
        lowered_s = asked_s if own_s is None else max(own_s, floor_s)
        interval_s = max(SHORTEST_S, min(asked_s, lowered_s))
    if not timer_headers.supported:
        return TimerTerms(interval_s, ours=True, peer_knows=False)
    if timer_headers.refresher is not None:
        return TimerTerms(interval_s, timer_headers.refresher == "uas", peer_knows=True)
    return TimerTerms(interval_s, timer_terms is not None and timer_terms.ours, peer_knows=True)


def answer(response: Response, timer_terms: TimerTerms | None) -> None:
    """Put what holds on a 2xx (§9)."""
    response.headers.set("Supported", OPTION)
    if timer_terms is None:
        return
    role = "uas" if timer_terms.ours else "uac"
    response.headers.set("Session-Expires", f"{timer_terms.interval_s};refresher={role}")
    if timer_terms.peer_knows:
        response.headers.set("Require", OPTION)


def as_client(timer_headers: TimerHeaders, rules: TimerPolicy) -> TimerTerms | None:
    """What holds after a 2xx to an INVITE of ours (§7.2).

    A peer that says nothing does not refresh: if we want timers we do it ourselves.
    """
    if timer_headers.interval_s is None:
        if rules.expires_s is None:
            return None
        return TimerTerms(rules.expires_s, ours=True, peer_knows=False)
    interval_s = max(timer_headers.interval_s, SHORTEST_S)
    return TimerTerms(interval_s, timer_headers.refresher != "uas", peer_knows=True)
