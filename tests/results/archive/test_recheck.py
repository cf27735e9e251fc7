"""Approvals against later figures: what falls, what holds, and what was never tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.results.archive.history.recheck import Now, Rechecked, changed, moved
from giaoban.scenarios.cli.commands.documents.history import moved_line
from giaoban.translation import NBSP, translator
from tests.results.sensitivity_factory import KEY, analysis, figure, flip

APPROVED = analysis(figure())


def judged(value: float | str | None, *, assumed: bool = False) -> Rechecked:
    """Of a line of 10 Mb/s, tried from 2 to 100, that has to have 4.1 or more."""
    found = moved(APPROVED, {KEY: Now(value, assumed)})
    return Rechecked(run_id="r", folder="r", moved=found, changed=[])


@given(st.floats(0.1, 1000))
def test_an_approval_holds_from_flip_point_to_the_end_of_what_was_tried(mbps: float) -> None:
    assert judged(mbps).falls == (mbps < 4.1 or mbps > 100)
    states = {each.state for each in judged(mbps).moved}
    if mbps > 100:
        assert states == {"untried"}
    elif mbps < 4.1:
        assert states == {"falls"}
    else:
        assert states == {"holds"}


def test_what_is_as_it_was_has_not_moved_and_what_was_measured_so_is_settled() -> None:
    assert judged(10.0, assumed=True).moved == []
    [settled] = judged(10.0).moved
    assert (settled.state, settled.settled, settled.was, settled.now) == ("holds", True, 10, 10)
    [entered] = judged(3.9, assumed=True).moved
    assert (entered.state, entered.settled, entered.to) == ("falls", False, 4.1)


def test_between_the_two_values_of_a_flip_point_nothing_is_known_to_hold() -> None:
    assert judged(4.05).falls
    assert not judged(4.1).falls


def test_a_figure_that_is_gone_leaves_nothing_to_rely_on() -> None:
    [gone] = judged(None).moved
    assert (gone.state, gone.settled) == ("untried", False)
    assert judged(None).falls


@pytest.mark.parametrize(
    ("now", "state"), [("classes", "falls"), ("fair", "holds"), ("red", "untried")]
)
def test_words_fall_where_they_flip_and_are_untried_where_they_were_no_choice(
    now: str, state: str
) -> None:
    words = figure().model_copy(
        update={
            "value": "fifo",
            "low": None,
            "high": None,
            "below": None,
            "choices": ["fifo", "classes", "fair"],
            "chosen": [flip("fifo", "classes")],
        }
    )
    [found] = moved(analysis(words), {KEY: Now(now, assumed=True)})
    assert found.state == state


@pytest.mark.parametrize(
    ("now", "en", "vi"),
    [
        (12.0, "access of bridge Tây: rate: 10 Mb/s → 12 Mb/s", "10 Mb/s → 12 Mb/s"),
        (3.0, "access of bridge Tây: rate: 10 Mb/s → 3 Mb/s, held to 4.1 Mb/s", "đến 4,1 Mb/s"),
        (
            200.0,
            "access of bridge Tây: rate: 10 Mb/s → 200 Mb/s, tried only to 100 Mb/s",
            "100 Mb/s",
        ),
        (
            None,
            "access of bridge Tây: rate: 10 Mb/s, is in no file any more",
            "không còn trong tệp",
        ),
    ],
)
def test_what_moved_is_said_in_both_languages(now: float | None, en: str, vi: str) -> None:
    [found] = judged(now).moved
    said = moved_line(found)
    assert translator("en").say(said).replace(NBSP, " ") == en
    assert vi in translator("vi").say(said).replace(NBSP, " ")


def test_units_are_translated_and_what_was_never_tried_has_no_end() -> None:
    [found] = judged(3.0).moved
    queue = found.model_copy(update={"field": "buffer_packets", "unit": "packets"})
    assert "packets" not in translator("vi").say(moved_line(queue))
    words = found.model_copy(
        update={"was": "fifo", "now": "classes", "state": "untried", "to": "fifo"}
    )
    assert translator("en").say(moved_line(words)).endswith("which was not tried")


RECORDS = st.dictionaries(
    st.sampled_from(["scenario", "scenario.meeting", "province.links.a", "province.links.a.loss"]),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from([1.0, 2.0, "x"]), max_size=3),
)


@given(RECORDS, RECORDS, st.sets(st.sampled_from(["scenario.a", "province.links.a.b"])))
def test_all_that_changed_is_told_but_what_was_tried(
    then: dict[str, dict[str, float | str]],
    now: dict[str, dict[str, float | str]],
    tried: set[str],
) -> None:
    assert changed(then, then, tried) == []
    told = {each.key for each in changed(then, now, tried)}
    assert not told & tried
    for name in {*then, *now}:
        above = [each for each in {*then, *now} if f"{name}.".startswith(f"{each}.")]
        whole = [each for each in above if (each in then) != (each in now)]
        if whole:
            known = {each for each in whole if any(key.startswith(f"{each}.") for key in tried)}
            assert told & {*whole} or known
            continue
        for field in {*then[name], *now[name]}:
            differs = then[name].get(field) != now[name].get(field)
            assert (f"{name}.{field}" in told) == (differs and f"{name}.{field}" not in tried)


def test_an_approval_falls_by_what_no_analysis_tried() -> None:
    other = changed({"scenario": {"profile": "2m"}}, {"scenario": {"profile": "4m"}}, [KEY])
    assert Rechecked(run_id="r", folder="r", moved=[], changed=other).falls
    assert not Rechecked(run_id="r", folder="r", moved=[], changed=None).falls
