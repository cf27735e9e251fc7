"""What several emulations have in common: how far a guest goes from which all of them go on.

Failures that are tried one by one in the same meeting differ by nothing but what fails: the network
is built, its routers find their ways and the meeting begins alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter

from giaoban.scenarios.plan.plan import Plan
from giaoban.tomlfile import StrictModel
from giaoban.topology.changes import Outage

BEGINNING, OUTAGES = "beginning.json", "outages.json"
_OUTAGES: TypeAdapter[list[Outage]] = TypeAdapter(list[Outage])


class Beginning(StrictModel):
    """Lies beside a plan of which only the beginning is emulated (`giaoban.topology.sandbox.
    fork_server`).

    Attributes:
        until_s: seconds after the run's origin at which others go on, a whole number; None: as soon
            as all packets take the best ways, before the meeting's processes start.
    """

    until_s: int | None = None

    @classmethod
    def beside(cls, folder: Path) -> Self | None:
        """The one in a plan's folder, if the plan is one of which only the beginning is."""
        path = folder / BEGINNING
        if not path.is_file():
            return None
        return cls.model_validate_json(path.read_text(encoding="utf-8"))

    def write(self, folder: Path) -> None:
        (folder / BEGINNING).write_text(self.model_dump_json(), encoding="utf-8")


def networks_alike(plans: Sequence[Plan]) -> bool:
    """Whether these differ by nothing but what fails and when."""
    first = _without_failures(plans[0])
    return all(_without_failures(plan) == first for plan in plans[1:])


def common(plans: Sequence[Plan]) -> Plan:
    """What plans that differ by nothing else are until something fails: everybody has power, and
    links can fail if they can in any."""
    changes = next((plan.changes for plan in plans if plan.changes), [])
    return plans[0].model_copy(update={"changes": changes, "outages": []})


def meets_alike(plan: Plan) -> bool:
    """Whether the meeting's devices need not know from its start what will fail: the MCU plans its
    time by when it has power."""
    mcu = plan.network.mcu.id
    return bool(plan.changes) and not any(outage.host == mcu for outage in plan.outages)


def alike_until_s(plans: Sequence[Plan]) -> int:
    """Up to when meetings that are alike are, until something fails in one of them: whole seconds,
    as links are looked at, and another before that, in which all hear of it."""
    return math.floor(min(change.at_s for plan in plans for change in plan.changes)) - 1


def tell_outages(plan: Plan, captures: Path) -> None:
    """What bridges of a meeting that goes on from another's beginning are to know in time."""
    (captures / OUTAGES).write_bytes(_OUTAGES.dump_json(plan.outages))


def told_outages(captures: Path) -> list[Outage]:
    """What `tell_outages` left there."""
    return _OUTAGES.validate_json((captures / OUTAGES).read_bytes())


def _without_failures(plan: Plan) -> Plan:
    return plan.model_copy(update={"faults": [], "changes": [], "outages": []})
