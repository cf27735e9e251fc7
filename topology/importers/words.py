"""What is said of figures that were filled in."""

from __future__ import annotations

from giaoban.sentence import N_, Sentence, message
from giaoban.topology.importers.draft import Values

GREAT_CIRCLE = message(N_("length: great-circle distance × 1.2"))
AMID = message(N_("no place given, put amid its neighbours"))
CENTRAL = message(N_("no MCU in the file: put where the fibre to all sites is shortest"))
CHOSEN = message(N_("no MCU in the file: site chosen"))
AT_SITE = message(N_("no bridge in the file: one at each site"))
SETTLES_LINK = message(N_("the operator's link table: route, length, committed rate, queue limit"))
SETTLES_ACCESS = message(N_("the access contract with the operator"))
SETTLES_PLACE = message(N_("the position of the site"))

FIBRE: Values = {
    "us_per_km": 5.0,
    "source": N_("light in glass of group index 1.5: 1.5 ÷ 299,792 km/s; usual planning figure"),
    "assumed": True,
    "settled_by": N_("the group index on the data sheet of the fibre laid (about 1.47 for G.652)"),
}
ADDRESSING: Values = {
    "source": N_("private ranges (RFC 1918) chosen for the model"),
    "assumed": True,
    "settled_by": N_("the address plan of the network"),
}

ROUTING: Values = {
    "protocol": "ospf-bfd",
    "hello_ms": 1000,
    "dead_ms": 4000,
    "spf_ms": 100,
    "bfd_interval_ms": 100,
    "bfd_multiplier": 3,
    "loss_of_signal_ms": 10,
    "route_install_ms": 20,
    "min_ls_interval_ms": 5000,
    "source": N_(
        "OSPF (RFC 2328) with BFD (RFC 5880), timers as often set in metropolitan networks"
    ),
    "assumed": True,
    "settled_by": N_("the configuration of the operator's routers"),
}
"""As `giaoban init` writes it: formats of other programs have no place for it."""


def rate(mbps: float) -> Sentence:
    """Said of a rate that was filled in."""
    return message(N_("rate: none given, {rate} Mb/s"), rate=float(mbps))


def length(km: float) -> Sentence:
    """Said of a length that was filled in."""
    return message(N_("length: none given, {km} km"), km=float(km))


def queue(packets: int) -> Sentence:
    """Said of a queue limit that was filled in."""
    return message(N_("queue: none given, {packets} {packets:packet|packets}"), packets=packets)


def assume(given: Values, filled: list[Sentence], settles: Sentence) -> None:
    """Mark a record as assumed: what was filled in is told after its source."""
    source, source_vi = str(given.get("source", "")), str(given.get("source_vi", ""))
    given["source"] = "; ".join([source, *(text.en for text in filled)])
    given["source_vi"] = "; ".join([source_vi or source, *(text.vi for text in filled)])
    given["assumed"] = True
    if not given.get("settled_by"):
        given["settled_by"] = settles.en
        given["settled_by_vi"] = settles.vi
