"""Baselines: what is written is read back, and what got worse is told."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path

import pytest
from failures_factory import BRIDGES, answer, failure, impact, usual
from hypothesis import given
from hypothesis import strategies as st

from giaoban.errors import InputError
from giaoban.results.judge.baseline import (
    NOTICED_MS,
    Baseline,
    Tolerance,
    accept,
    names,
    read,
    text_of,
)
from giaoban.results.judge.baseline_compare import against, compare
from giaoban.results.model.studies.failures import FailureResult, FaultsAnswer

DAY = date(2026, 11, 25)
LINK = "cut:gia-nghia--cu-jut"


def accepted(of: FaultsAnswer | None = None, **more: Tolerance) -> Baseline:
    return accept(of or answer(), name="ring", reason="first", on=DAY, **more)


def lines(was: FaultsAnswer, now: FaultsAnswer) -> list[str]:
    return [f"{c.sense}: {c.line}" for c in compare(accepted(was), now)]


impacts = st.builds(
    impact,
    st.sampled_from(sorted(BRIDGES)),
    st.floats(0, 9000).map(lambda ms: round(ms, 3)),
    lost=st.integers(0, 5000),
    cut_off=st.booleans(),
    behind=st.booleans(),
)
idents = st.sampled_from(
    [LINK, "cut:access-mcu", "router:r-cu-jut", "site:cu-jut", "mcu", "cut:a--b+router:r-c"]
)
failures = st.builds(
    failure,
    idents,
    st.lists(impacts, max_size=3, unique_by=lambda i: i.bridge),
    st.dictionaries(st.sampled_from(["x--y", "access-mcu"]), st.floats(0, 120), min_size=1),
    verdict=st.sampled_from(["pass", "fail"]),
)
answers = st.lists(failures, min_size=1, max_size=5, unique_by=lambda f: f.id).map(answer)


@given(answers)
def test_nothing_differs_from_itself(made: FaultsAnswer) -> None:
    assert compare(accepted(made), made) == []


@given(answers)
def test_the_text_is_read_back(made: FaultsAnswer) -> None:
    baseline = accepted(made)
    data = tomllib.loads(text_of(baseline))
    assert Baseline.model_validate(data) == baseline


@given(answers, answers)
def test_worse_one_way_is_better_the_other_way(a: FaultsAnswer, b: FaultsAnswer) -> None:
    """Of failures that both have, each difference changes its sign.

    One that comes of an improvement is not worse, but its opposite is better.
    """
    common = {f.id for f in a.failures} & {f.id for f in b.failures}
    ways = []
    for was, now in ((a, b), (b, a)):
        found = [c for c in compare(accepted(was), now) if c.failure in common]
        ways.append(found)
    for there, back in zip(*ways, strict=True):
        assert there.failure == back.failure
        assert {there.sense, back.sense} in ({"worse", "better"}, {"better", "other"})


def test_a_bridge_that_is_cut_off_now() -> None:
    now = [failure(LINK, [impact("cu-jut", 8000.0, lost=87, cut_off=True)]), *usual()[1:]]
    assert lines(answer(), answer(now)) == [
        f"worse: {LINK}: cu-jut is cut off (was: interrupted 412.2 ms)",
        f"worse: {LINK}: fails (was: pass): Single point of failure: cu-jut cut off (it takes "
        "neither their power nor their only line, and nobody accepted it)",
    ]
    assert lines(answer(now), answer()) == [
        f"better: {LINK}: cu-jut is interrupted 412.2 ms (was: cut off)",
        f"better: {LINK}: passes (was: fail)",
    ]


def test_a_longer_interruption() -> None:
    now = [failure(LINK, [impact("cu-jut", 4100.0, lost=87)]), *usual()[1:]]
    assert lines(answer(), answer(now)) == [
        f"worse: {LINK}: cu-jut is interrupted 4100.0 ms (was: interrupted 412.2 ms; +3687.8 ms)"
    ]


def test_a_new_interruption_counts_from_what_would_have_been_noticed() -> None:
    was = [failure(LINK, [impact("cu-jut", NOTICED_MS)])]
    assert lines(answer(was), answer([failure(LINK, [impact("cu-jut", NOTICED_MS + 0.1)])])) == []
    assert lines(answer(was), answer([failure(LINK, [impact("cu-jut", 21.0)])])) == [
        f"worse: {LINK}: cu-jut is interrupted 21.0 ms (was: not interrupted)"
    ]


@pytest.mark.parametrize(("by_ms", "found"), [(0.1, 0), (0.11, 1), (-0.1, 0), (-0.11, 1)])
def test_a_tenth_of_a_millisecond_is_tolerated(by_ms: float, found: int) -> None:
    now = [failure(LINK, [impact("cu-jut", 412.25 + by_ms, lost=87)]), *usual()[1:]]
    assert len(compare(accepted(), answer(now))) == found


def test_tolerances_are_those_of_the_file() -> None:
    now = [failure(LINK, [impact("cu-jut", 417.0, lost=90)]), *usual()[1:]]
    wide = Tolerance(interruption_ms=5.0, packets_lost=3, peak_pct=1.0, reason="real time")
    assert compare(accepted(tolerance=wide), answer(now)) == []


def test_a_link_that_is_gone_is_worse_and_told_first() -> None:
    now = answer([failure("cut:gia-nghia--dak-glong", usual()[1].bridges), usual()[2]])
    assert lines(answer(), now) == [
        f"worse: {LINK}: gia-nghia--cu-jut is not in the network any more"
    ]


def test_what_was_not_tried() -> None:
    possible = answer().possible
    fewer = answer(usual()[1:], possible=possible)
    assert lines(answer(), fewer) == [
        f"worse: {LINK}: was accepted, but has not been tried this time"
    ]
    assert lines(answer(), answer(usual()[1:], possible=possible, whole=False)) == []


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (failure("cut:x--y"), "other: cut:x--y: is new"),
        (
            failure("cut:x--y", [impact("cu-jut", 8000.0, cut_off=True, behind=True)]),
            "worse: cut:x--y: is new: cu-jut is cut off",
        ),
        (
            failure("cut:x--y", verdict="fail", reasons=["slow"]),
            "worse: cut:x--y: is new and fails: slow",
        ),
    ],
)
def test_a_new_failure(new: FailureResult, told: str) -> None:
    assert lines(answer(), answer([*usual(), new])) == [told]


def test_an_invalid_failure_is_not_compared() -> None:
    now = [failure(LINK, verdict="invalid", reasons=["hung"]), *usual()[1:]]
    assert lines(answer(), answer(now)) == []


def test_worse_is_what_must_not_pass() -> None:
    now = [failure(LINK, [impact("cu-jut", 300.0, lost=99)]), *usual()[1:]]
    found = against(answer(now), accepted())
    assert [c.sense for c in found.comparison.changes] == ["better", "worse"]
    assert found.reasons == [f"{LINK}: 99 packets lost (was: 87; +12)"]
    assert (found.verdict, found.by_criteria) == ("fail", "pass")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_no_acceptance_without_a_reason(reason: str) -> None:
    with pytest.raises(InputError, match="--reason"):
        accept(answer(), name="ring", reason=reason, on=DAY)


def test_reading(tmp_path: Path) -> None:
    (tmp_path / "ring.toml").write_text(text_of(accepted()), encoding="utf-8")
    assert read("ring", tmp_path) == accepted()
    assert read(str(tmp_path / "ring.toml")) == accepted()
    assert names(tmp_path) == ["ring"]
    with pytest.raises(InputError, match=r'no such baseline.*did you mean "ring"'):
        read("rings", tmp_path)
    with pytest.raises(InputError, match=r"ring2\.toml: no such file"):
        read(str(tmp_path / "ring2.toml"))


def test_a_wrong_figure_is_told_with_its_line(tmp_path: Path) -> None:
    text = text_of(accepted()).replace("packets_lost = 87", "packets_lost = -87")
    (tmp_path / "ring.toml").write_text(text, encoding="utf-8")
    number = text.splitlines().index("packets_lost = -87") + 1
    with pytest.raises(InputError, match=rf"ring\.toml:{number}: .*packets_lost = -87"):
        read("ring", tmp_path)


def test_what_the_mending_interrupts_is_compared_too() -> None:
    def made(ms: float) -> FaultsAnswer:
        hit = impact("cu-jut", 412.25, lost=87, restored_interruption_ms=ms)
        return answer([failure(LINK, [hit]), *usual()[1:]])

    assert lines(made(0.0), made(790.0)) == [
        f"worse: {LINK}: cu-jut is interrupted 790.0 ms by the mending (was: not interrupted)"
    ]
    assert lines(made(790.0), made(300.0)) == [
        f"better: {LINK}: cu-jut is interrupted 300.0 ms by the mending "
        "(was: interrupted 790.0 ms; -490.0 ms)"
    ]
    assert "restored_interruption_ms.cu-jut = 790.0" in text_of(accepted(made(790.0)))


def test_why_a_single_point_is_accepted_is_in_the_file(tmp_path: Path) -> None:
    text = text_of(accepted())
    assert 'accepted = "no second fibre yet"' in text
    (tmp_path / "ring.toml").write_text(text, encoding="utf-8")
    assert read("ring", tmp_path) == accepted()
    assert lines(answer(), answer(accepts=())) == [
        "worse: cut:gia-nghia--dak-glong: fails (was: pass): Single point of failure: dak-glong "
        "cut off (it takes neither their power nor their only line, and nobody accepted it)"
    ]
