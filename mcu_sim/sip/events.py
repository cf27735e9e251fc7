"""What a user agent tells its owner.

A call that comes in gives `IncomingCall`, then (if accepted) `CallEstablished`; one that is made
gives `InviteAccepted`. Both end with exactly one of: the owner's own `refuse` or `hang_up`;
`CallFailed` (incoming), `InviteRefused` or `InviteTimedOut` (outgoing) before they stand;
`CallEnded` once accepted. After that no event comes for them. All other events of a call come
while it stands, that is after `CallEstablished` or `InviteAccepted`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from giaoban.mcu_sim.sip.message.addresses import Peer


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Someone calls: answer with `accept` or `refuse`. `sdp` is None if they want our offer.

    `verified_user` is who the caller has proved to be, None where nobody is asked to.
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
    """The call ended before it was established: 487 given up by the caller, 408 no ACK came."""

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
    """The called side refused; `retry_after_s` is what it asks for, if it does."""

    call: str
    code: int
    reason: str
    retry_after_s: int | None


@dataclass(frozen=True, slots=True)
class InviteTimedOut:
    """Nobody answered in time."""

    call: str


EndCause = Literal["bye", "media-lost", "session-expired", "gone", "no-ack"]
"""Why a call ended: the peer hung up; it did so since it heard nothing of us any more (RFC 3326);
nobody refreshed the session in time or a refresh got no answer (RFC 4028 §10); the peer did not
answer or did not know the call (RFC 3261 §12.2.1.2, §14.1); it did not acknowledge our answer to
its re-INVITE (§13.3.1.4)."""


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over, and not by its owner. Unless the peer sent a BYE, one is sent to it."""

    call: str
    cause: EndCause = "bye"


@dataclass(frozen=True, slots=True)
class Reoffer:
    """The peer wants to change the session: `answer_reoffer` or `refuse_reoffer`.

    `sdp` is its offer, which may be the one it made before; None if it wants ours.
    """

    call: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class ReofferWithdrawn:
    """The peer took its `Reoffer` back (CANCEL) before it was answered."""

    call: str


@dataclass(frozen=True, slots=True)
class ReofferAnswered:
    """The peer's answer to an offer of ours.

    The offer was made by `reinvite`, by `answer_reoffer` to a `Reoffer` without one, or (`refresh`)
    by a refresh of the session to which the peer answers something else than last time.
    """

    call: str
    sdp: bytes | None
    refresh: bool = False


@dataclass(frozen=True, slots=True)
class ReofferRefused:
    """The peer does not accept what `reinvite` offered; the session is as before."""

    call: str
    code: int
    reason: str


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
    """The registrar knows us for so long; 0 after `unregister`."""

    expires_s: int


@dataclass(frozen=True, slots=True)
class RegistrationFailed:
    """We are not registered, or no longer soon; nothing more is tried until `register`."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class OptionsAnswered:
    """The final response to an OPTIONS of ours: 408 also if there was none.

    `methods` are those it allows, empty if it does not say; `server` is what it calls itself.
    """

    code: int
    reason: str
    methods: tuple[str, ...]
    server: str


Event = (
    IncomingCall
    | CallEstablished
    | CallFailed
    | InviteAccepted
    | InviteRefused
    | InviteTimedOut
    | CallEnded
    | Reoffer
    | ReofferWithdrawn
    | ReofferAnswered
    | ReofferRefused
    | InfoReceived
    | InfoAnswered
    | Registered
    | RegistrationFailed
    | OptionsAnswered
)
