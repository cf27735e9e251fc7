"""Key frames that receivers request after packet losses, computed as an open loop.

Each receiver checks every 100 ms whether its picture can be decoded. It requests a key frame as
RFC 4585 and the timers of the devices allow (`giaoban.traffic.receiver.feedback`). The losses of
one pass give the requests, and the requests give the key frames of the next pass. A request whose
key frame is not part of the present pass counts as answered when that key frame would arrive. The
picture then counts as decodable again, unless most key frames of the stream lost packets in all
passes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS
from giaoban.mcu_sim.media.leg import NOBODY, VISUAL_KINDS, Kind
from giaoban.scenarios.bridge.sources import key_frame_request_timer
from giaoban.scenarios.estimate.calls import Timetable
from giaoban.scenarios.estimate.forwarding import Arrived, SourceRequests, forwarded_kinds
from giaoban.scenarios.estimate.network import Network
from giaoban.scenarios.estimate.sources import NOTHING, Media, Sent
from giaoban.scenarios.plan.plan import Plan
from giaoban.traffic.receiver.feedback import (
    ANSWER_NS,
    LOOK_NS,
    KeyFrameRequestTimer,
    dither_max_ns,
)
from giaoban.traffic.sender.stream import next_control_ns

REQUEST_BYTES = 110
"""Of a request on the wire: a receiver report, a name and RFC 4585's 12 bytes."""
BURST_NS = 1_000_000_000
"""Where pictures lose packets so soon after a key frame would come, that loses some too."""
MCU_REQUESTS = 7
"""Tells the seed of what is drawn for the MCU's requests from that of the stream it sees."""


@dataclass(frozen=True)
class _Losses:
    """The gaps of a stream in one call, in order of time.

    Attributes:
        noticed_ns: (n,) when each showed.
        cured_ns: (n,) when a key frame after it began.
        key_ns: (k,) when key frames began; `key_fails`: (k,) whether they lost packets.
        in_keys: how many gaps are in key frames.
    """

    noticed_ns: NDArray[np.int64]
    cured_ns: NDArray[np.int64]
    key_ns: NDArray[np.int64]
    key_fails: NDArray[np.bool_]
    in_keys: int

    @classmethod
    def of(cls, came: Arrived) -> _Losses | None:
        """Return those of packets in order of arrival; None if none are missing."""
        order = np.argsort(came.packets["sequence"], kind="stable")
        number, at_ns = came.packets["sequence"][order], came.at_ns[order]
        before = np.flatnonzero(np.diff(number) > 1)
        if not len(before):
            return None
        after = np.minimum.accumulate(at_ns[::-1])[::-1]
        starts = np.where(came.key_starts[order], at_ns, np.iinfo(np.int64).max)
        key_after = np.minimum.accumulate(starts[::-1])[::-1]
        noticed, cured = after[before + 1], key_after[before + 1]
        key, stamp = came.packets["key"][order], came.packets["timestamp"][order]
        hit = np.unique(np.r_[stamp[before][key[before]], stamp[before + 1][key[before + 1]]])
        fails = np.isin(came.packets["timestamp"][came.key_starts], hit)
        in_keys = int(np.count_nonzero(key[before] | key[before + 1]))
        by_time = np.argsort(noticed, kind="stable")
        return cls(noticed[by_time], cured[by_time], came.at_ns[came.key_starts], fails, in_keys)

    @property
    def tally(self) -> list[int]:
        """Return how many key frames lost packets, of how many, and how many gaps are in these, of
        how many."""
        fails = int(np.count_nonzero(self.key_fails))
        return [fails, len(self.key_fails), self.in_keys, len(self.noticed_ns)]

    def broken(self, now_ns: int, since_ns: int) -> bool:
        """Return whether the picture cannot be decoded, by what is missing since a moment."""
        first, end = np.searchsorted(self.noticed_ns, (since_ns, now_ns))
        return bool((self.cured_ns[first:end] >= now_ns).any())

    def any_within(self, from_ns: int, to_ns: int) -> bool:
        """Return whether a gap shows in [from, to)."""
        first, end = np.searchsorted(self.noticed_ns, (from_ns, to_ns))
        return bool(end > first)

    def keys(self, now_ns: int) -> int:
        """Return how many key frames have begun."""
        return int(np.searchsorted(self.key_ns, now_ns))


class Feedback:
    """All requests for key frames of a meeting."""

    def __init__(self, plan: Plan, table: Timetable, network: Network, media: Media) -> None:
        self._plan, self._table, self._network, self._media = plan, table, network, media
        self._forwarded = forwarded_kinds(plan)
        self.answers: dict[int, list[int]] = {}
        """Stream → from when on key frames that are not in the last pass would make it whole."""
        self._tallies: dict[int, NDArray[np.int64]] = {}
        """Stream → in all passes: key frames that lost packets, key frames, gaps in these, gaps."""

    def requests(self, came: dict[int, Arrived], sent: Mapping[int, Sent]) -> dict[int, set[int]]:
        """Return stream → from when on key frames are requested: after losses, and where viewers
        of a forwarded picture turn to its source.

        Args:
            came: packets of every stream that arrived; `sent`: their logs.
        """
        plan, self.answers = self._plan, {}
        found: dict[int, set[int]] = {}
        dampers = {kind: SourceRequests(kind) for kind in self._forwarded}
        wanted = [(t.at_ns, t.kind, t.source) for t in self._table.turns if t.kind in dampers]
        for row, planned in enumerate(plan.calls):
            for kind in VISUAL_KINDS:
                index = planned.down.get(kind)
                if index is None:
                    continue
                timer, dither_ns = key_frame_request_timer(plan, planned, kind)
                for at_ns in self._looks(index, came, sent, 2 * row, timer, dither_ns):
                    if kind in self._forwarded:
                        wanted.append((at_ns, kind, self._source(kind, row, at_ns)))
                    else:
                        found.setdefault(index, set()).add(at_ns + ANSWER_NS)
            if "video" in planned.down and plan.meeting.video == "presence":
                timer = KeyFrameRequestTimer(
                    plan.streams[planned.down["video"]].seed + MCU_REQUESTS
                )
                dither_ns = dither_max_ns(plan.video.kbps, len(plan.calls) + 1)
                index = planned.up["video"]
                for at_ns in self._looks(index, came, sent, 2 * row + 1, timer, dither_ns):
                    found.setdefault(index, set()).add(at_ns + ANSWER_NS)
        for at_ns, kind, source in sorted(wanted):
            if source != NOBODY:
                self._ask_source(kind, source, at_ns, dampers[kind], came, found)
        return found

    def _source(self, kind: Kind, viewer: int, at_ns: int) -> int:
        turns = [t for t in self._table.turns if (t.kind, t.viewer) == (kind, viewer)]
        place = bisect_right([t.at_ns for t in turns], at_ns)
        return turns[place - 1].source if place else NOBODY

    def _ask_source(
        self,
        kind: Kind,
        source: int,
        at_ns: int,
        requests: SourceRequests,
        came: dict[int, Arrived],
        found: dict[int, set[int]],
    ) -> None:
        """Add the MCU's request to a source of a forwarded picture."""
        index = self._plan.calls[source].up.get(kind)
        if index is None or not self._media.makes(index):
            return
        arrived = came[index].at_ns
        first_ns = int(arrived[0]) if len(arrived) else NEVER_NS
        asked_ns = requests.ask(source, at_ns, first_ns)
        if asked_ns is None:
            return
        there_ns = self._way(2 * source + 1, next_control_ns(asked_ns, 0))
        if there_ns is not None:
            found.setdefault(index, set()).add(there_ns + ANSWER_NS)

    def _way(self, path: int, at_ns: int) -> int | None:
        """Return when a request gets to its receiver; None: it is lost."""
        ways = self._network.ways
        if not ways.alive(path, at_ns):
            return None
        for hop in ways.along(path):
            if any(line.loses(at_ns) for line in self._network.lines.get(hop, ())):
                return None
        return at_ns + ways.delay_ns(path, REQUEST_BYTES)

    def _looks(
        self,
        index: int,
        came: dict[int, Arrived],
        sent: Mapping[int, Sent],
        back: int,
        timer: KeyFrameRequestTimer,
        dither_ns: int,
    ) -> Iterator[int]:
        """Yield when requests about a stream come to its sender; `back`: the path they take."""
        arrived = came.get(index)
        if arrived is None or not len(arrived.at_ns):
            return
        row, down = divmod(back, 2)
        frame_ns = 1_000_000_000 // self._plan.video.fps
        under_way_ns = frame_ns + self._network.ways.delay_ns(back ^ 1, 1200)
        log = sent.get(index, NOTHING)
        key_due_ns = log["due_ns"][log["key"]]
        for call in self._table.calls:
            if call.row != row:
                continue
            span = (call.bridge_from_ns, call.bridge_to_ns)
            if down:
                span = (call.mcu_from_ns, call.mcu_to_ns)
            losses = _Losses.of(arrived.within(*span))
            if losses is None:
                continue
            tally = self._tallies.setdefault(index, np.zeros(4, np.int64))
            tally += losses.tally
            keys_fail = 2 * tally[0] > tally[1]
            alone = keys_fail and 2 * tally[2] > tally[3]
            whole_ns, answers = 0, list[int]()
            end_ns = int(min(arrived.at_ns[-1] + 2 * LOOK_NS, self._plan.hang_up_s * 1e9))
            now_ns = -(-int(losses.noticed_ns[0] + 1) // LOOK_NS) * LOOK_NS
            while now_ns < end_ns:
                if not losses.broken(now_ns, whole_ns if whole_ns <= now_ns else 0):
                    later = losses.noticed_ns[np.searchsorted(losses.noticed_ns, now_ns) :]
                    if not len(later):
                        break
                    now_ns = max(now_ns + LOOK_NS, -(-int(later[0] + 1) // LOOK_NS) * LOOK_NS)
                    continue
                keys = losses.keys(now_ns) + bisect_right(answers, now_ns)
                at_ns = timer.ask(now_ns, dither_ns, keys)
                there_ns = None if at_ns is None else self._way(back, at_ns)
                if there_ns is not None:
                    yield there_ns
                    due_ns = there_ns + ANSWER_NS
                    place = int(np.searchsorted(key_due_ns, due_ns))
                    if place == len(key_due_ns) or key_due_ns[place] > due_ns + 2 * frame_ns:
                        answers.append(due_ns + under_way_ns)
                        if not keys_fail:
                            whole_ns = answers[-1]
                        if not alone and not losses.any_within(due_ns, due_ns + BURST_NS):
                            self.answers.setdefault(index, []).append(due_ns)
                now_ns += LOOK_NS
