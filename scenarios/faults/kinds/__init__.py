"""The kinds of faults: one module each, and their registry."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from giaoban.scenarios.faults.kind import FaultKind
from giaoban.scenarios.faults.kinds.cut import Cut
from giaoban.scenarios.faults.kinds.degrade import Degrade
from giaoban.scenarios.faults.kinds.flap import Flap
from giaoban.scenarios.faults.kinds.group import GroupCut
from giaoban.scenarios.faults.kinds.mcu import McuCrash
from giaoban.scenarios.faults.kinds.rate_drop import RateDrop
from giaoban.scenarios.faults.kinds.router import RouterDown
from giaoban.scenarios.faults.kinds.silent import Silent
from giaoban.scenarios.faults.kinds.site import SitePower

_Kind = Cut | Silent | Flap | Degrade | RateDrop | RouterDown | SitePower | GroupCut | McuCrash
"""A new kind is named here. In the order in which failure cases are told."""
Fault = Annotated[_Kind, Field(discriminator="kind")]
"""One `[[fault]]` table."""
KINDS: tuple[type[FaultKind], ...] = get_args(_Kind)
