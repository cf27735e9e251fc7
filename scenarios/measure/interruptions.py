"""Holes in a stream: when nothing of it came that could be used, and which event made each. Pure.

A gap is not a pause. A sender that sends nothing (silence suppressed, a slide that stands, a
speaker's picture that is not forwarded just then) leaves no gap; one that is without its call or
without power does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.quality.bursts import runs
from giaoban.traffic.quality.frames import Frames
from giaoban.traffic.quality.measure import Trace

Spans = NDArray[np.int64]
"""(k, 2) from and to, in ns, in order and apart."""
PAUSE_FRAMES = 3
"""A picture that waits for longer than so many of its frames stands because its sender lets it."""


def gaps(trace: Trace, away_ns: Spans, end_ns: int) -> Spans:
    """(k, 2) the gaps of a stream before `end_ns`, where one that is still open ends.

    From when the first packet that was missing was due to when the next that came was due: the time
    from the last packet before to the first one after, less the spacing of a packet.

    Args:
        away_ns: (m, 2) when one of both ends had no call or no power.
    """
    n = int(np.searchsorted(trace.due_ns, end_ns))
    if not n:
        return np.empty((0, 2), np.int64)
    due, missing = trace.due_ns[:n], trace.missing[:n]
    ends = trace.ends_ns[:n]
    following = np.append(due[1:], end_ns)
    # what comes after a packet is a part of the gap if nobody was there to send it
    unsent = (ends < following) & _meet(ends, following, away_ns)
    until = np.where(unsent, following, np.minimum(ends, following))
    first, last = runs(missing | unsent)
    start = np.where(missing[first], due[first], ends[first])
    spans = np.column_stack([start, until[last]])
    return merged(spans[spans[:, 1] > spans[:, 0]])


def picture_gaps(found: Frames, packets: Spans, end_ns: int) -> Spans:
    """(k, 2) when a stream of pictures had none to show that was new, before `end_ns`.

    A picture is away from when the first frame that cannot be shown was due (it is lost, or refers
    to one that is) until a frame that can be shown is there as a whole: a key frame as a rule. On
    the axis of due times, so its end is moved back by what a frame takes at the least.

    Args:
        packets: (m, 2) the gaps in its packets (`gaps`): also when nothing was sent.
    """
    n = int(np.searchsorted(found.due_ns, end_ns))
    due, shown = found.due_ns[:n], found.decodable[:n]
    following = np.append(due[1:], end_ns)
    usual = int(np.median(np.diff(due))) if n > 1 else 0
    paused = following - due > PAUSE_FRAMES * usual
    ends = np.where(paused, np.minimum(due + usual, following), following)
    spans = merged(np.concatenate([packets, np.column_stack([due, ends])[~shown]]))
    at = np.flatnonzero(shown)
    if not len(spans) or not len(at):
        return spans
    after = np.searchsorted(due[at], spans[:, 0])
    again = np.minimum(after, len(at) - 1)
    early = int(np.min(found.complete_ns[at] - due[at]))
    complete = found.complete_ns[at][again] - early
    # what comes after a pause has nothing to do with the gap before it
    follows = (after < len(at)) & (due[at][again] <= spans[:, 1] + PAUSE_FRAMES * usual)
    until = np.where(follows, np.maximum(spans[:, 1], complete), spans[:, 1])
    return merged(np.column_stack([spans[:, 0], np.minimum(until, end_ns)]))


def merged(spans: Spans) -> Spans:
    """(k, 2) the same times, of which those that overlap or touch are one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted((int(a), int(b)) for a, b in spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return np.array(found, np.int64).reshape(-1, 2)


def begun(spans: Spans, start_ns: int, end_ns: int) -> Spans:
    """(k, 2) those that begin in [start, end), each as a whole."""
    return spans[(spans[:, 0] >= start_ns) & (spans[:, 0] < end_ns)]


def without(trace: Trace, spans: Spans) -> Trace:
    """A stream as if nothing had been due in some times; a frame goes or stays as a whole."""
    if not len(spans):
        return trace
    _, first, inverse = np.unique(trace.timestamp, return_index=True, return_inverse=True)
    keep = ~_within(trace.due_ns[first], spans)[inverse.reshape(-1)]
    if keep.all():
        return trace
    arrays: dict[str, Any] = {
        field.name: packets[keep]
        for field in fields(trace)
        if isinstance(packets := getattr(trace, field.name), np.ndarray)
        and len(packets) == len(keep)  # of jitter that nobody wants to know there is none
    }
    return replace(trace, **arrays)


def _within(times: NDArray[np.int64], spans: Spans) -> NDArray[np.bool_]:
    """(n,) which of n times lie in one of the spans."""
    at = np.searchsorted(spans[:, 0], times, "right") - 1
    found = at >= 0
    found[found] = times[found] < spans[at[found], 1]
    return found


def _meet(starts: NDArray[np.int64], ends: NDArray[np.int64], spans: Spans) -> NDArray[np.bool_]:
    """(n,) which of n spans overlap one of `spans`, which are in order and apart."""
    if not len(spans):
        return np.zeros(len(starts), np.bool_)
    first = np.searchsorted(spans[:, 1], starts, "right")
    inside = first < len(spans)
    found = np.zeros(len(starts), np.bool_)
    found[inside] = spans[first[inside], 0] < ends[inside]
    return found


class Edge(NamedTuple):
    """A fault, by its number, changed something at a moment (ns): it failed, or it was mended.

    All that a link which flaps does until it is left in peace is its failing.
    """

    at_ns: int
    fault: int
    mends: bool


class Gap(NamedTuple):
    """A gap (ns) with the events that made it: several only if they came at the same moment."""

    start_ns: int
    end_ns: int
    edges: tuple[Edge, ...]

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.start_ns

    def by(self, fault: int, *, mends: bool) -> bool:
        """Whether a fault's failing, or its mending, made it."""
        return any(edge.fault == fault and edge.mends == mends for edge in self.edges)


def gaps_by(spans: Spans, edges: Sequence[Edge], *, settled_ns: int, soon_ns: int) -> list[Gap]:
    """The gaps that events made, each told of the latest one before it began.

    A gap is of an event that lies in it or up to `soon_ns` after it, or after which it begins
    within `settled_ns` + `soon_ns`. Who began up to `soon_ns` before an event was made by it:
    packets were under way. One that began earlier, for another reason, is longer by it: it counts
    from the event on.
    """
    found = []
    for start, end in ((int(a), int(b)) for a, b in spans):
        near = [
            edge
            for edge in edges
            if edge.at_ns - soon_ns <= end and start <= edge.at_ns + settled_ns + soon_ns
        ]
        if not near:
            continue
        before = [edge.at_ns for edge in near if edge.at_ns <= start + soon_ns]
        moment = max(before) if before else min(edge.at_ns for edge in near)
        begins = start if before else moment
        if begins >= end:  # it was over before anything happened
            continue
        found.append(Gap(begins, end, tuple(edge for edge in near if edge.at_ns == moment)))
    return found
