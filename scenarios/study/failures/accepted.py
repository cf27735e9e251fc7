"""What is wrong with the single points of failure that a scenario accepts. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from giaoban.errors import did_you_mean
from giaoban.tomlfile import Mistake
from scenarios.spec.scenario import Accepted
from scenarios.study.failures.failure import LinkGroup, possible
from topology.network import Network


def mistakes(
    accepted: Sequence[Accepted], network: Network, groups: Sequence[LinkGroup]
) -> Iterator[Mistake]:
    """Failures that the network cannot have, pairs, and what is accepted twice."""
    if not accepted:
        return
    known = possible(network, groups)
    seen: set[str] = set()
    for number, item in enumerate(accepted):
        loc = ("accepted", number, "failure")
        if "+" in item.failure:
            what = "two failures at once are no single point of failure (allowed: one of them)"
            yield loc, item.failure, what
        elif item.failure not in known:
            yield loc, item.failure, f"no such failure{did_you_mean(item.failure, known)}"
        elif item.failure in seen:
            yield loc, item.failure, "is accepted already (allowed: once)"
        seen.add(item.failure)
