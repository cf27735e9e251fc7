"""A question asked again with some figures changed: the same to the last digit as from the
beginning, and not estimated again where nothing can be another."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scenario_factory import DEFAULT, scenario

from giaoban.errors import InputError
from giaoban.scenarios.estimate import estimate as estimates
from giaoban.scenarios.estimate import reuse, signalling
from giaoban.scenarios.estimate.estimate import (
    EarlyJudgement,
    EstimatedMeeting,
    estimate_meeting,
    judge_early,
)
from giaoban.scenarios.estimate.media import captures, media
from giaoban.scenarios.estimate.media.media import _MeetingRun
from giaoban.scenarios.estimate.network.batched_transit import BatchedTransit, _HopLevel
from giaoban.scenarios.estimate.network.failing import FailingPaths
from giaoban.scenarios.estimate.network.packets import Packets
from giaoban.scenarios.estimate.network.paths import find_paths
from giaoban.scenarios.estimate.network.queues import Batch, BatchedFifo, BatchServed
from giaoban.scenarios.estimate.reuse import CachingJudge
from giaoban.scenarios.estimate.signalling import signal
from giaoban.scenarios.estimate.timeline import Timeline
from giaoban.scenarios.measure.assemble import criteria_of
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.study.sensitivity.drawn import value_at
from giaoban.scenarios.study.sensitivity.figures import AssumedFigure, figures
from giaoban.scenarios.study.sensitivity.world import THRESHOLDS, Value, World
from giaoban.scenarios.study.sensitivity.world import Path as WorldPath
from tests.laws import examples

FAR_PCT = 100.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    # a meeting with losses fails by its freezes, which are looked at while it is held
    limits = "[thresholds]\npicture-artefacts = 100000.0\nlongest-freeze = 300.0\n"
    folder = tmp_path_factory.mktemp("s")
    path = scenario(folder / "short.toml", phases=(2, 2, 2), more=limits)
    return World.of(make_question(path))


@pytest.fixture(scope="module")
def tried(world: World) -> list[AssumedFigure]:
    found, _ = figures(world, criteria_of(world.base), None)
    return [figure for figure in found if figure.path[0] != THRESHOLDS]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """The questions whose meetings were held."""
    found: list[Question] = []

    def noted(question: Question, *rest: object) -> EstimatedMeeting:
        found.append(question)
        return estimate_meeting(question, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(reuse, "estimate_meeting", noted)
    return found


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No meeting is held without the new bridge, which would be counted as well."""
    monkeypatch.setattr(estimates, "_without_new", lambda *_: None)
    _from_the_beginning.clear()
    yield
    _from_the_beginning.clear()


_from_the_beginning: dict[tuple[bytes, float | None], EarlyJudgement] = {}


def from_the_beginning(question: Question, past_pct: float | None = None) -> EarlyJudgement:
    """As `judge_early`, asked once for the same; what is held to its end is that, however far a
    failure would have had to go (`test_early_stop.py`)."""
    asked = pickle.dumps(question)
    if (asked, past_pct) in _from_the_beginning:
        return _from_the_beginning[asked, past_pct]
    found = judge_early(question, past_pct)
    _from_the_beginning[asked, past_pct] = found
    if found.whole:
        _from_the_beginning[asked, None] = found
    return found


def again(world: World, judge: CachingJudge, changes: list[tuple[WorldPath, Value]]) -> bool:
    """Judge a world both ways; False: there is no such world."""
    try:
        for path, value in changes:
            world = world.put(path, value)
        question = world.question()
    except (ValueError, InputError):
        return False
    for past_pct in (FAR_PCT, None):
        known, anew = judge(question, past_pct), from_the_beginning(question, past_pct)
        assert (known.judgement, known.whole) == (anew.judgement, anew.whole)
    return True


@settings(max_examples=examples(10))
@given(data=st.data())
def test_whatever_changes_the_answer_is_that_from_the_beginning(
    world: World, tried: list[AssumedFigure], data: st.DataObject
) -> None:
    judge = CachingJudge()
    assert again(world, judge, [])
    changes: list[tuple[WorldPath, Value]] = []
    for _ in range(data.draw(st.integers(1, 3))):
        figure = data.draw(st.sampled_from(tried))
        changes.append((figure.path, value_at(figure, data.draw(st.floats(0, 1)))))
        if data.draw(st.booleans()):  # one figure at a time, or all of them
            del changes[:-1]
        again(world, judge, changes)


def line(world: World, bridge: str, figure: str) -> WorldPath:
    number = next(n for n, b in enumerate(world.province.bridges) if b.id == bridge)
    return "province", "bridges", number, figure


def test_a_buffer_that_never_fills_is_not_estimated_again(
    world: World, held: list[Question]
) -> None:
    judge, bridge = CachingJudge(), world.base.plan.calls[0].bridge
    path = line(world, bridge, "buffer_packets")
    judge(world.question())
    for packets in (150, 400, 1000):
        assert again(world, judge, [(path, packets)])
    assert len(held) == 1
    assert again(world, judge, [(path, 2)])  # now it does
    assert len(held) > 1


def test_who_decodes_later_compares_no_packets(
    world: World, held: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The meeting that is judged again has the very packets of before."""
    judge = CachingJudge()
    judge(world.question())
    compared: list[int] = []
    equal = captures._equal

    def noted(one: NDArray[np.void], other: NDArray[np.void]) -> bool:
        compared.append(len(one))
        return equal(one, other)

    monkeypatch.setattr(captures, "_equal", noted)
    assert again(world, judge, [(("profiles", "terminal", "decoding_ms"), 71.0)])
    assert (len(held), compared) == (1, [])
    assert again(world, judge, [(line(world, "west", "rate_mbps"), 50.0)])
    assert compared


def test_a_loss_so_small_that_nothing_is_drawn_says_nothing_of_others(world: World) -> None:
    judge, path = CachingJudge(), line(world, world.base.plan.calls[0].bridge, "loss_pct")
    for pct in (1e-12, 1.0):
        assert again(world, judge, [(path, pct)])


def test_a_line_that_loses_is_measured_by_packets_as_its_buffer_allows(world: World) -> None:
    """Each has drawn one of its numbers: a smaller buffer loses other packets later."""
    judge, bridge = CachingJudge(), world.base.plan.calls[0].bridge
    for buffer in (24, 36, 80):
        changes = {"loss_pct": 0.2, "rate_mbps": 100.0, "buffer_packets": buffer}
        assert again(world, judge, [(line(world, bridge, k), v) for k, v in changes.items()])


def test_who_is_looked_at_early_and_fails_says_nothing_of_others(world: World) -> None:
    """When that is known hangs also on where steps ended that were done again."""
    for pct, past_pct in ((1.0, 0.0), (1.0, 1e6)):
        question = world.put(line(world, "west", "loss_pct"), pct).question()
        judged = judge_early(question, past_pct)
        assert (judged.judgement.verdict, judged.whole) == ("fail", past_pct > 0)
        assert judged.bounds is None
        assert judge_early(question, None).bounds is not None


def test_signalling_waits_for_no_loss_buffer_or_picture(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, signalled = CachingJudge(), list[Plan]()

    def noted(plan: Plan, failing: FailingPaths | None = None) -> Timeline:
        signalled.append(plan)
        return signal(plan, failing)

    monkeypatch.setattr(signalling, "signal", noted)
    same: list[tuple[WorldPath, Value]] = [
        (("device", "compose_delay", "delay_ms"), 90.0),
        (line(world, "west", "loss_pct"), 0.3),
        (line(world, "west", "buffer_packets"), 2),
    ]
    for change in same:
        assert again(world, judge, [change])
    assert len(signalled) == 1
    assert again(world, judge, [(line(world, "west", "rate_mbps"), 50.0)])
    assert len(signalled) == 2


def test_other_ways_and_another_end_are_another_meeting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A longer link sends packets another way; behind a slower one a meeting ends later. Steps of
    time before the end are the same."""
    monkeypatch.setattr(media, "coarse_ns", lambda _plan: 2_000_000_000)
    path = scenario(tmp_path / "s.toml", province=DEFAULT, bridges=(), phases=(2, 2, 2))
    world = World.of(make_question(path))
    judge, paths, ends = CachingJudge(), set(), set()
    for number, figure, value in (
        (0, "rate_mbps", 10.0),
        (1, "rate_mbps", 50.0),
        (0, "km", 200.0),
        (1, "rate_mbps", 60.0),
    ):
        changed = [(("province", "links", number, figure), value)]
        assert again(world, judge, changed)
        plan = world.put_all(changed).question().plan
        paths.add(find_paths(plan).along.tobytes())
        ends.add(plan.end_s)
    assert len(paths) > 1
    assert len(ends) > 1


@pytest.mark.usefixtures("alone")
def test_a_queue_to_which_the_same_comes_is_not_gone_through_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, path, served = CachingJudge(), line(world, "west", "rate_mbps"), list[Batch]()
    serve = BatchedFifo.serve

    def noted(queues: BatchedFifo, batch: Batch) -> BatchServed:
        served.append(batch)
        return serve(queues, batch)

    monkeypatch.setattr(BatchedFifo, "serve", noted)
    judge(world.question())
    packets = sum(len(batch.came_ns) for batch in served)
    for mbps in (20.0, 30.0):
        served.clear()
        judge(world.put(path, mbps).question())
        assert 0 < sum(len(batch.came_ns) for batch in served) < 0.75 * packets


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("delay_ms", [60.0, 110.0])
def test_who_composes_later_serves_nothing_that_goes_up_again(
    world: World, monkeypatch: pytest.MonkeyPatch, delay_ms: float
) -> None:
    """Also where so many pictures more, or fewer, go down in a step of time."""
    judge, downwards, served = CachingJudge(), list[bool](), BatchedTransit._pass
    down = {hop for path in range(len(world.base.plan.calls)) for hop in _down(world, path)}

    def noted(
        self: BatchedTransit, level: _HopLevel, *rest: Any
    ) -> Iterable[tuple[int, NDArray[np.int64]]]:
        downwards.append(set(level.hops.tolist()) <= down)
        return served(self, level, *rest)

    monkeypatch.setattr(BatchedTransit, "_pass", noted)
    judge(world.question())
    assert not all(downwards)
    downwards.clear()
    judge(world.put(("device", "compose_delay", "delay_ms"), delay_ms).question())
    assert downwards
    assert all(downwards)


def _down(world: World, call: int) -> list[int]:
    """The hops on the way to a bridge."""
    return find_paths(world.base.plan).of(2 * call + 1)


LOSSES = st.sampled_from([0.02, 0.05, 0.08, 0.1, 0.2, 0.4, 1.0])
BUFFERS = st.sampled_from([2, 4, 8, 12, 16, 24, 40])


@settings(max_examples=examples(8))
@given(
    changes=st.one_of(
        st.lists(st.fixed_dictionaries({"loss_pct": LOSSES}), min_size=2, max_size=5),
        st.lists(st.fixed_dictionaries({"buffer_packets": BUFFERS}), min_size=2, max_size=5),
        st.lists(  # measured by as many packets
            st.fixed_dictionaries(
                {
                    "rate_mbps": st.just(4.0),
                    "loss_pct": LOSSES,
                    "buffer_packets": st.integers(40, 60),
                }
            ),
            min_size=2,
            max_size=4,
        ),
    ),
    far=st.lists(st.sampled_from([FAR_PCT, 1e6, None]), min_size=5, max_size=5),
)
def test_a_meeting_that_goes_on_from_where_another_was_ends_as_from_the_beginning(
    world: World, changes: list[dict[str, Value]], far: list[float | None]
) -> None:
    """Whatever either of them loses, before it or behind it."""
    judge = CachingJudge()
    for change, past_pct in zip(changes, far, strict=False):
        figures = [(line(world, "west", figure), value) for figure, value in change.items()]
        question = world.put_all(figures).question()
        known, anew = judge(question, past_pct), from_the_beginning(question, past_pct)
        assert (known.judgement, known.whole) == (anew.judgement, anew.whole)


@pytest.mark.parametrize(
    ("figure", "values"), [("loss_pct", (1.0, 0.2, 0.4)), ("buffer_packets", (4, 16, 8))]
)
def test_who_goes_on_loses_by_its_own_figures(
    world: World, figure: str, values: tuple[float, ...]
) -> None:
    judge, path = CachingJudge(), line(world, "west", figure)
    for value in values:
        question = world.put(path, value).question()
        assert judge(question, FAR_PCT).judgement == from_the_beginning(question, FAR_PCT).judgement


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(("figure", "value"), [("loss_pct", 0.4), ("buffer_packets", 16)])
def test_a_meeting_goes_on_from_where_another_was(
    world: World, figure: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was held until it failed is held to its end from there."""
    steps: list[tuple[int, int]] = []
    step = _MeetingRun._step

    def noted(run: _MeetingRun, start_ns: int, until_ns: int) -> Packets:
        steps.append((start_ns, until_ns))
        return step(run, start_ns, until_ns)

    monkeypatch.setattr(_MeetingRun, "_step", noted)
    judge, question = CachingJudge(), world.put(line(world, "west", figure), value).question()
    assert not judge(question, FAR_PCT).whole
    assert min(steps)[0] == 0
    steps.clear()
    assert judge(question, None).whole
    assert min(steps)[0] > 1_000_000_000


@pytest.mark.usefixtures("alone")
def test_a_queue_shorter_than_one_that_loses_is_known_to_lose(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody looks first whether it does; of a longer one that is not known."""
    backing: list[bool] = []
    step = _MeetingRun._step

    def noted(run: _MeetingRun, start_ns: int, until_ns: int) -> Packets:
        backing.append(run._backing)
        return step(run, start_ns, until_ns)

    monkeypatch.setattr(_MeetingRun, "_step", noted)
    judge, path = CachingJudge(), line(world, "west", "buffer_packets")
    for value, known in ((8, False), (4, True), (16, False), (8, True)):
        backing.clear()
        question = world.put(path, value).question()
        judged = judge(question, None)
        assert (False not in backing) == known, value
        assert judged.judgement == from_the_beginning(question, None).judgement


def test_threads_take_turns(world: World) -> None:
    """As those of a worker of a cluster."""
    judge, path = CachingJudge(), line(world, "west", "rate_mbps")
    values = [(path, mbps) for mbps in (20.0, 30.0, 40.0)]
    values += [(("profiles", "terminal", "decoding_ms"), ms) for ms in (30.0, 40.0, 50.0)]
    questions = [world.put(*changed).question() for changed in values] * 2
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(judge, questions))
    finally:
        sys.setswitchinterval(interval_s)
    expected = [from_the_beginning(question).judgement for question in questions[: len(values)]]
    assert [each.judgement for each in found] == expected * 2


def test_traces_are_kept_of_the_last_meeting_alone(world: World) -> None:
    judge = CachingJudge()
    for playout_ms in (40.0, 50.0, 60.0):
        judge(world.put(("profiles", "terminal", "playout_ms"), playout_ms).question())
    assert len(judge._traces) == len(world.base.plan.streams)


def test_a_large_meeting_is_not_kept(
    world: World, held: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reuse, "KEPT_PACKETS", 100)
    judge = CachingJudge()
    assert again(world, judge, [])
    assert again(world, judge, [(("profiles", "terminal", "decoding_ms"), 50.0)])
    assert not held
    assert judge._held is None


def test_what_lies_on_nobodys_way_is_not_estimated_again(
    tmp_path: Path, held: list[Question]
) -> None:
    path = scenario(tmp_path / "s.toml", province=DEFAULT, bridges=(), phases=(2, 2, 2))
    world = World.of(make_question(path))
    judge, plan = CachingJudge(), world.base.plan
    crossed = judge(world.question()).bounds
    assert crossed is not None
    spare = [n for n, k in enumerate(plan.network.links) if 2 * n not in crossed.within.limits]
    ids = {plan.network.links[n].id for n in spare}
    numbers = [n for n, link in enumerate(world.province.links) if link.id in ids]
    assert numbers
    for figure, value in (("rate_mbps", 50.0), ("km", world.province.links[numbers[0]].km + 1)):
        assert again(world, judge, [(("province", "links", numbers[0], figure), value)])
    assert len(held) == 1


def test_a_terminals_delays_are_judged_again_of_the_same_meeting(
    world: World, held: list[Question]
) -> None:
    judge = CachingJudge()
    for figure in reuse.ONLY_JUDGED:
        assert again(world, judge, [(("profiles", "terminal", figure), 50.0)])
    assert len(held) == 1


def test_what_was_held_to_its_end_is_not_what_fails_early(
    world: World, held: list[Question]
) -> None:
    """Who asks only until it fails is told what failed first, in the phase in which it did."""
    judge = CachingJudge()
    lossy = world.put(line(world, "west", "loss_pct"), 1.0)
    assert judge(lossy.question(), None).whole
    sooner = lossy.put(("profiles", "terminal", "decoding_ms"), 50.0).question()
    found, anew = judge(sooner, 0.0), from_the_beginning(sooner, 0.0)
    assert not anew.whole
    assert (found.judgement, found.whole) == (anew.judgement, anew.whole)
    assert len(held) == 2
    # the other way round, and where nothing fails
    assert judge(sooner, None) == judge_early(sooner, None)
    calm = world.put(("profiles", "terminal", "encoding_ms"), 1.0)
    judge(world.question(), None)
    judge(calm.question(), 0.0)
    assert len(held) == 4


def test_only_so_many_answers_are_kept(
    world: World, held: list[Question], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that were asked for last."""
    monkeypatch.setattr(reuse, "MOST_QUESTIONS", 2)
    judge, bridge = CachingJudge(), world.base.plan.calls[0].bridge
    path = line(world, bridge, "rate_mbps")
    for mbps in (20.0, 30.0, 20.0, 40.0, 20.0):
        judge(world.put(path, mbps).question())
    assert len(held) == 3
    judge(world.put(path, 30.0).question())
    assert len(held) == 4


def test_another_process_knows_the_answers(world: World, held: list[Question]) -> None:
    judge = CachingJudge()
    question = world.question()
    own = judge(question)
    assert pickle.loads(pickle.dumps(judge))(question) == own
    assert len(held) == 1


WAITING = """
[[criterion]]
id = "waiting"
name_en = "Waiting on the backbone"
name_vi = "Chờ trên đường trục"
measure = { on = "link", metric = "queue_p99_ms", links = ["west--east"] }
threshold = 50.0
unit = "ms"
sense = "at-most"
source_en = "test"
source_vi = "thử"
"""


def test_a_criterion_may_ask_for_more_of_the_same_meeting(world: World, tmp_path: Path) -> None:
    more = World.of(make_question(scenario(tmp_path / "s.toml", phases=(2, 2, 2), more=WAITING)))
    assert more.base.plan == world.base.plan
    judge = CachingJudge()
    for each in (world, more, world):
        assert again(each, judge, [])
    found = judge(more.question()).judgement.criteria
    assert next(each.value for each in found if each.id == "waiting") is not None
