"""What a listener got of a stream: loss, bursts, jitter, delay, interruptions (RFC 3550)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic.rtp import unwrap


@dataclass(frozen=True)
class Trace:
    """One stream from end to end: n packets that had to be sent, in order of sequence number.

    Attributes:
        due_ns: (n,) when each was due to leave, before any jitter was added.
        leaving_ns: (n,) when each left.
        size: (n,) RTP bytes.
        impaired: (n,) removed by the injector's loss model, never on the wire.
        arrival_ns: (n,) when it arrived first; -1 if it did not.
        jitter_ms: (n,) RFC 3550 interarrival jitter after this packet's arrival; NaN without one.
        duplicates, unknown: packets that arrived again, or that nobody sent.
    """

    due_ns: NDArray[np.int64]
    leaving_ns: NDArray[np.int64]
    size: NDArray[np.int64]
    impaired: NDArray[np.bool_]
    arrival_ns: NDArray[np.int64]
    jitter_ms: NDArray[np.float64]
    duplicates: int
    unknown: int

    @property
    def arrived(self) -> NDArray[np.bool_]:
        return self.arrival_ns >= 0

    @property
    def lost(self) -> NDArray[np.bool_]:
        """On the wire, and not arrived."""
        return ~self.arrived & ~self.impaired


@dataclass(frozen=True)
class Measures:
    """A stream's figures over one phase; None where nothing can be said."""

    sent: int
    received: int
    impaired: int
    loss_burst_max: int
    jitter_ms: float | None
    delay_p50_ms: float | None
    delay_p95_ms: float | None
    delay_p99_ms: float | None
    interruption_ms_max: float | None


def trace(sent: NDArray[np.void], received: NDArray[np.void], clock_hz: int) -> Trace:
    """Match one stream's two logs (dtypes SENT and RECEIVED of `traffic.log`)."""
    n = len(sent)
    arrival = np.full(n, -1, np.int64)
    jitter = np.full(n, np.nan)
    if n == 0:
        empty = np.empty(0, np.int64)
        return Trace(empty, empty, empty, empty.astype(bool), arrival, jitter, 0, len(received))
    first = int(sent["sequence"][0])
    at = unwrap(received["sequence"], first) - first
    known = (at >= 0) & (at < n)
    unknown = int(np.count_nonzero(~known))
    at, got = at[known], received[known]
    # several copies of a packet: the first to arrive counts
    once, where = np.unique(at, return_index=True)
    arrival[once] = got["arrival_ns"][where]
    in_order = np.sort(where)
    jitter[at[in_order]] = interarrival_jitter_ms(
        got["arrival_ns"][in_order], got["timestamp"][in_order], clock_hz
    )
    return Trace(
        due_ns=sent["due_ns"].astype(np.int64),
        leaving_ns=sent["leaving_ns"].astype(np.int64),
        size=sent["size"].astype(np.int64),
        impaired=sent["impaired"].astype(bool),
        arrival_ns=arrival,
        jitter_ms=jitter,
        duplicates=len(at) - len(once),
        unknown=unknown,
    )


def interarrival_jitter_ms(
    arrival_ns: NDArray[np.int64], timestamps: NDArray[np.uint32], clock_hz: int
) -> NDArray[np.float64]:
    """J after each of n packets in order of arrival (RFC 3550 §6.4.1, appendix A.8), in ms.

    D is the difference of two packets' transit times; J moves by (|D| − J)/16.
    """
    if not len(arrival_ns):
        return np.empty(0)
    steps = np.diff(timestamps.astype(np.int64))
    steps = (steps + 0x8000_0000) % 0x1_0000_0000 - 0x8000_0000
    differences = np.abs(np.diff(arrival_ns) / 1e6 - steps * (1000 / clock_hz))
    out = [0.0]
    jitter = 0.0
    for difference in differences.tolist():
        jitter += (difference - jitter) / 16
        out.append(jitter)
    return np.array(out)


def measure(trace: Trace, start_ns: int, end_ns: int) -> Measures:
    """The figures over packets due in [start, end)."""
    within = (trace.due_ns >= start_ns) & (trace.due_ns < end_ns)
    arrived = within & trace.arrived
    gone = within & ~trace.arrived
    delays = (trace.arrival_ns[arrived] - trace.due_ns[arrived]) / 1e6
    if len(delays):
        p50, p95, p99 = (float(p) for p in np.percentile(delays, (50, 95, 99)))
        last = int(np.argmax(np.where(arrived, trace.arrival_ns, -1)))
        jitter: float | None = float(trace.jitter_ms[last])
    else:
        p50 = p95 = p99 = jitter = None
    return Measures(
        sent=int(np.count_nonzero(within & ~trace.impaired)),
        received=int(np.count_nonzero(arrived)),
        impaired=int(np.count_nonzero(within & trace.impaired)),
        loss_burst_max=_longest_run(gone[within]),
        jitter_ms=jitter,
        delay_p50_ms=p50,
        delay_p95_ms=p95,
        delay_p99_ms=p99,
        interruption_ms_max=_interruption_ms(trace, within),
    )


def burst_ratio(lost: NDArray[np.bool_]) -> float:
    """Mean length of loss bursts over what it would be if losses were independent (G.107 §7.7).

    1 for no loss and for independent losses; more for bursts.
    """
    share = float(np.mean(lost)) if len(lost) else 0.0
    if share in (0.0, 1.0):
        return 1.0
    bursts = int(np.count_nonzero(np.diff(lost.astype(np.int8), prepend=0) == 1))
    mean_length = float(np.count_nonzero(lost)) / bursts
    return max(1.0, mean_length * (1 - share))


def _interruption_ms(trace: Trace, within: NDArray[np.bool_]) -> float | None:
    """The longest time that no packet came while packets were due, beyond their own spacing.

    Counted from the due times of the packets around: a stream without loss has 0 whatever the
    spacing of its packets; n packets lost in a row are the time they would have filled.
    """
    if not within.any():
        return None
    missing = np.flatnonzero(~trace.arrived & within)
    if not len(missing):
        return 0.0
    due = trace.due_ns
    breaks = np.flatnonzero(np.diff(missing) > 1)
    firsts = missing[np.r_[0, breaks + 1]]
    lasts = missing[np.r_[breaks, len(missing) - 1]]
    following = np.minimum(lasts + 1, len(due) - 1)
    return float(np.max(due[following] - due[firsts]) / 1e6)


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.r_[0, flags.astype(np.int8), 0]))
    return int(np.max(edges[1::2] - edges[::2])) if len(edges) else 0
