"""What a PASS says of its assumptions below the verdict."""

import annex_factory as annexes
import results_factory as make

from giaoban.results.model.robustness import Robustness, WorldsPassed
from giaoban.results.report.summaries.check_summary import summary_md
from giaoban.results.report.summaries.sensitivity_summary import assumptions_line

VARIED = Robustness(
    file="sensitivity.json",
    as_assumed="pass",
    tried=102,
    deciding=["access.loss_pct"],
    holds_while=["loss is 0.0005 % or less"],
    holds_while_vi=["tỷ lệ mất gói từ 0,0005 % trở xuống"],
    nearest=("loss, 0 % as assumed, turned at 0.0006 %", "mất gói: …"),
    worlds=WorldsPassed(judged=40, passed=4, low_pct=4.0, high_pct=23.1),
)


def test_a_pass_without_an_analysis_says_that_nothing_was_varied():
    result = make.result().model_copy(update={"assumed_figures": 24})
    told = assumptions_line(result)
    assert str(told) == (
        "8 assumptions (24 figures) were not varied: giaoban annex varies all at once, giaoban "
        "sensitivity each."
    )
    assert str(told) in summary_md(result)
    assert "8 giả định (24 số liệu) chưa được thử thay đổi" in annexes.said(result)


def test_an_annex_with_worlds_alone_says_how_fragile_the_pass_is():
    worlds = WorldsPassed(judged=40, passed=4, low_pct=4.0, high_pct=23.1)
    alone = Robustness(file=None, as_assumed="pass", tried=24, worlds=worlds)
    result = make.result().model_copy(update={"robustness": alone, "assumed_figures": 24})
    said = annexes.said(result, lang="en")
    assert "8 assumptions (24 figures), varied at once by estimate: passes in 10 % of 40" in said
    assert "The conclusion is fragile" in said
    assert "Met on conditions: " in said
    assert "Condition: the assumed figures are as listed" in said


def test_a_pass_with_an_analysis_says_how_fragile_it_is():
    result = make.result().model_copy(update={"robustness": VARIED})
    told = str(assumptions_line(result))
    assert told.startswith(
        "8 assumptions with 102 figures that were varied: nearest to turning it "
    )
    assert "turned at 0.0006 %; passes in 10 % of 40 worlds" in told
    assert told in summary_md(result)


def test_a_pass_is_conditional_where_assumed_figures_can_turn_it():
    """The annex says so; within their ranges neither a figure alone nor all at once may."""
    result = make.result().model_copy(update={"robustness": VARIED})
    assert "Đạt với điều kiện: có thể kết nối" in annexes.said(result)
    every = WorldsPassed(judged=40, passed=40, low_pct=91.2, high_pct=100.0)
    firm = VARIED.model_copy(update={"holds_while": [], "holds_while_vi": [], "worlds": every})
    for robustness in (firm, None):
        said = annexes.said(make.result().model_copy(update={"robustness": robustness}))
        assert "Đạt: có thể kết nối" in said


def test_a_fail_rests_on_what_fails():
    failed = make.result().model_copy(update={"verdict": "fail"})
    assert assumptions_line(failed) is None
