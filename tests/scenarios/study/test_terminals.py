"""What a check comes to where terminals do something else about lost packets of pictures.

In the small province, with pretended estimates and emulations.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from scenario_factory import giaoban, scenario

from giaoban.errors import InputError, InvalidRun
from giaoban.results.judge.criteria import load_criteria
from giaoban.results.model.quantities import Verdict
from giaoban.results.model.result import OFF, LossBehaviour, Result, TerminalsChecked
from giaoban.scenarios.emulation.engine import EngineName
from giaoban.scenarios.measure.assemble import Answer
from giaoban.scenarios.plan.plan import Plan
from giaoban.scenarios.plan.question import Question, make_question
from giaoban.scenarios.study import variations
from giaoban.scenarios.study.emulation_process import EmulationJob, EmulationOutcome
from giaoban.scenarios.study.rerun import other_terminals_of
from giaoban.scenarios.study.terminals import behaviours, terminals_of, with_terminals
from tests.results import results_factory as make

AGAIN = '[meeting]\nloss_repair = "retransmission"\n'
AT_A_BRIDGE = '[[impairment]]\nbridge = "west"\nloss = { model = "bernoulli", p = 0.01 }\n'
OWN = make.result()


def ask(folder: Path, more: str = "", **top: Any) -> Question:
    return make_question(scenario(folder / "s.toml", more=more, **top))


@dataclass
class Judges:
    """Pretended estimates and emulations: what each was asked, and what it comes to."""

    estimated: dict[str, Plan] = field(default_factory=dict)
    emulated: dict[str, Plan] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    distrusted: str = ""

    def estimate(self, question: Question, ident: str) -> Answer:
        self.estimated[ident] = question.plan
        return answer(self._of(ident, "estimate"))

    def emulate_all(
        self, orders: Iterable[EmulationJob[Result]], count: int, **_how: object
    ) -> dict[str, EmulationOutcome[Result]]:
        found = {}
        for order in orders:
            assert order.folder.is_dir()
            self.emulated[order.name] = order.question.plan
            of: Result | InvalidRun = self._of(order.name, order.engine.value)
            if order.name == self.distrusted:
                of = InvalidRun("the clock stood still")
            found[order.name] = EmulationOutcome(of, 0.0)
        assert len(found) == count
        return found

    def _of(self, ident: str, engine: str) -> Result:
        name = OWN.engine.model_copy(update={"name": engine})
        verdict = self.verdicts.get(ident, "fail")
        return OWN.model_copy(update={"engine": name, "verdict": verdict})


@pytest.fixture
def judges(monkeypatch: pytest.MonkeyPatch) -> Judges:
    found = Judges()
    monkeypatch.setattr(variations, "estimate", found.estimate)
    monkeypatch.setattr(variations, "emulate_all", found.emulate_all)
    return found


def answer(of: Result) -> Answer:
    return Answer(of, make.series(), load_criteria(), {})


def tried(
    question: Question, folder: Path, each: bool | None = None
) -> dict[str, TerminalsChecked]:
    asked = terminals_of(question, EngineName.SANDBOX, each)
    told = with_terminals(asked, answer(OWN), folder, lambda _what, _part: None).result
    assert told.model_copy(update={"terminals": []}) == OWN
    return {each.id: each for each in told.terminals}


@pytest.mark.parametrize(
    "settings",
    [
        AGAIN,
        '[meeting]\nloss_repair = "fec"\n',
        "[meeting]\nrate_adaptation = true\n",
        "[meeting]\nerror_concealment = true\n",
    ],
)
def test_without_what_the_scenario_has_it_is_estimated(
    tmp_path: Path, judges: Judges, settings: str
) -> None:
    found = tried(ask(tmp_path, settings, seed=7), tmp_path)
    assert list(found) == ["off"]
    off = found["off"]
    assert (off.engine, off.verdict, off.on_loss) == ("estimate", "fail", OFF)
    assert off.binding == OWN.binding
    plan = judges.estimated["off"]
    assert (plan.retransmission, plan.fec, plan.rate_adaptation) == (None, None, None)
    assert not plan.error_concealment
    assert plan.seed == 7
    assert judges.emulated == {}


@pytest.mark.parametrize(("settings", "each"), [("", None), (AGAIN, False)])
def test_where_nothing_is_asked_nothing_is_tried(
    tmp_path: Path, judges: Judges, settings: str, each: bool | None
) -> None:
    assert tried(ask(tmp_path, settings), tmp_path, each) == {}
    assert (judges.estimated, judges.emulated) == ({}, {})


def test_on_request_each_is_emulated(tmp_path: Path, judges: Judges) -> None:
    judges.verdicts = {"fec": "pass"}
    found = tried(ask(tmp_path), tmp_path, each=True)
    assert [each.on_loss for each in found.values()] == behaviours(OFF)
    assert {each.engine for each in found.values()} == {"sandbox"}
    assert [each.id for each in found.values() if each.verdict == "pass"] == ["fec"]
    for ident, plan in judges.emulated.items():
        assert (plan.retransmission is not None) == ("retransmission" in ident)
        assert (plan.fec is not None) == ident.startswith("fec")
        assert (plan.rate_adaptation is not None) == ("rate-adaptation" in ident)
        assert plan.error_concealment == (ident == "error-concealment")


def test_concealing_terminals_are_tried_with_each_repair() -> None:
    own = LossBehaviour("fec", error_concealment=True)
    tried = [does.id for does in behaviours(own)]
    repairs = ["error-concealment", "retransmission-and-error-concealment"]
    assert tried[:3] == ["off", *repairs]
    assert tried[-1] == "fec"
    assert own.id not in tried
    assert all(does.error_concealment for does in behaviours(own)[1:-1])
    assert len(set(tried)) == len(tried) == 7


def test_its_own_is_not_tried_again(tmp_path: Path, judges: Judges) -> None:
    judges.verdicts = {"off": "pass"}
    found = tried(ask(tmp_path, AGAIN), tmp_path, each=True)
    adapting = ["rate-adaptation", "retransmission-and-rate-adaptation", "fec-and-rate-adaptation"]
    concealing = "retransmission-and-error-concealment"
    assert list(found) == ["off", "fec", *adapting, concealing]
    # all of it is far from every limit, so an estimate is enough where there can be one
    assert found["off"].engine == "estimate"
    assert list(judges.emulated) == list(found)[1:]


def test_an_estimate_near_a_limit_is_emulated_on_request(tmp_path: Path, judges: Judges) -> None:
    assert tried(ask(tmp_path, AGAIN), tmp_path, each=True)["off"].engine == "sandbox"
    assert list(judges.estimated) == ["off"]


@pytest.mark.parametrize("more", [AT_A_BRIDGE, '[meeting]\nvideo = "switched"\n'])
def test_what_the_scenario_forbids_is_told(tmp_path: Path, judges: Judges, more: str) -> None:
    found = tried(ask(tmp_path, more), tmp_path, each=True)
    refused = [ident for ident, each in found.items() if each.untried == "refused"]
    repairs = ["retransmission", "fec"]
    assert refused == [*repairs, *(f"{repair}-and-rate-adaptation" for repair in repairs)]
    assert all("s.toml" in found[ident].reasons[0] for ident in refused)
    assert "allowed" in found["fec"].reasons[0]
    assert list(judges.emulated) == ["rate-adaptation", "error-concealment"]


def test_where_all_is_forbidden_it_says_so_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = ask(tmp_path)

    def refuse(*_words: object, **_more: object) -> Question:
        raise InputError("s.toml: has what forbids it")

    monkeypatch.setattr(Question, "with_scenario", refuse)
    with pytest.raises(InputError, match=r"--terminals: .*s.toml allows nothing else") as error:
        terminals_of(question, EngineName.SANDBOX, each=True)
    assert str(error.value).count("has what forbids it") == 6


def test_one_that_cannot_be_trusted_leaves_the_others(tmp_path: Path, judges: Judges) -> None:
    judges.distrusted = "fec"
    found = tried(ask(tmp_path), tmp_path, each=True)
    assert (found["fec"].verdict, found["fec"].engine) == ("invalid", "sandbox")
    assert found["fec"].reasons == ["the clock stood still"]
    assert found["retransmission"].verdict == "fail"


def test_an_estimate_tries_none(tmp_path: Path) -> None:
    file = scenario(tmp_path / "s.toml")
    ran = giaoban("check", file, "--estimate", "--terminals", "--results", tmp_path / "runs")
    assert ran.code == 2
    assert "--terminals: what terminals do about lost packets is emulated" in ran.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "others", [[], [OFF], [LossBehaviour("fec")], behaviours(OFF), [*behaviours(OFF)[:-1]]]
)
def test_a_rerun_asks_the_same(tmp_path: Path, others: list[LossBehaviour]) -> None:
    """Of an answer of before, too, which tried other things than are tried today."""
    told = [
        TerminalsChecked(id=does.id, engine="estimate", verdict="fail", **asdict(does))
        for does in others
    ]
    again = other_terminals_of(OWN.model_copy(update={"terminals": told}))
    question = ask(tmp_path, AGAIN if others == [OFF] else "")
    asked = terminals_of(question, EngineName.SANDBOX, again)
    assert list(asked.questions) == others
    assert asked.engine == (None if others in ([], [OFF]) else EngineName.SANDBOX)
