"""Captures → each bridge's streams in each phase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.lru_cache import LruCache
from giaoban.mcu_sim.device import AUDIO
from giaoban.mcu_sim.media.leg import KINDS, Kind
from giaoban.results.confidence import certain_rate, certain_share
from giaoban.results.model.streams import (
    BridgeResult,
    LossCause,
    RtcpResult,
    StreamResult,
    lost_pcts,
)
from giaoban.scenarios.measure.captures import Captures
from giaoban.scenarios.measure.end_to_end import Devices, EndToEnd, Legs, WorstPairs, end_to_end
from giaoban.scenarios.measure.loss_events import HOUR_S, LossEvents
from giaoban.scenarios.plan.plan import CallPlan, PhasePlan, Plan
from giaoban.scenarios.records.events import Joined, Left
from giaoban.traffic.quality.bursts import GapBurst, burst_ratio, gap_burst
from giaoban.traffic.quality.codecs import SpeechCodec, codec_of, speech_mos
from giaoban.traffic.quality.frames import FrameMeasures, Frames, frames, measure_frames
from giaoban.traffic.quality.lipsync import lip_sync
from giaoban.traffic.quality.measure import Measures, Trace, measure
from giaoban.traffic.quality.recovered import recovered

WAYS = ("up", "down")
LEAST_S = 10.0
"""A share of sound missed over a shorter time is judged as far as it is certain: of a stay of one
second a single packet is 2 %."""
LEAST_OF_MOS_S = 60.0
"""The same for MOS: G.722 coded twice falls below 4.0 by 0.04 % missed, one packet in 50 s."""
SHOWN_NS = 1_000_000_000
"""Slides shown to a bridge for so long must have come to it: a key frame is soon asked for."""


JITTER_FIGURES = ("jitter_ms", "jitter_ms_mean", "jitter_ms_max")
BURST_FIGURES = ("burst_ms_mean", "gap_ms_mean", "burst_density_pct", "gap_density_pct")
ENCODINGS = 2
"""Sound is encoded at the bridge, and again by the MCU once it is mixed: codecs in tandem. Each
outside MCU on its way encodes it once more."""
MOST_FRAMES = 1_000_000
"""Of so many the frames are remembered: some 40 MB."""


class FrameAnalyses:
    """The frames of every stream of pictures; those that were asked for last are remembered."""

    def __init__(self, captures: Captures) -> None:
        self._captures = captures
        self._found: LruCache[int, Frames] = LruCache(MOST_FRAMES, lambda f: len(f.due_ns))

    def __getitem__(self, index: int) -> Frames:
        return self._found.get(index, self._frames)

    def _frames(self, index: int) -> Frames:
        plan = self._captures.plan
        buffer_ns = round(plan.terminal.video_playout_ms * 1e6)
        wanted_ns = None
        if index == plan.slides_sent and plan.content is not None:
            # a bridge that is given the channel late has nothing due yet, and should have
            wanted_ns = self._captures.origin_ns + round(plan.content.from_s * 1e9)
        trace = self._captures.traces[index]
        if plan.repair is not None:
            trace = recovered(trace, plan.repair, plan.streams[index].seed)
        return frames(trace, buffer_ns, wanted_ns)


@dataclass(frozen=True)
class StreamLeg:
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

    @property
    def played_after_ms(self) -> tuple[float, float]:
        """The shortest and the longest from due to played; NaN where nothing was due."""
        after_ns = self.trace.played_after_ns[self.part]
        if not len(after_ns):
            return np.nan, np.nan
        return float(after_ns.min()) / 1e6, float(after_ns.max()) / 1e6

    @property
    def bursts(self) -> GapBurst:
        trace, part = self.trace, self.part
        return gap_burst(trace.missing[part], trace.due_ns[part], trace.ends_ns[part])

    @property
    def burst_ratio(self) -> float:
        return burst_ratio(self.trace.missing[self.part])


@dataclass(frozen=True)
class Window:
    """A phase, of whose start so much is left out."""

    phase: PhasePlan
    warm_up_s: float = 0.0

    def ns(self, origin_ns: int) -> tuple[int, int]:
        """From when to when, CLOCK_MONOTONIC."""
        start_s = self.phase.start_s + self.warm_up_s
        return origin_ns + round(start_s * 1e9), origin_ns + round(self.phase.end_s * 1e9)


def bridges_in(
    captures: Captures,
    windows: Sequence[Window],
    pictures: FrameAnalyses,
    visit: Callable[[CallPlan], None] | None = None,
    wanted: Container[str] | None = None,
) -> list[list[BridgeResult]]:
    """In each window every bridge that had a call in the phase, with the streams of it.

    Bridges are gone through once, and no stream is looked at again once another bridge's turn has
    come: there may be more streams than memory holds. `visit` is told whose turn is over.

    Args:
        wanted: the figures of streams and bridges that somebody looks at, by their names in
            `StreamResult` and `BridgeResult`: of those that take long no other is measured. None:
            all.
    """
    events = LossEvents(captures.plan)
    measured = [_Measured(captures, pictures, window, events, wanted) for window in windows]
    for number, call in enumerate(captures.plan.calls):
        for one in measured:
            one.look_at(number, call)
        if visit is not None:
            visit(call)
    return [one.bridges() for one in measured]


def streams_of(call: CallPlan, kinds: tuple[Kind, ...]) -> Iterator[tuple[Kind, str, int]]:
    """(kind, direction, index) of a call's planned streams of these kinds."""
    for kind in kinds:
        for direction in WAYS:
            index = (call.up if direction == "up" else call.down).get(kind)
            if index is not None:
                yield kind, direction, index


def _present(captures: Captures, phase: PhasePlan) -> dict[str, Joined]:
    """Bridge → its latest `joined` event, of all that had a call at some time of the phase."""
    joined: dict[str, Joined] = {}
    for e in captures.events_of(Joined, Left, who="mcu"):
        if e.t_ms >= phase.end_s * 1000:
            break
        if isinstance(e, Joined):
            joined[e.bridge] = e
        elif e.t_ms < phase.start_s * 1000:
            joined.pop(e.bridge, None)
    return joined


def encodings_in(captures: Captures, phase: PhasePlan) -> dict[str, int]:
    """How often sound is encoded on the longest way from or to a bridge in a phase, by bridge."""
    return _encodings(captures.plan, _present(captures, phase))


def _encodings(plan: Plan, joined: Container[str]) -> dict[str, int]:
    """As of `encodings_in`; `joined`: the bridges that had a call in the phase.

    Once more by the outside MCU that a bridge is, and by another one at the far end.
    """
    outside = {each.bridge for each in plan.outside_mcus if each.bridge in joined}
    cascades = Counter(call.meeting for call in plan.calls if call.bridge in outside)
    found = {}
    for call in plan.calls:
        own = call.bridge in outside
        found[call.bridge] = ENCODINGS + own + (cascades[call.meeting] > own)
    return found


class _AudioLeg(NamedTuple):
    """What a stream of sound's quality follows from beside its delay.

    `at`: its bridge, its place among the streams of that; `certain_pct`: `missing_pct`, of a short
    time as far as it is certain.
    """

    at: tuple[int, int]
    missing_pct: float
    certain_pct: float
    burst_ratio: float


class _Measured:
    """All streams of one window, bridge by bridge."""

    def __init__(
        self,
        captures: Captures,
        pictures: FrameAnalyses,
        window: Window,
        loss_events: LossEvents,
        wanted: Container[str] | None = None,
    ) -> None:
        """`wanted`: see `bridges_in`."""
        self._wanted = wanted
        self.captures = captures
        self.pictures = pictures
        self.phase = window.phase
        self._meeting_ids = [meeting.id for meeting in captures.plan.meetings]
        self._window_ns = window.ns(captures.origin_ns)
        self._joined = _present(captures, window.phase)
        self._bridges: list[BridgeResult] = []
        self._sounds: list[_AudioLeg] = []
        self._legs: list[tuple[float, ...]] = []
        """Of each bridge the fields of `Legs`."""
        self._meetings: list[int] = []
        self._outside = {each.bridge: each for each in captures.plan.outside_mcus}
        self._encodings = _encodings(captures.plan, self._joined)
        self._loss_events = loss_events

    def look_at(self, number: int, call: CallPlan) -> None:
        """A bridge's turn; `number`: of its call in the plan."""
        joined = self._joined.get(call.bridge)
        if joined is None:
            return
        kinds = self._kinds(joined)
        legs = {
            index: StreamLeg(self.captures.traces[index], self._window_ns)
            for _, _, index in streams_of(call, KINDS)
        }
        pictures = {
            index: measure_frames(self.pictures[index], *self._window_ns)
            for kind, _, index in streams_of(call, kinds)
            if kind != "audio"
        }
        streams: list[StreamResult] = []
        for kind, direction, index in streams_of(call, kinds):
            leg = legs[index]
            if not self._was_due(kind, direction, leg, joined):
                continue
            if kind == "audio":
                self._hear(leg, (len(self._bridges), len(streams)))
            streams.append(self._stream(call, kind, direction, leg, pictures.get(index)))
        skews: dict[str, float | None] = dict.fromkeys(WAYS)
        if "video" in kinds and self._wants("lip_sync_up_ms", "lip_sync_down_ms"):
            skews = {"up": self._skew_ms(call.up), "down": self._skew_ms(call.down)}
        self._legs.append(self._leg(call, legs, pictures))
        self._meetings.append(self._meeting_ids.index(call.meeting))
        self._bridges.append(
            BridgeResult(
                id=call.bridge,
                name=call.name,
                streams=streams,
                lip_sync_up_ms=skews["up"],
                lip_sync_down_ms=skews["down"],
            )
        )

    def _leg(
        self,
        call: CallPlan,
        legs: Mapping[int, StreamLeg],
        pictures: Mapping[int, FrameMeasures],
    ) -> tuple[float, ...]:
        """What a bridge adds to the ways from and to others: the fields of `Legs`."""
        up, down = pictures.get(call.up.get("video", -1)), pictures.get(call.down.get("video", -1))
        behind = self._outside.get(call.bridge)
        sound_ms, picture_ms = (behind.sound_ms, behind.picture_ms) if behind else (0.0, 0.0)
        if behind:  # it encodes once more what it has mixed
            sound_ms += self.captures.plan.audio.lookahead_ms
        up_least_ms, up_ms = legs[call.up["audio"]].played_after_ms
        down_least_ms, down_ms = legs[call.down["audio"]].played_after_ms
        return (
            up_ms + sound_ms,
            down_ms + sound_ms,
            _or_nan(None if up is None else up.delay_p95_ms) + picture_ms,
            _or_nan(None if down is None else down.shown_after_ms) + picture_ms,
            up_least_ms + sound_ms,
            down_least_ms + sound_ms,
        )

    def bridges(self) -> list[BridgeResult]:
        """All of them, when all had their turn."""
        if not self._legs:
            return self._bridges
        found = end_to_end(
            Legs(*np.array(self._legs, np.float64).reshape(-1, 6).T.copy()),
            devices(self.captures.plan),
            np.array(self._meetings, np.intp),
        )
        for place in range(len(self._bridges)):
            self._bridges[place] = self._with_pairs(place, found)
        codec = speech_codec(self.captures.plan)
        for sound in self._sounds:
            bridge, place = sound.at
            streams = self._bridges[bridge].streams
            encodings = self._encodings[self._bridges[bridge].id]
            # the loss is this leg's alone, so that a bad line shows at its own bridge and not at
            # all others; the delay is that of the whole way
            heard = {
                "mos": (streams[place].mouth_to_ear_ms, sound.missing_pct),
                "mos_listening": (0.0, sound.certain_pct),
            }
            scores: dict[str, object] = {}
            for name, (delay_ms, missing_pct) in heard.items():
                if delay_ms is None or not self._wants(name):  # None: nobody else is there
                    continue
                score = speech_mos(codec, delay_ms, missing_pct, sound.burst_ratio, encodings)
                if score is not None:
                    scores |= {name: round(float(score), 3), "mos_scale": codec.scale}
            if scores:
                streams[place] = streams[place].model_copy(update=scores)
        return self._bridges

    def _with_pairs(self, place: int, found: EndToEnd) -> BridgeResult:
        """A bridge with the worst of its pairs with others."""

        def of(worst: WorstPairs, name: str) -> dict[str, object]:
            if np.isnan(worst.value[place]):
                return {}
            other = self._bridges[int(worst.other[place])].id
            return {f"{name}_ms": round(float(worst.value[place]), 4), f"{name}_with": other}

        bridge = self._bridges[place]
        updates: dict[tuple[str, str], dict[str, object]] = {
            ("audio", "down"): of(found.mouth_to_ear, "mouth_to_ear"),
            ("audio", "up"): of(found.spoken, "mouth_to_ear"),
            ("video", "down"): of(found.camera_to_screen, "camera_to_screen"),
        }
        streams = [
            stream.model_copy(update=own)
            if (own := updates.get((stream.kind, stream.direction)))
            else stream
            for stream in bridge.streams
        ]
        skews = of(found.sound_early, "sound_early") | of(found.sound_late, "sound_late")
        return bridge.model_copy(update={"streams": streams, **skews})

    def _kinds(self, joined: Joined) -> tuple[Kind, ...]:
        """The media of a call: a full MCU may have left it its sound alone."""
        if joined.given == AUDIO:
            return ("audio",)
        shown = self.captures.plan.content
        phase = self.phase
        if shown is not None and shown.from_s < phase.end_s and shown.to_s > phase.start_s:
            return ("audio", "video", "content")
        return ("audio", "video")

    def _was_due(self, kind: Kind, direction: str, leg: StreamLeg, joined: Joined) -> bool:
        """Whether a stream had to be sent: no slides go to whoever comes after the last one."""
        shown = self.captures.plan.content
        if shown is None or (kind, direction) != ("content", "down"):
            return True
        if leg.part.stop > leg.part.start:
            return True
        came_ns = self.captures.origin_ns + round(joined.t_ms * 1e6)
        start_ns, end_ns = leg.window_ns
        due_ns = self._slides_due_ns
        first, last = np.searchsorted(due_ns, [max(start_ns, came_ns), end_ns])
        return bool(last > first and due_ns[last - 1] - due_ns[first] >= SHOWN_NS)

    @cached_property
    def _slides_due_ns(self) -> NDArray[np.int64]:
        """When the packets of the slides were due that are shown."""
        index = self.captures.plan.slides_sent
        assert index is not None
        return self.captures.traces[index].due_ns

    def _hear(self, leg: StreamLeg, at: tuple[int, int]) -> None:
        missing_pct = leg.measures.missing_pct
        certain_pct = _judged_pct(leg.measures, missing_pct, LEAST_OF_MOS_S)
        if leg.measures.received and missing_pct is not None and certain_pct is not None:
            self._sounds.append(_AudioLeg(at, missing_pct, certain_pct, leg.burst_ratio))

    def _stream(
        self,
        call: CallPlan,
        kind: Kind,
        direction: str,
        leg: StreamLeg,
        pictures: FrameMeasures | None,
    ) -> StreamResult:
        own: dict[str, object] = {}
        """What does not follow from its packets."""
        if self._wants("rtcp"):
            own["rtcp"] = self._rtcp(call.bridge, kind, direction)
        if kind == "video" and pictures is not None:
            own |= self._artefacts(call, direction, pictures)
        what = kind, direction, pictures, self._wants(*BURST_FIGURES)
        if self._wanted is None:
            result = StreamResult.model_validate(_figures(leg, *what) | own)
            cause = self._loss_cause(call, result)
            return result if cause is None else result.model_copy(update={"loss_cause": cause})
        found = _NO_FIGURES.model_copy(update=_figures(leg, *what))
        told = {name: figure for name, figure in own.items() if figure is not None}
        return found.model_copy(update=told) if told else found

    def _wants(self, *names: str) -> bool:
        return self._wanted is None or any(name in self._wanted for name in names)

    def _artefacts(
        self, call: CallPlan, direction: str, pictures: FrameMeasures
    ) -> dict[str, float | None]:
        """Return the artefacts seen, and their rates an hour: by declared losses, and judged."""
        index = (call.up if direction == "up" else call.down)["video"]
        start_s, end_s = ((at - self.captures.origin_ns) / 1e9 for at in self._window_ns)
        expected = self._loss_events.per_hour(self.captures.plan.streams[index], start_s, end_s)
        hours = pictures.due_s / HOUR_S
        judged = expected if pictures.frames else None
        if judged is not None and hours:
            judged += certain_rate(pictures.artefacts, expected * hours) / hours
        return {
            "artefacts": pictures.artefacts,
            "pictures_due_s": _round(pictures.due_s),
            "artefacts_expected_per_h": _round(expected),
            "artefacts_per_h": _round(judged),
        }

    def _loss_cause(self, call: CallPlan, of: StreamResult) -> LossCause | None:
        """Return the cause of most packets that a stream misses."""
        lost = of.packets_sent - of.packets_received
        if of.packets_late > lost + of.packets_impaired:
            return LossCause(kind="late")
        if (of.frames_late or 0) > (of.frames_lost or 0) + (of.frames_undecodable or 0):
            return None
        index = (call.up if of.direction == "up" else call.down)[of.kind]
        stream = self.captures.plan.streams[index]
        start_s, end_s = ((at - self.captures.origin_ns) / 1e9 for at in self._window_ns)
        return self._loss_events.cause(stream, start_s, end_s, of.packets_sent, lost, self._dropped)

    @cached_property
    def _dropped(self) -> dict[tuple[str, str], tuple[int, int]]:
        """The packets that the queue and the bandwidth profile of each hop dropped in the phase."""
        number = self.captures.plan.phases.index(self.phase)
        before, after = self.captures.counters.at_phase[number : number + 2]
        return {
            (b.link, b.direction): (b.queue_drops - a.queue_drops, b.policed - a.policed)
            for a, b in zip(before, after, strict=True)
        }

    def _skew_ms(self, way: dict[Kind, int]) -> float | None:
        found, sound = self.pictures[way["video"]], self.captures.traces[way["audio"]]
        skew = lip_sync(found, sound, *self._window_ns)
        return None if skew is None else round(skew, 4)

    def _rtcp(self, bridge: str, kind: Kind, direction: str) -> RtcpResult | None:
        """The receiver's own last report of the phase; of what goes down, the bridge is that."""
        who: Literal["mcu", "bridge"] = "mcu" if direction == "up" else "bridge"
        start_ms, end_ms = self.phase.start_s * 1000, self.phase.end_s * 1000
        said = [
            e
            for e in self.captures.reports.get((who, bridge, kind), ())
            if start_ms <= e.t_ms < end_ms
        ]
        if not said:
            return None
        last = said[-1]
        jitter_ms = round(last.jitter * 1000 / last.clock_hz, 4)
        return RtcpResult(reports=len(said), packets_lost=last.lost, jitter_ms=jitter_ms)


def speech_codec(plan: Plan) -> SpeechCodec:
    """The E-model's factors of the call's sound."""
    return codec_of(plan.audio.id)


def devices(plan: Plan) -> Devices:
    """Return the delays between microphone and loudspeaker, camera and screen, without the legs.

    The playout buffers are counted with the legs. Pictures are composed or passed on.
    """
    terminal, mcu, composed = plan.terminal, plan.device, plan.meeting.video == "presence"
    pictures_ms = mcu.compose_delay_ms if composed else mcu.forward_delay_ms
    return Devices(
        sound_ms=terminal.packetisation_ms
        + ENCODINGS * plan.audio.lookahead_ms
        + mcu.audio_mix_delay_ms,
        picture_ms=terminal.encoding_ms + pictures_ms + terminal.decoding_ms,
        hold_ms=terminal.sync_hold_ms,
    )


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def _figures(
    leg: StreamLeg, kind: Kind, direction: str, pictures: FrameMeasures | None, bursts: bool
) -> dict[str, Any]:
    """What of a stream follows from its packets; `bursts`: and how they were missed in bursts."""
    m = leg.measures
    lost, listener_lost = lost_pcts(m.sent, m.received, m.impaired, m.corrupted + m.late)
    figures: dict[str, Any] = {
        "kind": kind,
        "direction": direction,
        "packets_sent": m.sent,
        "packets_received": m.received,
        "packets_impaired": m.impaired,
        "packets_duplicated": m.duplicated,
        "packets_corrupted": m.corrupted,
        "packets_late": m.late,
        "packets_reordered": m.reordered,
        "lost_pct": lost,
        "listener_lost_pct": listener_lost,
        "listener_lost_pct_20s": _round(_judged_pct(m, m.missing_pct_20s, LEAST_S)),
        "loss_spread": _round(m.loss_spread),
        "reordered_pct": None if m.reordered_ratio is None else 100 * m.reordered_ratio,
        "loss_burst_max": m.loss_burst_max,
        "loss_burst_mean": _round(m.loss_burst_mean),
        "jitter_ms": _round(m.jitter_ms),
        "jitter_ms_mean": _round(m.jitter_mean_ms),
        "jitter_ms_max": _round(m.jitter_max_ms),
        "delay_p50_ms": _round(m.delay_p50_ms),
        "delay_p95_ms": _round(m.delay_p95_ms),
        "delay_p95_low_ms": _round(m.delay_p95_low_ms),
        "delay_p95_high_ms": _round(m.delay_p95_high_ms),
        "delay_p99_ms": _round(m.delay_p99_ms),
        "delay_max_ms": _round(m.delay_max_ms),
        "ipdv_ms": _round(m.ipdv_ms),
        "interruptions": m.interruptions,
        "interruption_ms_max": _round(m.interruption_ms_max),
        "mos": None,
    }
    if bursts:
        figures |= _burst_figures(leg.bursts)
    if pictures is not None:
        figures |= _frame_figures(pictures)
    return figures


_NO_FIGURES = StreamResult.model_construct()
"""To copy it takes a small part of the time in which another is constructed."""


def _burst_figures(b: GapBurst) -> dict[str, Any]:
    found = b.burst_ms, b.gap_ms
    shares = b.burst_density, b.gap_density
    return dict(zip(BURST_FIGURES, (*map(_round, found), *map(_percent, shares)), strict=True))


def _frame_figures(m: FrameMeasures) -> dict[str, Any]:
    return {
        "frames_sent": m.frames,
        "frames_lost": m.lost,
        "frames_undecodable": m.undecodable,
        "frames_late": m.late,
        "frames_not_shown_pct": _round(m.not_shown_pct),
        "frames_not_shown_pct_20s": _round(m.not_shown_pct_worst),
        "freezes": m.freezes,
        "freeze_ms_max": _round(m.freeze_ms_max),
        "freeze_ms_total": _round(m.freeze_ms_total),
        "freeze_pct": _round(m.frozen_pct),
        "freeze_pct_20s": _round(m.frozen_pct_worst),
    }


def _judged_pct(m: Measures, missing_pct: float | None, least_s: float) -> float | None:
    """Return a share of packets missed in %; over less than `least_s`, as far as it is certain."""
    if missing_pct is None or round(m.due_s) >= least_s:
        return missing_pct
    return 100 * certain_share(m.missing, m.sent + m.impaired)


def _round(value: float | None) -> float | None:
    return None if value is None else round(max(value, 0.0), 4)


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 4)
