"""The sources of a whole meeting: every planned stream, through all the calls of its bridge."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from giaoban.mcu_sim.media.audio.bank import TICK_NS
from giaoban.mcu_sim.media.leg import Kind, Position
from giaoban.scenarios.bridge.sources import Sources
from giaoban.scenarios.estimate.limits import packets
from giaoban.scenarios.estimate.media.sources import (
    KEPT_PACKETS,
    CachedSource,
    FramePace,
    GeneratedSource,
    MixedAudio,
    PlannedSource,
    StreamBuffer,
    StreamCache,
    StreamSegment,
    TrafficStream,
)
from giaoban.scenarios.estimate.media.windows import Windows
from giaoban.scenarios.estimate.timeline import BridgeLeg, McuLeg, Timeline
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.recorded.recording import Recording
from giaoban.traffic.recorded.stream import RecordedStream
from giaoban.traffic.sender.stream import next_start_ns
from giaoban.traffic.sender.stream_plan import StreamPlan
from giaoban.traffic.sources.video_model import CLOCK_HZ, VideoModel
from giaoban.traffic.sources.video_stream import VideoStream

NO_MEDIA = {"network", "device", "terminal", "streams", "loses", "end_s"}
"""What is of no account for what a bridge's devices make; of each stream its own plan is."""


def sources_of(
    plan: Plan,
    timeline: Timeline,
    windows: Windows,
    recordings: Mapping[str, Recording],
    made: StreamCache | None = None,
) -> dict[int, PlannedSource]:
    """Stream → its source, for all streams that somebody makes; forwarded ones are not.

    `made`: streams of other meetings, which are not made again.
    """
    media = hashlib.sha256(plan.model_dump_json(exclude=NO_MEDIA).encode()).digest()
    if recordings or any(stream.impairments for stream in plan.streams):
        made = None  # not all that such a stream hangs on can be told by a key
    segments: dict[int, list[StreamSegment]] = {}
    for bridge_leg in timeline.bridge_legs:
        for kind in bridge_leg.terms:
            index = plan.calls[bridge_leg.number].up.get(kind)
            if index is None:
                continue
            segment = _of_bridge(plan, bridge_leg, kind, index, windows, recordings)
            segments.setdefault(index, []).append(segment)
    keys: dict[int, list[int]] = {}
    spans: dict[int, list[tuple[int, int, int]]] = {}
    end_ns = round(plan.end_s * 1e9)
    delay_ns = round(plan.device.audio_mix_delay_ms * 1e6)
    for mcu_leg in timeline.mcu_legs:
        leg = mcu_leg.leg
        for kind, flow in leg.flows.items():
            index = flow.down.index
            if kind == "audio":
                first = windows.mixed(mcu_leg.from_ns) + 1
                last = windows.mixed(end_ns if mcu_leg.to_ns is None else mcu_leg.to_ns) + 1
                if mcu_leg.power_gone and mcu_leg.to_ns is not None:
                    last = min(last, -(-(mcu_leg.to_ns - delay_ns) // TICK_NS))
                spans.setdefault(index, []).append((mcu_leg.from_ns, first, last))
            elif kind == "video" and leg.composed is not None:
                segments.setdefault(index, []).append(_composed(plan, mcu_leg, windows))
                keys[index] = []
    composed = {
        mcu_leg.leg.row: mcu_leg.leg.flows["video"].down.index
        for mcu_leg in timeline.mcu_legs
        if mcu_leg.leg.composed is not None
    }
    for at_ns, row in timeline.relayouts:
        if row in composed:
            keys[composed[row]].append(windows.relayout_ns(at_ns))
    # asking a picture that is not made at that moment changes nothing: all calls may be asked
    others: dict[int, list[Container[int]]] = {}
    for at_ns, but in timeline.relayouts_of_others:
        others.setdefault(windows.relayout_ns(at_ns), []).append(but)
    for from_ns, buts in others.items():
        for row, index in composed.items():
            if any(row not in but for but in buts):
                keys[index].append(from_ns)
    found: dict[int, PlannedSource] = {}
    count = packets(plan)
    if count > KEPT_PACKETS:  # they would push each other out
        made = None
    each = round(count / len(plan.streams))
    for index, parts in segments.items():
        asked = sorted(keys.get(index, ()))
        make = partial(_generated, parts, asked)
        if made is None or len(parts) > 1:
            found[index] = make()
            continue
        key = media, *parts[0].key(asked)
        found[index] = CachedSource(made.get(key, make, each, parts[0].pace), make)
    for index, own in spans.items():
        mix = partial(MixedAudio, plan.streams[index], own, TICK_NS, delay_ns, plan.audio)
        if made is None or len(own) > 1:
            found[index] = mix()
            continue
        _, first, end = own[0]
        key = media, plan.streams[index].model_dump_json(), first, end, delay_ns
        found[index] = CachedSource(made.get(key, mix, each), mix)
    return dict(sorted(found.items()))


def _generated(parts: list[StreamSegment], asked: list[int]) -> GeneratedSource:
    source = GeneratedSource(parts)
    for from_ns in asked:
        source.ask_key(from_ns)
    return source


def _of_bridge(
    plan: Plan,
    bridge_leg: BridgeLeg,
    kind: Kind,
    index: int,
    windows: Windows,
    recordings: Mapping[str, Recording],
) -> StreamSegment:
    hang_up_ns = round(plan.hang_up_s * 1e9)
    # what is handed over by the end of a call goes out
    made_ns = windows.audio_made_ns if kind == "audio" else windows.camera_made_ns
    end_ns = hang_up_ns if bridge_leg.to_ns is None else made_ns(bridge_leg.to_ns)
    if bridge_leg.power_gone and bridge_leg.to_ns is not None:
        end_ns = bridge_leg.to_ns
    sources = Sources(plan, bridge_leg.number, 0, StreamBuffer(), Path())
    terms = bridge_leg.terms[kind]
    planned = plan.streams[index].carrying(terms.send_type)
    start_ns = sources.start_ns(kind, planned, bridge_leg.from_ns)
    own = recordings.get(plan.calls[bridge_leg.number].bridge) if kind == "video" else None

    def make(before: Position | None, buffer: StreamBuffer) -> TrafficStream:
        where, from_ns = planned, start_ns
        if before is not None:
            from_ns = max(start_ns, before.at_ns)
            sequence, timestamp = before.at(from_ns)
            where = where.model_copy(
                update={"first_sequence": sequence, "first_timestamp": timestamp}
            )
        if own is not None:
            return RecordedStream(where, buffer, from_ns, own, origin_ns=0)
        return Sources(plan, bridge_leg.number, 0, buffer, Path()).open(kind, where, terms, from_ns)

    return StreamSegment(
        make,
        sources.end_ns(kind, min(end_ns, hang_up_ns)),
        sources.clock_hz(kind),
        (bridge_leg.number, kind, terms, planned.model_dump_json(), start_ns),
    )


def _composed(plan: Plan, mcu_leg: McuLeg, windows: Windows) -> StreamSegment:
    end_ns = round(plan.end_s * 1e9)
    if mcu_leg.to_ns is not None:
        made_ns = windows.composed_made_ns(mcu_leg.to_ns)
        end_ns = min(end_ns, mcu_leg.to_ns if mcu_leg.power_gone else made_ns)
    leg, model = mcu_leg.leg, mcu_leg.leg.composed
    assert model is not None
    down = leg.flows["video"].down
    start_ns = next_start_ns(mcu_leg.from_ns, 0) + _frame_phase_ns(down, model)
    pace = FramePace(start_ns + round(plan.device.compose_delay_ms * 1e6), model.fps)
    made_of = down.model_dump_json(), model.model_dump_json()
    return StreamSegment(partial(_compose, plan, mcu_leg), end_ns, CLOCK_HZ, made_of, pace)


def _frame_phase_ns(down: StreamPlan, model: VideoModel) -> int:
    """From when a composed picture's stream starts to its first frame."""
    return round(np.random.default_rng(down.seed).random() / model.fps * 1e9)


def _compose(
    plan: Plan, mcu_leg: McuLeg, before: Position | None, buffer: StreamBuffer
) -> TrafficStream:
    """As `giaoban.mcu_sim.media.plane` and `giaoban.mcu_sim.media.video.compose` open a row."""
    leg = mcu_leg.leg
    flow, model = leg.flows["video"], leg.composed
    assert model is not None
    down: StreamPlan = flow.down
    from_ns = next_start_ns(mcu_leg.from_ns, 0)
    if before is not None:
        from_ns = max(from_ns, before.at_ns)
        sequence, timestamp = before.at(mcu_leg.from_ns)
        down = down.model_copy(update={"first_sequence": sequence, "first_timestamp": timestamp})
    delay_ns = round(plan.device.compose_delay_ms * 1e6)
    start_ns = from_ns + _frame_phase_ns(down, model)
    return VideoStream(down, buffer, start_ns, model, delay_ns, origin_ns=0)
