"""A fault as it is planned: what fails and when, in seconds from the run's origin."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from giaoban.tomlfile import StrictModel
from results.model.faults import FaultKind, FaultTarget


class FaultPlan(StrictModel):
    """One fault; its place in `Plan.faults` is the `fault` number of its changes and outages.

    `direction` is "A->B" where only one direction of the link fails. `links` and `nodes` are out
    of service while it lasts; none where a link only gets worse. `to_s`: it is restored, None: not
    in this run. A host that has to boot then is back later: its outage tells.
    """

    id: str
    kind: FaultKind
    target: FaultTarget
    target_id: str
    direction: str | None = None
    at_s: Annotated[float, Field(ge=0)]
    to_s: float | None = None
    links: list[str]
    nodes: list[str]
