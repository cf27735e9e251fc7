"""The kinds of faults: one module each, and their registry."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from giaoban.scenarios.spec.faults.kind import FaultKind
from giaoban.scenarios.spec.faults.kinds.cut import Cut
from giaoban.scenarios.spec.faults.kinds.degrade import Degrade
from giaoban.scenarios.spec.faults.kinds.flap import Flap
from giaoban.scenarios.spec.faults.kinds.group import GroupCut
from giaoban.scenarios.spec.faults.kinds.mcu import McuCrash
from giaoban.scenarios.spec.faults.kinds.rate_drop import RateDrop
from giaoban.scenarios.spec.faults.kinds.router import RouterDown
from giaoban.scenarios.spec.faults.kinds.silent import Silent
from giaoban.scenarios.spec.faults.kinds.site import SitePower

_Kind = Cut | Silent | Flap | Degrade | RateDrop | RouterDown | SitePower | GroupCut | McuCrash
"""A new kind is named here. In the order in which failure cases are told."""
Fault = Annotated[_Kind, Field(discriminator="kind")]
"""One `[[fault]]` table."""
KINDS: tuple[type[FaultKind], ...] = get_args(_Kind)
