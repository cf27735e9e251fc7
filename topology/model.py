"""The province as data: routers, links, the MCU, bridges and the address plan.

These models check one record at a time; `topology.load` checks what only shows across
records. Nothing here knows about Mininet or the kernel.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from giaoban.provenance import Sourced, Text
from giaoban.tomlfile import StrictModel

PRIVATE = tuple(ipaddress.IPv4Network(n) for n in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""The private ranges of RFC 1918, section 3."""

_ID = re.compile(r"[a-z][a-z0-9]*(-+[a-z0-9]+)*")
_ID_MAX = 32
ACCESS_PREFIX = "access-"
"""Access links are named after their node, so no backbone link may begin like one."""


def _within(low: float, high: float, unit: str) -> Callable[[float], float]:
    def check(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(f"is out of range (allowed: {low:g} to {high:.10g}{unit})")
        return value

    return check


def _whole(low: int, high: int, unit: str) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"is out of range (allowed: {low} to {high}{unit})")
        return value

    return check


def _identifier(value: str) -> str:
    if len(value) > _ID_MAX or not _ID.fullmatch(value):
        raise ValueError(
            f"is not an identifier (allowed: up to {_ID_MAX} ASCII characters, a-z and 0-9 in "
            'words joined by "-", a letter first, like "dak-r-lap")'
        )
    return value


def _link_identifier(value: str) -> str:
    if _identifier(value).startswith(ACCESS_PREFIX):
        raise ValueError(f'may not begin with "{ACCESS_PREFIX}": access links are named that way')
    return value


def _private_range(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f'is not an IPv4 range: {error} (allowed: like "10.67.0.0/24")') from None
    if not any(network.subnet_of(private) for private in PRIVATE):
        allowed = ", ".join(str(n) for n in PRIVATE)
        raise ValueError(f"is not private (allowed: inside {allowed}, RFC 1918; Art. 4(2))")
    if network.prefixlen > 30:
        raise ValueError("holds no link (allowed: /30 or larger, each link takes a /30)")
    return str(network)


Identifier = Annotated[str, AfterValidator(_identifier)]
LinkIdentifier = Annotated[str, AfterValidator(_link_identifier)]
PrivateRange = Annotated[str, AfterValidator(_private_range)]
RateMbps = Annotated[float, AfterValidator(_within(0.064, 100_000, " Mb/s"))]
Km = Annotated[float, AfterValidator(_within(0, 2000, " km"))]
Packets = Annotated[int, AfterValidator(_whole(2, 1_000_000, " packets"))]
LossPercent = Annotated[float, AfterValidator(_within(0, 99, " %"))]
"""A link that loses everything is a link that is cut, and cannot be measured."""
Latitude = Annotated[float, AfterValidator(_within(-90, 90, "° north"))]
Longitude = Annotated[float, AfterValidator(_within(-180, 180, "° east"))]
UsPerKm = Annotated[float, AfterValidator(_within(3.3, 10, " µs/km"))]
"""3.3 µs/km is light in vacuum: nothing is faster."""


class Fibre(Sourced):
    """Propagation in the fibre."""

    us_per_km: UsPerKm


class Addressing(Sourced):
    """The address plan (Art. 4(2)): one /30 a link, taken in order from each range."""

    backbone: PrivateRange
    access: PrivateRange

    @model_validator(mode="after")
    def _ranges_are_apart(self) -> Self:
        if ipaddress.IPv4Network(self.backbone).overlaps(ipaddress.IPv4Network(self.access)):
            raise ValueError(
                f'backbone = "{self.backbone}" and access = "{self.access}" overlap '
                "(allowed: ranges that share no address)"
            )
        return self


class Router(Sourced):
    """A router of the dedicated fibre network, at its real coordinates (WGS 84, degrees)."""

    id: Identifier
    name: Text
    lat: Latitude
    lon: Longitude


class Link(Sourced):
    """A fibre link between two routers; the figures hold for each direction."""

    id: LinkIdentifier
    a: str
    b: str
    km: Km
    rate_mbps: RateMbps
    buffer_packets: Packets
    loss_pct: LossPercent = 0.0


class Access(Sourced):
    """What an MCU and a bridge share: an access link to one router."""

    id: Identifier
    name: Text
    router: str
    km: Km
    rate_mbps: RateMbps
    buffer_packets: Packets
    loss_pct: LossPercent = 0.0


class Mcu(Access):
    """The one MCU (Art. 4(1)); `device` is an id in the MCU room's device table."""

    device: Identifier


class BridgeSpec(Access):
    """A bridge (điểm cầu), of the province or one that a scenario adds."""

    role: Literal["chair", "branch"] = "branch"
    lat: Latitude | None = None
    lon: Longitude | None = None

    @model_validator(mode="after")
    def _a_place_has_two_coordinates(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together (allowed: both or none)")
        return self


class LinkChange(Sourced):
    """Another figure for a link of the province, backbone or access, while a scenario lasts."""

    link: str
    km: Km | None = None
    rate_mbps: RateMbps | None = None
    buffer_packets: Packets | None = None
    loss_pct: LossPercent | None = None

    @model_validator(mode="after")
    def _something_changes(self) -> Self:
        if not self.figures():
            raise ValueError(
                "changes nothing (allowed: at least one of km, rate_mbps, buffer_packets, loss_pct)"
            )
        return self

    def figures(self) -> dict[str, float | int]:
        """The figures that change, by the name of the field."""
        named: dict[str, float | int | None] = {
            "km": self.km,
            "rate_mbps": self.rate_mbps,
            "buffer_packets": self.buffer_packets,
            "loss_pct": self.loss_pct,
        }
        return {name: value for name, value in named.items() if value is not None}


class Province(StrictModel):
    """One province's conference network, as `province.toml` holds it."""

    schema_: Literal["giaoban.province/1"] = Field(alias="schema")
    id: Identifier
    name: Text
    fibre: Fibre
    addressing: Addressing
    routers: list[Router] = Field(alias="router", min_length=1)
    links: list[Link] = Field(alias="link", default_factory=list)
    mcu: Mcu
    bridges: list[BridgeSpec] = Field(alias="bridge", min_length=1)

    @property
    def chair(self) -> BridgeSpec:
        """The chair bridge (điểm cầu chủ tọa); a loaded province has exactly one."""
        return next(bridge for bridge in self.bridges if bridge.role == "chair")
