"""Pictures of a video stream: which were lost, undecodable or too late, and when it froze."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.quality.bursts import ends_ns
from giaoban.traffic.quality.measure import CLIP_NS, Trace
from giaoban.traffic.quality.percentiles import percentiles
from giaoban.traffic.quality.playout import playout

FREEZE_FACTOR = 3
FREEZE_MARGIN_NS = 150_000_000
"""A freeze is no shorter than max(3 × mean frame interval, mean interval + 150 ms): `freezeCount`
of W3C's Identifiers for WebRTC's Statistics API."""


STEP_NS = 1_000_000_000
"""How far apart clips begin among which the worst is looked for."""
JERKY_SHARE = 0.018
"""Share of the frames of a clip above which frames left out one by one are seen: as much as one
freeze of 0.36 s in 20 s, which viewers accept (van Kester et al., Proc. SPIE 7865, 2011)."""


@dataclass(frozen=True, eq=False)
class Frames:
    """The f frames of a stream in the order in which they were due.

    Attributes:
        due_ns: (f,) when the first packet of each was due.
        key: (f,) coded without reference to another frame.
        lost: (f,) a packet of it is missing for the viewer.
        decodable: (f,) not lost, and there is a last complete key frame with none lost since.
        complete_ns: (f,) when its last packet arrived; -1 if lost.
        late: (f,) decodable, but complete only after it had to be shown: others may refer to it.
        shown_after_ns: (f,) from when it was due until it is shown, if it can be by then; 0 where
            nothing is said of a buffer.
        frozen_ns: (k, 2) from when until when the picture stood still, in order and apart, moved
            back by the stream's shortest frame delay: on the axis of due times.
    """

    due_ns: NDArray[np.int64]
    key: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    decodable: NDArray[np.bool_]
    complete_ns: NDArray[np.int64]
    late: NDArray[np.bool_]
    shown_after_ns: NDArray[np.int64]
    frozen_ns: NDArray[np.int64]

    @property
    def shown(self) -> NDArray[np.bool_]:
        """(f,) on the screen: decodable and in time."""
        return self.decodable & ~self.late


@dataclass(frozen=True)
class FrameMeasures:
    """Figures of a window's pictures; None without pictures to measure.

    Frames count in the window in which they were due, freezes in the one in which they began. The
    longest freeze is that of all that the window has a part of, as a whole: a freeze does not
    end with a phase. `frozen_pct` is of the time in which pictures were due.
    `undecodable` arrived whole, but what they refer to did not; `late` are decodable, but came too
    late to be shown: frames = shown as they were + late + lost + undecodable. `not_shown_pct` is
    the share of the last three. `_worst`: in the 20 s in which it is most; where there are less,
    what is not there counts as good.
    `artefacts` counts freezes, and seconds in which frames are left out outside of freezes where
    these are more than `JERKY_SHARE` of their 20 s; `due_s` is how long pictures were due.
    `delay` is from when a frame's first packet was due to its last one's arrival;
    `shown_after_ms` the longest from due to shown, the buffer's time in it.
    """

    frames: int
    lost: int
    undecodable: int
    late: int
    not_shown_pct: float | None
    not_shown_pct_worst: float | None
    freezes: int
    artefacts: int
    due_s: float
    freeze_ms_total: float
    freeze_ms_max: float | None
    frozen_pct: float
    frozen_pct_worst: float
    delay_p50_ms: float | None
    delay_p95_ms: float | None
    shown_after_ms: float | None


def frames(trace: Trace, buffer_ns: int | None = None, wanted_ns: int | None = None) -> Frames:
    """Return the frames of a video stream: the packets of one RTP timestamp each (RFC 6184 §5.1).

    Only what was missing on this way counts: a forwarded stream may lack packets from before. A
    predicted frame refers to the one before it, so it is undecodable until a complete key frame if
    that one is; a stream that begins with predicted frames shows nothing until then. A frame that
    is complete only after its time is decoded, so that others can refer to it, but not shown.

    Args:
        buffer_ns: of the receiver's playout buffer for pictures; None: each is shown as soon as it
            can be, and none is late.
        wanted_ns: from when on there was to be a picture; None: from when the first one was due.
    """
    n = len(trace.due_ns)
    if not n:
        none, no, never = np.empty(0, np.int64), np.empty(0, np.bool_), np.empty((0, 2), np.int64)
        return Frames(none, no, no, no, none, no, none, never)
    first, frame = _by_frame(trace.timestamp)
    count = len(first)
    key = np.bincount(frame[trace.key], minlength=count) > 0
    lost = np.bincount(frame[trace.missing], minlength=count) > 0
    complete = _last_ns(trace.arrival_ns, first, frame)
    complete[lost] = -1
    nth = np.arange(count)
    last_key = np.maximum.accumulate(np.where(key & ~lost, nth, -1))
    last_lost = np.maximum.accumulate(np.where(lost, nth, -1))
    decodable = last_key > last_lost
    due = trace.due_ns[first]
    late, shown_after = np.zeros(count, np.bool_), np.zeros(count, np.int64)
    if buffer_ns is not None:
        played = playout(complete - due, ~lost, buffer_ns)
        late, shown_after = decodable & played.late, played.after_ns
    # where there is a buffer, frames are shown by its clock, however early they came
    at = complete if buffer_ns is None else due + shown_after
    frozen = _frozen(due, decodable & ~late, at, wanted_ns)
    return Frames(due, key, lost, decodable, complete, late, shown_after, frozen)


def _by_frame(timestamp: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Of n packets, at least one: (f,) where each frame's first one is, in order, and (n,) which
    frame each is of."""
    begins = np.append(True, timestamp[1:] != timestamp[:-1])
    first = np.flatnonzero(begins)
    if (np.diff(timestamp[first]) > 0).all():  # frame behind frame, as they are sent
        return first, np.cumsum(begins) - 1
    _, first, inverse = np.unique(timestamp, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[inverse.reshape(-1)]


def _last_ns(
    at_ns: NDArray[np.int64], first: NDArray[np.intp], frame: NDArray[np.intp]
) -> NDArray[np.int64]:
    """(f,) the latest moment of each frame's packets; -1 for none, of any. See `_by_frame`."""
    if (frame[1:] >= frame[:-1]).all():
        return np.maximum.reduceat(at_ns, first)
    last_ns = np.full(len(first), -1, np.int64)
    np.maximum.at(last_ns, frame, at_ns)
    return last_ns


def _frozen(
    due: NDArray[np.int64],
    visible: NDArray[np.bool_],
    shown_ns: NDArray[np.int64],
    wanted_ns: int | None,
) -> NDArray[np.int64]:
    """(k, 2) the freezes of a stream; `shown_ns` (f,) is when a visible frame is on the screen.

    W3C averages the last 30 frames shown; here the average is the interval at which frames were
    captured, so that a bad minute does not raise its own threshold. Where the sender itself waited
    longer for its next frame, that wait counts. Before the first and after the last frame shown,
    the frames that should have been count as the ends of an interval.
    """
    steps = np.diff(due)
    interval = int(np.median(steps)) if len(steps) else 0
    shown = np.flatnonzero(visible)
    first, end = int(due[0]), int(due[-1]) + interval
    if wanted_ns is not None:
        first = min(wanted_ns, first)
    if not len(shown):
        whole = np.array([[first, end]], np.int64)
        return whole if end - first >= _threshold(np.array([interval]))[0] else whole[:0]
    # a frame is decoded after those it refers to
    at = np.maximum.accumulate(shown_ns[shown])
    at = at - int(np.min(shown_ns[shown] - due[shown]))
    moments = np.r_[min(first, int(at[0])), at, max(end, int(at[-1]))]
    waits = np.maximum(np.r_[steps, interval], interval)
    allowed = _threshold(np.r_[interval, waits[shown]])
    frozen = np.diff(moments) >= allowed
    return np.column_stack([moments[:-1][frozen], moments[1:][frozen]])


def _threshold(interval_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.maximum(FREEZE_FACTOR * interval_ns, interval_ns + FREEZE_MARGIN_NS)


def spent_until(spans_ns: NDArray[np.int64], times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """(m,) ns of (k, 2) times, as those in which a picture was frozen, before each of m moments."""
    if not len(spans_ns):
        return np.zeros(len(times_ns))
    lengths = spans_ns[:, 1] - spans_ns[:, 0]
    before = np.cumsum(lengths) - lengths
    origin = int(spans_ns[0, 0])  # small enough then for a float to be exact
    points = (spans_ns - origin).reshape(-1).astype(np.float64)
    totals = np.column_stack([before, before + lengths]).reshape(-1).astype(np.float64)
    return np.interp((times_ns - origin).astype(np.float64), points, totals)


def measure_frames(found: Frames, start_ns: int, end_ns: int) -> FrameMeasures:
    """The figures over [start, end), of at least 1 ns."""
    within = (found.due_ns >= start_ns) & (found.due_ns < end_ns)
    whole = within & ~found.lost
    delays = (found.complete_ns[whole] - found.due_ns[whole]) / 1e6
    whole_ms = (found.frozen_ns[:, 1] - found.frozen_ns[:, 0]) / 1e6
    lengths = _lengths_ms(found.frozen_ns, start_ns, end_ns)
    begun = (found.frozen_ns[:, 0] >= start_ns) & (found.frozen_ns[:, 0] < end_ns)
    p50: float | None = None
    p95: float | None = None
    if len(delays):
        p50, p95 = percentiles(delays, (50, 95))
    total = float(np.sum(lengths))
    count = int(np.count_nonzero(within))
    bad = int(np.count_nonzero(within & ~found.shown))
    return FrameMeasures(
        frames=count,
        lost=int(np.count_nonzero(within & found.lost)),
        undecodable=int(np.count_nonzero(within & ~found.lost & ~found.decodable)),
        late=int(np.count_nonzero(within & found.late)),
        not_shown_pct=100 * bad / count if count else None,
        not_shown_pct_worst=_not_shown_worst(found, start_ns, end_ns) if count else None,
        freezes=int(np.count_nonzero(begun)),
        artefacts=int(np.count_nonzero(begun)) + _jerky_seconds(found, start_ns, end_ns),
        due_s=_due_ms(found, within, end_ns) / 1e3,
        freeze_ms_total=total,
        freeze_ms_max=float(np.max(whole_ms[lengths > 0])) if total else None,
        frozen_pct=_share(total, found, within, end_ns),
        frozen_pct_worst=_worst(found.frozen_ns, start_ns, end_ns),
        delay_p50_ms=p50,
        delay_p95_ms=p95,
        shown_after_ms=float(np.max(found.shown_after_ns[within])) / 1e6 if count else None,
    )


def _jerky_seconds(found: Frames, start_ns: int, end_ns: int) -> int:
    """Return in how many seconds frames were left out, outside of freezes, so often that it shows.

    In each 20 s, or in the whole window where that is shorter, the frames left out are compared
    with `JERKY_SHARE` of those due.
    """
    within = (found.due_ns >= start_ns) & (found.due_ns < end_ns)
    left_out = found.due_ns[within & ~found.shown]
    if len(left_out) and len(found.frozen_ns):
        last = np.searchsorted(found.frozen_ns[:, 0], left_out, "right") - 1
        frozen = (last >= 0) & (left_out < found.frozen_ns[last, 1])
        left_out = left_out[~frozen]
    if not len(left_out):
        return 0
    due = found.due_ns[within]
    # the last clip ends with the window, so that no clip is shorter than the others
    starts = np.minimum(np.arange(start_ns, end_ns, CLIP_NS), max(start_ns, end_ns - CLIP_NS))
    seconds: set[int] = set()
    for start in starts:
        here = left_out[(left_out >= start) & (left_out < start + CLIP_NS)]
        frames_due = np.count_nonzero((due >= start) & (due < start + CLIP_NS))
        if len(here) > JERKY_SHARE * frames_due:
            seconds |= {int(second) for second in (here - start_ns) // STEP_NS}
    return len(seconds)


def _lengths_ms(spans_ns: NDArray[np.int64], start_ns: int, end_ns: int) -> NDArray[np.float64]:
    """(k,) how much of each of (k, 2) times is in [start, end)."""
    clipped = np.clip(spans_ns, start_ns, end_ns)
    return (clipped[:, 1] - clipped[:, 0]) / 1e6


def _share(total_ms: float, found: Frames, within: NDArray[np.bool_], end_ns: int) -> float:
    """In % of how long pictures were due: those within, until the end."""
    due_ms = _due_ms(found, within, end_ns) if total_ms else 0.0
    return min(100.0, 100 * total_ms / due_ms) if due_ms else 0.0


def _due_ms(found: Frames, within: NDArray[np.bool_], end_ns: int) -> float:
    """How long pictures were due: those within, until the end."""
    until = np.minimum(ends_ns(found.due_ns, np.arange(len(found.due_ns))), end_ns)
    return float(np.sum(until[within] - found.due_ns[within])) / 1e6


def _clips(start_ns: int, end_ns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(starts, ends) of the clips in a window; the last ends with it, and one at least is there."""
    last = max(start_ns, end_ns - CLIP_NS)
    starts = np.append(np.arange(start_ns, last, STEP_NS, dtype=np.int64), last)
    return starts, np.minimum(starts + CLIP_NS, end_ns)


def _worst(spans_ns: NDArray[np.int64], start_ns: int, end_ns: int) -> float:
    """How much of the clip in which it is most some times take, in %."""
    if not len(spans_ns):
        return 0.0
    starts, ends = _clips(start_ns, end_ns)
    spent = spent_until(spans_ns, ends) - spent_until(spans_ns, starts)
    return 100 * float(np.max(spent)) / CLIP_NS


def _not_shown_worst(found: Frames, start_ns: int, end_ns: int) -> float:
    unseen = ~found.shown
    if not unseen.any():
        return 0.0
    bad = np.append(0, np.cumsum(unseen))
    starts, ends = (np.searchsorted(found.due_ns, edges) for edges in _clips(start_ns, end_ns))
    steps = np.diff(found.due_ns)
    usual_ns = float(np.median(steps)) if len(steps) else CLIP_NS
    return min(100.0, 100 * float(np.max(bad[ends] - bad[starts])) * usual_ns / CLIP_NS)
