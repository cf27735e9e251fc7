"""The value of each criterion over all phases, and where it is worst.

Most criteria are a figure and a statistic (`giaoban.results.judge.aggregate`); the ones here are
more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from giaoban.results.confidence import (
    ConfidenceInterval,
    certain_rise,
    detectable_rise,
    detectable_share_rise,
    in_bursts,
    lost_share,
)
from giaoban.results.judge import criteria
from giaoban.results.judge.aggregate import Value, aggregate, heard_streams, pick, stream_place
from giaoban.results.judge.criteria import Criterion
from giaoban.results.judge.under_faults import (
    bridges_lost,
    interrupted_in,
    longest_interruption,
    never_back,
)
from giaoban.results.model.faults import FaultResult
from giaoban.results.model.places import Place, WorstValue
from giaoban.results.model.result import MeetingChecked, Phase
from giaoban.results.model.seeds import Seeds
from giaoban.results.model.streams import StreamResult

#: A bridge that receives nothing for longer has lost the meeting (Art. 25(1): not interrupted).
DROPPED_AFTER_MS = 1000.0
#: SIP answers that come from the caller's own timer (RFC 3261 section 17.1.1.2), not from the MCU.
UNANSWERED = frozenset({408})
#: Of links that are past the limit and whose peaks are this close, the cause is one that drops.
PEAK_TIE_PCT = 1.0
#: Which have dropped this share of what the link did that dropped most, or more, drop as much.
DROPS_TIE = 0.5


@dataclass(frozen=True)
class Reference:
    """An estimate of the same meeting at the same seed without the new bridges.

    Attributes:
        without: its phases.
        drawn: the ways (bridge, direction) over lines whose impairments are drawn packet by packet.
            There other packets are hit without the new bridges, so that a difference may be chance;
            everywhere else it is exact in phases of `EXACT_FROM_S`.
        with_new: the phases of the estimate with the new bridges, where the run itself is emulated;
            else those of the run are compared.
    """

    without: Sequence[Phase]
    drawn: frozenset[tuple[str, str]] = frozenset()
    with_new: Sequence[Phase] | None = None


EXACT_FROM_S = 10.0
"""In a shorter phase one packet or one key frame would decide: there only a certain rise counts."""
SHOWN = 0.005
"""Less than this is nought in every document, which has two decimals."""


def worst(
    criterion: Criterion,
    phases: Sequence[Phase],
    existing: Sequence[str],
    new: Sequence[str],
    faults: Sequence[FaultResult] = (),
    reference: Reference | None = None,
) -> WorstValue:
    """The value of one criterion; `phases` in time order and not empty, as they are judged.

    `reference`: what existing bridges are compared with; None: with the first phase.

    That on other seeds is not about phases: see `at_other_seeds`.
    """
    if criterion.measure is not None:
        return aggregate(criterion.measure, criterion.statistic, criterion.sense, phases)
    match criterion.id:
        case criteria.MCU_UNITS:
            return _mcu_units(phases)
        case criteria.CALLS_SET_UP:
            return _not_set_up(phases, existing, new)
        case criteria.CALLS_AS_ASKED:
            return _given_less(phases)
        case criteria.LINK_PEAK:
            return _link_peak(phases, criterion.threshold)
        case criteria.NO_BRIDGE_DROPPED:
            return _dropped(phases, faults)
        case criteria.LOSS_NO_WORSE:
            pairs = _compared(phases, existing, faults, reference)
            return _no_worse(phases, pairs, _losses, _detectable_loss, 100.0)
        case criteria.DELAY_NO_WORSE:
            pairs = _compared(phases, existing, faults, reference)
            return _no_worse(phases, pairs, _delays, _detectable_delay, 1.0)
        case criteria.FAULT_INTERRUPTION:
            return longest_interruption(faults)
        case criteria.FAULT_BRIDGES_LOST:
            return bridges_lost(faults)
    raise ValueError(f"criterion {criterion.id!r} has neither a measure nor a rule of its own")


def at_other_seeds(seeds: Seeds) -> WorstValue:
    """Return the upper bound of the share of seeds that fail, and where the first other fails."""
    binding = None if seeds.first is None else seeds.first.binding
    if binding is None:
        return WorstValue(seeds.most_failing_pct, Place(kind="mcu", id="mcu"), "stream")
    return WorstValue(seeds.most_failing_pct, binding.place, binding.cause)


def in_meetings(meetings: Sequence[MeetingChecked]) -> WorstValue:
    """How many meetings do not pass, and what fails in the first of them."""
    failed = [meeting for meeting in meetings if meeting.verdict not in ("pass", None)]
    bound = next((m.binding for m in failed if m.binding is not None), None)
    if bound is None:
        return WorstValue(float(len(failed)), Place(kind="mcu", id="mcu"), "stream")
    return WorstValue(float(len(failed)), bound.place, bound.cause)


def _mcu_units(phases: Sequence[Phase]) -> WorstValue:
    most = max(phases, key=lambda phase: phase.mcu.used_pct)
    place = Place(kind="mcu", id="mcu", detail=most.mcu.used_of, phase=most.name)
    return WorstValue(most.mcu.used_pct, place, "mcu")


def _link_peak(phases: Sequence[Phase], limit: float) -> WorstValue:
    """The value is always that of the link that is named."""
    seen = [(link.peak_pct, link, phase.name) for phase in phases for link in phase.links]
    if not seen:
        return WorstValue(None, Place(kind="mcu", id="mcu"), "link", "links")
    top = max(pct for pct, _, _ in seen)
    # behind a full link another of its rate is as full, and drops nothing
    full = [one for one in seen if one[0] >= top - PEAK_TIE_PCT and one[0] > limit]
    most = max((link.dropped for _, link, _ in full), default=0)
    rest = [one for one in full if one[1].dropped >= most * DROPS_TIE] or seen
    pct, link, phase = min(rest, key=lambda one: (-one[0], one[1].id, one[1].direction))
    return WorstValue(
        pct, Place(kind="link", id=link.id, detail=link.direction, phase=phase), "link"
    )


def _not_set_up(phases: Sequence[Phase], existing: Sequence[str], new: Sequence[str]) -> WorstValue:
    """Bridges refused at any time, or asked for and neither refused nor ever in the meeting."""
    refused = _first((r.bridge, (r, p.name)) for p in phases for r in p.mcu.refused)
    present = {bridge.id for phase in phases for bridge in phase.bridges}
    missing = [b for b in dict.fromkeys([*existing, *new]) if b not in present | refused.keys()]
    value = float(len(refused) + len(missing))
    by_mcu = [(r, name) for r, name in refused.values() if r.code not in UNANSWERED]
    if by_mcu:
        place = Place(kind="mcu", id="mcu", phase=by_mcu[0][1])
        return WorstValue(value, place, "mcu")
    if refused:
        answer, name = next(iter(refused.values()))
        return WorstValue(value, Place(kind="bridge", id=answer.bridge, phase=name), "stream")
    if missing:
        place = Place(kind="bridge", id=missing[0], phase=phases[-1].name)
        return WorstValue(value, place, "stream")
    return WorstValue(value, Place(kind="mcu", id="mcu", phase=phases[-1].name), "mcu")


def _given_less(phases: Sequence[Phase]) -> WorstValue:
    """Bridges whose call was stepped down by the MCU at any time."""
    less = _first((call.bridge, phase.name) for phase in phases for call in phase.mcu.downspeeded)
    at = next(iter(less.values()), phases[-1].name)
    return WorstValue(float(len(less)), Place(kind="mcu", id="mcu", phase=at), "mcu")


def _first[T](told: Iterable[tuple[str, T]]) -> dict[str, T]:
    """What was told first of each bridge, the earliest bridge first."""
    found: dict[str, T] = {}
    for bridge, what in told:
        found.setdefault(bridge, what)
    return found


def _dropped(phases: Sequence[Phase], faults: Sequence[FaultResult]) -> WorstValue:
    """Bridges that left unasked, stopped receiving for over a second, or vanished.

    One that the control room put out has not been dropped; one that a fault took has if it was not
    back in the end although the fault was over.
    """
    places: dict[str, Place] = {}
    earlier: set[str] = set()
    for phase in phases:
        for bridge in phase.mcu.dropped:
            places.setdefault(bridge, Place(kind="bridge", id=bridge, phase=phase.name))
        for bridge_result in phase.bridges:
            for stream in bridge_result.streams:
                if stream.kind != "content" and stream.direction == "down" and _cut(stream):
                    place = stream_place(bridge_result.id, stream, phase)
                    places.setdefault(bridge_result.id, place)
        here = {bridge.id for bridge in phase.bridges}
        for gone in sorted(earlier - here - set(phase.mcu.put_out)):
            places.setdefault(gone, Place(kind="bridge", id=gone, phase=phase.name))
        earlier |= here
    for gone in never_back(faults):
        places.setdefault(gone, Place(kind="bridge", id=gone, phase=phases[-1].name))
    nowhere = Place(kind="mcu", id="mcu", phase=phases[-1].name)
    return WorstValue(float(len(places)), next(iter(places.values()), nowhere), "stream")


def _cut(stream: StreamResult) -> bool:
    silence = stream.interruption_ms_max
    return not stream.packets_received or (silence is not None and silence > DROPPED_AFTER_MS)


class _Compared(NamedTuple):
    """Two measurements of one stream; `exact`: chance is the same in both."""

    before: StreamResult
    now: StreamResult
    place: Place
    exact: bool


def _no_worse(
    phases: Sequence[Phase],
    pairs: Iterable[_Compared],
    known: Callable[
        [StreamResult, StreamResult], tuple[ConfidenceInterval | None, ConfidenceInterval | None]
    ],
    detectable: Callable[[StreamResult], float],
    scale: float,
) -> WorstValue:
    """Return the largest rise, and the smallest that would have shown everywhere.

    Where chance differs only a certain rise counts, and on each way of each bridge the stream that
    shows most.
    """
    rises: list[Value] = []
    shown: dict[tuple[str, str], float] = {}
    for pair in pairs:
        base, now = known(pair.before, pair.now)
        if base is None:
            continue
        rise = None
        if now is not None:
            rise = max(0.0, now.value - base.value) if pair.exact else certain_rise(base, now)
        rises.append((None if rise is None else scale * rise, pair.place))
        way = pair.place.id, pair.now.direction
        least = 0.0 if pair.exact else scale * detectable(pair.before)
        shown[way] = min(shown.get(way, least), least)
    found = pick(rises, phases, what="phases after the first to compare with it")
    if found.nothing or max(shown.values()) < SHOWN:
        return found  # that a rise of nought cannot be ruled out says nothing
    return found._replace(detectable=max(shown.values()))


def _compared(
    phases: Sequence[Phase],
    existing: Sequence[str],
    faults: Sequence[FaultResult],
    reference: Reference | None,
) -> Iterator[_Compared]:
    """Yield each existing bridge's streams with and without the new bridges, phase by phase.

    Without a reference: in the first phase and in a later one, but for phases in which a fault
    interrupted the bridge.
    """
    wanted = set(existing)
    if reference is not None:
        own = phases if reference.with_new is None else reference.with_new
        for phase, without in zip(own, reference.without, strict=True):
            alone = {(b, s.kind, s.direction): s for b, s in heard_streams(without)}
            for bridge, stream in heard_streams(phase):
                base = alone.get((bridge, stream.kind, stream.direction))
                if base is not None and bridge in wanted:
                    place = stream_place(bridge, stream, phase)
                    drawn = (bridge, stream.direction) in reference.drawn
                    exact = not drawn and phase.seconds >= EXACT_FROM_S
                    yield _Compared(base, stream, place, exact)
        return
    calm = [wanted - gone for gone in interrupted_in(phases, faults)]
    before = {
        (bridge, s.kind, s.direction): s
        for bridge, s in heard_streams(phases[0])
        if bridge in calm[0]
    }
    for phase, here in zip(phases[1:], calm[1:], strict=True):
        for bridge, stream in heard_streams(phase):
            base = before.get((bridge, stream.kind, stream.direction))
            if base is not None and bridge in here:
                yield _Compared(base, stream, stream_place(bridge, stream, phase), exact=False)


def _losses(
    before: StreamResult, now: StreamResult
) -> tuple[ConfidenceInterval | None, ConfidenceInterval | None]:
    """Return the shares of packets that the listener misses."""
    spread = max(_spread(before), _spread(now))
    return _missed(before, spread), _missed(now, spread)


def _spread(stream: StreamResult) -> float:
    """The design effect of its losses, from second to second or from packet to packet."""
    return max(stream.loss_spread or 1.0, in_bursts(stream.loss_burst_mean))


def _missed(stream: StreamResult, spread: float) -> ConfidenceInterval | None:
    """Return the share of packets lost, impaired, corrupted or late; None: nothing was due."""
    due = stream.packets_sent + stream.packets_impaired
    useful = stream.packets_received - stream.packets_corrupted - stream.packets_late
    return lost_share(due - useful, due, spread) if due else None


def _detectable_loss(before: StreamResult) -> float:
    """Return the smallest share that shows on a line whose losses come as before."""
    due, spread = before.packets_sent + before.packets_impaired, _spread(before)
    known = _missed(before, spread)
    return 1.0 if known is None else detectable_share_rise(known, due, spread)


def _delays(
    before: StreamResult, now: StreamResult
) -> tuple[ConfidenceInterval | None, ConfidenceInterval | None]:
    """The 95th percentiles of the delays."""
    return _delay(before), _delay(now)


def _delay(stream: StreamResult) -> ConfidenceInterval | None:
    """None: nothing came."""
    p95, low, high = stream.delay_p95_ms, stream.delay_p95_low_ms, stream.delay_p95_high_ms
    if p95 is None:
        return None
    return ConfidenceInterval(p95, p95 if low is None else low, p95 if high is None else high)


def _detectable_delay(before: StreamResult) -> float:
    known = _delay(before)
    return 0.0 if known is None else detectable_rise(known)
