"""What is wrong with a scenario's faults in its network: unknown places, no effect, overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from giaoban.scenarios.spec.faults.effects import idle
from giaoban.scenarios.spec.faults.kind import FaultContext, FaultKind, KeyMistake
from giaoban.scenarios.spec.impairment import Impairment, hops_of
from giaoban.sentence import Sentence
from giaoban.tomlfile import Mistake
from giaoban.topology.network import Hop


def mistakes(
    faults: Sequence[FaultKind],
    impairments: Sequence[Impairment],
    context: FaultContext,
    length_s: float,
) -> Iterator[Mistake]:
    """All of them; the phases last `length_s`."""
    unknown = [m for n, fault in enumerate(faults) for m in _at(n, fault.unknown(context))]
    yield from unknown
    for number, fault in enumerate(faults):
        yield from _at(number, fault.mistimed(context, length_s))
    if unknown:
        return
    for number, fault in enumerate(faults):
        yield from _at(number, fault.in_vain(context, alone=len(faults) == 1))
    for number in idle([fault.effects(context) for fault in faults]):
        what = Sentence(
            "does nothing that another fault does not do at the same time (allowed: one of them)"
        )
        yield ("fault", number), None, what
    yield from _overlaps(faults, impairments, context)


def _at(number: int, found: Iterable[KeyMistake]) -> Iterator[Mistake]:
    for key, value, what in found:
        yield ("fault", number, key), value, what


def _overlaps(
    faults: Sequence[FaultKind], impairments: Sequence[Impairment], context: FaultContext
) -> Iterator[Mistake]:
    """Lines that are made worse twice at the same time."""
    taken: list[tuple[Hop, float, float, str]] = [
        (hop, *item.span_s, "an impairment")
        for item in impairments
        for hop in hops_of(item, context.network)
    ]
    for number, fault in enumerate(faults):
        from_s, to_s = fault.span_s
        hops = fault.worse_hops(context.network)
        for hop, a, b, whose in taken:
            if hop in hops and a < to_s and from_s < b:
                what = Sentence(
                    "overlaps {whose} of {link} {direction} (allowed: one at a time)",
                    whose=whose,
                    link=hop.link,
                    direction=hop.direction,
                )
                yield ("fault", number, "at_s"), fault.at_s, what
                break
        taken += [(hop, from_s, to_s, "another fault") for hop in hops]
