"""Which failure cases a network can have, which of them are tried, and which are accepted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from giaoban.errors import InputError, near_names
from giaoban.scenarios.spec.faults.kind import FailureCase, FaultContext
from giaoban.scenarios.spec.faults.kinds import KINDS
from giaoban.scenarios.spec.scenario import Accepted
from giaoban.sentence import N_, Sentence, message
from giaoban.tomlfile import Mistake
from giaoban.topology.model import Group
from giaoban.topology.network import Network

PAIR = "pair"


def possible(network: Network, groups: Sequence[Group] = ()) -> dict[str, FailureCase]:
    """Every single failure by its id, part by part of the network: links, routers, sites, …

    Links that would carry no call whatever else failed are left out, and what has only such.
    """
    context = FaultContext(network, groups)
    by_part: dict[tuple[str, str], list[FailureCase]] = {}
    for kind in KINDS:
        for case in kind.cases(context):
            [part] = case.elements
            by_part.setdefault((part.kind, part.id), []).append(case)
    return {case.id: case for cases in by_part.values() for case in cases}


def pairs(network: Network, singles: Collection[FailureCase]) -> list[FailureCase]:
    """Every two of the backbone's links (cut) and the routers at once.

    A router takes its links with it, so it makes no pair with one of them.
    """
    found = []
    able = (case for case in singles if case.in_pairs)
    for a, b in combinations(sorted(able, key=lambda case: case.id), 2):
        names = {a.elements[0].id, b.elements[0].id}
        if not any(link.id in names and names & {link.a, link.b} for link in network.links):
            found.append(pair(a, b))
    return found


def pair(a: FailureCase, b: FailureCase) -> FailureCase:
    """Two failures at the same moment."""
    first, second = sorted((a, b), key=lambda case: case.id)
    return FailureCase(
        id=f"{first.id}+{second.id}",
        kind=PAIR,
        name=_both(first.name, second.name),
        elements=(*first.elements, *second.elements),
        faults=(*first.faults, *second.faults),
        point=_both(first.point, second.point),
        own=tuple(dict.fromkeys((*first.own, *second.own))),
        mended=first.mended and second.mended,
    )


def _both(first: Sentence, second: Sentence) -> Sentence:
    return message(N_("{first} and {second}"), first=first, second=second)


def chosen(
    network: Network,
    singles: dict[str, FailureCase],
    *,
    only: Sequence[str] = (),
    with_pairs: bool = False,
    access: bool = False,
    mcu: bool = False,
) -> list[FailureCase]:
    """What is to be tried, in a fixed order.

    Args:
        only: nothing but these ids, pairs too.
        with_pairs: every pair beside the single failures.
        access, mcu: each bridge's access link, and the MCU, beside the usual ones.

    Raises `InputError` for an unknown id.
    """
    if only:
        return [find(singles, ident) for ident in dict.fromkeys(only)]
    wanted = {"usual", *(["access"] if access else []), *(["mcu"] if mcu else [])}
    found = [case for case in singles.values() if case.tried in wanted]
    return found + (pairs(network, singles.values()) if with_pairs else [])


def find(singles: dict[str, FailureCase], ident: str) -> FailureCase:
    """A failure by its id, `A+B` for a pair. Raises `InputError` with a suggestion."""
    parts = ident.split("+")
    for part in parts:
        if part not in singles:
            near = near_names("failure", part, singles) or Sentence(
                "; there are {singles}", singles=", ".join(sorted(singles))
            )
            raise InputError(
                '--only = "{ident}": no such failure: "{part}"{near}',
                ident=ident,
                part=part,
                near=near,
            )
    if len(parts) == 1:
        return singles[ident]
    if len(parts) > 2 or parts[0] == parts[1]:
        raise InputError('--only = "{ident}": a pair is two different failures, "A+B"', ident=ident)
    return pair(singles[parts[0]], singles[parts[1]])


def acceptance_mistakes(
    accepted: Sequence[Accepted], network: Network, groups: Sequence[Group]
) -> Iterator[Mistake]:
    """Single points of failure that a scenario accepts and the network cannot have, pairs, and what
    is accepted twice."""
    if not accepted:
        return
    known = possible(network, groups)
    seen: set[str] = set()
    for number, item in enumerate(accepted):
        loc = ("accepted", number, "failure")
        if "+" in item.failure:
            what = Sentence(
                "two failures at once are no single point of failure (allowed: one of them)"
            )
            yield loc, item.failure, what
        elif item.failure not in known:
            near = near_names("failure", item.failure, known)
            yield loc, item.failure, Sentence("no such failure{near}", near=near)
        elif item.failure in seen:
            yield loc, item.failure, Sentence("is accepted already (allowed: once)")
        seen.add(item.failure)
