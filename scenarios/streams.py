"""Captures → each bridge's streams in each phase, and second by second."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mcu_sim.device import AUDIO
from mcu_sim.media.leg import Kind
from results.model import BridgeResult, StreamResult, lost_pcts
from scenarios.captures import Captures
from scenarios.plan import CallPlan, PhasePlan
from traffic.emodel import conversational_mos
from traffic.measure import Measures, Trace, burst_ratio, measure


@dataclass(frozen=True)
class Leg:
    """One stream's figures in one phase, with what the E-model needs of it."""

    measures: Measures
    burst_ratio: float

    @property
    def listener_lost_pct(self) -> float | None:
        m = self.measures
        return lost_pcts(m.sent, m.received, m.impaired)[1]


def bridges_in(captures: Captures, phase: PhasePlan) -> list[BridgeResult]:
    """Every bridge that had a call in the phase, with the streams of it."""
    window = (
        captures.origin_ns + round(phase.start_s * 1e9),
        captures.origin_ns + round(phase.end_s * 1e9),
    )
    plan = captures.plan
    legs = [_leg(trace, window) for trace in captures.traces]
    joined = _present(captures, phase)
    present = [call for call in plan.calls if call.bridge in joined]
    return [
        BridgeResult(
            id=call.bridge,
            name=call.name,
            streams=[
                _stream(captures, legs, present, call, kind, direction)
                for kind in _kinds(joined[call.bridge])
                for direction in ("up", "down")
            ],
        )
        for call in present
    ]


def _present(captures: Captures, phase: PhasePlan) -> dict[str, dict[str, Any]]:
    """Bridge → its latest `joined` event, of all that had a call at some time of the phase."""
    joined: dict[str, dict[str, Any]] = {}
    for e in captures.events_of("joined", "left", who="mcu"):
        if e["t_ms"] >= phase.end_s * 1000:
            break
        if e["event"] == "joined":
            joined[e["bridge"]] = e
        elif e["t_ms"] < phase.start_s * 1000:
            joined.pop(e["bridge"], None)
    return joined


def _kinds(joined: dict[str, Any]) -> list[Kind]:
    """The media of a call: a full MCU may have left it its sound alone."""
    return ["audio"] if joined.get("given") == AUDIO else ["audio", "video"]


def _leg(trace: Trace, window: tuple[int, int]) -> Leg:
    within = (trace.due_ns >= window[0]) & (trace.due_ns < window[1])
    return Leg(measure(trace, *window), burst_ratio(~trace.arrived[within]))


def _stream(
    captures: Captures,
    legs: list[Leg],
    present: list[CallPlan],
    call: CallPlan,
    kind: Kind,
    direction: str,
) -> StreamResult:
    index = (call.up if direction == "up" else call.down)[kind]
    m = legs[index].measures
    lost, listener_lost = lost_pcts(m.sent, m.received, m.impaired)
    mos = None
    if kind == "audio":
        far = [
            legs[(other.down if direction == "up" else other.up)["audio"]]
            for other in present
            if other is not call
        ]
        mos = _mos(captures, legs[index], far)
    return StreamResult.model_validate(
        {
            "kind": kind,
            "direction": direction,
            "packets_sent": m.sent,
            "packets_received": m.received,
            "packets_impaired": m.impaired,
            "lost_pct": lost,
            "listener_lost_pct": listener_lost,
            "loss_burst_max": m.loss_burst_max,
            "jitter_ms": _round(m.jitter_ms),
            "delay_p50_ms": _round(m.delay_p50_ms),
            "delay_p95_ms": _round(m.delay_p95_ms),
            "delay_p99_ms": _round(m.delay_p99_ms),
            "mos": None if mos is None else round(mos, 3),
            "interruption_ms_max": _round(m.interruption_ms_max),
        }
    )


def _mos(captures: Captures, leg: Leg, far: list[Leg]) -> float | None:
    """Conversational quality of a leg: mouth to ear through the MCU and the worst other leg.

    The loss is this leg's alone, so that a bad line shows at its own bridge and not at all others.
    """
    delay, loss = leg.measures.delay_p95_ms, leg.listener_lost_pct
    if delay is None or loss is None:
        return None
    other = max((f.measures.delay_p95_ms or 0.0 for f in far), default=0.0)
    terminal = captures.plan.terminal
    mouth_to_ear_ms = (
        terminal.packetisation_ms
        + delay
        + terminal.playout_ms  # the MCU's jitter buffer
        + captures.plan.device.audio_mix_delay_ms
        + other
        + terminal.playout_ms
    )
    return conversational_mos(mouth_to_ear_ms, loss, leg.burst_ratio)


def per_second(
    captures: Captures, call: CallPlan, start_s: float, seconds: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(delay p95 in ms, listener's loss in %) of a bridge's worst stream, each (seconds,)."""
    delay = np.full(seconds, np.nan)
    lost = np.full(seconds, np.nan)
    start_ns = captures.origin_ns + round(start_s * 1e9)
    for index in (*call.up.values(), *call.down.values()):
        trace = captures.traces[index]
        second = (trace.due_ns - start_ns) // 1_000_000_000
        edges = np.searchsorted(second, np.arange(seconds + 1))
        for i, (a, b) in enumerate(pairwise(edges)):
            if a == b:
                continue
            arrived = trace.arrived[a:b]
            lost[i] = np.fmax(lost[i], 100 * float(np.mean(~arrived)))
            if arrived.any():
                delays = trace.arrival_ns[a:b][arrived] - trace.due_ns[a:b][arrived]
                delay[i] = np.fmax(delay[i], float(np.percentile(delays, 95)) / 1e6)
    return delay, lost


def _round(value: float | None) -> float | None:
    return None if value is None else round(max(value, 0.0), 4)
