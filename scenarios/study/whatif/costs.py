"""What a variant costs, from the prices that the user gave. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from giaoban.results.model.whatif import CostOf, CostPart
from giaoban.scenarios.study.whatif.variant import Price, Variant


def cost_of(
    variant: Variant,
    prices: Sequence[Price],
    *,
    device: str | None,
    profile: str | None,
    bridges: int,
    rates: Mapping[str, float],
) -> CostOf:
    """The sum of what has to be bought; a variant's own cost stands for all of it.

    Args:
        device: the device to buy; None: the one that is there does.
        profile: the profile that all calls are changed to; None: they stay.
        bridges: how many are added.
        rates: Mb/s of the scenario's links before.
    """
    if variant.cost is not None:
        offer = variant.cost
        part = CostPart(
            what="the whole variant",
            million_vnd=offer.million_vnd,
            source=offer.source,
            assumed=offer.assumed,
        )
        return CostOf(parts=[part])
    parts, unpriced = [], []
    for what, key, ident, count in _things(variant, device, profile, bridges, rates):
        price = _price(prices, key, ident)
        if price is None:
            unpriced.append(what)
            continue
        parts.append(
            CostPart(
                what=what,
                million_vnd=price.million_vnd * count,
                source=price.source,
                assumed=price.assumed,
            )
        )
    return CostOf(parts=parts, unpriced=unpriced)


def _things(
    variant: Variant,
    device: str | None,
    profile: str | None,
    bridges: int,
    rates: Mapping[str, float],
) -> Iterator[tuple[str, str, str | None, float]]:
    """What is to be paid for: in words, the kind of price, its id, how many."""
    if bridges:
        yield f"{bridges} bridges", "bridge", None, bridges
    if device is not None:
        yield f"device {device}", "device", device, 1
    if profile is not None:
        yield f"calls at {profile}", "profile", profile, 1
    for change in variant.links:
        more = (change.rate_mbps or 0.0) - rates.get(change.link, 0.0)
        if change.rate_mbps is not None and more > 0:
            yield f"{more:g} Mb/s more on {change.link}", "link-mbps", change.link, more
    for link in variant.new_links:
        yield f"{link.km:g} km of link {link.id}", "link-km", None, link.km


def _price(prices: Sequence[Price], what: str, ident: str | None) -> Price | None:
    """The price of this very thing, or else of any of its kind."""
    fitting = [price for price in prices if price.what == what and price.id in (ident, None)]
    return min(fitting, key=lambda price: price.id is None, default=None)
