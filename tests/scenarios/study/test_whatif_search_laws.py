"""A search against trying everything: its answer passes, and nothing cheaper does."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from whatif_world import Questions, World, devices_of, failed, passed

from giaoban.results.model.places import Place
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.whatif import search as module
from giaoban.scenarios.study.whatif.ladder import RATES_MBPS, lower_profiles
from giaoban.scenarios.study.whatif.search import JudgedState, SearchState, search
from tests.laws import examples

DEVICES = devices_of("lifesize-2200-8", "codian-4510-hd-plus", "rmx-2000-1-mpmx")
"""The question's own holds six calls; these 8, 10 and 30."""
LINES = {"access-mcu": 100.0, "west--east": 100.0}
DIRECTIONS = {
    "access-mcu": ("mcu->r-west", "r-west->mcu"),
    "west--east": ("r-west->r-east", "r-east->r-west"),
}
FASTEST_MBPS = 1000.0


def lattice(world: World) -> list[SearchState]:
    """Every device, every lower call, every rate of both lines."""
    plan = world.start.plan
    profiles = [p.id for p in lower_profiles(world.start.profiles, plan.profile)]
    steps = [
        [None, *(float(rate) for rate in RATES_MBPS if now < rate <= FASTEST_MBPS)]
        for now in LINES.values()
    ]
    return [
        SearchState(
            device,
            profile,
            tuple((link, rate) for link, rate in zip(LINES, rates, strict=True) if rate),
        )
        for device in (None, *(device.id for device in DEVICES))
        for profile in (None, *profiles)
        for rates in itertools.product(*steps)
    ]


mean_mbps = st.sampled_from([5.0, 40.0, 62.5, 75.0, 80.0, 115.0, 150.0, 200.0])


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Questions:
    return Questions(tmp_path_factory.mktemp("base"))


# an example takes a tenth of a second: one that fails is told as it is
@settings(max_examples=examples(24), phases=[Phase.explicit, Phase.generate])
@given(
    more=st.sampled_from([1, 4]),
    means=st.tuples(mean_mbps, mean_mbps, mean_mbps, mean_mbps),
    fullest_pct=st.sampled_from([1000.0, 60.0, 45.0]),
    exaggerated=st.sampled_from([1.0, 3.0, 40.0]),
    harmless=st.sampled_from([None, *LINES]),
    quick=st.sampled_from([None, *(device.id for device in DEVICES)]),
    prices=st.permutations([0.0, 30.0, 700.0]),
    per_mbps=st.sampled_from([(1.0, 1.0), (0.0, 0.0), (0.1, 5.0), (5.0, 0.1)]),
)
# the MCU's line is named, at 50; the other one at 20 is enough, and a quick device is had for 30
@example(
    more=4,
    means=(50.0, 50.0, 40.0, 40.0),
    fullest_pct=45.0,
    exaggerated=1.0,
    harmless="access-mcu",
    quick="codian-4510-hd-plus",
    prices=[0.0, 30.0, 700.0],
    per_mbps=(1.0, 0.4),
)
def test_the_answer_passes_and_nothing_cheaper_passes(
    questions: Questions,
    more: int,
    means: tuple[float, ...],
    fullest_pct: float,
    exaggerated: float,
    harmless: str | None,
    quick: str | None,
    prices: list[float],
    per_mbps: tuple[float, float],
) -> None:
    directions = [(link, direction) for link in LINES for direction in DIRECTIONS[link]]
    world = World(
        questions,
        DEVICES,
        more=more,
        carries=dict(zip(directions, means, strict=True)),
        fullest_pct=fullest_pct,
        exaggerated=exaggerated,
        harmless=harmless,
        # nobody asks for another device where this one holds the calls
        quick=quick if more == 4 else None,
        prices={device.id: price for device, price in zip(DEVICES, prices, strict=True)},
        per_mbps=dict(zip(LINES, per_mbps, strict=True)),
    )
    first = world.first()
    if first.passes:
        return
    with pytest.MonkeyPatch.context() as patched:  # the law is that of a search that is not cut off
        patched.setattr(module, "MOST_JUDGED", 1000)
        patched.setattr(module, "MOST_SLOWED", 1000)
        found = search(world.tools(), first)
    good = [state for state in lattice(world) if world.passes(state)]

    def cheapest(states: list[SearchState]) -> SearchState | None:
        return min(states, key=lambda s: world.key(s, world.question(s)), default=None)

    def saves(state: SearchState) -> bool:
        """Whether lower calls buy less than the calls as asked need."""
        bought = world.key(replace(state, profile=None), world.question(state))
        return as_asked is None or bought < world.key(as_asked, world.question(as_asked))

    lowered, as_asked = (None if j is None else j.state for j in (found.lowered, found.as_asked))
    assert as_asked == cheapest([s for s in good if s.profile is None])
    best = cheapest([s for s in good if s.profile is not None])
    if best is not None and saves(best):
        assert lowered == best
    else:
        assert lowered is None or (lowered in good and saves(lowered))
    # nothing is judged twice, nor judged that arithmetic forbids
    assert len(world.asked) == len(set(world.asked)) == len(found.judged) - 1
    assert [judgement.state for judgement in found.judged] == [SearchState(), *world.asked]
    assert found.looked_at >= len(world.asked)


@settings(max_examples=examples(10), phases=[Phase.explicit, Phase.generate])
@given(
    delays=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    limit=st.sampled_from([0.9, 0.6, 0.3]),
    per_mbps=st.permutations([1.0, 10.0]),
    priced=st.booleans(),
)
# either line may be the faster one: the dear one is what is guessed first
@example(delays=(5, 5), limit=0.85, per_mbps=[10.0, 1.0], priced=True)
@example(delays=(5, 5), limit=0.85, per_mbps=[1.0, 10.0], priced=True)
def test_lines_that_make_up_for_each_other_have_the_cheapest_rates(
    questions: Questions,
    delays: tuple[int, int],
    limit: float,
    per_mbps: list[float],
    priced: bool,
) -> None:
    """Where delays of lines one behind the other add up, whichever is named, or guessed, first."""
    prices = dict(zip(LINES, per_mbps, strict=True)) if priced else {}
    carries = {
        (link, direction): 10.0 * delay
        for (link, delay) in zip(LINES, delays, strict=True)
        for direction in DIRECTIONS[link]
    }
    world = World(questions, DEVICES, carries=carries, per_mbps=prices)
    place = Place(kind="bridge", id="east", detail="video down")
    own = sum(delays)

    def late(state: SearchState) -> float:
        rates = {**LINES, **dict(state.rates)}
        waits = [100.0 * d / rates[link] for link, d in zip(LINES, delays, strict=True)]
        return sum(waits) if state.profile is None else math.inf

    def judge(state: SearchState, question: Question) -> JudgedState:
        value = late(state)
        passes = value <= limit * own
        if state.profile is not None:
            return JudgedState(state, question, failed("stream", place, None, 1.0))
        return JudgedState(
            state, question, passed() if passes else failed("stream", place, value, limit * own)
        )

    tools = replace(world.tools(), judge=judge)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "MOST_JUDGED", 1000)
        patched.setattr(module, "MOST_SLOWED", 1000)
        found = search(tools, judge(SearchState(), world.start)).as_asked
    assert found.passes
    faster = [
        [(link, None), *((link, float(rate)) for rate in RATES_MBPS if rate > LINES[link])]
        for link, _ in found.state.rates
    ]
    every = [SearchState().with_rates(dict(rates)) for rates in itertools.product(*faster)]
    good = [state for state in every if late(state) <= limit * own]
    assert world.key(found.state, world.start) == min(world.key(s, world.start) for s in good)


def test_the_lattice_holds_worlds_of_every_kind(questions: Questions) -> None:
    """The law is not about worlds in which nothing, or anything, passes."""
    world = World(questions, DEVICES, more=4, carries={("west--east", "r-west->r-east"): 150.0})
    good = sum(world.passes(state) for state in lattice(world))
    assert 0 < good < len(lattice(world))
    assert not world.passes(SearchState())
    assert world.passes(SearchState(DEVICES[0].id, None, (("west--east", 300.0),)))
    assert not world.passes(SearchState(DEVICES[0].id, None, (("west--east", 200.0),)))
    # 150 Mb/s, and 180 in its busiest second, of which 75 % of 240 Mb/s is
