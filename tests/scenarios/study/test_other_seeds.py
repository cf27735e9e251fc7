"""The same question at other seeds, from the command line to files: luck, refusals, children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from runs import COMMAND
from scenario_factory import (
    NORTH,
    ONLY_EMULATED,
    ROOT,
    WHY_NOT_ESTIMATED,
    Ran,
    giaoban,
    scenario,
)
from undrawn import undrawn
from whatif_factory import base

from giaoban.processes.workers import InlineWorker, WorkerPool
from giaoban.results.judge.verdict import Judgement, trial
from giaoban.results.model.result import Result
from giaoban.results.model.seeds import Seeds, verdict_of
from giaoban.results.model.series import Series
from giaoban.results.model.studies.headroom import Headroom
from giaoban.results.model.studies.sweep import SweepAnswer
from giaoban.results.model.studies.whatif import Judged
from giaoban.results.report.summaries.whatif_summary import known_by
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.estimate.estimate import estimate, judge_alone
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.study import check as checking
from giaoban.scenarios.study import seeds as seeds_of_study
from giaoban.scenarios.study.documents import draw_pictures
from giaoban.scenarios.study.seeds import SeedsJudge, helpers_for, other_seeds
from giaoban.scenarios.study.whatif import compare as whatif_run
from giaoban.scenarios.study.whatif.apply import ask, base_of
from giaoban.scenarios.study.whatif.compare import WhatIfRequest
from giaoban.scenarios.study.whatif.join_pacing import with_slower_joins
from giaoban.scenarios.study.whatif.variant import Variant
from tests.nights import at_night
from tests.processes import alive, wait_for

THIN: dict[str, Any] = {**NORTH, "rate_mbps": 3.0}
"""A line hardly wide enough for one call: at seeds 4, 6 and 7 its busiest second is below 80 %, at
5 it is not. Delays are not what is tried here."""
WIDE = """
[thresholds]
existing-delay-no-worse = 500.0
mouth-to-ear = 2000.0
camera-to-screen = 2000.0
lip-sync = 2000.0
audio-loss = 50.0
picture-artefacts = 100000.0
longest-freeze = 3600000.0
mos = 1.0
"""


def thin(folder: Path, seed: int = 4, more: str = "") -> Path:
    return scenario(
        folder / "thin.toml", id="thin", profile="720p30-2m", seed=seed, bridges=(THIN,),
        phases=(2, 4, 3), more=WIDE + more,
    )  # fmt: skip


def estimated(folder: Path, file: Path, *words: str) -> tuple[Ran, Result]:
    ran = giaoban("check", file, "--estimate", "--results", folder / "runs", "--json", *words)
    return ran, Result.from_json(ran.out)


@pytest.fixture(autouse=True)
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    undrawn(monkeypatch)


def test_an_answer_that_depends_on_luck_is_undecided(tmp_path: Path) -> None:
    ran, result = estimated(tmp_path, thin(tmp_path), "--seeds", "3")
    assert (ran.code, result.verdict) == (1, "undecided")
    assert [c.id for c in result.criteria if not c.ok] == ["failing-seeds"]
    seeds = result.seeds
    assert (seeds.method, seeds.seeds, seeds.passed) == ("estimate", [5, 6, 7], 2)
    assert (seeds.first.seed, seeds.first.binding.criterion) == (5, "link-peak")
    assert result.binding.place == seeds.first.binding.place
    assert (result.binding.place.id, result.binding.cause) == ("access-north", "link")
    peaks = [
        criterion.value or 0.0
        for seed in seeds.seeds
        for criterion in judge_alone(make_question(tmp_path / "thin.toml", seed=seed)).criteria
        if criterion.id == "link-peak"
    ]
    [spread] = [s for s in seeds.spread if s.id == "link-peak"]
    assert [spread.least, spread.median, spread.largest] == sorted(peaks)
    assert (spread.failed, spread.first) == (1, 1)
    [folder] = (tmp_path / "runs").iterdir()
    head = (folder / "summary.md").read_text(encoding="utf-8").splitlines()[0]
    assert head == ("# ESTIMATED: UNDECIDED – fails at 1 of 4 seeds; 18 other seeds would decide")


def test_at_its_own_seed_alone_it_says_so(tmp_path: Path) -> None:
    ran, result = estimated(tmp_path, thin(tmp_path), "--seeds", "0")
    assert (ran.code, result.verdict, result.seeds) == (0, "pass", None)
    shown = giaoban("check", tmp_path / "thin.toml", "--estimate", "--results", tmp_path / "runs")
    assert "PASS – the bridges may be connected (other seeds were not tried;" in shown.out


def test_a_question_at_another_seed_is_the_one_made_with_it(tmp_path: Path) -> None:
    file = thin(tmp_path)
    assert make_question(file).at_seed(77).plan == make_question(file, seed=77).plan


def test_judged_alone_it_is_what_the_whole_estimate_says(tmp_path: Path) -> None:
    """Also where a criterion is of queues, which are left out where none is."""
    more = """
[[criterion]]
id = "queues"
name_en = "Queueing"
name_vi = "Thời gian chờ"
measure = { on = "link", metric = "queue_p99_ms" }
threshold = 500.0
unit = "ms"
sense = "at-most"
source_en = "test"
source_vi = "test"
"""
    for text in ("", more):
        question = make_question(thin(tmp_path, more=text))
        whole, alone = estimate(question).result, judge_alone(question)
        assert (alone.verdict, alone.criteria, alone.binding) == (
            whole.verdict,
            whole.criteria,
            whole.binding,
        )


def found(question: Question, helpers: InlineWorker | WorkerPool) -> Seeds | None:
    trying = other_seeds(question, 3, helpers, EngineName.SANDBOX)
    trying.begin()
    own = estimate(question).result
    return trying.seeds(own, Path(), lambda _what, _done: None)


def test_it_does_not_matter_who_judges(tmp_path: Path) -> None:
    question = make_question(thin(tmp_path))
    with WorkerPool(2, niceness=5) as two:
        assert found(question, two) == found(question, InlineWorker())


@pytest.mark.parametrize(("count", "kind"), [(0, InlineWorker), (1, WorkerPool)])
def test_processes_are_begun_only_for_seeds(
    tmp_path: Path, count: int, kind: type[InlineWorker | WorkerPool]
) -> None:
    with helpers_for(make_question(thin(tmp_path)), count) as helpers:
        assert isinstance(helpers, kind)


def test_helpers_draw_the_same_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Series, "pictures", ["loss"])
    question = make_question(thin(tmp_path))
    answer = estimate(question)
    drawn = []
    with helpers_for(question, 2) as beside:
        for name, helpers in (("alone", None), ("helped", beside)):
            folder = tmp_path / name
            folder.mkdir()
            pictures = draw_pictures(
                folder,
                network=question.plan.network,
                title="",
                result=answer.result,
                series=answer.series,
                helpers=helpers,
            )
            assert pictures == {name: folder / f"{name}.vi.svg" for name in ("loss", "map")}
            assert pictures["map"].stat().st_size > 10_000
            drawn.append([path.with_suffix(".png").read_bytes() for path in pictures.values()])
    assert drawn[0] == drawn[1]


def passing(until: int) -> Callable[[Question], Judgement]:
    """Judges that a question passes at seeds below this."""
    return at_seeds(lambda seed: seed < until)


def at_seeds(passes: Callable[[int], bool]) -> Callable[[Question], Judgement]:
    """Judges a question by its seed alone, by the example of one that passes."""
    known: list[Judgement] = []

    def alone(question: Question) -> Judgement:
        known[:] = known or [judge_alone(question)]
        own = known[0]._replace(verdict="pass")
        return own if passes(question.plan.seed) else own._replace(verdict="fail")

    return alone


@pytest.mark.parametrize(
    ("failing", "verdict", "tried"),
    [
        ((), "pass", 20),
        ((1,), "pass", 40),  # 1 of 21 decides nothing, 1 of 41 does
        ((1, 22), "pass", 60),
        ((1, 2, 3, 4), "pass", 80),
        (range(0, 101, 8), "undecided", 100),
        ((1, 2, 3), "pass", 60),
        (range(1, 7), "fail", 6),  # of 21, whatever the others come to
    ],
)
def test_seeds_are_judged_until_they_decide(
    tmp_path: Path, failing: Collection[int], verdict: str, tried: int
) -> None:
    question = ask(base(tmp_path), Variant(id="v")).question
    own = question.plan.seed
    judge = at_seeds(lambda seed: seed - own not in failing)
    result = SeedsJudge(20, alone=judge)(question).result
    assert (result.verdict, result.seeds.tried) == (verdict, tried)
    assert (result.seeds.needed is None) == (verdict != "undecided")
    assert result.seeds.stopped == (tried < 20)


def test_the_first_three_seeds_that_fail_decide(tmp_path: Path) -> None:
    question = make_question(thin(tmp_path, seed=5))
    result = SeedsJudge(20, alone=passing(0))(question).result
    assert (result.verdict, result.seeds.tried, result.seeds.stopped) == ("fail", 2, True)
    assert result.seeds.least_pct is result.seeds.most_pct is None  # stopped: no share


def test_a_base_seed_that_fails_alone_does_not_decide(tmp_path: Path) -> None:
    """Seed 5 fails by itself: the answer is the one of seed 4, at which it is another one."""
    verdicts = {}
    for own in (4, 5):
        question = make_question(thin(tmp_path, seed=own))
        judge = at_seeds(lambda seed: seed != 5)
        verdicts[own] = SeedsJudge(20, alone=judge)(question).result
    assert {own: found.verdict for own, found in verdicts.items()} == {4: "pass", 5: "pass"}
    assert verdicts[5].passes_at_other_seeds
    assert [c.id for c in verdicts[5].criteria if not c.ok] == ["link-peak"]


def test_a_check_tries_more_seeds_while_they_do_not_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = make_question(thin(tmp_path))
    own, judge = estimate(question).result, at_seeds(lambda seed: seed != 5)
    monkeypatch.setattr(seeds_of_study, "judge_alone", judge)
    for count, tried in ((None, 40), (25, 25)):
        trying = other_seeds(question, count, InlineWorker(), EngineName.SANDBOX)
        trying.begin()
        assert trying.seeds(own, Path(), lambda _what, _done: None).tried == tried


def test_a_full_device_is_the_same_at_every_seed(tmp_path: Path) -> None:
    question = make_question(thin(tmp_path))
    own = estimate(question).result
    full = own.model_copy(
        update={"verdict": "fail", "binding": own.binding.model_copy(update={"cause": "mcu"})}
    )

    def never(_: Question) -> Judgement:
        raise AssertionError("another seed was tried")

    assert SeedsJudge(20, alone=never).settled(question, full).seeds is None


def test_side_by_side_they_are_counted_in_their_order(tmp_path: Path) -> None:
    question = make_question(thin(tmp_path, seed=6))
    alone = SeedsJudge(6)(question).result
    with WorkerPool(1) as beside:
        assert SeedsJudge(6, helpers=beside)(question).result == alone


def test_haste_is_asked_of_other_seeds_too(tmp_path: Path) -> None:
    """What fails by streams at another seed is asked again with more time."""
    here = base(tmp_path)
    here = type(here)(here.scenario_path, here.province_path)
    variant = Variant(id="more", more=1)
    question = ask(here, variant).question
    asked: list[float] = []

    def alone(at: Question) -> Judgement:
        during = at.plan.phases[1]
        asked.append(during.end_s - during.start_s)
        own = judge_alone(at)
        stream = own.binding.model_copy(update={"cause": "stream"})
        return own._replace(verdict="fail", binding=stream) if asked[-1] < 8 else own

    paced = with_slower_joins(here, variant, question, SeedsJudge(2, alone=alone))
    assert (paced.variant.pace_s, paced.result.verdict) == (8.0, "pass")
    assert asked == [4.0, 4.0, 8.0, 8.0]


def test_whatif_says_at_which_seed_it_fails(tmp_path: Path) -> None:
    file = thin(tmp_path)
    words = ("--no-search", "--seeds", "20", "--results", tmp_path / "runs")
    ran = giaoban("whatif", file, *words, "--json")
    answer = json.loads(ran.out)
    [variant] = answer["variants"]
    judged = variant["judged"]
    assert (ran.code, judged["verdict"], judged["binding"]["criterion"]) == (
        1,
        "undecided",
        "failing-seeds",
    )
    found = Judged.model_validate(judged)
    assert known_by(found) == (
        f"estimated, fails at {found.seeds.failing} of {found.seeds.judged} seeds; "
        f"{found.seeds.needed} other seeds would decide"
    )


@pytest.mark.parametrize(
    ("until", "verdict", "known"),
    [
        (8, "fail", "estimated, fails at 4 of 7 seeds"),
        (100, "pass", "emulated; by estimate 39 of 39 other seeds"),
    ],
)
def test_an_emulation_that_passes_at_one_seed_alone_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: int, verdict: str, known: str
) -> None:
    """The estimate fails at seed 5, the pretended emulation passes: all seeds decide."""
    here = base_of(thin(tmp_path, seed=5))
    sound = estimate(make_question(tmp_path / "thin.toml", seed=4)).result
    monkeypatch.setattr(
        whatif_run, "confirm", lambda _base, points, **_: {p.name: sound for p in points}
    )
    order = WhatIfRequest(
        *(here, [Variant(id="v")], "Which?", "Phương án nào?"), look_for=False, confirm=True
    )
    answer = whatif_run.compare(
        order,
        judge=SeedsJudge(19, alone=passing(until)),
        root=tmp_path / "runs",
        now=datetime(2026, 12, 2, tzinfo=UTC),
        progress=lambda _what, _done: None,
    ).answer
    [variant] = answer.variants
    assert variant.judged.seeds is not None
    assert (variant.final.verdict, answer.verdict) == (verdict, verdict)
    assert known_by(variant.final) == known


def test_headroom_and_sweep_judge_by_all_seeds(tmp_path: Path) -> None:
    """The point without further bridges on a line that is too thin at some seeds."""
    file = tmp_path / "sweep.toml"
    file.write_text(
        'schema = "giaoban.sweep/1"\nscenario = "thin.toml"\nquestion = "Which?"\n'
        'question_vi = "Phương án nào?"\n[axes]\nbridges = [0]\n',
        encoding="utf-8",
    )
    words = ("--seeds", "20", "--jobs", "1", "--results", tmp_path / "runs")
    ran = giaoban("headroom", thin(tmp_path), *words, "--json")
    headroom = Headroom.from_json(ran.out)
    seeds = headroom.point(0).judged.seeds
    verdict = verdict_of(seeds.failing, seeds.judged, 12.5)
    assert seeds.failing > 0
    assert headroom.point(0).judged.verdict == verdict
    ran = giaoban("whatif", file, *words, "--json")
    [point] = SweepAnswer.from_json(ran.out).points
    assert (ran.code, point.verdict, point.fails_at_seed) == (0, verdict, 5)
    assert (point.seeds_tried, point.seeds_passed) == (seeds.tried, seeds.passed)
    assert point.seeds_needed == seeds.needed


@pytest.mark.parametrize("words", [("whatif", "--no-search"), ("headroom",)])
def test_a_study_does_not_decide_by_one_seed(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = giaoban(words[0], thin(tmp_path), *words[1:], "--seeds", "0")
    assert (ran.code, ran.out) == (2, "")
    assert "20" in ran.err


def test_what_cannot_be_estimated_is_tried_at_its_own_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scenario(tmp_path / "s.toml", phases=(4, 4, 3), more=ONLY_EMULATED)
    question = make_question(file)
    trying = other_seeds(question, None, InlineWorker(), EngineName.SANDBOX)
    own = estimate(make_question(thin(tmp_path))).result
    seeds = trying.seeds(own, tmp_path, lambda _what, _done: None)
    assert (seeds.tried, WHY_NOT_ESTIMATED in (seeds.refused or "")) == (0, True)

    def never(*_: object) -> None:
        raise AssertionError("it was emulated")

    monkeypatch.setattr(checking, "emulate", never)
    ran = giaoban("check", file, "--seeds", "4", "--results", tmp_path / "runs")
    assert (ran.code, ran.out) == (2, "")
    assert "no more than 3 seeds are emulated (allowed: 0 to 3)" in ran.err
    assert WHY_NOT_ESTIMATED in ran.err


@pytest.mark.sandbox
def test_what_cannot_be_estimated_is_emulated_if_asked(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml", more=ONLY_EMULATED)
    words = ("--results", tmp_path / "runs", "--json")
    ran = giaoban("check", file, "--seeds", "1", *words)
    assert ran.code in (0, 1), ran.err
    result = Result.from_json(ran.out)
    assert (result.seeds.method, result.seeds.tried) == ("sandbox", 1)
    [other] = result.seeds.seeds
    again = Result.from_json(giaoban("check", file, "--seed", str(other), *words).out)
    whole = trial(other, again)
    assert [(s.id, s.least) for s in result.seeds.spread if s.id != "failing-seeds"] == [
        (c.id, c.value) for c in whole.criteria
    ]
    assert result.seeds.passed == (again.verdict == "pass")
    assert not list((tmp_path / "runs").glob("*/other-seeds"))


@pytest.mark.parametrize("number", [signal.SIGKILL, at_night(signal.SIGINT)])
def test_nothing_outlives_a_check_that_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    """Phases of 10 min, so that seeds are under way for long."""
    file = scenario(tmp_path / "s.toml", phases=(600, 600, 600))
    words = [*COMMAND, "check", str(file), "--estimate", "--results", str(tmp_path / "runs")]
    us = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    us.stderr.readline()  # it estimates
    beside = children(us.pid)
    assert len(beside) == min(2, os.cpu_count() or 1)
    if number is signal.SIGINT:
        os.killpg(us.pid, number)
    else:
        us.kill()
    us.wait()
    us.stderr.close()
    assert us.returncode == (130 if number is signal.SIGINT else -signal.SIGKILL)
    wait_for(lambda: not any(map(alive, beside)), "those beside it to end")
    if number is signal.SIGINT:
        assert list((tmp_path / "runs").iterdir()) == []


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(word) for word in text.split()]
