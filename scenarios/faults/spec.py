"""What fails in a scenario, where and when: `[[fault]]` tables as they are written.

Each kind has its own keys. `at_s` and `to_s` (restored) are seconds after the first phase began;
without `to_s` a fault lasts to the end.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from giaoban.tomlfile import StrictModel
from scenarios.spec.hops import BOTH

LONGEST_S = 10_800
MOST_FLAPS = 1000

At = Annotated[float, Field(ge=0, le=LONGEST_S)]
To = Annotated[float, Field(gt=0, le=LONGEST_S)]
Seconds = Annotated[float, Field(ge=0.001, le=LONGEST_S)]
LossPct = Annotated[float, Field(gt=0, le=99)]
"""A line that loses everything is a silent one."""


class _Fault(StrictModel):
    """What all kinds have."""

    at_s: At
    to_s: To | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.to_s is not None and self.to_s <= self.at_s:
            raise ValueError("to_s is not after at_s")
        return self


class Cut(_Fault):
    """A cable is cut: the light goes out in both directions, and both ends see it."""

    kind: Literal["cut"]
    link: str


class Silent(_Fault):
    """A link is lit, but its packets are gone; nobody is told.

    `direction`: "both", "NODE->NODE", on an access link also "up" or "down".
    """

    kind: Literal["silent"]
    link: str
    direction: str = BOTH


class Flap(_Fault):
    """A link goes dark for `down_s`, is lit for `up_s`, and so on until `to_s`."""

    kind: Literal["flap"]
    link: str
    to_s: To
    down_s: Annotated[float, Field(ge=0.01, le=LONGEST_S)]
    up_s: Annotated[float, Field(ge=0.01, le=LONGEST_S)]

    @model_validator(mode="after")
    def _not_for_ever(self) -> Self:
        times = (self.to_s - self.at_s) / (self.down_s + self.up_s)
        if times > MOST_FLAPS:
            raise ValueError(f"goes dark {times:.0f} times (allowed: up to {MOST_FLAPS} times)")
        if self.down_s > self.to_s - self.at_s:
            raise ValueError(
                f"down_s is longer than the fault (allowed: up to {self.to_s - self.at_s:g} s)"
            )
        return self


class Degrade(_Fault):
    """A link loses more and more packets: from none to `loss_pct`, in steps of a second.

    It takes `over_s` for that and stays so until `to_s`; without `over_s` it takes until `to_s`.
    """

    kind: Literal["degrade"]
    link: str
    direction: str = BOTH
    loss_pct: LossPct
    over_s: Seconds | None = None

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.to_s is None and self.over_s is None:
            what = "does not say how fast the loss grows (allowed: over_s, to_s, or both)"
            raise ValueError(what)
        longest_s = math.inf if self.to_s is None else self.to_s - self.at_s
        if self.over_s is not None and self.over_s > longest_s:
            raise ValueError(f"over_s is longer than the fault (allowed: up to {longest_s:g} s)")
        return self


class RateDrop(_Fault):
    """A link carries less: `rate_mbps` in place of its own rate."""

    kind: Literal["rate-drop"]
    link: str
    direction: str = BOTH
    rate_mbps: Annotated[float, Field(ge=0.064, le=100_000)]
    buffer_packets: Annotated[int, Field(ge=2, le=1_000_000)] | None = None


class RouterDown(_Fault):
    """A router stops without a word, and its links are dark; at `to_s` it starts anew."""

    kind: Literal["router"]
    router: str


class SitePower(_Fault):
    """A site loses its power (Art. 26): its bridge and its router.

    `boot_s` is how long the bridge's equipment takes to start once power is back, the profiles'
    `recovery.bridge_boot_s` where it is not given.
    """

    kind: Literal["site"]
    bridge: str
    boot_s: Seconds | None = None


class McuCrash(_Fault):
    """The MCU stops without a word; from `to_s` on it starts, which takes `boot_s`.

    Without `boot_s` that is the profiles' `recovery.mcu_boot_s`.
    """

    kind: Literal["mcu"]
    boot_s: Seconds | None = None


class GroupCut(_Fault):
    """All links of a shared-risk group of the province are cut at once: they lie in one cable."""

    kind: Literal["group"]
    group: str


Fault = Annotated[
    Cut | Silent | Flap | Degrade | RateDrop | RouterDown | SitePower | McuCrash | GroupCut,
    Field(discriminator="kind"),
]
"""One `[[fault]]` table."""
