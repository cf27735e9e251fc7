"""Bridges that join in haste: asked again with more time, and only where that may be the reason."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scenario_factory import DEFAULT
from whatif_factory import base

from giaoban.processes.workers import InlineWorker
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.result import Result
from giaoban.scenarios.estimate.estimate import estimate
from giaoban.scenarios.plan.question import Question
from giaoban.scenarios.study.headroom import headroom as run
from giaoban.scenarios.study.headroom.headroom import HeadroomRequest
from giaoban.scenarios.study.headroom.search import HeadroomSearch
from giaoban.scenarios.study.whatif.apply import EXISTING, Base, ask, base_of
from giaoban.scenarios.study.whatif.join_pacing import SlowerJoin, with_slower_joins
from giaoban.scenarios.study.whatif.variant import Variant
from giaoban.scenarios.study.whatif.words import changes

MORE = Variant(id="more", more=2)


def fails(by: str) -> Result:
    """A result that fails by this: `stream`, `link` or `mcu`."""
    binding = Binding.model_construct(cause=by, place=Place.model_construct(kind="link", id="x"))
    return Result.model_construct(verdict="fail", binding=binding)


PASSES = Result.model_construct(verdict="pass", binding=None)


class Told:
    """Answers that a test decides on, by how far apart bridges join."""

    def __init__(self, of: dict[float, Result]) -> None:
        self.of = of
        self.asked: list[float] = []

    def __call__(self, question: Question) -> Any:
        during = question.plan.phases[1]
        self.asked.append((during.end_s - during.start_s) / 2)
        return SimpleNamespace(result=self.of[self.asked[-1]])


def asked(here: Base, variant: Variant, told: Told) -> SlowerJoin:
    return with_slower_joins(here, variant, ask(here, variant).question, told)


@pytest.fixture
def here(tmp_path: Path) -> Base:
    return replace(base(tmp_path), pace_s=None)


@pytest.mark.parametrize("then", [PASSES, fails("link"), fails("mcu")])
def test_what_is_no_haste_is_the_answer(here: Base, then: Result) -> None:
    told = Told({4.0: fails("stream"), 8.0: then})
    found = asked(here, MORE, told)
    assert (found.result, found.variant.pace_s, told.asked) == (then, 8.0, [4.0, 8.0])
    assert found.question.plan.phases == ask(here, found.variant).question.plan.phases


def test_what_fails_at_every_pace_fails_at_the_first(here: Base) -> None:
    told = Told({4.0: fails("stream"), 8.0: fails("stream"), 16.0: fails("stream")})
    found = asked(here, MORE, told)
    assert (found.variant, found.result) == (MORE, told.of[4.0])
    assert told.asked == [4.0, 8.0, 16.0]


@pytest.mark.parametrize("result", [PASSES, fails("link"), fails("mcu")])
def test_nobody_is_asked_twice_where_streams_do_not_fail(here: Base, result: Result) -> None:
    told = Told({4.0: result})
    assert asked(here, MORE, told).result is result
    assert told.asked == [4.0]


def test_a_pace_that_was_chosen_is_kept(here: Base) -> None:
    for chosen, variant in (
        (replace(here, pace_s=2.0), MORE),
        (here, MORE.model_copy(update={"pace_s": 2.0})),
    ):
        told = Told({2.0: fails("stream")})
        assert asked(chosen, variant, told).variant == variant
        assert told.asked == [2.0]


@pytest.mark.parametrize(("bridges", "told_s"), [(60, 60), (61, 59)])
def test_so_many_that_a_phase_ends_before_join_as_far_apart_as_is_told(
    here: Base, bridges: int, told_s: float
) -> None:
    variant = MORE.model_copy(update={"more": bridges, "pace_s": 60.0})
    question = ask(here, variant).question
    joins = sorted(call.dial_s for call in question.plan.calls if call.new)
    assert min(b - a for a, b in pairwise(joins)) >= told_s
    said = map(str, changes(variant, question, {}, {}, {}))
    assert f"bridges join {told_s:g} s apart or more" in said


def test_the_pace_has_no_part_in_it_where_nobody_joins(here: Base) -> None:
    told = Told({1.0: fails("stream")})
    assert asked(here, Variant(id="now"), told).result is told.of[1.0]
    assert told.asked == [1.0]


class Grown:
    """So many more fit at a pace, then streams fail; never more than `most`, then the device."""

    def __init__(self, fit: dict[float, int], most: int = 20) -> None:
        self.fit, self.most = fit, most

    def __call__(self, question: Question) -> Any:
        plan = question.plan
        more = sum(call.new for call in plan.calls)
        during = plan.phases[1]
        pace_s = round((during.end_s - during.start_s) / more) if more else 4
        if more > self.most:
            return SimpleNamespace(result=fails("mcu"))
        return SimpleNamespace(result=PASSES if more <= self.fit[pace_s] else fails("stream"))


@pytest.mark.parametrize(
    ("fit", "more", "pace_s"),
    [
        ({4: 20}, 20, None),
        ({4: 5, 8: 20}, 20, 8.0),
        ({4: 5, 8: 5, 16: 9}, 9, 16.0),
        ({4: 5, 8: 7, 16: 6}, 7, 8.0),
        ({4: 5, 8: 5, 16: 5}, 5, None),
        ({4: -1}, -1, None),
    ],
)
def test_headroom_is_that_of_the_pace_at_which_most_fit(
    here: Base, fit: dict[float, int], more: int, pace_s: float | None
) -> None:
    judge, beside = Grown(fit), InlineWorker()
    order = HeadroomRequest(here, Variant(id="now"))
    start = HeadroomSearch(partial(run.at_own_seed, order, judge), lambda *_: None, beside)
    paced, judging, found = run._largest(order, start, 20, judge, lambda *_: None, beside)
    assert (found, paced.base.pace_s) == (more, pace_s)
    if found >= 0:
        assert judging.results[found].verdict == "pass"


def test_key_frames_of_1080p_take_longer_than_4_s_hide(tmp_path: Path) -> None:
    """Two more calls at 4 Mb/s: each that joins has key frames sent, behind which sound waits.

    At a pace of 4 s, 1.8 % of the sound comes too late to be played; at 8 s less than 1.5 %.
    At every pace it is later than without these calls, which these limits allow.
    """
    text = EXISTING.read_text(encoding="utf-8").replace("../../../topology", str(DEFAULT.parent))
    scenario = tmp_path / "existing.toml"
    limits = ["audio-loss = 1.5", "existing-loss-no-worse = 1.5", "existing-delay-no-worse = 50"]
    scenario.write_text("\n".join([text, "[thresholds]", *limits, ""]), encoding="utf-8")
    here = base_of(scenario)
    variant = Variant(id="x", more=2, profile="1080p30-4m", device="rmx-2000-mpmx")
    question = ask(here, variant).question
    hasty = estimate(question).result
    assert (hasty.verdict, hasty.binding.criterion) == ("fail", "audio-loss")
    found = with_slower_joins(here, variant, question, estimate)
    assert (found.result.verdict, found.variant.pace_s) == ("pass", 8.0)
