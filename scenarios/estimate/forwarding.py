"""Pictures and slides that the MCU passes on: arrivals of one stream become departures of others.

A viewer changes where a key frame of its new source begins, or after two seconds without one; until
then it sees the source before. Each packet leaves a constant delay after it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.media.leg import NOBODY, Kind
from giaoban.mcu_sim.media.video.keyframes import CONTENT_LIMITS, VIDEO_LIMITS
from giaoban.scenarios.estimate.calls import Timetable
from giaoban.scenarios.estimate.sources import NOTHING, Sent
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.log import SENT
from giaoban.traffic.receiver.feedback import ANSWER_NS
from giaoban.traffic.sender.injection import Injector
from giaoban.traffic.sources.video_model import CLOCK_HZ

GIVE_UP_NS = 2_000_000_000
"""A change waits so long for a key frame: some devices never answer."""


@dataclass(frozen=True)
class Arrived:
    """Packets of a stream that arrived, in order of arrival.

    Attributes:
        packets: (n,) records of its log.
        at_ns: (n,) when each came.
        key_starts: (n,) which begin a key frame.
    """

    packets: Sent
    at_ns: NDArray[np.int64]
    key_starts: NDArray[np.bool_]

    @classmethod
    def of(cls, log: Sent, place: NDArray[np.int64], at_ns: NDArray[np.int64]) -> Arrived:
        """Return n packets at these places of a log, in order of arrival."""
        stamp = log["timestamp"]
        starts = log["key"] & np.r_[True, stamp[1:] != stamp[:-1]] if len(log) else log["key"]
        return cls(log[place], at_ns, starts[place])

    def within(self, from_ns: int, to_ns: int) -> Arrived:
        """Return those of [from, to)."""
        first, end = np.searchsorted(self.at_ns, (from_ns, to_ns))
        part = slice(int(first), int(end))
        return Arrived(self.packets[part], self.at_ns[part], self.key_starts[part])


def forwarded_kinds(plan: Plan) -> list[Kind]:
    """Return the media that the MCU passes on."""
    switched: list[Kind] = ["video"] if plan.meeting.video == "switched" else []
    return [*switched, "content"] if plan.content is not None else switched


def forward(
    plan: Plan, table: Timetable, kind: Kind, came: Callable[[int], Arrived]
) -> dict[int, Sent]:
    """Return the streams of a forwarded medium to all viewers, by their indices.

    Args:
        came: the packets of a source's stream that came to the MCU.
    """
    return {
        planned.down[kind]: _to_viewer(plan, table, kind, row, came)
        for row, planned in enumerate(plan.calls)
        if kind in planned.down
    }


def _to_viewer(
    plan: Plan, table: Timetable, kind: Kind, row: int, came: Callable[[int], Arrived]
) -> Sent:
    index = plan.calls[row].down[kind]
    planned = plan.streams[index]
    delay_ns = round(plan.device.forward_delay_ms * 1e6)
    sequence, timestamp, frame_ns = planned.first_sequence, planned.first_timestamp, None
    parts = []
    for source, from_ns, to_ns in _shown(plan, table, kind, row, came):
        found = came(plan.calls[source].up[kind])
        first, end = np.searchsorted(found.at_ns, (from_ns, to_ns)).tolist()
        packets, at_ns = found.packets[first:end], found.at_ns[first:end]
        if not len(packets):
            continue
        _, once = np.unique(packets["sequence"], return_index=True)  # the first of several copies
        once = np.sort(once[packets["sequence"][once] >= packets["sequence"][0]])
        packets, at_ns = packets[once], at_ns[once]
        if frame_ns is not None:
            timestamp += max(1, (int(at_ns[0]) - frame_ns) * CLOCK_HZ // 1_000_000_000)
        sent = packets.copy()
        stamps = packets["timestamp"].astype(np.int64)
        sent["sequence"] += sequence - packets["sequence"][0]
        sent["timestamp"] = (timestamp + stamps - stamps[0]) & 0xFFFFFFFF
        sent["due_ns"] = at_ns + delay_ns
        parts.append(sent[sent["due_ns"] < plan.end_s * 1e9])
        sequence = int(sent["sequence"].max()) + 1
        timestamp += int(stamps.max() - stamps[0])
        frame_ns = int(at_ns[np.argmax(stamps == stamps.max())])
    if not parts:
        return NOTHING
    sent = np.concatenate(parts).astype(SENT)
    fate = Injector(planned, 0).apply(sent["due_ns"], sent["size"].astype(np.int64))
    sent["stream"], sent["leaving_ns"] = index, fate.leaving_ns
    sent["copies"], sent["corrupted"] = fate.copies, fate.corrupted
    return sent


def _shown(
    plan: Plan, table: Timetable, kind: Kind, row: int, came: Callable[[int], Arrived]
) -> Iterator[tuple[int, int, int]]:
    """Yield (source, from, to) of arrivals that go to a viewer, in order of time."""
    turns = [turn for turn in table.turns if (turn.kind, turn.viewer) == (kind, row)]
    for call in table.calls:
        if call.row != row:
            continue
        own = [t for t in turns if call.mcu_from_ns <= t.at_ns < call.mcu_to_ns]
        shown, since_ns = NOBODY, call.mcu_from_ns
        for number, turn in enumerate(own):
            until_ns = own[number + 1].at_ns if number + 1 < len(own) else call.mcu_to_ns
            if turn.source == shown:
                continue
            at_ns = turn.at_ns
            if turn.source != NOBODY:
                found = came(plan.calls[turn.source].up[kind])
                begins = found.at_ns[found.key_starts & (found.at_ns >= at_ns)]
                at_ns = min([at_ns + GIVE_UP_NS, *begins[:1].tolist()])
                if at_ns >= until_ns:
                    continue
            if shown != NOBODY:
                yield shown, since_ns, at_ns
            shown, since_ns = turn.source, at_ns
        if shown != NOBODY:
            yield shown, since_ns, call.mcu_to_ns


class SourceRequests:
    """Requests for key frames that the MCU sends to the sources of a forwarded medium."""

    def __init__(self, kind: Kind) -> None:
        self._limits = VIDEO_LIMITS if kind == "video" else CONTENT_LIMITS
        self._last: dict[int, tuple[int, int]] = {}
        """Source → when it was asked last, and when the key frame comes that answers it."""

    def ask(self, source: int, wanted_ns: int, first_ns: int) -> int | None:
        """Return when a source is asked for a key frame that is wanted from a moment on.

        Calls come in order of time. None: a key frame is under way. A source of which no packet
        came before `first_ns` cannot be named in a request; it begins with a key frame.
        """
        asked_ns, answered_ns = self._last.get(source, (None, wanted_ns))
        if wanted_ns < answered_ns:
            return None
        if asked_ns is not None:
            wanted_ns = max(wanted_ns, asked_ns + self._limits.interval_ns)
        named = first_ns <= wanted_ns
        self._last[source] = wanted_ns, wanted_ns + ANSWER_NS if named else first_ns
        return wanted_ns if named else None
