"""Bridges and links that nobody has surveyed: figures as those beside them have, marked assumed."""

from __future__ import annotations

from collections.abc import Sequence

from giaoban.errors import InputError, near_names
from giaoban.sentence import N_, Sentence, message
from giaoban.topology.model import BridgeSpec, Province
from giaoban.topology.units.known import SETTLED_BY


def extra_bridges(
    province: Province,
    count: int,
    *,
    at: str | None = None,
    prefix: str = "more",
    name: Sentence = message(N_("Further site")),  # noqa: B008 - it is never changed
) -> list[BridgeSpec]:
    """So many bridges without a name of their own, at the router `at` or at all in turn.

    In turn means: at the routers on which the province's bridges hang, in the order of the file,
    again and again. Each has the access line of a bridge that is there already, at the same router
    if there is one; they are assumed, of course.

    Raises `InputError`: no such router.
    """
    routers = _routers(province, at)
    like = {router: _like(province, router) for router in routers}
    digits = max(2, len(str(count)))
    called = name.vi
    found = []
    for number in range(count):
        router = routers[number % len(routers)]
        model = like[router]
        source = message(N_("nobody's yet: as the access of {bridge}"), bridge=model.name)
        found.append(
            BridgeSpec(
                id=f"{prefix}-{number + 1:0{digits}}",
                name=f"{called} {number + 1}",
                router=router,
                km=model.km,
                rate_mbps=model.rate_mbps,
                buffer_packets=model.buffer_packets,
                source=source.en,
                source_vi=source.vi,
                assumed=True,
                settled_by=SETTLED_BY,
            )
        )
    return found


def routers_in_use(province: Province) -> list[str]:
    """The routers on which bridges of the province hang, in the order of the file."""
    used = {bridge.router for bridge in province.bridges}
    return [router.id for router in province.routers if router.id in used]


def _routers(province: Province, at: str | None) -> Sequence[str]:
    if at is None:
        return routers_in_use(province)
    known = [router.id for router in province.routers]
    if at not in known:
        raise InputError('no router "{at}"{near}', at=at, near=near_names("router", at, known))
    return [at]


def _like(province: Province, router: str) -> BridgeSpec:
    """A bridge at this router, a branch rather than the chair; or else any branch."""
    order = sorted(province.bridges, key=lambda b: (b.router != router, b.role == "chair"))
    return order[0]
