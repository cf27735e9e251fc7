"""What commands print for people is Vietnamese where they are asked for it: nothing English is
left but names and codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Any, get_args

import failures_factory
import meeting_factory
import pytest
import results_factory as make
import sensitivity_factory

from giaoban.results.model.off_by import OffBy
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.result import RefusedCommand, Result
from giaoban.results.model.seeds import Seeds
from giaoban.results.model.studies.compared import (
    Compared,
    InputChange,
    MarginChange,
    ScenarioCompared,
)
from giaoban.results.model.studies.failures import Change, Comparison, FaultsAnswer
from giaoban.results.model.studies.headroom import (
    Bottleneck,
    Headroom,
    Point,
    RouterRoom,
    verdict_of,
)
from giaoban.results.model.studies.load import GeneratorView, LoadResult, MediaResult
from giaoban.results.model.studies.sweep import SweepAnswer, SweepPoint
from giaoban.results.model.studies.whatif import (
    CostOf,
    CostPart,
    FailureCheck,
    Judged,
    Margin,
    VariantResult,
    WhatIf,
)
from giaoban.results.report.ci import answers
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.ci.job_summary import job_summary
from giaoban.results.report.document import Block, Cell, Code, Table, in_language
from giaoban.results.report.meetings import meeting_summary
from giaoban.results.report.summaries import (
    check_summary,
    compared_summary,
    failures_summary,
    headroom_summary,
    load_summary,
    sensitivity_summary,
    sweep_summary,
    whatif_summary,
)
from giaoban.results.report.wording import Wording, margin
from giaoban.scenarios.load.load_test import described
from giaoban.scenarios.load.locust.processes import LocustSetup
from giaoban.scenarios.load.outcomes import Cause
from giaoban.scenarios.load.plan import LoadPlan
from giaoban.scenarios.study.headroom.bottlenecks import NEW_LINE
from giaoban.translation import translator
from tests.results import load_factory

ENGLISH = re.compile(r"\b(?:a|an|and|are|at|by|for|has|is|it|its|not|of|that|the|was|were|with)\b")
"""Words that no sentence of English goes without, and of which none is Vietnamese."""
WORD = re.compile(r"[^\W\d_]{2,}")
IDENT = re.compile(r"\S*(?:->|\w(?:--?|:)\w)\S*")
"""Of links, failures, bridges and criteria, as files have them."""
NO_WORDS = {"kb", "Mb", "ms", "km", "GB", "MCU", "MOS", "SIP", "sha"}
"""Units and abbreviations, which are the same in both."""


def texts(value: Any) -> Iterator[str]:
    """Every text of a block, in its order."""
    if isinstance(value, str):
        yield from () if isinstance(value, Code) else [value]
    elif is_dataclass(value):
        for field in fields(value):
            if isinstance(value, Cell) and value.code and field.name == "text":
                continue
            if field.name not in ("aligns", "tone", "keep", "gives", "ident", "to"):
                yield from texts(getattr(value, field.name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def shown(blocks: Iterable[Block], language: str) -> list[str]:
    """What a terminal shows of blocks, a text each."""
    say = translator(language).say
    return [text for block in blocks for text in texts(in_language(block, say))]


def english_left(en: Iterable[Block], vi: Iterable[Block], known: Iterable[str]) -> list[str]:
    """Texts that are the same in both, or have words of English; without names and codes."""
    names = sorted({name for name in known if name}, key=len, reverse=True)
    same = set(shown(en, "en"))
    left = []
    for text in shown(vi, "vi"):
        bare = IDENT.sub(" ", text)
        for name in names:
            bare = bare.replace(name, " ")
        words = [word for word in WORD.findall(bare) if word not in NO_WORDS]
        if (text in same and words) or ENGLISH.search(bare):
            left.append(text)
    return left


ENGLISH_ALONE = "§"
"""Behind whatever an answer has in English and in no other language."""
ANYBODYS = {
    "name", "names", "articles", "article", "device_name", "server", "value", "detail", "used_of",
    "highest_link", "by", "links_by",
}  # fmt: skip
"""Keys of texts that are the same in every language: names, figures, and codes of two words."""


def marked(value: Any, key: str = "") -> Any:
    """An answer's JSON with a mark behind each sentence that no `_vi` beside it says again."""
    if isinstance(value, dict):
        return {
            each: text if each in ANYBODYS or _in_vietnamese(each, value) else marked(text, each)
            for each, text in value.items()
        }
    if isinstance(value, list):
        return [marked(each, key) for each in value]
    return f"{value}{ENGLISH_ALONE}" if isinstance(value, str) and " " in value else value


def _in_vietnamese(key: str, among: dict[str, Any]) -> bool:
    return key.endswith("_vi") or bool(among.get(f"{key.removesuffix('_en')}_vi"))


def all_answers() -> Iterator[Any]:
    """Each kind of answer with what a terminal and its summary show of it, and CI."""
    emulated_only = OffBy(refused="packets are emulated", refused_vi="gói tin phải giả lập")
    not_tried = Seeds(refused="packets are emulated", refused_vi="gói tin phải giả lập")
    for made in checks():
        result = made.values[0]
        more = {"estimate": emulated_only, "seeds": not_tried}
        for each in (result, result.model_copy(update=more)):
            yield each, partial(_brief_and_summary, check_summary), answers.of_check
    for made in trials():
        yield made.values[0], partial(_brief_and_summary, failures_summary), answers.of_faults
    for made in loads():
        yield made.values[0], partial(_brief_and_summary, load_summary), answers.of_load
    for made in comparisons():
        yield made.values[0], _of_whatif, answers.of_whatif
    for made in growths():
        yield made.values[0], partial(_alone, headroom_summary), answers.of_headroom
    for made in sweeps():
        yield made.values[0], partial(_alone, sweep_summary), answers.of_sweep
    yield sensitivity_factory.answer(), partial(_alone, sensitivity_summary), None
    for verdict, why in (("pass", []), ("invalid", ["it hung"])):
        held = meeting_factory.part(verdict=verdict, reasons=why)
        answer = meeting_factory.answer(held, verdict=verdict)
        yield answer, partial(meeting_summary.summary_md, language="vi"), answers.of_meeting
    yield compared(), compared_summary.brief, answers.of_compared


def _brief_and_summary(module: Any, answer: Any) -> list[Block]:
    return [*module.brief(answer, language="vi"), *module.summary(answer, Wording("vi", answer))]


def _of_whatif(answer: WhatIf) -> list[Block]:
    return [*whatif_summary.brief(answer), *whatif_summary.summary(answer, Wording("vi"))]


def _alone(module: Any, answer: Any) -> list[Block]:
    return [*module.brief(answer), *module.summary(answer)]


def compared() -> Compared:
    """Two states of which one scenario is emulated alone, and one is worse."""
    change = InputChange(file="province", key="link.a--b.km", old="2", new="30", at="a--b")
    lines = [
        ScenarioCompared(
            id="s", state="not-judged", old=None, new=None, reasons=["it is emulated"],
            reasons_vi=["chỉ giả lập được"],
        ),
        ScenarioCompared(
            id="t", state="worse", old="pass", new="fail", inputs=[change],
            reasons=["Sound, from mouth to ear: 410 ms, allowed at most 400 ms"],
            margins=[MarginChange(
                criterion="every-call-set-up", name_en="Calls not set up",
                name_vi="Số cuộc gọi không thiết lập được", unit="calls", limit=0.0, old=0.0,
                new=3.0, old_margin_pct=100.0, new_margin_pct=-300.0, old_ok=True, new_ok=False,
                where="MCU", where_vi="MCU", sense="worse",
            )],
        ),
    ]  # fmt: skip
    return Compared(
        run_id="compare-20261125-010000", verdict="fail", old="a", new="b", tolerance_points=1.0,
        scenarios=lines, seconds=1.0,
    )  # fmt: skip


def test_nothing_is_shown_of_what_an_answer_has_in_english_alone() -> None:
    shown_in_english = []
    commands = Commands(["check"])
    for answer, blocks_of, cases_of in all_answers():
        again = type(answer).model_validate(marked(answer.model_dump(mode="json", by_alias=True)))
        blocks = blocks_of(again)
        if cases_of is not None:
            blocks += job_summary(cases_of(again), commands)
        shown_in_english += [text for text in shown(blocks, "vi") if ENGLISH_ALONE in text]
    assert shown_in_english == []


def test_units_are_vietnamese_in_every_answer_for_ci() -> None:
    """Codes of files (`calls`) are told as criteria of documents tell them."""
    called = re.compile(r"\d (?:calls?|bridges?|points?|MOS|times|meetings?)\b")
    told = [
        text
        for report in (answers.of_compared(compared()), answers.of_load(load_failing()))
        for text in shown(job_summary(report, Commands(["check"])), "vi")
    ]
    told += shown(compared_summary.brief(compared()), "vi")
    assert any("cuộc gọi" in text for text in told)
    assert [text for text in told if called.search(text)] == []


def load_failing() -> LoadResult:
    made = load_factory.calls(failed={"timeout": 3})
    assert {"calls", "bridges"} & {c.unit for c in made.criteria if not c.ok}
    return made


def checks() -> Iterator[Any]:
    plain = make.result()
    yield pytest.param(plain, id="passes")
    yield pytest.param(make.result(invalid=[make.unaccounted(3)]), id="invalid")
    yield pytest.param(make.result(thresholds={"mouth-to-ear": 100.0}), id="fails")
    engine = plain.engine.model_copy(update={"name": "estimate"})
    yield pytest.param(plain.model_copy(update={"engine": engine}), id="estimated")
    nothing_new = plain.question.model_copy(update={"new": []})
    off = OffBy(
        delay_ms_max=0.1, delay_worst_at="cu-jut audio up, during",
        delay_place=Place(kind="bridge", id="cu-jut", detail="audio up", phase="during"),
        loss_points_max=0.0, within=True, same_verdict=True, same_binding=False,
    )  # fmt: skip
    refused = RefusedCommand(by="cu-jut", command="mute-all", on=None, code=403, reason="no")
    yield pytest.param(
        plain.model_copy(
            update={
                "question": nothing_new,
                "estimate": off,
                "refused_commands": [refused],
                "names": plain.names | {f"n-{n}": f"N {n}" for n in range(301)},
            }
        ),
        id="with all notes",
    )


@pytest.mark.parametrize("result", list(checks()))
def test_of_a_check(result: Result) -> None:
    en, vi = check_summary.brief(result), check_summary.brief(result, "vi")
    assert english_left(en, en, ()) != []
    assert english_left(en, vi, [*result.names, *result.names.values()]) == []


def test_of_all_that_a_summary_has() -> None:
    """Of a check, of failures, of a storm and of calls."""
    made = (check_summary, failures_summary, load_summary, load_summary)
    answers = [
        make.result(),
        failures_factory.answer(),
        load_factory.storm(),
        load_factory.calls(),
    ]
    for answer, blocks in zip(answers, made, strict=True):
        en, vi = (list(blocks.summary(answer, Wording(lang, answer))) for lang in ("en", "vi"))
        known = [answer.run_id, *answer.names, *answer.names.values(), answer.inputs.code]
        known += ["invite", "timeout", "a → b", "storm"]
        assert english_left(en, en, ()) != []
        assert english_left(en, vi, known) == []


def trials() -> Iterator[Any]:
    yield pytest.param(failures_factory.answer(), id="passes, one accepted")
    yield pytest.param(failures_factory.answer(accepts=()), id="a single point")
    yield pytest.param(failures_factory.answer(accepts=("cut:x", "silent:y")), id="not needed")
    touched = [
        failures_factory.impact("cu-jut", 1912.25, lost=87, restored_interruption_ms=30.0),
        failures_factory.impact("dak-glong", 700.0, redials=2, cut_off=True),
        failures_factory.impact("gia-nghia", path_before=["a--b"], path_after=["access-x"]),
    ]
    slow = failures_factory.failure(
        "cut:gia-nghia--cu-jut", touched, {"gia-nghia--cu-jut": 91.0}, verdict="fail",
        reasons=["Longest interruption: 1912 ms, allowed at most 1000 ms (cu-jut)"],
    )  # fmt: skip
    yield pytest.param(failures_factory.answer([slow], accepts=()), id="fails")
    lost = failures_factory.failure(
        "router:r-cu-jut", verdict="invalid", reasons=[make.unaccounted(2)]
    )
    yield pytest.param(failures_factory.answer([slow, lost], accepts=()), id="invalid")
    for changes in ([], [Change(sense="worse", failure="cut:gia-nghia--cu-jut", what="x")]):
        compared = Comparison(
            baseline="ring", reason="y", by_criteria="fail", changes=changes,
            known=["cut:gia-nghia--dak-glong", "site:dak-glong"],
        )  # fmt: skip
        answer = failures_factory.answer(accepts=(), comparison=compared)
        yield pytest.param(answer, id=f"{len(changes)} changes")


@pytest.mark.parametrize("answer", list(trials()))
def test_of_failures(answer: FaultsAnswer) -> None:
    shown_of = {"link": "gia-nghia--cu-jut", "bridge": "cu-jut"}
    en = list(failures_summary.brief(answer, **shown_of))
    vi = list(failures_summary.brief(answer, **shown_of, language="vi"))
    known = [*answer.names, *answer.names.values(), "a → b", "ring"]
    assert shown(en, "en") != shown(vi, "vi")
    assert english_left(en, vi, [*known, "cut:", "silent:", "site:", "router:"]) == []


PLACE = Place(kind="bridge", id="cu-jut", detail="audio down", other="dak-mil", phase="during")


def judged(verdict: Any = "fail", method: Any = "estimate", **more: Any) -> Judged:
    """A verdict on a variant, by the plain check."""
    plain = make.result()
    binding = Binding(
        criterion="mouth-to-ear", place=PLACE, where="cu-jut audio down, during", value=410.0,
        threshold=400.0, unit="ms", margin_pct=-2.5, cause="stream",
    )  # fmt: skip
    margin = Margin(
        criterion="mouth-to-ear", name_en="Sound, from mouth to ear", name_vi="Âm thanh",
        value=410.0, threshold=400.0, unit="ms", ok=False, margin_pct=-2.5, worst_at="x",
    )  # fmt: skip
    seeds = Seeds(seeds=[1, 2, 3], passed=3) if verdict == "pass" else None
    values: dict[str, Any] = {
        "reasons": ["Sound, from mouth to ear: 410 ms, allowed at most 400 ms"],
        "binding": binding, "where": "Cư Jút audio down with Đắk Mil, during", "margins": [margin],
        "in_use": plain.phases[0].mcu, "seeds": seeds,
    }  # fmt: skip
    return Judged.model_validate({"method": method, "verdict": verdict} | values | more)


def variant(ident: str, verdict: Any, *, priced: bool = False, asked: bool = True) -> VariantResult:
    cost = CostOf(parts=[CostPart(what="card", million_vnd=1234.5, source="x")], unpriced=["RMX"])
    return VariantResult(
        id=ident, name="as asked", asked=asked, changes=["device: RMX"] * (ident != "now"),
        changes_vi=["thiết bị: RMX"] * (ident != "now"), change_count=1, bridges=10, new_bridges=2,
        device="rmx", device_name="RMX", profile="720p30", judged=judged(verdict),
        cost=cost if priced else None,
    )  # fmt: skip


def comparisons() -> Iterator[Any]:
    def made(*variants: VariantResult, **more: Any) -> WhatIf:
        passing = [each.id for each in variants if each.final.verdict == "pass"]
        values: dict[str, Any] = {
            "run_id": "whatif-20261125-010000", "verdict": "pass" if passing else "fail",
            "question_en": "May they?", "question_vi": "Có được không?", "existing": 8,
            "inputs": make.result().inputs, "ordered_by": "changes", "variants": list(variants),
            "answer": passing[0] if passing else None, "neighbour": None, "seconds": 1.0,
        }  # fmt: skip
        return WhatIf.model_validate(values | more)

    yield pytest.param(made(variant("now", "pass")), id="passes")
    yield pytest.param(made(variant("now", "fail")), id="fails")
    yield pytest.param(made(variant("now", "fail"), variant("b", "invalid"), tried=3), id="none")
    both = (variant("b", "pass", priced=True, asked=False), variant("now", "fail"))
    yield pytest.param(made(*both, ordered_by="cost"), id="by cost")
    for verdict in ("pass", "fail", "invalid"):
        failure = FailureCheck(
            variant="now", failure="cut:a--b", name_en="link Cư Jút cut", name_vi="đứt cáp Cư Jút",
            judged=judged(verdict, "sandbox"),
        )  # fmt: skip
        yield pytest.param(made(variant("now", "pass"), failure=failure), id=f"failure {verdict}")


@pytest.mark.parametrize("answer", list(comparisons()))
def test_of_a_comparison(answer: WhatIf) -> None:
    en, vi = (
        [*whatif_summary.brief(answer), *whatif_summary.summary(answer, Wording(lang))]
        for lang in ("en", "vi")
    )
    known = ["cu-jut", "dak-mil", "RMX", "720p30", answer.run_id, answer.inputs.code]
    assert english_left(en, vi, known) == []


def growths() -> Iterator[Any]:
    for more, verdicts in (
        (2, ("pass", "fail")),
        (0, ("fail",)),
        (-1, ("fail",)),
        (1, ("invalid",)),
    ):
        points = [
            Point(more=max(0, more) + step, judged=judged(verdict))
            for step, verdict in enumerate(verdicts)
        ]
        link = {"thing": "link", "id": "a--b", "direction": "a->b", "criterion": "link-peak"}
        items = [
            {**link, "more": 3, "name": "A – B", "method": "arithmetic"},
            {**link, "more": 4, "name": NEW_LINE, "method": "estimate"},
            {**link, "more": 5, "thing": "device", "direction": None, "name": "RMX"}
            | {"criterion": "mcu-units", "method": "arithmetic"},
        ]
        if more == 0:
            stream = {"thing": "stream", "id": "cu-jut", "direction": None, "method": "estimate"}
            items.insert(0, {**items[0], **stream, "more": 0, "name": "cu-jut audio down"})
        rooms = [
            RouterRoom(router="r", name="Cư Jút", more=3, by=NEW_LINE, links_more=None, links_by="")
        ]
        yield pytest.param(
            Headroom(
                run_id="headroom-20261125-010000", verdict=verdict_of(more, points),
                question_en="How many?", question_vi="Bao nhiêu?", existing=8, profile="720p30",
                device="rmx", device_name="RMX", pace_s=2.5, inputs=make.result().inputs, more=more,
                bottlenecks=[Bottleneck.model_validate(item) for item in items], routers=rooms,
                links=[], devices=[], points=points, grid=[], curves=[], names={}, seconds=1.0,
            ),
            id=f"{more} more",
        )  # fmt: skip


@pytest.mark.parametrize("answer", list(growths()))
def test_of_the_headroom(answer: Headroom) -> None:
    blocks = [*headroom_summary.brief(answer), *headroom_summary.summary(answer)]
    known = ["mouth-to-ear", "link-peak", "mcu-units", "RMX", "Cư Jút", "a → b", "A – B"]
    known += ["720p30", answer.run_id, answer.inputs.code]
    assert english_left(blocks, blocks, known) == []


def loads() -> Iterator[Any]:
    yield pytest.param(load_factory.storm(mcu=load_factory.mcu_view()), id="storm")
    yield pytest.param(
        load_factory.storm("random", last_back_s=None, reasons=["1 bridge did not come back"]),
        id="storm, one missing",
    )
    yield pytest.param(load_factory.calls(failed={"timeout": 3}, reasons=["too many"]), id="fails")
    media = [
        MediaResult(
            medium=medium, calls=9, too_short=2, packets_sent=900, packets_received=899,
            missed={"withheld": 1, "not-agreed": 1, "nothing": 1, "late": 1, "too-little": 1},
            packets_lost=1, expected_s=90.0, heard_s=80.0,
        )
        for medium in ("audio", "video")
    ]  # fmt: skip
    lacking = ["options", "register"]
    operations = [
        load_factory.operation(name, 5, 0, {"unsupported": 5}).model_copy(
            update={"answers": {"501 Not Implemented": 5}, "delay": None}
        )
        for name in (*lacking, "redial")
    ]
    view = load_factory.mcu_view(
        refused={"full": 2}, left={"bye": 4}, units_total=None, cpu_pct_mean=30.0
    )
    generator = GeneratorView(
        processes=2, cpu_pct_max=20.0, media_sent=100, media_late_pct=0.5, media_overflowed=0
    )
    yield pytest.param(
        load_factory.calls(
            media=media, lacking=lacking, operations=operations, mcu=view, generator=generator
        ),
        id="with all lines",
    )


@pytest.mark.parametrize("result", list(loads()))
def test_of_a_load_test(result: LoadResult) -> None:
    en, vi = load_summary.brief(result), load_summary.brief(result, "vi")
    known = [result.server, "OPTIONS", *(o.operation for o in result.operations), "timeout"]
    known += [c.id for c in result.criteria]
    known += ["--no-options", "--no-register", "501 Not Implemented", "unsupported", "full", "bye"]
    assert english_left(en, en, ()) != []
    assert english_left(en, vi, known) == []


def parameters(blocks: list[Block]) -> list[list[str]]:
    """The rows of what a load test was asked, in a summary."""
    [found] = [b for b in blocks if isinstance(b, Table) and b.head[0][0].text == "parameter"]
    return [[translator("vi").say(cell.text) for cell in row] for row in found.rows]


def test_all_that_a_load_test_is_asked_has_a_name() -> None:
    """Keys of `what` are options of the command; a summary says what they mean."""
    plan = LoadPlan(
        target=("127.0.0.1", 5060), shape="storm", bridges=20, rate_per_s=4, seconds=1, hold_s=0,
        media=["audio", "video"], profile="720p30", kbps=1920.0,
    )  # fmt: skip
    result = load_factory.calls(what=described(plan, LocustSetup()))
    rows = parameters(list(load_summary.summary(result, Wording("vi", result))))
    said = dict(rows)
    assert len(said) == len(result.what)
    assert not any("_" in name for name in said)
    assert said["dạng tải"] == "gọi lại đồng loạt"
    assert said["tín hiệu của mỗi cuộc gọi"] == "âm thanh, hình ảnh"
    assert said["số lần gọi, nhiều nhất"] == "4/s"


def sweeps() -> Iterator[Any]:
    points = [
        SweepPoint(
            bridges="10", profile="720p30", device="rmx", failure="none", seed=1, verdict=verdict,
            method="estimate", in_meeting=10, cut_off=0, binding="mouth-to-ear", key="0" * 64,
        )
        for verdict in ("pass", "fail", "refused")
    ]  # fmt: skip
    yield pytest.param(
        SweepAnswer(
            run_id="sweep-20261125-010000", question_en="Where?", question_vi="Ở đâu?",
            inputs=make.result().inputs, points=points, computed=2, seconds=1.5,
        ),
        id="three points",
    )  # fmt: skip


@pytest.mark.parametrize("answer", list(sweeps()))
def test_of_a_sweep(answer: SweepAnswer) -> None:
    blocks = [*sweep_summary.brief(answer), *sweep_summary.summary(answer)]
    assert english_left(blocks, blocks, ["mouth-to-ear", "720p30", "rmx", answer.inputs.code]) == []


def test_a_margin_has_the_signs_of_the_language() -> None:
    """As all figures beside it: whoever reads a table finds no two kinds of numbers in it."""
    for pct, en, vi in ((-87.4, "-87 %", "−87 %"), (10.4, "+10 %", "+10 %")):
        assert (str(margin(pct)), translator("vi").say(margin(pct))) == (en, vi)
    assert margin(None) == "–"


def test_why_attempts_of_a_load_test_failed_is_said_without_codes() -> None:
    causes = dict.fromkeys((*get_args(Cause), "media"), 3)
    made = load_factory.calls(failed=causes)
    english, vietnamese = (load_summary.summary_md(made, language) for language in ("en", "vi"))
    [row] = [line for line in english.splitlines() if "3 capacity" in line]
    assert all(f"3 {cause}" in row for cause in causes)
    [row] = [line for line in vietnamese.splitlines() if "MCU hết năng lực: 3" in line]
    assert row.count(": 3") == len(causes)
    assert not any(f"3 {cause}" in row for cause in causes)
