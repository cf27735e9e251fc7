"""What signalling and conferences settle before a packet of media flows."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Literal

from giaoban.mcu_sim.media.leg import NOBODY, Kind, Leg
from giaoban.mcu_sim.sdp.offer_answer import NegotiatedMedia
from giaoban.scenarios.records.events import Event


@dataclass
class BridgeLeg:
    """A bridge's side of one of its calls: from its answer to its end, ns after the origin.

    `number`: of the call in the plan. `terms`: what was agreed on, by medium. `power_gone`: it
    ended because the bridge's power did, so that nothing of it leaves any more.
    """

    number: int
    terms: dict[Kind, NegotiatedMedia]
    from_ns: int
    to_ns: int | None = None
    power_gone: bool = False


@dataclass
class McuLeg:
    """The MCU's side of one call, ns after the origin.

    `leg` is what its media plane was told. `report_seeds`: of each medium's RTCP, in the order in
    which the device draws them. `power_gone`: it ended because the MCU's power did, so that nothing
    of it leaves any more. `meeting_over`: the MCU itself ended it, before it looked at its media.
    """

    leg: Leg
    from_ns: int
    report_seeds: dict[Kind, int]
    to_ns: int | None = None
    power_gone: bool = False
    meeting_over: bool = False


@dataclass(frozen=True)
class ForwardingChange:
    """What happens to a viewer of forwarded pictures: its stream begins or ends, or it gets another
    source's (`NOBODY`: none)."""

    at_ns: int
    what: Literal["open", "close", "watch"]
    kind: Kind
    row: int
    source: int = NOBODY


@dataclass(frozen=True, slots=True)
class SignallingDatagram:
    """One datagram of SIP: when it left, its bytes on the wire, its path (see `paths`)."""

    at_ns: int
    size: int
    path: int


@dataclass
class Timeline:
    """A meeting without its media.

    Attributes:
        bridge_legs, mcu_legs: calls, in the order in which they began.
        relayouts: (ns, row) whose composed picture is arranged anew.
        relayouts_of_others: (ns, rows): all composed pictures but those of the rows are.
        turns: of forwarded pictures, in order of time.
        events: what bridges and MCU tell, in order of time, as in `events.jsonl`.
        messages: every datagram of SIP.
        mcu_woken: when signalling woke the MCU, ns after the origin, in order: datagrams that came,
            timers of its transactions.
        unheard: (path, from, to) when who is at a path's end pays no heed to the media that come: a
            bridge has taken its call for dead, or was without power, and no other call stands yet;
            the MCU was without power, and no call stands since.
        mcu_gaps: (off, on) when the MCU had no power, ns after the origin, of which it came back.
        calls_left, units_left: what the MCU still holds at the end.
    """

    bridge_legs: list[BridgeLeg] = field(default_factory=list)
    mcu_legs: list[McuLeg] = field(default_factory=list)
    relayouts: list[tuple[int, int]] = field(default_factory=list)
    relayouts_of_others: list[tuple[int, Container[int]]] = field(default_factory=list)
    turns: list[ForwardingChange] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    messages: list[SignallingDatagram] = field(default_factory=list)
    mcu_woken: list[int] = field(default_factory=list)
    unheard: list[tuple[int, int, int]] = field(default_factory=list)
    mcu_gaps: list[tuple[int, int]] = field(default_factory=list)
    calls_left: int = 0
    units_left: float = 0.0
