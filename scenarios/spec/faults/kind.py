"""What each kind of fault answers for itself, and what several kinds have in common.

A kind is a module in `giaoban.scenarios.spec.faults.kinds`: how a `[[fault]]` table of it is
written, what is wrong with one, what it does to the network, its words, and as which failure cases
`giaoban faults` tries it. Everybody else asks the kind.

`at_s` and `to_s` (restored) are seconds after the first phase began; without `to_s` a fault lasts
to the end.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, Self, get_args

from pydantic import Field, model_validator

from giaoban.errors import unknown
from giaoban.provenance import Text
from giaoban.results.model.faults import FaultTarget
from giaoban.results.model.quantities import Id
from giaoban.results.model.studies.failures import Element
from giaoban.scenarios.spec.faults.effects import DIGITS, FOREVER_S, Effect
from giaoban.scenarios.spec.faults.graph import carrying_links
from giaoban.scenarios.spec.hops import crossed_hops, hops_along, no_direction
from giaoban.scenarios.spec.impairment import LinePlan
from giaoban.sentence import N_, Sentence, message
from giaoban.tomlfile import StrictModel
from giaoban.topology.lines.bandwidth_profile import BOTH
from giaoban.topology.lines.impairments import LineImpairment
from giaoban.topology.model import Group
from giaoban.topology.network import Hop, NetLink, Network

LONGEST_S = 10_800
LATEST_S = 2.0
"""A fault that begins later than this before the end cannot show what it does: a second without
sound or picture is what counts as cut off."""

At = Annotated[float, Field(ge=0, le=LONGEST_S)]
To = Annotated[float, Field(gt=0, le=LONGEST_S)]
Seconds = Annotated[float, Field(ge=0.001, le=LONGEST_S)]

KeyMistake = tuple[str, object, Sentence]
"""The key of a `[[fault]]` table, its value, and what is wrong with it."""
NEVER = Sentence("carries no call, and would carry none whatever else failed")


class BootTimes(NamedTuple):
    """How long equipment takes to start, where a fault does not say."""

    bridge_s: float
    mcu_s: float


AT_ONCE = BootTimes(0.0, 0.0)


@dataclass(frozen=True)
class FaultContext:
    """In which network faults happen. `groups` are the province's shared-risk groups."""

    network: Network
    groups: Sequence[Group] = ()
    boot_times: BootTimes = AT_ONCE

    @cached_property
    def carrying(self) -> frozenset[str]:
        """The links that a call may take, if only enough others fail."""
        return carrying_links(self.network)

    def names(self, target: FaultTarget) -> list[str]:
        """The ids of all that a fault of such a target can be at."""
        if target == "group":
            return [group.id for group in self.groups]
        if target == "link":
            return [link.id for link in self.network.links]
        return [node.id for node in self.network.nodes if node.kind == target]

    @property
    def carrying_links(self) -> list[NetLink]:
        """Those links, in the network's order."""
        return [link for link in self.network.links if link.id in self.carrying]

    def carries(self, router: str) -> bool:
        """Whether a call may take a router."""
        return any(link.id in self.carrying for link in self.network.links_at(router))

    @cached_property
    def crossed(self) -> set[Hop]:
        """Where calls' packets pass as long as nothing has failed."""
        return crossed_hops(self.network)

    def own_bridges(self, *, links: Collection[str] = (), router: str | None = None) -> list[str]:
        """The bridges whose only line is one of these links, or ends at this router."""
        lines = {bridge.id: self.network.access_link(bridge.id) for bridge in self.network.bridges}
        return [who for who, line in lines.items() if line.id in links or line.b == router]


@dataclass(frozen=True)
class FailureCase:
    """What fails in one emulation of `giaoban faults`.

    Attributes:
        faults: the `[[fault]]` tables without their times.
        point: what people call the thing that fails, within a sentence.
        own: bridges of which it takes the power or the only line, so that no network could keep
            them.
        tried: if nothing else is said (`usual`), with an option, or if it is named (`only`).
        mended: within the trial. What takes longer to start than its meeting lasts stays down.
        in_pairs: whether it is tried together with others, too.
        accepted_as: the case whose acceptance holds for this one as well.
    """

    id: str
    kind: str
    name: Sentence
    elements: tuple[Element, ...]
    faults: tuple[dict[str, object], ...]
    point: Sentence
    own: tuple[str, ...] = ()
    tried: Literal["usual", "access", "mcu", "only"] = "usual"
    mended: bool = False
    in_pairs: bool = False
    accepted_as: str | None = None


class FaultKind(StrictModel):
    """One `[[fault]]` table, and all that is known of its kind."""

    target: ClassVar[FaultTarget]
    cause: ClassVar[str]
    """Why a bridge is interrupted by it, as minutes say it; `remedy` what is done (Art. 16(2)d)."""
    remedy: ClassVar[str]
    kind: str
    """What fails."""
    at_s: At
    """When, in seconds after the first phase began."""
    to_s: To | None = None
    """Until when, in seconds; for good where not given."""
    accepted: Literal["all"] | Annotated[list[Id], Field(min_length=1)] | None = None
    """Ids of the bridges that may be interrupted by it, or `"all"`: no criterion judges their
    interruption. Like `["north"]`."""
    accepted_reason: Text | None = None
    """Why that is accepted. Like `"a second line is ordered for 2027"`."""
    accepted_reason_vi: Text | None = None
    """The same in Vietnamese; `accepted_reason` where not given. Like `"đã đặt đường truyền thứ hai
    cho năm 2027"`."""

    @model_validator(mode="after")
    def _accepts_with_reason(self) -> Self:
        if (self.accepted is None) != (self.accepted_reason is None):
            raise ValueError(Sentence("accepted and accepted_reason need each other"))
        if self.accepted_reason_vi is not None and self.accepted_reason is None:
            raise ValueError(Sentence("accepted_reason_vi needs accepted_reason"))
        return self

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.to_s is not None and self.to_s <= self.at_s:
            raise ValueError(Sentence("to_s is not after at_s"))
        return self

    def accepts(self, bridge: str) -> bool:
        """Return whether this bridge may be interrupted by it."""
        return self.accepted == "all" or bridge in (self.accepted or ())

    @classmethod
    def name(cls) -> str:
        """What stands in `kind`."""
        [name] = get_args(cls.model_fields["kind"].annotation)
        return str(name)

    @classmethod
    def case_id(cls, element: str) -> str:
        """The id of the failure case in which this happens to a part of the network."""
        return cls.name() if cls.target == "mcu" else f"{cls.name()}:{element}"

    @property
    def span_s(self) -> tuple[float, float]:
        """From when to when, by the scenario's times."""
        return self.at_s, FOREVER_S if self.to_s is None else self.to_s

    def target_id(self, network: Network) -> str:
        """The id of what it is at; the key of its table is called as what that is."""
        return network.mcu.id if self.target == "mcu" else str(getattr(self, self.target))

    @abstractmethod
    def words(self) -> Sentence:
        """What happens, not where or when."""

    # ------------------------------------------------------------------------------ what is wrong

    def unknown(self, context: FaultContext) -> Iterator[KeyMistake]:
        """Names that nothing has, and directions that a link does not have."""
        name, known = self.target_id(context.network), context.names(self.target)
        if name not in known:
            yield self.target, name, unknown(self.target, name, known)
        bridges = context.names("bridge")
        for bridge in [] if self.accepted in (None, "all") else self.accepted or ():
            if bridge not in bridges:
                yield "accepted", bridge, unknown("bridge", bridge, bridges)

    def mistimed(self, context: FaultContext, length_s: float) -> Iterator[KeyMistake]:
        """What comes after the run, or too late in it to be seen."""
        latest_s = length_s - LATEST_S
        if self.at_s >= length_s:
            what = Sentence(
                "is after the run (allowed: up to {latest_s} s)", latest_s=f"{latest_s:g}"
            )
            yield "at_s", self.at_s, what
        elif self.at_s > latest_s:
            what = Sentence(
                "is too late for its effect to be seen (allowed: up to {latest_s} s)",
                latest_s=f"{latest_s:g}",
            )
            yield "at_s", self.at_s, what
        if self.to_s is not None and self.to_s >= length_s:
            what = Sentence(
                "is after the run (allowed: below {length_s} s, or no to_s)",
                length_s=f"{length_s:g}",
            )
            yield "to_s", self.to_s, what
        else:
            yield from self.mistimed_end(context, length_s)

    def mistimed_end(self, _context: FaultContext, _length_s: float) -> Iterator[KeyMistake]:
        """The same of what only this kind has; `to_s` is within the run."""
        yield from ()

    def in_vain(self, _context: FaultContext, *, alone: bool) -> Iterator[KeyMistake]:
        """Why no call could ever notice it. `alone`: nothing else fails in the run."""
        yield from ()

    # -------------------------------------------------------------------------------- what it does

    def effects(self, _context: FaultContext) -> list[Effect]:
        """What it takes away; all that it names is there."""
        return []

    def hops(self, _network: Network) -> list[Hop]:
        """The directions of a link that it is about; none where it is about no single ones."""
        return []

    def worse_hops(self, _network: Network) -> list[Hop]:
        """Those that get worse without being taken away."""
        return []

    def lines(self, _network: Network, _start_s: float) -> list[LinePlan]:
        """How those get worse, the first phase being `start_s` after the run's origin."""
        return []

    # ------------------------------------------------------------------ what `giaoban faults` tries

    @classmethod
    def cases(cls, _context: FaultContext) -> Iterator[FailureCase]:
        """Every failure of this kind that the network can have, in the order of its parts."""
        yield from ()

    @classmethod
    def case(
        cls, element: str, name: Sentence, point: Sentence, own: Sequence[str] = (), **more: Any
    ) -> FailureCase:
        """One of them; `more` are further attributes. `faults` is the table with its only key, and
        the `keys` that a kind needs beside it."""
        table: dict[str, object] = {} if cls.target == "mcu" else {cls.target: element}
        table |= more.pop("keys", {})
        return FailureCase(
            id=cls.case_id(element),
            kind=cls.name(),
            name=name,
            elements=(Element(kind=cls.target, id=element),),
            faults=({"kind": cls.name(), **table},),
            point=point,
            own=tuple(own),
            **more,
        )


class LinkFault(FaultKind):
    """Of a link."""

    target: ClassVar[FaultTarget] = "link"
    link: str
    """Id of the link, of the backbone or `access-` and a bridge's id. Like `"access-north"`."""

    def in_vain(self, context: FaultContext, *, alone: bool) -> Iterator[KeyMistake]:
        hops = self.worse_hops(context.network)
        if self.link not in context.carrying:
            what = Sentence("{never} (allowed: a link that a call may take)", never=NEVER)
            yield "link", self.link, what
        elif alone and hops and not context.crossed & set(hops):
            what = Sentence(
                "carries no call that way (allowed: what is on a bridge's way to the MCU)"
            )
            yield "link", self.link, what


class DirectedLinkFault(LinkFault):
    """Of a link, in one direction or both.

    `direction`: "both", "NODE->NODE", on an access link also "up" or "down".
    """

    direction: str = BOTH
    """`both`, `NODE->NODE`, on an access link also `up` or `down`."""

    def hops(self, network: Network) -> list[Hop]:
        return hops_along(self.link, self.direction, network)

    def unknown(self, context: FaultContext) -> Iterator[KeyMistake]:
        yield from super().unknown(context)
        if self.link in context.names("link"):
            what = no_direction(self.link, self.direction, context.network)
            if what is not None:
                yield "direction", self.direction, what


class LineStep(NamedTuple):
    """How a line is from when to when (None: to the end), by the scenario's times."""

    from_s: float
    to_s: float | None
    what: LineImpairment
    rate_mbps: float | None = None
    buffer_packets: int | None = None


class WorseLineFault(DirectedLinkFault):
    """A line gets worse without going away."""

    @abstractmethod
    def steps(self, network: Network) -> list[LineStep]:
        """One after the other."""

    def worse_hops(self, network: Network) -> list[Hop]:
        return self.hops(network)

    def lines(self, network: Network, start_s: float) -> list[LinePlan]:
        return [
            LinePlan(
                link=hop.link,
                source=hop.source,
                target=hop.target,
                from_s=start_s + step.from_s,
                to_s=None if step.to_s is None else start_s + step.to_s,
                what=step.what,
                rate_mbps=step.rate_mbps,
                buffer_packets=step.buffer_packets,
            )
            for hop in self.hops(network)
            for step in self.steps(network)
        ]


class BootingFault(FaultKind):
    """Of equipment that has to start once it has power again, which takes `boot_s`.

    Without `boot_s` the profiles' `[recovery]` says how long.
    """

    boot_s: Seconds | None = None
    """How long it takes to start once it has power again, in seconds; as the profiles' `[recovery]`
    says where not given. Like `90.0`."""

    def boots_in_s(self, context: FaultContext) -> float:
        times = context.boot_times
        usual_s = times.mcu_s if self.target == "mcu" else times.bridge_s
        return usual_s if self.boot_s is None else self.boot_s

    def mistimed_end(self, context: FaultContext, length_s: float) -> Iterator[KeyMistake]:
        boot_s = self.boots_in_s(context)
        if self.to_s is not None and self.to_s + boot_s >= length_s:
            what = Sentence(
                "is too late: after {boot_s:g} s of starting the run is over "
                "(allowed: below {max} s, a smaller boot_s, or no to_s)",
                boot_s=boot_s,
                max=f"{max(length_s - boot_s, 0.0):g}",
            )
            yield "to_s", self.to_s, what
        if self.boot_s is not None and self.to_s is None:
            what = Sentence(
                "means nothing without to_s: power does not come back (allowed: both or none)"
            )
            yield "boot_s", self.boot_s, what


def links_down(links: Sequence[str], from_s: float, to_s: float) -> list[Effect]:
    return [Effect("down", (link,), from_s, to_s) for link in links]


def router_stops(router: str, network: Network, from_s: float, to_s: float) -> list[Effect]:
    """A router without power: no routing, and all of its links are down."""
    links = [link.id for link in network.links_at(router)]
    return [Effect("stop", (router,), from_s, to_s), *links_down(links, from_s, to_s)]


def host_off(host: str, access: str, from_s: float, to_s: float) -> list[Effect]:
    """A bridge or the MCU without power, its access link down until it has started again."""
    return [Effect("off", (host,), from_s, to_s), *links_down([access], from_s, to_s)]


def link_ends(network: Network, link: NetLink) -> Sentence:
    """What people call a link, within a sentence."""
    if link.kind == "access":
        return message(N_("access link of {host}"), host=network.node(link.a).name)
    return message(N_("link {ends}"), ends=network.link_names[link.id])


def rounded_s(at_s: float) -> float:
    """A moment as plans hold it."""
    return round(at_s, DIGITS)
