"""Outgoing RTP streams: from media to datagrams in a batch, with impairments and a log."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from giaoban.clock import NEVER_NS
from giaoban.traffic import rtp
from giaoban.traffic.log import PacketLog
from giaoban.traffic.rtp import AUDIO_PACKET_MS
from giaoban.traffic.sender.departure_queue import DepartureQueue
from giaoban.traffic.sender.injection import Injector
from giaoban.traffic.sender.stream_plan import StreamPlan

CONTROL_STEP_NS, CONTROL_PHASE_NS = 5_000_000, 2_500_000


class OutgoingStream:
    """Sequence numbers, header and log of one stream; media comes from a subclass."""

    def __init__(self, plan: StreamPlan, log: PacketLog, origin_ns: int | None = None) -> None:
        """`origin_ns`: CLOCK_MONOTONIC from which the plan's impairments are timed, if any are."""
        self.plan = plan
        self._header = np.frombuffer(bytes.fromhex(plan.header_hex), np.uint8)
        self._sequence = plan.first_sequence
        self._injector = Injector(plan, origin_ns)
        self._queue = DepartureQueue() if plan.out_of_order or plan.duplicated else None
        self._log = log

    def flush(self, out: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The stream ends: fill `out` with what is still held back: (lengths, times) to send.

        Again until there is nothing more, if `out` has too few rows.
        """
        if self._queue is None:
            nothing = np.empty(0, np.int64)
            return nothing, nothing
        return self._queue.flush(out)

    def _emit(
        self,
        out: NDArray[np.uint8] | None,
        payload_sizes: NDArray[np.int64],
        timestamps: NDArray[np.int64],
        markers: NDArray[np.bool_],
        due_ns: NDArray[np.int64],
        until_ns: int,
        *,
        key: NDArray[np.bool_] | None = None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Headers for the n rows of `out` whose payloads are filled; (lengths, times) to send.

        What is sent are the first rows, in order of leaving where the stream may be reordered.
        Rows that the injector removes are closed up and duplicated ones are there twice. Where
        packets may overtake, those that do not leave before `until_ns`, the end of the window, are
        held back for the next one; so are those that find no row.

        Args:
            out: None: nobody wants the datagrams, only the log is kept; then all packets are
                returned.
            until_ns: no later packet is due before it.
            key: (n,) packets of key frames; None: there are none.
        """
        n = len(due_ns)
        sequences = self._sequence + np.arange(n)
        self._sequence += n
        if out is not None:
            rtp.patch_headers(out, self._header, sequences, timestamps, markers)
        lengths = payload_sizes + rtp.HEADER_BYTES
        fate = self._injector.apply(due_ns, lengths)
        self._log.append(
            n,
            stream=self.plan.index,
            sequence=sequences,
            timestamp=timestamps & 0xFFFFFFFF,
            due_ns=due_ns,
            leaving_ns=fate.leaving_ns,
            size=lengths,
            copies=fate.copies,
            corrupted=fate.corrupted,
            key=False if key is None else key,
        )
        if out is None or self._injector.idle:
            return lengths, fate.leaving_ns
        self._injector.flip(out, lengths, np.flatnonzero(fate.corrupted))
        if self._queue is not None:
            which = np.repeat(np.arange(n), fate.copies)
            self._queue.put(out[which], lengths[which], fate.leaving_ns[which])
            return self._queue.take(until_ns if self.plan.out_of_order else NEVER_NS, out)
        kept = np.flatnonzero(fate.copies)
        if len(kept) == n:
            return lengths, fate.leaving_ns
        out[: len(kept)] = out[kept]
        return lengths[kept], fate.leaving_ns[kept]


def next_start_ns(now_ns: int, origin_ns: int) -> int:
    """The next step of a 20 ms grid: when a stream starts does not hang on a microsecond.

    Packets of two streams that come to a link at nearly the same moment would otherwise change
    places from run to run.
    """
    step = AUDIO_PACKET_MS * 1_000_000
    return origin_ns + -(-(now_ns - origin_ns) // step) * step


def next_control_ns(now_ns: int, origin_ns: int) -> int:
    """When a report that is made now leaves: on a grid of 5 ms, between two ticks of sound.

    Programs wake up a microsecond earlier or later from run to run. A report that left at once
    would change places with a packet of media now and then; on a line that loses by chance each
    would meet the other's fate, and all that follows from it would be another run.
    """
    return (
        origin_ns
        + CONTROL_PHASE_NS
        + -(-(now_ns - origin_ns - CONTROL_PHASE_NS) // CONTROL_STEP_NS) * CONTROL_STEP_NS
    )
