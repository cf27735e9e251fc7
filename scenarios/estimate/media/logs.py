"""What programs of an emulation would have logged: packets sent, and packets that came."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from giaoban.scenarios.estimate.media.sources import StreamBuffer
from giaoban.scenarios.estimate.network.ended import ARRIVAL_DTYPE, Ended, by_stream
from giaoban.scenarios.estimate.network.flows import Flows
from giaoban.scenarios.estimate.network.packets import Packets, joined
from giaoban.scenarios.estimate.spool import Spool, as_one
from giaoban.traffic.log import RECEIVED, SENT

SORTED_APART = 10_000
"""Of so many packets each of those that were added together are sorted by themselves."""
SORTED_PACKETS = 1_000_000
"""So many packets that came are sorted by their streams at a time."""


class SentLogs(Mapping[int, NDArray[np.void]]):
    """Stream → its log, (packets,) records of dtype SENT in the order in which they were due."""

    def __init__(self, streams: int) -> None:
        self._spool = Spool(SENT, streams)
        self._streams: dict[int, None] = {}

    def settle(self, kept: Mapping[int, StreamBuffer], last: int = 0) -> None:
        """What sources have sent so far stands: nothing of it will be undone. So many of the last
        parts stay with each, beside: somebody looks into them."""
        self._streams.update(dict.fromkeys(kept))
        for index, one in kept.items():
            for part in one.give_up(last):
                self._spool.add(index, part)

    @property
    def in_memory(self) -> bool:
        """Whether nothing was written to a file."""
        return self._spool.in_memory

    def copy(self) -> SentLogs:
        """The same, as long as it is in memory."""
        other = copy.copy(self)
        other._spool, other._streams = self._spool.copy(), dict(self._streams)
        return other

    def close(self) -> None:
        """Forget them."""
        self._spool.close()

    def __getitem__(self, index: int) -> NDArray[np.void]:
        if index not in self._streams:
            raise KeyError(index)
        return self._spool.read(index)

    def parts(self, index: int) -> list[NDArray[np.void]]:
        """The same part by part; none where nobody made the stream."""
        return list(self._spool.parts(index))

    def __iter__(self) -> Iterator[int]:
        return iter(self._streams)

    def __len__(self) -> int:
        return len(self._streams)


class ReceivedLogs:
    """What came to the ends of paths.

    Attributes:
        counts: (flows,) packets of each flow.
    """

    def __init__(self, flows: Flows, reports: int = 0) -> None:
        """`reports`: how many RTCP reports are made; requests have numbers behind theirs."""
        self.counts = np.zeros(len(flows.path_of), np.int64)
        self._streams, self._flows, self._many_reports = flows.streams, flows, reports
        self._reports: list[NDArray[np.void]] = []
        self._spool = Spool(ARRIVAL_DTYPE, flows.streams)
        self._waiting: list[Packets] = []
        self._many = 0

    @property
    def in_memory(self) -> bool:
        """Whether nothing was written to a file."""
        return self._spool.in_memory

    def copy(self) -> ReceivedLogs:
        """The same, as long as it is in memory."""
        other = copy.copy(self)
        other.counts, other._waiting = self.counts.copy(), list(self._waiting)
        other._spool, other._reports = self._spool.copy(), list(self._reports)
        return other

    def add(self, ended: Ended) -> None:
        """More of them; of each stream, none came before those of earlier calls but in part."""
        self.counts[: len(ended.counts)] += ended.counts
        if self._many_reports:
            self._note_reports(ended.packets)
        if ended.known:
            self._sort()
            for stream, came in ended.by_stream(self._streams):
                self._spool.add(stream, came)
            return
        packets = ended.packets
        media = packets.flow < self._streams
        self._waiting.append(packets if media.all() else packets.take(media))
        self._many += len(packets.flow)
        if self._many > SORTED_PACKETS:
            self._sort()

    def of(self, stream: int) -> NDArray[np.void]:
        """(n,) packets of one stream, in order of time; dtype ARRIVAL_DTYPE."""
        came = self.as_added(stream)
        at_ns = came["at_ns"]
        if (at_ns[1:] >= at_ns[:-1]).all():
            return came
        return came[np.argsort(at_ns, kind="stable")]

    def as_added(self, stream: int) -> NDArray[np.void]:
        """The same in the order in which they were added."""
        return as_one(self.parts(stream), ARRIVAL_DTYPE)

    def parts(self, stream: int) -> list[NDArray[np.void]]:
        """The same part by part: what was known of another meeting is the very part of then."""
        self._sort()
        return list(self._spool.parts(stream))

    def reports(self) -> NDArray[np.void]:
        """(n,) RTCP reports that came, in order of time; dtype ARRIVAL_DTYPE, their places among
        all that were made as sequence numbers."""
        came = as_one(self._reports, ARRIVAL_DTYPE)
        return came[np.argsort(came["at_ns"], kind="stable")]

    def close(self) -> None:
        """Forget them."""
        self._spool.close()

    def _note_reports(self, packets: Packets) -> None:
        behind = np.flatnonzero(packets.flow >= self._streams)
        control = self._flows.are_control(packets.flow[behind])
        which = behind[control & (packets.seq[behind] < self._many_reports)]
        if len(which):
            came = np.empty(len(which), ARRIVAL_DTYPE)
            came["at_ns"], came["sequence"] = packets.at_ns[which], packets.seq[which]
            self._reports.append(came)

    def _sort(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting, self._many = self._waiting, [], 0
        if sum(len(packets.flow) for packets in waiting) < SORTED_APART * len(waiting):
            waiting = [joined(waiting)]
        for packets in waiting:
            self._spool.add_all(*by_stream(packets, self._streams))


def received_log(sent: NDArray[np.void], came: NDArray[np.void]) -> NDArray[np.void]:
    """One stream's log as the program of an emulation that received it writes it."""
    one = np.empty(len(came), RECEIVED)
    if len(one):
        number = sent["sequence"]
        if (number[1:] == number[:-1] + 1).all():
            of = came["sequence"] - number[0]
        else:
            order = np.argsort(number, kind="stable")
            of = order[np.searchsorted(number[order], came["sequence"])]
        for name in ("stream", "timestamp", "size"):
            one[name] = sent[name][of]
        one["sequence"] = number[of] & 0xFFFF
        one["arrival_ns"] = came["at_ns"]
    return one
