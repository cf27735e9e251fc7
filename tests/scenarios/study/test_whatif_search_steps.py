"""What a search asks for next, state by state: each thing that fails names what to change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from whatif_world import (
    LINK_LIMIT_PCT,
    UNITS_LIMIT_PCT,
    Questions,
    World,
    devices_of,
    failed,
    loads_of,
    passed,
)

from giaoban.mcu_sim.device import load_devices
from giaoban.results.model.places import Place
from giaoban.results.model.result import Result
from giaoban.scenarios.estimate.static import LinkLoad, RefusedOrReduced, StaticLoads, shortfall
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.whatif import search as module
from giaoban.scenarios.study.whatif.ladder import larger_devices
from giaoban.scenarios.study.whatif.search import (
    MOST_JUDGED,
    MOST_LOWERED,
    JudgedState,
    SearchResult,
    SearchState,
    SearchTools,
    search,
)

DEVICES = devices_of("lifesize-2200-8", "codian-4510-hd-plus", "rmx-2000-1-mpmx")
LOWER = ["720p30-1m", "sd30-512k", "sd30-256k", "cif30-128k"]
ACROSS = ("west--east", "r-west->r-east")
FULL_DEVICE = failed("mcu", Place(kind="mcu", id="mcu"), 5.0, 4.0)
LESS = RefusedOrReduced("more-01", "720p30", "audio", 200, "all are in use")


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Questions:
    return Questions(tmp_path_factory.mktemp("base"))


def only_first(world: World, first: Result, **tools: object) -> set[SearchState]:
    """What is asked for after a first answer, where all else fails for no reason."""
    asked: list[SearchState] = []

    def judge(state: SearchState, question: object) -> JudgedState:
        asked.append(state)
        return JudgedState(state, world.start, Result.model_construct(verdict="fail", binding=None))

    given: SearchTools = replace(world.tools(), judge=judge, **tools)  # type: ignore[arg-type]
    found = search(given, JudgedState(SearchState(), world.start, first))
    assert (found.lowered, found.as_asked) == (None, None)
    assert len(asked) == len(set(asked))
    return set(asked)


def lowered(*states: SearchState) -> set[SearchState]:
    return {*states, *(SearchState(profile=profile) for profile in LOWER)}


@pytest.fixture
def world(questions: Questions) -> World:
    return World(questions, DEVICES)


def test_a_full_device_asks_for_larger_ones_and_lower_calls(world: World) -> None:
    larger = [SearchState(device.id) for device in DEVICES]
    assert only_first(world, FULL_DEVICE) == lowered(*larger)


def test_so_many_devices_are_tried_and_never_the_one_that_is_there(questions: Questions) -> None:
    """The smallest that hold the calls; the question's own is the smallest of all."""
    devices = load_devices().device
    world = World(questions, devices, more=1)
    tried = {s.device for s in only_first(world, FULL_DEVICE) if s.device is not None}
    assert world.start.plan.device.id not in tried
    # of the six smallest, one is its own
    plan = world.start.plan
    able = larger_devices(devices, 3, plan.profile.resolution, 80.0, kbps=plan.line_kbps)[:6]
    assert tried == {d.id for d in able} - {plan.device.id}
    assert plan.device.id in {d.id for d in able}
    assert {s.rates for s in only_first(world, FULL_DEVICE)} == {()}


@pytest.mark.parametrize("shown", [False, True])
def test_devices_are_asked_whether_they_hold_the_calls_with_their_content(
    world: World, monkeypatch: pytest.MonkeyPatch, shown: bool
) -> None:
    plan = world.start.plan.model_copy(update={"content": "slides" if shown else None})
    world.start = replace(world.start, plan=plan)
    asked: list[object] = []

    def none_holds(*given: object, **named: object) -> list[object]:
        asked.append((given, named))
        return []

    monkeypatch.setattr(module, "larger_devices", none_holds)
    loads = world.loads(world.start)
    assert only_first(world, FULL_DEVICE, loads=lambda _: loads) == lowered()
    given = (DEVICES, 3, "720p30", UNITS_LIMIT_PCT)
    assert asked[0] == (given, {"kbps": plan.line_kbps, "content": shown})


@pytest.mark.parametrize(
    ("mean_mbps", "bursts", "asked_mbps"),
    [
        (60.0, 2.0, 200.0),  # 120 Mb/s in the busiest second are 75 % of 160
        (75.0, 2.0, 200.0),  # 150 Mb/s are 75 % of 200, to the last bit
        (70.0, 2000.0, None),  # nothing is fast enough: lower calls alone
    ],
)
def test_a_full_line_asks_for_the_rate_at_which_it_is_not(
    questions: Questions, mean_mbps: float, bursts: float, asked_mbps: float | None
) -> None:
    world = World(questions, DEVICES, carries={ACROSS: mean_mbps}, bursts=bursts)
    answer = failed("link", Place(kind="link", id="west--east"), bursts * mean_mbps, 75.0)
    faster = [] if asked_mbps is None else [SearchState(rates=(("west--east", asked_mbps),))]
    assert only_first(world, answer) == lowered(*faster)


@pytest.mark.parametrize(
    ("value", "threshold", "mbps"),
    [
        (None, 10.0, 150.0),
        (30.0, 0.0, 150.0),
        (30.0, -1.0, 150.0),
        (3.0, 1.0, 200.0),
        (0.3, 0.1, 200.0),
        (10.1, 10.0, 150.0),
        (22.0, 10.0, 150.0),
        (22.5, 10.0, 150.0),
        (29.9, 10.0, 150.0),
        (30.0, 10.0, 200.0),
        (44.9, 10.0, 200.0),
        (45.0, 10.0, 300.0),
        (80.0, 10.0, 500.0),
    ],
)
def test_delay_asks_for_a_rate_in_proportion_but_a_step_below(
    questions: Questions, value: float | None, threshold: float, mbps: float
) -> None:
    """Three times the limit at 100 Mb/s: about 300, tried from 300 / 1.5 = 200 on."""
    world = World(questions, DEVICES, carries={ACROSS: 50.0})
    place = Place(kind="bridge", id="east", detail="video down")
    answer = failed("stream", place, value, threshold)
    assert only_first(world, answer) == lowered(SearchState(rates=(("west--east", mbps),)))


@pytest.mark.parametrize(
    ("detail", "link"),
    [
        ("video up", "access-mcu"),
        ("video down", "west--east"),
        (None, "access-mcu"),
        ("speech", "access-mcu"),
    ],
)
def test_the_fullest_line_on_the_way_of_the_stream_is_asked_for(
    questions: Questions, detail: str | None, link: str
) -> None:
    """Down from the MCU to the bridge, up from the bridge to the MCU."""
    carries = {
        ("access-mcu", "r-west->mcu"): 50.0,
        ("west--east", "r-east->r-west"): 40.0,
        ("access-mcu", "mcu->r-west"): 30.0,
        ACROSS: 45.0,
    }
    world = World(questions, DEVICES, carries=carries)
    answer = failed("stream", Place(kind="bridge", id="east", detail=detail), 11.0, 10.0)
    assert only_first(world, answer) == lowered(SearchState(rates=((link, 150.0),)))


def test_a_line_that_is_not_on_the_way_is_not_asked_for(questions: Questions) -> None:
    world = World(questions, DEVICES, carries={ACROSS: 60.0, ("access-mcu", "mcu->r-west"): 30.0})
    answer = failed("stream", Place(kind="bridge", id="west", detail="video down"), 11.0, 10.0)
    assert only_first(world, answer) == lowered(SearchState(rates=(("access-mcu", 150.0),)))


def test_who_has_no_call_has_no_way(world: World) -> None:
    answer = failed("stream", Place(kind="bridge", id="nobody", detail="video up"), 11.0, 10.0)
    assert only_first(world, answer) == lowered()


def test_the_fastest_line_there_is_leaves_lower_calls(questions: Questions) -> None:
    """The start's west--east is at 100,000 Mb/s already."""
    world = World(questions, DEVICES, carries={ACROSS: 60_000.0})
    world.start = questions.of(1, SearchState(rates=(("west--east", 100_000.0),)))
    answer = failed("stream", Place(kind="bridge", id="east", detail="video down"), 11.0, 10.0)
    loads = world.loads(world.start)
    assert only_first(world, answer, loads=lambda _: loads) == lowered()


def test_an_answer_without_a_criterion_that_binds_asks_for_nothing(world: World) -> None:
    assert only_first(world, Result.model_construct(verdict="invalid", binding=None)) == set()


def test_arithmetic_asks_for_all_lines_that_are_full_at_once(questions: Questions) -> None:
    """The means: 80 and 90 of 75 Mb/s; the answer's own criterion plays no part."""
    carries = {ACROSS: 80.0, ("access-mcu", "mcu->r-west"): 90.0}
    world = World(questions, DEVICES, carries=carries, bursts=1.25)
    rates = (("access-mcu", 150.0), ("west--east", 150.0))
    assert only_first(world, FULL_DEVICE) == lowered(SearchState(rates=rates))


@pytest.mark.parametrize(
    ("pct", "fields", "wanted"),
    [
        (80.0, {}, False),
        (80.1, {}, True),
        (10.0, {"refused": (LESS,)}, True),
        (10.0, {"downspeeded": (LESS,)}, True),
    ],
)
def test_a_device_is_changed_where_it_is_too_full_or_gives_less(
    questions: Questions, pct: float, fields: dict[str, tuple[RefusedOrReduced, ...]], wanted: bool
) -> None:
    """Lines are full too, so arithmetic speaks in every case; asked for is the device besides."""
    world = World(questions, DEVICES, carries={ACROSS: 80.0})
    links = world.loads(world.start).links
    loads = loads_of(links, pct, **fields)
    easy = loads_of([], 10.0)
    found = only_first(
        world,
        passed(),
        loads=lambda question: loads if question is world.start else easy,
    )
    assert {s.device for s in found if s.device} == ({d.id for d in DEVICES} if wanted else set())
    assert [s.rates for s in found if s.rates] == [(("west--east", 150.0),)]


def test_a_line_at_its_limit_is_not_full(questions: Questions) -> None:
    """75 % of 100 Mb/s: the device is what is looked for, no line is."""
    world = World(questions, DEVICES, carries={ACROSS: 75.0})
    loads = replace(loads_of(world.loads(world.start).links, 90.0))
    easy = loads_of([], 10.0)
    found = only_first(
        world, passed(), loads=lambda question: loads if question is world.start else easy
    )
    assert [s.rates for s in found if s.rates] == []
    assert {s.device for s in found if s.device} == {d.id for d in DEVICES}


def line(mean_mbps: float) -> list[LinkLoad]:
    return [
        LinkLoad("a--b", "a->b", 100.0, 10.0, 1000.0),
        LinkLoad("a--b", "b->a", 100.0, mean_mbps, 1000.0),
    ]


@pytest.mark.parametrize(
    ("loads", "no"),
    [
        (loads_of(line(75.0), 80.0), False),
        (loads_of(line(75.1), 80.0), True),
        (loads_of(line(75.0), 80.1), True),
        (loads_of(line(75.0), 80.0, refused=(LESS,)), True),
        (loads_of(line(75.0), 80.0, downspeeded=(LESS,)), True),
    ],
)
def test_what_arithmetic_says_no_to(loads: StaticLoads, no: bool) -> None:
    """Means, for whether a busiest second is too much is judged packet by packet."""
    assert (shortfall(loads, UNITS_LIMIT_PCT, LINK_LIMIT_PCT) is not None) is no


def searched(
    world: World, judge: Callable[[SearchState], Result]
) -> tuple[SearchResult, list[SearchState]]:
    """A search from a full device, whose further answers a test decides on."""
    asked: list[SearchState] = []

    def told(state: SearchState, question: object) -> JudgedState:
        asked.append(state)
        return JudgedState(state, world.start, judge(state))

    start = JudgedState(SearchState(), world.start, FULL_DEVICE)
    return search(replace(world.tools(), judge=told), start), asked


def test_it_goes_on_for_the_cheapest_with_calls_as_asked(questions: Questions) -> None:
    """Lower calls are cheaper and pass; from then on no lower calls are looked at."""
    world = World(questions, DEVICES, prices={d.id: 9.0 for d in DEVICES})
    place = Place(kind="bridge", id="east", detail="video down")
    good = {SearchState(profile=LOWER[0]), SearchState(DEVICES[1].id)}
    found, asked = searched(
        world, lambda state: passed() if state in good else failed("stream", place, 20.0, 10.0)
    )
    assert asked == [
        SearchState(profile=LOWER[0]),
        SearchState(DEVICES[0].id),
        SearchState(DEVICES[1].id),
    ]
    assert (found.lowered.state, found.as_asked.state) == (asked[0], asked[2])
    assert [each.state for each in found.judged if not each.passes] == [SearchState(), asked[1]]
    assert found.looked_at == 3


def test_lower_calls_on_the_same_device_are_no_alternative(world: World) -> None:
    found, asked = searched(world, lambda state: passed() if state.device else failed_link())
    assert found.lowered is None
    assert found.as_asked.state == SearchState(DEVICES[0].id)
    later = asked[asked.index(found.as_asked.state) + 1 :]
    assert not [state for state in later if state.device]


def failed_link() -> Result:
    return failed("link", Place(kind="link", id="west--east"), 80.0, 75.0)


def test_the_same_calls_fill_the_same_line_whatever_device_they_go_to(world: World) -> None:
    """One device is judged on the lines as they are; the others only on faster ones."""

    def judge(state: SearchState) -> Result:
        if state.rates:
            return failed("mcu", Place(kind="mcu", id="mcu"), 90.0, 80.0)
        return failed_link()

    _, asked = searched(world, judge)
    plain = [state for state in asked if not state.rates and state.profile is None]
    assert plain == [SearchState(DEVICES[0].id)]
    faster = {state.device for state in asked if state.rates and state.profile is None}
    assert faster == {device.id for device in DEVICES}


def test_another_cause_says_nothing_of_other_devices(world: World) -> None:
    full = failed("mcu", Place(kind="mcu", id="mcu"), 90.0, 80.0)
    _, asked = searched(world, lambda _: full)
    plain = [state.device for state in asked if not state.rates and state.profile is None]
    assert plain == [device.id for device in DEVICES]


def test_states_that_cost_the_same_are_judged_in_the_order_they_were_thought_of(
    world: World,
) -> None:
    full = failed("mcu", Place(kind="mcu", id="mcu"), 90.0, 80.0)
    asked: list[SearchState] = []

    def judge(state: SearchState, question: object) -> JudgedState:
        asked.append(state)
        return JudgedState(state, world.start, full)

    tools = replace(world.tools(), judge=judge, key=lambda *_: (0.0,))
    search(tools, JudgedState(SearchState(), world.start, full))
    by_size = ["lifesize-2200-8", "codian-4510-hd-plus", "rmx-2000-1-mpmx"]
    assert asked[:3] == [SearchState(device) for device in by_size]
    assert asked[3:][: len(LOWER)] == [SearchState(profile=profile) for profile in LOWER]


@pytest.mark.parametrize("binding", [True, False])
def test_a_search_ends_after_so_many_judgements(world: World, binding: bool) -> None:
    """The first counts. Where nothing binds nothing more is tried: that is no end too soon."""
    place = Place(kind="bridge", id="east", detail="video down")
    never = failed("stream", place, 10.1, 10.0)
    nothing = Result.model_construct(verdict="fail", binding=None)
    found, asked = searched(world, lambda _: never if binding else nothing)
    assert (len(found.judged) == MOST_JUDGED + MOST_LOWERED) is binding
    assert (sum(state.profile is not None for state in asked) == MOST_LOWERED) is binding
    assert found.looked_at == len(asked) == len(found.judged) - 1
    assert (found.lowered, found.as_asked) == (None, None)


def test_what_arithmetic_forbids_is_looked_at_and_not_judged(questions: Questions) -> None:
    """Both the device is full and a line is: a change of one alone is not judged."""
    world = World(questions, DEVICES, more=4, carries={ACROSS: 80.0}, bursts=1.1)
    found, asked = searched(world, lambda _: passed())
    device = DEVICES[0].id
    assert asked == [
        SearchState(device, LOWER[0]),
        SearchState(device, None, (("west--east", 150.0),)),
    ]
    assert found.looked_at > len(asked)


@pytest.mark.parametrize(
    ("result", "passes"),
    [
        (passed(), True),
        (Result.model_construct(verdict="fail", binding=None), False),
        (Result.model_construct(verdict="invalid", binding=None), False),
    ],
)
def test_only_pass_passes(questions: Questions, result: Result, passes: bool) -> None:
    assert JudgedState(SearchState(), World(questions, DEVICES).start, result).passes is passes


def test_a_line_that_was_not_to_blame_is_left_as_it_is(questions: Questions) -> None:
    """The fullest on the way is made faster first; what loses is the MCU's line, below 150 Mb/s."""
    world = World(questions, DEVICES, carries={ACROSS: 50.0, ("access-mcu", "mcu->r-west"): 40.0})
    place = Place(kind="bridge", id="east", detail="video down")

    def judge(state: SearchState, question: Question) -> JudgedState:
        enough = dict(state.rates).get("access-mcu", 100.0) >= 150.0 and state.profile is None
        result = passed() if enough else failed("stream", place, 40.0, 10.0)
        return JudgedState(state, question, result)

    start = JudgedState(SearchState(), world.start, failed("stream", place, 40.0, 10.0))
    found = search(replace(world.tools(), judge=judge), start)
    assert found.lowered is None
    assert found.as_asked.state == SearchState(rates=(("access-mcu", 150.0),))


def test_what_passes_when_no_more_may_be_judged_is_the_answer(
    questions: Questions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guess that is the last judgement there is: its line is as fast as was guessed."""
    most = 12
    monkeypatch.setattr(module, "MOST_JUDGED", most)
    world = World(questions, DEVICES, carries={ACROSS: 50.0})
    place = Place(kind="bridge", id="east", detail="video down")
    late = failed("stream", place, 1000.0, 10.0)
    asked: list[SearchState] = []

    def judge(state: SearchState, question: Question) -> JudgedState:
        if state.profile is None:
            asked.append(state)
        passes = state.profile is None and len(asked) == most - 1
        near = failed("stream", place, 10.1, 10.0)
        return JudgedState(state, question, passed() if passes else near)

    found = search(
        replace(world.tools(), judge=judge), JudgedState(SearchState(), world.start, late)
    )
    assert found.as_asked.state == asked[most - 2]


@pytest.mark.parametrize(("most_slowed", "mbps"), [(24, 200.0), (1, 300.0), (0, 2000.0)])
def test_slowing_down_takes_nothing_from_what_finds_an_answer(
    questions: Questions, monkeypatch: pytest.MonkeyPatch, most_slowed: int, mbps: float
) -> None:
    """One guess may be judged, and is far too fast; its line is slowed down by more judgements."""
    monkeypatch.setattr(module, "MOST_JUDGED", 2)
    monkeypatch.setattr(module, "MOST_SLOWED", most_slowed)
    world = World(questions, DEVICES, carries={ACROSS: 50.0})
    late = failed("stream", Place(kind="bridge", id="east", detail="video down"), 450.0, 10.0)

    def judge(state: SearchState, question: Question) -> JudgedState:
        enough = dict(state.rates).get("west--east", 100.0) >= 200.0
        return JudgedState(state, question, passed() if enough else late)

    def key(state: SearchState, question: Question) -> tuple[float, ...]:
        return state.profile is not None, *(mbps for _, mbps in state.rates)

    found = search(
        replace(world.tools(), judge=judge, key=key), JudgedState(SearchState(), world.start, late)
    )
    assert found.as_asked.state == SearchState(rates=(("west--east", mbps),))
