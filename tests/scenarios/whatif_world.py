"""A world with few rules in which a what-if's search can be compared with trying everything.

Questions are real ones; what links carry and what is judged of them is made up: a device holds the
calls or does not, each direction of a line needs a rate in proportion to the calls' rate, and delay
is in order where no line on the way is fuller than some share.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from whatif_factory import base

from giaoban.mcu_sim.admission import Use
from giaoban.mcu_sim.device import Device, load_devices
from giaoban.mcu_sim.fit import room_beside
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.result import Result
from giaoban.scenarios.estimate.static import LinkLoad, RefusedOrReduced, StaticLoads
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.whatif.apply import ask
from giaoban.scenarios.study.whatif.remedy import changed
from giaoban.scenarios.study.whatif.search import JudgedState, Key, SearchState, SearchTools
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.topology.routing import shortest_paths

UNITS_LIMIT_PCT, LINK_LIMIT_PCT = 80.0, 75.0
ASKED_KBPS = 2000.0
"""Of 720p30-2m, the profile that is asked for."""
Direction = tuple[str, str]


class Questions:
    """The questions of states beside a small base, each made once."""

    def __init__(self, folder: Path) -> None:
        self._base = base(folder)
        self._made: dict[tuple[int, SearchState], Question] = {}
        self._fits: dict[tuple[int, str, str], bool] = {}

    def of(self, more: int, state: SearchState) -> Question:
        if (more, state) not in self._made:
            variant = Variant(id="v", more=more)
            self._made[more, state] = ask(self._base, changed(variant, state)).question
        return self._made[more, state]

    def device_fits(self, question: Question) -> bool:
        plan = question.plan
        calls, resolution = len(plan.calls), plan.profile.resolution
        known = (calls, plan.device.id, plan.profile.id)
        if known not in self._fits:
            room = room_beside(plan.device, resolution, calls, UNITS_LIMIT_PCT, kbps=plan.line_kbps)
            self._fits[known] = room >= 0
        return self._fits[known]


@dataclass
class World:
    """What is true, and what was asked of it.

    Attributes:
        carries: mean Mb/s of a link's direction with the calls as asked; 1 where nothing is said.
        bursts: the busiest second is so many times the mean.
        fullest_pct: delay is in order up to this peak load of each line on a call's way.
        harmless: a line that holds nothing up, however full it is; `quick` a device with which none
            does.
        exaggerated: what is late or lost misses its limit by so many times more than lines do.
        device_ms: what each device costs; `per_mbps` what a faster line does.
    """

    questions: Questions
    devices: list[Device]
    more: int = 1
    carries: Mapping[Direction, float] = field(default_factory=dict)
    bursts: float = 1.2
    fullest_pct: float = 1000.0
    harmless: str | None = None
    quick: str | None = None
    exaggerated: float = 1.0
    prices: Mapping[str, float] = field(default_factory=dict)
    per_mbps: Mapping[str, float] = field(default_factory=dict)
    asked: list[SearchState] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start = self.question(SearchState())

    def question(self, state: SearchState) -> Question:
        return self.questions.of(self.more, state)

    def loads(self, question: Question) -> StaticLoads:
        plan = question.plan
        share = plan.profile.video_kbps / ASKED_KBPS
        links = []
        for link in plan.network.links:
            for hop in link.hops:
                mean = self.carries.get((link.id, hop.direction), 1.0) * share
                peak = mean * self.bursts
                links.append(LinkLoad(link.id, hop.direction, link.rate_mbps, mean, peak))
        pct = 50.0 if self.questions.device_fits(question) else 90.0
        return loads_of(links, pct)

    def judge(self, state: SearchState, question: Question) -> JudgedState:
        """The device first, then the fullest link, then the delay of whom it hits most."""
        self.asked.append(state)
        loads = self.loads(question)
        if loads.use.pct > UNITS_LIMIT_PCT:
            found = failed("mcu", Place(kind="mcu", id="mcu"), loads.use.pct, UNITS_LIMIT_PCT)
            return JudgedState(state, question, found)
        worst = loads.worst_link()
        if worst.peak_pct > LINK_LIMIT_PCT:
            place = Place(kind="link", id=worst.link, detail=worst.direction)
            found = failed("link", place, worst.peak_pct, LINK_LIMIT_PCT)
            return JudgedState(state, question, found)
        pct, place = self.slowest(question, loads)
        if pct > self.fullest_pct:
            value = pct * self.exaggerated
            return JudgedState(state, question, failed("stream", place, value, self.fullest_pct))
        return JudgedState(state, question, passed())

    def slowest(self, question: Question, loads: StaticLoads) -> tuple[float, Place]:
        """The fullest line that is to blame on any call's way, and the stream that goes over it."""
        plan = question.plan
        peaks = {(load.link, load.direction): load.peak_pct for load in loads.links}
        routes = shortest_paths(plan.network)
        found = []
        for call in plan.calls:
            for way in ("up", "down"):
                ends = [call.bridge, plan.network.mcu.id]
                hops = routes.path(*(ends if way == "up" else reversed(ends)))
                blamed = [hop for hop in hops if self.blames(question, hop.link)]
                pct = max((peaks[hop.link, hop.direction] for hop in blamed), default=0.0)
                found.append((pct, call.bridge, f"video {way}"))
        pct, bridge, detail = max(found)
        return pct, Place(kind="bridge", id=bridge, detail=detail)

    def blames(self, question: Question, link: str) -> bool:
        return link != self.harmless and question.plan.device.id != self.quick

    def passes(self, state: SearchState) -> bool:
        """The truth of a state, by nothing but the rules; every line is on some call's way."""
        question = self.question(state)
        strict_pct = min(LINK_LIMIT_PCT, self.fullest_pct)
        share = question.plan.profile.video_kbps / ASKED_KBPS * self.bursts
        return self.questions.device_fits(question) and all(
            100 * mbps * share
            <= (strict_pct if self.blames(question, link) else LINK_LIMIT_PCT)
            * question.plan.network.link(link).rate_mbps
            for (link, _), mbps in self.carries.items()
        )

    def key(self, state: SearchState, question: Question) -> Key:
        """A price, then the kinds of things, then names, so that no two cost the same."""
        order = [device.id for device in self.devices]
        own = {link.id: link.rate_mbps for link in self.start.plan.network.links}
        price = self.prices.get(state.device or "", 0.0)
        price += sum(self.per_mbps.get(id, 1.0) * (mbps - own[id]) for id, mbps in state.rates)
        lower = ASKED_KBPS - question.plan.profile.video_kbps
        which = 0 if state.device is None else 1 + order.index(state.device)
        speeds = [mbps for _, mbps in state.rates]
        return price, state.purchases, state.changed, lower, which, *speeds

    def tools(self) -> SearchTools:
        return SearchTools(
            ask=self.question,
            judge=self.judge,
            loads=self.loads,
            key=self.key,
            devices=self.devices,
            units_limit_pct=UNITS_LIMIT_PCT,
            link_limit_pct=LINK_LIMIT_PCT,
        )

    def first(self) -> JudgedState:
        """The question itself, judged."""
        judgement = self.judge(SearchState(), self.start)
        self.asked.clear()
        return judgement


# once: pydantic looks through each field of what it constructs
PASSED = Result.model_construct(verdict="pass", binding=None)


def devices_of(*names: str) -> list[Device]:
    """Of the catalogue, in its order."""
    return [device for device in load_devices().device if device.id in names]


def loads_of(
    links: list[LinkLoad],
    pct: float,
    refused: tuple[RefusedOrReduced, ...] = (),
    downspeeded: tuple[RefusedOrReduced, ...] = (),
) -> StaticLoads:
    return StaticLoads(
        links=links,
        units_used=pct,
        units_total=100.0,
        ports_used=1,
        ports_total=100,
        use=Use(pct, "units", pct, 100.0),
        joined=[],
        refused=list(refused),
        downspeeded=list(downspeeded),
    )


def failed(cause: str, place: Place, value: float | None, threshold: float) -> Result:
    binding = Binding.model_validate(
        {
            "criterion": "made-up",
            "cause": cause,
            "place": place,
            "where": place.text,
            "value": value,
            "threshold": threshold,
            "unit": "%",
            "margin_pct": None,
        }
    )
    return PASSED.model_copy(update={"verdict": "fail", "binding": binding})


def passed() -> Result:
    return PASSED
