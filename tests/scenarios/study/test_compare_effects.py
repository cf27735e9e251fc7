"""What a change did to bridges is told by the very measures that criteria judge."""

from __future__ import annotations

from giaoban.results.judge.criteria import load_criteria
from giaoban.scenarios.study.compare.effects import FIGURES


def test_bridges_are_compared_by_what_the_criteria_measure() -> None:
    """Or a bridge's value, under a criterion's name, could be past the worst of all."""
    measures = {c.id: c.measure for c in load_criteria().criterion}
    for (kind, metric), ident in FIGURES.items():
        measure = measures[ident]
        assert measure is not None
        kinds = [measure.kind] if isinstance(measure.kind, str) else (measure.kind or [kind])
        assert (measure.on, measure.metric) == ("stream", metric)
        assert kind in kinds


def test_bridges_are_compared_by_all_that_criteria_say_of_pictures() -> None:
    """Or one could lose frames without a word, as long as another loses more of them."""
    of_pictures = {
        (kind, c.measure.metric, c.id)
        for c in load_criteria().criterion
        if c.measure is not None and c.measure.on == "stream" and c.sense == "at-most"
        for kind in ([c.measure.kind] if isinstance(c.measure.kind, str) else c.measure.kind or [])
        if kind == "video" or (kind == "content" and c.id.startswith("slides"))
    }
    assert len(of_pictures) > 4
    compared = {(kind, metric, ident) for (kind, metric), ident in FIGURES.items()}
    assert of_pictures <= compared
