"""From a question that fails to the smallest changes that let it pass: best-first search.

Two answers are searched for: one that keeps the calls as asked, and one that lowers them and buys
less. A state is a device, a call profile and some faster lines beside what was asked. The first
state in order (`remedy.key_of`) that was not looked at yet is judged: by arithmetic first (the
device's admission, mean loads of links), which is enough to say that it cannot pass, then packet by
packet. What fails names what to change next: a full device asks for a larger one, a full line for a
faster one, late or lost packets for a faster line where their way is fullest, and a line that is
policed for shaping at its ends, which costs nothing; and each of them for lower calls, of those
that the device does.

How much faster a line has to be is guessed by how far the limit is missed, and losses miss theirs a
hundredfold where the next step is enough; nor is the fullest line always the one to blame. So of
what passes the cheapest rates of its lines are looked for, and the search goes on as long as
something is left of which less may come that way.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import batched, product

import numpy as np
from numpy.typing import NDArray

from giaoban.mcu_sim.device import Device
from giaoban.results.model.places import Binding
from giaoban.results.model.result import Result
from giaoban.scenarios.estimate.static import StaticLoads, shortfall
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.whatif.ladder import (
    RATES_MBPS,
    larger_devices,
    lower_profiles,
    next_rate,
)
from giaoban.topology.routing import shortest_paths

MOST_JUDGED = 24
"""States with the calls as asked that are judged packet by packet before the search gives up."""
MOST_LOWERED = 12
"""The same, of states with lower calls."""
MOST_SLOWED = 24
"""So many more are judged to find the cheapest rates for the lines of what passes."""
MOST_TOGETHER = 3
"""So many lines are changed at a time: some thousand states, most of which nobody has to judge."""
MOST_DEVICES = 6
ABOUT = 1.5
"""A line that is so much faster is tried before one that the figures alone would ask for."""

Key = tuple[float, ...]


@dataclass(frozen=True)
class SearchState:
    """What is changed beside the question; None and () where nothing is."""

    device: str | None = None
    profile: str | None = None
    rates: tuple[tuple[str, float], ...] = ()
    shaped: tuple[tuple[str, float], ...] = ()
    """Lines at whose ends nothing is sent faster than this: what is beyond waits there."""

    @property
    def purchases(self) -> int:
        """Kinds of things to be bought: a device, each faster line."""
        return (self.device is not None) + len(self.rates)

    @property
    def changed(self) -> int:
        """Kinds of things that change, the calls among them."""
        return self.purchases + len(self.shaped) + (self.profile is not None)

    def faster(self, link: str, mbps: float) -> SearchState:
        return self.with_rates({link: mbps})

    def with_rates(self, mbps: Mapping[str, float | None]) -> SearchState:
        """The same with some lines at other rates; None: left at the rate that it has."""
        rates = {link: rate for link, rate in {**dict(self.rates), **mbps}.items() if rate}
        return replace(self, rates=tuple(sorted(rates.items())))


@dataclass(frozen=True)
class JudgedState:
    """A state's question, with the answer as it was judged packet by packet.

    `pace_s`: bridges join so far apart, where that is another pace than the variant's.
    """

    state: SearchState
    question: Question
    result: Result
    pace_s: float | None = None

    @property
    def passes(self) -> bool:
        return self.result.verdict == "pass"


@dataclass
class SearchResult:
    """Result of a search.

    Attributes:
        as_asked: the first state in order that passes with the calls as asked.
        lowered: the first that passes with lower calls, if it needs smaller purchases than
            `as_asked`.
        looked_at: number of all states; `judged` are those that were judged packet by packet.
    """

    as_asked: JudgedState | None = None
    lowered: JudgedState | None = None
    looked_at: int = 0
    judged: list[JudgedState] = field(default_factory=list)

    def known(self, state: SearchState) -> JudgedState | None:
        return next((each for each in self.judged if each.state == state), None)

    def add(self, judgement: JudgedState) -> JudgedState:
        """The same, which is known from now on."""
        self.judged.append(judgement)
        return judgement


@dataclass(frozen=True)
class SearchTools:
    """What a search is given: how a state is asked, judged, added up, and what it costs."""

    ask: Callable[[SearchState], Question]
    judge: Callable[[SearchState, Question], JudgedState]
    loads: Callable[[Question], StaticLoads]
    key: Callable[[SearchState, Question], Key]
    devices: Sequence[Device]
    units_limit_pct: float
    link_limit_pct: float


def search(tools: SearchTools, start: JudgedState) -> SearchResult:
    """Return the smallest changes that let a question pass that was judged and fails.

    States are looked at in the order of `tools.key`, until what was found is no dearer than the
    least that may come of any that is left.
    """
    found = SearchResult(judged=[start])
    heap: list[tuple[Key, int, SearchState, Question]] = []
    least = {start.state: start.state}
    too_slow: dict[tuple[object, ...], Result] = {}
    number = 0
    tried = {False: 1, True: 0}  # by whether the calls are lowered
    most_tried = {False: MOST_JUDGED, True: MOST_LOWERED}

    def cheaper(new: JudgedState, best: JudgedState | None) -> JudgedState:
        if best is None:
            return new
        return min(best, new, key=lambda each: tools.key(each.state, each.question))

    def least_cost(state: SearchState) -> Key:
        """No more than anything costs that comes of a state, with its lines at the cheapest rates.

        The least is looked at in a turn of its own where it is known: then this is what is bought
        beside it.
        """
        core = least[state]
        question = tools.ask(core)
        if core == state or core not in least:
            return tools.key(core, question)
        lines = [(link.id, next_rate(link.rate_mbps)) for link in question.plan.network.links]
        costs = [tools.key(core.faster(id, to), question) for id, to in lines if to is not None]
        others = [each for each in _device_states(tools, question, core) if each not in least]
        costs += [tools.key(each, tools.ask(each)) for each in others]
        return min(costs, default=(math.inf,))

    def push(
        states: Iterator[SearchState], before: Question, after: SearchState, *, guessed: bool
    ) -> None:
        nonlocal number
        for state in states:
            if state in least:
                continue
            least[state] = _least(state, before, after, least[after], guessed=guessed)
            number += 1
            question = tools.ask(state)
            heapq.heappush(heap, (tools.key(state, question), number, state, question))

    def push_after(state: SearchState, question: Question, result: Result) -> None:
        guessed = result.binding is not None and result.binding.cause == "stream"
        push(_after(tools, question, state, result), question, state, guessed=guessed)

    push_after(start.state, start.question, start.result)
    while heap:
        _, _, state, question = heapq.heappop(heap)
        lower = state.profile is not None
        if lower and not _saves_purchases(tools, least[state], found.as_asked):
            continue
        if tried[lower] >= most_tried[lower]:
            continue
        best = found.lowered if lower else found.as_asked
        if best is not None and least_cost(state) >= tools.key(best.state, best.question):
            continue
        found.looked_at += 1
        loads = tools.loads(question)
        same_calls = (state.profile, state.rates, state.shaped)
        if same_calls in too_slow:  # they fill the same line, whatever device they go to
            push_after(state, question, too_slow[same_calls])
            continue
        if shortfall(loads, tools.units_limit_pct, tools.link_limit_pct) is not None:
            push(_by_arithmetic(tools, question, state, loads), question, state, guessed=False)
            continue
        judgement = found.known(state)
        if judgement is None:
            tried[lower] += 1
            judgement = found.add(tools.judge(state, question))
        if judgement.passes:
            most = sum(tried.values()) + MOST_SLOWED
            least_bought = _with_cheapest_lines(tools, start.question, judgement, found, most)
            if lower:
                found.lowered = cheaper(least_bought, found.lowered)
            else:
                found.as_asked = cheaper(least_bought, found.as_asked)
            continue
        binding = judgement.result.binding
        if binding is not None and binding.cause == "link":
            too_slow[same_calls] = judgement.result
        push_after(state, question, judgement.result)
    if found.lowered and not _saves_purchases(tools, found.lowered.state, found.as_asked):
        found.lowered = None
    return found


def _saves_purchases(tools: SearchTools, lowered: SearchState, best: JudgedState | None) -> bool:
    """Return whether a state with lower calls buys less than the best one with the calls as asked.

    The order of both is compared without the price and the step of the lower calls.
    """
    if best is None:
        return True
    bought = tools.key(replace(lowered, profile=None), tools.ask(lowered))
    return best.state.purchases > 0 and bought < tools.key(best.state, best.question)


def _least(
    state: SearchState,
    before: Question,
    after: SearchState,
    least: SearchState,
    *,
    guessed: bool,
) -> SearchState:
    """What is no dearer than what may come of a state, with its lines at the cheapest rates.

    A line that is too full needs its next step, as long as calls and device stay the same. One that
    was guessed may stay as it is. `before` is the question of the state that this one was made
    from, `after`, and `least` what this function said of that.
    """
    if replace(state, rates=after.rates) != after:
        return replace(state, rates=())
    if guessed:
        return least
    for link, mbps in state.rates:
        if (link, mbps) not in after.rates:
            now = before.plan.network.link(link).rate_mbps
            least = least.faster(link, next_rate(now) or mbps)
    return least


def _with_cheapest_lines(
    tools: SearchTools,
    before: Question,
    passing: JudgedState,
    found: SearchResult,
    most: int,
) -> JudgedState:
    """What passes, with its faster lines at the cheapest rates at which it still does.

    Each may have any rate, or stay as it is: a slower one may ask for a faster one elsewhere, so
    they are changed together, `MOST_TOGETHER` at a time. Ends when so many were judged in all.
    """
    rates = {link.id: link.rate_mbps for link in before.plan.network.links}
    for some in batched(passing.state.rates, MOST_TOGETHER):
        able = [_able_rates(tools, passing.state, link, rates[link]) for link, _ in some]
        states = [passing.state.with_rates(dict(each)) for each in product(*able)]
        passing = _cheapest(tools, rates, states, passing, found, most)
    return passing


def _able_rates(
    tools: SearchTools, state: SearchState, link: str, now: float
) -> list[tuple[str, float | None]]:
    """A line with each rate that it may have, None as it is, but for what arithmetic forbids."""
    able = [(link, None), *((link, float(rate)) for rate in RATES_MBPS if rate > now)]
    while able[1:]:
        loads = tools.loads(tools.ask(state.with_rates(dict(able[:1]))))
        if shortfall(loads, tools.units_limit_pct, tools.link_limit_pct) is None:
            break
        del able[0]
    return able


def _cheapest(
    tools: SearchTools,
    rates: Mapping[str, float],
    states: Iterable[SearchState],
    best: JudgedState,
    found: SearchResult,
    most: int,
) -> JudgedState:
    """The cheapest of states that passes, `best` where none that is cheaper does.

    They differ by their lines alone. What passes leaves what is cheaper. What fails is taken to
    fail with every line as slow, or slower, too. That state is judged which leaves the fewest in
    the worse case: of a single line's rates the middle one.
    """

    def cost(state: SearchState) -> Key:
        return tools.key(state, best.question)

    def speeds(states: Sequence[SearchState]) -> NDArray[np.float64]:
        links = sorted({link for state in states for link, _ in state.rates})
        rows = [dict(state.rates) for state in states]
        return np.array([[row.get(link, rates[link]) for link in links] for row in rows])

    same = [
        each.state
        for each in found.judged
        if not each.passes and replace(each.state, rates=best.state.rates) == best.state
    ]
    costs = {state: cost(state) for state in states}
    left = sorted((each for each in costs if costs[each] < cost(best.state)), key=costs.__getitem__)
    together = speeds([*left, *same])
    slow, failed = together[: len(left)], together[len(left) :]
    open_ = np.array([not (row <= failed).all(axis=1).any() for row in slow], dtype=bool)
    while open_.any() and len(found.judged) < most:
        places = np.flatnonzero(open_)
        fail = np.array([(slow[places] <= slow[n]).all(axis=1).sum() for n in places])
        place = places[np.argmax(np.minimum(fail, len(places) - np.arange(len(places))))]
        state = left[place]
        judgement = found.known(state)
        if judgement is None:
            judgement = found.add(tools.judge(state, tools.ask(state)))
            found.looked_at += 1
        if judgement.passes:
            best = judgement
            open_[place:] = False
        else:
            open_ &= ~(slow <= slow[place]).all(axis=1)
    return best


def _by_arithmetic(
    tools: SearchTools, question: Question, state: SearchState, loads: StaticLoads
) -> Iterator[SearchState]:
    """What to change where arithmetic says no."""
    if loads.use.pct > tools.units_limit_pct or loads.refused or loads.downspeeded:
        yield from _device_states(tools, question, state)
    crowded = [load for load in loads.links if load.mean_pct > tools.link_limit_pct]
    if crowded:
        yield from _faster(state, question, {load.link for load in crowded}, loads, tools)
    yield from _lower_states(question, state)


def _after(
    tools: SearchTools, question: Question, state: SearchState, result: Result
) -> Iterator[SearchState]:
    """What to change where the answer is no."""
    loads = tools.loads(question)
    if shortfall(loads, tools.units_limit_pct, tools.link_limit_pct) is not None:
        yield from _by_arithmetic(tools, question, state, loads)
        return
    binding = result.binding
    if binding is None:
        return
    if shaped := _policed(question, result, state):
        yield replace(state, shaped=shaped)
    if binding.cause == "mcu":
        yield from _device_states(tools, question, state)
    elif binding.cause == "link":
        yield from _faster(state, question, {binding.place.id}, loads, tools)
    else:
        if (link := _fullest(question, binding, loads)) is not None:
            now = question.plan.network.link(link).rate_mbps
            if (rate := next_rate(now, _hinted(now, binding))) is not None:
                yield state.faster(link, rate)
    yield from _lower_states(question, state)


def _policed(
    question: Question, result: Result, state: SearchState
) -> tuple[tuple[str, float], ...]:
    """Lines that lose what comes faster to a carrier than it is held to, each with the rate that it
    takes: shaped to that at their ends. None if no more can be."""
    found = dict(state.shaped)
    for link in question.plan.network.links:
        taken = [each.cir_mbps for each in link.profiles]
        if not taken or min(taken) >= link.rate_mbps:
            continue
        if any(
            each.policed for phase in result.phases for each in phase.links if each.id == link.id
        ):
            found[link.id] = min(taken)
    shaped = tuple(sorted(found.items()))
    return () if shaped == state.shaped else shaped


def _device_states(
    tools: SearchTools, question: Question, state: SearchState
) -> Iterator[SearchState]:
    """Yield the states with the smallest devices that hold the calls."""
    plan = question.plan
    able = larger_devices(
        tools.devices,
        len(plan.calls),
        plan.profile.resolution,
        tools.units_limit_pct,
        kbps=plan.line_kbps,
        content=plan.content is not None,
    )
    for device in able[:MOST_DEVICES]:
        if device.id != plan.device.id:
            yield replace(state, device=device.id)


def _lower_states(question: Question, state: SearchState) -> Iterator[SearchState]:
    device = question.plan.device
    for profile in lower_profiles(question.profiles, question.plan.profile):
        if device.units_for(profile.resolution) is not None:
            yield replace(state, profile=profile.id)


def _faster(
    state: SearchState, question: Question, links: set[str], loads: StaticLoads, tools: SearchTools
) -> Iterator[SearchState]:
    """All of these links at the next rate at which they are not full, by arithmetic."""
    for link in sorted(links):
        now = question.plan.network.link(link).rate_mbps
        peak = max(load.peak_mbps for load in loads.links if load.link == link)
        rate = next_rate(now, peak * 100 / tools.link_limit_pct)
        if rate is None:
            return
        state = state.faster(link, rate)
    yield state


def _fullest(question: Question, binding: Binding, loads: StaticLoads) -> str | None:
    """The link with the highest load on the way of the stream that fares worst."""
    plan = question.plan
    bridge = binding.place.id
    if bridge not in [call.bridge for call in plan.calls]:
        return None
    ends = [bridge, plan.network.mcu.id]
    if (binding.place.detail or "").endswith("down"):
        ends.reverse()
    peaks = {(load.link, load.direction): load.peak_pct for load in loads.links}
    way = shortest_paths(plan.network).path(*ends)
    return max(way, key=lambda hop: peaks[(hop.link, hop.direction)]).link


def _hinted(now_mbps: float, binding: Binding) -> float:
    """A rate to go on with: delays shrink as rates grow, so a value three times the limit asks for
    about three times the rate; no more than one step below that, for it may be less."""
    if binding.value is None or binding.threshold <= 0:
        return 0.0
    wanted = now_mbps * binding.value / binding.threshold / ABOUT
    below = [rate for rate in RATES_MBPS if now_mbps < rate <= wanted]
    return float(below[-1]) if below else 0.0
