"""The events that a user agent gives to its owner.

A received call gives `IncomingCall` and, if accepted, `CallEstablished`; one that is made gives
`InviteAccepted`. Both end with exactly one of: the owner's own `refuse` or `hang_up`; `CallFailed`
(received) or `InviteRefused` or `InviteTimedOut` (made) before they are established; `CallEnded`
afterwards. All other events of a call come while it is established.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from giaoban.mcu_sim.sip.message import Peer


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """An INVITE: answer with `accept` or `refuse`. `sdp` is None if it wants our offer.

    `verified_user`: the authenticated user, None where callers are not challenged.
    """

    call: str
    from_user: str
    to_user: str
    sdp: bytes | None
    source: Peer
    verified_user: str | None = None


@dataclass(frozen=True, slots=True)
class CallEstablished:
    """The ACK came. `sdp` is the answer in it if the INVITE had no offer, else None."""

    call: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class CallFailed:
    """The call ended before it was established: 487 cancelled by the caller, 408 without an ACK."""

    call: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class InviteAccepted:
    """The called side accepted, the ACK is sent. `sdp` is its session description."""

    call: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class InviteRefused:
    """The called side refused."""

    call: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class InviteTimedOut:
    """No final answer came in time."""

    call: str


EndCause = Literal["bye", "media-lost", "session-expired", "gone", "no-ack"]
"""Why a call ended: the peer hung up; it did so since it received no media (RFC 3326); the session
was not refreshed in time (RFC 4028 §10); the peer did not answer or did not know the call (RFC 3261
§12.2.1.2, §14.1); it did not acknowledge our answer to its re-INVITE (§13.3.1.4)."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over, and not by its owner. Unless the peer sent a BYE, one is sent to it."""

    call: str
    cause: EndCause = "bye"


@dataclass(frozen=True, slots=True)
class Reoffer:
    """A re-INVITE: answer with `answer_reoffer` or `refuse_reoffer`. `sdp` is its offer, None if it
    wants ours."""

    call: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class ReofferAnswered:
    """The peer's answer to an offer of ours that answered a `Reoffer` without one."""

    call: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class InfoReceived:
    """An INFO inside the call: answer with `answer_info(request_key, …)` within 32 s."""

    call: str
    request_key: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class InfoAnswered:
    """The final response to an INFO of ours; 408 also if there was none."""

    call: str
    code: int


@dataclass(frozen=True, slots=True)
class Registered:
    """The registrar holds our Contact for this time; 0 after `unregister`."""

    expires_s: int


@dataclass(frozen=True, slots=True)
class RegistrationFailed:
    """We are not registered, and no further attempt is made until `register`."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class OptionsAnswered:
    """The final response to an OPTIONS of ours; 408 also if there was none."""

    code: int
    reason: str


Event = (
    IncomingCall
    | CallEstablished
    | CallFailed
    | InviteAccepted
    | InviteRefused
    | InviteTimedOut
    | CallEnded
    | Reoffer
    | ReofferAnswered
    | InfoReceived
    | InfoAnswered
    | Registered
    | RegistrationFailed
    | OptionsAnswered
)
