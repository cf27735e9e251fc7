"""Other seeds: the interval against published values, the spread, the verdict, the words."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import results_factory as make
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.confidence import wilson
from giaoban.results.judge.criteria import FAILING_SEEDS, load_criteria
from giaoban.results.judge.verdict import with_seeds
from giaoban.results.model.places import Binding, Place
from giaoban.results.model.result import Result
from giaoban.results.model.seeds import (
    SEEDS,
    Seeds,
    Trial,
    Valued,
    needed_others,
    others,
    seeds_of,
    verdict_of,
    wilson_pct,
)
from giaoban.results.report.ci.answers import of_check
from giaoban.results.report.ci.commands import Commands
from giaoban.results.report.ci.junit import junit_xml
from giaoban.results.report.seed_words import note, sentence
from giaoban.results.report.summaries.check_summary import binds, headline, notes, summary_md
from giaoban.results.report.wording import Wording
from giaoban.scenarios.cli.output import EXIT_CODES

VI, EN = Wording("vi"), Wording("en")

OWN = 1681


def loss_at(place: str, value: float) -> Binding:
    """Sound missed at a bridge."""
    at = Place(kind="bridge", id=place, detail="audio down", phase="after")
    return Binding(
        criterion="audio-loss", cause="stream", place=at, where=at.text, value=value, threshold=1.0,
        unit="%", margin_pct=100 - 100 * value,
    )  # fmt: skip


def trials(lost: Sequence[float]) -> list[Trial]:
    """One seed each, with so much loss, of which 1 % is allowed."""
    return [
        Trial(
            seed=seed,
            verdict="pass" if value <= 1 else "fail",
            criteria=[Valued(id="audio-loss", value=value, unit="%", ok=value <= 1)],
            binding=loss_at("cu-jut", value),
        )
        for seed, value in zip(others(OWN, len(lost)), lost, strict=True)
    ]


def judged(lost: Sequence[float], own: Result | None = None, **thresholds: float) -> Result:
    criteria = load_criteria(thresholds=thresholds)
    return with_seeds(own or make.result(), criteria, seeds_of(trials(lost), "estimate"))


@pytest.mark.parametrize(
    ("passed", "tried", "least", "most"),
    [
        # Newcombe 1998 (Stat Med 17:857), table I, method 3
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
        (13, 20, 43.3, 81.9),
        (20, 20, 83.9, 100.0),
    ],
)
def test_the_interval_is_wilsons(passed: int, tried: int, least: float, most: float) -> None:
    digits = 0.05 if tried == 20 and passed else 0.005
    assert wilson_pct(passed, tried) == pytest.approx((least, most), abs=digits + 1e-9)


def test_others_are_the_next_seeds_and_begin_anew_at_0() -> None:
    assert others(1681, 3) == [1682, 1683, 1684]
    assert others(SEEDS - 2, 3) == [SEEDS - 1, 0, 1]
    assert others(5, 0) == []


def test_the_spread_of_a_criterion() -> None:
    found = seeds_of(trials([0.5, 2.0, 0.1, 3.0]), "estimate")
    [loss] = found.spread
    assert (loss.least, loss.median, loss.largest) == (0.1, 1.25, 3.0)
    assert (loss.measured, loss.failed, loss.first) == (4, 2, 2)
    assert (found.tried, found.passed, found.failed) == (4, 2, 2)
    assert (found.first.seed, found.first.binding) == (OWN + 2, loss_at("cu-jut", 2.0))


def test_what_was_measured_nowhere_has_no_spread() -> None:
    unknown = Valued(id="mos", value=None, unit="MOS", ok=False)
    found = seeds_of([Trial(seed=1, verdict="fail", criteria=[unknown], binding=None)], "estimate")
    [mos] = found.spread
    assert (mos.least, mos.median, mos.largest, mos.measured, mos.failed) == (None,) * 3 + (0, 1)


def test_where_it_was_stopped_there_is_no_share_of_all_seeds() -> None:
    found = seeds_of(trials([0.0, 2.0]), "estimate", stopped=True).beside(12.5, own_passed=False)
    assert (found.least_pct, found.most_pct, found.passed, found.tried) == (None, None, 1, 2)


UNSHOWN = "not shown: Existing bridges: rise in packets missed"
"""Of the sound run, whose phases of 30 s are too short for that."""


@pytest.mark.parametrize(
    ("failing", "judged", "verdict"),
    [
        (0, 21, "pass"),
        (1, 21, "undecided"),
        (5, 21, "undecided"),
        (6, 21, "fail"),
        (1, 41, "pass"),
        (4, 101, "pass"),
        (8, 101, "undecided"),
        (19, 101, "fail"),
        (0, 4, "pass"),  # too few for the share, and all pass
        (1, 4, "undecided"),
        (3, 3, "fail"),
    ],
)
def test_a_share_of_failing_seeds_is_judged_by_its_bounds(
    failing: int, judged: int, verdict: str
) -> None:
    assert verdict_of(failing, judged, 12.5) == verdict


@given(st.integers(0, 400), st.integers(1, 20), st.floats(1, 50))
def test_more_seeds_with_the_same_share_turn_no_decision(
    failing: int, times: int, limit_pct: float
) -> None:
    """Nor does a seed that passes turn a pass, or one that fails turn a failure."""
    judged = 400
    own = verdict_of(failing, judged, limit_pct)
    more = {verdict_of(failing * times, judged * times, limit_pct)}
    if own == "pass":
        more.add(verdict_of(failing, judged + times, limit_pct))
    if own == "fail":
        more.add(verdict_of(failing + times, judged + times, limit_pct))
    assert own == "undecided" or more == {own}


@given(st.integers(1, 60), st.integers(21, 101))
def test_the_number_of_seeds_that_decides_does(failing: int, judged: int) -> None:
    """At the same share the seeds given decide, and one fewer do not."""
    if verdict_of(min(failing, judged), judged, 12.5) != "undecided":
        return
    needed = needed_others(failing, judged, 12.5)
    assert (needed is None) == (failing * 8 == judged)
    if needed is not None:
        share = failing / judged
        for others_judged, decided in ((needed + 1, True), (needed - 1, False)):
            found = wilson(share * others_judged, others_judged, 0.95)
            assert (found.high <= 0.125 or found.low > 0.125) == decided


def test_a_pass_at_every_seed_is_a_pass() -> None:
    own = make.result()
    result = judged([0.0] * 20)
    assert result.verdict == "pass"
    assert result.criteria[:-1] == own.criteria
    share = result.criteria[-1]
    assert (share.id, share.value, share.ok, share.margin_pct) == (
        FAILING_SEEDS,
        11.413,
        True,
        100.0,
    )
    assert result.binding == own.binding
    assert headline(result) == f"PASS – the bridges may be connected ({UNSHOWN})"
    said = (
        "passes at all 20 of 20 other seeds (at most 12 % of all seeds fail, 95 % confidence; "
        "limit 12.5 %)"
    )
    assert note(result) == said
    assert said in notes(result)
    assert sentence(result, VI) == (
        "Kết luận này được kiểm tra thêm bằng tính toán với 20 số khởi tạo ngẫu nhiên khác: đạt ở "
        "cả 20 lần. Với độ tin cậy 95\u00a0%, nhiều nhất 12\u00a0% số khởi tạo ngẫu nhiên không "
        "đạt; ngưỡng là 12,5\u00a0%."
    )


def test_an_answer_that_depends_on_luck_is_no_pass() -> None:
    result = judged([0.0] * 13 + [2.5] * 7)
    assert result.verdict == "fail"
    [reason] = result.reasons
    assert reason.startswith("Seeds that fail, at most: 51.27 %, allowed at most 12.5 % (cu-")
    assert (result.binding.criterion, result.binding.cause) == (FAILING_SEEDS, "stream")
    assert result.binding.place == loss_at("cu-jut", 2.5).place
    said = "fails at 7 of 21 seeds: the answer depends on luck"
    assert headline(result) == f"FAIL – {said}"
    assert said in EN.verdict(result)
    assert (
        "không đạt ở 7 trong 21 số khởi tạo ngẫu nhiên: kết quả phụ thuộc yếu tố ngẫu nhiên"
    ) in VI.verdict(result)
    assert sentence(result, VI) == (
        "Tính thêm với 20 số khởi tạo ngẫu nhiên khác: hệ thống đạt ở 13 lần, không đạt ở 7 lần. "
        "Với độ tin cậy 95\u00a0%, từ 19\u00a0% đến 52\u00a0% số khởi tạo ngẫu nhiên không đạt; "
        "ngưỡng là 12,5\u00a0%."
    )
    assert binds(result) == (
        "Fails first, at seed 1695: Sound: packets missed at Cư Jút, sound down, after – 2.5 %, "
        "limit 1 %"
    )
    assert "at seed 1695: Sound: packets missed" in Wording("en", result).binding(
        result.binding, result
    )
    said = "với số khởi tạo 1695: âm thanh: tỷ lệ gói tin không dùng được"
    assert said in Wording("vi", result).binding(result.binding, result)
    assert "Passes at 13 of 20 other seeds (19 % to 52 % of all seeds fail" in summary_md(result)
    assert "| Sound: packets missed | 0 % | 0 % | 2.5 % | ≤ 1 % | 7 | 7 |" in summary_md(result)
    assert "the system passes at 13 and fails at 7. With 95\u00a0% confidence" in sentence(
        result, EN
    )


def test_a_share_on_both_sides_of_its_limit_is_undecided() -> None:
    result = judged([0.0] * 18 + [2.0] * 2)
    assert (result.verdict, EXIT_CODES[result.verdict]) == ("undecided", 1)
    [reason] = result.reasons
    assert reason.endswith("; 334 other seeds would decide")
    assert headline(result) == ("UNDECIDED – fails at 2 of 21 seeds; 334 other seeds would decide")
    assert "chưa kết luận được" in VI.verdict(result).lower()
    assert "cần 334 số khởi tạo ngẫu nhiên khác" in VI.verdict(result)
    xml = junit_xml(of_check(result), Commands(["giaoban", "check", "x"], None), 1.0)
    assert 'failures="1"' in xml
    assert Result.from_json(result.to_json()) == result


def test_the_own_seed_is_one_of_them() -> None:
    """Which of 41 seeds is the run's own does not matter; the failure of one is a pass."""
    own_fails, other_fails = judged([0.0] * 40, failing()), judged([0.0] * 39 + [2.0])
    assert own_fails.verdict == other_fails.verdict == "pass"
    assert own_fails.criteria[-1].value == other_fails.criteria[-1].value
    assert headline(own_fails) == (
        "PASS – the bridges may be connected (fails at 1 of 41 seeds, its own among them; "
        f"{UNSHOWN})"
    )
    assert own_fails.reasons == []
    cases = of_check(own_fails)
    assert not cases.failed
    assert any("not met at this seed" in case.note for case in cases.cases)
    assert Result.from_json(own_fails.to_json()) == own_fails


def test_the_limit_can_be_set() -> None:
    lost = [0.0] * 17 + [2.0] * 3
    assert judged(lost).verdict == "undecided"
    assert judged(lost, **{FAILING_SEEDS: 40.0}).verdict == "pass"
    assert judged([0.0] * 20, **{FAILING_SEEDS: 5.0}).verdict == "undecided"


def failing() -> Result:
    """A run whose own seed fails by a full link."""
    own = make.result(thresholds={"link-peak": 1.0})
    assert own.verdict == "fail"
    return own


def test_what_fails_at_the_own_seed_binds() -> None:
    own = failing()
    every = judged([2.0, 2.0], own)
    assert (every.verdict, every.binding) == ("fail", own.binding)
    assert every.reasons[:-1] == own.reasons
    assert headline(every) == "FAIL – the system fails already without these bridges"
    assert "the system fails at all 2" in sentence(every, EN)


def test_an_invalid_run_stays_invalid() -> None:
    own = make.result().model_copy(update={"verdict": "invalid", "reasons": ["a packet is gone"]})
    for lost in ([0.0], [2.0] * 20):
        found = judged(lost, own)
        assert (found.verdict, found.reasons) == ("invalid", ["a packet is gone"])


def test_seeds_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match="passed at 3 of 2"):
        Seeds(seeds=[1, 2], passed=3)
    with pytest.raises(ValueError, match="first seed that fails"):
        Seeds(seeds=[1, 2], passed=1)
    with pytest.raises(ValueError, match="refused"):
        Seeds(seeds=[1], passed=1, refused="no")
