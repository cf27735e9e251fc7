"""Large runs: people see the worst part, and are told that it is a part."""

import dataclasses
import json

import numpy as np
import pytest
import results_factory as make

from giaoban.results.model.result import Named, Refused
from giaoban.results.report import excerpt
from giaoban.results.report.excerpt import (
    MOST_BRIDGES,
    MOST_LINES,
    MOST_ROWS,
    left_out,
    worst_bridges,
)
from giaoban.results.report.plots.run import draw_lines
from giaoban.results.report.summaries.check_summary import notes, summary_md
from giaoban.results.report.view.page import page
from giaoban.results.report.view.page_data import PageRun, PageSubject, page_data

MANY = 1000
NAMES = [f"b-{n}" for n in range(MANY)]


@pytest.fixture(scope="module")
def large():
    """The last bridge loses most, the one before it pictures; the 500th is refused."""
    bridges = [make.bridge(who) for who in NAMES]
    lossy = make.stream("audio", "down", received=1000)
    frozen = make.stream("video", "down", freezes=3, freeze_pct=9.0, frames_sent=900)
    bridges[-1] = make.bridge(NAMES[-1], None, lossy)
    bridges[-2] = make.bridge(NAMES[-2], None, frozen)
    device = make.mcu(NAMES, [Refused(bridge="b-500", code=503, reason="full")])
    result = make.result([make.phase(name, bridges, device=device) for name in ("before", "after")])
    named = [Named(id=who, name=who) for who in NAMES]
    names = {"mcu": "MCU"} | {who: who for who in NAMES}
    question = result.question.model_copy(update={"existing": named, "new": []})
    return result.model_copy(update={"question": question, "names": names})


def test_of_a_small_run_everything_is_shown():
    result = make.result()
    assert excerpt.excerpt(result, None) is None
    assert left_out(result) == []
    assert "Not shown" not in summary_md(result)
    assert "This page shows the" not in page(PageSubject(PageRun(result, None, None)), "en")


def test_the_worst_bridges_are_shown(large):
    chosen = worst_bridges(large)
    assert len(chosen) == MOST_BRIDGES
    assert {NAMES[-1], NAMES[-2], "b-500"} <= chosen
    for criterion in large.criteria:
        if criterion.place is not None and criterion.place.kind == "bridge":
            assert criterion.place.id in chosen


def test_a_page_of_a_large_run_says_what_it_leaves_out(large):
    series = make.series(10)
    curve = np.zeros_like(series.t_s)
    delays = {f"{who} audio down": curve for who in NAMES}
    links = {f"access-{who} r-{who}->{who}": curve for who in NAMES}
    series = dataclasses.replace(series, stream_delay_ms=delays, link_utilisation_pct=links)
    shown = PageSubject(PageRun(large, series, None))
    text = page(shown, "en")
    assert f"the {MOST_BRIDGES} worst of {MANY} bridges" in text
    assert f"trong số {MANY} điểm cầu" in text
    data = page_data(shown, "en")["run"]
    assert len(data["bridges"]) == MOST_BRIDGES
    for phase in data["phases"]:
        assert set(phase["bridges"]) == {bridge["id"] for bridge in data["bridges"]}
        assert len(phase["peaks"]) == excerpt.MOST_DIRECTIONS
    assert text.count("no capacity left (code 503): b-500") == 1
    assert 0 < len(data["curves"]["streams"]) <= MOST_BRIDGES * 4
    assert len(text) < 3_000_000
    assert len(large.phases[0].bridges) == MANY
    assert len(json.loads(large.to_json())["phases"][0]["bridges"]) == MANY


def test_lists_in_the_summary_end_with_how_many_more_there_are(large):
    losing = [
        make.bridge(who, None, make.stream("video", "up", frames_sent=900, frames_lost=3))
        for who in NAMES
    ]
    refused = [Refused(bridge=who, code=503, reason="full") for who in NAMES]
    phases = [make.phase("before", losing, device=make.mcu([], refused))]
    text = summary_md(large.model_copy(update={"phases": phases}))
    assert text.count("video up |") == MOST_ROWS
    assert f"… and {MANY - MOST_ROWS} more, in result.json" in text
    assert text.count("(503 full)") == MOST_ROWS
    assert "## Not shown" in text
    for said in left_out(large):
        assert said in text
        assert said in notes(large)
    assert "there is no map: 1,001 nodes" in text


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_a_plot_draws_the_worst_lines_and_counts_the_others(lang):
    series = make.series(10)
    delays = {f"{who} audio up": np.full_like(series.t_s, 5.0 + n) for n, who in enumerate(NAMES)}
    figure = draw_lines(dataclasses.replace(series, stream_delay_ms=delays), "delay", lang=lang)
    [axes] = figure.axes
    full = [line for line in axes.lines if len(line.get_xdata()) == series.t_s.size]
    assert len(full) == MOST_LINES + 4
    assert min(line.get_ydata()[0] for line in full) == 5.0 + MANY - MOST_LINES - 4
    shown = [t.get_text() for t in axes.texts]
    assert any(str(MANY - 4) in text and str(MOST_LINES) in text for text in shown)
