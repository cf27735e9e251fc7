"""Captures → each bridge's streams in each phase."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mcu_sim.device import AUDIO
from mcu_sim.media.leg import Kind
from results.model import BridgeResult, RtcpResult, StreamResult, lost_pcts
from scenarios.captures import Captures
from scenarios.plan import CallPlan, PhasePlan
from traffic.measure import Measures, Trace, measure
from traffic.quality.bursts import GapBurst, burst_ratio, ends_ns, gap_burst
from traffic.quality.codecs import SpeechCodec, codec_of, speech_mos
from traffic.quality.frames import FrameMeasures, Frames, frames, measure_frames
from traffic.quality.lipsync import lip_sync

KINDS: tuple[Kind, ...] = ("audio", "video", "content")
WAYS = ("up", "down")
SHOWN_NS = 1_000_000_000
"""Slides shown to a bridge for so long must have come to it: a key frame is soon asked for."""


class Pictures:
    """The frames of every stream of pictures, found once and measured in every phase."""

    def __init__(self, captures: Captures) -> None:
        self._captures = captures
        self._found: dict[int, Frames] = {}

    def __getitem__(self, index: int) -> Frames:
        if index not in self._found:
            self._found[index] = frames(self._captures.traces[index])
        return self._found[index]


@dataclass(frozen=True)
class Leg:
    """One stream in a window of time [start, end), CLOCK_MONOTONIC."""

    trace: Trace
    window_ns: tuple[int, int]

    @cached_property
    def part(self) -> slice:
        """The packets that were due in the window."""
        first, last = np.searchsorted(self.trace.due_ns, self.window_ns)
        return slice(int(first), int(last))

    @cached_property
    def measures(self) -> Measures:
        return measure(self.trace, *self.window_ns)

    @cached_property
    def bursts(self) -> GapBurst:
        trace, part = self.trace, self.part
        ends = ends_ns(trace.due_ns, trace.timestamp)
        return gap_burst(trace.missing[part], trace.due_ns[part], ends[part])

    @cached_property
    def burst_ratio(self) -> float:
        return burst_ratio(self.trace.missing[self.part])


def bridges_in(
    captures: Captures, phase: PhasePlan, pictures: Pictures, warm_up_s: float = 0.0
) -> list[BridgeResult]:
    """Every bridge that had a call in the phase, with the streams of it.

    `warm_up_s`: how much of the phase's start is left out.
    """
    window = (
        captures.origin_ns + round((phase.start_s + warm_up_s) * 1e9),
        captures.origin_ns + round(phase.end_s * 1e9),
    )
    legs = [Leg(trace, window) for trace in captures.traces]
    joined = _present(captures, phase)
    present = [call for call in captures.plan.calls if call.bridge in joined]
    measured = _Measured(captures, pictures, legs, present, phase)
    return [measured.bridge(call, joined[call.bridge]) for call in present]


def streams_of(call: CallPlan, kinds: tuple[Kind, ...]) -> Iterator[tuple[Kind, str, int]]:
    """(kind, direction, index) of a call's planned streams of these kinds."""
    for kind in kinds:
        for direction in WAYS:
            index = (call.up if direction == "up" else call.down).get(kind)
            if index is not None:
                yield kind, direction, index


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


@dataclass(frozen=True)
class _Measured:
    """All streams of one window, from which a bridge's figures are put together."""

    captures: Captures
    pictures: Pictures
    legs: list[Leg]
    present: list[CallPlan]
    phase: PhasePlan

    def bridge(self, call: CallPlan, joined: dict[str, Any]) -> BridgeResult:
        kinds = self._kinds(joined)
        planned = [one for one in streams_of(call, kinds) if self._was_due(*one, joined)]
        skews: dict[str, float | None] = dict.fromkeys(WAYS)
        if "video" in kinds:
            skews = {"up": self._skew_ms(call.up), "down": self._skew_ms(call.down)}
        return BridgeResult(
            id=call.bridge,
            name=call.name,
            streams=[self._stream(call, *one) for one in planned],
            lip_sync_up_ms=skews["up"],
            lip_sync_down_ms=skews["down"],
        )

    def _kinds(self, joined: dict[str, Any]) -> tuple[Kind, ...]:
        """The media of a call: a full MCU may have left it its sound alone."""
        if joined.get("given") == AUDIO:
            return ("audio",)
        shown = self.captures.plan.content
        phase = self.phase
        if shown is not None and shown.from_s < phase.end_s and shown.to_s > phase.start_s:
            return ("audio", "video", "content")
        return ("audio", "video")

    def _was_due(self, kind: Kind, direction: str, index: int, joined: dict[str, Any]) -> bool:
        """Whether a stream had to be sent: no slides go to whoever comes after the last one."""
        leg, shown = self.legs[index], self.captures.plan.content
        sent = leg.part.stop > leg.part.start
        if sent or shown is None or (kind, direction) != ("content", "down"):
            return True
        [presenter] = (call for call in self.captures.plan.calls if call.bridge == shown.bridge)
        came_ns = self.captures.origin_ns + round(joined["t_ms"] * 1e6)
        start_ns, end_ns = leg.window_ns
        due_ns = self.captures.traces[presenter.up["content"]].due_ns
        first, last = np.searchsorted(due_ns, [max(start_ns, came_ns), end_ns])
        return bool(last > first and due_ns[last - 1] - due_ns[first] >= SHOWN_NS)

    def _stream(self, call: CallPlan, kind: Kind, direction: str, index: int) -> StreamResult:
        leg = self.legs[index]
        m, b = leg.measures, leg.bursts
        lost, listener_lost = lost_pcts(m.sent, m.received, m.impaired, m.corrupted)
        figures = {
            "kind": kind,
            "direction": direction,
            "packets_sent": m.sent,
            "packets_received": m.received,
            "packets_impaired": m.impaired,
            "packets_duplicated": m.duplicated,
            "packets_corrupted": m.corrupted,
            "packets_reordered": m.reordered,
            "lost_pct": lost,
            "listener_lost_pct": listener_lost,
            "reordered_pct": None if m.reordered_ratio is None else 100 * m.reordered_ratio,
            "loss_burst_max": m.loss_burst_max,
            "loss_burst_mean": _round(m.loss_burst_mean),
            "burst_ms_mean": _round(b.burst_ms),
            "gap_ms_mean": _round(b.gap_ms),
            "burst_density_pct": _percent(b.burst_density),
            "gap_density_pct": _percent(b.gap_density),
            "jitter_ms": _round(m.jitter_ms),
            "jitter_ms_mean": _round(m.jitter_mean_ms),
            "jitter_ms_max": _round(m.jitter_max_ms),
            "delay_p50_ms": _round(m.delay_p50_ms),
            "delay_p95_ms": _round(m.delay_p95_ms),
            "delay_p99_ms": _round(m.delay_p99_ms),
            "delay_max_ms": _round(m.delay_max_ms),
            "interruptions": m.interruptions,
            "interruption_ms_max": _round(m.interruption_ms_max),
            "rtcp": self._rtcp(call.bridge, kind, direction),
        }
        if kind == "audio":
            figures |= self._speech(call, leg, direction)
        else:
            figures |= _frame_figures(measure_frames(self.pictures[index], *leg.window_ns))
        return StreamResult.model_validate({"mos": None, **figures})

    def _speech(self, call: CallPlan, leg: Leg, direction: str) -> dict[str, Any]:
        """Conversational quality of a leg: mouth to ear through the MCU and the worst other leg.

        The loss is this leg's alone, so that a bad line shows at its own bridge and not at all
        others.
        """
        delay, missing = leg.measures.delay_p95_ms, leg.measures.missing_pct
        if delay is None or missing is None:
            return {}
        far = (
            self.legs[(other.down if direction == "up" else other.up)["audio"]]
            for other in self.present
            if other is not call
        )
        other_ms = max((leg.measures.delay_p95_ms or 0.0 for leg in far), default=0.0)
        codec = speech_codec(self.captures)
        ta_ms = delay + fixed_delay_ms(self.captures) + other_ms
        score = speech_mos(codec, ta_ms, missing, leg.burst_ratio)
        if score is None:
            return {}
        return {"mos": round(float(score), 3), "mos_scale": codec.scale}

    def _skew_ms(self, way: dict[Kind, int]) -> float | None:
        found = self.pictures[way["video"]]
        skew = lip_sync(
            found, self.captures.traces[way["audio"]], *self.legs[way["audio"]].window_ns
        )
        return None if skew is None else round(skew.p50_ms, 4)

    def _rtcp(self, bridge: str, kind: Kind, direction: str) -> RtcpResult | None:
        """The receiver's own last report of the phase; of what goes down, the bridge is that."""
        who = "mcu" if direction == "up" else "bridge"
        start_ms, end_ms = self.phase.start_s * 1000, self.phase.end_s * 1000
        said = [
            e
            for e in self.captures.reports.get((who, bridge, kind), ())
            if start_ms <= e["t_ms"] < end_ms
        ]
        if not said:
            return None
        last = said[-1]
        jitter_ms = round(last["jitter"] * 1000 / last["clock_hz"], 4)
        return RtcpResult(reports=len(said), packets_lost=last["lost"], jitter_ms=jitter_ms)


def speech_codec(captures: Captures) -> SpeechCodec:
    """The E-model's factors of the call's sound."""
    return codec_of(captures.plan.audio.id)


def fixed_delay_ms(captures: Captures) -> float:
    """Mouth to ear beyond what the two legs take: packets, playout at both ends, mixing."""
    terminal = captures.plan.terminal
    return (
        terminal.packetisation_ms
        + terminal.playout_ms  # the MCU's jitter buffer
        + captures.plan.device.audio_mix_delay_ms
        + terminal.playout_ms
    )


def _frame_figures(m: FrameMeasures) -> dict[str, Any]:
    return {
        "frames_sent": m.frames,
        "frames_lost": m.lost,
        "frames_undecodable": m.undecodable,
        "freezes": m.freezes,
        "freeze_ms_max": _round(m.freeze_ms_max),
        "freeze_ms_total": _round(m.freeze_ms_total),
        "freeze_pct": _round(m.frozen_pct),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(max(value, 0.0), 4)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 4)
