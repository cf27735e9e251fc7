"""Reception statistics as RFC 3550 prints their code."""

from __future__ import annotations

from dataclasses import dataclass

from giaoban.traffic.rtcp import ReportBlock


@dataclass
class Source:
    """RFC 3550 appendices A.1, A.3 and A.8 as printed there, with MIN_SEQUENTIAL 1.

    What init_seq does not set, and the RFC leaves open, is set as for a new source: J is 0, and
    the first packet has none before it to be compared with. `seen` are the numbers received, with
    cycles; the RFC counts neither duplicates nor reordered packets.
    """

    ssrc: int
    seq: int
    clock_hz: int

    def __post_init__(self) -> None:
        self.init_seq(self.seq)
        self.max_seq = (self.seq - 1) % 65536
        self.probation = 1

    def init_seq(self, seq: int) -> None:
        self.base_seq = self.max_seq = seq
        self.bad_seq = 65536 + 1
        self.cycles = self.received = self.received_prior = self.expected_prior = 0
        self.jitter = 0.0
        self.transit: float | None = None
        self.duplicates = self.reordered = 0
        self.seen: set[int] = set()

    def update_seq(self, seq: int) -> bool:
        udelta = (seq - self.max_seq) % 65536
        if self.probation:
            assert seq == (self.max_seq + 1) % 65536
            self.probation = 0
            self.init_seq(seq)
            self.received += 1
            return True
        if udelta < 3000:
            if seq < self.max_seq:
                self.cycles += 65536
            self.max_seq = seq
        elif udelta <= 65536 - 100:
            if seq == self.bad_seq:
                self.init_seq(seq)
            else:
                self.bad_seq = (seq + 1) & 65535
                return False
        self.received += 1
        return True

    def put(self, seq: int, timestamp: int, arrival_ns: int) -> bool:
        highest = self.cycles + self.max_seq
        if not self.update_seq(seq):
            return False
        transit = arrival_ns * self.clock_hz / 1e9 - timestamp
        if self.transit is not None:
            d = transit - self.transit
            d -= 2**32 * round(d / 2**32)  # the RFC's 32-bit arithmetic
            self.jitter += (1.0 / 16.0) * (abs(d) - self.jitter)
        self.transit = transit
        # a number far below the highest is one of the cycle before
        cycles = self.cycles - 65536 if seq > self.max_seq else self.cycles
        if cycles + seq in self.seen:
            self.duplicates += 1
        elif self.received > 1 and cycles + seq < highest:
            self.reordered += 1
        self.seen.add(cycles + seq)
        return True

    def report(self) -> ReportBlock:
        extended_max = self.cycles + self.max_seq
        expected = extended_max - self.base_seq + 1
        lost = max(min(expected - self.received, 0x7FFFFF), -0x800000)
        expected_interval = expected - self.expected_prior
        self.expected_prior = expected
        received_interval = self.received - self.received_prior
        self.received_prior = self.received
        lost_interval = expected_interval - received_interval
        fraction = 0
        if expected_interval != 0 and lost_interval > 0:
            fraction = (lost_interval << 8) // expected_interval
        return ReportBlock(self.ssrc, fraction, lost, extended_max % 2**32, int(self.jitter))
