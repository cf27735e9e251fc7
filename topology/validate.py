"""Checks across the records of a province: what no record can know about itself.

Pure: each check returns `Mistake`s, so that a caller who knows the file can name its lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from giaoban.errors import InputError, near_names, several
from giaoban.names import access_link_id
from giaoban.sentence import N_, Sentence
from giaoban.tomlfile import Loc, dotted, shown_value
from giaoban.topology.addressing import allocate
from giaoban.topology.lines.bandwidth_profile import BandwidthProfile, Ends, clashes
from giaoban.topology.model import Access, BridgeSpec, Link, LinkChange, Province

UNKNOWN_ROUTER = Sentence("unknown router")


class Mistake(NamedTuple):
    """One mistake: where (inside the file, or inside the list given), the value, what is wrong."""

    loc: Loc
    value: object
    what: Sentence

    @property
    def said(self) -> Sentence:
        """All of it."""
        shown = shown_value(self.value)
        return Sentence("{key}{shown}: {what}", key=dotted(self.loc), shown=shown, what=self.what)


def raise_mistakes(within: str, mistakes: Sequence[Mistake]) -> None:
    """Raise one `InputError` naming every mistake, if there is any; `within` names the list."""
    if mistakes:
        placed = (mistake._replace(loc=(within, *mistake.loc)) for mistake in mistakes)
        raise several(mistake.said for mistake in placed)


def province_mistakes(province: Province) -> list[Mistake]:
    """Everything wrong across the records of a province; empty for a sound one."""
    mistakes = [*_duplicates(province), *_ends(province), *_chair(province), *_groups(province)]
    if not mistakes:  # these need ends and ids that can be trusted
        mistakes += [*_pieces(province), *_addresses(province), *profile_mistakes(province)]
    return mistakes


def bridge_mistakes(province: Province, extra: Sequence[BridgeSpec]) -> list[Mistake]:
    """What is wrong with bridges that a scenario adds; `loc` begins with the list index."""
    taken = {node: Sentence(_OF_THE_PROVINCE[kind]) for node, (kind, _) in _nodes(province)}
    routers = [router.id for router in province.routers]
    mistakes = []
    for index, bridge in enumerate(extra):
        if bridge.id in taken:
            what = Sentence(
                "already exists as {taken} (allowed: an id not in use)", taken=taken[bridge.id]
            )
            mistakes.append(Mistake((index, "id"), bridge.id, what))
        taken.setdefault(bridge.id, Sentence("new bridge [{index}]", index=index))
        if bridge.router not in routers:
            mistakes.append(_unknown((index, "router"), bridge.router, routers))
        if bridge.role == "chair":
            what = Sentence(
                'a new bridge cannot chair, "{chair}" does (allowed: "branch")',
                chair=province.chair.id,
            )
            mistakes.append(Mistake((index, "role"), bridge.role, what))
    if extra:
        mistakes += profile_mistakes(province, extra)
    return mistakes


def change_mistakes(
    province: Province, extra: Sequence[BridgeSpec], changes: Sequence[LinkChange]
) -> list[Mistake]:
    """What is wrong with the link changes of a scenario; `loc` begins with the list index."""
    records = _records(province, extra)
    mistakes = []
    twice = {mistake.loc[0]: mistake for mistake in changed_twice(changes)}
    for index, change in enumerate(changes):
        if change.link not in records:
            loc: Loc = (index, "link")
            mistakes.append(
                _unknown(loc, change.link, [*records], Sentence("unknown link"), "link")
            )
        elif index in twice:
            mistakes.append(twice[index])
        elif change.profile is not None:
            ends = _ends_of(records[change.link])
            mistakes += _profiles(change.profile, ends, (index, "profile"))
    return mistakes


def changed_twice(changes: Sequence[LinkChange]) -> Iterator[Mistake]:
    """Changes of a link that an earlier one changes already; `loc` begins with the list index."""
    seen: set[str] = set()
    for index, change in enumerate(changes):
        if change.link in seen:
            what = Sentence("is changed twice (allowed: one change a link)")
            yield Mistake((index, "link"), change.link, what)
        seen.add(change.link)


def _records(province: Province, extra: Sequence[BridgeSpec]) -> dict[str, Link | Access]:
    """What the province, or a new bridge, says of each link."""
    hosts: list[Access] = [province.mcu, *province.bridges, *extra]
    access = {access_link_id(host.id): host for host in hosts}
    return {**{link.id: link for link in province.links}, **access}


def profile_mistakes(province: Province, extra: Sequence[BridgeSpec] = ()) -> list[Mistake]:
    """What is wrong with bandwidth profiles; `loc` of new bridges begins with the list index."""
    found: list[Mistake] = []
    if not extra:
        for i, link in enumerate(province.links):
            found += _profiles(link.profile, _ends_of(link), ("link", i, "profile"))
        mcu = province.mcu
        found += _profiles(mcu.profile, _ends_of(mcu), ("mcu", "profile"))
    for i, bridge in enumerate(extra or province.bridges):
        loc: Loc = (i, "profile") if extra else ("bridge", i, "profile")
        found += _profiles(bridge.profile, _ends_of(bridge), loc)
    return found


def _ends_of(record: Link | Access) -> Ends:
    if isinstance(record, Link):
        return Ends(record.id, record.a, record.b)
    return Ends(access_link_id(record.id), record.id, record.router, access=True)


def _profiles(profiles: list[BandwidthProfile], ends: Ends, loc: Loc) -> Iterator[Mistake]:
    for n, each in enumerate(profiles):
        if not ends.sources(each.direction):
            what = Sentence(
                "is no direction of {link_id} (allowed: {ways})",
                link_id=ends.link,
                ways=", ".join(ends.directions),
            )
            yield Mistake((*loc, n, "direction"), each.direction, what)
    for n in clashes(profiles, ends):
        what = Sentence("is about a direction of an earlier profile (allowed: one a direction)")
        yield Mistake((*loc, n, "direction"), profiles[n].direction, what)


def pieces(nodes: Iterable[str], links: Iterable[tuple[str, str]]) -> list[list[str]]:
    """The connected pieces of a graph, each sorted, largest first, then by name."""
    neighbours: dict[str, set[str]] = {node: set() for node in nodes}
    for a, b in links:
        neighbours[a].add(b)
        neighbours[b].add(a)
    left = dict.fromkeys(neighbours)
    found = []
    while left:
        reached: set[str] = set()
        front = [next(iter(left))]
        while front:
            node = front.pop()
            if node not in reached:
                reached.add(node)
                front.extend(neighbours[node] - reached)
        for node in reached:
            del left[node]
        found.append(sorted(reached))
    return sorted(found, key=lambda piece: (-len(piece), piece))


_OF_THE_PROVINCE = {
    "router": N_("a router of the province"),
    "mcu": N_("the MCU of the province"),
    "bridge": N_("a bridge of the province"),
}


def _nodes(province: Province) -> Iterator[tuple[str, tuple[str, int]]]:
    for i, router in enumerate(province.routers):
        yield router.id, ("router", i)
    yield province.mcu.id, ("mcu", 0)
    for i, bridge in enumerate(province.bridges):
        yield bridge.id, ("bridge", i)


def _duplicates(province: Province) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for node, (kind, index) in _nodes(province):
        loc: Loc = (kind, "id") if kind == "mcu" else (kind, index, "id")
        if node in seen:
            what = Sentence(
                "is taken by {seen} (allowed: an id that no other node has)", seen=seen[node]
            )
            yield Mistake(loc, node, what)
        seen.setdefault(node, dotted(loc[:-1]))
    for link, count in Counter(link.id for link in province.links).items():
        if count > 1:
            places = [i for i, other in enumerate(province.links) if other.id == link]
            what = Sentence(
                "is taken by link[{places}] (allowed: an id that no other link has)",
                places=places[0],
            )
            yield Mistake(("link", places[1], "id"), link, what)


def _ends(province: Province) -> Iterator[Mistake]:
    routers = [router.id for router in province.routers]
    known = set(routers)
    for i, link in enumerate(province.links):
        for end, name in (("a", link.a), ("b", link.b)):
            if name not in known:
                what = Sentence("a link to nowhere, unknown router")
                yield _unknown(("link", i, end), name, routers, what)
        if link.a == link.b:
            what = Sentence("a link from a router to itself (allowed: two different routers)")
            yield Mistake(("link", i, "b"), link.b, what)
    if province.mcu.router not in known:
        yield _unknown(("mcu", "router"), province.mcu.router, routers)
    for i, bridge in enumerate(province.bridges):
        if bridge.router not in known:
            yield _unknown(("bridge", i, "router"), bridge.router, routers)


def _chair(province: Province) -> Iterator[Mistake]:
    chairs = [(i, b.id) for i, b in enumerate(province.bridges) if b.role == "chair"]
    if not chairs:
        what = Sentence('no bridge has role = "chair" (allowed: exactly one)')
        yield Mistake(("bridge",), None, what)
    for i, bridge in chairs[1:]:
        what = Sentence(
            '"{bridge}" is a second chair bridge beside "{chairs}" (allowed: exactly one)',
            bridge=bridge,
            chairs=chairs[0][1],
        )
        yield Mistake(("bridge", i, "role"), "chair", what)


def _groups(province: Province) -> Iterator[Mistake]:
    """Links that a shared-risk group names, and names that are there twice."""
    hosts = [province.mcu.id, *(bridge.id for bridge in province.bridges)]
    links = [*(link.id for link in province.links), *map(access_link_id, hosts)]
    first: dict[str, int] = {}
    for i, group in enumerate(province.groups):
        if group.id in first:
            what = Sentence(
                "is taken by group[{first}] (allowed: an id that no other group has)",
                first=first[group.id],
            )
            yield Mistake(("group", i, "id"), group.id, what)
        first.setdefault(group.id, i)
        for n, link in enumerate(group.links):
            if link not in links:
                yield _unknown(
                    ("group", i, "links", n), link, links, Sentence("unknown link"), "link"
                )
            elif link in group.links[:n]:
                what = Sentence("is in the group twice (allowed: each link once)")
                yield Mistake(("group", i, "links", n), link, what)


def _pieces(province: Province) -> Iterator[Mistake]:
    found = pieces((r.id for r in province.routers), ((k.a, k.b) for k in province.links))
    if len(found) > 1:
        named = "; ".join("[" + ", ".join(piece) + "]" for piece in found)
        what = Sentence(
            "the province is in {number} pieces that no link joins: {named} "
            "(allowed: every router reaches every other)",
            number=len(found),
            named=named,
        )
        yield Mistake(("link",), None, what)


def _addresses(province: Province) -> Iterator[Mistake]:
    plan = province.addressing
    hosts = [province.mcu.id, *(bridge.id for bridge in province.bridges)]
    for key, span, links in (
        ("backbone", plan.backbone, [link.id for link in province.links]),
        ("access", plan.access, [access_link_id(host) for host in hosts]),
    ):
        try:
            allocate(span, links)
        except InputError as error:
            yield Mistake(
                ("addressing", key),
                span,
                Sentence("{error} (allowed: a larger private range)", error=error),
            )


def _unknown(
    loc: Loc, name: str, known: Sequence[str], what: Sentence = UNKNOWN_ROUTER, kind: str = "router"
) -> Mistake:
    return Mistake(
        loc, name, Sentence("{what}{near}", what=what, near=near_names(kind, name, known))
    )
