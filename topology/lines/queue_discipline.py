"""Which packets a line's queue drops, and in which order it sends: CoDel, FQ-CoDel, RED, tail drop.

Pure. Defaults are those of the RFCs, and of RED's author. ECN is off: media of a meeting has none.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from giaoban.provenance import Sourced
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel
from giaoban.topology.lines.buffers import Buffer
from giaoban.topology.lines.qos import FULL_FRAME_BYTES

TARGET_MS, INTERVAL_MS = 5.0, 100.0  # RFC 8289 §4.2, §4.3; RFC 8290 §5.2.1
FLOWS = 1024  # RFC 8290 §5.2.4
QUANTUM_BYTES = FULL_FRAME_BYTES  # RFC 8290 §5.2.3
MIN_PACKETS, MAX_OF_MIN, MAX_DROP_PCT = 5, 3, 10.0
"""Floyd 1997, RED: Discussions of Setting Parameters: min_th, max_th ÷ min_th, max_p."""

TargetMs = Annotated[float, Field(ge=0.1, le=1000)]
IntervalMs = Annotated[float, Field(ge=1, le=10_000)]
Flows = Annotated[int, Field(ge=1, le=65_536)]
QuantumBytes = Annotated[int, Field(ge=256, le=1_000_000)]
"""Less the kernel takes as 256."""
MinBytes = Annotated[int, Field(ge=FULL_FRAME_BYTES, le=1_000_000)]
MaxBytes = Annotated[int, Field(ge=FULL_FRAME_BYTES, le=4_000_000)]
"""The kernel's average, in 512ths, has 32 bits."""
MaxDropPct = Annotated[float, Field(ge=0.1, le=100)]


class Codel(StrictModel):
    """CoDel (RFC 8289): drops where packets have waited longer than the target for an interval."""

    discipline: Literal["codel"] = "codel"
    target_us: int
    interval_us: int


class FqCodel(StrictModel):
    """FQ-CoDel (RFC 8290): a CoDel queue for each flow, by turns; flows that send little first."""

    discipline: Literal["fq_codel"] = "fq_codel"
    target_us: int
    interval_us: int
    flows: int
    quantum_bytes: int


class Red(StrictModel):
    """RED (Floyd, Jacobson 1993): drops at random as the queue's average grows from min to max."""

    discipline: Literal["red"] = "red"
    min_bytes: int
    max_bytes: int
    max_drop_pct: float


Discipline = Annotated[Codel | FqCodel | Red, Field(discriminator="discipline")]

_KEYS = {
    "tail_drop": (),
    "codel": ("target_ms", "interval_ms"),
    "fq_codel": ("target_ms", "interval_ms", "flows", "quantum_bytes"),
    "red": ("min_bytes", "max_bytes", "max_drop_pct"),
}
"""Which mean something, by discipline."""


class QueueDiscipline(Sourced):
    """How a line's queue decides what to drop, at each end."""

    discipline: Literal["tail_drop", "codel", "fq_codel", "red"]
    """`tail_drop`: what comes to a full queue, as where nothing is said. `codel`: CoDel (RFC 8289).
    `fq_codel`: FQ-CoDel (RFC 8290). `red`: RED (Floyd and Jacobson 1993). CoDel and
    FQ-CoDel have a buffer in packets, RED one in bytes or milliseconds."""
    target_ms: TargetMs | None = None
    """Of CoDel and FQ-CoDel: how long packets may wait for good, in ms; 5 where not given. Like
    `5.0`."""
    interval_ms: IntervalMs | None = None
    """Of CoDel and FQ-CoDel: for how long they may wait longer before one is dropped, in ms; 100
    where not given. More than the target; about the longest round trip. Like `100.0`."""
    flows: Flows | None = None
    """Of FQ-CoDel: into how many queues flows are hashed; 1024 where not given. Like `1024`."""
    quantum_bytes: QuantumBytes | None = None
    """Of FQ-CoDel: how many bytes a flow sends in its turn; 1514 where not given. Like `300`."""
    min_bytes: MinBytes | None = None
    """Of RED: the average queue, in bytes, up to which nothing is dropped; 7570, five full packets,
    where not given. Like `15000`."""
    max_bytes: MaxBytes | None = None
    """Of RED: the average queue, in bytes, from which all is dropped; three times `min_bytes` where
    not given. Like `45000`."""
    max_drop_pct: MaxDropPct | None = None
    """Of RED: how many packets are dropped where the average comes near `max_bytes`, in percent; 10
    where not given. Like `2.0`."""

    @property
    def resolved(self) -> Codel | FqCodel | Red | None:
        """With its defaults; None where a queue drops at its tail."""
        target_ms, interval_ms = self._times_ms
        target_us, interval_us = round(target_ms * 1000), round(interval_ms * 1000)
        if self.discipline == "codel":
            return Codel(target_us=target_us, interval_us=interval_us)
        if self.discipline == "fq_codel":
            return FqCodel(
                target_us=target_us,
                interval_us=interval_us,
                flows=self.flows or FLOWS,
                quantum_bytes=self.quantum_bytes or QUANTUM_BYTES,
            )
        if self.discipline == "red":
            low, high = self._thresholds
            pct = MAX_DROP_PCT if self.max_drop_pct is None else self.max_drop_pct
            return Red(min_bytes=low, max_bytes=high, max_drop_pct=pct)
        return None

    @property
    def _times_ms(self) -> tuple[float, float]:
        return self.target_ms or TARGET_MS, self.interval_ms or INTERVAL_MS

    @property
    def _thresholds(self) -> tuple[int, int]:
        low = self.min_bytes or MIN_PACKETS * FULL_FRAME_BYTES
        return low, self.max_bytes or MAX_OF_MIN * low

    def clash(self, buffer: Buffer, buffer_bytes: int) -> Sentence | None:
        """What a buffer has against it; None if nothing.

        Args:
            buffer_bytes: so many bytes it holds, if it counts them (`Buffer.bytes_at`).
        """
        if self.discipline in ("codel", "fq_codel") and buffer.packets is None:
            return Sentence(
                "{discipline} counts the packets of its buffer (allowed: buffer_packets)",
                discipline=self.discipline,
            )
        if self.discipline != "red":
            return None
        if buffer.packets is not None:
            return Sentence(
                "RED counts the bytes of its buffer (allowed: buffer_bytes or buffer_ms)"
            )
        if self._thresholds[1] > buffer_bytes:
            return Sentence(
                "RED drops everything from an average of {most} bytes, and the buffer holds "
                "{held} (allowed: max_bytes up to that)",
                most=self._thresholds[1],
                held=buffer_bytes,
            )
        return None

    @model_validator(mode="after")
    def _keys_are_of_the_discipline(self) -> QueueDiscipline:
        allowed = _KEYS[self.discipline]
        every = dict.fromkeys(key for keys in _KEYS.values() for key in keys)
        beyond = [key for key in every if getattr(self, key) is not None and key not in allowed]
        if beyond:
            raise ValueError(
                Sentence(
                    '{beyond} mean nothing with discipline = "{discipline}" (allowed: {allowed})',
                    beyond=", ".join(beyond),
                    discipline=self.discipline,
                    allowed=", ".join(allowed) or Sentence("no others"),
                )
            )
        target_ms, interval_ms = self._times_ms
        if target_ms >= interval_ms:
            raise ValueError(
                Sentence(
                    "target_ms = {target_ms:g} is not below interval_ms = {interval_ms:g} "
                    "(allowed: 5 to 10 % of it, RFC 8289)",
                    target_ms=target_ms,
                    interval_ms=interval_ms,
                )
            )
        low, high = self._thresholds
        if low >= high:
            raise ValueError(
                Sentence(
                    "min_bytes = {low} is not below max_bytes = {high} (allowed: a third of it)",
                    low=low,
                    high=high,
                )
            )
        return self
