"""Received quality of a stream: loss, reordering, jitter, delay (RFC 3550, RFC 4737)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from giaoban.traffic.quality.bursts import ends_ns, run_lengths, runs
from giaoban.traffic.quality.percentiles import of_ordered
from giaoban.traffic.quality.uncertainty import quantile_interval
from giaoban.traffic.receiver.jitter import smoothed, transit_changes

BATCH_NS = 1_000_000_000
"""What happens within so long hangs together (a burst of key frames, a bad spell of a line)."""
CLIP_NS = 20_000_000_000
"""What people judge at once: clips of 20 s, in which van Kester et al. (2011) tried freezes."""
NO_STREAM = "the sent packets' sequence numbers do not run on: more than one stream"
PAUSE_NS = 1_000_000_000
"""Where a stream sends nothing for longer, it is silent, or what it sends is judged elsewhere."""


@dataclass(frozen=True, eq=False)
class Trace:
    """One stream from end to end: n packets that had to be sent, in the order of their times.

    That is also the order of their sequence numbers, except in a forwarded stream.

    Attributes:
        due_ns: (n,) when each was due to leave, before any jitter was added.
        leaving_ns: (n,) when each left.
        timestamp: (n,) RTP timestamp, as on the wire.
        size: (n,) RTP bytes.
        key: (n,) belongs to a key frame.
        copies: (n,) datagrams put on the wire: 0 where the injector's loss model removed it.
        corrupted: (n,) a bit of its payload was flipped at injection.
        arrivals: (n,) how often it arrived.
        arrival_ns: (n,) when it arrived first; -1 if it did not.
        overtaken: (n,) arrived after a packet that was sent later: reordered, by RFC 4737 §3.3.
            Copies of a packet after its first are no packets of their own, there as here.
        jitter_ms: (n,) RFC 3550 interarrival jitter after this packet's arrival; NaN without one.
        unknown: packets that nobody sent.
        late: (n,) came after it had to be played; none where nothing is said of a playout buffer
            (`giaoban.traffic.quality.playout`): pictures are late by the frame.
        played_after_ns: (n,) from due to played; 0 where nothing is said of it.
        by_itself_ns: (n,) when each arrived that was not sent again (RFC 4588), -1 if it did not;
            `arrival_ns` is when the first of the two came. None: none was sent again.
    """

    due_ns: NDArray[np.int64]
    leaving_ns: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    size: NDArray[np.int64]
    key: NDArray[np.bool_]
    copies: NDArray[np.uint8]
    corrupted: NDArray[np.bool_]
    arrivals: NDArray[np.int64]
    arrival_ns: NDArray[np.int64]
    overtaken: NDArray[np.bool_]
    jitter_ms: NDArray[np.float64]
    unknown: int
    late: NDArray[np.bool_]
    played_after_ns: NDArray[np.int64]

    @property
    def impaired(self) -> NDArray[np.bool_]:
        """Removed by the injector's loss model, never on the wire."""
        return np.equal(self.copies, 0)

    @property
    def arrived(self) -> NDArray[np.bool_]:
        return self.arrival_ns >= 0

    @property
    def lost(self) -> NDArray[np.bool_]:
        """On the wire, and not arrived."""
        return ~self.arrived & ~self.impaired

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Of no use to the listener: impaired, lost, with a flipped bit, or too late."""
        return ~self.arrived | self.corrupted | self.late

    @cached_property
    def ends_ns(self) -> NDArray[np.int64]:
        """(n,) until when each packet's contents last."""
        return ends_ns(self.due_ns, self.timestamp)

    @property
    def duplicates(self) -> int:
        """Arrivals beyond the first of a packet."""
        return self.duplicates_in(slice(None))

    def duplicates_in(self, part: slice) -> int:
        """The same of some packets."""
        arrivals = self.arrivals[part]
        return int(arrivals.sum()) - int(np.count_nonzero(arrivals))


@dataclass(frozen=True)
class Measures:
    """A stream's figures over one phase; None where there are no packets to measure.

    sent + impaired = received + lost + impaired, and received = usable + corrupted + late, in
    packets; all that is not usable is missing.

    Attributes:
        received: packets that arrived; `corrupted` of them with a flipped bit, `late` of the
            others after they had to be played.
        duplicated: arrivals beyond the first of a packet.
        reordered: packets that arrived after one that was sent later (RFC 4737 §3.3);
            `reordered_ratio` is their share of those received (§4.1).
        missing: packets that the listener cannot use; the runs and interruptions are theirs.
        missing_pct_20s: their share of the 20 s in which it is most, or of the whole time where
            that is shorter.
        due_s: how long packets were due, without pauses in which none are sent.
        loss_spread: of packets lost on the wire, how many say as much as one that is lost by
            itself: the variance from second to second over that of independent losses.
        jitter_ms: RFC 3550 J after the last arrival; its mean and maximum are over all arrivals.
        delay_p95_low_ms, delay_p95_high_ms: between which the 95th percentile of such a stream
            lies (`giaoban.traffic.quality.uncertainty`).
        ipdv_ms: delay variation as ITU-T Y.1540 has it and Y.1541 limits it: the 1 − 10⁻³ quantile
            of the delays less the least of them.
        interruptions: how often packets were missing; the time they would have filled.
    """

    sent: int
    received: int
    impaired: int
    corrupted: int
    late: int
    duplicated: int
    reordered: int
    reordered_ratio: float | None
    missing: int
    missing_pct: float | None
    missing_pct_20s: float | None
    due_s: float
    loss_spread: float | None
    loss_burst_max: int
    loss_burst_mean: float | None
    jitter_ms: float | None
    jitter_mean_ms: float | None
    jitter_max_ms: float | None
    delay_p50_ms: float | None
    delay_p95_ms: float | None
    delay_p99_ms: float | None
    delay_max_ms: float | None
    delay_p95_low_ms: float | None
    delay_p95_high_ms: float | None
    ipdv_ms: float | None
    interruptions: int
    interruption_ms_max: float | None


def trace(
    sent: NDArray[np.void], received: NDArray[np.void], clock_hz: int, *, forwarded: bool = False
) -> Trace:
    """Match one stream's two logs (dtypes SENT and RECEIVED of `giaoban.traffic.log`).

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
        return _trace(sent, arrival, arrival, np.empty(0, np.bool_), jitter, len(received))
    if forwarded:
        sent = sent[np.argsort(sent["due_ns"], kind="stable")]
    steps = np.diff(np.sort(sent["sequence"]) if forwarded else sent["sequence"])
    if np.any(steps < 1 if forwarded else steps != 1):
        raise ValueError(NO_STREAM)
    keys, wanted = _wire_key(sent), _wire_key(received)
    if np.array_equal(keys, wanted):
        return _whole(sent, received["arrival_ns"].astype(np.int64), clock_hz)
    order = np.argsort(keys, kind="stable")
    at = order[np.minimum(np.searchsorted(keys[order], wanted), n - 1)]
    known = keys[at] == wanted
    unknown = int(np.count_nonzero(~known))
    at, got = at[known], received[known]
    # several copies of a packet: the first to arrive counts
    once, where = np.unique(at, return_index=True)
    arrival[once] = got["arrival_ns"][where]
    in_order = np.sort(where)
    first_at = at[in_order]
    jitter[first_at] = interarrival_jitter_ms(
        got["arrival_ns"][in_order], got["timestamp"][in_order], clock_hz
    )
    overtaken = np.zeros(n, np.bool_)
    overtaken[first_at] = first_at < np.maximum.accumulate(first_at)
    arrivals = np.bincount(at, minlength=n)
    return _trace(sent, arrivals, arrival, overtaken, jitter, unknown)


def trace_in_order(
    sent: NDArray[np.void], at: NDArray[np.int64], arrival_ns: NDArray[np.int64], clock_hz: int
) -> Trace:
    """As `trace`, of n packets (dtype SENT) of which some came, once each and in order.

    Args:
        at: (m,) the places of those that came among the n, rising.
        arrival_ns: (m,) when.

    Raises:
        ValueError: as `trace`.
    """
    if np.any(np.diff(sent["sequence"]) != 1):
        raise ValueError(NO_STREAM)
    n = len(sent)
    arrivals, arrival, jitter = np.zeros(n, np.int64), np.full(n, -1, np.int64), np.full(n, np.nan)
    arrivals[at], arrival[at] = 1, arrival_ns
    jitter[at] = interarrival_jitter_ms(arrival_ns, sent["timestamp"][at], clock_hz)
    return _trace(sent, arrivals, arrival, np.zeros(n, np.bool_), jitter, 0)


def _whole(sent: NDArray[np.void], arrival_ns: NDArray[np.int64], clock_hz: int) -> Trace:
    n = len(sent)
    jitter = interarrival_jitter_ms(arrival_ns, sent["timestamp"], clock_hz)
    return _trace(sent, np.ones(n, np.int64), arrival_ns, np.zeros(n, np.bool_), jitter, 0)


def _trace(
    sent: NDArray[np.void],
    arrivals: NDArray[np.int64],
    arrival_ns: NDArray[np.int64],
    overtaken: NDArray[np.bool_],
    jitter_ms: NDArray[np.float64],
    unknown: int,
) -> Trace:
    return Trace(
        due_ns=sent["due_ns"].astype(np.int64),
        leaving_ns=sent["leaving_ns"].astype(np.int64),
        timestamp=sent["timestamp"].astype(np.int64),
        size=sent["size"].astype(np.int64),
        key=sent["key"].astype(np.bool_),
        copies=sent["copies"].astype(np.uint8),
        corrupted=sent["corrupted"].astype(np.bool_),
        arrivals=arrivals,
        arrival_ns=arrival_ns,
        overtaken=overtaken,
        jitter_ms=jitter_ms,
        unknown=unknown,
        late=np.zeros(len(sent), np.bool_),
        played_after_ns=np.zeros(len(sent), np.int64),
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
    """Return the figures over packets due in [start, end)."""
    first, end = (int(at) for at in np.searchsorted(trace.due_ns, (start_ns, end_ns)))
    part = slice(first, end)
    arrival_ns, corrupted = trace.arrival_ns[part], trace.corrupted[part]
    arrived = arrival_ns >= 0
    late = trace.late[part] & ~corrupted
    missing = ~arrived | corrupted | late
    packets, received = len(arrived), int(np.count_nonzero(arrived))
    lacking = int(np.count_nonzero(missing))
    impaired = int(np.count_nonzero(trace.copies[part] == 0))
    reordered = int(np.count_nonzero(trace.overtaken[part]))
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    longest: float | None = None
    low: float | None = None
    high: float | None = None
    ipdv: float | None = None
    jitter_last: float | None = None
    jitter_mean: float | None = None
    jitter_max: float | None = None
    if received:
        due_ns, came_ns = trace.due_ns[part], arrival_ns
        if received < packets:
            due_ns, came_ns = due_ns[arrived], came_ns[arrived]
        delay_ms = (came_ns - due_ns) / 1e6
        ordered = np.sort(delay_ms)
        least, p50, p95, p99, most, longest = of_ordered(ordered, (0, 50, 95, 99, 99.9, 100))
        batches = np.arange(start_ns, int(due_ns[-1]) + BATCH_NS + 1, BATCH_NS)
        counts = np.diff(np.searchsorted(due_ns, batches))
        low, high = quantile_interval(delay_ms, ordered, counts, 95)
        ipdv = most - least
        after = trace.jitter_ms[part]
        # of packets that came at the same time, the later sent one is taken to have come later
        last = packets - 1 - int(np.argmax(arrival_ns[::-1]))
        jitter_last = float(after[last])
        jitter_mean, jitter_max = float(np.mean(after[arrived])), float(np.max(after[arrived]))
    run_max, run_mean = run_lengths(missing) if lacking else (0, None)
    interruptions = _interruptions_ms(trace, part, missing) if lacking else np.empty(0)
    return Measures(
        sent=packets - impaired,
        received=received,
        impaired=impaired,
        corrupted=int(np.count_nonzero(arrived & corrupted)),
        late=int(np.count_nonzero(late)),
        duplicated=trace.duplicates_in(part),
        reordered=reordered,
        reordered_ratio=reordered / received if received else None,
        missing=lacking,
        missing_pct=100 * lacking / packets if packets else None,
        missing_pct_20s=_worst_pct(trace.due_ns[part], missing, CLIP_NS),
        due_s=observed_ns(trace.due_ns[part]) / 1e9,
        loss_spread=_loss_spread(trace, part) if lacking else None,
        loss_burst_max=run_max,
        loss_burst_mean=run_mean,
        jitter_ms=jitter_last,
        jitter_mean_ms=jitter_mean,
        jitter_max_ms=jitter_max,
        delay_p50_ms=p50,
        delay_p95_ms=p95,
        delay_p99_ms=p99,
        delay_max_ms=longest,
        delay_p95_low_ms=low,
        delay_p95_high_ms=high,
        ipdv_ms=ipdv,
        interruptions=len(interruptions),
        interruption_ms_max=float(np.max(interruptions, initial=0.0)) if packets else None,
    )


def _worst_pct(due_ns: NDArray[np.int64], bad: NDArray[np.bool_], window_ns: int) -> float | None:
    """Return the largest share of bad packets in any window that ends with one, in %.

    A window is no longer than the time observed.
    """
    if not len(due_ns):
        return None
    at = np.flatnonzero(bad)
    if not len(at):
        return 0.0
    window_ns = min(window_ns, max(1, observed_ns(due_ns)))
    first = np.searchsorted(due_ns[at], due_ns[at] - window_ns, "right")
    count = int(np.max(np.arange(1, len(at) + 1) - first))
    steps = np.diff(due_ns)
    steps = steps[steps <= PAUSE_NS]
    per_window = max(len(steps), 1) * window_ns / max(int(np.sum(steps)), 1)
    # a stream may be denser somewhere than it is on the whole
    return 100 * count / max(per_window, count)


def observed_ns(due_ns: NDArray[np.int64]) -> int:
    """Return how long packets were due, without pauses in which none are sent."""
    steps = np.diff(due_ns)
    steps = steps[steps <= PAUSE_NS]
    # the last packet lasts as long as the others on average
    return int(np.sum(steps)) + (int(np.mean(steps)) if len(steps) else 0)


def _loss_spread(trace: Trace, part: slice) -> float | None:
    """The design effect of losses on the wire by the method of batch means; None without losses."""
    sent = ~trace.impaired[part]
    lost = trace.lost[part]
    n, gone = int(np.count_nonzero(sent)), int(np.count_nonzero(lost))
    if not gone or gone == n:
        return None
    batch = (trace.due_ns[part] - trace.due_ns[part][0]) // BATCH_NS
    counts = np.bincount(batch[sent])
    losses = np.bincount(batch[lost], minlength=len(counts))
    filled = counts > 0
    batches = int(np.count_nonzero(filled))
    if batches < 2:
        return float(gone)
    share = gone / n
    off = losses[filled] - share * counts[filled]
    variance = float(np.sum(off**2)) * batches / (batches - 1)
    return max(1.0, variance / (n * share * (1 - share)))


def _interruptions_ms(trace: Trace, part: slice, missing: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How long each run of missing packets of a part leaves the listener with nothing.

    Counted from the due times of the packets around: a stream without loss has none whatever the
    spacing of its packets; n packets missing in a row are the time they would have filled. A pause
    in which nothing is sent is none of it at its end, only in the midst of a run.
    """
    first, last = runs(missing)
    return (trace.ends_ns[part][last] - trace.due_ns[part][first]) / 1e6


def _wire_key(packets: NDArray[np.void]) -> NDArray[np.int64]:
    """(n,) timestamp and sequence number as they are on the wire, in one number."""
    sequence = packets["sequence"].astype(np.int64) & 0xFFFF
    return packets["timestamp"].astype(np.int64) << 16 | sequence
