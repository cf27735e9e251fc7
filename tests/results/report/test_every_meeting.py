"""The meetings of the catalogue that a check was tried in: judged, and told in every document."""

from __future__ import annotations

from typing import Any

import annex_factory as annexes
import pytest
import results_factory as make

from giaoban.regulation import cited
from giaoban.results.judge.criteria import EVERY_MEETING, FAILING_SEEDS, load_criteria
from giaoban.results.judge.verdict import trial, with_meetings, with_seeds
from giaoban.results.model.result import CriterionResult, MeetingChecked, Refused, Result
from giaoban.results.model.seeds import others, seeds_of
from giaoban.results.report.document import plain
from giaoban.results.report.meetings_table import (
    every_meeting,
    meetings_line,
    meetings_notes,
    meetings_table,
)
from giaoban.results.report.seed_words import by_luck
from giaoban.results.report.summaries.check_summary import brief, headline, summary_md
from giaoban.results.report.wording import Wording

GOOD = make.result()
LATE = Refused(bridge="quang-son", code=503, reason="full")
JOINED = [bridge.id for bridge in GOOD.phases[-1].bridges[:-1]]
FULL = make.phase("course", GOOD.phases[-1].bridges[:-1], device=make.mcu(JOINED, [LATE]))


def meeting(ident: str, of: Result | None = GOOD, **changes: Any) -> MeetingChecked:
    """A meeting that came to what `of` did; None: it was not tried."""
    found: dict[str, Any] = {"engine": None, "verdict": None, "untried": "failures"}
    if of is not None and of.binding is not None:
        bound = next(c for c in of.criteria if c.id == of.binding.criterion)
        margins = [c.margin_pct for c in of.criteria if c.margin_pct is not None]
        found = {
            "engine": "estimate",
            "verdict": of.verdict,
            "reasons": of.reasons,
            "reason_codes": of.reason_codes,
            "binding": of.binding,
            "bound": bound,
            "margin_pct": min(margins),
        }
    named = {"name": f"The {ident}", "name_vi": f"Cuộc họp {ident}", "article": "Art. 5(1), 3(2)a"}
    return MeetingChecked(id=ident, **(named | found | changes))


def full() -> Result:
    return make.result([FULL])


def judged(*meetings: MeetingChecked, of: Result = GOOD) -> Result:
    return with_meetings(of, load_criteria(), meetings)


def criterion(of: Result) -> CriterionResult | None:
    return next((c for c in of.criteria if c.id == EVERY_MEETING), None)


# ------------------------------------------------------------------------------------------ judged


def test_all_pass() -> None:
    found = judged(meeting("briefing"), meeting("training"))
    assert found.verdict == "pass"
    last = criterion(found)
    assert (last.value, last.ok) == (0, True)
    assert found.binding == GOOD.binding
    assert [m.id for m in found.meetings] == ["briefing", "training"]


def test_where_all_pass_the_nearest_limit_of_them_is_told_beside_the_scenarios_own() -> None:
    near = meeting("training").model_copy(update={"margin_pct": 3.0})
    found = judged(meeting("briefing"), near, meeting("untried", None))
    say = Wording("en", found)
    assert say.binding(found.binding, found).startswith(
        "Closest to its limit in the scenario’s own meeting: "
    )
    told = "The least margin in them is 3\u00a0%, in the meeting “The training”: "
    assert told in meetings_line(found, say)
    assert plain(meetings_line(found, Wording("vi", found))).count("Cuộc họp training") == 1
    alone = Wording("en", GOOD).binding(GOOD.binding, GOOD)
    assert alone.startswith("Closest to its limit: ")


def test_one_that_fails_fails_the_expansion_and_binds_it() -> None:
    found = judged(meeting("briefing"), meeting("training", full()), meeting("review", full()))
    last = criterion(found)
    assert (last.value, last.ok) == (2, False)
    assert found.verdict == "fail"
    assert found.binding.criterion == EVERY_MEETING
    assert (found.binding.cause, found.binding.place.id) == ("mcu", "mcu")


def test_it_binds_only_if_all_else_is_met() -> None:
    own = full()
    found = judged(meeting("training", full()), of=own)
    assert found.binding == own.binding
    assert found.reasons[: len(own.reasons)] == own.reasons


def test_one_that_cannot_be_trusted_makes_the_answer_such() -> None:
    unsure = make.result(invalid=[make.unaccounted(3)])
    found = judged(meeting("briefing"), meeting("training", unsure))
    assert found.verdict == "invalid"
    assert found.reasons == [f"The training: {unsure.reasons[0]}"]
    assert found.reason_codes == unsure.reason_codes


def test_what_cannot_be_trusted_itself_stays_so() -> None:
    own = make.result(invalid=[make.unaccounted(3)])
    found = judged(meeting("training", full()), of=own)
    assert (found.verdict, found.reasons) == ("invalid", own.reasons)


def test_what_was_not_tried_does_not_count() -> None:
    assert criterion(judged(meeting("storm", None))) is None
    found = judged(meeting("briefing"), meeting("storm", None))
    last = criterion(found)
    assert found.verdict == "pass"
    assert last.value == 0


@pytest.mark.parametrize(("passing", "lucky"), [(20, False), (12, True)])
def test_a_meeting_that_fails_is_no_bad_luck(passing: int, lucky: bool) -> None:
    """Bad luck is what other seeds tell of, and not a meeting that was tried at the same seed."""
    seeds = others(GOOD.inputs.seed, 20)
    trials = [trial(s, GOOD if n < passing else full()) for n, s in enumerate(seeds)]
    own = with_seeds(GOOD, load_criteria(), seeds_of(trials, "estimate"))
    found = judged(meeting("training", full()), of=own)
    assert found.verdict == "fail"
    assert by_luck(found) == lucky
    assert ("luck" in headline(found)) == lucky
    assert next(c for c in found.criteria if c.id == FAILING_SEEDS).ok != lucky


# -------------------------------------------------------------------------------------------- told


TOLD = judged(
    meeting("briefing"),
    meeting("training", full(), engine="sandbox"),
    meeting("storm", None),
)


def cells(language: str) -> list[list[str]]:
    return [[cell.text for cell in row] for row in meetings_table(TOLD, Wording(language)).rows]


def test_a_row_a_meeting_in_english() -> None:
    briefing, training, storm = cells("en")
    assert briefing[:4] == ["The briefing", "Art. 5(1), 3(2)a", "estimate", "met"]
    assert "Sound, from mouth to ear" in briefing[4]
    assert training[2:4] == ["emulation", "NOT MET"]
    assert "Polycom RMX 1500" in training[4]
    assert storm[2:] == ["not tried", "–", "", "–"]


def test_a_row_a_meeting_in_vietnamese() -> None:
    briefing, training, storm = cells("vi")
    cites = "khoản 1 Điều 5, điểm a khoản 2 Điều 3"
    assert briefing[:4] == ["Cuộc họp briefing", cites, "ước tính", "đạt"]
    assert training[2:4] == ["mô phỏng", "KHÔNG ĐẠT"]
    assert storm[2] == "chưa kiểm tra"


def test_what_fails_is_told_without_colours() -> None:
    rows = meetings_table(TOLD, Wording("vi")).rows
    assert [row[3].bold for row in rows] == [False, True, False]


def test_rooms_that_the_meeting_alone_has_are_named() -> None:
    of = meeting("training", full(), names={"so-y-te": "Sở Y tế"})
    place = of.binding.place.model_copy(update={"kind": "bridge", "id": "so-y-te", "detail": None})
    of = of.model_copy(update={"binding": of.binding.model_copy(update={"place": place})})
    assert "Sở Y tế" in Wording("vi", GOOD).within(of, GOOD)


def test_why_some_were_not_emulated() -> None:
    estimated, untried, how = meetings_notes(TOLD, Wording("en"))
    assert "The briefing" in estimated
    assert "5\N{NO-BREAK SPACE}%" in estimated
    assert "The storm" in untried
    assert "--estimate" in untried
    assert "the chair speaks" in how


@pytest.mark.parametrize("language", ["en", "vi"])
def test_what_was_not_tried_says_what_cannot_be_estimated(language: Any) -> None:
    why = {"en": "TCP is emulated", "vi": "TCP chỉ mô phỏng được"}
    reasons = {"reasons": [why["en"]], "reasons_vi": [why["vi"]]}
    of = judged(meeting("briefing", None, untried="emulated", **reasons))
    [untried] = [note for note in meetings_notes(of, Wording(language)) if "--estimate" in note]
    assert why[language] in untried
    assert {"en": "The briefing", "vi": "Cuộc họp briefing"}[language] in untried


def test_an_estimate_does_not_say_that_it_is_enough() -> None:
    engine = GOOD.engine.model_copy(update={"name": "estimate"})
    of = TOLD.model_copy(update={"engine": engine})
    assert len(meetings_notes(of, Wording("en"))) == 2


def test_no_table_where_no_meeting_was_named() -> None:
    assert list(every_meeting(GOOD, Wording("vi", GOOD))) == []
    assert "catalogue" not in summary_md(GOOD)


@pytest.mark.parametrize(
    ("language", "lead"),
    [("en", "Fails first, in the meeting “The training”"), ("vi", "trong cuộc họp “Cuộc họp trai")],
)
def test_the_terminal_says_in_which_meeting_it_fails(language: str, lead: str) -> None:
    told = [plain(getattr(block, "text", "")) for block in brief(TOLD, language)]
    assert any(lead in text for text in told), told
    assert any(getattr(b, "ident", "") == "meetings-table" for b in brief(TOLD, language))


def test_the_summary_has_the_table() -> None:
    text = summary_md(TOLD)
    assert "## Meetings of the catalogue" in text
    assert "| The training | Art. 5(1), 3(2)a | emulation |" in text


def test_the_annex_has_it_in_its_chapter_of_criteria() -> None:
    text = annexes.said(TOLD)
    assert "Cuộc họp training" in text
    rows = annexes.rows(TOLD, caption="Các cuộc họp trong danh mục")
    assert [row[0] for row in rows if row[0].startswith("Cuộc họp ")] == [
        "Cuộc họp briefing",
        "Cuộc họp training",
        "Cuộc họp storm",
    ]
    assert "Đã kiểm tra 2 cuộc họp trong danh mục: 1 cuộc họp không đạt" in text


@pytest.mark.parametrize(
    ("article", "vietnamese"),
    [
        ("Art. 19(3)", "khoản 3 Điều 19"),
        ("Art. 3(2)c, 18(3)", "điểm c khoản 2 Điều 3, khoản 3 Điều 18"),
        ("Art. 10", "Điều 10"),
        ("QCVN 34", "QCVN 34"),
    ],
)
def test_articles_are_cited_as_an_office_does(article: str, vietnamese: str) -> None:
    assert cited(article, Wording("vi")) == vietnamese
    assert cited(article, Wording("en")) == article
