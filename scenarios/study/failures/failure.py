"""Which failures a network can have, and which of them are tried. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, Protocol

from giaoban.errors import InputError, did_you_mean
from results.model.failures import Element, FailureKind
from scenarios.faults.graph import may_carry
from topology.model import ACCESS_PREFIX
from topology.network import NetLink, Network, Node
from topology.validate import access_link_id

RESTORED = frozenset({"cut", "silent", "group"})
"""What is mended while the meeting goes on. A router, a site and the MCU take longer to start than
the meeting of a trial lasts, so they stay down."""
LinkKind = Literal["cut", "silent"]
LINK_KINDS: tuple[LinkKind, ...] = ("cut", "silent")
"""Its light goes out; or it stays on at the ends, as most leased circuits have it."""
ACCESS_FAILS = (f"cut:{ACCESS_PREFIX}", f"silent:{ACCESS_PREFIX}")


class LinkGroup(Protocol):
    """A shared-risk group of the province: one cable, several links."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def links(self) -> list[str]: ...


@dataclass(frozen=True)
class Failure:
    """What fails in one emulation.

    `faults` are the `[[fault]]` tables without their times. `own`: bridges of which it takes the
    power or the only line, so that no network could keep them. `usual`: among those tried if
    nothing else is said.
    """

    id: str
    kind: FailureKind
    name_en: str
    name_vi: str
    elements: tuple[Element, ...]
    faults: tuple[dict[str, object], ...]
    own: tuple[str, ...] = ()
    usual: bool = False

    @property
    def restored(self) -> bool:
        """Whether it is mended within the run."""
        return all(fault["kind"] in RESTORED for fault in self.faults)


def possible(network: Network, groups: Sequence[LinkGroup] = ()) -> dict[str, Failure]:
    """Every single failure by its id: links, routers, sites, groups, the MCU, silent links.

    Links that would carry no call whatever else failed are left out, and what has only such.
    """
    links = [link for link in network.links if may_carry(network, link.id)]
    in_use = {link.id for link in links}
    made = [
        *(_link(network, link, kind) for link in links for kind in LINK_KINDS),
        *(
            _router(network, router)
            for router in network.routers
            if any(link.id in in_use for link in network.links_at(router.id))
        ),
        *_sites(network),
        *(_group(network, group) for group in groups if in_use & set(group.links)),
        _mcu(network.mcu),
    ]
    return {failure.id: failure for failure in made}


def pairs(network: Network, singles: Collection[Failure]) -> list[Failure]:
    """Every two of the backbone's links (cut) and the routers at once.

    A router takes its links with it, so it makes no pair with one of them.
    """
    able = [f for f in singles if f.usual and f.kind in ("cut", "router")]
    able = [f for f in able if not f.id.startswith(ACCESS_FAILS)]
    found = []
    for a, b in combinations(sorted(able, key=lambda f: f.id), 2):
        names = {a.elements[0].id, b.elements[0].id}
        if not any(link.id in names and names & {link.a, link.b} for link in network.links):
            found.append(pair(a, b))
    return found


def pair(a: Failure, b: Failure) -> Failure:
    """Two failures at the same moment."""
    first, second = sorted((a, b), key=lambda f: f.id)
    return Failure(
        id=f"{first.id}+{second.id}",
        kind="pair",
        name_en=f"{first.name_en} and {second.name_en}",
        name_vi=f"{first.name_vi} và {second.name_vi}",
        elements=(*first.elements, *second.elements),
        faults=(*first.faults, *second.faults),
        own=tuple(dict.fromkeys((*first.own, *second.own))),
    )


def chosen(
    network: Network,
    singles: dict[str, Failure],
    *,
    only: Sequence[str] = (),
    with_pairs: bool = False,
    access: bool = False,
    mcu: bool = False,
) -> list[Failure]:
    """What is to be tried, in a fixed order.

    Args:
        only: nothing but these ids, pairs too.
        with_pairs: every pair beside the single failures.
        access, mcu: each bridge's access link, and the MCU, beside the usual ones.

    Raises `InputError` for an unknown id.
    """
    if only:
        return [find(singles, ident) for ident in dict.fromkeys(only)]
    found = [
        f
        for f in singles.values()
        if f.usual or (mcu and f.kind == "mcu") or (access and f.id.startswith(ACCESS_FAILS))
    ]
    return found + (pairs(network, singles.values()) if with_pairs else [])


def find(singles: dict[str, Failure], ident: str) -> Failure:
    """A failure by its id, `A+B` for a pair. Raises `InputError` with a suggestion."""
    parts = ident.split("+")
    for part in parts:
        if part not in singles:
            near = did_you_mean(part, singles) or f"; there are {', '.join(sorted(singles))}"
            raise InputError(f'--only = "{ident}": no such failure: "{part}"{near}')
    if len(parts) == 1:
        return singles[ident]
    if len(parts) > 2 or parts[0] == parts[1]:
        raise InputError(f'--only = "{ident}": a pair is two different failures, "A+B"')
    return pair(singles[parts[0]], singles[parts[1]])


def _link(network: Network, link: NetLink, kind: LinkKind) -> Failure:
    ends_en, ends_vi = ends_of(network, link)
    names = {
        "cut": (f"{ends_en} cut", f"Đứt {ends_vi}"),
        "silent": (
            f"{ends_en} lit, but its packets gone",
            f"Mất gói trên {ends_vi} (vẫn còn tín hiệu quang)",
        ),
    }
    name_en, name_vi = names[kind]
    return Failure(
        id=f"{kind}:{link.id}",
        kind=kind,
        name_en=name_en,
        name_vi=name_vi,
        elements=(Element(kind="link", id=link.id),),
        faults=({"kind": kind, "link": link.id},),
        own=_own(network, links=[link.id]),
        usual=_usual(network, link),
    )


def _usual(network: Network, link: NetLink) -> bool:
    return link.kind == "backbone" or link.id == access_link_id(network.mcu.id)


def _own(
    network: Network, *, links: Collection[str] = (), router: str | None = None
) -> tuple[str, ...]:
    """The bridges whose only line is one of these links, or ends at this router."""
    lines = {bridge.id: network.access_link(bridge.id) for bridge in network.bridges}
    return tuple(who for who, line in lines.items() if line.id in links or line.b == router)


def _router(network: Network, router: Node) -> Failure:
    return Failure(
        id=f"router:{router.id}",
        kind="router",
        name_en=f"router {router.name} down",
        name_vi=f"Hỏng bộ định tuyến {router.name}",
        elements=(Element(kind="router", id=router.id),),
        faults=({"kind": "router", "router": router.id},),
        own=_own(network, router=router.id),
        usual=True,
    )


def _sites(network: Network) -> Iterator[Failure]:
    """The usual ones are one a router: its power fails once, however many bridges hang on it."""
    seen: set[str] = set()
    for bridge in network.bridges:
        router = network.access_link(bridge.id).b
        yield Failure(
            id=f"site:{bridge.id}",
            kind="site",
            name_en=f"power out at {bridge.name}",
            name_vi=f"Mất điện tại {bridge.name}",
            elements=(Element(kind="bridge", id=bridge.id),),
            faults=({"kind": "site", "bridge": bridge.id},),
            own=_own(network, router=router),
            usual=router not in seen,
        )
        seen.add(router)


def _group(network: Network, group: LinkGroup) -> Failure:
    return Failure(
        id=f"group:{group.id}",
        kind="group",
        name_en=f"cable {group.name} cut ({', '.join(group.links)})",
        name_vi=f"Đứt cáp chung {group.name} ({', '.join(group.links)})",
        elements=(Element(kind="group", id=group.id),),
        faults=({"kind": "group", "group": group.id},),
        own=_own(network, links=group.links),
        usual=True,
    )


def _mcu(node: Node) -> Failure:
    return Failure(
        id="mcu",
        kind="mcu",
        name_en="MCU down",
        name_vi="Hỏng hệ thống điều khiển đa điểm (MCU)",
        elements=(Element(kind="mcu", id=node.id),),
        faults=({"kind": "mcu"},),
    )


def ends_of(network: Network, link: NetLink) -> tuple[str, str]:
    """What people call a link, in English and Vietnamese, within a sentence."""
    a, b = (network.node(end).name for end in (link.a, link.b))
    if link.kind == "access":
        return f"access link of {a}", f"đường truy nhập của {a}"
    return f"link {a} – {b}", f"đường truyền {a} – {b}"
