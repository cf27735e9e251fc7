"""Which event made which hole in a stream: the failing of a fault, or its mending. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from scenarios.measure.fault_gaps import Spans


class Edge(NamedTuple):
    """A fault, by its number, changed something at a moment (ns): it failed, or it was mended.

    All that a link which flaps does until it is left in peace is its failing.
    """

    at_ns: int
    fault: int
    mends: bool


class Hole(NamedTuple):
    """A hole (ns) with the events that made it: several only if they came at the same moment."""

    start_ns: int
    end_ns: int
    edges: tuple[Edge, ...]

    @property
    def length_ns(self) -> int:
        return self.end_ns - self.start_ns

    def by(self, fault: int, *, mends: bool) -> bool:
        """Whether a fault's failing, or its mending, made it."""
        return any(edge.fault == fault and edge.mends == mends for edge in self.edges)


def holes_by(spans: Spans, edges: Sequence[Edge], *, settled_ns: int, soon_ns: int) -> list[Hole]:
    """The holes that events made, each told of the latest one before it began.

    A hole is of an event that lies in it or up to `soon_ns` after it, or after which it begins
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
        found.append(Hole(begins, end, tuple(edge for edge in near if edge.at_ns == moment)))
    return found
