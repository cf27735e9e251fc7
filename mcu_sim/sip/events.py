"""What user agents tell their owner.

Each call of a `UserAgentServer` gives `IncomingCall`, then (if accepted) `CallEstablished`, and
ends with exactly one of: the owner's own `refuse` or `hang_up`, `CallEnded`, `CallFailed`.
Each call of a `UserAgentClient` ends with exactly one of: `Refused`, `TimedOut`, `EndedByPeer`, or
the owner's own `hang_up`; after that no event comes for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcu_sim.sip.message import HostPort


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Someone calls: answer with `accept` or `refuse`. `sdp` is None if they want our offer."""

    call: str
    from_user: str
    to_user: str
    sdp: bytes | None
    source: HostPort
    sip_call_id: str


@dataclass(frozen=True, slots=True)
class CallEstablished:
    """The ACK came. `sdp` is the answer in it if the INVITE had no offer, else None."""

    call: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The peer hung up (BYE), established or not yet."""

    call: str


@dataclass(frozen=True, slots=True)
class CallFailed:
    """The call ended before it was established: 487 given up by the caller, 408 no ACK came."""

    call: str
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The called side accepted, the ACK is sent. `sdp` is its session description."""

    call: str
    sdp: bytes | None


@dataclass(frozen=True, slots=True)
class Refused:
    """The called side refused; `retry_after_s` is what it asks for, if it does."""

    call: str
    code: int
    reason: str
    retry_after_s: int | None


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Nobody answered in time."""

    call: str


@dataclass(frozen=True, slots=True)
class EndedByPeer:
    """The called side hung up."""

    call: str


Event = (
    IncomingCall
    | CallEstablished
    | CallEnded
    | CallFailed
    | Answered
    | Refused
    | TimedOut
    | EndedByPeer
)
