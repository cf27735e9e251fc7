"""The province as data: routers, links, the MCU, bridges and the address plan.

These models check one record at a time; `giaoban.topology.load` checks what only shows across
records. Nothing here knows about Mininet or the kernel.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic.fields import FieldInfo

from giaoban.names import ACCESS_PREFIX, link_names
from giaoban.provenance import Assumable, Name, Sourced
from giaoban.regulation import Regulation
from giaoban.sentence import Sentence
from giaoban.tomlfile import StrictModel, schema_keywords
from giaoban.topology.lines.bandwidth_profile import BandwidthProfile
from giaoban.topology.lines.buffers import KEYS, Buffer, BufferBytes, BufferMs, check_one
from giaoban.topology.lines.framing import Framing
from giaoban.topology.lines.qos import Qos
from giaoban.topology.usual import known_key, with_probable
from giaoban.translation import N_

PRIVATE = tuple(ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""The private ranges of RFC 1918, section 3."""

_ID = re.compile(r"[a-z][a-z0-9]*(-+[a-z0-9]+)*")
ID_LENGTH = 32
"""Characters of an identifier."""


def _within(low: float, high: float, unit: str, key: str = "") -> tuple[AfterValidator, FieldInfo]:
    """Its second half tells the range to the JSON Schema; of a `key` it is known in which other
    units people have its figures."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(
                with_probable(
                    Sentence(
                        "is out of range (allowed: {low} to {high}{unit})",
                        # to be written into the file, with its decimal sign
                        low=f"{low:g}",
                        high=f"{high:.10g}",
                        unit=Sentence(unit),
                    ),
                    key,
                    value,
                )
            )
        return value

    return AfterValidator(check), schema_keywords(minimum=low, maximum=high)


def _identifier(value: str) -> str:
    if len(value) > ID_LENGTH or not _ID.fullmatch(value):
        raise ValueError(
            Sentence(
                "is not an identifier (allowed: up to {id_max} ASCII characters, "
                'a-z and 0-9 in words joined by "-", a letter first, like '
                '"dak-r-lap")',
                id_max=ID_LENGTH,
            )
        )
    return value


def _link_identifier(value: str) -> str:
    if _identifier(value).startswith(ACCESS_PREFIX):
        raise ValueError(
            Sentence(
                'may not begin with "{access_prefix}": access links are named that way',
                access_prefix=ACCESS_PREFIX,
            )
        )
    return value


def _private_range(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(
            Sentence('is not an IPv4 range: {error} (allowed: like "10.67.0.0/24")', error=error)
        ) from None
    if not any(network.subnet_of(private) for private in PRIVATE):
        allowed = ", ".join(str(n) for n in PRIVATE)
        raise ValueError(
            Sentence("is not private (allowed: inside {allowed}, RFC 1918)", allowed=allowed)
        )
    if network.prefixlen > 30:
        raise ValueError(Sentence("holds no link (allowed: /30 or larger, each link takes a /30)"))
    return str(network)


_OF_AN_ID = rf"^{_ID.pattern}$"
Identifier = Annotated[
    str, AfterValidator(_identifier), schema_keywords(pattern=_OF_AN_ID, maxLength=ID_LENGTH)
]
LinkIdentifier = Annotated[
    str,
    AfterValidator(_link_identifier),
    schema_keywords(pattern=rf"^(?!{ACCESS_PREFIX}){_ID.pattern}$", maxLength=ID_LENGTH),
]
PrivateRange = Annotated[
    str,
    AfterValidator(_private_range),
    schema_keywords(pattern=r"^(10|172|192)(\.[0-9]{1,3}){3}/[0-9.]+$"),
]
RateMbps = Annotated[float, *_within(0.064, 100_000, " Mb/s", "rate_mbps")]
Km = Annotated[float, *_within(0, 20_000, " km", "km")]
"""Half way around the Earth: links of imported networks cross continents."""
Packets = Annotated[int, *_within(2, 1_000_000, N_(" packets"))]
LossPercent = Annotated[float, *_within(0, 99, " %")]
"""A link that loses everything is a link that is cut, and cannot be measured."""
Latitude = Annotated[float, *_within(-90, 90, N_("° north"))]
Longitude = Annotated[float, *_within(-180, 180, N_("° east"))]
UsPerKm = Annotated[float, *_within(3.3, 10, " µs/km")]
"""3.3 µs/km is light in vacuum: nothing is faster."""


Milliseconds = Annotated[int, *_within(1, 600_000, " ms")]
Delay = Annotated[int, *_within(0, 10_000, " ms")]
PROTECTION_MAX_MS = 50
"""Within which a protected ring has switched over."""
_OSPF_TIMERS = ("hello_ms", "dead_ms", "spf_ms")
_SPEEDS = ("loss_of_signal_ms", "route_install_ms", "min_ls_interval_ms")
_TIMERS = {
    "static": (),
    "ospf": _OSPF_TIMERS,
    "ospf-bfd": (*_OSPF_TIMERS, "bfd_interval_ms", "bfd_multiplier"),
    "protected": ("protection_ms",),
}
"""Which are needed, by protocol."""
_SECOND_DIVIDED = [each for each in range(1, 1001) if not 1000 % each]
"""Milliseconds of which a whole number makes a second."""


class Fibre(Assumable):
    """Propagation in the fibre."""

    us_per_km: UsPerKm
    """How long light takes for a km of the fibre, in µs/km: 5 for a group index of 1.5."""


class Addressing(Sourced):
    """The address plan: one /30 a link, taken in order from each range."""

    backbone: PrivateRange
    """IPv4 range of the links between routers; each takes a /30. Private (RFC 1918)."""
    access: PrivateRange
    """IPv4 range of the access links of bridges and the MCU; each takes a /30. Private (RFC 1918),
    apart from `backbone`."""

    @model_validator(mode="after")
    def _ranges_are_apart(self) -> Self:
        if ipaddress.IPv4Network(self.backbone).overlaps(ipaddress.IPv4Network(self.access)):
            raise ValueError(
                Sentence(
                    'backbone = "{backbone}" and access = "{access}" overlap '
                    "(allowed: ranges that share no address)",
                    backbone=self.backbone,
                    access=self.access,
                )
            )
        return self


class Router(Sourced):
    """A router of the dedicated fibre network, at its real coordinates (WGS 84, degrees)."""

    id: Identifier
    """Name by which links and bridges refer to it: a-z, 0-9 and `-`, a letter first."""
    name: Name
    """Name on maps and in documents."""
    lat: Latitude
    """Degrees north (WGS 84)."""
    lon: Longitude
    """Degrees east (WGS 84)."""


class _Buffered(Assumable):
    """A model with the limits of a queue; its fields stand among those of the line."""

    if TYPE_CHECKING:
        buffer_packets: Packets | None
        buffer_bytes: BufferBytes | None
        buffer_ms: BufferMs | None

    @property
    def buffer(self) -> Buffer:
        """Return the limits of the queue; of a change the new ones, None where it has none."""
        return Buffer(self.buffer_packets, self.buffer_bytes, self.buffer_ms)


class _Line(_Buffered):
    """Figures of a line of any kind."""

    km: Km
    """Length in km."""
    rate_mbps: RateMbps
    """Rate in Mb/s, in each direction."""
    buffer_packets: Packets | None = None
    """How many packets may wait at each end; what comes more is lost. In packets, for each
    direction. One of the three `buffer_` keys has to be given. Like `200`."""
    buffer_bytes: BufferBytes | None = None
    """How many may wait, in bytes, instead of packets: as many full packets as fit.
    Like `64000`."""
    buffer_ms: BufferMs | None = None
    """What may wait, in ms of the line's rate, instead of packets: as many full packets as fit.
    Like `50.0`."""
    loss_pct: LossPercent = 0.0
    """Packets lost at random on the line, in percent, in each direction."""
    framing: Framing | None = None
    """What the rate counts of each packet; as the province's `[framing]` says where not given."""
    profile: list[BandwidthProfile] = Field(default_factory=list)
    """The rate and burst that the carrier polices, one table a direction."""

    @model_validator(mode="after")
    def _has_one_buffer(self) -> Self:
        check_one(self.buffer)
        return self


class _LinkEnds(Assumable):
    id: LinkIdentifier
    """Name by which scenarios, faults and results refer to it; may not begin with `access-`."""
    a: str
    """Id of the router at one end."""
    b: str
    """Id of the router at the other end."""


class Link(_Line, _LinkEnds):  # in this order: a file begins with the keys of the last
    """A fibre link between two routers; the figures hold for each direction."""

    km: Km
    """Length of the fibre in km: what delays every packet by `[fibre] us_per_km` a km."""
    rate_mbps: RateMbps
    """Rate in Mb/s that is committed to the conference system, in each direction."""


class _AtRouter(Assumable):
    id: Identifier
    """Name by which everything refers to it: a-z, 0-9 and `-`, a letter first. Its access link is
    called `access-` and this."""
    name: Name
    """Name on maps and in documents."""
    router: str
    """Id of the router that its access link goes to."""


class Access(_Line, _AtRouter):
    """What an MCU and a bridge share: an access link to one router."""

    km: Km
    """Length of the access line in km."""
    rate_mbps: RateMbps
    """Rate of the access line in Mb/s, in each direction."""


class Mcu(Access):
    """The one MCU; `device` is an id in the MCU room's device table."""

    device: Identifier
    """Id of the device in the device catalogue (`giaoban list devices`)."""


class BridgeSpec(Access):
    """A bridge (điểm cầu), of the province or one that a scenario adds."""

    role: Literal["chair", "branch"] = "branch"
    """`chair`: where the meeting is led from; a province has one. `branch`: every other."""
    lat: Latitude | None = None
    """Degrees north (WGS 84), with `lon`; without both it is drawn at its router."""
    lon: Longitude | None = None
    """Degrees east (WGS 84), with `lat`."""

    @model_validator(mode="after")
    def _a_place_has_two_coordinates(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError(Sentence("lat and lon belong together (allowed: both or none)"))
        return self


class Routing(Assumable):
    """How routers find their ways, and how soon they find others."""

    protocol: Literal["static", "ospf", "ospf-bfd", "protected"]
    """`static`: routes that somebody entered; none other is ever taken. `ospf`: OSPF (RFC 2328),
    which notices a silent failure after `dead_ms`. `ospf-bfd`: with BFD (RFC 5880) beside it, which
    notices it after `bfd_multiplier` × `bfd_interval_ms`. `protected`: static routes on a ring that
    the carrier protects (ITU-T G.8032 and the like); modelled: all routes are the shortest that are
    left `protection_ms` after a failure."""
    hello_ms: Milliseconds | None = None
    """How often OSPF says hello, in ms (RFC 2328). With `ospf` and `ospf-bfd`; a multiple of
    `spf_ms`."""
    dead_ms: Milliseconds | None = None
    """After how long without a hello OSPF takes a neighbour for gone, in ms; at least two times
    `hello_ms`, a multiple of `spf_ms`."""
    spf_ms: Milliseconds | None = None
    """How often a router takes in what has changed, in ms: it tells others, and computes its own
    routes, at most so long after it learned of a change. Divides a second."""
    bfd_interval_ms: Milliseconds | None = None
    """How often BFD sends a packet, in ms (RFC 5880). With `ospf-bfd`."""
    bfd_multiplier: Annotated[int, *_within(1, 50, "")] | None = None
    """How many BFD packets in a row have to be missing. With `ospf-bfd`."""
    protection_ms: Milliseconds | None = None
    """How long a protected ring takes to switch over, in ms; up to 50 (ITU-T G.8032). With
    `protected`. Like `50`."""
    loss_of_signal_ms: Delay | None = None
    """How long a port takes to report that its light is gone, in ms; 10 is assumed where it is not
    given."""
    route_install_ms: Delay | None = None
    """How long a router takes until the routes that it has computed are those by which it forwards,
    in ms; 20 is assumed where it is not given."""
    min_ls_interval_ms: Delay | None = None
    """The least time between two LSAs of one router, in ms (MinLSInterval, RFC 2328 §12.4); 5,000
    is assumed where it is not given."""

    @property
    def computed(self) -> bool:
        """Whether routers find their ways by themselves."""
        return self.protocol in ("ospf", "ospf-bfd")

    def other_timers(self, field: str, low: float, high: float) -> list[int]:
        """All values of a timer from `low` to `high` with which the others can stay as they are;
        empty where any whole number does."""
        first, last = math.ceil(low), math.floor(high)
        spf, hello, dead = self.spf_ms, self.hello_ms, self.dead_ms
        if spf is None or hello is None or dead is None or field not in _OSPF_TIMERS:
            return []
        if field == "spf_ms":
            return [
                each
                for each in _SECOND_DIVIDED
                if first <= each <= last and not hello % each and not dead % each
            ]
        if field == "hello_ms":
            last = min(last, dead // 2)
        else:
            first = max(first, 2 * hello)
        return list(range(-(-first // spf) * spf, last + 1, spf))

    def fitted(self, changed: Mapping[str, Any]) -> dict[str, Any]:
        """Other figures as they are nearest to what is wanted and fit each other; those that mean
        nothing with the protocol are gone."""
        found = dict(changed)
        protocol = found.get("protocol", self.protocol)
        if protocol != self.protocol and protocol in _TIMERS:
            known = {*_TIMERS["ospf-bfd"], *_TIMERS["protected"], *_SPEEDS}
            computed = "spf_ms" in _TIMERS[protocol]
            found |= dict.fromkeys(known - {*_TIMERS[protocol], *(_SPEEDS if computed else ())})
        given = {name: found.get(name, getattr(self, name)) for name in _OSPF_TIMERS}
        if None in given.values() or not found.keys() & given.keys():
            return found
        if any(wanted <= 0 for wanted in given.values()):
            return found  # that is no timer, whatever the others are
        spf = min(_SECOND_DIVIDED, key=lambda each: abs(math.log(each / given["spf_ms"])))
        hello = max(1, round(given["hello_ms"] / spf)) * spf
        dead = max(round(given["dead_ms"] / spf) * spf, 2 * hello)
        fit = {"spf_ms": spf, "hello_ms": hello, "dead_ms": dead}
        return {name: fit.get(name, value) for name, value in found.items()}

    def _with(self, key: str, value: Any) -> object:
        given = {k: getattr(self, k) for k in self.model_fields_set if k != "range"}
        return type(self).model_validate(given | self.fitted({key: value}))

    @property
    def seen_after_ms(self) -> int:
        """How long after its light a router knows that a link is gone; 0 where it does not care."""
        if not self.computed:
            return 0
        given = self.loss_of_signal_ms
        return UNSAID.loss_of_signal_ms if given is None else given

    @property
    def installed_after_ms(self) -> int:
        """How long after their computing routes take effect; 0 where none are computed."""
        if not self.computed:
            return 0
        given = self.route_install_ms
        return UNSAID.route_install_ms if given is None else given

    @property
    def between_lsas_ms(self) -> int:
        """The least time between two LSAs of one router; 0 where there are none."""
        if not self.computed:
            return 0
        given = self.min_ls_interval_ms
        return UNSAID.min_ls_interval_ms if given is None else given

    @model_validator(mode="after")
    def _has_its_timers(self) -> Self:
        wanted = _TIMERS[self.protocol]
        given = [name for name in _TIMERS["ospf-bfd"] + _TIMERS["protected"] if getattr(self, name)]
        missing = [name for name in wanted if name not in given]
        if missing:
            raise ValueError(
                Sentence(
                    'protocol = "{protocol}" needs {missing}',
                    protocol=self.protocol,
                    missing=", ".join(missing),
                )
            )
        beyond = [name for name in given if name not in wanted]
        if not self.computed:
            beyond += [name for name in _SPEEDS if getattr(self, name) is not None]
        if beyond:
            allowed = ", ".join(wanted) or Sentence("no timers")
            raise ValueError(
                Sentence(
                    '{beyond} mean nothing with protocol = "{protocol}" (allowed: {allowed})',
                    beyond=", ".join(beyond),
                    protocol=self.protocol,
                    allowed=allowed,
                )
            )
        return self

    @model_validator(mode="after")
    def _timers_fit_each_other(self) -> Self:
        spf, hello, dead = self.spf_ms, self.hello_ms, self.dead_ms
        if spf is not None and hello is not None and dead is not None:
            if 1000 % spf:
                raise ValueError(
                    Sentence(
                        "spf_ms = {spf} does not divide a second (allowed: 10, 100, 500)", spf=spf
                    )
                )
            for name, value in (("hello_ms", hello), ("dead_ms", dead)):
                if value % spf:
                    raise ValueError(
                        Sentence(
                            "{name} = {value} is no multiple of spf_ms = {spf}",
                            name=name,
                            value=value,
                            spf=spf,
                        )
                    )
            if dead < 2 * hello:
                raise ValueError(
                    Sentence(
                        "dead_ms = {dead} is less than two times hello_ms = {hello}",
                        dead=dead,
                        hello=hello,
                    )
                )
        if self.protection_ms is not None and self.protection_ms > PROTECTION_MAX_MS:
            raise ValueError(
                Sentence(
                    "protection_ms = {protection_ms} (allowed: up to "
                    "{protection_max_ms}, ITU-T G.8032)",
                    protection_ms=self.protection_ms,
                    protection_max_ms=PROTECTION_MAX_MS,
                )
            )
        return self


class Speeds(Sourced):
    """Times of routers that few provinces state: loss of light, installation, MinLSInterval."""

    loss_of_signal_ms: Delay
    route_install_ms: Delay
    min_ls_interval_ms: Delay


UNSAID = Speeds(
    loss_of_signal_ms=10,
    route_install_ms=20,
    min_ls_interval_ms=5000,
    source=N_(
        "the province does not say. Loss of light: ITU-T G.841 and G.783 have it detected within "
        "10 ms, before the 50 ms of switching; routers' ports add a carrier delay that is set. "
        "Programming: some 0.1 ms a prefix and tens of ms to the line cards (Francois, Filsfils, "
        "Evans, Bonaventure: Achieving sub-second IGP convergence in large IP networks, 2005). "
        "MinLSInterval: 5 s (RFC 2328, 12.4 and B), the default of Cisco NX-OS and Dell OS10"
    ),
    assumed=True,
    settled_by=N_(
        "the carrier delay set on the routers' ports, their LSA timers, and a measurement at one "
        "of them"
    ),
)


class LinkChange(_Buffered):
    """Another figure for a link of the province, backbone or access, while a scenario lasts."""

    link: str
    """Id of the link, of the backbone or `access-` and a bridge's id. Like `"access-north"`."""
    km: Km | None = None
    """Another length in km. Like `12.5`."""
    rate_mbps: RateMbps | None = None
    """Another rate in Mb/s, in each direction. Like `20.0`."""
    buffer_packets: Packets | None = None
    """Another number of packets that may wait, in each direction. Like `400`."""
    buffer_bytes: BufferBytes | None = None
    """Another buffer, in bytes, whatever was counted before. Like `64000`."""
    buffer_ms: BufferMs | None = None
    """Another buffer, in ms of the rate, whatever was counted before. Like `50.0`."""
    loss_pct: LossPercent | None = None
    """Another loss at random in percent, in each direction. Like `0.1`."""
    framing: Framing | None = None
    """Another meaning of the rate."""
    profile: list[BandwidthProfile] | None = None
    """Other bandwidth profiles than the link has: all that it has then."""

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.changed():
            raise ValueError(
                Sentence(
                    "changes nothing (allowed: at least one of km, rate_mbps, "
                    "buffer_packets, buffer_bytes, buffer_ms, loss_pct, framing, profile)"
                )
            )
        return self

    @model_validator(mode="after")
    def _has_one_buffer_at_most(self) -> Self:
        if self.buffer.given:
            check_one(self.buffer)
        return self

    def changed(self) -> list[str]:
        """What changes, by the keys of the file."""
        return [*self.figures(), *self.tables()]

    def tables(self) -> dict[str, Framing | list[BandwidthProfile]]:
        """What changes beside figures, by the keys of the file."""
        named = {"framing": self.framing, "profile": self.profile}
        return {name: value for name, value in named.items() if value is not None}

    def figures(self) -> dict[str, float | int]:
        """The figures that change, by the name of the field."""
        named = {name: getattr(self, name) for name in ("km", "rate_mbps", *KEYS, "loss_pct")}
        return {name: value for name, value in named.items() if value is not None}


class Group(Sourced):
    """A shared-risk group: links that one cut takes away together, for they lie in one cable."""

    id: Identifier
    """Name by which faults refer to it: a-z, 0-9 and `-`, a letter first. Like `"ring-north"`."""
    name: Name
    """Name in documents. Like `"Northern cable"`."""
    links: list[str] = Field(min_length=2)
    """Ids of the links that lie in the one cable. Like `["centre--north",
    "north--east"]`."""


class Province(StrictModel):
    """One province's conference network: routers, links, the MCU and the bridges there are. That
    names exist and are there once is checked by `giaoban list network` alone."""

    schema_: Literal["giaoban.province/1"] = Field(alias="schema")
    id: Identifier
    """Short name of the province: a-z, 0-9 and `-`, a letter first."""
    name: Name
    """Name in documents."""
    regulation: Regulation | None = None
    """The regulation under which the system is run. Without it documents cite none."""
    fibre: Fibre
    """How fast light is in the fibre."""
    addressing: Addressing
    """The private address ranges."""
    routing: Routing | None = None
    """How routers find their ways. Without it they have the shortest ones, for ever."""
    qos: Qos | None = None
    """How routers queue packets. Without it each link has one queue."""
    framing: Framing | None = None
    """What the rates of lines count of each packet, where a line says nothing else. Without it a
    frame from its Ethernet header on, without its checksum (`layer = "frame"`)."""
    routers: list[Router] = Field(alias="router", min_length=1)
    """A router."""
    links: list[Link] = Field(alias="link", default_factory=list)
    """A link between two routers."""
    mcu: Mcu
    """The one MCU."""
    bridges: list[BridgeSpec] = Field(alias="bridge", min_length=1)
    """A bridge (điểm cầu) that there is already."""
    groups: list[Group] = Field(alias="group", default_factory=list)
    """Links that lie in one cable, so that one cut takes them all."""
    unusual: list[Annotated[str, AfterValidator(known_key)]] = Field(default_factory=list)
    """Keys whose figures are far from what they usually are, and are meant so. Like `["km"]`."""

    @property
    def chair(self) -> BridgeSpec:
        """The chair bridge (điểm cầu chủ tọa); a loaded province has exactly one."""
        return next(bridge for bridge in self.bridges if bridge.role == "chair")

    @property
    def link_ends(self) -> dict[str, tuple[str, str]]:
        """The two routers of each link, by its id."""
        return {link.id: (link.a, link.b) for link in self.links}

    @property
    def link_names(self) -> dict[str, str]:
        """What people call the links, by their ids."""
        return link_names(self.link_ends, {router.id: router.name for router in self.routers})
