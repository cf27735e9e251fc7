"""What arithmetic says of growth: everything that runs out, in the order in which it does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from giaoban.mcu_sim.device import Device
from giaoban.mcu_sim.fit import room_beside
from giaoban.names import access_link_id
from giaoban.results.judge.criteria import LINK_PEAK, MCU_UNITS
from giaoban.results.model.studies.headroom import Bottleneck, LinkRoom, RouterRoom
from giaoban.scenarios.estimate.static import StaticLoads, second_limit_pct, static_loads
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.failures.answer import names_of
from giaoban.scenarios.study.headroom.arithmetic import (
    Growth,
    Hop,
    growth,
    room_of_link,
    room_on_links,
    spread,
)
from giaoban.scenarios.study.whatif.apply import Base, ask
from giaoban.scenarios.study.whatif.extra import routers_in_use
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.sentence import N_

OWN = "more-01"
"""The id of a single further bridge."""
NEW_LINE = N_("the line of each new bridge")
AMPLE = 1_000_000.0
AMPLE_PORTS = 100_000
"""A device that takes whatever comes, so that links alone are looked at."""


@dataclass(frozen=True)
class HeadroomModel:
    """What all searches start from.

    `question` is that of the bridges there are, `loads` what they carry, `growth` what more would;
    `routers` are those that further bridges hang on, in turn.
    """

    question: Question
    loads: StaticLoads
    growth: Growth
    routers: Sequence[str]
    names: Mapping[str, str]
    units_limit_pct: float
    link_limit_pct: float

    @property
    def device_more(self) -> int:
        """How many more calls the device that is there takes."""
        return self.device_room(self.question.plan.device)

    def device_room(self, device: Device) -> int:
        """How many more calls a device would take in its place."""
        plan = self.question.plan
        return room_beside(
            device,
            plan.profile.resolution,
            len(plan.calls),
            self.units_limit_pct,
            kbps=plan.line_kbps,
            content=plan.content is not None,
        )


def ground(base: Base, variant: Variant) -> HeadroomModel:
    """The figures of a variant's own bridges. Raises `InputError`."""
    question = ask(base, variant).question
    routers = routers_in_use(question.province)
    ample = ask(base, variant, on_device=_ample).question
    with_one = {
        router: static_loads(
            ask(
                base,
                variant.model_copy(update={"more": 1, "more_at": router}),
                on_device=_ample,
            ).question.plan
        )
        for router in routers
    }
    own = access_link_id(OWN)
    criteria = criteria_of(question)
    limits = {c.id: c.threshold for c in criteria.criterion}
    names = names_of(question.plan.network, question.province)
    names[question.plan.network.mcu.id] = question.plan.device.name
    return HeadroomModel(
        question=question,
        loads=static_loads(question.plan),
        growth=growth(static_loads(ample.plan), with_one, lambda hop: hop[0] == own),
        routers=routers,
        names=names,
        units_limit_pct=limits[MCU_UNITS],
        link_limit_pct=second_limit_pct(criteria),
    )


def bottlenecks(here: HeadroomModel) -> list[Bottleneck]:
    """All that runs out as bridges are added at the routers in turn, the first first.

    A link stands once, with the direction that is full first. Ties: the device first, then by name.
    """
    found = [
        Bottleneck(
            more=max(0, here.device_more),
            thing="device",
            id=here.question.plan.network.mcu.id,
            name=here.question.plan.device.name,
            criterion=MCU_UNITS,
            method="arithmetic",
        )
    ]
    if here.growth.own_pct > here.link_limit_pct:
        found.append(
            Bottleneck(
                more=0,
                thing="link",
                id=access_link_id(OWN),
                name=NEW_LINE,
                criterion=LINK_PEAK,
                method="arithmetic",
            )
        )
    seen: set[str] = set()
    for more, (link, direction) in room_on_links(here.growth, here.routers, here.link_limit_pct):
        if link not in seen:
            seen.add(link)
            found.append(
                Bottleneck(
                    more=more,
                    thing="link",
                    id=link,
                    name=here.names.get(link, link),
                    direction=direction,
                    criterion=LINK_PEAK,
                    method="arithmetic",
                )
            )
    return sorted(found, key=lambda item: (item.more, item.thing != "device", item.id))


def rooms_of_routers(here: HeadroomModel, passing: int = 0) -> list[RouterRoom]:
    """How many more fit if all hang on one router, for each.

    Args:
        passing: so many more pass at all routers in turn, as was judged packet by packet: where
            arithmetic is more careful than that, those of them at a router fit there.
    """
    judged = spread(here.routers, max(0, passing))
    device = (max(0, here.device_more), here.names[here.question.plan.network.mcu.id])
    found = []
    for router in here.routers:
        links = [
            (more, f"{link} {direction}")
            for more, (link, direction) in room_on_links(here.growth, [router], here.link_limit_pct)
        ]
        if here.growth.own_pct > here.link_limit_pct:
            links.insert(0, (0, NEW_LINE))
        links = [(max(more, judged[router]), by) for more, by in links]
        more, by = min([device, *links], key=lambda option: option[0])
        found.append(
            RouterRoom(
                router=router,
                name=here.names[router],
                more=more,
                by=by,
                links_more=links[0][0] if links else None,
                links_by=links[0][1] if links else "",
            )
        )
    return found


def rooms_of_links(here: HeadroomModel, passing: int = 0) -> list[LinkRoom]:
    """How many more calls each direction of each backbone link and of the MCU's line carries;
    `passing` as of `rooms_of_routers`."""
    judged = spread(here.routers, max(0, passing))

    def room(hop: Hop) -> int | None:
        summed = room_of_link(here.growth, hop, here.link_limit_pct)
        crossing = (n for router, n in judged.items() if hop in here.growth.added[router])
        return None if summed is None else max(summed, sum(crossing))

    network = here.question.plan.network
    shown = [link for link in network.links if link.kind == "backbone"]
    shown.append(network.access_link(network.mcu.id))
    return [
        LinkRoom(
            id=link.id,
            direction=hop.direction,
            rate_mbps=link.rate_mbps,
            peak_pct=round(here.growth.peak_pct((hop[0], hop.direction), {}), 3),
            more=room((link.id, hop.direction)),
        )
        for link in shown
        for hop in link.hops
    ]


def _ample(device: Device) -> Device:
    steps = [step for step in device.when_full.steps if step != "higher"]  # there are no levels
    capacity = device.capacity.model_copy(
        update={"units_total": AMPLE, "ports_total": AMPLE_PORTS, "audio_ports": 0}
    )
    return device.model_copy(
        update={
            "capacity": capacity,
            "limit": [],
            "levels": None,
            "voice_units": 0,
            "when_full": device.when_full.model_copy(update={"steps": steps}),
        }
    )
