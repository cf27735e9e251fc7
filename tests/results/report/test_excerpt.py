"""Large runs: people see the worst part, and are told that it is a part."""

import dataclasses

import numpy as np
import pytest
import results_factory as make

from giaoban.results.model.result import Named, Refused
from giaoban.results.report.excerpt import (
    MOST_LINES,
    MOST_ROWS,
    left_out,
)
from giaoban.results.report.plots.run import draw_lines
from giaoban.results.report.summaries.check_summary import notes, summary_md

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
    assert left_out(result) == []
    assert "Not shown" not in summary_md(result)


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
