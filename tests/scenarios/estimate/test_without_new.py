"""Existing bridges are compared with the same meeting at the same seed without the new ones."""

from __future__ import annotations

from pathlib import Path

from pretended_meeting import Meeting
from scenario_factory import NORTH, scenario

from giaoban.results.judge.aggregate import heard_streams
from giaoban.results.model.result import CriterionResult, Result
from giaoban.scenarios.estimate.estimate import estimate, judge_alone, prior_estimate, reference_of
from giaoban.scenarios.measure.assemble import assemble
from giaoban.scenarios.plan.question import Question, make_question

SHORT = (4.0, 4.0, 10.0)
THIN = '[[link]]\nlink = "access-mcu"\nrate_mbps = {mbps}\nsource = "test"\n'
LOSSY = '[[impairment]]\nlink = "access-mcu"\nloss = {model = "bernoulli", p = 0.002}\n'


def asked(folder: Path, more: str = "", bridges: tuple[object, ...] = (NORTH,)) -> Question:
    path = scenario(folder / "s.toml", phases=SHORT, bridges=bridges, more=more)  # type: ignore[arg-type]
    return make_question(path)


def no_worse(result: Result) -> list[CriterionResult]:
    return [c for c in result.criteria if c.id.startswith("existing-")]


def test_seconds_show_what_new_bridges_take_of_a_line(tmp_path: Path) -> None:
    """The line of the MCU suffices for two calls of 2 Mb/s, and with a third sound comes late."""
    question = asked(tmp_path, THIN.format(mbps=5.0))
    answer = estimate(question)
    loss, delay = no_worse(answer.result)
    assert loss.value is not None
    assert loss.value > loss.threshold
    assert delay.value is not None
    assert delay.value > delay.threshold
    assert {c.compared_with for c in (loss, delay)} == {"without-new"}
    assert judge_alone(question).criteria == answer.result.criteria


def test_before_new_bridges_call_both_meetings_are_the_same(tmp_path: Path) -> None:
    answer = estimate(asked(tmp_path, THIN.format(mbps=5.0)))
    assert answer.reference is not None
    before, without = answer.result.phases[0], answer.reference.without[0]
    told = [
        {
            (bridge, s.kind, s.direction): (s.packets_sent, s.packets_late, s.delay_p95_ms)
            for bridge, s in heard_streams(phase)
        }
        for phase in (before, without)
    ]
    assert told[0] == told[1]
    assert {bridge for bridge, *_ in told[0]} == {"west", "east"}
    for phase in answer.reference.without:
        assert {bridge.id for bridge in phase.bridges} == {"west", "east"}


def test_a_line_that_draws_losses_shows_no_small_rise_in_seconds(tmp_path: Path) -> None:
    question = asked(tmp_path, LOSSY)
    found = reference_of(question)
    assert found is not None
    assert found.drawn == {
        (who, way) for who in ("west", "east", "north") for way in ("up", "down")
    }
    loss, _ = no_worse(estimate(question).result)
    assert (loss.met, loss.margin_pct) == (None, None)


def test_without_a_new_bridge_the_first_phase_is_compared(tmp_path: Path) -> None:
    question = asked(tmp_path, bridges=())
    assert reference_of(question) is None
    assert {c.compared_with for c in no_worse(estimate(question).result)} == {"before"}


def test_an_emulation_is_judged_by_the_pair_of_estimates(tmp_path: Path) -> None:
    meeting = Meeting(tmp_path)
    question, captured = meeting.question, meeting.load()
    reference = prior_estimate(question).reference
    assert reference is not None
    engine = meeting.result().engine
    result = assemble(question, captured, engine, "run-1", reference=reference).result
    assert [(c.compared_with, c.value) for c in no_worse(result)] == [
        ("without-new", c.value) for c in no_worse(estimate(question).result)
    ]
