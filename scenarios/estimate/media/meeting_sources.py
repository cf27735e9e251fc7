"""The sources of a whole meeting: every planned stream, through all the calls of its bridge."""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mcu_sim.media.audio.bank import TICK_NS
from mcu_sim.media.leg import Kind, Position
from scenarios.bridge.sources import Sources
from scenarios.bridge.windows import WINDOW_LEAD_NS
from scenarios.estimate.media.sources import (
    MAKER_STEP_NS,
    Kept,
    Made,
    MadeSource,
    MixedSound,
    Segment,
    Source,
)
from scenarios.estimate.media.windows import Windows
from scenarios.estimate.timeline import Seated, Sending, Timeline
from scenarios.plan.plan import Plan
from traffic import rtp
from traffic.recorded.recording import Recording
from traffic.recorded.stream import RecordedStream
from traffic.sender.stream import next_start_ns
from traffic.sender.stream_plan import StreamPlan
from traffic.sources.video_model import CLOCK_HZ
from traffic.sources.video_stream import VideoStream, packets_in


def scratch(plan: Plan, recordings: Mapping[str, Recording]) -> NDArray[np.uint8]:
    """Rows for what any stream makes at a time (`MAKER_STEP_NS`)."""
    span_ns = MAKER_STEP_NS + WINDOW_LEAD_NS
    rooms = [packets_in(span_ns, plan.video.kbps, plan.video)]
    widths = [plan.video.max_payload, plan.audio.packet_bytes]
    rooms.append(span_ns // (plan.audio.packet_ms * 1_000_000) + 2)
    if plan.content is not None:
        model = plan.content.model
        rooms.append(packets_in(span_ns, model.kbps, model))
        widths.append(model.max_payload)
    for recording in recordings.values():
        rooms.append(recording.packets_in_window(span_ns))
        widths.append(recording.max_bytes)
    # an impairment may send packets twice, and hold some back for the next time
    more = 1 + any(s.duplicated for s in plan.streams) + any(s.out_of_order for s in plan.streams)
    return np.zeros((max(rooms) * more, rtp.HEADER_BYTES + max(widths)), np.uint8)


def sources_of(
    plan: Plan, timeline: Timeline, windows: Windows, recordings: Mapping[str, Recording]
) -> dict[int, Source]:
    """Stream → its source, for all streams that somebody makes; forwarded ones are not."""
    room = scratch(plan, recordings)
    segments: dict[int, list[Segment]] = {}
    for sending in timeline.sending:
        for kind in sending.terms:
            index = plan.calls[sending.number].up.get(kind)
            if index is not None:
                segment = _of_bridge(plan, sending, kind, index, windows, recordings)
                segments.setdefault(index, []).append(segment)
    keys: dict[int, list[int]] = {}
    spans: dict[int, list[tuple[int, int, int]]] = {}
    end_ns = round(plan.end_s * 1e9)
    for seated in timeline.seated:
        leg = seated.leg
        for kind, flow in leg.flows.items():
            index = flow.down.index
            if kind == "audio":
                first = windows.mixed(seated.from_ns) + 1
                last = windows.mixed(end_ns if seated.to_ns is None else seated.to_ns) + 1
                spans.setdefault(index, []).append((seated.from_ns, first, last))
            elif kind == "video" and leg.composed is not None:
                segments.setdefault(index, []).append(_composed(plan, seated, windows))
                keys[index] = []
    composed = {
        seated.leg.row: seated.leg.flows["video"].down.index
        for seated in timeline.seated
        if seated.leg.composed is not None
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
    found: dict[int, Source] = {}
    for index, parts in segments.items():
        source = found[index] = MadeSource(parts, room)
        for from_ns in keys.get(index, ()):
            source.ask_key(from_ns)
    delay_ns = round(plan.device.audio_mix_delay_ms * 1e6)
    for index, own in spans.items():
        found[index] = MixedSound(plan.streams[index], own, TICK_NS, delay_ns)
    return dict(sorted(found.items()))


def _of_bridge(
    plan: Plan,
    sending: Sending,
    kind: Kind,
    index: int,
    windows: Windows,
    recordings: Mapping[str, Recording],
) -> Segment:
    hang_up_ns = round(plan.hang_up_s * 1e9)
    # what is handed over by the end of a call goes out
    made_ns = windows.sound_made_ns if kind == "audio" else windows.camera_made_ns
    end_ns = hang_up_ns if sending.to_ns is None else made_ns(sending.to_ns)
    sources = Sources(plan, sending.number, 0, Kept(), Path())
    terms = sending.terms[kind]
    planned = plan.streams[index].carrying(terms.send_type)
    start_ns = sources.start_ns(kind, planned, sending.from_ns)
    own = recordings.get(plan.calls[sending.number].bridge) if kind == "video" else None

    def make(before: Position | None, kept: Kept) -> Made:
        where, from_ns = planned, start_ns
        if before is not None:
            from_ns = max(start_ns, before.at_ns)
            sequence, timestamp = before.at(from_ns)
            where = where.model_copy(
                update={"first_sequence": sequence, "first_timestamp": timestamp}
            )
        if own is not None:
            return RecordedStream(where, kept, from_ns, own, origin_ns=0)
        return Sources(plan, sending.number, 0, kept, Path()).open(kind, where, terms, from_ns)

    return Segment(make, sources.end_ns(kind, min(end_ns, hang_up_ns)), sources.clock_hz(kind))


def _composed(plan: Plan, seated: Seated, windows: Windows) -> Segment:
    end_ns = round(plan.end_s * 1e9)
    if seated.to_ns is not None:
        end_ns = min(end_ns, windows.composed_made_ns(seated.to_ns))
    return Segment(partial(_compose, plan, seated), end_ns, CLOCK_HZ)


def _compose(plan: Plan, seated: Seated, before: Position | None, kept: Kept) -> Made:
    """As `mcu_sim.media.plane` and `mcu_sim.media.video.compose` open a row."""
    leg = seated.leg
    flow, model = leg.flows["video"], leg.composed
    assert model is not None
    down: StreamPlan = flow.down
    from_ns = next_start_ns(seated.from_ns, 0)
    if before is not None:
        from_ns = max(from_ns, before.at_ns)
        sequence, timestamp = before.at(seated.from_ns)
        down = down.model_copy(update={"first_sequence": sequence, "first_timestamp": timestamp})
    phase = np.random.default_rng(down.seed).random() / model.fps
    delay_ns = round(plan.device.compose_delay_ms * 1e6)
    start_ns = from_ns + round(phase * 1e9)
    return VideoStream(down, kept, start_ns, model, delay_ns, origin_ns=0)
