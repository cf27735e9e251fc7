"""How far an estimate is off: the largest differences, where, and what it may be off by."""

from __future__ import annotations

import pytest
from results_factory import EXISTING, bridge, phases, result, stream

from giaoban.results.judge.off_by import off_by
from giaoban.results.model.off_by import OffBy
from giaoban.results.model.result import Phase, Result
from giaoban.results.report.summaries.check_summary import notes, summary_md


def changed(**figures: float) -> list[Phase]:
    """All is well but one stream of one bridge in the first phase."""
    given = phases()
    first = next(iter(EXISTING))
    one = bridge(first, EXISTING[first], stream("audio", "down", **figures))
    same = [b for b in given[0].bridges if b.id != first]
    others = [s for b in given[0].bridges if b.id == first for s in b.streams]
    rest = [s for s in others if (s.kind, s.direction) != ("audio", "down")]
    one = one.model_copy(update={"streams": [*one.streams, *rest]})
    return [given[0].model_copy(update={"bridges": [one, *same]}), *given[1:]]


def test_nothing_is_off() -> None:
    off = off_by(result(), result())
    assert (off.delay_ms_max, off.loss_points_max, off.within) == (0.0, 0.0, True)
    assert (off.same_verdict, off.same_binding) == (True, True)
    assert (off.delay_worst_at, off.refused) == ("", None)
    streams = sum(len(b.streams) for p in phases() for b in p.bridges)
    assert off.streams == streams


@pytest.mark.parametrize(
    ("delay_ms", "within"), [(3.2, True), (3.21, False), (2.8, True), (2.79, False)]
)
def test_delays_may_be_off_by_a_fifth_of_a_millisecond(delay_ms: float, within: bool) -> None:
    off = off_by(result(), result(changed(delay_ms=delay_ms)))
    assert off.delay_ms_max == pytest.approx(abs(delay_ms - 3.0))
    assert off.delay_worst_at == "gia-nghia audio down, before"
    assert off.within is within


@pytest.mark.parametrize(("delay_ms", "within"), [(105.0, True), (105.5, False)])
def test_long_delays_may_be_off_by_five_percent(delay_ms: float, within: bool) -> None:
    off = off_by(result(changed(delay_ms=100.0)), result(changed(delay_ms=delay_ms)))
    assert off.within is within


@pytest.mark.parametrize(("received", "within"), [(1497, True), (1496, False)])
def test_losses_may_be_off_by_a_fifth_of_a_point(received: int, within: bool) -> None:
    off = off_by(result(), result(changed(received=received)))
    assert off.loss_points_max == pytest.approx((1500 - received) / 15, abs=1e-4)
    assert off.loss_worst_at == "gia-nghia audio down, before"
    assert off.within is within


def test_another_verdict_and_another_thing_that_binds() -> None:
    off = off_by(result(), result(changed(delay_ms=400.0, mos_listening=1.0)))
    assert (off.same_verdict, off.same_binding, off.within) == (False, False, False)
    assert "another verdict" in off.told()


def test_a_stream_that_is_missing_is_not_within() -> None:
    whole = phases()
    less = whole[0].model_copy(update={"bridges": whole[0].bridges[1:]})
    for a, b in ((whole, [less, *whole[1:]]), ([less, *whole[1:]], whole)):
        assert off_by(result(a), result(b)).within is False


def test_where_it_is_told() -> None:
    told = off_by(result(), result(changed(delay_ms=3.1)))
    answer = result().model_copy(update={"estimate": told})
    assert Result.from_json(answer.to_json()) == answer
    where = "Gia Nghĩa (chair bridge), sound down, before"
    text = f"estimate: delays off by 0.1 ms ({where}), losses by 0 points; "
    assert any(note.startswith(text) for note in notes(answer))
    assert text in summary_md(answer)
    refused = OffBy(refused="[[fault]] (cut): is emulated")
    none = result().model_copy(update={"estimate": refused})
    assert "estimate: none, [[fault]] (cut): is emulated" in notes(none)
