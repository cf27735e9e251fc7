"""The assumptions a province rests on, for everything that is shown to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from giaoban.figure_words import with_ranges
from giaoban.names import access_link_id
from giaoban.provenance import Assumable, Sourced
from giaoban.tomlfile import StrictModel
from giaoban.topology.lines.bandwidth_profile import BandwidthProfile
from giaoban.topology.lines.framing import Framing
from giaoban.topology.model import UNSAID, Access, BridgeSpec, Link, LinkChange, Province, Routing
from giaoban.translation import N_, Language, Translator, translator

_FIGURES = {
    "km": "{value} km",
    "rate_mbps": "{value} Mb/s",
    "buffer_packets": N_("buffer {value} {n:packet|packets}"),
    "buffer_bytes": N_("buffer {value} {n:byte|bytes}"),
    "buffer_ms": N_("buffer {value} ms"),
    "loss_pct": N_("loss {value} %"),
}
_ALWAYS = ("km", "rate_mbps")
_TABLES = {
    "framing": N_("what the rate counts"),
    "profile": N_("bandwidth profiles"),
}
_PROTOCOLS = {
    "static": N_("static routes"),
    "protected": N_("protected ring"),
    "ospf": "OSPF",
    "ospf-bfd": "OSPF",
}
_SPEEDS = {
    "loss_of_signal_ms": N_("loss of light seen after {ms} ms"),
    "route_install_ms": N_("routes in effect after {ms} ms"),
    "min_ls_interval_ms": N_("MinLSInterval {ms} ms"),
}
_TIMERS = {
    "hello_ms": N_("hello {ms} ms"),
    "dead_ms": N_("dead after {ms} ms"),
    "spf_ms": N_("route computation {ms} ms"),
    "protection_ms": N_("switches within {ms} ms"),
    **_SPEEDS,
}


class Assumption(StrictModel):
    """One assumed record: what it is about, its figures, where they come from, what settles it."""

    what: str
    value: str
    source: str
    settled_by: str


def assumptions(
    province: Province,
    extra_bridges: Sequence[BridgeSpec] = (),
    link_changes: Sequence[LinkChange] = (),
    *,
    lang: Language = "en",
) -> list[Assumption]:
    """Every record with `assumed = true`, in the order of the file, then of the scenario."""
    found = assumed_records(province, extra_bridges, link_changes, lang=lang)
    return [assumption for _, assumption in found]


def assumed_records(
    province: Province,
    extra_bridges: Sequence[BridgeSpec] = (),
    link_changes: Sequence[LinkChange] = (),
    *,
    lang: Language = "en",
) -> list[tuple[Sourced, Assumption]]:
    """The records themselves, each with what is told of it; in the order of `assumptions`."""
    say = translator(lang)
    found = []
    for record, what, value in _records(province, extra_bridges, link_changes, say):
        if record.assumed:
            source, settled_by = record.said(say)
            if isinstance(record, Assumable):
                value = say.say(with_ranges(value, record.range))
            told = Assumption(what=what, value=value, source=source, settled_by=settled_by)
            found.append((record, told))
    return found


def _records(
    province: Province,
    extra: Sequence[BridgeSpec],
    changes: Sequence[LinkChange],
    say: Translator,
) -> Iterator[tuple[Sourced, str, str]]:
    def number(value: float) -> str:
        return say.figure(value, 10)

    def figures(record: Link | Access) -> str:
        named = {name: getattr(record, name) for name in _FIGURES}
        return told({name: value for name, value in named.items() if value or name in _ALWAYS})

    def told(named: Mapping[str, float]) -> str:
        return ", ".join(say.gettext(_FIGURES[k], value=number(v), n=v) for k, v in named.items())

    def framing(what: str, of: Framing | None) -> Iterator[tuple[Sourced, str, str]]:
        if of is not None:
            shown: list[str] = [of.layer]
            if of.vlan_tags:
                shown.append(f"{of.vlan_tags} × VLAN")
            if of.mpls_labels:
                shown.append(f"{of.mpls_labels} × MPLS")
            if of.pppoe:
                shown.append("PPPoE")
            yield of, say.gettext("what the rate counts, {line}", line=what), ", ".join(shown)

    def profiles(what: str, of: Sequence[BandwidthProfile]) -> Iterator[tuple[Sourced, str, str]]:
        for each in of:
            shown = [("CIR", each.cir_mbps, "Mb/s"), ("CBS", each.cbs_bytes, "byte")]
            value = ", ".join(f"{name} {number(figure)} {unit}" for name, figure, unit in shown)
            yield each, say.gettext("bandwidth profile, {line}", line=what), value

    def line(
        what: str, of: Link | Access | LinkChange, value: str
    ) -> Iterator[tuple[Sourced, str, str]]:
        yield of, what, value
        yield from framing(what, of.framing)
        yield from profiles(what, of.profile or [])

    called = province.link_names
    yield (
        province.fibre,
        say.gettext("propagation in fibre"),
        f"{number(province.fibre.us_per_km)} µs/km",
    )
    plan = province.addressing
    yield plan, say.gettext("address plan"), f"{plan.backbone}, {plan.access}"
    if province.routing is not None:
        yield (
            province.routing,
            say.gettext("how routers find ways"),
            _routing(province.routing, say),
        )
        unsaid = [name for name in _SPEEDS if getattr(province.routing, name) is None]
        if province.routing.computed and unsaid:
            what = say.gettext("loss of light, installation of routes and MinLSInterval at routers")
            yield UNSAID, what, _timers({name: getattr(UNSAID, name) for name in unsaid}, say)
    if (qos := province.qos) is not None:
        how = say.gettext("first in, first out")
        if qos.scheduling == "classes":
            share = number(qos.video_share_pct)
            how = say.gettext("classes: voice first, {share} % of the rest for video", share=share)
        yield qos, say.gettext("queueing in routers"), how
    yield from framing(say.gettext("all lines"), province.framing)
    for router in province.routers:
        place = f"{number(router.lat)}°, {number(router.lon)}°"
        yield router, say.gettext("place of router {router}", router=router.name), place
    for link in province.links:
        what = say.pgettext("assumption", "link {ends}", ends=called[link.id])
        yield from line(what, link, figures(link))
    what = say.gettext("access of the MCU")
    yield from line(what, province.mcu, figures(province.mcu))
    for bridge in province.bridges:
        what = say.gettext("access of bridge {bridge}", bridge=bridge.name)
        yield from line(what, bridge, figures(bridge))
    for group in province.groups:
        what = say.gettext("links in one cable {cable}", cable=group.name)
        yield group, what, ", ".join(line_name(province, each, say) for each in group.links)
    for bridge in extra:
        what = say.gettext("access of new bridge {bridge}", bridge=bridge.name)
        yield from line(what, bridge, figures(bridge))
    for change in changes:
        name = line_name(province, change.link, say, extra)
        what = say.gettext("changed by the scenario, {line}", line=name)
        tables = ", ".join(say.gettext(_TABLES[name]) for name in change.tables())
        yield from line(what, change, told(change.figures()) or tables)


def line_name(
    province: Province, link: str, say: Translator, extra: Sequence[BridgeSpec] = ()
) -> str:
    """A line by its identifier, as its own assumption is called; `extra`: new bridges."""
    if link in (called := province.link_names):
        return say.pgettext("assumption", "link {ends}", ends=called[link])
    if link == access_link_id("mcu"):
        return say.gettext("access of the MCU")
    for bridge in province.bridges:
        if link == access_link_id(bridge.id):
            return say.gettext("access of bridge {bridge}", bridge=bridge.name)
    for bridge in extra:
        if link == access_link_id(bridge.id):
            return say.gettext("access of new bridge {bridge}", bridge=bridge.name)
    return link


def _routing(routing: Routing, say: Translator) -> str:
    parts = [say.text(_PROTOCOLS[routing.protocol])]
    if routing.protocol == "ospf-bfd":
        parts.append(
            f"BFD {say.figure(routing.bfd_interval_ms or 0, 10)} ms × {routing.bfd_multiplier}"
        )
    named = {timer: getattr(routing, timer) for timer in _TIMERS}
    timers = _timers({name: value for name, value in named.items() if value is not None}, say)
    return ", ".join([*parts, timers] if timers else parts)


def _timers(named: Mapping[str, int], say: Translator) -> str:
    return ", ".join(
        say.gettext(_TIMERS[name], ms=say.figure(value, 10)) for name, value in named.items()
    )
