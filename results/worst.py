"""The worst value of each criterion over all phases, and where it was found.

A stream that should have been heard and was not (nothing received) has no delay, jitter or MOS:
it is the worst there can be, and the criterion's value is null. An up stream that sent nothing was
muted and is left out; a down stream that sent nothing is a fault of the MCU and stays in.
Ties go to the first place in the order of phases, bridges and streams.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from results.criteria import Criterion
from results.model import Phase, Place, StreamResult

#: A bridge that receives nothing for longer has lost the meeting (Art. 25(1): not interrupted).
DROPPED_AFTER_MS = 1000.0
#: SIP answers that come from the caller's own timer (RFC 3261 section 17.1.1.2), not from the MCU.
UNANSWERED = frozenset({408})
#: Links whose peaks are this close are told apart by what they dropped, not by noise in the peak.
PEAK_TIE_PCT = 1.0

Cause = Literal["mcu", "link", "stream"]


class Found(NamedTuple):
    """The worst value of a criterion (None: missing, hence worst of all), where, and its cause."""

    value: float | None
    place: Place
    cause: Cause


def worst(
    criterion: Criterion, phases: Sequence[Phase], existing: Sequence[str], new: Sequence[str]
) -> Found:
    """The worst value of one criterion; `phases` in time order and not empty."""
    match criterion.id:
        case "mcu-units":
            return _mcu_units(phases)
        case "every-call-set-up":
            return _not_set_up(phases, existing, new)
        case "every-call-as-asked":
            return _given_less(phases)
        case "link-peak":
            return _link_peak(phases)
        case "no-bridge-dropped":
            return _dropped(phases)
        case "existing-loss-no-worse":
            return _pick(_increases(phases, existing, "lost_pct"), phases)
        case "existing-delay-no-worse":
            return _pick(_increases(phases, existing, "delay_p95_ms"), phases)
        case "one-way-delay":
            return _pick(_stream_values(phases, "delay_p95_ms"), phases)
        case "jitter":
            return _pick(_stream_values(phases, "jitter_ms"), phases)
        case "loss":
            return _pick(_stream_values(phases, "lost_pct"), phases)
        case "mos":
            return _pick(_stream_values(phases, "mos"), phases, lowest=True)


def _mcu_units(phases: Sequence[Phase]) -> Found:
    shares = [(100.0 * p.mcu.units_used / p.mcu.units_total, p.name) for p in phases]
    value, phase = max(shares, key=lambda pair: pair[0])
    return Found(value, Place(kind="mcu", id="mcu", phase=phase), "mcu")


def _link_peak(phases: Sequence[Phase]) -> Found:
    seen = [(link, phase.name) for phase in phases for link in phase.links]
    if not seen:
        return Found(None, Place(kind="mcu", id="mcu"), "link")
    top = max(link.peak_pct for link, _ in seen)
    close = [pair for pair in seen if pair[0].peak_pct >= top - PEAK_TIE_PCT]
    most = max(link.drops for link, _ in close)
    rest = [pair for pair in close if pair[0].drops == most]
    link, phase = min(rest, key=lambda pair: (-pair[0].peak_pct, pair[0].id, pair[0].direction))
    return Found(top, Place(kind="link", id=link.id, detail=link.direction, phase=phase), "link")


def _not_set_up(phases: Sequence[Phase], existing: Sequence[str], new: Sequence[str]) -> Found:
    """Bridges refused at any time, or asked for and neither refused nor ever in the meeting."""
    refused = {r.bridge: (r, p.name) for p in reversed(phases) for r in reversed(p.mcu.refused)}
    present = {bridge.id for phase in phases for bridge in phase.bridges}
    missing = [b for b in dict.fromkeys([*existing, *new]) if b not in present | refused.keys()]
    value = float(len(refused) + len(missing))
    by_mcu = [(r, name) for r, name in refused.values() if r.code not in UNANSWERED]
    if by_mcu:
        place = Place(kind="mcu", id="mcu", phase=by_mcu[-1][1])
        return Found(value, place, "mcu")
    if refused:
        answer, name = list(refused.values())[-1]
        return Found(value, Place(kind="bridge", id=answer.bridge, phase=name), "stream")
    if missing:
        place = Place(kind="bridge", id=missing[0], phase=phases[-1].name)
        return Found(value, place, "stream")
    return Found(value, Place(kind="mcu", id="mcu", phase=phases[-1].name), "mcu")


def _given_less(phases: Sequence[Phase]) -> Found:
    """Bridges whose call was stepped down by the MCU at any time."""
    less = {call.bridge: phase.name for phase in reversed(phases) for call in phase.mcu.downspeeded}
    at = next(iter(less.values()), phases[-1].name)
    return Found(float(len(less)), Place(kind="mcu", id="mcu", phase=at), "mcu")


def _dropped(phases: Sequence[Phase]) -> Found:
    """Bridges that left unasked, stopped receiving for over a second, or vanished.

    One that the control room put out has not been dropped.
    """
    places: dict[str, Place] = {}
    earlier: set[str] = set()
    for phase in phases:
        for bridge in phase.mcu.dropped:
            places.setdefault(bridge, Place(kind="bridge", id=bridge, phase=phase.name))
        for bridge_result in phase.bridges:
            for stream in bridge_result.streams:
                if stream.direction == "down" and _cut(stream):
                    place = _place(bridge_result.id, stream, phase)
                    places.setdefault(bridge_result.id, place)
        here = {bridge.id for bridge in phase.bridges}
        for gone in sorted(earlier - here - set(phase.mcu.put_out)):
            places.setdefault(gone, Place(kind="bridge", id=gone, phase=phase.name))
        earlier |= here
    nowhere = Place(kind="mcu", id="mcu", phase=phases[-1].name)
    return Found(float(len(places)), next(iter(places.values()), nowhere), "stream")


def _cut(stream: StreamResult) -> bool:
    silence = stream.interruption_ms_max
    return not stream.packets_received or (silence is not None and silence > DROPPED_AFTER_MS)


def _place(bridge: str, stream: StreamResult, phase: Phase) -> Place:
    detail = f"{stream.kind} {stream.direction}"
    return Place(kind="bridge", id=bridge, detail=detail, phase=phase.name)


def _streams(phase: Phase) -> Iterator[tuple[str, StreamResult]]:
    for bridge in phase.bridges:
        for stream in bridge.streams:
            if stream.packets_sent or stream.direction == "down":
                yield bridge.id, stream


Field = Literal["delay_p95_ms", "jitter_ms", "lost_pct", "mos"]


def _value(stream: StreamResult, field: Field) -> float | None:
    match field:
        case "delay_p95_ms":
            return stream.delay_p95_ms
        case "jitter_ms":
            return stream.jitter_ms
        case "lost_pct":
            return stream.lost_pct
        case "mos":
            return stream.mos


def _stream_values(phases: Sequence[Phase], field: Field) -> Iterator[tuple[float | None, Place]]:
    for phase in phases:
        for bridge, stream in _streams(phase):
            if field != "mos" or stream.kind == "audio":
                yield _value(stream, field), _place(bridge, stream, phase)


def _increases(
    phases: Sequence[Phase], existing: Sequence[str], field: Literal["lost_pct", "delay_p95_ms"]
) -> Iterator[tuple[float | None, Place]]:
    """By how much each existing bridge's streams got worse after the first phase."""
    wanted = set(existing)
    before = {
        (bridge, s.kind, s.direction): _value(s, field)
        for bridge, s in _streams(phases[0])
        if bridge in wanted
    }
    for phase in phases[1:]:
        for bridge, stream in _streams(phase):
            base = before.get((bridge, stream.kind, stream.direction))
            if base is not None:
                now = _value(stream, field)
                rise = None if now is None else now - base
                yield rise, _place(bridge, stream, phase)


def _pick(
    values: Iterator[tuple[float | None, Place]], phases: Sequence[Phase], lowest: bool = False
) -> Found:
    """The worst value and the first place that has it; a missing value is worse than any."""
    sign = -1.0 if lowest else 1.0
    worst: tuple[float | None, Place] | None = None
    for value, place in values:
        if value is None:
            return Found(None, place, "stream")
        if worst is None or worst[0] is None or sign * value > sign * worst[0]:
            worst = value, place
    if worst is None:
        return Found(None, Place(kind="mcu", id="mcu", phase=phases[-1].name), "stream")
    return Found(worst[0], worst[1], "stream")
