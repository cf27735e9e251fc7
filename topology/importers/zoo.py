"""GraphML: the program's own, that of the Internet Topology Zoo, and what is like either.

The Zoo (Knight et al., "The Internet Topology Zoo", IEEE JSAC 29(9), 2011) has routers with
`label`, `Latitude`, `Longitude`, `Internal` (0: another network's) and `hyperedge` (a medium that
several sites share), and links with `LinkSpeed`, `LinkSpeedUnits`, `LinkSpeedRaw` (bit/s) or only a
`LinkLabel`. No lengths, no bridges, no MCU.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import networkx

from giaoban.errors import InputError, several
from giaoban.names import distinct, identifier, key
from giaoban.sentence import Sentence
from giaoban.table import perhaps_thousands
from giaoban.text import LONGEST, hidden_in, text_problem
from giaoban.tomlfile import read_text
from giaoban.topology.carrier_rates import CARRIERS_MBPS, KNOWN_RATES_MBPS, PER_STEP_MBPS
from giaoban.topology.importers.complete import MOST_LINKS, MOST_ROUTERS
from giaoban.topology.importers.draft import ACCESS_FIGURES, Draft, Line, Site, Values
from giaoban.topology.importers.graphml import PREFIX
from giaoban.topology.importers.nested import nested
from giaoban.topology.importers.words import SETTLES_LINK
from giaoban.topology.model import ID_LENGTH

_NODE_FIELDS = {"lat": ("latitude", "lat"), "lon": ("longitude", "lon", "lng")}
_EDGE_FIELDS = {
    "km": ("km", "lengthkm", "distancekm"),
    "rate_mbps": ("ratembps", "mbps", "bandwidthmbps", "capacitymbps"),
    "buffer_packets": ("bufferpackets",),
    "loss_pct": ("losspct",),
}
_NOT_GRAPHML = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What the reader of graphs says to XML that is no graph, or with values that are none."""
MOST_HOSTS, MOST_TAGS = 12_000, 500_000
_SOURCED = ("source", "source_vi", "assumed", "settled_by", "settled_by_vi")
_SPEED = ("LinkSpeedRaw", "LinkSpeed", "LinkLabel", "LinkType", "LinkNote")
_FREE_TEXT = ("label", "Edge Label")
"""What drawing programs call the text beside an edge, which may be anything."""


def read_graphml(path: Path) -> Draft:
    """What a GraphML file says. Raises `InputError` for what is no network."""
    text = read_text(path, "GraphML")
    _refuse_bombs(path, text)
    try:
        graph = networkx.parse_graphml(text, force_multigraph=True)
    except (ElementTree.ParseError, networkx.NetworkXException, *_NOT_GRAPHML) as error:
        raise InputError(
            "{path}: is not GraphML that can be read: {error}", path=path, error=error
        ) from None
    _refuse_hidden(path, graph)
    if not graph.number_of_nodes():
        raise InputError("{path}: holds no node", path=path)
    if any("kind" in values for _, values in graph.nodes(data=True)):
        return _own(path, graph)
    return _foreign(path, graph)


def _refuse_bombs(path: Path, text: str) -> None:
    """Before anything is made of it: entities that unfold, and more than a network has."""
    if "<!ENTITY" in text:
        raise InputError("{path}: declares entities, which GraphML needs none of", path=path)
    for tag, most in (("<node", MOST_ROUTERS + MOST_HOSTS), ("<edge", MOST_LINKS + MOST_HOSTS)):
        if (count := text.count(tag)) > most:
            raise InputError(
                "{path}: has {count} {tag}s (allowed: {most})",
                path=path,
                count=count,
                tag=tag[1:],
                most=most,
            )
    if text.count("<") > MOST_TAGS:
        raise InputError(
            "{path}: has more than {most_tags} tags, not a network of ours",
            path=path,
            most_tags=MOST_TAGS,
        )
    if hidden := hidden_in(text):
        raise InputError("{path}:{line}: {what}", path=path, line=hidden[0], what=hidden[1])


def _refuse_hidden(path: Path, graph: Any) -> None:
    """Texts that were written as references, as `&#x202e;`, and texts without end."""
    told = [(f"{path}", graph.graph)]
    told += [(f'{path}: node "{node}"', {"id": node, **v}) for node, v in graph.nodes(data=True)]
    for a, b, name, values in graph.edges(keys=True, data=True):
        told.append((f'{path}: edge "{a}" to "{b}"', {"key": name, **values}))
    wrong = (
        f"{where}: {key} = {str(value)[:60]!r}: {what}"
        for where, values in told
        for key, value in values.items()
        if (what := text_problem(str(value), LONGEST))
    )
    if found := list(wrong):
        raise several(found)


def _own(path: Path, graph: Any) -> Draft:
    """With nodes of a `kind`: routers, bridges and the MCU, as `graphml.export` writes them."""
    begins = f"{PREFIX}."
    settings = {k: v for k, v in graph.graph.items() if str(k).startswith(begins)}
    draft = Draft(path, [], [], nested(settings, path).get(PREFIX, {}))
    for node, values in graph.nodes(data=True):
        where = f'{path}: node "{node}"'
        given = {k: v for k, v in values.items() if k not in ("kind", "name", "label")}
        kind = values.get("kind")
        if kind not in ("router", "mcu", "bridge"):
            raise InputError(
                "{where}: kind = {kind} (allowed: router, mcu, bridge)",
                where=where,
                kind=repr(kind),
            )
        name = str(values.get("name") or values.get("label") or node)
        draft.sites.append(Site(kind, str(node), name, where, given))
    hosts = {site.id: site for site in draft.sites if site.kind != "router"}
    edges = list(graph.edges(keys=True, data=True))
    edges.sort(key=lambda edge: _order(path, edge[3].get("order", len(edges))))
    for a, b, edge, values in edges:
        where = f'{path}: edge "{values.get("id", edge)}"'
        given = {k: v for k, v in values.items() if k in (*ACCESS_FIGURES, *_SOURCED)}
        ends = [end for end in (str(a), str(b)) if end in hosts]
        if not ends:
            name = str(values.get("id", ""))
            near, far = str(values.get("a", a)), str(values.get("b", b))
            draft.lines.append(Line(name, near, far, where, given))
            continue
        host, router = hosts[ends[0]], str(b) if ends[0] == str(a) else str(a)
        if len(ends) > 1 or "router" in host.given:
            what = (
                Sentence("joins two hosts")
                if len(ends) > 1
                else Sentence('is a second line of "{host}"', host=host.id)
            )
            raise InputError(
                "{where}: {what} (allowed: each has one line, to a router)", where=where, what=what
            )
        host.given |= {**given, "router": router}
    for host in hosts.values():
        if "router" not in host.given:
            raise InputError("{where}: has no line (allowed: one, to a router)", where=host.where)
    return draft


def _foreign(path: Path, graph: Any) -> Draft:
    said = (graph.graph.get(word) for word in ("Network", "label", "name"))
    name = str(next((each for each in said if each), path.stem))
    draft = Draft(path, [], [], {"name": name, "id": identifier(name, ID_LENGTH, "n")})
    where_from = f"Internet Topology Zoo, {name}" if _is_zoo(graph) else path.name
    inside: dict[object, str] = {}
    taken: set[str] = set()
    outside = []
    for node, values in graph.nodes(data=True):
        label = str(values.get("label") or values.get("name") or node).strip()
        if _flag(values, "Internal", default=True) is False:
            outside.append(label)
            continue
        wanted = identifier(f"r-{label}", ID_LENGTH, "r")
        made = distinct(wanted, taken, ID_LENGTH)
        taken.add(made)
        inside[node] = made
        given: Values = {
            field: value
            for field, words in _NODE_FIELDS.items()
            if (value := _number(values, words, f'{path}: node "{node}"')) is not None
        }
        given["source"] = f"{where_from}, node {node}"
        shared = _flag(values, "hyperedge", default=False) is True
        where = f'{path}: node "{node}" ({label})'
        draft.sites.append(Site("router", made, label, where, given, meets=not shared))
    if outside:
        draft.notes.append(
            Sentence(
                "{n} {n:node|nodes} of other networks left out with their links: {nodes}",
                n=len(outside),
                nodes=", ".join(sorted(outside)),
            )
        )
    _links(draft, graph, inside, where_from)
    return draft


def _links(draft: Draft, graph: Any, inside: Mapping[object, str], where_from: str) -> None:
    """Links between the network's own nodes. A directed file has each of them up to two times."""
    one_way: dict[tuple[str, str], list[Line]] = {}  # whose other direction has not come yet
    joined: set[tuple[str, str]] = set()
    loops = parallel = 0
    for a, b, _, values in graph.edges(keys=True, data=True):
        if a not in inside or b not in inside:
            continue
        if a == b:
            loops += 1
            continue
        where = f'{draft.path}: edge "{a}" – "{b}"'
        given = _figures(values, where)
        line = Line("", inside[a], inside[b], where, given)
        given["source"] = f"{where_from}, edge {a} – {b}" + _said(values)
        pair = (min(line.a, line.b), max(line.a, line.b))
        back = one_way.get((line.b, line.a))
        if graph.is_directed() and back:
            same = next((other for other in back if not _differing(line, other)), None)
            if same is None:
                raise _other_both_ways(line, back[0])
            back.remove(same)
            continue
        parallel += pair in joined
        joined.add(pair)
        one_way.setdefault((line.a, line.b), []).append(line)
        draft.lines.append(line)
    if loops:
        draft.notes.append(Sentence("{n} {n:link|links} from a node to itself left out", n=loops))
    if parallel:
        draft.notes.append(
            Sentence(
                "{n} {n:link runs|links run} beside another one; each is a link of its own",
                n=parallel,
            )
        )


def _differing(line: Line, back: Line) -> list[str]:
    return [name for name in ACCESS_FIGURES if line.given.get(name) != back.given.get(name)]


def _other_both_ways(line: Line, back: Line) -> InputError:
    figure = _differing(line, back)[0]
    return InputError(
        "{where}: {figure} = {given}, but the other way it is {back} "
        "(allowed: links that are the same both ways)",
        where=line.where,
        figure=figure,
        given=line.given.get(figure),
        back=back.given.get(figure),
    )


def _figures(values: Mapping[str, Any], where: str) -> Values:
    given: Values = {
        field: value
        for field, words in _EDGE_FIELDS.items()
        if (value := _number(values, words, where)) is not None
    }
    if "rate_mbps" not in given and (mbps := _speed_mbps(values, where)) is not None:
        # a line's rate is not what is committed to the system
        given |= {"rate_mbps": mbps, "assumed": True}
        given |= {"settled_by": SETTLES_LINK.en, "settled_by_vi": SETTLES_LINK.vi}
    return given


def _speed_mbps(values: Mapping[str, Any], where: str) -> float | None:
    raw = _number(values, ("linkspeedraw",), where)
    if raw is not None and raw > 0:
        return raw / 1e6
    speed, units = str(values.get("LinkSpeed", "")), str(values.get("LinkSpeedUnits", ""))
    for text in (f"{speed} {units}".strip(), *(str(values.get(name, "")) for name in _SPEED[2:])):
        if text and (mbps := written_mbps(text)):
            return mbps
    return next(filter(None, (_beside(values, name) for name in _FREE_TEXT)), None)


def _beside(values: Mapping[str, Any], name: str) -> float | None:
    return written_mbps(str(values.get(name, "")), free=True)


def _said(values: Mapping[str, Any]) -> str:
    """What the file says of the rate, in its own words."""
    for name in _SPEED:
        if values.get(name):
            units = f" {values.get('LinkSpeedUnits', '')}".rstrip() if name == "LinkSpeed" else ""
            return f": {name} {values[name]}{units}"
    stated = (name for name in _FREE_TEXT if _beside(values, name))
    return next((f": {name} {values[name]}" for name in stated), "")


def _order(path: Path, value: object) -> float:
    if isinstance(value, int | float):
        return value
    raise InputError("{path}: order = {value} is not a number", path=path, value=repr(value))


def _is_zoo(graph: Any) -> bool:
    return "Topology Zoo" in str(graph.graph.get("Creator", ""))


def _flag(values: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = values.get(name)
    return default if value is None else str(value).strip().lower() not in ("0", "false", "0.0")


def _number(values: Mapping[str, Any], words: tuple[str, ...], where: str) -> float | None:
    for name, value in values.items():
        if key(str(name)) in words:
            try:
                return float(value)
            except (TypeError, ValueError):
                raise InputError(
                    "{where}: {name} = {value} is not a number",
                    where=where,
                    name=name,
                    value=repr(value),
                ) from None
    return None


_UNITS = {"k": 1e-3, "m": 1.0, "g": 1e3, "t": 1e6}
_JOINT = r"(?:[.,'’‘ʼ´`′·，．/^_+\s]+|e[+-]?)"
_NUMBER = rf"(?:(?<!\w)[.,])?\d+(?:{_JOINT}\d+)*"
"""With all that joins digits, so that no tail of a number is ever taken for one."""
_TIMES = r"\s*[x×*]\s*"
_WRITTEN = re.compile(
    rf"(?<!\d)((?:{_NUMBER}{_TIMES})*)({_NUMBER})\s*([kmgt])\s*"
    r"(b(?:it)?s?\s*(?:/\s*s(?:ec)?|ps)?)?\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_THOUSANDS = re.compile(
    r"([1-9][0-9]{0,2}([.,'’ \u00a0\u2007\u2009\u202f])[0-9]{3}(?:\2[0-9]{3})*)"
    r"(?:(?!\2)[.,]([0-9]+))?"
)
"""One kind of mark between all groups, and another one before decimals."""
_BYTES = re.compile(r"B(?!it|IT)")
"""Which people write for bits as well: nobody can tell."""
_TAIL = re.compile(rf"\d(?:{_JOINT}|{_TIMES})\d$", re.IGNORECASE)
_OC = re.compile(r"(?:(\d+)\s*[x×*]\s*)?\b(OC|STM|STS)[-\s]?(\d+)", re.IGNORECASE)
_CARRIER = re.compile(rf"(?:(\d+)\s*[x×*]\s*)?\b({'|'.join(CARRIERS_MBPS)})\b", re.IGNORECASE)
_ALONE = r"(?<![\dx×*])(?<![\dx×*]\s)\b"
"""With no number before it, as 2.5 or 4 x."""
_ETHERNET = (
    (re.compile(r"\b(100|40|25|10)\s*(?:gigabit ethernet|gig-?e\b|gbe\b|ge\b)", re.I), 1e3),
    (re.compile(rf"{_ALONE}(?:gigabit ethernet|gig-?e|gbe)\b", re.I), 1e3),
    (re.compile(rf"{_ALONE}fast ethernet\b", re.I), 100.0),
)


def written_mbps(text: str, *, free: bool = False) -> float | None:
    """The rate that a label states, in Mb/s; None if it states none, or a span or a limit.

    "10 Gbit/s", "2 x 155 Mbps", "OC-192c", "STM-4", "E3", "10GE", "Gigabit Ethernet".
    Thousands as in "1,048,576 kbps" or "1 250 Mbps" are read where there is no doubt; bytes are
    not, since who writes 10 MB/s may mean bits.
    `free`: the text may be anything, as the names of lines, e1 and e2, or lengths, 100 m; then only
    a number with a unit of bits is a rate.
    """
    if re.search(r"[<>≤≥]|\bto\b|\d\s*[kmgt]?\s*[-–]\s*\d", text, re.IGNORECASE):
        return None
    numbers = _CARRIER.sub(";", text)  # the 3 of E3/34 Mbps belongs to a name
    found = [each for each in _WRITTEN.finditer(numbers) if each[4] or not free]
    if not free and (match := _OC.search(text)):
        step_mbps = PER_STEP_MBPS[match[2].upper()] * float(match[3])
        return None if _is_tail(match) else _times(match[1]) * step_mbps
    for pattern, mbps in () if free else _ETHERNET:
        if match := pattern.search(text):
            return None if _is_tail(match) else mbps * (int(match[1]) if match.groups() else 1)
    if len(found) == 1:
        return _stated_mbps(found[0])
    if not found and not free and (match := _CARRIER.search(text)):
        return None if _is_tail(match) else _times(match[1]) * CARRIERS_MBPS[match[2].upper()]
    return None


def _is_tail(match: re.Match[str]) -> bool:
    """Whether it begins with digits that further ones are joined to, as 100 GE of 1,100 GE."""
    return _TAIL.search(match.string[: match.start() + 1]) is not None


def _stated_mbps(found: re.Match[str]) -> float | None:
    """None where in doubt: of bytes, of what may be thousands, of digits joined in other ways."""
    times, number, unit, bits = found.groups()
    factor = re.fullmatch(rf"([0-9]+){_TIMES}", times) if times else None
    if (times and not factor) or _BYTES.match(bits or ""):
        return None
    if _PLAIN.fullmatch(number):
        known = KNOWN_RATES_MBPS if unit in "mM" else ()
        if unit in "kKmM" and perhaps_thousands(number, known):
            return None
        value = float(number.replace(",", "."))
    elif groups := _THOUSANDS.fullmatch(number):
        before = found.string[: found.start()].rstrip()
        if groups[2].isspace() and not times and before and before[-1] not in ":;,=([|":
            return None  # as in "line 3 155 Mbps"
        value = float(re.sub(r"\D", "", groups[1]) + "." + (groups[3] or "0"))
    else:
        return None
    return _times(factor and factor[1]) * value * _UNITS[unit.lower()]


def _times(text: str | None) -> float:
    return float(text) if text else 1
