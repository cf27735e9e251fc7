"""Impairments as data: what a scenario may do to packets, at their source or on a line."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from giaoban.tomlfile import StrictModel

Probability = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=1)]
Milliseconds = Annotated[float, Field(ge=0, le=10_000)]
Correlation = Annotated[float, Field(ge=0, lt=1)]


class _Model(StrictModel):
    """A model of loss or jitter, which readers know by `model`."""

    model: str

    @model_serializer(mode="wrap")
    def _with_model(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Return the data with `model`, which `exclude_defaults` leaves out."""
        return {"model": self.model, **dump(self)}


class BernoulliLoss(_Model):
    """Each packet is lost with probability `p`, whatever happened to the others."""

    model: Literal["bernoulli"] = "bernoulli"
    """Which model."""
    p: Probability
    """Probability of a loss, 0 to 1. Like `0.01`."""


class GilbertLoss(_Model):
    """Two states: good loses nothing, bad loses everything (Gilbert, 1960, with h = 0).

    `p` is the probability to go from good to bad at a packet, `r` from bad to good. The stationary
    loss is p / (p + r), the mean burst 1 / r packets.
    """

    model: Literal["gilbert"] = "gilbert"
    """Which model."""
    p: Probability
    """Probability to go from good to bad at a packet, 0 to 1. Like `0.01`."""
    r: Positive
    """Probability to go from bad to good at a packet, 0 to 1; the mean burst is 1 / `r` packets.
    Like `0.3`."""


class GilbertElliottLoss(_Model):
    """Two states, good and bad, each losing packets with its own probability (Elliott, 1963).

    `p` is the probability to go from good to bad at a packet, `r` from bad to good; `loss_bad` and
    `loss_good` are the loss probabilities in each. The stationary loss is
    (p·loss_bad + r·loss_good) / (p + r).
    """

    model: Literal["gilbert-elliott"] = "gilbert-elliott"
    """Which model."""
    p: Probability
    """Probability to go from good to bad at a packet, 0 to 1. Like `0.01`."""
    r: Positive
    """Probability to go from bad to good at a packet, 0 to 1. Like `0.3`."""
    loss_bad: Probability = 1.0
    """Probability of a loss in the bad state, 0 to 1."""
    loss_good: Probability = 0.0
    """Probability of a loss in the good state, 0 to 1."""


class _Jitter(_Model):
    """`correlation`: of the delays added to consecutive packets. `reorder`: whether a packet may
    overtake the one before it, else it waits for it."""

    correlation: Correlation = 0.0
    """Of the delays added to consecutive packets, 0 to below 1."""
    reorder: bool = False
    """Whether a packet may overtake the one before it, else it waits for it."""


class NormalJitter(_Jitter):
    """Added delay, normal with `mean_ms` and `sd_ms`; what would be below zero is zero."""

    model: Literal["normal"] = "normal"
    """Which model."""
    mean_ms: Milliseconds
    """Mean of the added delay in ms. Like `20.0`."""
    sd_ms: Milliseconds
    """Its standard deviation in ms. Like `5.0`."""


class GammaJitter(_Jitter):
    """Added delay, gamma with `shape` and `scale_ms`: mean shape·scale, a long upper tail."""

    model: Literal["gamma"] = "gamma"
    """Which model."""
    shape: Annotated[float, Field(gt=0, le=1000)]
    """Shape of the distribution; the smaller, the longer its tail. Like `2.0`."""
    scale_ms: Annotated[float, Field(gt=0, le=10_000)]
    """Its scale in ms; the mean is shape · scale. Like `5.0`."""


class ParetoJitter(_Jitter):
    """Added delay, Pareto (Lomax) with `shape` and `scale_ms`: mean scale / (shape − 1), from 0.

    `shape` above 2, or the delays would have no variance.
    """

    model: Literal["pareto"] = "pareto"
    """Which model."""
    shape: Annotated[float, Field(gt=2, le=1000)]
    """Shape of the distribution, above 2. Like `3.0`."""
    scale_ms: Annotated[float, Field(gt=0, le=10_000)]
    """Its scale in ms; the mean is scale / (shape − 1). Like `10.0`."""


class Rate(StrictModel):
    """A bottleneck: packets are served one after another at `kbps`, `buffer_packets` may wait.

    Sizes count as on the wire, headers included. What finds the buffer full is lost.
    """

    kbps: Annotated[float, Field(ge=8, le=10_000_000)]
    """Rate of the bottleneck in kb/s, headers included. Like `2500.0`."""
    buffer_packets: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """How many packets may wait. Not on a link whose queue counts bytes, which keeps its size."""


Loss = Annotated[
    BernoulliLoss | GilbertLoss | GilbertElliottLoss,
    Field(discriminator="model"),
]
Jitter = Annotated[NormalJitter | GammaJitter | ParetoJitter, Field(discriminator="model")]


class Impairments(StrictModel):
    """Everything that can be done to packets at the same time; nothing by default.

    In this order: lost, corrupted (a bit of the payload is flipped), duplicated, queued at a
    bottleneck, delayed.
    """

    loss: Loss | None = None
    """How packets are lost."""
    corrupt: Probability = 0.0
    """Share of packets of which a bit is flipped, 0 to 1. Like `0.001`."""
    duplicate: Probability = 0.0
    """Share of packets that come twice, 0 to 1. Like `0.001`."""
    rate: Rate | None = None
    """A bottleneck."""
    jitter: Jitter | None = None
    """How packets are delayed."""

    @property
    def nothing(self) -> bool:
        """Whether packets pass as they are."""
        return self == Impairments()


class Interval(StrictModel):
    """Impairments from `from_s` until before `to_s`, seconds after the run's origin."""

    from_s: Annotated[float, Field(ge=0)] = 0.0
    """From when, in seconds after the first packet."""
    to_s: float | None = None
    """Until when, in seconds; to the end where not given. Like `20.0`."""
    what: Impairments
    """What happens to packets."""
