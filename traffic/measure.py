"""What a listener got of a stream: loss, bursts, jitter, delay, interruptions (RFC 3550)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from traffic.jitter import smoothed, transit_changes


@dataclass(frozen=True)
class Trace:
    """One stream from end to end: n packets that had to be sent, in the order of their times.

    That is also the order of their sequence numbers, except in a forwarded stream.

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


def trace(
    sent: NDArray[np.void], received: NDArray[np.void], clock_hz: int, *, forwarded: bool = False
) -> Trace:
    """Match one stream's two logs (dtypes SENT and RECEIVED of `traffic.log`).

    What is `forwarded` was received before: what was lost or overtaken on the way there is
    missing, or out of order, in what is sent on, and is no fault of this way.

    A packet is known by its sequence number together with its timestamp: the 16 bits alone would
    be ambiguous after an outage of more than 32,767 packets, about a minute of video at 4 Mb/s.

    Raises:
        ValueError: the sent sequence numbers do not run on, or one is there twice, so this is not
            one stream.
    """
    n = len(sent)
    arrival = np.full(n, -1, np.int64)
    jitter = np.full(n, np.nan)
    if n == 0:
        empty = np.empty(0, np.int64)
        return Trace(empty, empty, empty, empty.astype(bool), arrival, jitter, 0, len(received))
    if forwarded:
        sent = sent[np.argsort(sent["due_ns"], kind="stable")]
    steps = np.diff(np.sort(sent["sequence"]) if forwarded else sent["sequence"])
    if np.any(steps < 1 if forwarded else steps != 1):
        raise ValueError("the sent packets' sequence numbers do not run on: more than one stream")
    keys = _wire_key(sent)
    order = np.argsort(keys, kind="stable")
    wanted = _wire_key(received)
    at = order[np.minimum(np.searchsorted(keys[order], wanted), n - 1)]
    known = keys[at] == wanted
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
    wire = timestamps.astype(np.int64)
    changes = transit_changes(arrival_ns[1:] - arrival_ns[:-1], wire[1:] - wire[:-1], clock_hz)
    return smoothed(np.r_[0.0, changes], np.zeros(1, np.intp), np.zeros(1)) * (1000 / clock_hz)


def measure(trace: Trace, start_ns: int, end_ns: int) -> Measures:
    """The figures over packets due in [start, end)."""
    within = (trace.due_ns >= start_ns) & (trace.due_ns < end_ns)
    arrived = within & trace.arrived
    gone = within & ~trace.arrived
    delays = (trace.arrival_ns[arrived] - trace.due_ns[arrived]) / 1e6
    p50: float | None
    p95: float | None
    p99: float | None
    jitter: float | None
    if len(delays):
        p50, p95, p99 = (float(p) for p in np.percentile(delays, (50, 95, 99)))
        # of packets that came at the same time, the later sent one is taken to have come later
        last = len(arrived) - 1 - int(np.argmax(np.where(arrived, trace.arrival_ns, -1)[::-1]))
        jitter = float(trace.jitter_ms[last])
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
    # nothing follows the very last packet: it fills as much time as the one before it did
    ends = np.r_[due[1:], 2 * due[-1] - due[-2] if len(due) > 1 else due[-1]]
    breaks = np.flatnonzero(np.diff(missing) > 1)
    firsts = missing[np.r_[0, breaks + 1]]
    lasts = missing[np.r_[breaks, len(missing) - 1]]
    return float(np.max(ends[lasts] - due[firsts]) / 1e6)


def _wire_key(packets: NDArray[np.void]) -> NDArray[np.int64]:
    """(n,) timestamp and sequence number as they are on the wire, in one number."""
    sequence = packets["sequence"].astype(np.int64) & 0xFFFF
    return packets["timestamp"].astype(np.int64) << 16 | sequence


def _longest_run(flags: NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(np.r_[0, flags.astype(np.int8), 0]))
    return int(np.max(edges[1::2] - edges[::2])) if len(edges) else 0
