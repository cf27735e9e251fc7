"""Impairments as data: what a scenario may do to packets, at their source or on a line."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel

Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0, le=10_000)]
Correlation = Annotated[float, Field(ge=0, lt=1)]


class BernoulliLoss(StrictModel):
    """Each packet is lost with probability `p`, whatever happened to the others."""

    model: Literal["bernoulli"] = "bernoulli"
    p: Probability


class GilbertLoss(StrictModel):
    """Two states: good loses nothing, bad loses everything (Gilbert, 1960, with h = 0).

    `p` is the probability to go from good to bad at a packet, `r` from bad to good. The stationary
    loss is p / (p + r), the mean burst 1 / r packets.
    """

    model: Literal["gilbert"] = "gilbert"
    p: Probability
    r: Positive


class GilbertElliottLoss(StrictModel):
    """Two states, good and bad, each losing packets with its own probability (Elliott, 1963).

    `p` is the probability to go from good to bad at a packet, `r` from bad to good; `loss_bad` and
    `loss_good` are the loss probabilities in each. The stationary loss is
    (p·loss_bad + r·loss_good) / (p + r).
    """

    model: Literal["gilbert-elliott"] = "gilbert-elliott"
    p: Probability
    r: Positive
    loss_bad: Probability = 1.0
    loss_good: Probability = 0.0


class FourStateLoss(StrictModel):
    """Bursts of losses with packets received in between, and single losses outside of them.

    States: 1 received in a gap, 2 received in a burst, 3 lost in a burst, 4 lost alone in a gap
    (from which the next packet is in state 1); `pXY` is the probability to go from X to Y at a
    packet (Salsano, Ludovici, Ordine 2009; the `state` model of the kernel's netem).
    """

    model: Literal["four-state"] = "four-state"
    p13: Probability
    p31: Probability
    p32: Probability = 0.0
    p23: Probability = 1.0
    p14: Probability = 0.0

    @model_validator(mode="after")
    def _probabilities_fit(self) -> Self:
        if self.p13 + self.p14 > 1:
            raise ValueError(Sentence("p13 + p14 is more than 1 (allowed: 1 at the most)"))
        if self.p31 + self.p32 > 1:
            raise ValueError(Sentence("p31 + p32 is more than 1 (allowed: 1 at the most)"))
        return self


class TraceLoss(StrictModel):
    """What was recorded: `runs` are numbers of packets, received and lost in turn, round and round.

    A scenario names the `file` it is read from, which becomes `runs` before the run.
    """

    model: Literal["trace"] = "trace"
    file: Annotated[str, Field(pattern=r"^[^\x00]+$")] | None = None
    runs: list[Annotated[int, Field(ge=0, le=10_000_000)]] = Field(default_factory=list)

    @model_validator(mode="after")
    def _recorded_somewhere(self) -> Self:
        if (self.file is None) == (not self.runs):
            raise ValueError(Sentence("needs file or runs (allowed: one of them)"))
        if self.runs and sum(self.runs) == 0:
            raise ValueError(Sentence("runs hold no packet"))
        return self


class _Jitter(StrictModel):
    """`correlation`: of the delays added to consecutive packets. `reorder`: whether a packet may
    overtake the one before it, else it waits for it."""

    correlation: Correlation = 0.0
    reorder: bool = False


class NormalJitter(_Jitter):
    """Added delay, normal with `mean_ms` and `sd_ms`; what would be below zero is zero."""

    model: Literal["normal"] = "normal"
    mean_ms: Milliseconds
    sd_ms: Milliseconds


class GammaJitter(_Jitter):
    """Added delay, gamma with `shape` and `scale_ms`: mean shape·scale, a long upper tail."""

    model: Literal["gamma"] = "gamma"
    shape: Annotated[float, Field(gt=0, le=1000)]
    scale_ms: Annotated[float, Field(gt=0, le=10_000)]


class ParetoJitter(_Jitter):
    """Added delay, Pareto (Lomax) with `shape` and `scale_ms`: mean scale / (shape − 1), from 0.

    `shape` above 2, or the delays would have no variance.
    """

    model: Literal["pareto"] = "pareto"
    shape: Annotated[float, Field(gt=2, le=1000)]
    scale_ms: Annotated[float, Field(gt=0, le=10_000)]


class Rate(StrictModel):
    """A bottleneck: packets are served one after another at `kbps`, `buffer_packets` may wait.

    Sizes count as on the wire, headers included. What finds the buffer full is lost.
    """

    kbps: Annotated[float, Field(ge=8, le=10_000_000)]
    buffer_packets: Annotated[int, Field(ge=1, le=1_000_000)] = 100


Loss = Annotated[
    BernoulliLoss | GilbertLoss | GilbertElliottLoss | FourStateLoss | TraceLoss,
    Field(discriminator="model"),
]
Jitter = Annotated[NormalJitter | GammaJitter | ParetoJitter, Field(discriminator="model")]


class Impairments(StrictModel):
    """Everything that can be done to packets at the same time; nothing by default.

    In this order: lost, corrupted (a bit of the payload is flipped), duplicated, queued at a
    bottleneck, delayed.
    """

    loss: Loss | None = None
    corrupt: Probability = 0.0
    duplicate: Probability = 0.0
    rate: Rate | None = None
    jitter: Jitter | None = None

    @property
    def nothing(self) -> bool:
        """Whether packets pass as they are."""
        return self == Impairments()


class Interval(StrictModel):
    """Impairments from `from_s` until before `to_s`, seconds after the run's origin."""

    from_s: Annotated[float, Field(ge=0)] = 0.0
    to_s: float | None = None
    what: Impairments
