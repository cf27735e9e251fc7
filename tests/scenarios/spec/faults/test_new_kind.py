"""A kind of fault that only this file knows goes the whole way: nobody but the registry names any.

From the scenario's file through plan, measures and verdict into the documents, and through `giaoban
faults` to the comparison with a baseline.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from gettext import NullTranslations
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pretended_meeting import Meeting
from pydantic import Field, TypeAdapter

from giaoban.errors import InputError
from giaoban.results.judge.baseline import accept
from giaoban.results.judge.baseline_compare import compare
from giaoban.results.model.reasons import because
from giaoban.results.model.studies.failures import FailureResult, FaultsAnswer
from giaoban.results.report.summaries.check_summary import summary_md
from giaoban.results.report.summaries.failures_summary import summary_md as failures_md
from giaoban.results.report.wording import Wording, reasons
from giaoban.scenarios.plan.question import make_question
from giaoban.scenarios.spec import failure_cases, scenario
from giaoban.scenarios.spec.faults.effects import Effect
from giaoban.scenarios.spec.faults.kind import (
    FailureCase,
    FaultContext,
    KeyMistake,
    LinkFault,
    links_down,
)
from giaoban.scenarios.spec.faults.kinds import KINDS, Fault
from giaoban.scenarios.spec.scenario import Scenario
from giaoban.scenarios.study.failures import trial
from giaoban.scenarios.study.failures.answer import answer_of
from giaoban.scenarios.study.failures.observe import no_measures, observe
from giaoban.sentence import N_, Sentence, message
from giaoban.translation import translator
from tests.scenarios.scenario_factory import scenario as scenario_file
from tests.scenarios.spec.faults.fault_tables import fault

LINK = "west--east"
VIETNAMESE = {
    "torn {depth} m down": "bị đào đứt ở độ sâu {depth} m",
    "{link} torn": "Đào đứt {link}",
}


class Catalogue(NullTranslations):
    """The Vietnamese of this kind, which a catalogue of ours would have."""

    def gettext(self, message: str) -> str:
        return VIETNAMESE.get(message) or super().gettext(message)


class Digger(LinkFault):
    """A digger tears a cable, and once more where it lay a second after it was mended."""

    kind: Literal["digger"]
    deep_m: Annotated[float, Field(gt=0, le=10)] = 1.0

    def words(self) -> Sentence:
        return message(N_("torn {depth} m down"), depth=self.deep_m)

    def mistimed_end(self, _context: FaultContext, length_s: float) -> Iterator[KeyMistake]:
        if self.to_s is not None and self.to_s + 2 >= length_s:
            yield "to_s", self.to_s, f"leaves no second time (allowed: below {length_s - 2:g} s)"

    def effects(self, _context: FaultContext) -> list[Effect]:
        first = links_down([self.link], *self.span_s)
        if self.to_s is None:
            return first
        return first + links_down([self.link], self.to_s + 1, self.to_s + 2)

    @classmethod
    def cases(cls, context: FaultContext) -> Iterator[FailureCase]:
        for link in context.carrying_links:
            if link.kind == "backbone":
                name = message(N_("{link} torn"), link=link.id)
                yield cls.case(link.id, name, message(N_("cable {name}"), name=link.id))


class Widened(Scenario):
    faults: Annotated[
        list[Annotated[Fault | Digger, Field(discriminator="kind")]],
        Field(alias="fault", default_factory=list),
    ]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the registry's one line does, which types are made of when the program starts."""
    catalogue = Catalogue()
    catalogue.add_fallback(translator("vi")._catalogue)
    monkeypatch.setattr(translator("vi"), "_catalogue", catalogue)
    monkeypatch.setattr(scenario, "Scenario", Widened)
    monkeypatch.setattr(failure_cases, "KINDS", (*KINDS, Digger))
    monkeypatch.setattr(trial, "_FAULTS", TypeAdapter(list[Digger]))


def test_its_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    for keys, what in (
        ({"link": LINK, "deep_m": 11.0}, "deep_m = 11.0"),
        ({"link": LINK, "at_s": 2.0, "to_s": 5.0}, "leaves no second time (allowed: below 4 s)"),
        ({"link": "nowhere"}, "unknown link"),
        ({"link": LINK, "km": 3}, "km"),
    ):
        file = scenario_file(tmp_path / "s.toml", more=fault("digger", **keys))
        with pytest.raises(InputError, match=r"s\.toml:\d+") as caught:
            make_question(file)
        assert what in str(caught.value)


def test_it_is_planned_measured_judged_and_described(tmp_path: Path) -> None:
    made = Meeting(
        tmp_path,
        bridges=(),
        phases=(3, 6, 5),
        more=fault("digger", 4.0, to_s=6.0, link=LINK, deep_m=1.5),
    )
    plan = made.question.plan
    start_s = plan.phases[0].start_s
    assert [(c.do, c.at_s - start_s) for c in plan.changes] == [
        *(("link-down", 4.0), ("link-up", 6.0), ("link-down", 7.0), ("link-up", 8.0))
    ]
    result = made.result()
    # nothing was carried out in this pretended run, which it therefore says
    assert result.verdict == "invalid"
    assert f"fault digger-{LINK}: link {LINK} did not go down" in result.reasons
    made.counters(
        lambda data: data.update(
            changes=[
                {**c.model_dump(exclude={"at_s"}), "due_ms": c.at_s * 1e3, "t_ms": c.at_s * 1e3}
                for c in plan.changes
            ]
        )
    )
    result = made.result()
    assert result.verdict == "pass"
    [found] = result.faults
    assert (found.id, found.kind, found.text_en) == (f"digger-{LINK}", "digger", "torn 1.5 m down")
    assert [hit.bridge for hit in found.bridges] == [call.bridge for call in plan.calls]
    assert "4 s to 6 s: torn 1.5 m down" in summary_md(result)
    say = Wording("vi", result)
    assert say.fault(found.id).startswith("bị đào đứt ở độ sâu 1,5 m (")
    assert say.fault_at(found, result.names).startswith("đường truyền ")


def test_it_is_tried_told_and_compared(tmp_path: Path) -> None:
    asked = make_question(scenario_file(tmp_path / "asked.toml"))
    case = trial.possible_in(asked)[f"digger:{LINK}"]
    question = trial.question_of(asked, case)
    [planned] = question.plan.faults
    assert (planned.kind, planned.links) == ("digger", [LINK])
    made = Meeting(tmp_path, bridges=())
    tried = observe(case, made.result(), question.plan.faults, [])

    def answered(*failures: FailureResult, possible: dict[str, FailureCase]) -> FaultsAnswer:
        return answer_of(question, failures, engine=None, run_id="r", whole=True, possible=possible)

    before = answered(tried, possible={case.id: case})
    told = failures_md(before)
    assert "| Tây ↔ Đông torn | pass |" in told
    assert "| 12.48 % | Tây ↔ Đông torn |" in told, "within a line, too, a name is a name"
    void = no_measures(case, "it hung")
    void = void.model_copy(update={"reason_codes": [because("pacing-dropped", packets=2)]})
    after = answered(void, possible={case.id: case})
    assert reasons(after, Wording("vi", after)) == [
        "Đào đứt Tây ↔ Đông: bộ điều tiết phía gửi đã loại 2 gói tin"
    ]
    baseline = accept(before, name="ring", reason="a test", on=date(2026, 11, 27))
    other = trial.possible_in(asked)["router:r-east"]
    without = answered(tried.model_copy(update={"id": other.id}), possible={other.id: other})
    lines = [change.line for change in compare(baseline, without)]
    assert f"{case.id}: {LINK} is not in the network any more" in lines
