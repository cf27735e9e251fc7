"""A plan's bridges: their user agents, and how a run's events tell of them."""

from __future__ import annotations

import random

from giaoban.errors import InvalidRun
from giaoban.mcu_sim.media.leg import Kind
from giaoban.mcu_sim.sdp.crypto import key_source
from giaoban.mcu_sim.sdp.offer_answer import codec_of
from giaoban.mcu_sim.sip.message import SIP_PORT, Peer
from giaoban.scenarios.bridge.capabilities import capabilities
from giaoban.scenarios.bridge.recovery import Redialling
from giaoban.scenarios.bridge.user_agent import (
    BridgeEvent,
    BridgeUserAgent,
    Completed,
    MediaLost,
    Redialled,
    Unreadable,
)
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.records import events

PORTS: dict[Kind, int] = {"audio": 40_000, "video": 40_002, "content": 40_004}
RESTARTED = 1_000_003
"""Between the seeds of a bridge before and after its power was gone."""


def planned_agent(plan: Plan, number: int, origin_ns: int) -> BridgeUserAgent:
    """The user agent of a planned call. `origin_ns`: of the plan's times, by the owner's clock."""
    call = plan.calls[number]
    bridge = call.bridge
    ports, content_kbps = dict(PORTS), 0.0
    # slides are shown in one meeting: nobody sends any to those of another one
    if plan.content is None or ("content" not in call.up and "content" not in call.down):
        del ports["content"]
    else:
        content_kbps = plan.content.model.kbps
    return BridgeUserAgent(
        bridge,
        (plan.network.address(bridge), SIP_PORT),
        Peer(plan.network.address(plan.network.mcu.id), SIP_PORT),
        capabilities(
            ports,
            plan.profile,
            codec_of(plan.audio),
            content_kbps=content_kbps,
            encrypted=plan.encrypted,
        ),
        rng(plan, number),
        session_id=lambda: plan.seed + number,
        keys=key_source(plan.seed, f"bridge {number}"),
        room=call.meeting,
        redialling=Redialling(plan.recovery, origin_ns, number, plan.seed),
    )


def rng(plan: Plan, number: int, restarts: int = 0) -> random.Random:
    """What the user agent of a bridge draws from that has started again so often."""
    return random.Random(plan.seed * 1009 + number + restarts * RESTARTED)


def logged(bridge: str, event: BridgeEvent, t_ms: float) -> events.Event | None:
    """What `events.jsonl` says of an event `t_ms` after the run's origin; None: nothing.

    Raises:
        InvalidRun: the MCU, which is ours, said what cannot be read.
    """
    of = events.of_bridge(bridge, t_ms)
    match event:
        case Unreadable(what, why):
            raise InvalidRun(
                "{bridge}: the MCU's {what} cannot be read: {why}",
                bridge=bridge,
                what=what,
                why=why,
            )
        case Completed("invite", True, setup_ms):
            return events.Connected(**of, setup_ms=round(setup_ms, 3))
        case Completed("invite", False, _, 0):
            return events.TimedOut(**of)
        case Completed("invite", False, _, code, reason):
            return events.CallRefused(**of, code=code, reason=reason)
        case Completed("drop") | Completed("incoming", False):
            return events.EndedByMcu(**of)
        case Completed("info", False, _, code) if code:
            return events.CommandRefused(**of, code=code)
        case MediaLost():
            return events.MediaLost(**of)
        case Redialled(attempt):
            return events.Redialled(**of, attempt=attempt)
    return None
